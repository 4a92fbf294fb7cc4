"""What two students' texts have in common, for a person to look at. It is no score.

Code is compared as MOSS does it, with copydetect: names, strings and layout do not
count, and neither does what the lesson gives, what its own answer has, or what many
wrote. In answers of five lines little is left, and the report says how little.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Any

import nbformat

from graders import intake
from graders.classroom import render, roster, whole
from graders.classroom.prose import own_words, passages, title_of
from graders.classroom.standing import Standing, graded
from graders.course import Course, CourseError, Lesson
from graders.score import read_release

GRAM = 25  # symbols in a row that must be alike: copydetect's and MOSS's usual
LEAST = 60  # symbols that two must share to be shown
SHARE = 0.33  # of what is left of either
FEW = 120  # symbols left: with fewer, likeness means nothing
MANY = 0.1  # share of a class: what more than that wrote is common to all
PAIRS = 30  # that are shown
WORDS = 25  # of two essays in a row that must be alike
SAME = 5  # words, below which equal texts say nothing
PAGE = "\N{SYMBOL FOR FORM FEED}"  # stands between two cells; nothing goes over it
LONGEST = 20_000  # letters that are compared of one student's text


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, and whether another student has it too."""

    text: str
    shared: bool


@dataclass(frozen=True)
class Pair:
    """Two texts side by side.

    Args:
        names: Whose they are.
        texts: In pieces.
        shared: How much they share: symbols of code, or words.
        shares: Of what each has of its own.
    """

    names: tuple[str, str]
    texts: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    shared: int
    shares: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Essays:
    """What is alike among the texts of one essay.

    Args:
        same: Who wrote the very same words, and the text.
        pairs: Others with a long run of words in common, the longest first.
        more: How many pairs are not shown.
    """

    same: tuple[tuple[tuple[str, ...], str], ...]
    pairs: tuple[Pair, ...]
    more: int


@dataclass(frozen=True)
class Likeness:
    """The report on a lesson.

    Args:
        students: How many were compared.
        left: For each, the symbols that are left to compare, in order of size.
        pairs: Of code, the most alike first.
        more: How many pairs are not shown.
        essays: What is alike in each essay, by its title.
        cut: Who wrote more than is compared.
    """

    number: str
    title: str
    students: int
    left: tuple[int, ...]
    pairs: tuple[Pair, ...]
    more: int
    essays: Mapping[str, Essays]
    cut: tuple[str, ...]

    @property
    def median(self) -> int:
        return self.left[len(self.left) // 2] if self.left else 0

    @property
    def few(self) -> bool:
        """True if so little is left that likeness means nothing."""
        return self.median < FEW

    @property
    def counts(self) -> tuple[int, int, int]:
        """Pairs of code, pairs of essays, and groups whose essays are the same."""
        essays = self.essays.values()
        pairs = sum(len(one.pairs) + one.more for one in essays)
        return len(self.pairs) + self.more, pairs, sum(len(one.same) for one in essays)


def compare(lesson: Lesson) -> Likeness:
    """Compares everybody of whom something is graded.

    Raises:
        CourseError: If nobody is.
    """
    found = graded(lesson, roster.read(lesson.course))
    started = {k: s for k, s in found.items() if s.started}
    names = _names(started)
    cells = {k: _cells(lesson, k) for k in started}
    release = read_release(lesson)
    code = {names[k]: _code(cells[k], release) for k in started}
    left, pairs = like_code({k: v[:LONGEST] for k, v in code.items()}, _given(lesson))
    return Likeness(
        number=lesson.number,
        title=title_of(release) or lesson.name,
        students=len(started),
        left=left,
        pairs=tuple(pairs[:PAIRS]),
        more=max(0, len(pairs) - PAIRS),
        essays=dict(_essays(release, {names[k]: cells[k] for k in started})),
        cut=tuple(name for name, text in code.items() if len(text) > LONGEST),
    )


def _essays(
    release: nbformat.NotebookNode, cells: Mapping[str, list[dict[str, Any]]]
) -> Iterator[tuple[str, Essays]]:
    """What is alike in each essay, by its title."""
    given = "\n".join(c.source for c in release.cells if c.cell_type == "markdown")
    for passage in passages(release).values():
        if passage.asked:
            texts = {
                name: own_words(_source(mine, passage.cell), passage.asked)
                for name, mine in cells.items()
            }
            yield passage.title, like_texts(texts, given)


def _names(found: Mapping[str, Standing]) -> dict[str, str]:
    """Names to show, which differ for different people."""
    often = Counter(standing.person.name for standing in found.values())
    return {
        k: s.person.name if often[s.person.name] == 1 else f"{s.person.name} ({k})"
        for k, s in found.items()
    }


def _cells(lesson: Lesson, student: str) -> list[dict[str, Any]]:
    """The cells of a graded notebook, none if it cannot be read."""
    folder = lesson.course.grading / "autograded" / student / lesson.name
    try:
        text = (folder / lesson.release.name).read_text(encoding="utf-8")
        found: list[dict[str, Any]] = json.loads(text)["cells"]
        return found
    except (OSError, ValueError, KeyError):
        return []


def _source(cells: Sequence[Mapping[str, Any]], name: str) -> str:
    texts = ["".join(c["source"]) for c in cells if intake.grade_id(c) == name]
    return texts[0][:LONGEST] if texts else ""


def _code(cells: Sequence[Mapping[str, Any]], release: nbformat.NotebookNode) -> str:
    """What a student wrote as code: changed answers, and the cells they added."""
    blank = {cell.source.strip() for cell in release.cells}
    texts = [
        "".join(cell["source"]).strip()
        for cell in cells
        if cell["cell_type"] == "code"
        and (intake.mark_of(cell) == "answer" or intake.was_added(cell))
    ]
    return f"\n\n{PAGE}\n\n".join(text for text in texts if text not in blank)


def _given(lesson: Lesson) -> list[str]:
    """What a lesson hands out and what it answers: nobody has it from a neighbour."""
    paths = [lesson.release, lesson.solved]
    notebooks = [nbformat.read(path, as_version=4) for path in paths if path.exists()]
    return [
        "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        for notebook in notebooks
    ]


# ---------------------------------------------------------------------------- code


def like_code(
    code: Mapping[str, str], given: Sequence[str]
) -> tuple[tuple[int, ...], list[Pair]]:
    """How much is left of each student's code, and who has alike what is left."""
    prints = {name: _print(text) for name, text in code.items()}
    common = set().union(*(_print(text).hashes for text in given))
    common |= _of_many([mine.hashes for mine in prints.values()])
    for mine in prints.values():
        _drop(mine, common)
    left = sorted(int(mine.token_coverage) for mine in prints.values())
    found = [
        pair
        for one, other in combinations(prints, 2)
        if (pair := _pair((one, other), prints[one], prints[other]))
    ]
    return tuple(left), sorted(found, key=lambda pair: -pair.shared)


def _print(text: str) -> Any:
    """copydetect's fingerprint. A window of 1 keeps every gram: answers are short."""
    from copydetect import CodeFingerprint

    found = CodeFingerprint("answers.py", GRAM, 1, fp=io.StringIO(text))
    code, places = found.filtered_code, found.hash_idx
    over = {g for g, at in places.items() if PAGE in code[at[0] : at[0] + GRAM]}
    _drop(found, over)
    return found


def _of_many(grams: Sequence[set[int]]) -> set[int]:
    """Grams that more than a tenth of a class has, and more than three."""
    often = Counter(gram for mine in grams for gram in mine)
    most = max(3, MANY * len(grams))
    return {gram for gram, count in often.items() if count > most}


def _drop(mine: Any, common: set[int]) -> None:
    """Takes grams out. copydetect's own way loses some of those that repeat."""
    from copydetect.utils import get_token_coverage

    mine.hashes = mine.hashes - common
    mine.hash_idx = {gram: mine.hash_idx[gram] for gram in mine.hashes}
    length = len(mine.filtered_code)
    mine.token_coverage = get_token_coverage(mine.hash_idx, GRAM, length)


def _pair(names: tuple[str, str], one: Any, other: Any) -> Pair | None:
    from copydetect import compare_files

    if not one.hashes & other.hashes:
        return None
    shared, shares, (mine, theirs) = compare_files(one, other)
    if shared < LEAST or max(shares) < SHARE:
        return None
    texts = pieces(one.raw_code, mine), pieces(other.raw_code, theirs)
    return Pair(names, texts, int(shared), (float(shares[0]), float(shares[1])))


def pieces(text: str, spans: Any) -> tuple[Piece, ...]:
    """A text cut at the spans that are shared: two rows, of starts and of ends."""
    found, here = [], 0
    for start, end in zip(*spans.astype(int).tolist(), strict=True):
        start, end = max(here, start), max(here, end)
        found += [Piece(text[here:start], False), Piece(text[start:end], True)]
        here = end
    found.append(Piece(text[here:], False))
    return tuple(piece for piece in found if piece.text)


# -------------------------------------------------------------------------- essays


@dataclass(frozen=True)
class Word:
    """A word of a text without its case, and where it stands."""

    plain: str
    start: int
    end: int


def like_texts(texts: Mapping[str, str], given: str = "") -> Essays:
    """Essays that are the same, or the same for 25 words in a row.

    Args:
        texts: By whose they are.
        given: What the lesson says: to quote it is no likeness.
    """
    words = {name: _words(text) for name, text in texts.items()}
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, mine in words.items():
        groups.setdefault(_plain(mine), []).append(name)
    same = [names for key, names in groups.items() if len(names) > 1 < SAME <= len(key)]
    quoted = set(_runs(_words(given)))
    runs = {names[0]: set(_runs(words[names[0]])) - quoted for names in groups.values()}
    pairs = [
        _common((one, other), texts, words)
        for one, other in combinations(runs, 2)
        if runs[one] & runs[other]
    ]
    return Essays(
        tuple((tuple(names), texts[names[0]]) for names in sorted(same, key=len)[::-1]),
        tuple(sorted(pairs, key=lambda pair: -pair.shared)[:PAIRS]),
        max(0, len(pairs) - PAIRS),
    )


def _words(text: str) -> list[Word]:
    found = re.finditer(r"\w+", text)
    return [Word(m[0].casefold(), m.start(), m.end()) for m in found]


def _plain(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word.plain for word in words)


def _runs(words: Sequence[Word]) -> Iterator[tuple[str, ...]]:
    plain = _plain(words)
    for start in range(len(plain) - WORDS + 1):
        yield plain[start : start + WORDS]


def _common(
    names: tuple[str, str], texts: Mapping[str, str], words: Mapping[str, list[Word]]
) -> Pair:
    """The longest run of words that two texts share, marked in both."""
    one, other = (words[name] for name in names)
    matcher = SequenceMatcher(None, _plain(one), _plain(other), autojunk=False)
    best = matcher.find_longest_match()
    shown = (
        _marked(texts[names[0]], one[best.a : best.a + best.size]),
        _marked(texts[names[1]], other[best.b : best.b + best.size]),
    )
    return Pair(names, shown, best.size, (best.size / len(one), best.size / len(other)))


def _marked(text: str, run: Sequence[Word]) -> tuple[Piece, ...]:
    start, end = run[0].start, run[-1].end
    parts = ((text[:start], False), (text[start:end], True), (text[end:], False))
    return tuple(Piece(part, shared) for part, shared in parts if part)


# --------------------------------------------------------------------- the command


def write_similarity(course: Course, lesson: Lesson, out: Path | None = None) -> int:
    """`course similarity`: one page, for a person to judge."""
    found = compare(lesson)
    if found.students < 2:
        text = f"Only {found.students} of {lesson.name} wrote something"
        raise CourseError(f"{text}: there is nothing to compare.")
    path = out or course.grading / f"similarity-{lesson.name}.html"
    limits = {"gram": GRAM, "least": LEAST, "share": SHARE, "run": WORDS, "few": FEW}
    whole.write(path, render.page("similarity.html", like=found, limits=limits))
    print(f"{lesson.name}: {_said(found)}.")
    print(path)
    return 0


def _said(found: Likeness) -> str:
    """How many are alike, in a line."""
    code, essays, same = found.counts
    counts = f"{_pairs(code)} of code, {_pairs(essays)} of essays alike in part"
    counts += f", {same} group{'s' * (same != 1)} of equal essays"
    hints = ["little code is left to compare"] * found.few
    hints += ["look before you judge"] * (any(found.counts) or not found.few)
    return f"{counts}; {', '.join(hints)}"


def _pairs(count: int) -> str:
    return f"{count} pair{'s' * (count != 1)}"
