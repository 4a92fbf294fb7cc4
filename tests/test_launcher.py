"""What `./course` says before it makes an environment, and of what stops it.

`tests/tiny.py` makes the clone; `tests/test_setup.py` starts it for good.
"""

import ast
import errno
import fcntl
import json
import os
import shutil
import signal
import sys

import pytest

from graders.course import Course
from graders.doctor import launcher
from tests.conftest import ROOT
from tests.tiny import Clone

FINE = {
    "python": "/usr/bin/python3",
    "version": [3, 12],
    "bits": 64,
    "system": "Linux",
    "machine": "x86_64",
    "venv": True,
    "musl": False,
}
PYTHONS = (11, 13)


@pytest.fixture
def launch():
    """The launcher as a module, fresh: a test may change it."""
    return launcher(Course(ROOT))


@pytest.fixture
def bare(tmp_path):
    """A clone nothing was started in."""
    return Clone(tmp_path / "a clone", ROOT)


def program(folder, name, says):
    """A program that prints one text whatever it is asked."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)
    return path


# ------------------------------------------------------------------ which Python


def test_the_launcher_parses_on_an_old_python():
    ast.parse((ROOT / "course").read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_fits(launch, machine):
    assert launch.trouble(FINE | {"machine": machine}, PYTHONS) is None


@pytest.mark.parametrize(
    ("system", "machine"), [("Darwin", "arm64"), ("Windows", "AMD64")]
)
def test_a_new_mac_and_windows_fit(launch, system, machine):
    facts = FINE | {"system": system, "machine": machine}
    assert launch.trouble(facts, PYTHONS) is None


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"version": [3, 10]}, "This is Python 3.10 (64 bit); the course needs"),
        ({"version": [3, 14]}, "needs Python 3.11 to 3.13 (64 bit)"),
        ({"version": [4, 12]}, "This is Python 4.12"),
        ({"bits": 32}, "This is Python 3.12 (32 bit)"),
        ({"venv": False}, "`sudo apt install python3-venv` (or python3.12-venv)"),
        ({"musl": True}, "no build for musl"),
        ({"machine": "riscv64"}, "no build for Linux on riscv64"),
        ({"system": "Windows", "machine": "ARM64"}, "the x64 build of Python 3.11"),
        ({"system": "FreeBSD", "machine": "amd64"}, "no build for FreeBSD"),
    ],
    ids=str,
)
def test_a_python_the_course_cannot_use_is_told_why(launch, facts, says):
    assert says in launch.trouble(FINE | facts, PYTHONS)


@pytest.mark.parametrize(
    ("silicon", "says"), [("1", "your Mac has Apple silicon"), ("0", "Intel processor")]
)
def test_a_mac_with_a_python_for_intel_is_told_which_mac_it_is(
    launch, monkeypatch, tmp_path, silicon, says
):
    program(tmp_path, "sysctl", silicon)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    mac = FINE | {"system": "Darwin", "machine": "x86_64"}
    assert says in launch.trouble(mac, PYTHONS)


@pytest.mark.parametrize("pythons", [(3, 6), (98, 100)], ids=["too new", "too old"])
def test_a_start_with_an_unfit_python_names_the_fitting_ones(bare, pythons):
    bare.wants(*pythons)
    done = bare.start("lab", PATH="/nowhere")
    low, end = pythons
    assert f"the course needs Python 3.{low} to 3.{end - 1}" in done.stderr
    assert done.returncode == 2


def test_another_python_on_the_path_is_found(bare, launch, monkeypatch, tmp_path):
    bare.wants(98, 100)
    facts = FINE | {"python": "/opt/python", "version": [3, 99]}
    program(tmp_path / "bin", "python3.99", json.dumps(facts))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert launch.find_python(str(bare.root)) == "/opt/python"


# ------------------------------------------------------------- without environment


@pytest.mark.parametrize("arguments", [[], ["--help"], ["lab", "-h"], ["doctor"]])
def test_help_and_doctor_need_no_environment(bare, arguments):
    done = bare.start(*arguments)
    assert json.loads(done.stdout)["arguments"] == arguments
    assert not (bare.root / ".venv").exists()


def test_help_passes_by_an_environment_of_an_old_python(bare):
    old = json.dumps(FINE | {"version": [3, 9]})
    (bare.root / ".venv").mkdir()
    program(bare.python.parent, "python", old)
    done = bare.start("--help")
    assert json.loads(done.stdout)["arguments"] == ["--help"]


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_missing_file_is_named_and_how_it_comes_back(bare, name):
    (bare.root / name).unlink()
    done = bare.start("lab")
    path = bare.root / name
    says = f"course: {path} is missing; `git checkout {name}` restores it.\n"
    assert (done.returncode, done.stderr) == (2, says)
    assert not (bare.root / ".venv").exists()


def test_a_small_disk_is_refused_before_anything_is_fetched(bare, launch, monkeypatch):
    disk = shutil.disk_usage(bare.root)._replace(free=2_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: disk)
    with pytest.raises(launch.RefusalError, match=r"needs 3\.0 GB .* 2\.0 GB are free"):
        launch.make_ready(str(bare.root), sys.executable)


def test_windows_leaves_ctrl_c_to_the_command(bare):
    """Windows cannot become the command, so the launcher waits for it."""
    script = bare.root / "course"
    script.write_text(script.read_text().replace('os.name == "nt"', "True"))
    with bare.begin("--help", "wait") as started:
        started.stdout.readline()
        os.killpg(started.pid, signal.SIGINT)
        _, said = started.communicate()
    assert (started.returncode, said) == (5, "")


def test_a_file_system_without_locks_does_not_wait_for_ever(launch, monkeypatch):
    def flock(file, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert launch.try_lock(sys.stdin)


# ------------------------------------------------------------------------- pip


@pytest.mark.parametrize(
    ("pip", "says"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: [WinError 112] There is not enough space", "The disk is full"),
        ("ProxyError('Cannot connect to proxy.', OSError())", "HTTPS_PROXY"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED]", "Check the network"),
        ("this system does not have Windows Long Path support", "too long"),
        ("ERROR: [WinError 5] Access is denied: 'x.pyd'", "You may not write"),
    ],
)
def test_what_pip_says_becomes_what_to_do(launch, pip, says):
    assert says in launch.explain(pip, "/clone")


@pytest.fixture
def progress(launch, tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("one==1 \\\n  --hash=sha256:0\ntwo==2 ; os_name == 'nt'\n")
    return launch.Progress(str(lock), str(tmp_path))


def test_progress_does_not_count_another_platforms_packages(progress, capsys):
    progress.read("Ignoring two: markers 'os_name == \"nt\"' don't match")
    progress.read("Collecting one==1 (from -r lock (line 1))")
    assert capsys.readouterr().err.endswith("fetching 1 of 1 one\n")


def test_progress_names_a_downloads_size(progress, capsys):
    progress.screen = True
    progress.read("Collecting one==1 (from -r lock (line 1))")
    progress.read("  Downloading one-1-py3-none-any.whl (620.7 MB)")
    assert "one (620.7 MB)" in capsys.readouterr().err


def test_progress_stays_on_one_line_of_a_screen(progress, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    progress.screen = True
    progress.read(f"Collecting {'long' * 20}==1")
    said = capsys.readouterr().err
    assert said.startswith("\r")
    assert len(said) == 30


def test_progress_says_that_it_waits_for_the_network(progress, capsys):
    progress.screen = True
    progress.read("WARNING: Retrying (Retry(total=4)) after connection broken")
    assert "waiting for the network" in capsys.readouterr().err
