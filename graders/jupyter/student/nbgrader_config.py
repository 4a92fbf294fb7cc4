"""nbgrader on a student's server of the hub: fetch, validate, submit, read feedback."""

import os

c = get_config()  # noqa: F821  nbgrader puts it here

c.CourseDirectory.course_id = os.environ["COURSE_ID"]
c.CourseDirectory.student_id = os.environ["COURSE_STUDENT"]
c.Exchange.root = os.environ["COURSE_EXCHANGE"]
c.Execute.timeout = 120
