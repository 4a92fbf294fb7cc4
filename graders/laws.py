"""Laws of attention's weights `(..., q, k)`, which several lessons hold answers to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graders.exercise import Case, Law

SLACK = 1e-4  # a law speaks of what is plainly broken; the numbers are judged after it
Values = Mapping[str, np.ndarray]


def sums_to_one(case: Case, values: Values) -> str | None:
    """Along the case's `axis`, the last one if it has none."""
    weights = values["weights"]
    axis = getattr(case, "axis", -1) % weights.ndim
    sums = weights.sum(axis=axis)
    wrong = np.argwhere(np.abs(sums - 1) > SLACK)
    if not len(wrong):
        return None
    place = [str(i) for i in wrong[0]]
    place.insert(axis, ":")
    return f"weights[{', '.join(place)}] sums to {sums[tuple(wrong[0])]:.6g}"


def not_negative(case: Case, values: Values) -> str | None:
    lowest = values["weights"].min()
    return f"the smallest is {lowest:.3g}" if lowest < -SLACK else None


def blocked_is_zero(case: Case, values: Values) -> str | None:
    weights = values["weights"]
    may_attend = np.broadcast_to(case.mask, weights.shape)
    wrong = np.argwhere(~may_attend & (np.abs(weights) > SLACK))
    if not len(wrong):
        return None
    at = tuple(int(i) for i in wrong[0])
    place = ", ".join(map(str, at))
    return f"weights[{place}] is {weights[at]:.3g}, where mask is False"


SUMS = Law("each row of weights should sum to 1 over the keys (last axis)", sums_to_one)
POSITIVE = Law("no weight should be negative", not_negative)
BLOCKED = Law("a blocked key should have weight 0", blocked_is_zero)
