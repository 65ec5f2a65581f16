"""What is reckoned ahead of values: what is called certain is so, for all operands that are in their ranges."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reactflow.cells import Constant
from reactflow.cells.operators import SYMBOLS
from reactflow.flow.ranges import LARGE, Range, range_of_constant, range_of_operator, range_of_type

ONE_OPERAND = {operator.neg, operator.pos, operator.abs, operator.not_}
CALLS = {symbol: fn for fn, symbol in SYMBOLS.items() if symbol != "@" and fn not in ONE_OPERAND}


@st.composite
def operands(draw: st.DrawFn) -> tuple[Range, Any]:
    """A range, and a value in it."""
    kind = draw(st.sampled_from(["int", "float", "bool", "str"]))
    if kind == "str":
        return Range("str"), draw(st.text(st.characters(codec="utf-8"), max_size=3))
    if kind == "bool":
        return Range("bool", 1.0), draw(st.booleans())
    bound = draw(st.sampled_from([0.0, 1.0, 2.5, 1e10, 1e59, 1e60, 1e120, 1e299]))
    if kind == "int":
        return Range("int", bound), draw(st.integers(-int(bound), int(bound)))
    return Range("float", bound), draw(st.floats(-bound, bound))


@given(st.sampled_from(sorted(CALLS)), operands(), operands(), st.booleans())
@example("**", (Range("int", 9.9e179), 3), (Range("int", 2.0), 2), True)
@example("/", (Range("float", 1e60), 1e60), (Range("float", 1e-70), 1e-70), True)
def test_what_is_certain_neither_raises_nor_leaves_its_range(
    symbol: str, one: tuple[Range, Any], other: tuple[Range, Any], is_constant: bool
) -> None:
    (first, a), (second, b) = one, other
    if is_constant:
        constant = range_of_constant(b)
        assume(constant is not None)
        second = constant  # type: ignore[assignment]  # not None
    known, is_total = range_of_operator(symbol, [first, second], Constant(b) if is_constant else None)
    if is_total:
        assert known is not None
        held(known, CALLS[symbol](a, b))


@given(st.sampled_from(["-", "+", "abs", "not"]), operands())
def test_so_it_is_with_one_operand(symbol: str, one: tuple[Range, Any]) -> None:
    known, is_total = range_of_operator(symbol, [one[0]])
    if is_total:
        assert known is not None
        call: Any = {"-": lambda a: -a, "+": lambda a: +a, "abs": abs, "not": lambda a: not a}[symbol]
        held(known, call(one[1]))


def held(known: Range, value: Any) -> None:
    """Hold a value to a range."""
    assert type(value).__name__ == known.kind
    if known.kind in ("int", "float"):
        assert not isinstance(value, float) or math.isfinite(value)
        assert abs(value) <= known.bound * (1 + 1e-9)


def test_a_product_that_may_get_too_large_is_not_certain() -> None:
    assert range_of_operator("*", [Range("float", 1e200), Range("float", 1e200)]) == (
        Range("float", LARGE),
        False,
    )


def test_a_divisor_that_may_be_zero_is_not_certain_and_a_constant_one_is() -> None:
    number = Range("float", 10.0)
    assert not range_of_operator("/", [number, number])[1]
    assert range_of_operator("/", [number, Range("float", 4.0)], Constant(4.0)) == (Range("float", 2.5), True)
    assert not range_of_operator("/", [number, Range("float", 0.0)], Constant(0.0))[1]


@pytest.mark.parametrize("kind", [list, None, bytes, int | None])
def test_nothing_is_known_of_other_types(kind: object) -> None:
    assert range_of_type(kind) is None
