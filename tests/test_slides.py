"""Slides: what a class sees and what it does not, offline, and nothing overflows."""

import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from graders import cli, registry, script
from graders.classroom import formulas, slide_text, slides
from graders.course import Course, CourseError
from tests.conftest import ROOT, needs

LESSONS = Course(ROOT).lessons()
ASSET = re.compile(r'<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="([^"]{1,99})')
SECTION = re.compile(r'<section\s+data-kind="(\w+)">(.*?)</section>', re.S)


def others(mark):
    """Every lesson, those besides lesson 02 with a mark, because they take time."""
    marked = [
        pytest.param(one, marks=[] if one.number == "02" else [mark]) for one in LESSONS
    ]
    return pytest.mark.parametrize("lesson", marked, ids=lambda lesson: lesson.name)


@pytest.fixture(scope="module")
def page():
    return slides.render(Course(ROOT).find("02"))


def sections(page, kind):
    return [text for found, text in SECTION.findall(page) if found == kind]


def seen(text):
    """A page without its notes."""
    return words(re.sub(r"<aside.*?</aside>", "", text, flags=re.S))


def words(text):
    """The text of a page without its tags, which stand inside of coloured code too."""
    return re.sub(r"<[^>]+>", "", text).replace("&quot;", '"').replace("&gt;", ">")


@pytest.fixture
def course(tmp_path):
    """A course with one lesson of three cells, solved."""
    folder = tmp_path / "solutions" / "02_attention"
    folder.mkdir(parents=True)
    output = nbformat.v4.new_output("stream", text="two\n")
    cells = [
        new_markdown_cell("# Look", metadata={"slideshow": {"slide_type": "slide"}}),
        new_code_cell("print('two')", outputs=[output]),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "attention.ipynb")
    return Course(tmp_path)


# ------------------------------------------------------------------- what a class sees


def test_an_exercise_shows_its_stub_and_no_solution(page):
    turns = sections(page, "turn")
    assert len(turns) == 6
    for text in turns:
        assert slide_text.STUB in words(text)
    softmax = seen(turns[0])
    assert "shifted = scores - np.max" in softmax  # the given line
    assert "exponentials" not in softmax


def test_no_line_of_a_solution_stands_elsewhere_than_under_one_answer(page):
    lesson = Course(ROOT).find("02")
    solved = script.read(lesson.script, registry.exercises(lesson.noun))
    code = {line.strip() for c in solved.cells if c.code for line in c.region()}
    secret = {line for line in code & solved.solution_lines() if len(line) > 30}
    rest = words(SECTION.sub(lambda s: "" if s[1] == "answer" else s[0], page))
    assert len(secret) > 5
    assert not [line for line in secret if line in rest]
    assert "return exponentials / np.sum" in words(page)


def test_a_countdown_has_the_minutes_of_the_lesson(page):
    exercises = [
        cell
        for cell in nbformat.read(Course(ROOT).find("02").solved, as_version=4).cells
        if cell.cell_type == "markdown" and "### Exercise" in cell.source
    ]
    told = [
        cell.metadata.get("minutes", slide_text.minutes_told(cell.source))
        for cell in exercises
    ]
    shown = [int(n) for n in re.findall(r'data-minutes="(\d+)"', page)]
    assert shown == told


def test_checks_and_their_verdicts_are_left_out(page):
    assert 'check("' not in words(page)
    assert ": passed" not in words(page)


def test_a_choice_is_a_question_with_its_options(page):
    asked = sections(page, "question")
    assert sum('class="options"' in text for text in asked) == 3
    assert any("<li>grows</li><li>stays</li><li>shrinks</li>" in t for t in asked)
    assert "shift_guess" not in words(page)


def test_the_essay_is_asked_and_not_answered(page):
    assert any("why the root of d" in text for text in sections(page, "question"))
    assert "Model answer." not in page
    assert "Marking." not in page


def test_notes_hold_what_the_speaker_says(page):
    notes = words(
        "".join(re.findall(r'<aside class="notes">(.*?)</aside>', page, re.S))
    )
    for text in ("For the class.", "6 minutes.", "Hint 3", "Read the third row"):
        assert text in notes
        assert text not in seen(page)


def test_every_figure_has_its_sentence(page):
    figures = re.findall(r"<img\s+alt=\"([^\"]*)\"\s+src=\"data:", page)
    assert len(figures) == len(sections(page, "figure")) >= 3
    assert all(len(sentence) > 40 for sentence in figures)
    assert any("l'Afrique&quot; looks most at" in sentence for sentence in figures)


@others(pytest.mark.slow)
def test_nothing_is_fetched_and_every_formula_is_drawn(lesson):
    page = slides.render(lesson)
    found = [path for path in ASSET.findall(page) if not path.startswith("data:")]
    assert set(found) == {
        "deck/reveal/reveal.css",
        "deck/deck.css",
        "deck/reveal/reveal.js",
        "deck/reveal/notes.js",
        "deck/deck.js",
    }
    assert "elumrof" not in page
    assert 'class="formula"><code>' not in page
    assert 'class="formula display"><code>' not in page
    assert not re.search(r"\$[^$<]*\\[a-z]+[^$<]*\$", words(page))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_students_notebook_keeps_its_slides_for_rise(lesson):
    def marks(path):
        cells = nbformat.read(path, as_version=4).cells
        return {cell.id: cell.metadata.get("slideshow") for cell in cells}

    released, solved = marks(lesson.release), marks(lesson.solved)
    assert {"slide_type": "slide"} in released.values()
    assert {"slide_type": "notes"} not in released.values()  # these are the speaker's
    assert released == {ident: solved[ident] for ident in released}


# --------------------------------------------------------------------- texts, formulas


def test_a_sentence_is_a_paragraph_unless_something_is_open():
    text = "One.\nTwo (three.\nFour).\n**Time.**\nFive\nsix.\n- a.\n- b."
    cut = slide_text.sentences(text).split("\n\n")
    assert [part.replace("\n", " ") for part in cut] == [
        "One.",
        "Two (three. Four).",
        "**Time.** Five six.",
        "- a. - b.",
    ]


def test_code_is_shown_without_asserts_and_imports():
    source = "import os\n\nx = 1\nassert x\nfor y in [1]:\n    print(y)\n    assert y"
    assert slide_text.shown(source) == "x = 1\nfor y in [1]:\n    print(y)"


def test_a_long_signature_takes_few_lines():
    source = "    def f(\n        self,\n        a,\n        b=1,\n    ):\n        pass"
    assert slide_text.compact(source) == "    def f(self, a, b=1):\n        pass"


def test_a_formula_is_a_picture_that_says_its_tex():
    drawn = {}
    text = formulas.put_aside(r"a `$x$` and $\tfrac12$", drawn)
    assert text.startswith("a `$x$` and formula0")
    assert r'aria-label="\tfrac12"' in formulas.put_back(text, drawn)


def test_a_formula_that_cannot_be_drawn_is_told_as_it_is_written():
    assert r"<code>\unheard{x}</code>" in formulas.draw(r"\unheard{x}")


# ------------------------------------------------------------------------------ errors


def test_an_unknown_lesson_is_a_sentence():
    with pytest.raises(CourseError, match="There is no lesson '99'"):
        slides.make_slides(Course(ROOT), "99")


def test_a_lesson_without_outputs_says_how_to_make_them(course):
    notebook = course.find("02").solved
    empty = nbformat.read(notebook, as_version=4)
    for cell in empty.cells:
        cell.pop("outputs", None)
    empty.cells = [cell for cell in empty.cells if cell.cell_type == "markdown"]
    nbformat.write(empty, notebook)
    with pytest.raises(CourseError, match="no outputs to show; `course build 02`"):
        slides.make_slides(course, "02")


def test_a_lesson_that_is_not_solved_says_how_to_solve_it(course):
    course.find("02").solved.unlink()
    with pytest.raises(CourseError, match="no solved notebook; `course build 02`"):
        slides.make_slides(course, "02")


def test_a_folder_that_cannot_be_written_is_a_sentence(course, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(CourseError, match="Name a folder of yours with --out"):
        slides.make_slides(course, "02", tmp_path / "file")


def test_the_command_says_where_the_slides_are(course, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    assert cli.main(["slides", "02"]) == 0
    made = course.grading / "slides" / "02_attention"
    assert str(made / "index.html") in capsys.readouterr().out
    for name in ("index.html", "deck/deck.js", "deck/reveal/LICENSE"):
        assert (made / name).exists()
    assert cli.main(["slides", "02", "--out", str(tmp_path / "mine")]) == 0
    assert (tmp_path / "mine" / "index.html").exists()


# --------------------------------------------------------------------------- a browser

# Of each slide: how far it reaches, how small its text is, whether figures are told.
MEASURE = """() => {
    const found = [];
    const size = (e) => parseFloat(getComputedStyle(e).fontSize);
    for (let n = Reveal.getTotalSlides(); n > 0; n--, Reveal.next()) {
        const page = Reveal.getCurrentSlide().querySelector(".page");
        const all = [...page.querySelectorAll("*")].filter((e) => !e.closest("svg"));
        const boxes = all.map((e) => e.getBoundingClientRect());
        const inside = (what) => [...page.querySelectorAll(what)];
        const least = (what) => Math.min(99, ...inside(what).map(size));
        found.push({
            text: page.innerText.slice(0, 60),
            height: page.scrollHeight, width: page.scrollWidth,
            low: Math.max(...boxes.map((b) => b.bottom)),
            right: Math.max(...boxes.map((b) => b.right)),
            prose: least("p, li"), code: least("pre"),
            alts: [...page.querySelectorAll("img")].map((image) => image.alt),
        });
    }
    return found;
}"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = needs("chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


def opened(browser, folder, lesson):
    """A deck from its folder, without network; a word on the console is an error."""
    made = folder / lesson.name
    slides.make_slides(Course(ROOT), lesson.number, made)
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto((made / "index.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    return page


@pytest.mark.browser
@others(pytest.mark.full)
def test_every_slide_fits_and_is_read_from_the_last_row(browser, tmp_path, lesson):
    page = opened(browser, tmp_path, lesson)
    measured = page.evaluate(MEASURE)
    assert len(measured) > 40
    assert page.evaluate("Reveal.isLastSlide()")
    for found in measured:
        assert found["height"] <= 720, found
        assert found["width"] <= 1280, found
        assert found["low"] <= 720.5, found
        assert found["right"] <= 1280.5, found
        assert found["prose"] >= 24, found
        assert found["code"] >= 17, found
        assert all(found["alts"]), found
    assert page.said == []
    page.context.close()


@pytest.mark.browser
def test_keys_go_on_start_the_countdown_and_open_the_notes(browser, tmp_path):
    page = opened(browser, tmp_path, Course(ROOT).find("02"))
    while page.evaluate("Reveal.getCurrentSlide().dataset.kind") != "turn":
        page.keyboard.press("Space")
    timer = page.locator(".present .timer").last
    assert timer.inner_text() == "6:00"
    page.keyboard.press("t")
    page.wait_for_timeout(1500)
    assert timer.inner_text() in ("5:58", "5:59")
    page.keyboard.press("t")
    stopped = timer.inner_text()
    page.wait_for_timeout(1200)
    assert timer.inner_text() == stopped
    with page.context.expect_page() as opening:
        page.keyboard.press("s")
    notes = opening.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("Hint 1").wait_for()
    page.context.close()


@pytest.mark.browser
def test_an_exercise_over_two_slides_has_one_countdown(browser, tmp_path):
    page = opened(browser, tmp_path, Course(ROOT).find("05"))
    name = page.evaluate(
        "[...document.querySelectorAll('.timer')].find((t) => t.alike.length > 1)"
        "?.dataset.task"
    )
    assert name
    page.evaluate(
        "(name) => document.querySelector(`.timer[data-task='${name}']`).click()", name
    )
    states = page.evaluate(
        "(name) => [...document.querySelectorAll(`.timer[data-task='${name}']`)]"
        ".map((timer) => timer.classList.contains('running'))",
        name,
    )
    assert states == [True, True]
    page.context.close()


def test_what_is_shipped_of_reveal_has_its_licence():
    shipped = {path.name for path in (slides.DECK / "reveal").iterdir()}
    assert shipped == {"LICENSE", "notes.js", "reveal.css", "reveal.js"}
    assert "Hakim El Hattab" in (slides.DECK / "reveal" / "LICENSE").read_text("utf-8")


def test_slides_are_made_again_over_old_ones(course, tmp_path):
    slides.make_slides(course, "02", tmp_path / "mine")
    shutil.rmtree(tmp_path / "mine" / "deck" / "reveal")
    slides.make_slides(course, "02", tmp_path / "mine")
    assert (tmp_path / "mine" / "deck" / "reveal" / "reveal.js").exists()
