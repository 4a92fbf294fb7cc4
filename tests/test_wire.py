"""Whatever is written can be read, and whatever is dishonest is refused."""

import io
import json
import struct

import numpy as np
import pytest

from graders import wire
from graders.exercise import Case, Odd, Outcome, Problem


def block(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack("<II", len(text), len(body)) + text + body


@pytest.mark.parametrize("dtype", ["?", "i4", "i8", "u1", "f2", "f4", "f8", ">f8"])
def test_an_array_arrives_with_its_shape_dtype_and_numbers(dtype):
    array = np.arange(6).reshape(3, 1, 2).astype(dtype)
    arrived = wire.unpack(wire.pack(array))
    assert arrived.shape == array.shape
    assert arrived.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(arrived, array)


def test_a_number_without_axes_stays_without_axes():
    assert wire.unpack(wire.pack(np.float64(2.0))).shape == ()


def test_an_outcome_arrives_whole():
    problem = Problem(("ValueError", "Exception"), "no", "x = 1", "line 2 of f", True)
    values = (np.ones(2, "f4"), Odd("str", "more"))
    for sent in (Outcome(problem=problem), Outcome(values, 2, None, ("query",))):
        got = wire.unpack(wire.pack([sent]))[0]
        assert (got.problem, got.count, got.changed) == (
            sent.problem,
            sent.count,
            sent.changed,
        )
        assert repr(got.values) == repr(sent.values)


def test_a_case_arrives_whole():
    got = wire.unpack(wire.pack(Case("two", query=np.eye(2), axis=-1, mask=None)))
    assert (got.name, got.axis, got.mask) == ("two", -1, None)
    assert np.array_equal(got.query, np.eye(2))


def test_blocks_follow_each_other_in_a_stream():
    stream = io.BytesIO()
    wire.write(stream, [1])
    wire.write(stream, {"a": np.zeros(3)})
    stream.seek(0)
    assert wire.read(stream) == [1]
    assert wire.read(stream)["a"].shape == (3,)


def test_half_a_character_arrives_as_a_whole_one():
    sent = {"error": "\ud83d", "outcome": Outcome(problem=Problem(("E",), "\ud83d"))}
    got = wire.unpack(wire.pack(sent))
    assert (got["error"], got["outcome"].problem.text) == ("?", "?")


def test_what_is_no_data_is_not_written():
    with pytest.raises(wire.WireError, match="a function does not travel"):
        wire.pack(lambda: 1)


DISHONEST = {
    "too short": b"\x00",
    "cut off": wire.pack(np.ones(3))[:-1],
    "longer than it says": wire.pack(1) + b"x",
    "no JSON": struct.pack("<II", 1, 0) + b"{",
    "objects": block({"array": ["|O", [1], 0]}, b"12345678"),
    "more than its bytes": block({"array": ["<f8", [2], 0]}, b"12345678"),
    "an overflowing shape": block({"array": ["<f8", [2**62, 4], 0]}, b"12345678"),
    "a negative length": block({"array": ["<f8", [-1], 0]}, b"12345678"),
    "a negative place": block({"array": ["<f8", [1], -8]}, b"12345678"),
    "the same bytes twice": block([{"array": ["<f8", [1], 0]}] * 2, b"12345678"),
    "an enormous shape": block({"array": ["<f8", [10**30, 0], 0]}),
    "a length that is no number": block({"array": ["<f8", [True], 0]}, b"12345678"),
    "an unknown tag": block({"pickle": "…"}),
    "two tags": block({"odd": ["a", ""], "dict": []}),
    "an outcome without parts": block({"outcome": []}),
    "an outcome of numbers": block({"outcome": [[1], 1, None, []]}),
    "deep nesting": struct.pack("<II", 200_000, 0) + b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("data", DISHONEST.values(), ids=DISHONEST)
def test_a_dishonest_block_is_refused(data):
    with pytest.raises(wire.WireError):
        wire.unpack(data)


def test_a_block_too_large_is_refused_before_it_is_read():
    with pytest.raises(wire.WireError, match="too large"):
        wire.read(io.BytesIO(struct.pack("<II", 10, 2**31)))


def test_a_stream_that_ends_says_so():
    with pytest.raises(EOFError):
        wire.read(io.BytesIO(wire.pack(1)[:-1]))
