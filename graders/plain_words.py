"""What NumPy and Keras say when they refuse, in plain words that lead on."""

from __future__ import annotations

import re

MATMUL = r"mismatch in its core dimension.*\(size (\d+) is different from (\d+)\)"
WORDS = [
    (
        MATMUL,
        "In `left @ right` the last axis of the left must be as long as the last but "
        "one of the right; here they are {1} and {0}. Do the two stand in the right "
        "order, and does one need its last two axes swapped?",
    ),
    (
        r"shapes .* not aligned",
        "`np.dot` pairs every row of one array with every matrix of the other. For "
        "arrays with a batch, `@` works on the last two axes alone.",
    ),
    (
        r"truth value of an array",
        "An array has no single truth, and `if`, `not`, `and` and `or` ask for one. "
        "`~`, `&` and `|` go entry by entry; `if mask is not None:` asks whether there "
        "is a mask.",
    ),
    (
        r"could not be broadcast together|must be broadcastable|Incompatible shapes",
        "Shapes meet from their last axes: each pair must be equal, or one of them 1. "
        "A missing axis comes back as a 1: by `keepdims=True` where a sum or maximum "
        "lost it, by `np.newaxis` elsewhere.",
    ),
    (
        r"(too many|not enough) values to unpack",
        "A shape may have more axes than the names on the left of `=`. "
        "`shape[-1]` asks for the last one, however many there are.",
    ),
    (
        r"axes don't match array|axis \d+ is out of bounds",
        "The array has fewer or more axes here than this line counts on. "
        "Axes counted from the end (-1, -2) work for any number of them.",
    ),
    (
        r"index -?\d+ is out of bounds for axis (\d+) with size (\d+)",
        "Axis {0} is {1} long here. Which axis does this index count along?",
    ),
    (
        r"array split does not result in an equal division",
        "`np.split` cuts axis 0 where no other is named. Is that the axis whose length "
        "the parts divide?",
    ),
    (
        r"inhomogeneous shape",
        "A list becomes an array if its entries have one shape. Which has another?",
    ),
    (
        r"Tensor'? object has no attribute '(\w+)'",
        "Tensors have no `.{0}`. Is there an `ops.{0}`, and is the line NumPy's, in a "
        "function from above?",
    ),
    (
        r"object has no attribute '(w_\w+)'",
        "Is `self.{0}` set in `build`, under this very name?",
    ),
    (
        r"deserializing class.*missing \d+ required positional arguments?: '(\w+)'",
        "`get_config` tells what `__init__` is given. Where is its entry `{0}`?",
    ),
    (
        r"zero-size array to reduction",
        "Of an empty slice there is no largest number. Where does the loop begin?",
    ),
    (
        r"does not support item assignment",
        "This cannot be changed in place; `np.array(…)` makes an array of it that can.",
    ),
    (
        r"name '(\w+)' is not defined",
        "Nothing called `{0}` is there: is it spelled so, and has its cell been run?",
    ),
]


def plain_words(text: str) -> str:
    """A sentence on an exception's text, ready to follow it; "" if none is known."""
    for pattern, sentence in WORDS:
        if found := re.search(pattern, text, re.DOTALL):
            return ". " + sentence.format(*found.groups())
    return ""
