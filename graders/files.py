"""Which of the submitted files is the notebook: in folders, in zips, by any name.

Nothing is unpacked: a zip's members are read where they lie, up to a size, and their
names are never paths of this computer.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

NOTEBOOK = ".ipynb"
STAMP = "timestamp.txt"  # when it was handed in: nbgrader's, and no student's
ORIGIN = "platform.txt"  # what a platform called it, to give feedback back under that
OURS = {STAMP, ORIGIN}
LARGEST = 20 << 20  # bytes of a file; a lesson has well under one million
AnyPath = Path | zipfile.Path


class Unreadable(Exception):  # noqa: N818  a state of a file, told to people
    """The file cannot be graded; the text says why, in a sentence."""


@dataclass(frozen=True)
class File:
    """What may be a notebook.

    Args:
        path: To open; within a zip, too.
        name: Where it lies in what was handed in: `homework.zip/attention.ipynb`.
        when: When it was saved; of a zip's member, when the zip was.
    """

    path: AnyPath
    name: str
    when: float

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem


def choose(folder: Path, noun: str) -> File:
    """The notebook of a lesson in a submitted folder, also `attention (1).ipynb`.

    Raises:
        Unreadable: If there is none.
    """
    files = list(notebooks(folder))
    named = [file for file in files if noun in file.stem.lower()]
    exact = [file for file in files if file.stem == noun]
    # Of several, the one saved last: that is the one a student means.
    for group in (exact, named, files):
        if group:
            return max(group, key=lambda file: (file.when, file.name))
    others = (p for p in folder.iterdir() if p.is_file() and not p.is_symlink())
    names = sorted({path.name for path in others} - OURS)
    only = f", only {' and '.join(map(printable, names[:2]))}" if names else ""
    raise Unreadable(f"There is no {noun}.ipynb in the submitted folder{only}.")


def at(folder: Path, name: str) -> AnyPath:
    """What lies where `File.name` says.

    Raises:
        Unreadable: If it was in a zip that cannot be read any more.
    """
    outer, dot, inner = name.partition(".zip/")
    archive = folder / f"{outer}.zip"
    if not dot or not archive.is_file():
        return folder / name
    try:
        return zipfile.Path(archive, inner)
    except (OSError, ValueError, zipfile.BadZipFile):
        raise Unreadable("The zip that the file is in is damaged or locked.") from None


def notebooks(folder: Path) -> Iterator[File]:
    """What may be a notebook in a folder, its folders and its zips."""
    for file in within(folder, (NOTEBOOK, ".zip")):
        if file.name.endswith(NOTEBOOK):
            yield file
        else:
            with suppress(Unreadable):
                yield from zipped(folder / file.name, f"{file.name}/")


def within(folder: Path, kinds: tuple[str, ...]) -> Iterator[File]:
    """The files of some kinds in a folder and its folders; no links, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        wanted = name.endswith(kinds) and not is_hidden(name)
        if wanted and path.is_file() and not path.is_symlink():
            yield File(path, name, path.stat().st_mtime)


def zipped(path: Path, before: str) -> Iterator[File]:
    """The notebooks in a zip that is not too large, each name with `before` before it.

    Raises:
        Unreadable: If it is no zip.
    """
    try:
        when, size = path.stat().st_mtime, path.stat().st_size
        members = zipfile.ZipFile(path).namelist() if size <= LARGEST else []
    except OSError as error:
        raise Unreadable(f"It cannot be opened: {error.strerror}.") from None
    except (ValueError, NotImplementedError, zipfile.BadZipFile):
        raise Unreadable("It is no zip, or a damaged one.") from None
    for member in members:
        if member.endswith(NOTEBOOK) and not is_hidden(member):
            yield File(zipfile.Path(path, member), before + member, when)


def is_hidden(name: str, up: bool = True) -> bool:
    """True for what programs leave behind, as checkpoints; for `..` too if `up`."""
    parts = PurePosixPath(name).parts
    return any(p.startswith((".", "__MACOSX")) for p in parts if up or p != "..")


def printable(name: str, most: int = 60) -> str:
    """A name as it can be shown in a sentence."""
    return "".join(c if c.isprintable() else "?" for c in name)[:most]


def read(path: AnyPath) -> bytes:
    """A file's bytes, one more than are read of a large one.

    Raises:
        Unreadable: If it cannot be opened.
    """
    try:
        stream: IO[bytes] = path.open("rb")
        with stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror}.") from None
    except Exception:  # a zip may hold anything: a password, damage, odd methods
        raise Unreadable("The zip that the file is in is damaged or locked.") from None


def sha256(path: AnyPath) -> str:
    """The digest of a file's bytes, "" if it cannot be read."""
    try:
        return hashlib.sha256(read(path)).hexdigest()
    except Unreadable:
        return ""
