"""What a mutable value holds, as a number: to find out whether it was changed in place, or only looks changed.

The cost is bounded: ``ITEMS`` elements of containers, ``DEPTH`` levels of nesting, ``BYTES`` bytes of arrays, the rest
is sampled or left out, so that a change there may be missed. Equal content gives equal numbers within one process.
numpy and pandas are looked at only if somebody has imported them.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from collections.abc import Iterable
from typing import Any

ITEMS = 10_000
DEPTH = 8
BYTES = 1 << 24  # of one array; of a larger one as many, in evenly spaced pieces
_PIECES = 64

_PLAIN = (int, float, complex, bool, str, bytes, type(None))
_ORDERED = (list, tuple, deque)
_UNORDERED = (set, frozenset)


class _Bound:
    """What is left of the elements that may be looked at."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = ITEMS


def kind_of_mutable(value: object) -> str:
    """What a value is that can be changed in place, in a word; empty for all others.

    >>> kind_of_mutable([1]), kind_of_mutable((1, 2)), kind_of_mutable(({},)), kind_of_mutable(3.0)
    ('list', '', 'tuple', '')
    """
    kind = type(value)
    if isinstance(value, _PLAIN):
        return ""
    if isinstance(value, (list, dict, set, bytearray, deque, array)) or _is_array(value) or _is_frame(value):
        return kind.__name__
    if isinstance(value, tuple):
        return kind.__name__ if any(kind_of_mutable(one) for one in value[:ITEMS]) else ""
    return kind.__name__ if _is_open(value) else ""


def fingerprint(value: object) -> int:
    """A number of what a value holds; other values have another one, but for a few in 2 to the power of 61.

    Elements whose type is not known here count by their identity.

    >>> fingerprint([1, {"a": 2}]) == fingerprint([1, {"a": 2}]) != fingerprint([1, {"a": 3}])
    True
    """
    return _number(value, DEPTH, _Bound())


def _number(value: Any, depth: int, bound: _Bound) -> int:
    kind = type(value)
    if isinstance(value, _PLAIN):
        return hash((kind, value))
    bound.left -= 1
    if depth == 0 or bound.left < 0:
        return hash(kind)
    if isinstance(value, _ORDERED):
        return hash((kind, len(value), *_some(value, depth, bound)))
    if isinstance(value, dict):
        pairs = ((_number(key, depth - 1, bound), one) for key, one in value.items())
        return hash(
            (
                kind,
                len(value),
                *(hash((key, _number(one, depth - 1, bound))) for key, one in _first(pairs, bound)),
            )
        )
    if isinstance(value, _UNORDERED):
        return hash((kind, len(value), frozenset(_some(value, depth, bound))))
    if isinstance(value, (bytearray, array, memoryview)):
        return hash((kind, len(value), _bytes(memoryview(value).cast("B"))))
    if _is_array(value):
        return hash((kind, value.shape, value.dtype.str, _array(value, depth, bound)))
    if _is_frame(value):
        return hash((kind, _frame(value, depth, bound)))
    if _is_open(value):
        return hash((kind, _number(vars(value), depth - 1, bound)))
    return hash((kind, id(value)))


def _first(pairs: Iterable[Any], bound: _Bound) -> Iterable[Any]:
    for one in pairs:
        if bound.left < 0:
            return
        yield one


def _some(values: Iterable[Any], depth: int, bound: _Bound) -> list[int]:
    numbers = []
    for one in values:
        bound.left -= 1
        if bound.left < 0:
            break
        numbers.append(_number(one, depth - 1, bound))
    return numbers


def _bytes(view: memoryview) -> int:
    """A hash of bytes; of many only evenly spaced pieces."""
    if len(view) <= BYTES:
        return hash(view.tobytes())
    size, step = BYTES // _PIECES, len(view) // _PIECES
    return hash(tuple(view[at * step : at * step + size].tobytes() for at in range(_PIECES)))


def _array(value: Any, depth: int, bound: _Bound) -> int:
    if value.dtype.hasobject:
        return hash(tuple(_some(value.flat, depth, bound)))
    if value.nbytes <= BYTES:
        return hash(value.tobytes())
    if value.flags.c_contiguous:
        return _bytes(memoryview(value.reshape(-1)).cast("B"))
    step = -(-value.nbytes // BYTES)
    return hash(value[::step].tobytes())


def _frame(value: Any, depth: int, bound: _Bound) -> int:
    """A data frame, a series or an index: its labels and each column's array."""
    if not hasattr(value, "index") or callable(value.index):  # an index itself
        return _number(value.to_numpy(), depth - 1, bound)
    parts = [_number(value.index.to_numpy(), depth - 1, bound)]
    if hasattr(value, "columns"):
        parts.append(_number(value.columns.to_numpy(), depth - 1, bound))
        columns = (value.iloc[:, place] for place in range(value.shape[1]))
        parts += [_number(one.to_numpy(), depth - 1, bound) for one in _first(columns, bound)]
    else:
        parts.append(_number(value.to_numpy(), depth - 1, bound))
    return hash(tuple(parts))


def _is_array(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, getattr(numpy, "ndarray", ()))


def _is_frame(value: object) -> bool:
    pandas = sys.modules.get("pandas")
    kinds = (getattr(pandas, name, None) for name in ("DataFrame", "Series", "Index"))
    return pandas is not None and isinstance(value, tuple(one for one in kinds if one is not None))


def _is_open(value: object) -> bool:
    """Whether an object is a data class whose fields can be set."""
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and not parameters.frozen and hasattr(value, "__dict__")
