"""Python on a student's server imports the course's packages from the bundle alone.

An editable installation would find there what the bundle leaves out: the oracle.
"""

import sys

sys.meta_path[:] = [
    finder
    for finder in sys.meta_path
    if not getattr(finder, "__module__", "").startswith("__editable__")
]
