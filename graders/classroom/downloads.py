"""What a learning platform hands out: which file is whose, and when it came.

Moodle, Canvas and Blackboard name each student's file in their own way, in a folder or
a zip. Nothing is unpacked: a name is read, never used as a path of this computer.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

from graders.course import LESSON, CourseError
from graders.files import LARGEST, Unreadable, is_hidden, printable

# `Ada Lovelace_123_assignsubmission_file_/a.ipynb`, or `…_file_a.ipynb`.
MOODLE = re.compile(r"((.+?)_\d+)_assignsubmission_(?:file|onlinetext)(?:_(.*))?")
# `lovelaceada_LATE_123_4567_a-1.ipynb`: the student's number, then the submission's.
CANVAS = re.compile(r"([^_/]+)(_LATE)?_(\d+)_\d+_(.+)")
# `Attention_adal_attempt_2026-10-12-21-03-11_a.ipynb`; without a file's name it is
# the attempt's own text, `….txt`.
TIME = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
BLACKBOARD = re.compile(rf"(.+)_attempt_({TIME})(?:_(.+)|(\.txt))")
BLACKBOARD_NAME = re.compile(r"^\s*Name:\s*(.*?)\s*\((\S+?)\)\s*$", re.M)
MOST_MEMBERS = 100_000
LONGEST = 1000  # letters of a name
NO_TIME = 1980  # the year in a zip that knows none


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as far as its name tells.

    Args:
        student: What to call them where there is no roster; "" if that cannot be seen.
        file: The file's own name, harmless.
        names: What may be theirs: a name, a login, a number.
        platform: True if the name is one that a platform made.
        attempt: When it was handed in, as a platform wrote that, or "".
        late: True if the platform says that it is late.
        about: True if it is no work, but what the platform says about it.
    """

    student: str
    file: str
    names: tuple[str, ...] = ()
    platform: bool = False
    attempt: str = ""
    late: bool = False
    about: bool = False


@dataclass(frozen=True)
class Handed:
    """One file of a download.

    Args:
        where: Its place in the download, harmless to print.
        owner: Whose it is.
        when: When it was handed in, or saved; None if nothing tells.
        read: Its bytes, one more than are read of a large one. Raises Unreadable.
        refused: Why it is not read at all, or "".
        lesson: The lesson whose folder it is in, or "".
        name: Its whole name in the download, to be found again there.
    """

    where: str
    owner: Owner
    when: datetime | None
    read: Callable[[], bytes] = field(repr=False)
    refused: str = ""
    lesson: str = ""
    name: str = ""


@dataclass(frozen=True)
class _Found:
    """A file as it lies in a folder or a zip."""

    name: str
    when: datetime | None
    read: Callable[[], bytes]
    refused: str = ""


@contextmanager
def opened(source: Path, zone: tzinfo = UTC) -> Iterator[list[Handed]]:
    """The files of a download, a zip or a folder, for as long as it is open.

    Args:
        source: The zip or folder.
        zone: Which times are meant by zips and by names, which do not say it.

    Raises:
        CourseError: If it cannot be read.
    """
    if source.is_dir():
        yield _handed(list(_in_folder(source)), zone)
        return
    with _archive(source) as archive:
        yield _handed(list(_in_zip(archive, zone)), zone)


def _archive(source: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(source)
    except OSError as error:
        raise CourseError(f"{source} cannot be opened: {error.strerror}.") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        hint = "Name the folder or the zip that the platform handed out"
        raise CourseError(f"{source} is no zip, or a damaged one. {hint}.") from None
    if len(archive.infolist()) > MOST_MEMBERS:
        archive.close()
        raise CourseError(f"{source} holds more than {MOST_MEMBERS} files.")
    return archive


def _handed(found: Sequence[_Found], zone: tzinfo) -> list[Handed]:
    known = _logins(found)
    return [_as_handed(one, known, zone) for one in found]


def _as_handed(found: _Found, known: Mapping[str, str], zone: tzinfo) -> Handed:
    owner, when = whose(found.name), found.when
    if owner.attempt:
        with suppress(ValueError):
            told = datetime.strptime(owner.attempt, "%Y-%m-%d-%H-%M-%S")
            when = told.replace(tzinfo=zone)
        base = PurePosixPath(found.name).name.partition(f"_{owner.attempt}")[0]
        if login := known.get(f"{base}_{owner.attempt}"):
            owner = replace(owner, student=safe(login), names=(login,))
    folders = PurePosixPath(found.name).parts[:-1]
    lesson = next((part for part in folders if LESSON.fullmatch(part)), "")
    where = printable(found.name)
    said = (where, owner, when, found.read, found.refused, lesson)
    return Handed(*said, name=printable(found.name, most=LONGEST))


def _logins(found: Sequence[_Found]) -> dict[str, str]:
    """The logins that Blackboard's own texts name, by attempt.

    A file's name is the assignment's, then the login, and both may have underscores.
    """
    logins = {}
    for one in found:
        owner = whose(one.name)
        if owner.about and not one.refused:
            with suppress(Unreadable):
                text = one.read()[:4000].decode("utf-8", "replace")
                if named := BLACKBOARD_NAME.search(text):
                    logins[PurePosixPath(one.name).stem] = named[2]
    return logins


# ------------------------------------------------------------------------ where it lies


def _in_folder(folder: Path) -> Iterator[_Found]:
    """The files of a folder. Links are told of and not followed."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if is_hidden(name) or (path.is_dir() and not path.is_symlink()):
            continue
        refused = "" if path.is_file() else "It is no file."
        if path.is_symlink():
            refused = "It is a link, and links are not followed."
        when = None if refused else datetime.fromtimestamp(path.stat().st_mtime, UTC)
        yield _Found(name, when, partial(_bytes_of, path), refused)


def is_unpacked(handed: Sequence[Handed]) -> bool:
    """True if all files are of the last hour, as where a zip's times were lost."""
    hour = datetime.now(UTC) - timedelta(hours=1)
    times = [one.when for one in handed if one.when]
    named = any(one.owner.attempt for one in handed)
    return bool(times) and not named and min(times) > hour


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror}.") from None


def _in_zip(archive: zipfile.ZipFile, zone: tzinfo) -> Iterator[_Found]:
    for member in archive.infolist():
        name = _decoded(member)
        plain = PurePosixPath(name.lstrip("/"))
        if member.is_dir() or name.endswith("/") or is_hidden(str(plain), up=False):
            continue
        refused = ""
        if stat.S_ISLNK(member.external_attr >> 16):
            refused = "It is a link, and links are not followed."
        elif name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in plain.parts:
            refused = "Its name leads out of the zip."
        read = partial(_bytes_in, archive, member)
        yield _Found(name, _saved(member, zone), read, refused)


def _decoded(member: zipfile.ZipInfo) -> str:
    """A member's name. Many programs write UTF-8 and do not say so, or a `\\`."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _saved(member: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    with suppress(ValueError):
        when = datetime(*member.date_time, tzinfo=zone)
        return when if when.year > NO_TIME else None
    return None


def _bytes_in(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(LARGEST + 1)
    except Exception:  # a zip may hold anything: a password, damage, odd methods
        raise Unreadable("It is damaged in the zip, or locked.") from None


# -------------------------------------------------------------------------- whose it is


def whose(path: str) -> Owner:
    """Whose a file of a download is, by its path there."""
    *folders, name = PurePosixPath(path).parts or ("",)
    for folder in folders:
        if found := MOODLE.fullmatch(folder):
            return _moodle(found, name)
    if found := MOODLE.fullmatch(name):
        return _moodle(found, found[3] or name)
    if found := BLACKBOARD.fullmatch(name):
        return _blackboard(found)
    if found := CANVAS.fullmatch(name):
        names = (found[1], found[3])
        student, late = safe("_".join(names)), bool(found[2])
        return Owner(student, safe(found[4]), names, platform=True, late=late)
    people = [folder for folder in folders if not LESSON.fullmatch(folder)]
    student = safe(people[-1]) if people else ""
    return Owner(student, safe(name), tuple(reversed(people)))


def _moodle(found: re.Match[str], name: str) -> Owner:
    # The number is a participant's of this assignment, and means nothing elsewhere.
    return Owner(safe(found[1]), safe(name), (found[2],), platform=True)


def _blackboard(found: re.Match[str]) -> Owner:
    """The login is behind the assignment's name: any part from an underscore on."""
    parts = found[1].split("_")
    names = tuple("_".join(parts[i:]) for i in range(len(parts) - 1, 0, -1))
    name = found[3] or f"attempt{found[4]}"
    return Owner(
        safe(parts[-1]),
        safe(name),
        names or (parts[-1],),
        platform=True,
        attempt=found[2],
        about=not found[3],
    )


def safe(name: str) -> str:
    """A name that is one part of a path, and hides nothing; its end is kept."""
    plain = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name)
    return (
        os.fsencode(plain)[-100:].decode("utf-8", "ignore").strip().lstrip(".") or "_"
    )
