"""What a student's code can see and do: Linux namespaces around it, an inch at a time.

`enter` locks in the process that will fork (`graders.zygote`): a root of its own with
nothing but what is listed, users, processes and network of its own, and no way back.
`confine` locks in each fork once more, so that no submission meets another. Both run
before the student's code and know no secret. The standard library only.
"""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graders import kernel, seccomp

HOME = "/student"  # the only folder that can be written
SPARE_USER = 64999  # whom root becomes: a number that systems give to nobody
DEVICES = ("null", "zero", "full", "random", "urandom")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store")
SETTINGS = ("ld.so.cache", "alternatives", "fonts", "localtime")
NOWHERE = "/sys"  # where the new root is made: nothing that is shown lies there
EVERYTHING = (
    kernel.NEW_USER
    | kernel.NEW_MOUNTS
    | kernel.NEW_PIDS
    | kernel.NEW_NET
    | kernel.NEW_IPC
    | kernel.NEW_NAMES
)


@dataclass(frozen=True)
class View:
    """The files there are inside.

    Args:
        shown: Files and folders of this computer, shown read-only where they are.
        covered: Folders that are empty even if they lie in a shown one.
        copied: Files of this computer by where they stand inside.
        secret: What must not be there. Looked for before anything is run.
    """

    shown: Sequence[str]
    covered: Sequence[str]
    copied: Mapping[str, str]
    secret: Sequence[str]


def python_paths(prefixes: Sequence[str]) -> list[str]:
    """What Python needs of the system and of its own folders, by every name."""
    parts = ("bin", "lib", "lib64", "pyvenv.cfg")
    own = [os.path.join(prefix, part) for prefix in prefixes for part in parts]
    found = [*SYSTEM, *(f"/etc/{name}" for name in SETTINGS), *own]
    named = {name for path in found for name in (path, os.path.realpath(path))}
    return sorted(name for name in named if os.path.exists(name))


# ------------------------------------------------------------------------ the zygote


def enter(view: View) -> int:
    """Locks this process in, for good. It must have one thread.

    The process that called stays outside as the parent of the one that returns, which
    is the first of its own processes, so that all end with it.

    Returns:
        A descriptor of its namespace of processes, which forks need.

    Raises:
        OSError: If the kernel does not allow it; says what.
    """
    os.umask(0o022)
    if not _away_from_root(view):
        _as_user(view)
    inside = os.fork()
    if inside:
        _wait_outside(inside)
    kernel.control(kernel.DIE_WITH_PARENT, 9)
    _mount_proc()
    for path in view.secret:
        if os.path.lexists(path):
            raise PermissionError(f"{path} can be seen inside.")
    return os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)


def _away_from_root(view: View) -> bool:
    """Root makes its root with its powers, then is root no more: True if it was.

    A user of number 0 in a namespace would still own root's files and have no limit on
    processes.
    """
    user = spare_user()
    if user is None:
        return False
    allowed = True
    try:
        kernel.unshare(kernel.NEW_MOUNTS)
        _make_root(view)
    except PermissionError:  # root of a container, without root's powers
        allowed = False
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    kernel.control(kernel.DUMPABLE)  # else its own /proc files are still root's
    if allowed:
        kernel.unshare(EVERYTHING)
        _map(user, user)
    return allowed


def _as_user(view: View) -> None:
    user, group = os.getuid(), os.getgid()
    kernel.unshare(EVERYTHING)
    _map(user, group)
    _make_root(view)


def spare_user() -> int | None:
    """Whom root can become, of the users that there are here; None if nobody."""
    if os.geteuid() != 0:
        return None
    common = SPARE_USER
    for name in ("uid_map", "gid_map"):
        highest = 0
        for line in Path(f"/proc/self/{name}").read_text().split("\n"):
            if line:
                first, _, count = map(int, line.split())
                highest = max(highest, first + count - 1)
        common = min(common, highest)
    return common or None


def _map(user: int, group: int) -> None:
    """Inside, one user is known: oneself."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _wait_outside(inside: int) -> None:
    """Ends when the one inside does, in the same way."""
    os.closerange(0, 1 << 16)
    _, status = os.waitpid(inside, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _mount_proc() -> None:
    flags = kernel.NO_SETUID | kernel.NO_DEVICES | kernel.NO_PROGRAMS
    kernel.mount("proc", "/proc", "proc", flags)


# -------------------------------------------------------------------------- the root


def _make_root(view: View) -> None:
    """Makes the new root, part by part, and enters it."""
    kernel.mount("none", "/", flags=kernel.PRIVATE | kernel.RECURSIVE)
    _mount_empty(NOWHERE)
    covers = list(_show(view))
    for target, source in view.copied.items():
        os.makedirs(os.path.dirname(NOWHERE + target), exist_ok=True)
        shutil.copyfile(source, NOWHERE + target)
    _make_devices()
    _make_settings()
    for name in (HOME, "/proc"):
        os.mkdir(NOWHERE + name)
    if not os.path.lexists(f"{NOWHERE}/tmp"):
        os.symlink(HOME, f"{NOWHERE}/tmp")
    _mount_empty(NOWHERE + HOME, "mode=777,size=16m")
    _old_proc()
    for path in [*covers, NOWHERE]:
        flags = kernel.REMOUNT | kernel.BIND | kernel.READ_ONLY
        kernel.mount("none", path, flags=flags | kernel.NO_SETUID | kernel.NO_DEVICES)
    kernel.pivot(NOWHERE)


def _mount_empty(path: str, options: str = "mode=755,size=64m") -> None:
    flags = kernel.NO_SETUID | kernel.NO_DEVICES
    kernel.mount("tmpfs", path, "tmpfs", flags, options)


def _show(view: View) -> Iterator[str]:
    """Shows and covers, the outer before the inner; the covers' places."""
    covered = {name for path in view.covered for name in (path, os.path.realpath(path))}
    for path in sorted({*view.shown, *covered}, key=lambda path: path.count("/")):
        target = NOWHERE + path
        if path in covered:
            if os.path.isdir(target):
                _mount_empty(target)
                yield target
        elif not os.path.lexists(target):  # else the outer one has it
            _show_one(path, target)


def _show_one(path: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target)
    else:
        Path(target).touch()
    kernel.bind(path, target)


def _make_devices() -> None:
    os.makedirs(f"{NOWHERE}/dev/shm")
    for name in DEVICES:
        Path(f"{NOWHERE}/dev/{name}").touch()
        kernel.bind(f"/dev/{name}", f"{NOWHERE}/dev/{name}", devices=True)
    os.symlink("/proc/self/fd", f"{NOWHERE}/dev/fd")


def _make_settings() -> None:
    """The few settings that libraries read: who one is, and where there is nobody."""
    folder = Path(f"{NOWHERE}/etc")
    folder.mkdir(exist_ok=True)
    user, group = spare_user() or os.getuid(), spare_user() or os.getgid()
    (folder / "passwd").write_text(f"student:x:{user}:{group}::{HOME}:/bin/sh\n")
    (folder / "group").write_text(f"student:x:{group}:\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n")


def _old_proc() -> None:
    """A /proc for the way in; without a whole one the kernel makes no other."""
    target = f"{NOWHERE}/proc"
    try:
        kernel.mount("proc", target, "proc")
    except OSError:
        kernel.mount("/proc", target, flags=kernel.BIND | kernel.RECURSIVE)


# ------------------------------------------------------------------ one submission


@dataclass(frozen=True)
class Bounds:
    """What one submission may use: bytes, processes, seconds of a processor."""

    memory: int
    file_size: int
    disk: int
    processes: int
    seconds: int


def fork(namespace: int) -> int:
    """Forks the first process of a new namespace of PIDs: 0 in it, else its PID."""
    kernel.unshare(kernel.NEW_PIDS)
    try:
        child = os.fork()
    except OSError:
        kernel.enter(namespace, kernel.NEW_PIDS)
        raise
    if child:
        kernel.enter(namespace, kernel.NEW_PIDS)
    return child


def confine(bounds: Bounds) -> None:
    """Locks a fork in, after which there is no way to more than `bounds`.

    Raises:
        OSError: If the kernel does not allow it; says what.
    """
    os.setsid()
    kernel.unshare(
        kernel.NEW_MOUNTS | kernel.NEW_IPC | kernel.NEW_NAMES | kernel.NEW_NET
    )
    _mount_proc()
    _mount_empty(HOME, f"mode=777,size={bounds.disk},nr_inodes=10000")
    _mount_empty("/dev/shm", f"mode=777,size={bounds.disk},nr_inodes=1000")
    os.chdir(HOME)
    user, group = os.getuid(), os.getgid()
    kernel.unshare(kernel.NEW_USER)
    _map(user, group)
    with suppress(OSError):  # seccomp forbids them too
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _limit(bounds)
    kernel.control(kernel.NO_NEW_PRIVILEGES)
    kernel.drop_capabilities()
    if seccomp.is_known():
        seccomp.install()


def _limit(bounds: Bounds) -> None:
    """Limits that the kernel keeps for each process; memory is above what is in use."""
    for kind, wanted in (
        (resource.RLIMIT_DATA, bounds.memory + _data_in_use()),
        (resource.RLIMIT_FSIZE, bounds.file_size),
        (resource.RLIMIT_NPROC, bounds.processes),
        (resource.RLIMIT_CPU, bounds.seconds),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (most, most))


def _data_in_use() -> int:
    for line in Path("/proc/self/status").read_text().split("\n"):
        if line.startswith("VmData:"):
            return int(line.split()[1]) << 10
    return 0
