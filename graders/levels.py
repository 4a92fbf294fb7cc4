"""How far apart this computer can keep students' code: the levels, found by trying.

`full`      namespaces, limits and a filter of system calls: `graders.sandbox`
`process`   a process of its own, which keeps accidents apart and nothing else
"""

from __future__ import annotations

import importlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graders.course import CourseError

FULL, PROCESS = "full", "process"
ROOT = Path(__file__).resolve().parents[1]
TRIAL = (
    "import sys; sys.path.insert(0, {!r}); from graders.levels import trial; trial()"
)


@dataclass(frozen=True)
class Reach:
    """The highest level here, and why it is not a higher one."""

    level: str
    why: str = ""


@cache
def reach() -> Reach:
    """Tries to lock a process in, in a process of its own."""
    if sys.platform != "linux":
        return Reach(PROCESS, f"{platform.system()} has no namespaces")
    try:
        ran = subprocess.run(
            [sys.executable, "-I", "-B", "-c", TRIAL.format(str(ROOT))],
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Reach(PROCESS, str(error))
    if ran.stdout.strip() == b"full":
        return Reach(FULL)
    last = (ran.stdout or ran.stderr).decode(errors="replace").strip().splitlines()
    return Reach(PROCESS, last[-1] if last else "the trial ended without a word")


ADVICE = {
    "elsewhere": "grade in a Linux machine or container; Docker and Podman make one.",
    "pod": (
        "ask the hub's administrator for pods with hostUsers: false, procMount: "
        "Unmasked and seccompProfile: Unconfined, or grade on another computer."
    ),
    "container": (
        "start the container with --security-opt seccomp=unconfined and --security-opt "
        "systempaths=unconfined (Podman: unmask=ALL); on Ubuntu or Debian also "
        "--security-opt apparmor=unconfined."
    ),
    "ubuntu": "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    "debian": "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    "other": "sudo sysctl -w user.max_user_namespaces=10000 (and Linux 5.12 or later).",
}
SWITCHES = {
    "ubuntu": Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    "debian": Path("/proc/sys/kernel/unprivileged_userns_clone"),
}
MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


def advice() -> str:
    """How to reach the full level on a computer like this one."""
    return ADVICE[_kind()]


def _kind() -> str:
    """What kind of computer this is, as far as the advice differs."""
    if sys.platform != "linux":
        return "elsewhere"
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "pod"
    if any(mark.exists() for mark in MARKS):
        return "container"
    for name, closed in (("ubuntu", "1"), ("debian", "0")):
        switch = SWITCHES[name]
        if switch.exists() and switch.read_text().strip() == closed:
            return name
    return "other"


def demand(level: str) -> None:
    """Refuses what this computer cannot do.

    Raises:
        CourseError: If it does not reach the level.
    """
    found = reach()
    if level == FULL and found.level != FULL:
        raise CourseError(
            f"Students' code cannot be locked in here: {found.why}. `course doctor` "
            "says how it can. `--level process` grades all the same: a submission "
            "could then read solutions and change grades."
        )


def trial() -> None:
    """Locks this process in as the zygote is, and a fork as a child is; says "full"."""
    from graders import sandbox, seccomp

    say = os.dup(1)
    sys.stdout.flush()
    try:
        if not seccomp.is_known():
            raise OSError(f"no list of system calls for {platform.machine()}")
        shown = sandbox.python_paths([sys.prefix, sys.base_prefix])
        namespace = sandbox.enter(sandbox.View(shown, (), {}, ()))
        child = sandbox.fork(namespace)
        if child:
            os.waitpid(child, 0)
            os._exit(0)
        sandbox.confine(sandbox.Bounds(1 << 30, 1 << 20, 1 << 20, 64, 60))
        importlib.import_module("numpy")  # can the packages be read in there?
        os.write(say, b"full")
    except Exception as error:
        os.write(say, str(error).encode())
    os._exit(0)
