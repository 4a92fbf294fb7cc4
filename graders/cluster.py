"""`course grade --cluster ADDRESS`: students' code runs on the workers of dask.

What travels is the code, the inputs of the cases, and what came of them. Oracle, secret
outcomes, record and gradebook stay here: a worker knows no answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from graders import levels, registry
from graders.course import Course, CourseError, Lesson
from graders.grading import code
from graders.locked import SandboxRunner, modules_of
from graders.runners import ProcessRunner
from graders.workers import Job, Limits, Ran, Runner, RunnerError, never

EXTRA = "--cluster needs dask: pip install 'transformer-course[cluster]'"
WAIT = 10  # seconds for a scheduler to answer


class ClusterRunner:
    """Sends each job to whichever worker is free; to another one if that dies.

    Args:
        lesson: Whose limits and imports the workers prepare for.
        address: Of the scheduler, `tcp://HOST:PORT`.
        level: What every worker must reach.

    Raises:
        CourseError: If dask is missing, nobody answers, or a worker is of no use.
    """

    def __init__(self, lesson: Lesson, address: str, level: str = levels.FULL) -> None:
        self.level, self.note = level, ""
        limits = replace(Limits(), **registry.limits(lesson.noun))
        self.there = (lesson.noun, code(lesson.noun), limits, level)
        self.modules = tuple(modules_of(lesson))
        self.client = _client(address)
        try:
            self._look_at_workers(address)
        except CourseError:
            self.close()
            raise

    @property
    def at_once(self) -> int:
        """One job for every thread of every worker, and one that waits."""
        return max(1, sum(self.client.nthreads().values())) + 1

    def _look_at_workers(self, address: str) -> None:
        said = self.client.run(problem, *self.there)
        if not said:
            raise CourseError(f"The scheduler at {address} has no workers yet.")
        for worker, text in said.items():
            if text:
                raise CourseError(f"The worker at {worker} cannot be used: {text}")

    def run(self, job: Job) -> Ran:
        from distributed import KilledWorker

        plain = replace(job, enough=never)  # what is enough is known here alone
        future = self.client.submit(run_there, plain, self.modules, *self.there)
        try:
            found: Ran = future.result()
        except (CourseError, KilledWorker, OSError) as error:
            raise RunnerError(f"The cluster failed: {error}") from None
        return found

    def close(self) -> None:
        self.client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(EXTRA) from None
    try:
        return Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(f"No scheduler answers at {address}: {error}") from None


# ------------------------------------------------------------------------ on the worker


def problem(noun: str, digest: str, limits: Limits, level: str) -> str:
    """Why this worker is of no use, or nothing."""
    try:
        _demand(noun, digest, level)
    except (CourseError, OSError) as error:
        return str(error)
    return ""


def run_there(
    job: Job,
    modules: tuple[str, ...],
    noun: str,
    digest: str,
    limits: Limits,
    level: str,
) -> Ran:
    """Runs a job on the worker.

    Raises:
        CourseError: If the worker has another version or does not reach the level.
        RunnerError: If its machine fails.
    """
    _demand(noun, digest, level)
    return _runner(modules, limits, level).run(job)


def _demand(noun: str, digest: str, level: str) -> None:
    if code(noun) != digest:
        raise CourseError("it has another version of the course.")
    levels.demand(level)


@cache
def _runner(modules: tuple[str, ...], limits: Limits, level: str) -> Runner:
    if level == levels.PROCESS:
        return ProcessRunner(limits)
    return SandboxRunner(limits, modules, Course.here())
