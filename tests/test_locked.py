"""How students' code comes to be locked in: what is shown, who forks, which level."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from graders import cli, levels, locked
from graders.course import Course
from graders.doctor import examine
from graders.exercise import PASSED
from graders.exercises import attention
from graders.locked import Zygote, view
from graders.workers import Job, Limits, RunnerError, Step
from tests.conftest import ROOT, locked_runner
from tests.test_workers import IMPORT, SOFTMAX, _ask, _status

LIMITS = Limits(memory=1 << 30, file_size=1 << 20, cell=20)
CELLS = [Step("import", IMPORT), Step("softmax", SOFTMAX)]
RIGHT = Job(CELLS, {"softmax": _ask("softmax")})


@pytest.fixture
def runner():
    found = locked_runner(limits=LIMITS)
    yield found
    found.close()


# ------------------------------------------------------------------------ what is shown


def test_a_module_of_the_subject_comes_with_what_it_imports(tmp_path, monkeypatch):
    subject = tmp_path / "transformer"
    for path, text in {
        "__init__.py": "",
        "training.py": "import keras\nfrom transformer import layers, reference",
        "layers.py": "from transformer.words import french",
        "words/__init__.py": "",
        "words/french.txt": "",
        "words/french.py": "",
        "reference/__init__.py": "",
        "reference/attention.py": "",
        "other.py": "",
    }.items():
        (subject / path).parent.mkdir(exist_ok=True, parents=True)
        (subject / path).write_text(text)
    monkeypatch.setattr(locked, "SUBJECT", subject)
    found = locked._subject_files(["numpy", "transformer.training"])
    assert sorted(str(path.relative_to(subject)) for path in found) == [
        "__init__.py",
        "layers.py",
        "training.py",
        "words/__init__.py",
        "words/french.py",
        "words/french.txt",
    ]


def test_a_course_in_a_shown_folder_is_covered(tmp_path):
    """As where the course stands in the folder of its own Python."""
    course = Course(tmp_path / "python" / "course")
    for path in (course.solutions, course.grading / "submitted" / "ada"):
        path.mkdir(parents=True)
        (path / "secret.ipynb").touch()
    (tmp_path / "python" / "library.py").touch()
    tmp_path.chmod(0o755)
    runner = locked_runner(limits=LIMITS)
    seen = view(course)
    runner.view = replace(seen, shown=[*seen.shown, str(tmp_path / "python")])
    look = f"import os\nraise LookupError(sorted(os.walk({str(tmp_path)!r})))"
    ran = runner.run(Job([Step("look", look)], {"softmax": _ask("softmax")}))
    runner.close()
    assert "library.py" in ran.errors["look"]
    assert "'course'], ['library.py'" in ran.errors["look"].replace("[(", "")
    assert "solutions" not in ran.errors["look"]


def test_a_secret_that_could_be_seen_stops_everything():
    runner = locked_runner(limits=LIMITS)
    runner.view = replace(view(Course(ROOT)), secret=["/usr"])
    with pytest.raises(RunnerError, match="/usr can be seen inside"):
        runner.run(Job([], {"softmax": _ask("softmax")}))


# ------------------------------------------------------------------------- the zygote


def passes(runner):
    """True if a right answer is right in a runner."""
    return _status("softmax", runner.run(RIGHT).attempts["softmax"][0]) == PASSED


def test_a_zygote_that_was_killed_is_replaced(runner):
    assert passes(runner)
    first = runner.zygote
    first.process.kill()
    first.process.wait()
    assert passes(runner)
    assert runner.zygote is not first


def test_a_zygote_ends_with_its_comparer(runner):
    zygote = Zygote(runner.view, (), LIMITS)
    inside = psutil.Process(zygote.process.pid).children(recursive=True)
    assert inside
    zygote.control.close()
    assert psutil.wait_procs(inside, 5)[1] == []
    zygote.close()


def test_a_closed_runner_starts_nothing_again(runner):
    runner.close()
    with pytest.raises(RunnerError, match="has been closed"):
        runner.run(RIGHT)


def test_imports_that_start_threads_cost_speed_and_it_is_said(tmp_path):
    runner = locked_runner(limits=LIMITS, modules=["threads_at_import"])
    module = tmp_path / "threads_at_import.py"
    module.write_text("import threading\nthreading.Timer(600, print).start()")
    seen = view(Course(ROOT))
    place = str(ROOT / module.name)
    runner.view = replace(seen, copied={**seen.copied, place: str(module)})
    assert passes(runner)
    assert passes(runner)
    runner.close()
    assert runner.note.endswith("which is slow: its imports start threads.")


# -------------------------------------------------------------------------- the levels


def test_the_level_is_found_by_trying(runner):
    assert runner.level == levels.FULL == levels.reach().level


@pytest.fixture
def weak(monkeypatch):
    """A computer on which nothing can be locked in."""
    reach = levels.Reach(levels.PROCESS, "unshare: Operation not permitted")
    monkeypatch.setattr(levels, "reach", lambda: reach)


def test_without_a_sandbox_grading_is_refused_in_a_sentence(weak, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(ROOT))
    assert cli.main(["grade", "02"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("course: Students' code cannot be locked in here: unshare")
    assert "`course doctor` says how" in said
    assert said.count("\n") == 1


def test_without_a_sandbox_one_notebook_is_scored_with_a_note(weak):
    runner = locked.runner_for(Course(ROOT).find("02"))
    assert (runner.level, runner.limits) == (levels.PROCESS, Limits())
    assert runner.note.startswith("The code was not locked in (unshare")


def test_the_instructor_may_ask_for_a_process_only():
    levels.demand(levels.PROCESS)
    runner = locked.runner_for(Course(ROOT).find("02"), levels.PROCESS)
    assert runner.level == levels.PROCESS
    assert runner.note == "The code was not locked in."


def test_a_lesson_may_have_limits_of_its_own(monkeypatch):
    monkeypatch.setattr(attention, "LIMITS", {"call": 77}, raising=False)
    assert locked.runner_for(Course(ROOT).find("02")).limits == Limits(call=77)


def test_only_lessons_that_need_keras_have_it_imported():
    lessons = {lesson.noun: lesson for lesson in Course(ROOT).lessons()}
    assert "keras" not in locked.modules_of(lessons["attention"])
    assert "keras" in locked.modules_of(lessons["heads"])


KINDS = {
    "pod": ("hostUsers: false", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, None),
    "container": ("--security-opt", {}, "mark"),
    "other": ("user.max_user_namespaces", {}, None),
}


@pytest.mark.parametrize(("words", "variables", "mark"), KINDS.values(), ids=KINDS)
def test_the_doctor_knows_what_would_help(weak, monkeypatch, words, variables, mark):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(levels, "MARKS", (ROOT,) if mark else ())
    monkeypatch.setattr(levels, "SWITCHES", dict.fromkeys(levels.SWITCHES, Path("/no")))
    monkeypatch.setattr(sys, "platform", "linux")
    found = [f for f in examine(Course(ROOT)) if f.what == "grading sandbox"]
    assert words in found[0].do


@pytest.mark.parametrize(("name", "closed"), [("ubuntu", "1"), ("debian", "0")])
def test_a_closed_switch_is_found(monkeypatch, tmp_path, name, closed):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    (tmp_path / "switch").write_text(f"{closed}\n")
    switches = dict.fromkeys(levels.SWITCHES, Path("/no")) | {name: tmp_path / "switch"}
    monkeypatch.setattr(levels, "SWITCHES", switches)
    monkeypatch.setattr(levels, "MARKS", ())
    assert levels.advice() == levels.ADVICE[name]


ORDINARY = """
import os, sys
sys.path.insert(0, {root!r})
from graders import kernel, sandbox
if os.getuid() == 0:  # a root in which all can be read, then somebody who is not root
    shown = [*sandbox.python_paths([sys.prefix, sys.base_prefix]), {root!r}]
    kernel.unshare(kernel.NEW_MOUNTS)
    sandbox._make_root(sandbox.View(shown, (), {{"/sys/x": {root!r} + "/course"}}, ()))
    os.environ["TMPDIR"] = sandbox.HOME  # a clone in /tmp takes its place
    os.setgroups([])
    os.setresgid(1000, 1000, 1000)
    os.setresuid(1000, 1000, 1000)
    kernel.control(kernel.DUMPABLE)
from graders import levels
from graders.locked import SandboxRunner
from graders.workers import Job, Step
found = levels.reach()
assert found.level == levels.FULL, found
runner = SandboxRunner()
child = runner._child()
print(child.ask({{"run": {look!r}, "keep": []}}, 20)["error"])
child.kill()
runner.close()
"""
LOOK = "import os; raise LookupError(os.getuid(), os.listdir('/proc')[-1], os.getcwd())"


def test_somebody_who_is_not_root_can_lock_in_too():
    program = ORDINARY.format(root=str(ROOT), look=LOOK)
    ran = subprocess.run(
        [sys.executable, "-I", "-B", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    user = os.getuid() or 1000
    assert ran.stdout == f"LookupError: ({user}, '1', '/student')\n", ran.stderr
