"""A file is written whole or not at all, and what keeps it from that is said."""

from __future__ import annotations

import os
from pathlib import Path

from graders.course import CourseError


def write(path: Path, data: str | bytes) -> None:
    """Writes a file under another name first; its folder is made.

    Raises:
        CourseError: If it cannot be written; says where and why.
    """
    if path.is_dir():
        raise CourseError(f"{path} is a folder. Name a file in it.")
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data if isinstance(data, bytes) else data.encode())
        os.replace(fresh, path)
    except OSError as error:
        hint = "Nothing was written; name another place, or make this one writable."
        raise CourseError(
            f"{path} cannot be written: {error.strerror}. {hint}"
        ) from None
    finally:
        if fresh.parent.is_dir():
            fresh.unlink(missing_ok=True)
