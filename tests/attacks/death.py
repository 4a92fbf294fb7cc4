"""Death: code that ends its own process, or what it is told and heard through."""

from tests.attacks.paper import ALL, REST, Paper, attack

NULL = "import ctypes\nctypes.string_at(0)"
DEEP = (
    "import sys\nsys.setrecursionlimit(10**9)\ndef deep(x): return deep([x])\ndeep(1)"
)
EXIT = r"it ended Python itself \(exit code 0\)"


@attack(ALL)
def an_exit_beside(paper: Paper) -> None:
    """Right answers, and a cell that calls `os._exit(0)`."""
    paper.add("import os\nos._exit(0)")


@attack(REST, EXIT)
def an_exit(paper: Paper) -> None:
    """An answer that calls `os._exit(0)`."""
    paper.begin("import os\nos._exit(0)")


@attack(REST, "ended by SIG")
def a_kill(paper: Paper) -> None:
    """An answer that sends its process SIGKILL."""
    paper.begin("import os\nos.kill(os.getpid(), 9)\nos.abort()")


@attack(ALL, alone=True)
def a_kill_of_everybody(paper: Paper) -> None:
    """Right answers, and a cell that sends SIGKILL to every process there is."""
    paper.add("import os\nos.kill(-1, 9)\nos.killpg(0, 9)")


@attack(ALL)
def a_kill_of_the_parent(paper: Paper) -> None:
    """Right answers, and a cell that sends SIGTERM to its parent process."""
    paper.add("import os\nif os.getppid() > 1: os.kill(os.getppid(), 15)")


@attack(REST, "ended by SIGSEGV")
def a_null_pointer(paper: Paper) -> None:
    """An answer that reads from address 0."""
    paper.begin(NULL)


@attack(ALL)
def a_null_pointer_beside(paper: Paper) -> None:
    """Right answers, and a cell that reads from address 0."""
    paper.add(NULL)


@attack(REST, r"ended by SIG|RecursionError|MemoryError|more than \d+ seconds")
def a_stack_overflow(paper: Paper) -> None:
    """An answer that calls itself without end, with Python's own limit lifted."""
    paper.begin(DEEP)


@attack(REST, "ended by SIG")
def an_abort(paper: Paper) -> None:
    """An answer that aborts."""
    paper.begin("import os\nos.abort()")


@attack(REST, "SystemExit")
def sys_exit(paper: Paper) -> None:
    """An answer that calls `sys.exit(0)`."""
    paper.begin("import sys\nsys.exit(0)")


@attack(ALL)
def quit_beside(paper: Paper) -> None:
    """Right answers, and a cell that calls `quit()`."""
    paper.add("quit()")


@attack(REST, "KeyboardInterrupt")
def an_interrupt(paper: Paper) -> None:
    """An answer that raises KeyboardInterrupt."""
    paper.begin("raise KeyboardInterrupt")


@attack(ALL)
def stdout_closed(paper: Paper) -> None:
    """Right answers, and a cell that closes stdout, stderr and their descriptors."""
    paper.add("import os, sys\nsys.stdout.close()\nsys.stderr = None")
    paper.add("import os\nos.close(1)\nos.close(2)")


@attack(ALL)
def every_descriptor_closed(paper: Paper) -> None:
    """Right answers, and a cell that closes every descriptor of its process."""
    paper.add("import os\nos.closerange(0, 4096)")
