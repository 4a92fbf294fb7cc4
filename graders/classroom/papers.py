"""Made-up students' papers: a lesson's release with right, wrong and no answers.

For the demo, the tests and the benchmarks. What is wrong in them is a line of the
solved lesson, written otherwise: one of the mistakes that the lesson names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import nbformat
from nbformat import NotebookNode

from graders import intake
from graders.course import CourseError, Lesson

Node = TypeVar("Node", bound=ast.AST)
MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
ESSAY = (
    "\n\nThe variance of a dot product grows with d, so its size with the root of d."
)


@dataclass(frozen=True)
class Slip:
    """One line of the solved lesson that a student got wrong.

    Args:
        mistake: The id of the mistake that the grader should recognise.
        answer: The answer's name.
        right: Text of the solution.
        wrong: What the student wrote there.
    """

    mistake: str
    answer: str
    right: str
    wrong: str


# By lesson, the commonest first.
SLIPS: dict[str, list[Slip]] = {
    "recurrence": [
        Slip("no-tanh", "rnn-step", "np.tanh(seen_bs + state_bs @ w_ss)", "seen_bs + state_bs @ w_ss"),
        Slip("state-reset", "run-rnn", "        state_bs = rnn_step(x_btm[:, t], state_bs, w_ms, w_ss, bias_s)\n        states.append(state_bs)", "        states.append(rnn_step(x_btm[:, t], state_bs, w_ms, w_ss, bias_s))"),
        Slip("derivative-forgotten", "gradient-norms", " @ np.diag(1 - state_s**2)", ""),
        Slip("update-gate-mirrored", "gru-step", "update_bs * state_bs + (1 - update_bs) * candidate_bs", "(1 - update_bs) * state_bs + update_bs * candidate_bs"),
        Slip("no-bias", "count-parameters", " + state_dim\n", "\n"),
        Slip("none-waits", "sequential-steps", 'length if layer == "recurrent" else 1', "1"),
    ],
    "attention": [
        Slip("no-scale", "attention", " / np.sqrt(query.shape[-1])", ""),
        Slip("softmax-over-queries", "attention", "softmax(scores)", "softmax(scores, -2)"),
        Slip("mask-inverted", "attention", "(mask, scores, -1e9)", "(mask, -1e9, scores)"),
        Slip("divides-by-d", "attend-one", "np.sqrt(query_d.shape[-1])", "len(query_d)"),
        Slip("softmax-overflows", "softmax", "np.exp(shifted)", "np.exp(scores)"),
        Slip("scores-times-mask", "attention", "np.where(mask, scores, -1e9)", "scores * mask"),
        Slip("same-projection", "project", "w_query, x_tm @ w_key, x_tm @ w_value", "w_query, *[x_tm @ w_query] * 2"),
    ],
    "heads": [
        Slip("split-without-transpose", "split-heads", "cut_bthd = x_btm.reshape(b, t, num_heads, m // num_heads)\n    return np.swapaxes(cut_bthd, 1, 2)", "return x_btm.reshape(b, num_heads, t, m // num_heads)"),
        Slip("merge-without-transpose", "merge-heads", "np.swapaxes(x_bhtd, 1, 2).reshape(b, t, h * d)", "x_bhtd.reshape(b, t, h * d)"),
        Slip("no-output-projection", "multi-head-attention", 'merge_heads(output_bhqd) @ weights["output"]', "merge_heads(output_bhqd)"),
        Slip("scale-of-the-model", "heads-layer", " / head_dim**0.5", " / query.shape[-1] ** 0.5"),
        Slip("no-output-projection", "attention-parameters", "4 * model_dim", "3 * model_dim"),
    ],
    "positions": [
        Slip("column-instead-of-pair", "angles", "2 * (column_m // 2)", "2 * column_m"),
        Slip("positions-from-one", "angles", "np.arange(length)", "np.arange(1, length + 1)"),
        Slip("sine-and-cosine-swapped", "positional-encoding", "[:, 0::2] = np.sin(angle_tm[:, 0::2])\n    encoding_tm[:, 1::2] = np.cos(angle_tm[:, 1::2])", "[:, 0::2] = np.cos(angle_tm[:, 0::2])\n    encoding_tm[:, 1::2] = np.sin(angle_tm[:, 1::2])"),
        Slip("turned-back", "shift-matrix", "[[cosine, sine], [-sine, cosine]]", "[[cosine, -sine], [sine, cosine]]"),
        Slip("root-forgotten", "positional-embedding", " * np.sqrt(self.model_dim)", ""),
    ],
    "masks": [
        Slip("inverted", "padding-mask", "tokens_bt != pad", "tokens_bt == pad"),
        Slip("diagonal-excluded", "look-ahead-mask", "[np.newaxis, :] <= place", "[np.newaxis, :] < place"),
        Slip("or-for-and", "decoder-mask", ") & look", ") | look"),
        Slip("made-from-the-target", "cross-mask", "padding_mask(source_bk, pad)", "padding_mask(target_bt, pad)"),
        Slip("not-shifted", "shift-right", "np.concatenate([front_b1, target_bt[:, :-1]], axis=1)", "target_bt"),
        Slip("always-true", "sees-the-future", "moved_btm[:, cut:] += 1", "moved_btm[:, :cut] += 1"),
    ],
    "transformer": [
        Slip("epsilon-outside-the-root", "layer-norm", "np.sqrt(variance + epsilon)", "(np.sqrt(variance) + epsilon)"),
        Slip("no-residual-around-attention", "encoder-layer", "self.norm_attention(inputs + self.dropout(looked))", "self.norm_attention(self.dropout(looked))"),
        Slip("no-activation", "feed-forward", ', activation="relu"', ""),
        Slip("loop-restarts", "encoder", "block(x_btm, attention_mask", "block(self.embedding(tokens), attention_mask"),
        Slip("no-look-ahead", "transformer", "decoder_mask(target_bt)", "padding_mask(target_bt)"),
    ],
    "translation": [
        Slip("mean-over-padding-too", "masked-loss", "ops.sum(loss_bt * is_word_bt) / ops.maximum(ops.sum(is_word_bt), 1)", "ops.mean(loss_bt)"),
        Slip("max-for-min", "warm-up", "ops.minimum(", "ops.maximum("),
        Slip("first-position-read", "greedy-decode", "next_logits(tokens)", "next_logits(tokens[:1])"),
        Slip("end-returned", "greedy-decode", "        if best == end:\n            break\n        tokens.append(best)", "        tokens.append(best)\n        if best == end:\n            break"),
        Slip("mean-over-padding-too", "masked-accuracy", "ops.sum(is_right_bt * is_word_bt) / ops.maximum(ops.sum(is_word_bt), 1)", "ops.mean(is_right_bt)"),
    ],
}  # fmt: skip


def solved_answers(lesson: Lesson) -> dict[str, str]:
    """The lesson's own answers by grade id, without the marks around solutions.

    Raises:
        CourseError: If the lesson has no solution here.
    """
    if not lesson.solved.exists():
        raise CourseError(f"{lesson.solved} is missing: course build {lesson.number}")
    notebook = nbformat.read(lesson.solved, as_version=4)
    return {
        intake.grade_id(cell): _unmarked(cell.source)
        for cell in notebook.cells
        if intake.mark_of(cell) == "answer"
    }


def _unmarked(source: str) -> str:
    lines = source.split("\n")
    return "\n".join(line for line in lines if line.strip() not in MARKERS)


def with_slip(answers: Mapping[str, str], slip: Slip) -> dict[str, str]:
    """The answers, by grade id, with one mistake in them.

    Raises:
        ValueError: If the lesson has changed and the slip's line is not in it.
    """
    ident = f"answer-{slip.answer}"
    if slip.right not in answers[ident]:
        raise ValueError(f"{ident} does not hold {slip.right!r}: renew SLIPS.")
    return {**answers, ident: answers[ident].replace(slip.right, slip.wrong)}


def renamed(answer: str) -> str:
    """The answer with other names for what its functions compute on the way."""
    tree = ast.parse(answer)
    inside = {
        node for one in _all(tree, ast.FunctionDef) for node in _all(one, ast.Name)
    }
    outside = {name.id for name in {*_all(tree, ast.Name)} - inside}
    kept = outside | {argument.arg for argument in _all(tree, ast.arg)}
    made = {name.id for name in inside if isinstance(name.ctx, ast.Store)} - kept
    for name in inside:
        if name.id in made:
            name.id = f"my_{name.id}"
    return ast.unparse(tree)


def _all(tree: ast.AST, kind: type[Node]) -> Iterator[Node]:
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def answered(
    lesson: Lesson, answers: Mapping[str, str], essay: str = ""
) -> NotebookNode:
    """The release with answers by grade id, and `essay` after each essay's text."""
    notebook: NotebookNode = nbformat.read(lesson.release, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(intake.grade_id(cell), cell.source)
        if intake.mark_of(cell) == "essay":
            cell.source += essay
    return notebook
