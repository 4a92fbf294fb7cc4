"""The one command: a page of help, and errors answered in a sentence."""

import errno
import os
import subprocess
import sys

import pytest

from graders import cli
from graders.course import CourseError

FULL, READ_ONLY = cli.MACHINE[errno.ENOSPC], cli.MACHINE[errno.EROFS]
HEAVY = {"numpy", "tensorflow", "keras", "nbformat", "nbgrader", "rich", "jupyterlab"}


@pytest.fixture
def broken(monkeypatch):
    """A command `broken`, which raises what it is given."""

    def give(error):
        def run(course, args):
            raise error

        one = cli.Command(cli.STUDENTS, "fails", (), run)
        monkeypatch.setitem(cli.COMMANDS, "broken", one)
        return cli.main(["broken"])

    return give


def course(*arguments, stdout=subprocess.PIPE):
    """One command as a process, which buffers what it prints as it usually does."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-m", "graders.cli", *arguments],
        env=kept,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


# ------------------------------------------------------------------ the page of help


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_help_names_every_command(name):
    assert f"\n  {name} " in cli.parser().format_help()


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_help_of_its_own(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main([name, "--help"])
    assert cli.COMMANDS[name].says in " ".join(capsys.readouterr().out.split())


def test_the_help_fits_one_page(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli.parser().format_help().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80


def test_without_a_command_the_help_is_shown(capsys):
    assert cli.main([]) == 0
    assert capsys.readouterr().out == cli.parser().format_help()


def test_the_help_imports_nothing_heavy():
    asks = "import sys; from graders import cli; cli.main([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True)
    assert not HEAVY & set(done.stdout.splitlines()[-1].split())


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (CourseError("Port 1 is taken."), 2, "course: Port 1 is taken.\n"),
        (KeyboardInterrupt(), 130, "\ncourse: Stopped.\n"),
        (OSError(errno.ENOSPC, "full", "a"), 2, f"course: {FULL} (a)\n"),
        (OSError(errno.EROFS, "read-only", "a"), 2, f"course: {READ_ONLY} (a)\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_becomes_a_sentence_on_stderr(broken, capsys, error, code, says):
    assert broken(error) == code
    assert capsys.readouterr() == ("", says)


def test_a_mistake_of_ours_keeps_its_traceback(broken):
    with pytest.raises(ZeroDivisionError):
        broken(ZeroDivisionError())


def test_an_unknown_command_is_named_with_those_there_are():
    done = course("labb")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'labb'" in done.stderr
    assert "'lab'" in done.stderr


def test_an_unknown_lesson_is_a_sentence():
    done = course("lab", "99")
    assert done.returncode == 2
    assert done.stderr.startswith("course: There is no lesson '99'.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--json"]], ids=str)
def test_a_full_disk_under_the_output_is_a_sentence(arguments):
    with open("/dev/full", "w") as full:
        done = course(*arguments, stdout=full)
    assert (done.returncode, done.stderr) == (2, f"course: {FULL}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--json"], []], ids=str)
def test_a_reader_who_has_read_enough_is_no_error(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = course(*arguments, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
