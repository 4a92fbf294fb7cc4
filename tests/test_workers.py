"""What a submission does to its process costs only that submission's own answers."""

import os
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import psutil
import pytest

from graders import registry, wire
from graders.collect import cases_for
from graders.exercise import CRASHED, PASSED, TIMED_OUT, WRONG, Outcome
from graders.judge import judge
from graders.levels import FULL
from graders.locked import SandboxRunner
from graders.oracle import key_for
from graders.parts import finished
from graders.runners import ProcessRunner
from graders.workers import Ask, Job, Limits, RunnerError, Step
from tests.conftest import locked_runner

SEED = 5
LIMITS = Limits(memory=1 << 30, file_size=1 << 20)
SHORT = replace(LIMITS, cell=2, call=2)
IMPORT = (
    "import ctypes, os, signal, subprocess, sys, time, warnings\nimport numpy as np"
)
SOFTMAX = """
def softmax(scores, axis=-1):
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)
"""
PROJECT = """
def project(x_tm, w_query, w_key, w_value):
    return x_tm @ w_query, x_tm @ w_key, x_tm @ w_value
"""
ATTEND_ONE = """
def attend_one(query_d, key_kd, value_kv):
    weights_k = softmax(key_kd @ query_d / np.sqrt(query_d.shape[-1]))
    return weights_k @ value_kv, weights_k
"""


@pytest.fixture(scope="module", params=["process", FULL])
def runner(request):
    """Each kind of runner that this machine has."""
    if request.param == "process":
        yield ProcessRunner()
        return
    found = locked_runner(modules=["numpy", "transformer.figures"])
    yield found
    found.close()


@pytest.fixture
def run(runner):
    """What cells give, and what the judge says of each exercise's attempts."""

    def of(*sources, asks=("softmax",), limits=LIMITS, keep=None):
        keep, runner.limits = keep or {}, limits
        cells = enumerate((IMPORT, *sources))
        steps = [Step(f"cell-{n}", text, keep.get(n, ())) for n, text in cells]
        ran = runner.run(Job(steps, {name: _ask(name) for name in asks}))
        found = {n: [_status(n, a) for a in ran.attempts[n]] for n in asks}
        return ran, found

    return of


def _ask(name):
    exercise = registry.find(name)
    return Ask(exercise.answer, cases_for(exercise, SEED), finished(exercise.uses))


def _status(name, attempt):
    exercise, cases = registry.find(name), cases_for(registry.find(name), SEED)
    if attempt.status:
        return attempt.status
    return judge(exercise, cases, attempt.outcomes, key_for(exercise, cases)).status


def test_a_right_answer_comes_back_right(run):
    ran, found = run(SOFTMAX)
    assert found == {"softmax": [PASSED]}
    assert ran.errors == {}


def test_of_an_exception_the_kind_the_words_and_the_students_line_are_seen(run):
    ran, _ = run("def softmax(scores, axis=-1):\n    return scores / missing")
    problem = ran.attempts["softmax"][0].outcomes[0].problem
    assert problem.types[0] == "NameError"
    assert problem.text == "name 'missing' is not defined"
    assert problem.line == "return scores / missing"
    assert problem.where == "line 2 of softmax"


# ------------------------------------------------------------------- ends of a process

ENDS = {
    "an endless loop": "while True: pass",
    "one that holds on": "while True:\n  try: time.sleep(9)\n  except BaseException: 0",
    "an endless print": "while True: print('x' * 10_000)",
    "an exit": "os._exit(0)",
    "a kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "an odd signal": "os.kill(os.getpid(), 40)",
    "a fork": "os.fork()",
    "a deep recursion": "sys.setrecursionlimit(10**9)\ndef f(x): return f([x])\nf(1)",
    "a null pointer": "ctypes.string_at(0)",
    "much memory at once": "np.ones(1 << 40)",
    "much memory by and by": "hoard = []\nwhile True: hoard.append(bytes(1 << 22))",
    "sys.exit": "sys.exit()",
    "quit": "quit()",
    "an interrupt": "raise KeyboardInterrupt",
    "a question": "input('Your name?')",
    "a lost stdout": "sys.stdout = sys.stderr = None",
    "a closed stdout": "sys.stdout.close(); os.close(1)",
    "a syntax error": "def project(:",
    "a broken shell": "get_ipython().run_cell = None",
    "a large file": "open('x', 'wb').write(bytes(1 << 24))",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_cell_that_ends_badly_costs_no_other_answer(run, end):
    _, found = run(SOFTMAX, end, PROJECT, asks=("softmax", "project"), limits=SHORT)
    assert found == {"softmax": [PASSED], "project": [PASSED]}


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("while True: pass", "it ran for more than 2 seconds: is there a loop"),
        ("os._exit(3)", "it ended Python itself (exit code 3)"),
        ("ctypes.string_at(0)", "Python itself was ended by SIGSEGV"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("sys.exit(1)", "SystemExit: 1"),
    ],
)
def test_how_a_cell_ended_is_told(run, end, words):
    ran, _ = run(end, limits=SHORT)
    assert words in ran.errors["cell-1"]


def test_an_odd_signal_is_told_by_its_number():
    end = Step("end", "import os\nos.kill(os.getpid(), 40)")
    ran = ProcessRunner(SHORT).run(Job([end], {"softmax": _ask("softmax")}))
    assert "Python itself was ended by signal 40." in ran.errors["end"]


@pytest.mark.parametrize(
    ("body", "status"),
    [("while True: pass", TIMED_OUT), ("os._exit(0)", CRASHED)],
)
def test_an_answer_that_ends_its_process_costs_itself_only(run, body, status):
    bad = f"def softmax(scores, axis=-1):\n    {body}"
    _, found = run(bad, PROJECT, asks=("softmax", "project"), limits=SHORT)
    assert found == {"softmax": [status], "project": [PASSED]}


def test_when_the_time_of_a_whole_notebook_is_spent_the_rest_is_timed_out(run):
    slow = "def softmax(scores, axis=-1):\n    time.sleep(0.5)\n    return 1.0"
    ran, found = run(slow, "time.sleep(1.9)", limits=replace(LIMITS, total=2))
    assert found == {"softmax": [TIMED_OUT]}
    assert "whole notebook took more than 2 s" in ran.attempts["softmax"][0].message


def test_values_too_large_to_send_are_a_problem_of_the_answer(run):
    ran, _ = run("def softmax(scores, axis=-1):\n    return np.zeros((3000, 1000))")
    assert ran.attempts["softmax"][0].outcomes[0].problem.types == ("TooLarge",)


@pytest.mark.parametrize(
    "loud",
    [
        "warnings.warn('old')",
        "print('oh', file=sys.stderr)",
        "os.write(2, b'oh')",
        "print('x' * 100_000)",
        "np.log(0.0)",
    ],
)
def test_a_loud_answer_is_right_all_the_same(run, loud):
    body = SOFTMAX.replace("    powers", f"    {loud}\n    powers", 1)
    _, found = run(loud, body)
    assert found == {"softmax": [PASSED]}


def test_a_runner_that_is_closed_ends_what_runs(runner):
    """As after Ctrl-C: nobody waits for the loop to reach its limit."""
    runner = ProcessRunner() if isinstance(runner, ProcessRunner) else locked_runner()
    job = Job([Step("loop", "while True: pass")], {"softmax": _ask("softmax")})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(runner.run, job)
        time.sleep(3)
        began = time.monotonic()
        runner.close()
        with pytest.raises(RunnerError):
            running.result()
    assert time.monotonic() - began < 20


# ------------------------------------------------------------------------ two attempts


def test_a_wrong_earlier_answer_is_replaced_by_the_finished_part(run):
    wrong = "def softmax(scores, axis=-1):\n    return scores"
    _, found = run(wrong, ATTEND_ONE, asks=("softmax", "attend-one"))
    assert found == {"softmax": [WRONG], "attend-one": [WRONG, PASSED]}


@pytest.mark.parametrize("runner", ["process"], indirect=True)
def test_where_the_first_attempt_is_enough_no_finished_part_is_handed_out(runner):
    runner.limits, cells = LIMITS, (IMPORT, SOFTMAX, ATTEND_ONE)
    steps = [Step(f"cell-{n}", text) for n, text in enumerate(cells)]
    asks = {"attend-one": _ask("attend-one")}
    ran = runner.run(Job(steps, asks, lambda name, a: _status(name, a) == PASSED))
    assert len(ran.attempts["attend-one"]) == 1


def test_the_students_own_parts_are_tried_first(run):
    own = SOFTMAX.replace("axis=-1", "my_axis").replace("=axis", "=my_axis")
    mine = ATTEND_ONE.replace("[-1]))", "[-1]), my_axis=0)")
    _, found = run(own, mine, asks=("attend-one",))
    assert found["attend-one"][0] == PASSED
    assert found["attend-one"][1] != PASSED


def test_an_answer_counts_as_its_check_met_it_and_as_it_was_left(run):
    _, found = run(SOFTMAX, "softmax = print", keep={1: ("softmax",)})
    first, last = found["softmax"]
    assert first == PASSED
    assert last != PASSED


def test_what_an_answer_hoards_starves_no_other(run):
    hoard = "hoard = []\ndef softmax(scores, axis=-1):\n    "
    hoard += "while True: hoard.append(bytes(1 << 22))"
    _, found = run(hoard, PROJECT, asks=("softmax", "project"))
    assert found == {"softmax": [CRASHED], "project": [PASSED]}


# ----------------------------------------------------------------------------- secrets

SETUP = "from graders.check import check\nfrom transformer import figures"
LOOK = """
def softmax(scores, axis=-1):
    import gc
    comparer = ("graders.oracle", "graders.mistakes", "transformer.reference")
    modules = [m for m in sys.modules if m.startswith(comparer)]
    secrets = ("Key", "KnownMistake", "Mistake", "Verdict")
    things = [o for o in gc.get_objects() if type(o).__name__ in secrets]
    raise RuntimeError(f"{modules} {things} {sorted(os.environ)}")
"""


def test_beside_the_students_code_there_is_no_right_answer(run, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "secret")
    ran, _ = run(SETUP, LOOK)
    seen = ran.attempts["softmax"][0].outcomes[0].problem.text
    assert seen.startswith("[] [] ")
    assert "API_TOKEN" not in seen


@pytest.mark.parametrize("runner", ["process"], indirect=True)
def test_no_process_and_no_folder_is_left(run):
    start = "child = subprocess.Popen(['sleep', '600'], start_new_session=True)"
    ran, _ = run(start, "raise ValueError(f'{child.pid} {os.getpid()} {os.getcwd()}')")
    child, own, folder = ran.errors["cell-2"].removeprefix("ValueError: ").split()
    assert not any(map(psutil.pid_exists, (int(child), int(own))))
    assert not os.path.exists(folder)


# ------------------------------------------------------------------------------ forging


def outcomes_of(value, count):
    return wire.pack({"outcomes": [[Outcome((value,))] * count]})


FORGED = {
    "noise": bytes(range(64, 128)),
    "zeros": bytes(64),
    "an endless block": struct.pack("<II", wire.MAX_HEADER, wire.MAX_BODY),
    "a block too large": struct.pack("<II", 2**32 - 1, 2**32 - 1),
    "no document": wire.pack(7),
    "no outcomes": wire.pack({"outcomes": 7}),
    "other outcomes": outcomes_of(np.ones(3), 1),
    "an early reply": wire.pack({"error": ""}),
    "a reply of numbers": wire.pack({"error": 7}),
    "verdicts": wire.pack({"outcomes": [["passed"] * 5]}),
}


WRITE = """
def softmax(scores, axis=-1):
    for pipe in range(3, 30):
        try: os.write(pipe, {!r})
        except OSError: pass
"""


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_a_student_writes_on_the_pipe_earns_nothing_and_stops_nothing(run, forged):
    asks = ("softmax", "project")
    _, found = run(WRITE.format(forged), PROJECT, asks=asks, limits=SHORT)
    assert PASSED not in found["softmax"]
    assert found["project"] == [PASSED]


def test_a_child_that_is_not_ready_in_time_is_no_submissions_fault(run):
    with pytest.raises(RunnerError, match="The child does not start"):
        run(SOFTMAX, limits=Limits(start=0.001))


@pytest.mark.parametrize("kind", [ProcessRunner, SandboxRunner])
def test_a_machine_without_room_for_a_process_is_no_submissions_fault(
    monkeypatch, kind
):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(RunnerError, match="does not start"):
        kind().run(Job([], {"softmax": _ask("softmax")}))
