"""`course train`: weights from the built-in corpus, or from sentence pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graders.course import Course, CourseError


def train_built_in(course: Course, folder: Path, steps: int | None) -> int:
    """Trains on the built-in corpus; writes weights and record into the folder.

    Interrupted, it writes what was learnt so far, and the same command goes on.
    """
    from transformer import recipe

    checkpoint = course.root / "work" / "train.npz"
    changes = {} if steps is None else {"steps": steps}
    with _bar("built-in corpus") as report:
        record = recipe.make(folder, report, checkpoint, **changes)
    for name, shares in record["quality"].items():
        print(f"{name:<11} {shares['all']:6.1%} of sentences word for word right")
    print(f"{record['steps']} steps, {record['cpu_minutes']} CPU minutes: {folder}")
    if record["steps"] < record["training"]["steps"]:
        print("Stopped early; the same command goes on.")
        return 1
    checkpoint.unlink()
    return 0


def train_pairs(path: Path, folder: Path, seconds: float) -> int:
    """Trains on a file of sentence pairs for so many seconds, and says how good it is.

    Interrupted, it says how good it is by then, and the same command goes on.

    Raises:
        CourseError: If the file cannot be read or holds too few pairs.
    """
    from transformer import pairs, translate

    try:
        prepared = pairs.prepare(path)
    except (OSError, ValueError) as error:
        raise CourseError(f"{path}: {error}") from None
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"pairs-{_digest(path)}.checkpoint.npz"
    with _bar(path.name) as report:
        model, history = pairs.train(prepared, seconds, report, checkpoint)
    test, vocabularies = prepared.parts.test, prepared.vocabularies
    score = pairs.bleu(model, test, vocabularies)
    some = translate.translate(model, [pair.french for pair in test[:5]], vocabularies)
    for pair, said in zip(test, some, strict=False):
        print(f"{pair.french}\n    {pairs.printed(said)}")
    print(f"BLEU {score:.1f} on {len(test):,} pairs that were held out")
    pairs.write(folder, model, vocabularies)
    spent = history.steps[-1].seconds if history.steps else 0.0
    print(f"{spent:.0f} s of training: {folder}")
    if history.interrupted:
        print("Stopped early; the same command goes on.")
        return 1
    checkpoint.unlink()
    return 0


def _digest(path: Path) -> str:
    """Of what a file holds: the pieces that a model knows are made from it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@contextmanager
def _bar(name: str) -> Iterator[Callable[[Any], None]]:
    """A progress bar with loss and accuracy, as what `training.train` reports to."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"{name}: preparing", total=1.0)

        def report(progress: Any) -> None:
            says = (
                f"{name}: loss {progress.loss:.3f}, words right {progress.accuracy:.1%}"
            )
            bar.update(task, completed=progress.share, description=says)

        yield report
