"""Made-up runners and submissions for tests of grading: no code of a student runs."""

import nbformat

from graders import registry
from graders.collect import collect
from graders.demo import answered
from graders.judge import missing
from graders.oracle import resolve
from graders.workers import Attempt, Ran


class Idle:
    """A runner without processes: every answer is missing. Counts its jobs."""

    level, note, at_once = "idle", "", 2

    def __init__(self):
        self.jobs = 0

    def close(self):
        """There is nothing to end."""

    def run(self, job):
        self.jobs += 1
        return Ran({name: [self.attempt(name, ask)] for name, ask in job.asks.items()})

    def attempt(self, name, ask):
        return Attempt(missing(len(ask.cases)))


class Knows(Idle):
    """A runner in which the answers to some checks are right and others missing."""

    def __init__(self, *checks):
        super().__init__()
        self.checks = checks

    def attempt(self, name, ask):
        if name not in self.checks:
            return super().attempt(name, ask)
        exercise = registry.find(name)
        return Attempt(collect(exercise, resolve(exercise.oracle), ask.cases))


def submit(lesson, student, essay=""):
    """Hands in a blank release, with an essay if there is one."""
    folder = lesson.course.grading / "submitted" / student / lesson.name
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(answered(lesson, {}, essay), folder / lesson.release.name)
    return folder / lesson.release.name
