"""`./course` makes its environment, mends it, and then stays out of the way.

Real starts of a tiny clone with the real pip; `tests/tiny.py` makes the clone.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from graders.course import Course
from graders.doctor import launcher
from tests.conftest import ROOT, needs
from tests.tiny import Clone

# What a student's folder may hold, and every step of a start would rather not import.
SHADOWS = ["json.py", "platform.py", "venv.py", "ensurepip.py", "pip.py", "tempfile.py"]
# Prints what a start opens in its folder and what it starts, up to the command itself.
WATCH = """
import os, runpy, sys
root, seen = sys.argv[1], []
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith(root + os.sep):
        seen.append(os.path.relpath(arguments[0], root))
    elif event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "socket.connect"):
        seen.append(event)
    elif event == "os.exec":
        print(*sorted(seen))
        os._exit(0)
sys.addaudithook(watch)
sys.argv = ["course", "lab"]
runpy.run_path(os.path.join(root, "course"), run_name="__main__")
"""


@pytest.fixture
def bare(tmp_path):
    """A clone nothing was started in."""
    return Clone(tmp_path / "a clone", ROOT)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A clone and its first start. Tests leave it ready."""
    clone = Clone(tmp_path_factory.mktemp("first") / "clone", ROOT)
    return clone, clone.start("lab")


@pytest.fixture
def ready(first):
    return first[0]


@pytest.fixture
def unfilled(bare, ready):
    """A clone whose environment works, was made for it, and has another lock now."""
    link_tree(ready.root / ".venv", bare.root / ".venv")
    (bare.root / ".venv" / "course.json").unlink()
    bare.locks("3.0")
    return bare


def link_tree(source, target):
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)


def fetch_from(server):
    address = f"http://127.0.0.1:{server.getsockname()[1]}"
    return {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": address, "PIP_FIND_LINKS": ""}


def end_while_fetching(clone, how):
    """A start ended by a signal while pip waits for a silent index: words, code."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        with clone.begin("lab", **fetch_from(silent)) as started, silent.accept()[0]:
            os.killpg(started.pid, how)
            return started.communicate()[1], started.returncode


def mounted(clone, mount, **more):
    """One start in a clone on which something is mounted, by whom it concerns alone."""
    unshare = [needs("unshare"), "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody make namespaces")
    script = f'cd "$1" && {mount} && cd "$1" && shift && exec "$@"'
    command = [*unshare, "sh", "-ec", script, "sh", clone.root, *clone.command("lab")]
    environment = clone.settings(**more)
    return subprocess.run(command, env=environment, capture_output=True, text=True)


# -------------------------------------------------------------- the environment


def test_the_first_start_tells_how_far_it_is(first):
    lines = first[1].stderr.splitlines()
    assert "a few minutes" in lines[0]
    assert lines[1].endswith("fetching 1 of 1 tiny")
    assert lines[-1].startswith("Ready in")


def test_stdout_belongs_to_the_command(first):
    clone, done = first
    said = {"arguments": ["lab"], "prefix": str(clone.root / ".venv")}
    assert json.loads(done.stdout) == said


def test_the_first_start_installs_what_is_locked(ready):
    ready.locks("1.0")
    ready.start("lab")
    assert ready.installed() == "1.0"


def test_a_newer_lock_updates(ready):
    ready.locks("2.0")
    ready.start("lab")
    assert ready.installed() == "2.0"


def test_the_exit_code_is_the_commands(ready):
    assert ready.start("exit", "7").returncode == 7


def test_arguments_arrive_as_they_are_typed(ready):
    arguments = ["a file.ipynb", "", "*", "$HOME", "it's", '"', "é", "--", "-x"]
    done = ready.start(*arguments)
    assert json.loads(done.stdout)["arguments"] == arguments


def test_a_later_start_reads_three_files_and_starts_nothing_else(ready):
    ready.start("lab")
    watched = [sys.executable, "-c", WATCH, str(ready.root)]
    done = subprocess.run(watched, capture_output=True, text=True)
    seen = set(done.stdout.split()) - {"course"}
    assert seen == {".venv/course.json", "pyproject.toml", "requirements.lock"}


def test_a_later_start_by_another_path_makes_nothing_anew(ready, tmp_path):
    ready.start("lab")
    (tmp_path / "link").symlink_to(ready.root)
    done = Clone(tmp_path / "link", ROOT).start("lab")
    assert done.stderr == ""


def test_a_students_files_shadow_nothing(unfilled, tmp_path):
    for name in SHADOWS:
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    done = unfilled.start("lab", cwd=tmp_path)
    assert done.stderr.splitlines()[-1].startswith("Ready in")


def test_an_environment_of_ones_own_is_completed(unfilled):
    (unfilled.root / ".venv" / "mine").touch()
    unfilled.start("lab")
    assert unfilled.installed() == "3.0"
    assert (unfilled.root / ".venv" / "mine").exists()


def test_a_moved_clone_gets_an_environment_of_its_own(bare, ready):
    link_tree(ready.root / ".venv", bare.root / ".venv")
    (bare.root / ".venv" / "stale").touch()
    done = bare.start("lab")
    assert json.loads(done.stdout)["prefix"] == str(bare.root / ".venv")
    assert not (bare.root / ".venv" / "stale").exists()


def test_a_half_made_environment_is_remade(bare, ready):
    link_tree(ready.root / ".venv", bare.root / ".venv")
    (bare.root / ".venv" / "stale").touch()
    half = json.dumps({"root": str(bare.root)})
    (bare.root / ".venv" / "course.json").write_text(half)
    assert bare.start("lab").returncode == 0
    assert not (bare.root / ".venv" / "stale").exists()


@pytest.fixture
def interrupted(unfilled):
    """A clone whose start was ended by Ctrl-C while pip waited, its words and code."""
    return unfilled, *end_while_fetching(unfilled, signal.SIGINT)


def test_ctrl_c_ends_a_start_with_a_sentence(interrupted):
    _, said, code = interrupted
    assert said.endswith(
        "\ncourse: Stopped. The next start goes on; what was fetched is kept.\n"
    )
    assert "Traceback" not in said
    assert code == 130


def test_a_start_after_ctrl_c_goes_on(interrupted):
    clone, _, _ = interrupted
    clone.start("lab")
    assert clone.installed() == "3.0"


def test_a_killed_start_is_gone_on_with(unfilled):
    end_while_fetching(unfilled, signal.SIGKILL)
    unfilled.start("lab")
    assert unfilled.installed() == "3.0"


def test_a_start_waits_for_the_pip_of_one_that_was_killed(unfilled):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        with unfilled.begin("lab", **fetch_from(silent), PIP_RETRIES="0") as killed:
            fetching = silent.accept()[0]
            killed.kill()
    with unfilled.begin("lab") as second:
        said = second.stderr.readline()
        fetching.close()
        said += second.communicate()[1]
    assert "Another start is making" in said
    assert unfilled.installed() == "3.0"


def test_a_second_start_waits_for_the_first(unfilled):
    with open(unfilled.root / ".venv" / "course.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with unfilled.begin("lab") as second:
            said = second.stderr.readline()
            held.close()
            said += second.communicate()[1]
    assert "Another start is making the environment; waiting" in said
    assert "Ready in" in said


def test_two_starts_at_once_make_one_environment(unfilled):
    with unfilled.begin("lab") as one, unfilled.begin("lab") as other:
        said = one.communicate()[1] + other.communicate()[1]
    assert said.count("Ready in") == 1
    assert one.returncode == other.returncode == 0


def test_an_environment_of_an_unfit_python_is_left_alone(unfilled):
    launch = launcher(Course(ROOT))
    unfilled.wants(98, 100)
    with pytest.raises(launch.RefusalError, match="is not suitable; remove it"):
        launch.make_ready(str(unfilled.root), sys.executable)
    assert unfilled.python.exists()


# ------------------------------------------------------------- what goes wrong


def refusal(done):
    """The sentence a start ends with, checked to be the only one of its kind."""
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr.rpartition("course: ")[2]


@pytest.mark.parametrize("retries", ["0", "1"])
def test_without_a_network_pip_is_explained(unfilled, retries):
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = fetch_from(server)
    done = unfilled.start("lab", **nobody, PIP_RETRIES=retries)
    assert "Check the network" in refusal(done)


def test_a_package_that_is_not_the_locked_one_is_refused(unfilled):
    lock = unfilled.root / "requirements.lock"
    lock.write_text(f"tiny==3.0 --hash=sha256:{'0' * 64}\n")
    done = unfilled.start("lab")
    assert "A package differs from the one the course was tested with" in refusal(done)


def test_a_package_that_is_nowhere_is_named(unfilled):
    (unfilled.root / "requirements.lock").write_text(
        f"none==1 --hash=sha256:{'0' * 64}\n"
    )
    assert "pip finds no none==1 for this computer" in refusal(unfilled.start("lab"))


def test_a_full_disk_for_temporary_files_is_explained(unfilled):
    temp = unfilled.root / "temp"
    temp.mkdir()
    done = mounted(unfilled, f"mount -t tmpfs -o size=4k tiny '{temp}'", TMPDIR=temp)
    assert f"temporary files ({temp})" in refusal(done)


def test_a_disk_that_fills_up_is_explained(unfilled):
    (unfilled.root / ".venv" / "course.json.new").symlink_to("/dev/full")
    assert refusal(unfilled.start("lab")).startswith("The disk is full. Free 3.0 GB")


def test_a_folder_one_may_not_write_in_is_named(bare):
    done = mounted(bare, 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"')
    assert f"course: You may not write in {bare.root}," in done.stderr
    assert done.returncode == 2
