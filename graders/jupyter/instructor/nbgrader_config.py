"""nbgrader on the instructor's server of the hub: the course's settings, and where
the class hands in."""

import os

c = get_config()  # noqa: F821  nbgrader puts it here
load_subconfig("nbgrader_config.py", path=os.environ["COURSE_ROOT"])  # noqa: F821

c.Exchange.root = os.environ["COURSE_EXCHANGE"]
# One uid owns what everybody hands in, unless users are the system's.
c.ExchangeCollect.check_owner = bool(os.environ.get("COURSE_REAL_USERS"))
