"""What NumPy says, provoked for real, is explained in plain words."""

import operator

import numpy as np
import pytest

from graders.plain_words import plain_words

A, B = np.ones((2, 3, 4)), np.ones((2, 5, 4))


def unpacks():
    q, d = A.shape
    return q + d


PROVOKED = {
    "a product that does not fit": (lambda: A @ B, "here they are 4 and 5"),
    "np.dot": (lambda: np.dot(A, B), "`@` works on the last two axes"),
    "a mask asked for its truth": (lambda: 1 if A > 0 else 0, "if mask is not None:"),
    "a sum that lost its axis": (lambda: A / A.sum(axis=1), "`keepdims=True`"),
    "too many axes to unpack": (unpacks, "`shape[-1]` asks for the last one"),
    "an axis that is not there": (lambda: np.swapaxes(A, 1, 3), "Axes counted from"),
    "an index along another axis": (lambda: A[2], "Axis 0 is 2 long here"),
    "a split of the wrong axis": (lambda: np.split(A, 3), "`np.split` cuts axis 0"),
    "arrays of two shapes": (lambda: np.array([1.0, A]), "its entries have one shape"),
    "the largest of nothing": (lambda: A[:0].max(), "Of an empty slice"),
    "an assignment": (lambda: operator.setitem((1, 2), 0, 3), "`np.array(…)` makes"),
    "a name that is not there": (lambda: sofmax, "Nothing called `sofmax`"),  # noqa: F821
}


@pytest.mark.parametrize(("wrong", "words"), PROVOKED.values(), ids=PROVOKED)
def test_what_numpy_says_is_said_in_plain_words(wrong, words):
    with pytest.raises((ValueError, IndexError, NameError, TypeError)) as raised:
        wrong()
    assert words in plain_words(str(raised.value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EagerTensor object has no attribute 'reshape'.", "Is there an `ops.reshape`"),
        ("'SymbolicTensor' object has no attribute 'sum'", "Is there an `ops.sum`"),
        ("'Layer' object has no attribute 'w_key'", "Is `self.w_key` set in `build`"),
        (
            "Error when deserializing class 'Layer' using config={'name': 'layer'}.\n"
            "__init__() missing 1 required positional argument: 'num_heads'",
            "Where is its entry `num_heads`?",
        ),
    ],
)
def test_what_keras_says_is_said_in_plain_words(text, words):
    assert words in plain_words(text)


def test_of_what_is_not_known_nothing_is_said():
    assert plain_words("division by zero") == ""
