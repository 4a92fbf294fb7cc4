"""nbgrader's settings for this course. `nbgrader` and `course` both read this file."""

import os
import sys
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ComputeChecksums,
    Execute,
    GetGrades,
    IgnorePattern,
    IncludeHeaderFooter,
    LimitOutput,
    LockCells,
    SaveAutoGrades,
    SaveCells,
)

from graders.nbgrader_parts import (
    ClearAnswers,
    DropNotes,
    DropStderr,
    ShowModelAnswers,
    harmless_markdown,
)

c = get_config()  # noqa: F821  nbgrader puts it here
here = Path(__file__).resolve().parent

# nbgrader calls `alembic` by name; it stands beside this Python.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

c.CourseDirectory.course_id = "transformer"
c.CourseDirectory.root = str(here)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = ".grading/submitted"
c.CourseDirectory.autograded_directory = ".grading/autograded"
c.CourseDirectory.feedback_directory = ".grading/feedback"
# Absolute: a relative address makes a second, empty gradebook elsewhere, in silence.
c.CourseDirectory.db_url = f"sqlite:///{here / '.grading' / 'gradebook.db'}"
# The first four are nbgrader's own. A lesson's script is its solution,
# and a training that was interrupted leaves a checkpoint.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "*.py",
    "*.npz",
]
(here / ".grading").mkdir(exist_ok=True)
# Where lessons go out and come back on a hub; `course hub` makes this one.
exchange = Path(os.environ.get("COURSE_EXCHANGE", here / ".grading/hub/exchange"))
if exchange.is_dir():
    c.Exchange.root = str(exchange)

c.GenerateAssignment.preprocessors = [
    IncludeHeaderFooter,
    DropNotes,
    LockCells,
    ClearAnswers,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]
c.ClearSolutions.text_stub = "*Your answer here.*"

# A warning never costs a point; a tag in the student's file skips no cell; a deleted
# check comes back. What lateness costs is no part of a grade: class.yml says it, and
# both `nbgrader export` and `course export` work it out.
c.ExportApp.plugin_class = "graders.classroom.export.CourseTable"
c.Autograde.autograde_preprocessors = [
    Execute,
    DropStderr,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    ShowModelAnswers,
    CheckCellMetadata,
]
c.NotebookClient.skip_cells_with_tag = ""
c.Execute.skip_cells_with_tag = ""
c.Execute.timeout = 120
c.OverwriteCells.add_missing_cells = True

# A secret case is not shown in feedback.
c.GenerateFeedback.preprocessors = [
    ClearHiddenTests,
    GetGrades,
    CSSHTMLHeaderPreprocessor,
]
# No Markdown of a student's runs in the feedback or in the formgrader.
c.HTMLExporter.filters = {"markdown2html": harmless_markdown}
