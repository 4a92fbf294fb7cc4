"""INSTRUCTORS.md and the lessons' plans: one a lesson, on mistakes that exist."""

import importlib
import re

import pytest

from graders.course import Course
from tests.conftest import ROOT

LESSONS = Course(ROOT).lessons()
GUIDE = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
TWO_CLASSES = ("06", "07")

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.name)


def plan(lesson):
    path = ROOT / "docs" / "teaching" / f"{lesson.name}.md"
    return path.read_text(encoding="utf-8")


def mistakes(lesson):
    module = importlib.import_module(f"graders.mistakes.{lesson.noun}")
    return {mistake.id: mistake.says for mistake in module.MISTAKES}


@each_lesson
def test_the_guide_leads_to_each_lessons_plan(lesson):
    assert f"(docs/teaching/{lesson.name}.md)" in GUIDE


@each_lesson
def test_a_plan_has_the_lessons_title_and_every_part(lesson):
    title = re.search("^# # (.+)$", lesson.script.read_text(encoding="utf-8"), re.M)
    assert plan(lesson).startswith(f"# Teach lesson {lesson.number}: {title[1]}\n")
    for part in ("Discuss", "What goes wrong", "Grade the essay"):
        assert f"\n## {part}\n" in plan(lesson)


@each_lesson
def test_the_minutes_of_a_class_follow_each_other_to_ninety(lesson):
    rows = re.findall(r"^\| (\d+)–(\d+) \|", plan(lesson), re.M)
    expected, ends = 0, 0
    for begin, end in rows:
        assert int(begin) == expected
        assert int(end) > int(begin)
        expected = int(end) % 90
        ends += int(end) == 90
    assert expected == 0
    assert ends == (2 if lesson.number in TWO_CLASSES else 1)


@each_lesson
def test_a_plan_asks_three_to_five_questions_and_answers_them(lesson):
    part = plan(lesson).partition("## Discuss")[2].partition("\n## ")[0]
    questions = re.findall(r"^\d\. \*(.+?)\*(.+?)(?=^\d\. |\Z)", part, re.M | re.S)
    assert 3 <= len(questions) <= 5
    assert all(len(answer.strip()) > 20 for _, answer in questions)


@each_lesson
def test_the_mistakes_of_a_plan_are_the_lessons_in_their_words(lesson):
    known = mistakes(lesson)
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \|", plan(lesson), re.M)
    assert 3 <= len(rows) <= 5
    for name, says in rows:
        assert says.rstrip(".") in known[name], name


@each_lesson
def test_a_plan_marks_six_points_as_the_lesson_does(lesson):
    part = plan(lesson).partition("## Grade the essay")[2]
    assert "6 points" in part
    for kind in ("**Full marks**", "**Typical partial**", "**Typical wrong**"):
        assert kind in part
    full = part.partition("**Full marks**")[2].partition("**Typical partial**")[0]
    points = re.findall(r"\((\d)(?: each)?\b", full)
    each = full.count("(1 each)")
    assert sum(map(int, points)) + each == 6
