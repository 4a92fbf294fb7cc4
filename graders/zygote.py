"""The zygote: has imported what a lesson imports, and forks a child per submission.

It is locked in before it imports anything (`graders.sandbox`), holds no secret and runs
no student's code. The comparer (`graders.runners`) asks for a child with two sockets:
one becomes the child's, for cells and outcomes; on the other the zygote says how the
child ended, and ends it as soon as the comparer writes to it or is gone.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from graders import sandbox

LOOK = 50  # milliseconds between two looks at the memory in use
MEMORY = ("RssAnon:", "RssShmem:")
SHARE = ("Pss_Anon:", "Pss_Shmem:")


def main() -> None:
    """Reads its settings from stdin, gets ready, says so, and serves. Never returns."""
    settings = json.loads(sys.stdin.buffer.read())
    control = socket.socket(fileno=settings["control"])
    try:
        namespace = sandbox.enter(sandbox.View(**settings["view"]))
        room = _room(settings["modules"])
        threads = len(os.listdir("/proc/self/task"))
    except Exception as error:
        control.send(
            json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode()
        )
        os._exit(1)
    control.send(json.dumps({"ready": True, "threads": threads}).encode())
    Zygote(control, namespace, room).serve()
    os._exit(0)


def _room(modules: list[str]) -> Any:
    """Where cells will run, with the lesson's modules imported."""
    from graders import registry
    from graders.child import Room

    for noun in registry.nouns():
        registry.exercises(noun)
    for name in modules:
        with contextlib.suppress(Exception):  # then the cell that wants it will say so
            importlib.import_module(name)
    room = Room()
    gc.collect()
    gc.freeze()  # a fork that collects garbage would copy every page
    return room


@dataclass
class Fork:
    """One submission's child: its first process and the socket that tells of it."""

    pid: int
    status: socket.socket
    memory: int
    full: bool = False


class Zygote:
    """Forks, watches and ends children, all in one thread."""

    def __init__(self, control: socket.socket, namespace: int, room: Any) -> None:
        self.control, self.namespace, self.room = control, namespace, room
        self.forks: dict[int, Fork] = {}  # by the descriptor that tells of an end
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.own = _memory_of("self", "status", MEMORY)

    def serve(self) -> None:
        """Serves until the comparer is gone; what then still runs ends with us."""
        while True:
            ready = {fd for fd, _ in self.poll.poll(LOOK if self.forks else None)}
            for end in ready & {*self.forks}:
                self._reap(end)
            for fork in self.forks.values():
                if fork.status.fileno() in ready:
                    self._end(fork)
            if self.control.fileno() in ready and not self._obey():
                return
            self._watch()

    def _obey(self) -> bool:
        """Forks a child as asked; False if there is nobody to ask any more."""
        text, sockets, _, _ = socket.recv_fds(self.control, 4096, 2)
        if not text:
            return False
        bounds = sandbox.Bounds(**json.loads(text))
        wire, status = sockets
        pid = sandbox.fork(self.namespace)
        if not pid:
            self._become(wire, bounds)
        os.close(wire)
        end = os.pidfd_open(pid)
        fork = Fork(pid, socket.socket(fileno=status), bounds.memory * 3 // 2)
        self.forks[end] = fork
        self.poll.register(end, select.POLLIN)
        self.poll.register(fork.status, select.POLLIN)
        return True

    def _become(self, wire: int, bounds: sandbox.Bounds) -> NoReturn:
        """In the fork: lets go of all that is the zygote's, and serves."""
        try:
            room, here = self.room, os.dup2(wire, _above(wire))
            for one in (self.control, *(f.status for f in self.forks.values())):
                one.detach()
            _let_go(here)
            from graders import child
            from graders import wire as blocks

            requests, replies = os.fdopen(here, "rb"), os.fdopen(os.dup(here), "wb")
            try:
                sandbox.confine(bounds)
            except OSError as error:
                blocks.write(replies, {"failed": str(error)})
                os._exit(1)
            blocks.write(replies, {"ready": True})
            child.serve(requests, replies, room)
        finally:
            os._exit(1)

    def _reap(self, end: int) -> None:
        """Tells how a child ended. With its first process all others have gone."""
        fork = self.forks.pop(end)
        _, status = os.waitpid(fork.pid, 0)
        said = {"code": os.waitstatus_to_exitcode(status), "full": fork.full}
        with contextlib.suppress(KeyError):  # it is to end, so nobody listens any more
            self.poll.unregister(fork.status)
        with contextlib.suppress(OSError):
            fork.status.send(json.dumps(said).encode())
        fork.status.close()
        self.poll.unregister(end)
        os.close(end)

    def _end(self, fork: Fork) -> None:
        self.poll.unregister(fork.status)
        os.kill(fork.pid, signal.SIGKILL)

    def _watch(self) -> None:
        """Ends children whose processes together hold too much memory."""
        processes = dict(_processes()) if self.forks else {}
        for fork in self.forks.values():
            family = [pid for pid in processes if _descends(pid, fork.pid, processes)]
            held = sum(processes[pid][1] for pid in family)
            if held > self.own + fork.memory and _shares(family) > fork.memory:
                fork.full = True
                os.kill(fork.pid, signal.SIGKILL)


def _above(wire: int) -> int:
    """A free descriptor: the first that no list of the zygote's can name."""
    return max(map(int, os.listdir("/proc/self/fd"))) + 1


def _let_go(kept: int) -> None:
    """Closes all descriptors but one; the usual three lead to nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Each process's parent and the bytes it holds."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                fields = _fields(name, "status")
                parent = fields.get("PPid:", 0)
                yield int(name), (parent, sum(fields.get(m, 0) for m in MEMORY) << 10)


def _descends(pid: int, first: int, processes: dict[int, tuple[int, int]]) -> bool:
    while pid != first and pid in processes:
        pid = processes[pid][0]
    return pid == first


def _shares(family: list[int]) -> int:
    """The bytes of processes when what several share is counted once.

    A process that hides its own counts with all that it holds.
    """
    total = 0
    for pid in family:
        try:
            total += _memory_of(pid, "smaps_rollup", SHARE)
        except PermissionError:
            total += _memory_of(pid, "status", MEMORY)
        except OSError:  # it has just gone
            continue
    return total


def _memory_of(pid: int | str, file: str, names: tuple[str, ...]) -> int:
    fields = _fields(pid, file)
    return sum(fields.get(name, 0) for name in names) << 10


def _fields(pid: int | str, file: str) -> dict[str, int]:
    """The whole numbers of one of a process's files, by name."""
    with open(f"/proc/{pid}/{file}", "rb") as lines:
        words = [line.split()[:2] for line in lines]
    return {w[0].decode(): int(w[1]) for w in words if len(w) == 2 and w[1].isdigit()}


if __name__ == "__main__":
    main()
