"""nbgrader's exchange: a folder through which lessons go out and come back on a hub."""

from __future__ import annotations

import os
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from graders.course import CourseError, Lesson
from graders.gradebook import Book, must


class Exchange:
    """The exchange that a course's nbgrader_config.py names."""

    def __init__(self, book: Book) -> None:
        """Raises CourseError if the course names none, or none that can be used."""
        told = book.config.get("Exchange", {}).get("root")
        if not isinstance(told, str) or not told:
            hint = "Set c.Exchange.root there, to a folder that every student can reach"
            raise CourseError(f"nbgrader_config.py names no exchange. {hint}.")
        self.root = Path(told)
        if not self.root.is_dir():
            hint = "Make that folder first"
            raise CourseError(f"The exchange {self.root} is missing. {hint}.")
        if not os.access(self.root, os.W_OK | os.X_OK):
            hint = "Ask whoever looks after the hub"
            raise CourseError(f"You may not write in the exchange {self.root}. {hint}.")
        config = Config(book.config)
        # A lesson that is released again replaces the earlier one, as in the bundle.
        config.ExchangeReleaseAssignment.force = True
        folders = CourseDirectory(config=config)
        self.api = NbGraderAPI(config=config, coursedir=folders)

    def release(self, lesson: Lesson) -> None:
        """Puts a lesson's release where students fetch it.

        Raises:
            CourseError: If nbgrader cannot.
        """
        must(self.api.release_assignment(lesson.name), f"releases no {lesson.name}")

    def collect(self, lesson: Lesson) -> None:
        """Takes in what students have submitted for a lesson and is newer than ours.

        Raises:
            CourseError: If nbgrader cannot.
        """
        must(self.api.collect(lesson.name, update=True), f"collects no {lesson.name}")
