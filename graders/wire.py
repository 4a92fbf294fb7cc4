"""Cases and outcomes as bytes, for the pipe to the child and for the stored keys.

A block is a JSON header and the raw bytes of its arrays, each length-prefixed. Nothing
is ever pickled. Reading trusts nothing: dtypes come from a list, the bytes must match
the shape, sizes are capped.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

from graders.exercise import Case, Odd, Outcome, Problem

KINDS = (
    "|b1",
    "|i1",
    "<i2",
    "<i4",
    "<i8",
    "|u1",
    "<u2",
    "<u4",
    "<u8",
    "<f2",
    "<f4",
    "<f8",
)
DTYPES = {kind: np.dtype(kind) for kind in KINDS}
MAX_HEADER = 1 << 20
MAX_BODY = 64 << 20
LENGTHS = struct.Struct("<II")


class WireError(ValueError):
    """The bytes are not a block that this module could have written."""


def pack(document: Any) -> bytes:
    """A block from JSON-like data that may hold arrays, cases and outcomes.

    Raises:
        WireError: If it is larger than a reader accepts.
    """
    arrays: list[bytes] = []
    header = json.dumps(_plain(document, arrays), separators=(",", ":")).encode()
    body = b"".join(arrays)
    if len(header) > MAX_HEADER:
        raise WireError(f"{len(header):,} bytes are more than a block's header holds.")
    return LENGTHS.pack(len(header), len(body)) + header + body


def unpack(block: bytes) -> Any:
    """The data of one block.

    Raises:
        WireError: If the block is damaged or dishonest.
    """
    if len(block) < LENGTHS.size:
        raise WireError("the block is shorter than its lengths.")
    header, body = LENGTHS.unpack_from(block)
    if len(block) != LENGTHS.size + header + body:
        raise WireError("the block is not as long as it says.")
    start = LENGTHS.size + header
    try:
        document = json.loads(block[LENGTHS.size : start])
        return _rich(document, BytesIO(block[start:]))
    except WireError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"the block cannot be read: {error}") from None


def write(stream: BinaryIO, document: Any) -> None:
    """Writes one block and flushes it."""
    stream.write(pack(document))
    stream.flush()


def read(stream: BinaryIO) -> Any:
    """Reads one block.

    Raises:
        EOFError: If the other side has gone.
        WireError: If the block is damaged, dishonest or too large.
    """
    lengths = _exactly(stream, LENGTHS.size)
    header, body = LENGTHS.unpack(lengths)
    if header > MAX_HEADER or body > MAX_BODY:
        raise WireError(f"a block of {header + body:,} bytes is too large.")
    return unpack(lengths + _exactly(stream, header + body))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = stream.read(size - len(data))
        if not chunk:
            raise EOFError(f"the other side went after {len(data)} of {size} bytes.")
        data += chunk
    return bytes(data)


# ------------------------------------------------------------------- to plain JSON


def _plain(item: Any, arrays: list[bytes]) -> Any:
    if isinstance(item, np.ndarray | np.generic):
        array = np.asarray(item, order="C")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype.str not in DTYPES:
            raise WireError(f"arrays of {array.dtype} do not travel.")
        start = sum(map(len, arrays))
        if start + array.nbytes > MAX_BODY:
            raise WireError(f"{array.nbytes:,} bytes are more than a block holds.")
        arrays.append(array.tobytes())
        return {"array": [array.dtype.str, list(array.shape), start]}
    if isinstance(item, Case):
        return {"case": [item.name, _plain(dict(item.inputs), arrays)]}
    if isinstance(item, Odd):
        return {"odd": [item.type, item.text]}
    if isinstance(item, Problem):
        return {"problem": [item.types, item.text, item.line, item.where, item.binding]}
    if isinstance(item, Outcome):
        parts = [item.values, item.count, item.problem, item.changed]
        return {"outcome": [_plain(part, arrays) for part in parts]}
    if isinstance(item, dict):
        return {"dict": [[k, _plain(v, arrays)] for k, v in item.items()]}
    if isinstance(item, Sequence) and not isinstance(item, str):
        return [_plain(part, arrays) for part in item]
    if item is None or isinstance(item, bool | int | float | str):
        return item
    raise WireError(f"a {type(item).__name__} does not travel.")


# ----------------------------------------------------------------- from plain JSON


def _rich(item: Any, body: BytesIO) -> Any:
    if isinstance(item, list):
        return [_rich(part, body) for part in item]
    if isinstance(item, str):
        return _text(item)
    if not isinstance(item, dict):
        return item
    ((tag, content),) = item.items()
    return READERS[tag](content, body)


def _array(content: Any, body: BytesIO) -> np.ndarray:
    """The next array: each begins where the one before ends, so none is read twice."""
    code, shape, start = content
    if code not in DTYPES or len(shape) > 32:
        raise WireError(f"{code!r} of {len(shape)} axes is not accepted.")
    if any(type(n) is not int or n < 0 for n in shape) or start != body.tell():
        raise WireError(f"the shape {shape} or its place {start} is no shape or place.")
    size = math.prod(shape) * DTYPES[code].itemsize
    if size > MAX_BODY or len(data := body.read(size)) < size:
        raise WireError(f"an array of shape {shape} does not fit its bytes.")
    return np.frombuffer(data, DTYPES[code]).reshape(shape).copy()


def _case(content: Any, body: BytesIO) -> Case:
    return Case(_text(content[0]), **_rich(content[1], body))


def _odd(content: Any, body: BytesIO) -> Odd:
    return Odd(_text(content[0]), _text(content[1]))


def _problem(content: Any, body: BytesIO) -> Problem:
    types, text, line, where, binding = content
    names = tuple(_text(name) for name in types)
    return Problem(names, _text(text), _text(line), _text(where), binding is True)


def _outcome(content: Any, body: BytesIO) -> Outcome:
    values, count, problem, changed = (_rich(part, body) for part in content)
    if not all(isinstance(value, np.ndarray | Odd) for value in values):
        raise WireError("a returned value is neither an array nor a type's name.")
    if not isinstance(problem, Problem | None) or type(count) is not int:
        raise WireError("an outcome's problem or count is none.")
    return Outcome(tuple(values), count, problem, tuple(_text(c) for c in changed))


def _dict(content: Any, body: BytesIO) -> dict[str, Any]:
    return {_text(key): _rich(value, body) for key, value in content}


def _text(item: Any) -> str:
    if not isinstance(item, str):
        raise WireError(f"expected text, found a {type(item).__name__}.")
    return item.encode(errors="replace").decode()  # no halves of characters


READERS = {
    "array": _array,
    "case": _case,
    "odd": _odd,
    "problem": _problem,
    "outcome": _outcome,
    "dict": _dict,
}
