"""Where everything is: the course's folders and the lessons found in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

LESSON = re.compile(r"(\d\d)_([a-z]+)")
PACKAGES = ("graders", "transformer")


def is_students_copy() -> bool:
    """True where nothing can grade: in what `course release` makes for students."""
    return not Path(__file__).with_name("grade.py").exists()


class CourseError(Exception):
    """A user's mistake or a machine's: one sentence with what to do, no traceback."""


@dataclass(frozen=True)
class Lesson:
    """One lesson: `02_attention`, its number `02` and its noun `attention`."""

    course: Course
    name: str

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def noun(self) -> str:
        return self.name[3:]

    @property
    def script(self) -> Path:
        """The lesson's source: `attention.py`.

        A notebook imports from its own folder first, so that a script called as one of
        the packages would stand in its way: it is `lesson.py`.
        """
        stem = "lesson" if self.noun in PACKAGES else self.noun
        return self.course.solutions / self.name / f"{stem}.py"

    @property
    def solved(self) -> Path:
        return self.script.with_name(f"{self.noun}.ipynb")

    @property
    def release(self) -> Path:
        return self.course.notebooks / self.name / f"{self.noun}.ipynb"


@dataclass(frozen=True)
class Course:
    """A course's folders. The clone is one; a class's or a test's may be another."""

    root: Path

    @classmethod
    def here(cls) -> Course:
        """The course named by COURSE_ROOT, else the one these packages stand in."""
        named = os.environ.get("COURSE_ROOT")
        return cls(Path(named) if named else Path(__file__).resolve().parents[1])

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def grading(self) -> Path:
        return self.root / ".grading"

    def lessons(self) -> list[Lesson]:
        """The lessons in order, from the folders of solutions and releases."""
        folders = [*self.solutions.glob("*/"), *self.notebooks.glob("*/")]
        names = {f.name for f in folders if LESSON.fullmatch(f.name)}
        return [Lesson(self, name) for name in sorted(names)]

    def find(self, wanted: str) -> Lesson:
        """The lesson called "02", "02_attention" or "attention".

        Raises:
            CourseError: If there is none; says which there are.
        """
        lessons = self.lessons()
        for lesson in lessons:
            if wanted in (lesson.name, lesson.number, lesson.noun):
                return lesson
        known = ", ".join(lesson.name for lesson in lessons) or "none yet"
        raise CourseError(f"There is no lesson {wanted!r}. There are: {known}.")
