from __future__ import annotations

import operator
from typing import Any, assert_type

import pytest

from reactflow import Derived, cell, derived, effect, fold, folds, pulse
from tests.cells.heat import Heat, Log, cold_and_hot


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


def test_equality_and_hash_are_identity_for_every_kind_of_cell() -> None:
    length, reading = cell(1), pulse()
    kinds: list[Any] = [
        length, cell(1), length + 1, length.map(abs), derived(lambda: length.value), reading, reading.hold(1),
        length.changes(), fold(reading, folds.sum),
    ]  # fmt: skip
    for at, one in enumerate(kinds):
        assert [one == other for other in kinds] == [at == place for place in range(len(kinds))]
        assert (one != 1, one in kinds, kinds.index(one), hash(one) == hash(one)) == (True, True, at, True)
    hashes = {one: hash(one) for one in kinds}
    length.value = 2
    reading.emit(2)
    assert {one: hash(one) for one in kinds} == hashes


def test_the_truth_of_every_kind_of_cell_raises_and_says_what_to_use() -> None:
    length = cell(1, name="length")
    reading = pulse(name="length")
    for one in (
        length,
        length.map(bool, name="length"),
        derived(lambda: length.value, name="length"),
        reading,
    ):
        for ask in (bool, lambda one: not one, lambda one: one and 1, lambda one: 1 if one else 2, all_of):
            with pytest.raises(TypeError, match=r"truth of cell 'length' .* use \.value \(or \.and_\(\)"):
                ask(one)
    with pytest.raises(TypeError):
        print(0 < length < 2)  # a chain of comparisons asks for the truth of the first


def all_of(one: Any) -> bool:
    return all([one])


@cold_and_hot
def test_comparisons_and_logic_are_derived_cells_that_follow(heat: Heat) -> None:
    ran = Log()
    one, other = cell(1), cell(2)
    results: list[Derived[Any]] = [
        one < other, one <= other, one > other, one >= other, one.eq(other), one.ne(other), one.and_(other),
        one.or_(other), one.not_(), one < 2, one.eq(1),
    ]  # fmt: skip
    effect(lambda: ran.append([each.value for each in results]))
    heat(one, 2, 3)
    heat(other, 2, 3)
    for _ in heat.rounds():
        ran.take()
        one.value = 2
        assert ran.take() == [[False, True, False, True, True, False, 2, 2, False, False, False]]
        one.value = 0
        assert ran.take() == [[True, True, False, False, False, True, 0, 2, True, True, False]]
        one.value = 1


def test_shifts_of_cells_with_cells_and_values_are_refused_on_either_side() -> None:
    length, reading = cell(1), pulse()
    for one in (length, length + 1, reading):
        for other in (1, length, print):
            for shift in (operator.rshift, operator.lshift):
                with pytest.raises(TypeError, match="unsupported operand"):
                    shift(one, other)
                with pytest.raises(TypeError, match="unsupported operand"):
                    shift(other, one)


@cold_and_hot
def test_operators_of_one_cell_with_itself_and_of_pulses_with_cells(heat: Heat) -> None:
    ran = Log()
    length, reading = cell(3), pulse()
    square, none = length * length, length - length
    priced = reading * length
    effect(lambda: ran.append((square.value, none.value)))
    priced.subscribe(ran.append)
    heat(length, 4, 5)
    for _ in heat.rounds():
        ran.take()
        length.value = 5
        reading.emit(10)
        length.value = 3
        assert ran.take() == [(25, 0), 50, (9, 0)]


def test_an_array_on_the_left_is_an_operand_like_any_other() -> None:
    np = pytest.importorskip("numpy")
    length = cell(2.0)
    doubled = np.array([1.0, 2.0]) * length
    assert isinstance(doubled, Derived)
    assert doubled.value.tolist() == [2.0, 4.0]
