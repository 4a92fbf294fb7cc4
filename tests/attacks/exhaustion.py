"""Exhaustion: time, memory, disk, processes, and the patience of who reads the file."""

from tests.attacks.paper import ALL, NOTHING, REFUSED, REST, Paper, attack

LONG = r"more than \d+ seconds: is there a loop that does not end"
FULL = "MemoryError"
DETACHED = """
import os
for _ in range(2):
    if os.fork(): break
    os.setsid()
else:
    os.execvp("sleep", ["sleep", "{mark}"])
"""
BOMB = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
THREADS = """
import threading, time
while True: threading.Thread(target=time.sleep, args=(99,)).start()
"""


@attack(ALL)
def an_endless_loop_beside(paper: Paper) -> None:
    """Right answers, and a cell that never ends."""
    paper.add("while True: pass")


@attack(REST, LONG)
def an_endless_loop(paper: Paper) -> None:
    """An answer that never returns."""
    paper.begin("while True: pass")


@attack(REST, LONG)
def a_loop_that_holds_on(paper: Paper) -> None:
    """An answer that never returns and swallows every interrupt."""
    paper.begin(
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: 0"
    )


@attack(REST, LONG)
def a_loop_inside_c(paper: Paper) -> None:
    """An answer that stays in one call of compiled code, where no interrupt comes."""
    paper.begin("10 ** 10 ** 10")


@attack(REST, LONG)
def a_long_sleep(paper: Paper) -> None:
    """An answer that sleeps for an hour."""
    paper.begin("import time\ntime.sleep(3600)")


@attack(REFUSED, "the whole notebook took more than")
def many_slow_cells(paper: Paper) -> None:
    """Right answers after 1,000 cells, each under the limit of time."""
    for _ in range(1000):
        paper.add("import time\ntime.sleep(1.5)")


@attack(ALL)
def an_endless_print(paper: Paper) -> None:
    """Right answers, and a cell that prints for ever."""
    paper.add("while True: print('x' * 10_000)")


@attack(ALL)
def one_line_of_50_mb(paper: Paper) -> None:
    """Right answers, and a cell that prints a line of 50 MB."""
    paper.add("print('x' * 50_000_000)")


@attack(ALL)
def a_million_displays(paper: Paper) -> None:
    """Right answers, and a cell that displays something a million times."""
    paper.add("for n in range(1_000_000): display({'text/plain': 'x'}, raw=True)")


@attack(REST, FULL)
def much_memory_at_once(paper: Paper) -> None:
    """An answer that asks NumPy for 64 GiB."""
    paper.begin("np.ones(1 << 33)")


@attack(REST, FULL, alone=True)
def much_memory_by_and_by(paper: Paper) -> None:
    """An answer that fills memory, 4 MB at a time."""
    paper.begin("hoard = []\nwhile True: hoard.append(bytes(1 << 22))")


@attack(ALL, alone=True)
def much_shared_memory(paper: Paper) -> None:
    """Right answers, and a cell that fills memory which several processes share."""
    paper.add(
        "import mmap\nhoard = mmap.mmap(-1, 1 << 35)\n"
        "for n in range(0, 1 << 35, 4096): hoard[n] = 1"
    )


@attack(ALL, alone=True)
def a_fork_bomb(paper: Paper) -> None:
    """Right answers, and a cell that forks without end."""
    paper.add(BOMB)


@attack(REST, LONG, alone=True)
def a_fork_bomb_as_an_answer(paper: Paper) -> None:
    """An answer that forks without end."""
    paper.begin(BOMB)


@attack(ALL, alone=True)
def a_thread_bomb(paper: Paper) -> None:
    """Right answers, and a cell that starts threads without end."""
    paper.add(THREADS)


@attack(ALL)
def every_descriptor_open(paper: Paper) -> None:
    """Right answers, and a cell that keeps as many files open as it can."""
    paper.add("files = []\nwhile len(files) < 10**6: files.append(open('/dev/null'))")


@attack(ALL, alone=True)
def a_full_disk(paper: Paper) -> None:
    """Right answers, and a cell that writes until nothing more can be written."""
    paper.add(
        "n = 0\nwhile True:\n  n += 1\n  open(f'f{n}', 'wb').write(bytes(1 << 22))"
    )


@attack(ALL)
def a_detached_child(paper: Paper) -> None:
    """Right answers, and a process that goes on in a session of its own."""
    paper.add(DETACHED.format(mark=paper.mark))


@attack(ALL)
def a_child_that_ignores_signals(paper: Paper) -> None:
    """Right answers, and a process without environment that ignores hang-ups."""
    paper.add(
        "import signal, subprocess\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        f"child = subprocess.Popen(['/bin/sleep', '{paper.mark}'], env={{}})"
    )


@attack(REST, "too large|cannot be read|MemoryError")
def an_answer_of_a_gigabyte(paper: Paper) -> None:
    """An answer that returns 100 million numbers."""
    paper.begin("return np.zeros(100_000_000)")


@attack(REST, r".")
def a_message_of_50_mb(paper: Paper) -> None:
    """An answer whose error has a message of 50 million letters."""
    paper.begin("raise ValueError('x' * 50_000_000)")


@attack(NOTHING, "built in a way no notebook is")
def deep_json(paper: Paper) -> None:
    """A file of 200,000 brackets, one in the other."""
    paper.raw = lambda data: b'{"cells": ' + b"[" * 200_000


@attack(REFUSED, "The file has more than 20 MB")
def a_notebook_of_200_mb(paper: Paper) -> None:
    """Right answers in a file of 200 MB."""
    paper.raw = lambda data: data + b" " * (200 << 20)


@attack(NOTHING, "made of more parts than any notebook")
def six_million_parts(paper: Paper) -> None:
    """A file of 19 MB that is a list of empty objects."""
    paper.raw = lambda data: b'{"cells": [' + b"{}," * 6_000_000 + b"{}]}"


@attack(REFUSED, "cells; 2000 are read")
def fifty_thousand_cells(paper: Paper) -> None:
    """Right answers among 50,000 cells."""
    one = b'{"cell_type":"code","source":"1","metadata":{},"outputs":[],'
    one += b'"execution_count":null},'
    paper.raw = lambda data: data.replace(
        b'"cells": [', b'"cells": [' + one * 50_000, 1
    )
