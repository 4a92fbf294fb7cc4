"""What Linux's kernel offers to lock a process in, as functions that raise OSError.

The standard library only, through ctypes: these run before anything else is imported.
The numbers are those of the kernel's headers and differ between processors.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from functools import cache
from typing import Any

NEW_MOUNTS, NEW_NAMES, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USER, NEW_PIDS, NEW_NET = 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 0x20, 0x1000, 0x4000, 1 << 18
DETACH = 2
DIE_WITH_PARENT, DUMPABLE, SECCOMP, NO_NEW_PRIVILEGES = 1, 4, 22, 38
DROP_BOUND = 24
MACHINE = platform.machine()
PIVOT_ROOT = 41 if MACHINE == "aarch64" else 155
MOUNT_SETATTR, LANDLOCK = 442, 444


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _do(name: str, *arguments: Any) -> int:
    """Calls a function of the C library.

    Raises:
        OSError: If it fails; names the function.
    """
    ctypes.set_errno(0)
    result = int(getattr(_libc(), name)(*arguments))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: Any) -> int:
    """A system call that the C library has no function for."""
    try:
        return _do("syscall", ctypes.c_long(number), *arguments)
    except OSError as error:
        raise OSError(error.errno, f"{name}: {os.strerror(error.errno or 0)}") from None


def unshare(flags: int) -> None:
    _do("unshare", ctypes.c_int(flags))


def enter(namespace: int, kind: int) -> None:
    """Enters the namespace that a descriptor stands for; with PIDs, its children do."""
    _do("setns", ctypes.c_int(namespace), ctypes.c_int(kind))


def mount(
    source: str, target: str, kind: str = "", flags: int = 0, data: str = ""
) -> None:
    try:
        _do(
            "mount",
            source.encode(),
            os.fsencode(target),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            data.encode() or None,
        )
    except OSError as error:
        what = f"mount of {kind or source} on {target}"
        raise OSError(error.errno, f"{what}: {os.strerror(error.errno or 0)}") from None


def bind(source: str, target: str, devices: bool = False) -> None:
    """Shows `source`, and what is mounted below it, at `target`; nobody can write it.

    Needs Linux 5.12.
    """
    mount(source, target, flags=BIND | RECURSIVE)
    wanted = READ_ONLY | NO_SETUID | (0 if devices else NO_DEVICES)
    attributes = struct.pack("QQQQ", wanted, 0, 0, 0)
    size = ctypes.c_size_t(len(attributes))
    here, recursive = ctypes.c_int(-100), ctypes.c_uint(0x8000)
    name = os.fsencode(target)
    syscall("mount_setattr", MOUNT_SETATTR, here, name, recursive, attributes, size)


def pivot(root: str) -> None:
    """Makes `root` the root; what was the root before is nowhere any more."""
    os.chdir(root)
    syscall("pivot_root", PIVOT_ROOT, b".", b".")
    _do("umount2", b".", ctypes.c_int(DETACH))
    os.chdir("/")


def control(option: int, value: int = 1, pointer: Any = 0) -> None:
    """`prctl`."""
    zero = ctypes.c_ulong(0)
    given = ctypes.c_void_p(pointer) if pointer else zero
    _do("prctl", ctypes.c_int(option), ctypes.c_ulong(value), given, zero, zero)


def drop_capabilities() -> None:
    """No privilege is left in this process, nor in what it starts."""
    for number in range(64):
        try:
            control(DROP_BOUND, number)
        except OSError:  # there are no more
            break
    header = struct.pack("Ii", 0x20080522, 0)  # version 3, this process
    _do("capset", header, bytes(24))


def filter_calls(program: bytes) -> None:
    """Has the kernel judge every further system call by a seccomp program."""
    buffer = ctypes.create_string_buffer(program, len(program))
    address = ctypes.addressof(buffer)
    about = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, address)
    )
    control(SECCOMP, 2, ctypes.addressof(about))
