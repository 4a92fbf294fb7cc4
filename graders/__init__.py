"""The judging. A newcomer's map, from the student's side to the instructor's.

exercise  registry  exercises/  mistakes/     what is asked, and what goes wrong
collect  wire                                 what came back, as data
oracle  keys  judge  plain_words  feedback    what should come back, and the verdict
check                                         what a student calls in a notebook
script  build  nbgrader_parts                 lessons' scripts to notebooks
bundle  student_copy  exchange                lessons to students
files  downloads  collected  intake           what was handed in, put in order
score  record  grade                          submissions to verdicts
workers  runners  locked  levels              where students' code runs, as we see it
child  zygote  sandbox  seccomp  kernel       the same from the inside
gradebook  essays  seeds                      verdicts to nbgrader's grades
standing  prose  render  pages  hand_back     what each student is told, and how
report  charts  similarity                    what the instructor is told of a class
slides  slide_text  formulas  deck/           a solved lesson to what a class sees
hub  hub_plan  hub_proxy  jupyter/            a class's JupyterHub
papers  made_up  demo                         a made-up class, to see all of it
course  lab  doctor  suite  cli               the one command
"""
