"""`course test`: every part runs, whatever failed before it; one failure fails all."""

import pytest

from graders import suite
from graders.course import CourseError

FINE = ["this"]  # `python -m this` prints a poem
WRONG = ["no_such_module"]


@pytest.fixture
def parts(monkeypatch):
    """Sets the parts, whatever the level."""
    return lambda **parts: monkeypatch.setattr(suite, "parts", lambda level: parts)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [(FINE, FINE, 0), (WRONG, FINE, 1), (FINE, WRONG, 1), (WRONG, WRONG, 1)],
)
def test_one_failed_command_fails_all(parts, tmp_path, one, other, code):
    parts(first=[one], second=[other])
    assert suite.run(tmp_path) == code


def test_a_part_runs_though_the_one_before_it_failed(parts, tmp_path, capfd):
    parts(first=[WRONG], second=[FINE])
    suite.run(tmp_path)
    last = capfd.readouterr().out.splitlines()[-2:]
    assert [line.split()[:2] for line in last] == [
        ["first", "FAILED"],
        ["second", "passed"],
    ]


def test_the_lessons_run_aside_and_are_heard_after_the_others(parts, tmp_path, capfd):
    parts(lessons=[FINE], tests=[WRONG])
    assert suite.run(tmp_path) == 1
    said = capfd.readouterr().out
    assert said.index("Beautiful is better than ugly.") < said.index(
        "lessons    passed"
    )
    parts(lessons=[WRONG], tests=[FINE])
    assert suite.run(tmp_path) == 1
    assert "No module named no_such_module" in capfd.readouterr().out


def test_each_part_aside_is_heard_under_its_own_name(parts, tmp_path, capfd):
    parts(tests=[FINE], lessons=[FINE], browser=[WRONG])
    assert suite.run(tmp_path) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines.index("== lessons: this") < lines.index("== browser: no_such_module")
    assert [line.split()[:2] for line in lines[-3:]] == [
        ["tests", "passed"],
        ["lessons", "passed"],
        ["browser", "FAILED"],
    ]


def test_parts_aside_alone_run_one_after_the_other(parts, tmp_path, capfd):
    parts(lessons=[FINE], browser=[FINE], tests=[WRONG])
    assert suite.run(tmp_path, only=["lessons", "browser"]) == 0


def test_only_the_wanted_part_runs(parts, tmp_path):
    parts(first=[WRONG], second=[FINE])
    assert suite.run(tmp_path, only=["second"]) == 0


def test_an_unknown_part_is_told_which_there_are(parts, tmp_path):
    parts(first=[FINE], second=[FINE])
    with pytest.raises(CourseError, match=r"no part 'third'\. .* first, second"):
        suite.run(tmp_path, only=["first", "third"])


def test_commands_run_in_the_clone(parts, tmp_path):
    (tmp_path / "here.py").touch()
    parts(first=[["here"]])
    assert suite.run(tmp_path) == 0


def marks(level, part):
    (tests,) = suite.parts(level).get(part, [["-m", ""]])
    return tests[tests.index("-m") + 1]


@pytest.mark.parametrize(
    ("level", "tests", "browser"),
    [
        ("quick", "not browser and not full and not slow", ""),
        ("usual", "not browser and not full", "browser and not full"),
        ("full", "not browser", "browser"),
    ],
)
def test_a_level_leaves_out_the_long_tests_only(level, tests, browser):
    assert marks(level, "tests") == tests
    assert marks(level, "browser") == browser


@pytest.mark.parametrize("level", ["usual", "full"])
def test_all_levels_but_the_quick_one_run_lessons_and_browser(level):
    more = suite.parts(level).keys() - suite.parts("quick").keys()
    assert more == {"lessons", "browser"}
