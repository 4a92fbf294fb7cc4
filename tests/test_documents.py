"""README and CONTRIBUTING say what is so: commands, paths, lessons, sample output."""

import re

import pytest

from benchmarks.attacks import said
from graders import cli
from graders.course import Course
from graders.files import LARGEST
from graders.intake import MOST_CELLS
from graders.workers import Limits
from tests.attacks import ATTACKS
from tests.conftest import ROOT
from tests.test_check import over_queries
from tests.test_check import shown as shown  # a fixture

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PATHS = re.compile(r"`((?:[\w.*-]+/)+[\w.*-]*|[\w-]+\.(?:md|toml|yml|lock))`")
MADE_UP = re.compile("sampling|NN_noun")  # what a reader will make
MADE = ("work/", ".venv", ".grading/")  # not in a clone: made by its commands


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_command_that_is_named_exists(text):
    named = set(re.findall(r"(?:\./|python |`)course ([a-z]+)", text))
    assert len(named) >= 3
    assert named <= cli.COMMANDS.keys()


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_option_that_is_named_is_an_options_of_some_command(text):
    known = {
        name
        for command in cli.COMMANDS.values()
        for names, _ in command.arguments
        for name in names
    }
    assert set(re.findall(r"--[a-z]+[a-z-]*", text)) <= known


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_path_that_is_named_exists(text):
    named = [p for p in PATHS.findall(text) if not p.startswith(MADE)]
    missing = [p for p in named if not MADE_UP.search(p) and not [*ROOT.glob(p)]]
    assert len(named) > 3
    assert not missing


def test_the_table_of_lessons_is_that_of_the_folders():
    rows = re.findall(r"^\| (\d\d) \| ([^|]+?) +\|", README, re.M)
    titles = [
        (lesson.number, re.search("^# # (.+)$", lesson.script.read_text("utf-8"), re.M))
        for lesson in Course(ROOT).lessons()
    ]
    assert rows == [(number, title[1]) for number, title in titles]


def test_the_sample_of_a_check_is_what_a_check_says(shown):
    from graders.check import CheckError, check

    with pytest.raises(CheckError):
        check("attention", over_queries)
    lines = [line for line in repr(shown[0]).split("\n") if "The inputs" not in line]
    assert "\n".join(f"    {line}" for line in lines) in README


def test_the_first_success_is_on_the_first_screen():
    assert README.index("./course lab") < 900


def test_a_line_of_changes_begins_with_what_it_touches():
    lines = re.findall(r"^- .*", CHANGES, re.M)
    assert lines
    for line in lines:
        assert re.match(r"- (lesson \d\d|check|points|setup): ", line), line


# ------------------------------------------------------------------------- docs/grading

GRADING = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")


def test_the_limits_that_are_told_are_those_there_are():
    limits = Limits()
    for text in (
        f"| a cell | {limits.cell:g} s |",
        f"| all cases of one check | {limits.call:g} s |",
        f"| a notebook | {limits.total:g} s |",
        f"{limits.memory >> 30} GB of data in one process, "
        f"{limits.memory * 3 // 2 >> 30} GB in all of them",
        f"| disk | {limits.file_size >> 20} MB |",
        f"| processes and threads | {limits.processes} |",
        f"| {LARGEST >> 20} MB, {MOST_CELLS} cells |",
    ):
        assert text in GRADING


def test_each_promise_names_the_tests_that_hold_it():
    _, _, table = GRADING.partition("| promise | tested by |")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", table.partition("\n## ")[0], re.M)[1:]
    assert len(rows) > 10
    for promise, tests in rows:
        named = re.findall(r"`(tests/\w+\.py)`", tests)
        assert named, promise
        assert not [path for path in named if not (ROOT / path).exists()]


def test_the_table_of_attacks_is_that_of_the_registry():
    """Made by `python -m benchmarks.attacks`; a new attack wants a new table."""
    table = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (everything|all but .+?|no.*?) \|", table, re.M)
    assert rows == [(said(attack), attack.earns) for attack in ATTACKS]


def test_the_number_of_attacks_is_that_of_the_registry():
    assert f"what {len(ATTACKS)} attacks and accidents did" in README
