from __future__ import annotations

from typing import assert_type

import pytest

from reactflow import Cell, Unset, cell, effect
from reactflow.errors import DeclarationError


def test_writing_back_the_same_value_runs_nothing() -> None:
    ran: list[int] = []
    length = cell(1)
    assert_type(length, Cell[int])
    effect(lambda: ran.append(length.value))
    length.value = 1
    length.value = True
    assert ran == [1]


def test_a_cell_without_a_default_is_unset_until_written() -> None:
    height: Cell[float] = cell()
    with pytest.raises(Unset, match="'height' is unset: write it first"):
        height.value
    assert not height.is_set
    height.value = 2.0
    assert height.is_set


def test_a_mutable_default_is_copied() -> None:
    rows = [1]
    one, other = cell(rows), cell(rows)
    one.value.append(2)
    assert (rows, other.value) == ([1], [1])


def test_a_default_that_is_a_cell_and_an_equal_that_cannot_be_called_are_refused() -> None:
    length = cell(1)
    with pytest.raises(DeclarationError, match=r"cell\(length\): a default is a value"):
        cell(length)
    with pytest.raises(DeclarationError, match="equal=3 cannot be called"):
        cell(1, equal=3)  # type: ignore[call-overload]


def test_a_subscription_gets_errors_where_it_wants_them() -> None:
    ran: list[object] = []
    number = cell(1)
    inverse = number.map(lambda v: 1 / v)
    stop = inverse.subscribe(ran.append, lambda error: ran.append(type(error)))
    assert stop.name == "subscription of inverse"
    number.value = 0
    number.value = 2
    stop()
    with_value_only = inverse.subscribe(ran.append)
    with pytest.raises(ExceptionGroup):
        number.value = 0
    with_value_only()
    assert ran == [1.0, ZeroDivisionError, 0.5, 0.5]
