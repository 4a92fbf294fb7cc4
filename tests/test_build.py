"""The builder refuses what is wrong with file and line, and makes the same bytes."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from graders import build, script
from graders.course import Course, CourseError
from graders.exercise import Choice
from tests.conftest import ROOT
from tests.toy import DOUBLE

EXERCISES = {
    "double-scores": DOUBLE,
    "predict-it": Choice(
        "predict-it", "guess", "More?", {"more": "No.", "less": "Yes."}
    ),
}
GOOD = '''\
# %% [markdown]
# # Double the scores

# %% given="setup"
import numpy as np

# %% answer="predict-it"
# One of "more", "less".
### BEGIN SOLUTION
guess = "less"
### END SOLUTION

# %% check="predict-it" points=1
check("predict-it", guess)

# %% answer="double-scores"
def double_scores(scores_tm):
    """Double: `(t, m)` to `(t, m)`."""
    ### BEGIN SOLUTION
    return scores_tm + scores_tm
    ### END SOLUTION

# %% check="double-scores" points=2
check("double-scores", double_scores)

# %% [markdown] essay="double-why" points=3
# Why?
# ### BEGIN SOLUTION
# Because two is more than one.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "notes"}
# For the class.
'''


def write(tmp_path, text):
    path = tmp_path / "double.py"
    path.write_text(text, encoding="utf-8")
    return path


def source(tmp_path, text=GOOD):
    return script.expand(script.read(write(tmp_path, text), EXERCISES), "09_double")


def release(tmp_path, text=GOOD):
    made = build.release_text(source(tmp_path, text), Course(ROOT))
    return nbformat.reads(made, as_version=4)


def cell(notebook, ident):
    return next(c for c in notebook.cells if c.id == ident)


# --------------------------------------------------------------------------- refusing

WRONG = {
    "an unknown mark": (
        'answer="predict-it"',
        'anwser="predict-it"',
        "7: unknown mark",
    ),
    "two marks": (
        'answer="double-scores"',
        'answer="double-scores" given="x"',
        "16: a cell carries one mark",
    ),
    "a name in capitals": (
        'essay="double-why"',
        'essay="Why"',
        "is not like noun-thing",
    ),
    "a name twice": (
        '"predict-it"\n# One',
        '"double-scores"\n# One',
        "stands at line 7 too",
    ),
    "no points": (
        'check="double-scores" points=2',
        'check="double-scores"',
        "needs points=N",
    ),
    "half a point": ("points=2", "points=0.5", "found 0.5"),
    "negative points": ("points=2", "points=-1", "found -1"),
    "points on a setup": (
        'given="setup"',
        'given="setup" points=1',
        "points= belongs to",
    ),
    "an answer without a check": (
        '# %% check="predict-it" points=1\ncheck("predict-it", guess)\n',
        "",
        "answer='predict-it' has no check below it",
    ),
    "a check of nothing": (
        'check="double-scores" points',
        'check="double-score" points',
        "is no exercise of this lesson's registry",
    ),
    "a check of another answer": (
        'check("double-scores", double_scores)',
        'check("double-scores", guess)',
        "24: a check begins with",
    ),
    "a check that does not check": (
        'check("double-scores", double_scores)',
        "pass",
        "a check begins with",
    ),
    "a misspelt marker": (
        "    ### BEGIN SOLUTION\n    return",
        "    ### BEGIN SOLUTIONS\n    return",
        "19: misspelt marker",
    ),
    "a marker with two signs": (
        "    ### END SOLUTION",
        "    ## END SOLUTION",
        "misspelt marker '## END SOLUTION'",
    ),
    "a marker without an end": (
        "    ### END SOLUTION\n",
        "",
        "without '### END SOLUTION'",
    ),
    "hidden tests by hand": (
        "    return scores_tm + scores_tm",
        "    ### BEGIN HIDDEN TEST\n    return scores_tm + scores_tm",
        "misspelt marker '### BEGIN HIDDEN TEST'",
    ),
    "a solution in a given cell": (
        "import numpy as np",
        "### BEGIN SOLUTION\nimport numpy as np\n### END SOLUTION",
        "a cell that is no answer= or essay=",
    ),
    "an empty solution": (
        "### BEGIN SOLUTION\n    return scores_tm + scores_tm\n    ### END SOLUTION",
        "return 1",
        "has no solution",
    ),
    "a long solution": (
        "    return scores_tm + scores_tm",
        "    scores_tm = scores_tm + 0\n" * 16,
        "a solution of 17 lines",
    ),
    "a shell command": ("import numpy as np", "# !ls", "no magics but %matplotlib"),
    "a magic": ("import numpy as np", "# %timeit 1", "no magics but %matplotlib"),
    "a download": (
        "import numpy as np",
        "import numpy as np\nurlopen('x')",
        "downloads nothing",
    ),
    "a path": (
        "import numpy as np",
        "import numpy as np\nopen('/etc/passwd')",
        "outside the lesson's folder",
    ),
    "a setup without its mark": (
        '# %% given="setup"',
        "# %%",
        "the first code cell is the setup",
    ),
    "a late import": (
        "# One of",
        "import os\n# One of",
        "imports stand in the first code cell",
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_with_file_and_line(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(CourseError) as refused:
        source(tmp_path, GOOD.replace(old, new, 1))
    assert words in str(refused.value)
    assert f"{tmp_path / 'double.py'}:" in str(refused.value)


def test_all_problems_are_told_at_once(tmp_path):
    text = GOOD.replace("points=2", "").replace("points=3", "")
    with pytest.raises(CourseError) as refused:
        source(tmp_path, text)
    assert str(refused.value).count("needs points=N") == 2


def test_an_exercise_without_a_check_is_refused(tmp_path):
    more = {**EXERCISES, "triple-scores": DOUBLE}
    with pytest.raises(
        CourseError, match="'triple-scores' of the registry has no check"
    ):
        script.read(write(tmp_path, GOOD), more)


def test_text_before_the_first_cell_is_refused(tmp_path):
    with pytest.raises(CourseError, match="text stands before"):
        source(tmp_path, "x = 1\n" + GOOD)


# -------------------------------------------------------------------------- expanding


def test_marks_become_nbgraders_metadata(tmp_path):
    notebook = source(tmp_path)
    check = cell(notebook, "check-double-scores").metadata["nbgrader"]
    assert (check["grade"], check["locked"], check["solution"]) == (True, True, False)
    assert check["points"] == 2
    essay = cell(notebook, "essay-double-why").metadata["nbgrader"]
    assert (essay["grade"], essay["solution"], essay["points"]) == (True, True, 3)


def test_a_check_hides_its_secret_line_from_students(tmp_path):
    hidden = 'check("double-scores", double_scores, secret=True)'
    assert hidden in cell(source(tmp_path), "check-double-scores").source
    assert "secret" not in cell(release(tmp_path), "check-double-scores").source


def test_run_all_goes_on_past_every_cell_but_the_setup(tmp_path):
    code = [c for c in source(tmp_path).cells if c.cell_type == "code"]
    tagged = ["raises-exception" in c.metadata.get("tags", []) for c in code]
    assert tagged == [False] + [True] * (len(code) - 1)


def test_the_code_of_a_cell_that_only_draws_is_folded(tmp_path):
    text = GOOD + '\n# %% tags=["folded"]\nprint(np.pi)\n'
    drawing = release(tmp_path, text).cells[-1]
    assert drawing.metadata["jupyter"] == {"source_hidden": True}
    assert "folded" not in drawing.metadata["tags"]


def test_ids_and_metadata_are_the_same_every_time(tmp_path):
    assert nbformat.writes(source(tmp_path)) == nbformat.writes(source(tmp_path))


# --------------------------------------------------------------------------- releases


def test_a_function_is_released_as_a_stub_that_raises(tmp_path):
    text = cell(release(tmp_path), "answer-double-scores").source
    assert text.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")


def test_a_choice_is_released_unset(tmp_path):
    text = cell(release(tmp_path), "answer-predict-it").source
    assert text == '# One of "more", "less".\nguess = ...'


def test_an_essay_is_released_without_its_model_answer(tmp_path):
    text = cell(release(tmp_path), "essay-double-why").source
    assert "two is more" not in text
    assert "*Your answer here.*" in text


def test_speakers_notes_stay_with_the_speaker(tmp_path):
    assert not any("For the class" in c.source for c in release(tmp_path).cells)


def test_a_release_is_the_same_bytes_from_nothing(tmp_path):
    first = build.release_text(source(tmp_path), Course(ROOT))
    again = build.release_text(source(tmp_path), Course(ROOT))
    assert first == again


# ------------------------------------------------------------------- the real lessons


@pytest.fixture
def copied(tmp_path):
    """A copy of lesson 02 as a course of its own."""
    lesson = Course(ROOT).find("02")
    for folder in (lesson.script.parent, lesson.release.parent):
        shutil.copytree(folder, tmp_path / folder.relative_to(ROOT))
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return Course(tmp_path).lessons()[0]


def test_what_nobody_touched_is_fresh(copied):
    assert build.check(copied) == []


def test_an_edited_release_is_named(copied):
    text = copied.release.read_text(encoding="utf-8")
    copied.release.write_text(text.replace("Hint 1", "Tip 1", 1), encoding="utf-8")
    assert [str(copied.release) in line for line in build.check(copied)] == [True]


def test_an_edited_solved_notebook_is_named(copied):
    text = copied.solved.read_text(encoding="utf-8")
    copied.solved.write_text(text.replace("Hint 1", "Tip 1", 1), encoding="utf-8")
    assert [str(copied.solved) in line for line in build.check(copied)] == [True]


def test_a_merge_conflict_in_a_solved_notebook_makes_it_stale(copied):
    text = copied.solved.read_text(encoding="utf-8")
    copied.solved.write_text(f"<<<<<<< HEAD\n{text}", encoding="utf-8")
    (line,) = build.check(copied)
    assert str(copied.solved) in line


def test_an_edited_script_makes_both_stale(copied):
    text = copied.script.read_text(encoding="utf-8")
    copied.script.write_text(text.replace("Hint 1", "Tip 1", 1), encoding="utf-8")
    assert len(build.check(copied)) == 2


def test_a_module_that_the_lesson_reaches_counts(copied, monkeypatch):
    before = build.made_from(copied)
    reached = {path.name for path in build._modules(copied)}
    assert {"judge.py", "figures.py", "attention.py"} <= reached
    assert "cli.py" not in reached
    monkeypatch.setattr(build, "_modules", lambda lesson: [])
    assert build.made_from(copied) != before


def test_a_file_made_from_nothing_is_named(copied):
    stray = copied.release.parent / "old.ipynb"
    stray.write_text("{}")
    assert build.check(copied) == [f"{stray}: made from nothing."]


def test_a_solution_that_survives_is_refused(copied):
    text = copied.script.read_text(encoding="utf-8")
    leak = "# %%\nreturn weights @ value, weights\n"
    copied.script.write_text(
        f"{text}\n{leak}".replace("# %%\nreturn", "# %%\n# x\nif 0:\n    return")
    )
    secret = script.read(copied.script, build.registry.exercises(copied.noun))
    release = build.release_text(script.expand(secret, copied.name), copied.course)
    assert "return weights @ value, weights" not in secret.solution_lines()
    told = release.replace(
        "raise NotImplementedError()", "weights = softmax(scores)", 1
    )
    with pytest.raises(CourseError, match="would stand in the release"):
        build._refuse_survivors(copied, told)


@pytest.mark.slow
def test_nbgrader_itself_makes_the_same_release(copied):
    root = copied.course.root
    before = copied.release.read_bytes()
    command = ["generate_assignment", copied.name, "--force"]
    subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=root, check=True)
    assert copied.release.read_bytes() == before


@pytest.mark.slow
def test_a_solved_cell_that_raises_stops_the_build(copied):
    text = copied.script.read_text(encoding="utf-8")
    broken = text.replace(
        "### BEGIN SOLUTION\n    exponentials",
        "### BEGIN SOLUTION\n    1 / 0\n    exponentials",
        1,
    )
    copied.script.write_text(broken, encoding="utf-8")
    before = copied.solved.read_bytes()
    with pytest.raises(CourseError, match="the solved cell raises"):
        build.build(copied.course, [], everything=True)
    assert copied.solved.read_bytes() == before
