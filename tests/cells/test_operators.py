from __future__ import annotations

import operator
from typing import Any, assert_type

import pytest

from reactflow import Derived, cell


def test_operators_build_derived_cells_with_types() -> None:
    whole, real, text = cell(7), cell(2.5), cell("a")
    assert_type(whole * whole, Derived[int])
    assert_type(whole * 2, Derived[int])
    assert_type(2 * whole, Derived[int])
    assert_type(whole * real, Derived[float])
    assert_type(real * 2, Derived[float])
    assert_type(2.0 + whole, Derived[float])
    assert_type(whole / 2, Derived[float])
    assert_type(text + "b", Derived[str])
    assert_type(-whole, Derived[int])
    assert_type(whole < 3, Derived[bool])
    assert_type(whole.eq(7), Derived[bool])
    assert_type((whole * real).value, float)
    assert (whole * real).value == 17.5


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge"]
)
def test_every_binary_operator_works_on_either_side(name: str) -> None:
    fn: Any = getattr(operator, name)
    assert fn(cell(7), cell(2)).value == fn(cell(7), 2).value == fn(7, cell(2)).value == fn(7, 2)


def test_unary_operators_and_methods() -> None:
    seven = cell(-7)
    assert [(-seven).value, (+seven).value, abs(seven).value] == [7, -7, 7]
    assert [seven.eq(-7).value, seven.ne(-7).value, seven.not_().value] == [True, False, False]
    assert [seven.and_(cell(0)).value, cell(0).or_(seven).value] == [0, -7]


def test_equality_and_hash_stay_identity_and_truth_raises() -> None:
    one, other = cell(1, name="one"), cell(1)
    assert one != other
    assert one == one  # identity
    assert {one: 1, other: 2}[one] == 1
    with pytest.raises(TypeError, match=r"'one'.*use \.value"):
        bool(one)
    with pytest.raises(TypeError):
        iter(one)  # type: ignore[call-overload]


def test_shifts_are_not_value_operators() -> None:
    with pytest.raises(TypeError):
        cell(1) >> 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        cell(1) << 1  # type: ignore[operator]
