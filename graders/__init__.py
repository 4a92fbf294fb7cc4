"""The judging. A newcomer's map, from the student's side to the instructor's.

exercise  registry  exercises/  mistakes/     what is asked, and what goes wrong
collect  wire                                 what came back, as data
oracle  keys  judge  plain_words  feedback    what should come back, and the verdict
check                                         what a student calls in a notebook
script  build  nbgrader_parts                 lessons' scripts to notebooks
files  intake                                 what was handed in, put in order
score  record  grade                          submissions to verdicts
workers  runners  locked  levels              where students' code runs, as we see it
child  zygote  sandbox  seccomp  kernel       the same from the inside
gradebook  rebuild  regrade  seeds            verdicts to nbgrader's grades
shards  cluster                               more than one machine
classroom/                                    what an instructor needs around it
course  lab  doctor  suite  cli               the one command
"""
