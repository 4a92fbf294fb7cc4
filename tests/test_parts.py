"""A finished part is a program of its own that does what its module does."""

import pytest

from graders import registry
from graders.oracle import resolve
from graders.parts import finished

USES = {
    path
    for noun in registry.nouns()
    for exercise in registry.exercises(noun).values()
    for path in exercise.uses.values()
}


@pytest.mark.parametrize("path", sorted(USES))
def test_a_part_stands_alone(path):
    ((source, attribute),) = finished({"part": path}).values()
    names = {}
    exec(compile(source, "finished.py", "exec"), names)
    assert names[attribute].__doc__ == resolve(path).__doc__
