"""What an instructor needs around the grading. A newcomer's map:

roster                                        who is in the class, when work is due
bundle  student_copy  exchange                lessons to students
downloads  collected  collection              what platforms hand out, and whose it is
essays                                        prose, graded by hand in a table
standing  prose  render  pages  hand_back     what each student is told, and how
report  charts  similarity                    what the instructor is told of a class
grades  sheet  platforms  export              grades, into the platforms' tables
whole                                         how a file is written
slides  slide_text  formulas  deck/           a solved lesson to what a class sees
hub  hub_plan  hub_proxy                      a class's JupyterHub
papers  made_up  demo                         a made-up class, to see all of it
"""
