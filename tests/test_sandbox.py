"""What a student's code cannot reach, damage or outlive, and what it still can do."""

import ast
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from graders import seccomp
from graders.exercise import PASSED
from graders.workers import Job, Limits, Step
from tests.conftest import ROOT, locked_runner
from tests.test_workers import IMPORT, SOFTMAX, _ask, _status

LIMITS = Limits(memory=1 << 30, file_size=1 << 20, cell=20)
SHORT = replace(LIMITS, cell=2, call=2)
TIGHT = replace(LIMITS, memory=256 << 20)
LIBC = "libc = ctypes.CDLL(None, use_errno=True)\n"
OUTSIDE = (
    ".git",
    ".grading",
    "solutions",
    "tests",
    "work",
    "graders/oracle.py",
    "graders/mistakes",
    "transformer/reference",
)


@pytest.fixture(scope="module")
def runner():
    found = locked_runner(limits=LIMITS, modules=["numpy", "transformer.figures"])
    yield found
    found.close()


@pytest.fixture
def run(runner):
    """Runs cells, then a right answer: the cells' errors; the answer must pass."""

    def of(*cells, limits=LIMITS):
        runner.limits = limits
        steps = [Step(f"{n}", cell) for n, cell in enumerate((IMPORT, *cells))]
        job = Job([*steps, Step("softmax", SOFTMAX)], {"softmax": _ask("softmax")})
        ran = runner.run(job)
        assert _status("softmax", ran.attempts["softmax"][0]) == PASSED
        return [ran.errors.get(f"{n + 1}", "") for n in range(len(cells))]

    return of


@pytest.fixture
def seen(run):
    """The value of an expression inside, after some lines."""

    def of(expression, lines="", limits=LIMITS):
        cell = f"{lines}\nraise LookupError(repr({expression}))"
        (error,) = run(cell, limits=limits)
        assert error.startswith("LookupError: "), error
        return ast.literal_eval(error.removeprefix("LookupError: "))

    return of


def processes(words):
    """The processes of this computer whose command line holds some words."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if words in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


# ---------------------------------------------------------------------------- reading


def test_the_comparers_files_are_not_there(seen):
    paths = [str(ROOT / name) for name in OUTSIDE]
    assert seen(f"[os.path.lexists(p) for p in {paths}]") == [False] * len(paths)


@pytest.mark.parametrize(
    "module", ["graders.oracle", "graders.mistakes", "transformer.reference"]
)
def test_the_comparers_modules_cannot_be_imported(run, module):
    (error,) = run(f"import {module}")
    assert error.startswith(("ModuleNotFoundError", "ImportError"))


def test_of_the_subject_only_what_the_lesson_uses_is_there(seen):
    look = "import transformer\nhere = os.path.dirname(transformer.__file__)"
    files = ["__init__.py", "figures.py", "weights"]
    assert sorted(seen("os.listdir(here)", look)) == files


def test_nothing_of_this_computer_is_there_but_python(seen):
    found = set(seen("os.listdir('/')"))
    assert not found & {"home", "var", "run", "sys", "boot", "mnt", "opt", "srv"}
    assert set(seen("os.listdir('/student')")) <= {".ipython", ".config", ".cache"}
    assert not os.path.exists("/home") or seen("os.path.exists('/home')") is False
    assert set(seen("os.listdir('/etc')")) <= {
        *("passwd", "group", "hosts", "alternatives", "fonts", "ld.so.cache"),
        "localtime",
    }


def test_no_other_process_is_there(seen):
    assert seen("sorted(filter(str.isdigit, os.listdir('/proc')))") == ["1"]
    assert seen("os.getppid()") == 0


def test_no_token_of_the_environment_is_there(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    monkeypatch.setenv("PATH", "/secret:" * 200 + os.environ["PATH"])
    runner = locked_runner(limits=LIMITS)
    look = "import os\nraise LookupError(sorted(os.environ.values()))"
    ran = runner.run(Job([Step("look", look)], {"softmax": _ask("softmax")}))
    runner.close()
    assert "secret" not in ran.errors["look"]
    assert "/student" in ran.errors["look"]


def test_no_descriptor_leads_out(seen):
    """0, 1 and 2 lead to nowhere, the others to the comparer's socket."""
    names = "[os.readlink(f'/proc/self/fd/{n}') for n in range(99) if is_open(n)]"
    is_open = "def is_open(n): return os.path.lexists(f'/proc/self/fd/{n}')"
    found = seen(names, is_open)
    assert {name.partition(":")[0] for name in found} <= {"/dev/null", "socket"}
    assert 1 <= sum(name.startswith("socket") for name in found) <= 2


def test_one_submission_leaves_nothing_to_the_next(run, seen):
    paths = ["/student/note", "/dev/shm/note", "/tmp/note"]
    run(f"for p in {paths}: open(p, 'w').write('the answer')\nnp.note = 1")
    assert seen(f"[os.path.exists(p) for p in {paths}]") == [False] * 3
    assert seen("hasattr(np, 'note')") is False


def test_two_submissions_at_once_do_not_meet(runner):
    """Both leave a note and look for the other's; each sees one process."""
    runner.limits = LIMITS
    look = (
        "import os, time\nopen('/dev/shm/' + str(time.time_ns()), 'w')\ntime.sleep(1)"
    )
    look += "\nraise LookupError(len(os.listdir('/dev/shm')), os.listdir('/proc')[-1:])"
    job, ran = Job([Step("look", look)], {"softmax": _ask("softmax")}), []
    threads = [
        threading.Thread(target=lambda: ran.append(runner.run(job))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.errors["look"] for one in ran] == ["LookupError: (1, ['1'])"] * 2


# ---------------------------------------------------------------------------- writing


@pytest.mark.parametrize(
    "path",
    [
        "/note",
        "/usr/note",
        "/etc/passwd",
        "/dev/note",
        "/proc/sys/kernel/hostname",
        str(ROOT / "note"),
        str(ROOT / "graders" / "child.py"),
        str(Path(os.__file__)),
    ],
)
def test_nothing_can_be_written_outside_the_work_folder(run, path):
    (error,) = run(f"open({path!r}, 'a')")
    assert error.startswith(("OSError", "PermissionError", "FileNotFoundError"))


def test_a_full_work_folder_is_that_submissions_own_trouble(run):
    fill = "n = 0\nwhile True:\n  n += 1\n  open(str(n), 'wb').write(bytes(1 << 19))"
    assert "No space left" in run(fill)[0]
    many = "n = 0\nwhile True:\n  n += 1\n  open(str(n), 'wb')"
    assert "No space left" in run(many)[0]


# ------------------------------------------------------------------- ways to the kernel

CALLS = {
    "a user's namespace": "libc.unshare(0x10000000)",
    "a namespace of mounts": "libc.unshare(0x20000)",
    "a fork into a user's namespace": "libc.syscall(56, 0x10000011, 0, 0, 0, 0)",
    "a mount": "libc.mount(b'none', b'/student', b'tmpfs', 0, None)",
    "a mount that can be written": "libc.mount(b'', b'/', None, 0x1020, None)",
    "an unmount": "libc.umount2(b'/proc', 2)",
    "another root": "libc.chroot(b'/student')",
    "a look at another process": "libc.ptrace(16, 1, 0, 0)",
    "its memory": "libc.process_vm_readv(1, None, 0, None, 0, 0)",
    "root's number": "libc.setuid(0)",
    "another group": "libc.setgid(0)",
    "a key": "libc.syscall(250, 0, -3, 0, 0, 0)",
    "a socket": "libc.socket(2, 1, 0)",
    "a local socket": "libc.socket(1, 1, 0)",
    "a raw socket": "libc.socket(17, 3, 0)",
    "a ring of calls": "libc.syscall(425, 1, None)",
    "a kernel program": "libc.syscall(321, 0, None, 0)",
    "a counter of events": "libc.syscall(298, None, 0, -1, -1, 0)",
    "a device": "libc.mknod(b'disk', 0o60666, 0x801)",
    "words for a terminal": "libc.ioctl(0, 0x5412, b'x')",
    "memory of the kernel's": "libc.shmget(0, 4096, 0o1600)",
    "a host's name": "libc.sethostname(b'x', 1)",
    "another time": "libc.settimeofday(b'\\0' * 16, None)",
    "a restart": "libc.syscall(169, 0, 0, 0, 0)",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_kernel_is_asked_in_vain(seen, call):
    assert seen(f"({call}, ctypes.get_errno())", LIBC) == (-1, 1)


def test_the_same_calls_under_other_numbers_are_not_known(seen):
    call = "(libc.syscall(0x40000000 + 39), ctypes.get_errno())"
    assert seen(call, LIBC) == (-1, 38)


def test_there_is_no_privilege_left(seen):
    fields = "[l.split()[1] for l in open('/proc/self/status') if l[:3] == 'Cap']"
    assert {int(value, 16) for value in seen(fields)} == {0}
    settings = "[l.split()[1] for l in open('/proc/self/status') if l[:5] in kept]"
    assert seen(settings, "kept = ('NoNew', 'Secco')")[:2] == ["1", "2"]


@pytest.mark.parametrize("machine", seccomp.PROCESSORS)
def test_a_filter_leaps_over_whole_groups_only(machine):
    """Each leap of the program ends at an instruction, and its last line allows."""
    program = seccomp.program(machine)
    lines = [program[n : n + 8] for n in range(0, len(program), 8)]
    for number, line in enumerate(lines):
        assert number + 1 + max(line[2], line[3]) < len(lines) + (line[0] == 6)
    assert lines[-1] == seccomp._allow()


# ---------------------------------------------------------------------------- network


def test_no_server_of_this_computer_can_be_reached(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (error,) = run(
            f"import socket\nsocket.create_connection(('127.0.0.1', {port}))"
        )
        assert error.startswith("PermissionError")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_even_without_the_filter_there_is_no_network(monkeypatch, seen):
    """The namespace has one interface, and that is down."""
    assert seen("sorted(l.split()[0] for l in open('/proc/net/dev') if ':' in l)") == [
        "lo:"
    ]
    assert seen("open('/proc/net/route').read().count('\\n')") <= 1


# --------------------------------------------------------------------------- outliving

DAEMON = """
for _ in range(2):
    if os.fork(): break
    os.setsid()
else:
    os.execvp("sleep", ["sleep", {!r}])
"""
BOMB = """
while True:
    try: os.fork()
    except OSError: pass
"""


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', {!r}])",
        "subprocess.Popen(['sleep', {!r}], start_new_session=True)",
        "subprocess.Popen('nohup sleep {} & disown', shell=True)",
        DAEMON,
        "signal.signal(1, signal.SIG_IGN); subprocess.Popen(['sleep', {!r}], env={{}})",
    ],
)
def test_what_a_submission_starts_ends_with_it(run, start):
    seconds = f"7777.{os.getpid()}"
    run(start.format(seconds), "time.sleep(0.2)")
    assert processes(seconds) == []


def test_a_fork_bomb_costs_its_own_cell_only(run):
    before = len(psutil.pids())
    (error,) = run(BOMB, limits=SHORT)
    assert "2 seconds" in error
    assert len(psutil.pids()) < before + 30


def test_there_is_a_most_of_processes(seen):
    fork = "n = 0\nwhile n < 200:\n  try:\n    if not os.fork(): time.sleep(99)\n"
    fork += "  except OSError: break\n  n += 1"
    assert 30 < seen("n", fork) < LIMITS.processes


def test_kill_reaches_nobody_else(run, runner):
    zygote = runner.zygote
    run("os.kill(-1, signal.SIGKILL)", "os.killpg(0, signal.SIGKILL)")
    assert runner.zygote is zygote
    assert zygote.lives()


# ------------------------------------------------------------------------------ memory

HOGS = {
    "at once": "np.ones(1 << 33)",
    "by and by": "hoard = []\nwhile True: hoard.append(bytes(1 << 22))",
    "in many processes": """
for _ in range(6):
    if not os.fork():
        hoard = np.ones(20 << 20)
        time.sleep(9)
time.sleep(9)
""",
    "in shared memory": """
import mmap
hoard = mmap.mmap(-1, 1 << 30)
for n in range(0, 1 << 30, 4096): hoard[n] = 1
time.sleep(9)
""",
}


@pytest.mark.parametrize("hog", HOGS.values(), ids=HOGS)
def test_memory_has_an_end_and_the_reason_is_told(run, hog):
    (error,) = run(hog, limits=TIGHT)
    assert "MemoryError" in error


# ----------------------------------------------------------------------- what it can do

ABLE = {
    "matplotlib": "import matplotlib.pyplot as p; p.plot([1]); p.savefig('x.png')",
    "a temporary file": "import tempfile; tempfile.NamedTemporaryFile().write(b'x')",
    "a shell": "subprocess.run('echo hello | cat', shell=True, check=True)",
    "a magic": "%timeit -n1 -r1 1 + 1",
    "its home": "open(os.path.expanduser('~/x'), 'w').write('x')",
    "threads": "import threading as t; a = t.Thread(target=print); a.start(); a.join()",
    "processes": "import multiprocessing as m; m.Pool(2).map(abs, [1, 2])",
    "who it is": "import getpass, pwd; assert pwd.getpwuid(os.getuid()).pw_name",
    "the time": "time.localtime(); assert time.time() > 1e9",
    "chance": "os.urandom(8); np.random.default_rng().random()",
    "the course": "from graders.check import check, example; example('softmax')",
    "its figures": "from transformer import figures",
    "a check": SOFTMAX + "from graders.check import check\ncheck('softmax', softmax)",
    "widgets": "import ipywidgets; ipywidgets.IntSlider()",
}


@pytest.mark.parametrize("cell", ABLE.values(), ids=ABLE)
def test_what_honest_code_does_works(run, cell):
    assert run(cell) == [""]


KERAS = """
import keras, numpy as np
keras.utils.set_random_seed(7)
model = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", jit_compile={jit})
model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0)
model.save("model.keras")
keras.saving.load_model("model.keras").predict(np.ones((2, 3)), verbose=0)
"""


@pytest.mark.slow
def test_keras_trains_saves_and_loads_in_a_fork():
    limits = replace(LIMITS, file_size=64 << 20, cell=60)
    runner = locked_runner(limits=limits, modules=["keras"])
    cells = [
        Step("plain", KERAS.format(jit=False)),
        Step("xla", KERAS.format(jit=True)),
    ]
    ran = runner.run(Job(cells, {"softmax": _ask("softmax")}))
    runner.close()
    assert runner.note == ""
    assert ran.errors == {}
