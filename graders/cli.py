"""The one command, `course`: what a person types, and where errors are answered.

Each command is a function below, with its arguments above it. It imports what it needs
when it runs, so that `course --help` answers at once. A command returns its exit code
(None is 0). A `CourseError` becomes one sentence on stderr and exit code 2.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.course import Course, CourseError, is_students_copy

# What a computer may lack while a command writes, and what to do.
MACHINE = {
    errno.ENOSPC: "The disk is full. Make room, then run it again.",
    errno.EACCES: "You may not write there. Use a copy in your own folder.",
    errno.EROFS: "That folder is read-only. Use a copy in your own folder.",
}
STUDENTS, INSTRUCTORS, AUTHORS = "students", "instructors", "authors"
Handler = Callable[[Course, argparse.Namespace], int | None]


@dataclass(frozen=True)
class Command:
    """One command: for whom, what it does in a line, its arguments and its function."""

    people: str
    says: str
    arguments: tuple[tuple[tuple[str, ...], dict[str, Any]], ...]
    run: Handler


COMMANDS: dict[str, Command] = {}


def argument(*names: str, **settings: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """One argument of a command, as `argparse` takes it."""
    return names, settings


def command(people: str, says: str, *arguments: Any) -> Callable[[Handler], Handler]:
    """Makes a function a command of its name."""

    def enter(run: Handler) -> Handler:
        COMMANDS[run.__name__] = Command(people, says, arguments, run)
        return run

    return enter


AS_JSON = argument("--json", action="store_true", help="for a program to read")
LESSONS = argument("lessons", nargs="+", metavar="LESSON", help="02 or 02_attention")


@command(
    STUDENTS,
    "open a lesson in JupyterLab; your copy is in work/",
    argument("lesson", nargs="?", metavar="LESSON", help="02 or 02_attention"),
    argument("--no-browser", action="store_true", help="print the address instead"),
    argument("--port", type=int, metavar="N", help="default: one that is free"),
    argument("--fresh", action="store_true", help="a new copy beside the old one"),
)
def lab(course: Course, args: argparse.Namespace) -> int:
    from graders.lab import open_lesson

    return open_lesson(
        course,
        args.lesson,
        browser=not args.no_browser,
        port=args.port,
        fresh=args.fresh,
    )


@command(STUDENTS, "say what is there and what is missing", AS_JSON)
def doctor(course: Course, args: argparse.Namespace) -> int:
    from graders.doctor import report

    return report(course, as_json=args.json)


@command(
    INSTRUCTORS,
    "give out lessons: a folder and a zip without any answer",
    LESSONS,
    argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="default: .grading/bundle/transformer-course",
    ),
    argument("--exchange", action="store_true", help="also to nbgrader's exchange"),
)
def release(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.bundle import release_lessons

    lessons = [course.find(name) for name in args.lessons]
    return release_lessons(course, lessons, args.out, to_exchange=args.exchange)


@command(
    INSTRUCTORS,
    "take in what was handed in, from a download or the exchange",
    argument("lesson", metavar="LESSON", help="02 or 02_attention"),
    argument(
        "source",
        nargs="?",
        type=Path,
        metavar="FROM",
        help="a zip or a folder of Moodle's, Canvas's, Blackboard's or yours",
    ),
    argument("--exchange", action="store_true", help="from nbgrader's exchange"),
    argument(
        "--withdraw",
        nargs="+",
        metavar="STUDENT",
        help="take work back that was taken in by mistake",
    ),
    AS_JSON,
)
def collect(course: Course, args: argparse.Namespace) -> int | None:
    if args.withdraw:
        from graders.classroom.withdraw import withdraw

        return withdraw(course.find(args.lesson), args.withdraw)
    from graders.classroom.collected import collect_lesson

    lesson = course.find(args.lesson)
    how = {"exchange": args.exchange, "as_json": args.json}
    return collect_lesson(lesson, args.source, **how)


@command(
    INSTRUCTORS,
    "essays to a spreadsheet, and its points and comments back",
    argument("lesson", metavar="LESSON", help="02 or 02_attention"),
    argument("--to", type=Path, metavar="FILE.csv", help="default: .grading/essays/"),
    argument(
        "--from", dest="source", type=Path, metavar="FILE.csv", help="read it back"
    ),
)
def essays(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.essays import read_essays, write_essays

    lesson = course.find(args.lesson)
    if args.source and args.to:
        raise CourseError("--from reads and --to writes: give one of them.")
    return (
        read_essays(lesson, args.source)
        if args.source
        else write_essays(lesson, args.to)
    )


@command(
    INSTRUCTORS,
    "grade one notebook and print a row for each check",
    argument("file", type=Path, metavar="FILE.ipynb"),
    AS_JSON,
)
def score(course: Course, args: argparse.Namespace) -> int | None:
    from graders.score import print_score

    return print_score(course, args.file, as_json=args.json)


@command(
    INSTRUCTORS,
    "grade what was submitted for a lesson",
    LESSONS,
    argument(
        "--level",
        choices=("full", "process"),
        default="full",
        help="process: where nothing can lock students' code in",
    ),
    argument(
        "--regrade",
        action="store_true",
        help="show what changed checks would change; write nothing",
    ),
    argument("--apply", action="store_true", help="with --regrade: write it"),
    argument("--lower", action="store_true", help="with --apply: lower grades too"),
    argument("--cluster", metavar="ADDRESS", default="", help="of a dask scheduler"),
    argument("--shard", metavar="I/N", help="only part I of N, into --out"),
    argument("--out", type=Path, metavar="FILE", help="for `course merge`"),
    argument(
        "--from",
        dest="source",
        type=Path,
        metavar="ZIP",
        help="first what `course collect` does with this zip or folder",
    ),
    AS_JSON,
)
def grade(course: Course, args: argparse.Namespace) -> int | None:
    # Reading a notebook would build a grammar of web addresses: a second, for nothing.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    lessons = [course.find(name) for name in args.lessons]
    if args.shard:
        from graders.shards import grade_shards

        return grade_shards(lessons, args.shard, args.out, level=args.level)
    if args.regrade:
        from graders.regrade import regrade_lessons

        how = {"write": args.apply, "lower": args.lower}
        return regrade_lessons(lessons, **how, as_json=args.json, level=args.level)
    if args.apply or args.lower or args.out:
        raise CourseError("--apply and --lower go with --regrade, --out with --shard.")
    if args.source:
        from graders.classroom.collected import take_in_first

        if len(lessons) > 1:
            raise CourseError("--from takes in one lesson. Name that one alone.")
        take_in_first(lessons[0], args.source)
    from graders.grade import grade_lessons

    how = {"level": args.level, "cluster": args.cluster}
    return grade_lessons(course, lessons, as_json=args.json, **how)


@command(
    INSTRUCTORS,
    "the parts that `grade --shard` wrote into one gradebook",
    argument("files", nargs="+", type=Path, metavar="FILE"),
)
def merge(course: Course, args: argparse.Namespace) -> int | None:
    from graders.shards import merge as merge_files

    return merge_files(course, args.files)


@command(
    INSTRUCTORS,
    "draw the secret cases' seed, which grading does itself",
    LESSONS,
    argument("--new", action="store_true", help="replace it"),
)
def seed(course: Course, args: argparse.Namespace) -> int | None:
    from graders.seeds import draw

    lessons = [course.find(name) for name in args.lessons]
    return draw(course, lessons, new=args.new)


@command(
    INSTRUCTORS,
    "say what record and gradebook hold",
    argument("--rebuild", action="store_true", help="make it again from the record"),
)
def gradebook(course: Course, args: argparse.Namespace) -> int | None:
    from graders.rebuild import report

    return report(course, again=args.rebuild)


@command(
    INSTRUCTORS,
    "write each student's page of feedback",
    argument("lesson", metavar="LESSON", help="02 or 02_attention"),
    argument("students", nargs="*", metavar="STUDENT", help="default: all graded"),
    argument(
        "--zip",
        choices=("moodle", "canvas", "plain"),
        default="",
        help="also a zip to upload there, named as it wants",
    ),
    argument("--exchange", action="store_true", help="into nbgrader's exchange"),
)
def feedback(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.pages import write_feedback

    lesson, how = course.find(args.lesson), {"platform": args.zip}
    return write_feedback(course, lesson, args.students, **how, exchange=args.exchange)


@command(
    INSTRUCTORS,
    "what the class understood and what to teach again",
    argument("lessons", nargs="*", metavar="LESSON", help="default: all graded"),
    argument("--out", type=Path, metavar="FILE.html", help="default: in .grading/"),
    argument("--anonymous", action="store_true", help="no names, for the projector"),
    AS_JSON,
)
def report(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.report import write_report

    lessons = [course.find(name) for name in args.lessons]
    how = {"anonymous": args.anonymous, "as_json": args.json}
    return write_report(course, lessons, args.out, **how)


@command(
    INSTRUCTORS,
    "texts of two students that are alike, to be looked at; no score",
    argument("lesson", metavar="LESSON", help="02 or 02_attention"),
    argument("--out", type=Path, metavar="FILE.html", help="default: in .grading/"),
)
def similarity(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.similarity import write_similarity

    return write_similarity(course, course.find(args.lesson), args.out)


@command(
    INSTRUCTORS,
    "write the grades, as a table or into a platform's own",
    argument(
        "--to",
        choices=("csv", "canvas", "moodle", "blackboard"),
        default="csv",
        help="default: csv, a table of all grades",
    ),
    argument("--file", type=Path, help="the table that the platform exported"),
    argument(
        "--lesson",
        dest="lessons",
        nargs="+",
        default=[],
        metavar="LESSON",
        help="default: every lesson that is graded",
    ),
    argument("--column", default="", metavar="NAME", help="the platform's, by name"),
    argument("--out", type=Path, metavar="FILE", help="default: in .grading/export"),
    argument("--scale", action="store_true", help="to the platform's points"),
    argument("--missing-zero", action="store_true", help="0 for what is overdue"),
    argument(
        "--unfinished",
        action="store_true",
        help="points so far, where essays wait for a person",
    ),
    AS_JSON,
)
def export(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.export import Wish, export_grades
    from graders.classroom.grades import Rules

    what = {name: getattr(args, name) for name in ("to", "file", "lessons", "column")}
    rules = Rules(args.unfinished, args.missing_zero)
    wish = Wish(**what, out=args.out, scale=args.scale, rules=rules)
    return export_grades(course, wish, as_json=args.json)


@command(
    INSTRUCTORS,
    "a lesson as slides, which open without network",
    argument("lesson", metavar="LESSON", help="02 or 02_attention"),
    argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="default: .grading/slides/02_attention",
    ),
)
def slides(course: Course, args: argparse.Namespace) -> int:
    from graders.classroom.slides import make_slides

    return make_slides(course, args.lesson, args.out)


@command(
    INSTRUCTORS,
    "a made-up class of 12, from the release to the grades",
    argument("--students", type=int, default=12, metavar="N", help="default: 12"),
    argument("--lessons", default="02", metavar="NN,NN", help="or all; default: 02"),
    argument("--folder", type=Path, metavar="FOLDER", help="default: a temporary one"),
    AS_JSON,
)
def demo(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.demo import run_demo

    how = {"lessons": args.lessons, "as_json": args.json}
    return run_demo(course, args.students, args.folder, **how)


@command(
    INSTRUCTORS,
    "a JupyterHub on this computer, for a class or a trial",
    argument("--students", type=Path, metavar="FILE.csv", help="default: the roster"),
    argument("--folder", type=Path, metavar="FOLDER", help="default: .grading/hub"),
    argument("--port", type=int, default=8000, metavar="N", help="default: 8000"),
    argument(
        "--address",
        default="localhost",
        metavar="NAME",
        help="this computer's name, or the https address of a web server in front",
    ),
    argument("--wildcard", action="store_true", help="names below it lead here too"),
    argument("--real-users", action="store_true", help="the system's users; as root"),
    argument("--instructor", default="instructor", metavar="LOGIN", help="who grades"),
)
def hub(course: Course, args: argparse.Namespace) -> int | None:
    from graders.classroom.hub import Wish, run_hub

    wanted = {name: getattr(args, name) for name in Wish.__dataclass_fields__}
    return run_hub(course, Wish(**wanted))


@command(
    AUTHORS,
    "lessons' scripts to notebooks, only what changed",
    argument("lessons", nargs="*", metavar="LESSON", help="default: every lesson"),
    argument("--all", action="store_true", help="also what did not change"),
    argument("--check", action="store_true", help="build nothing; name what is stale"),
)
def build(course: Course, args: argparse.Namespace) -> int:
    from graders import build as builder

    if not args.check:
        for line in builder.build(course, args.lessons, everything=args.all):
            print(line)
        return 0
    lessons = [course.find(name) for name in args.lessons] or course.lessons()
    stale = [line for lesson in lessons for line in builder.check(lesson)]
    print("\n".join(stale) or "Every notebook is as its script says.")
    return int(bool(stale))


@command(
    AUTHORS,
    "everything that is tested, in about 30 minutes",
    argument("parts", nargs="*", metavar="PART", help="style, tests, lessons …"),
    argument("--quick", action="store_true", help="style and quick tests only"),
    argument("--full", action="store_true", help="also the long versions"),
)
def test(course: Course, args: argparse.Namespace) -> int:
    from graders import suite

    level = suite.QUICK if args.quick else suite.FULL if args.full else suite.USUAL
    return suite.run(course.root, level, args.parts)


@command(
    AUTHORS,
    "train on the built-in corpus, or on a file of sentence pairs",
    argument("--record", action="store_true", help="write the weights that we ship"),
    argument("--folder", type=Path, metavar="FOLDER", help="default: work/weights"),
    argument("--steps", type=int, metavar="N", help="default: as the record says"),
    argument(
        "--pairs",
        type=Path,
        metavar="FILE.tsv",
        help="English, tab, French, as those of tatoeba.org",
    ),
    argument(
        "--seconds",
        type=float,
        default=600,
        metavar="N",
        help="how long to train on a file; default: 600",
    ),
)
def train(course: Course, args: argparse.Namespace) -> int:
    from graders.train import train_built_in, train_pairs

    folder = args.folder or course.root / "work" / "weights"
    if args.pairs:
        return train_pairs(args.pairs, folder, args.seconds)
    shipped = course.root / "transformer" / "weights"
    return train_built_in(course, shipped if args.record else folder, args.steps)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line, one page of help."""
    whole = argparse.ArgumentParser(
        prog="course",
        usage="course COMMAND [...]",
        description=_page(),
        epilog="`course COMMAND --help` shows a command's arguments.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(
        prog="course", dest="command", help=argparse.SUPPRESS
    )
    for name, one in _offered().items():
        mine = commands.add_parser(name, description=f"{name}: {one.says}.")
        for names, settings in one.arguments:
            mine.add_argument(*names, **settings)
    return whole


def _page() -> str:
    lines = ["A course on the Transformer: notebooks whose exercises are checked."]
    for people in (STUDENTS, INSTRUCTORS, AUTHORS):
        theirs = {n: one for n, one in _offered().items() if one.people == people}
        lines += ["", f"{people}:"] if theirs else []
        lines += [f"  {name:<10} {one.says}" for name, one in theirs.items()]
    return "\n".join(lines)


def _offered() -> dict[str, Command]:
    """The commands that can run here: a student's copy has a student's alone."""
    if not is_students_copy():
        return COMMANDS
    return {name: one for name, one in COMMANDS.items() if one.people == STUDENTS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        The exit code: 0 done, 1 something failed, 2 a user's mistake.
    """
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()  # what goes wrong with it is answered below, not at exit
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncourse: Stopped.", file=sys.stderr)
        return 130
    except OSError as error:
        if error.filename is None:  # stdout: what it still holds goes nowhere
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:  # `course … | head` has read enough
            return 0
        if error.errno not in MACHINE:
            raise
        where = f" ({error.filename})" if error.filename else ""
        print(f"course: {MACHINE[error.errno]}{where}", file=sys.stderr)
        return 2


def _run(arguments: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS.keys() - _offered():
        here = ", ".join(f"`course {name}`" for name in _offered())
        where = "is for the instructor's copy of the course; this is a student's"
        raise CourseError(f"`course {words[0]}` {where}. Here there are: {here}.")
    whole = parser()
    args = whole.parse_args(words)
    if args.command:
        return COMMANDS[args.command].run(Course.here(), args) or 0
    whole.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
