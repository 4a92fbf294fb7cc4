"""Every lesson has what every lesson has, and nothing generated is stale or leaks."""

import ast
import re

import nbformat
import pytest

from graders import build, registry, script
from graders.course import Course
from graders.exercise import Choice, Exercise
from tests.conftest import ROOT

LESSONS = Course(ROOT).lessons()
MINUTES = {"06": 150, "07": 150}  # two meetings each; 90 for the others
EINSUM = re.compile(r'einsum\(\s*"([^"]+)",\s*([^)]*)\)')
AXES = re.compile(r"_([btqkhdvmfsgn]+)$")

pytestmark = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def cells(lesson):
    return script.read(lesson.script, registry.exercises(lesson.noun)).cells


def prose(lesson):
    return [c.node.source for c in cells(lesson) if not c.code]


def code(lesson):
    return [c.node.source for c in cells(lesson) if c.code]


def test_nothing_generated_is_stale(lesson):
    assert build.check(lesson) == []


def test_the_points_are_forty(lesson):
    points = {"predict": 0, "recall": 0, "essay": 0, "code": 0}
    for cell in cells(lesson):
        kind = cell.name.partition("-")[0] if cell.mark == "check" else cell.mark
        kind = kind if kind in points else "code"
        points[kind] += cell.node.metadata.get("points", 0)
    assert points == {"predict": 3, "recall": 3, "essay": 6, "code": 28}


def test_the_opening_says_what_for_and_how_long(lesson):
    opening = prose(lesson)[0]
    assert opening.startswith("# ")
    for part in ("The question", "You will build", "You need", "Time"):
        assert f"**{part}" in opening


def test_the_closing_sums_up_and_leads_on(lesson):
    closing = prose(lesson)[-1]
    assert "## Summary" in closing
    assert "## Go further" in closing


def test_there_is_one_title(lesson):
    assert sum(text.startswith("# ") for text in prose(lesson)) == 1


def test_the_core_minutes_fit_a_class(lesson):
    minutes = sum(c.node.metadata.get("minutes", 0) for c in cells(lesson))
    assert 45 <= minutes <= MINUTES.get(lesson.number, 90)


def test_the_first_thing_to_do_comes_within_fifteen_minutes(lesson):
    read = 0
    for cell in cells(lesson):
        if cell.mark == "answer":
            break
        read += cell.node.metadata.get("minutes", 0)
    assert read <= 15


def test_every_exercise_has_three_folded_hints(lesson):
    exercises = [text for text in prose(lesson) if "### Exercise" in text]
    answers = [c for c in cells(lesson) if c.mark == "answer"]
    choices = [
        e for e in registry.exercises(lesson.noun).values() if isinstance(e, Choice)
    ]
    assert len(exercises) == len(answers) - len(choices)
    for text in exercises:
        assert text.count("<details><summary>Hint") == 3
        assert re.search(r"\d+ minutes, difficulty [123]", text)


def test_three_predictions_are_explained_after_the_truth(lesson):
    choices = [
        e for e in registry.exercises(lesson.noun).values() if isinstance(e, Choice)
    ]
    predictions = [c for c in choices if c.right is None]
    assert len(predictions) >= 3
    assert all(choice.truth in choice.options for choice in predictions)
    assert len(choices) - len(predictions) == 3
    text = "\n".join(code(lesson))
    for choice in choices:
        checked, explained = (
            text.find(f'{f}("{choice.name}"') for f in ("check", "explain")
        )
        assert 0 <= checked < explained


def test_every_option_stands_where_the_student_chooses(lesson):
    answers = {c.name: c for c in cells(lesson) if c.mark == "answer"}
    for choice in registry.exercises(lesson.noun).values():
        if isinstance(choice, Choice):
            given = "\n".join(answers[choice.name].outside())
            assert all(f'"{option}"' in given for option in choice.options)


def test_three_figures_and_one_of_them_answers(lesson):
    text = "\n".join(code(lesson))
    assert text.count("figures.show(") >= 3
    assert ".observe(" in text
    assert "plt." not in text


def test_there_are_slides_and_notes_for_the_class(lesson):
    kinds = [
        c.node.metadata.get("slideshow", {}).get("slide_type") for c in cells(lesson)
    ]
    assert kinds.count("slide") >= 5
    notes = [c.node.source for c in cells(lesson) if _is_note(c)]
    assert "Discuss" in "".join(notes)
    assert "Expected" in "".join(notes)


def _is_note(cell):
    return cell.node.metadata.get("slideshow", {}).get("slide_type") == "notes"


def test_an_essay_has_a_model_answer_and_a_scheme(lesson):
    essays = [c for c in cells(lesson) if c.mark == "essay"]
    assert len(essays) == 1
    region = "\n".join(essays[0].region())
    assert "Model answer" in region
    assert "Marking" in region


def test_einsum_strings_are_the_names_endings(lesson):
    for text in code(lesson):
        for letters, arguments in EINSUM.findall(text):
            named = [AXES.search(a.strip()) for a in arguments.split(",")]
            inputs = letters.partition("->")[0].split(",")
            for axes, name in zip(inputs, named, strict=False):
                assert name, f"{arguments} has no axes in a name"
                assert name[1] == axes.strip()


def test_a_signature_is_the_one_students_are_told(lesson):
    answers = {c.name: c for c in cells(lesson) if c.mark == "answer"}
    tree = ast.parse("\n\n".join(c.node.source for c in answers.values()))
    defined = {
        node.name: f"{node.name}({ast.unparse(node.args)})"
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    for exercise in registry.exercises(lesson.noun).values():
        if isinstance(exercise, Exercise) and exercise.answer in defined:
            told = exercise.signature
            assert defined[exercise.answer].replace("=", "") == told.replace("=", "")


# ------------------------------------------------------------------------------ leaks


def released(lesson):
    return nbformat.read(lesson.release, as_version=4)


def test_no_line_of_a_solution_is_released(lesson):
    text = lesson.release.read_text(encoding="utf-8")
    secret = script.read(
        lesson.script, registry.exercises(lesson.noun)
    ).solution_lines()
    assert len(secret) > 10
    lines = {
        line.strip()
        for cell in released(lesson).cells
        for line in cell.source.split("\n")
    }
    assert not secret & lines
    assert "Model answer" not in text


@pytest.mark.parametrize(
    "word",
    [
        "HIDDEN",
        "BEGIN SOLUTION",
        "secret=",
        "graders.oracle",
        "transformer.reference",
        "import reference",
        "made_from",
    ],
)
def test_no_release_names_what_is_secret(lesson, word):
    assert word not in lesson.release.read_text(encoding="utf-8")


def test_a_release_has_no_outputs(lesson):
    for cell in released(lesson).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_every_figure_has_its_sentence_beside_it(lesson):
    solved = nbformat.read(lesson.solved, as_version=4)
    outputs = [o for c in solved.cells for o in c.get("outputs", [])]
    pictures = [o.data for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) >= 3
    for data in pictures:
        assert len(data["text/plain"]) > 40
        assert re.search(r"\d|two|three|four", data["text/plain"])
