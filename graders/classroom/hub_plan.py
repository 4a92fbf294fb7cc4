"""The plan of a hub: who is in the class, where it listens, what is kept.

`course hub` writes it into the hub's folder; JupyterHub's settings read it from there.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from graders.classroom import roster
from graders.classroom.roster import Person
from graders.course import Course, CourseError
from graders.lab import is_free

INSTRUCTOR, PORT = "instructor", 8000
LOCAL = "hub.localhost"  # browsers find *.localhost on the computer they run on
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]*")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
# An admin's password has 32 characters or more: JupyterHub's rule.
LENGTHS = {"student_password": 10, "instructor_password": 32}


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
        exchange: Where lessons go out and come back.
        listens: The address on which the computer listens.
        address: What a browser asks for, with the port where there is one.
        subdomains: Whether each user has an origin of their own.
        students: The id in the roster, by login.
    """

    root: Path
    course_id: str
    folder: Path
    exchange: Path
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
    def file(self) -> Path:
        return self.state / "plan.json"

    @property
    def log(self) -> Path:
        return self.state / "hub.log"

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
        paths = {name: Path(told[name]) for name in ("root", "folder", "exchange")}
        return cls(**{**told, **paths})


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
        people, where = roster.read(course).people, course.root / roster.ROSTER
    elif file.is_file():
        people, where = roster.read_roster(file), file
    else:
        raise CourseError(f"There is no roster {file}. It is a CSV with a column `id`.")
    if not people:
        hint = "Write one, with a column `id`, or name it: --students FILE.csv"
        raise CourseError(f"There is nobody in a roster {where}. {hint}")
    return people


def make_plan(
    course: Course, wish: Wish, students: Mapping[str, str], folder: Path
) -> Plan:
    """The plan of a hub; passwords and inner ports are those of last time."""
    from graders.gradebook import Book  # nbgrader takes seconds to import

    exchange = os.environ["COURSE_EXCHANGE"] = str(folder / "exchange")
    book = Book(course)  # its settings may name an exchange of their own
    listens, address, subdomains = _place(wish)
    kept = _kept(folder)
    inner = _inner_ports(kept, wish.port)
    return Plan(
        root=course.root.resolve(),
        course_id=book.folders.course_id,
        folder=folder,
        exchange=Path(book.config.Exchange.get("root", exchange)),
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
