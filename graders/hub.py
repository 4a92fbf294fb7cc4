"""`course hub`: a JupyterHub on one computer, for a classroom or a trial.

Students fetch, solve and hand in; one instructor collects, grades and returns feedback,
all through nbgrader's exchange in the hub's folder. JupyterHub's own settings stand in
`graders/jupyter/jupyterhub_config.py`; who is who, in the plan that is written here.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import portalocker

from graders import classroom
from graders.classroom import Person
from graders.course import Course, CourseError
from graders.lab import SETTINGS, is_free

INSTRUCTOR, PORT = "instructor", 8000
LOCAL = "hub.localhost"  # browsers find *.localhost on the computer they run on
PACKAGES = ("jupyterhub", "configurable_http_proxy")
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]*")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
# An admin's password has 32 characters or more: JupyterHub's rule.
LENGTHS = {"student_password": 10, "instructor_password": 32}
NOW = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
# What lets formgrader stand in a frame of its own server's page.
FRAMES = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}


@dataclass(frozen=True)
class Wish:
    """What is asked for on the command line.

    Args:
        folder: Where homes, exchange and passwords are kept; .grading/hub if None.
        port: The port that browsers ask.
        students: A roster in CSV; the course's own if None.
        address: localhost, the computer's name, or the https address of a web server
            in front.
        wildcard: Whether every name below the address leads to the hub as well.
        real_users: Log in the system's users with their passwords, each as oneself.
        instructor: The instructor's login.
    """

    folder: Path | None = None
    port: int = PORT
    students: Path | None = None
    address: str = "localhost"
    wildcard: bool = False
    real_users: bool = False
    instructor: str = INSTRUCTOR


@dataclass(frozen=True)
class Plan:
    """What a running hub is made of; JupyterHub's settings read it.

    Args:
        root: The course's folder.
        course_id: What nbgrader calls the course.
        folder: The hub's folder.
        listens: The address on which the computer listens.
        address: What a browser asks for, with the port where there is one.
        subdomains: Whether each user has an origin of their own.
        students: The id in the roster, by login.
    """

    root: Path
    course_id: str
    folder: Path
    listens: str
    address: str
    subdomains: bool
    port: int
    hub_port: int
    proxy_port: int
    real_users: bool
    instructor: str
    students: Mapping[str, str]
    student_password: str
    instructor_password: str

    @property
    def state(self) -> Path:
        """What nobody but the hub may read."""
        return self.folder / "state"

    @property
    def homes(self) -> Path:
        return self.folder / "homes"

    @property
    def exchange(self) -> Path:
        return self.folder / "exchange"

    @property
    def file(self) -> Path:
        return self.state / "plan.json"

    def write(self) -> None:
        """Writes the plan, whole or not at all, for its owner's eyes only."""
        fresh = self.file.with_suffix(".new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        text = json.dumps(asdict(self), indent=1, default=str) + "\n"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)
        os.replace(fresh, self.file)

    @classmethod
    def read(cls, file: Path) -> Plan:
        """The plan that was written."""
        told = json.loads(file.read_text(encoding="utf-8"))
        paths = {name: Path(told[name]) for name in ("root", "folder")}
        return cls(**{**told, **paths})


# -------------------------------------------------------------------------- the command


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


def logins(course: Course, wish: Wish) -> dict[str, str]:
    """The students' ids by their login, which JupyterHub wants in small letters.

    Raises:
        CourseError: If there is no roster, nobody in it, or a login that cannot be.
    """
    people = _roster(course, wish.students)
    found: dict[str, str] = {}
    for person in people.values():
        # What a system's user hands in belongs to the login, not to the id.
        name = (person.login or person.id) if wish.real_users else person.id
        login = name.lower()
        if not LOGIN.fullmatch(login):
            hint = "Use letters, digits and . _ - @ only."
            raise CourseError(f"Nobody can log in as {name!r}. {hint}")
        if login in found or login == wish.instructor:
            hint = "Give each an id of their own; capitals make no difference."
            raise CourseError(f"Two people would log in as {login!r}. {hint}")
        found[login] = name
    return found


def _roster(course: Course, file: Path | None) -> Mapping[str, Person]:
    if file is None:
        people, where = classroom.read(course).people, course.root / classroom.ROSTER
    elif file.is_file():
        people, where = classroom.read_roster(file), file
    else:
        raise CourseError(f"There is no roster {file}. It is a CSV with a column `id`.")
    if not people:
        hint = "Write one, with a column `id`, or name it: --students FILE.csv"
        raise CourseError(f"There is nobody in a roster {where}. {hint}")
    return people


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


# ----------------------------------------------------------------------------- the plan


def make_plan(
    course: Course, wish: Wish, students: Mapping[str, str], folder: Path
) -> Plan:
    """The plan of a hub; passwords and inner ports are those of last time."""
    from graders.gradebook import Book  # nbgrader takes seconds to import

    listens, address, subdomains = _place(wish)
    kept = _kept(folder)
    inner = _inner_ports(kept, wish.port)
    return Plan(
        root=course.root.resolve(),
        course_id=Book(course).folders.course_id,
        folder=folder,
        listens=listens,
        address=address,
        subdomains=subdomains,
        port=wish.port,
        hub_port=inner[0],
        proxy_port=inner[1],
        real_users=wish.real_users,
        instructor=wish.instructor,
        students=students,
        **{name: kept.get(name) or _password(n) for name, n in LENGTHS.items()},
    )


def _kept(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "state" / "plan.json").read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _password(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _inner_ports(kept: Mapping[str, Any], public: int) -> list[int]:
    """Two free ports: those of last time if they are, for a server that lived on."""
    ports = [kept[name] for name in ("hub_port", "proxy_port") if name in kept]
    ports = [port for port in ports if port != public and is_free(port)]
    while len(ports) < 2:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        if port not in (public, *ports):
            ports.append(port)
    return ports


def _place(wish: Wish) -> tuple[str, str, bool]:
    """Where the hub listens, what browsers ask for, and whether users have origins.

    Raises:
        CourseError: If the address has no names below it and some are wanted.
    """
    if wish.address == "localhost":
        return "127.0.0.1", f"http://{LOCAL}:{wish.port}", True
    if wish.address.startswith("https://"):  # a web server in front holds the keys
        listens, address = "127.0.0.1", wish.address.rstrip("/")
    else:
        listens, address = "", f"http://{wish.address}:{wish.port}"
    host = urlsplit(address).hostname or ""
    if not re.fullmatch(r"[a-z0-9.-]+", host):
        hint = "Write it like hub.school.example or https://hub.school.example"
        raise CourseError(f"{wish.address!r} is no address. {hint}")
    if wish.wildcard and re.fullmatch(r"[\d.]+", host):
        raise CourseError(f"No name stands below {host}: --wildcard wants a name.")
    return listens, address, wish.wildcard


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
    return [*lines, f"Exchange:    {plan.exchange}"]


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
    if role == "instructor":
        found["COURSE_ROOT"] = str(plan.root)
    if plan.real_users:
        found["COURSE_REAL_USERS"] = "1"
    return found


def _serve(plan: Plan) -> int:
    """Is JupyterHub until Ctrl-C, and stays until its proxy has left the port."""
    os.environ["COURSE_HUB"] = str(plan.file)
    from jupyterhub.app import JupyterHub

    class Hub(JupyterHub):  # type: ignore[misc]
        async def start(self) -> None:
            await super().start()
            print("The hub is ready. Ctrl-C here ends it; nothing is lost.", flush=True)

    code: Any = 0
    try:
        Hub.launch_instance(["-f", str(SETTINGS / "jupyterhub_config.py")])
    except SystemExit as ended:
        code = ended.code
    end = time.monotonic() + 10
    while not is_free(plan.port) and time.monotonic() < end:
        time.sleep(0.1)
    return int(code or 0)
