"""What is known of a value before it is there: its class, and how large it can be.

Straight-line code leaves a check out where it cannot fail. A cell's value has to be checked after every event, since it
may be what cannot be stored (NaN, an infinity), and a function may raise. But sums and products of numbers that are not
huge can do neither. So sources are compared once with ``LARGE``, and from there the size of what operators make of them
is reckoned ahead, in the manner of interval arithmetic: where a *range* is known, nothing can go wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from reactflow.cells import Constant

LARGE = 1e60
"""What is not known to be smaller, and is, is left to the general way of applying an event."""
_SAFE = 1e300  # far from where floats end
_NUMBERS = ("int", "float", "bool")
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


class Range(NamedTuple):
    """The class of a value, by name, and the largest magnitude of a number; a str is ASCII."""

    kind: str
    bound: float = 0.0


def range_of_type(kind: object) -> Range | None:
    """The range that values of a declared type are held to.

    >>> range_of_type(float), range_of_type(list)
    (Range(kind='float', bound=1e+60), None)
    """
    if kind is bool:
        return Range("bool", 1.0)
    if kind is int or kind is float:
        return Range(kind.__name__, LARGE)
    return Range("str") if kind is str else None


def range_of_constant(value: object) -> Range | None:
    """The range of an argument that is no cell.

    >>> range_of_constant(2), range_of_constant(None)
    (Range(kind='int', bound=2.0), None)
    """
    kind = type(value)
    if kind is bool or kind is int or kind is float:
        fits = -LARGE < value < LARGE  # type: ignore[operator]  # a number
        return Range(kind.__name__, abs(float(value))) if fits else None  # type: ignore[arg-type]  # as above
    return Range("str") if kind is str and value.isascii() else None  # type: ignore[attr-defined]  # a str


def is_number(known: Range | None) -> bool:
    """Whether a range is one of int or float."""
    return known is not None and known.kind in ("int", "float")


def range_of_operator(
    symbol: str, operands: Sequence[Range | None], constant: Constant | None = None
) -> tuple[Range | None, bool]:
    """The range of what an operator makes, and whether it can neither raise nor leave it.

    ``constant`` is the right operand when that is one. A range that is not certain holds if the value is within LARGE.

    >>> range_of_operator("*", [Range("float", 10.0), Range("int", 2.0)])
    (Range(kind='float', bound=20.0), True)
    >>> range_of_operator("/", [Range("float", 10.0), Range("float", 2.0)])
    (Range(kind='float', bound=1e+60), False)
    """
    if None in operands:
        return None, False
    known = [one for one in operands if one is not None]
    kinds = {one.kind for one in known}
    if symbol == "not" or symbol in ("==", "!="):
        return Range("bool", 1.0), True
    if symbol in _COMPARISONS:
        fits = kinds == {"str"} or "str" not in kinds
        return (Range("bool", 1.0), True) if fits else (None, False)
    if symbol in ("and", "or"):
        return (
            (Range(known[0].kind, max(one.bound for one in known)), True)
            if len(kinds) == 1
            else (None, False)
        )
    if kinds == {"str"}:
        return (Range("str"), True) if symbol == "+" and len(known) == 2 else (None, False)
    if "str" in kinds:
        return None, False
    return _arithmetic(symbol, known, constant)


def _arithmetic(symbol: str, known: Sequence[Range], constant: Constant | None) -> tuple[Range | None, bool]:
    kind = "float" if any(one.kind == "float" for one in known) else "int"
    first, second = known[0].bound, known[-1].bound
    if len(known) == 1:
        return Range(kind, first), True  # -, + and abs
    if symbol in ("+", "-"):
        return _within(kind, first + second)
    if symbol == "*":
        return _within(kind, first * second)
    divisor = abs(constant.value) if constant is not None and type(constant.value) in (int, float) else 0
    if symbol == "/":
        return _within("float", first / divisor) if divisor > 1 / LARGE else (Range("float", LARGE), False)
    if symbol == "//":
        return _within(kind, first / divisor + 1) if divisor > 1 / LARGE else (Range(kind, LARGE), False)
    if symbol == "%":
        return _within(kind, divisor) if divisor > 1 / LARGE else (Range(kind, LARGE), False)
    if symbol == "**" and constant is not None and type(constant.value) is int and 1 <= constant.value <= 4:
        return _within(
            kind, prod([first] * constant.value)
        )  # of floats, ** would raise where this is infinite
    return None, False


def _within(kind: str, bound: float) -> tuple[Range, bool]:
    return (Range(kind, bound), True) if bound < _SAFE else (Range(kind, LARGE), False)
