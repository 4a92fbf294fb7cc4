"""`course hub`: a JupyterHub on one computer, for a classroom or a trial.

Students fetch, solve and hand in; one instructor collects, grades and returns feedback,
all through nbgrader's exchange in the hub's folder. JupyterHub's own settings stand in
`graders/jupyter/jupyterhub_config.py`; who is who, in the plan of
`graders.classroom.hub_plan`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import portalocker

from graders.classroom.hub_plan import Plan, Wish, logins, make_plan
from graders.course import Course, CourseError
from graders.lab import SETTINGS, is_free

PACKAGES = ("jupyterhub", "configurable_http_proxy")
NOW = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
BUNDLE = Path("bundle", "transformer-course")  # what `course release` writes
# What lets formgrader stand in a frame of its own server's page.
FRAMES = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}


def run_hub(course: Course, wish: Wish) -> int:
    """Runs a hub until Ctrl-C; says who can log in where, and what is not safe.

    Raises:
        CourseError: If something is missing, taken, or not allowed here.
    """
    _must_be_able(wish)
    students = logins(course, wish)
    folder = _made(wish.folder or course.grading / "hub", wish.real_users)
    with _alone(folder):
        if not is_free(wish.port):
            hint = f"Name another, for example --port {wish.port + 10}"
            raise CourseError(f"Port {wish.port} is taken or not allowed. {hint}")
        plan = make_plan(course, wish, students, folder)
        plan.write()
        if plan.real_users:
            _give(course.grading, to=course.root)
        print("\n".join(told(plan)), flush=True)
        return _serve(plan)


def _must_be_able(wish: Wish) -> None:
    """Raises CourseError where this computer cannot have such a hub."""
    if sys.platform == "win32":
        raise CourseError("JupyterHub needs Linux or a Mac. On Windows, use WSL.")
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        hint = "Install it: .venv/bin/python -m pip install -e '.[hub]'"
        raise CourseError(f"JupyterHub is not installed ({missing[0]}). {hint}")
    if wish.real_users:
        if os.geteuid() != 0:
            raise CourseError("--real-users starts servers as others: run it as root.")
        _others_can_enter(Path(sys.executable).resolve(), "Python")


def _others_can_enter(path: Path, what: str) -> None:
    for parent in path.parents:
        if not parent.stat().st_mode & 0o001:
            hint = f"Put it elsewhere, or: chmod o+x {parent}"
            raise CourseError(
                f"{what} is in {parent}, which others cannot enter. {hint}"
            )


def _made(folder: Path, real_users: bool) -> Path:
    """The hub's folder, with what must be there before anybody comes.

    Raises:
        CourseError: If it is a file, or if others cannot enter it and must.
    """
    folder = folder.resolve()
    if folder.is_file():
        raise CourseError(f"{folder} is a file. Name a folder.")
    (folder / "state").mkdir(parents=True, exist_ok=True)
    (folder / "state").chmod(0o700)
    (folder / "homes").mkdir(exist_ok=True)
    (folder / "exchange").mkdir(exist_ok=True)
    if real_users:
        _others_can_enter(folder / "exchange", "The hub's folder")
        (folder / "exchange").chmod(0o777)  # everybody hands in
    return folder


def _give(folder: Path, to: Path) -> None:
    """Has a folder that root made belong to whom another one belongs to."""
    owner = to.stat()
    if folder.is_dir() and folder.stat().st_uid == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second hub out of the folder.

    Raises:
        CourseError: If one is running there.
    """
    with (folder / "state" / "lock").open("a+") as file:
        try:
            portalocker.lock(file, NOW)
        except portalocker.LockException:
            hint = "End it with Ctrl-C in its window, or name another --folder."
            raise CourseError(f"A hub is running in {folder}. {hint}") from None
        yield


def told(plan: Plan) -> list[str]:
    """What is printed before the hub starts."""
    names = ", ".join(list(plan.students)[:8]) + (
        " …" if len(plan.students) > 8 else ""
    )
    lines = [*_warnings(plan), f"Address:     {plan.address}"]
    if plan.real_users:
        lines += [
            f"Students:    {names} ({len(plan.students)}), with their own passwords",
            f"Instructor:  {plan.instructor}, with their own password",
        ]
    else:
        lines += [
            f"Students:    {names} ({len(plan.students)})",
            f"  password:  {plan.student_password}",
            f"Instructor:  {plan.instructor}",
            f"  password:  {plan.instructor_password}",
        ]
    return [*lines, f"Exchange:    {plan.exchange}", f"Log:         {plan.log}"]


def _warnings(plan: Plan) -> list[str]:
    lines = []
    if not plan.real_users:
        lines.append(
            "No isolation: a trial. What anybody runs here runs as you, and could read "
            "and change this course. docs/hub.md says what a class needs."
        )
    if not plan.subdomains:
        lines.append(
            "One origin for all: a page that a student wrote could act for whoever "
            "opens it, and formgrader stays out of JupyterLab's frame: open it as "
            f"{plan.address}/user/{plan.instructor}/formgrader. Wildcard DNS and "
            "--wildcard change both."
        )
    if plan.listens == "":
        lines.append("No TLS: passwords cross the network in clear text.")
    return lines


# -------------------------------------------------------------------------- the servers


def before_spawn(plan: Plan, spawner: Any) -> None:
    """Gives a user's server its role: settings, exchange, and what it may know."""
    name = spawner.user.name
    role = "instructor" if name == plan.instructor else "student"
    spawner.environment = environment(plan, name, role)
    spawner.args = [] if plan.real_users or os.geteuid() else ["--allow-root"]
    if role == "instructor":
        spawner.notebook_dir = str(plan.root)
        if plan.subdomains:
            spawner.default_url = "/lab?formgrader=true"
            spawner.args.append(f"--ServerApp.tornado_settings={FRAMES}")
    elif plan.real_users:
        spawner.notebook_dir = "~"
    else:
        spawner.notebook_dir = str(plan.homes / name)
    if not plan.real_users:
        (plan.homes / name).mkdir(exist_ok=True)


def environment(plan: Plan, name: str, role: str) -> dict[str, str]:
    """What a user's server finds in its environment, beside what JupyterHub gives."""
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    found = {
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str(SETTINGS / role), str(SETTINGS)]),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PATH": os.pathsep.join(programs),  # nbgrader calls alembic by name
        "COURSE_ID": plan.course_id,
        "COURSE_EXCHANGE": str(plan.exchange),
        "COURSE_STUDENT": plan.students.get(name, name),
    }
    bundle = plan.root / ".grading" / BUNDLE
    if role == "instructor":
        found["COURSE_ROOT"] = str(plan.root)
    elif (bundle / "graders").is_dir():
        # Without oracle, mistakes and solutions, and with no way to them.
        parts = [str(bundle), str(SETTINGS / "student" / "python")]
        found["PYTHONPATH"] = os.pathsep.join(parts)
    if plan.real_users:
        found["COURSE_REAL_USERS"] = "1"
    return found


def _serve(plan: Plan) -> int:
    """Is JupyterHub until Ctrl-C, and stays until its proxy has left the port.

    Raises:
        CourseError: If the hub ended for another reason.
    """
    os.environ["COURSE_HUB"] = str(plan.file)
    with _errors_to(plan.log):
        code = _jupyterhub()
    end = time.monotonic() + 10
    while not is_free(plan.port) and time.monotonic() < end:
        time.sleep(0.1)
    if code:
        raise CourseError(
            f"JupyterHub ended by itself. The end of {plan.log} says why."
        )
    print("The hub has ended.")
    return 0


@contextmanager
def _errors_to(log: Path) -> Iterator[None]:
    """Has what this process and all its children say to stderr written to a file."""
    before = os.dup(2)
    with log.open("w") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _jupyterhub() -> Any:
    """Runs JupyterHub; its exit code."""
    from jupyterhub.app import JupyterHub

    class Hub(JupyterHub):  # type: ignore[misc]
        async def start(self) -> None:
            await super().start()
            # A window that is closed ends the hub as Ctrl-C does.
            signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
            print("The hub is ready. Ctrl-C here ends it; nothing is lost.", flush=True)

    try:
        Hub.launch_instance(["-f", str(SETTINGS / "jupyterhub_config.py")])
    except SystemExit as ended:
        return ended.code
    return 0
