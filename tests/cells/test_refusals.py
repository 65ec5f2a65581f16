"""What a cell refuses, and what it says to write instead."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reactflow import Cell, Derived, Pulse, batch, cell, pulse
from reactflow.errors import DeclarationError, ReadOnlyError

names: Any = cell(["Ada"])
other: Any = cell(2)
double: Any = other * 2
reading: Any = pulse()


def _set_item(one: Any) -> None:
    one[0] = "Alan"


def _unpack(one: Any) -> Any:
    first, second = one
    return first, second


@pytest.mark.parametrize(
    ("use", "remedy"),
    [
        (lambda one: f"{one:.2f}", r"takes no format '.2f'.* \.value, or \.map\('\{:\.2f\}'\.format\)"),
        (len, r"has no length.* \.value, or \.map\(len\)"),
        (lambda one: one[0], r"has no items.* \.value"),
        (iter, r"has no items.* \.value .*go through"),
        (lambda one: [each for each in one], r"has no items.* \.value .*go through"),  # noqa: C416  # that is what is refused
        (lambda one: 3 in one, r"has no items.* \.value"),
        (_unpack, r"has no items.* \.value"),
        (_set_item, r"has no items.* write a new one to \.value"),
        (lambda one: operator.delitem(one, 0), r"has no items.* write a new one to \.value"),
        (float, r"is no number.* \.value, or \.map\(float\)"),
        (int, r"is no number.* \.value, or \.map\(int\)"),
        (complex, r"is no number.* \.value, or \.map\(complex\)"),
        (math.sqrt, r"is no number.* \.value, or \.map"),
        (math.floor, r"is no number.* \.value, or \.map\(math.floor\)"),
        (math.ceil, r"is no number.* \.value, or \.map\(math.ceil\)"),
        (math.trunc, r"is no number.* \.value, or \.map\(math.trunc\)"),
        (range, r"is no number.* \.value"),
        (round, r"is no number.* \.value, or \.map\(round\)"),
        (lambda one: round(one, 1), r"is no number.* \.map\(lambda value: round\(value, 1\)\)"),
        (lambda one: one & other, r"has no '&': use \.and_\(\) .*operator\.and_"),
        (lambda one: 1 & one, r"has no '&': use \.and_\(\)"),
        (lambda one: one | other, r"has no '\|': use \.or_\(\) .*operator\.or_"),
        (lambda one: one ^ other, r"has no '\^': use \.ne\(\) .*operator\.xor"),
        (lambda one: ~one, r"has no '~': use \.not_\(\) .*operator\.invert"),
        (bool, r"the truth of .* use \.value \(or \.and_\(\), \.or_\(\), \.not_\(\)\)"),
    ],
)
def test_what_is_taken_for_its_value_names_itself_and_what_to_write(
    use: Callable[[Any], object], remedy: str
) -> None:
    for one, name in ((names, "names"), (double, "double"), (reading, "reading")):
        with pytest.raises(TypeError, match=remedy) as caught:
            use(one)
        assert f"cell {name!r}" in str(caught.value)


def test_what_sets_a_cell_or_emits_something_else_than_a_pulse_is_told_how_to_write() -> None:
    with pytest.raises(AttributeError, match=r"^cell 'other' has no set\(\): write to \.value$"):
        other.set(3)
    with pytest.raises(
        AttributeError, match=r"^cell 'other' has no emit\(\): write to \.value, or .* pulse\(\)$"
    ):
        other.emit(3)
    with pytest.raises(AttributeError, match=r"^cell 'other' has no get\(\): use \.value, or \.peek\(\)$"):
        other.get()
    with pytest.raises(AttributeError, match=r"^pulse 'reading' has no set\(\): use \.emit\(\)$"):
        reading.set(3)
    with pytest.raises(
        ReadOnlyError, match=r"^'reading' is a pulse: it is not written but occurs, with \.emit\(\)$"
    ):
        reading.value = 3
    for method in ("set", "emit"):
        with pytest.raises(ReadOnlyError, match=r"^'double' is derived: .* Write those instead$"):
            getattr(double, method)(3)


def test_what_is_refused_is_not_offered() -> None:
    for one in (other, double, reading):
        assert not hasattr(one, "set")
        assert "set" not in dir(one)
    assert hasattr(reading, "emit")
    assert "emit" in dir(reading)
    assert "emit" not in dir(other)
    assert "value" in dir(other)


def test_a_cell_stays_one_thing_to_what_asks_for_many() -> None:
    assert not np.iterable(other)
    assert not callable(other)
    assert f"{other}" == str(other) == "<cell other: 2>"
    assert np.array([other, double]).tolist() == [other, double]
    assert (np.float64(2) * other).value == 4.0


def test_a_cell_in_place_of_its_value_is_refused_and_nothing_is_written() -> None:
    length, width = cell(3.0), cell(4.0)
    double = length * 2
    seen: list[float] = []
    stop = double.subscribe(seen.append)
    with pytest.raises(
        DeclarationError,
        match=r"^length\.value = width: 'width' is a cell, not a value: give its \.value, or follow it, "
        r"length\.bind\(width\)$",
    ):
        length.value = width  # type: ignore[assignment]  # what is refused
    with batch():
        length.value = 5.0
        with pytest.raises(DeclarationError, match=r"^length\.value = double"):
            length.value = double  # type: ignore[assignment]  # what is refused
        length.value = 4.0
    with pytest.raises(DeclarationError, match=r"^reading\.emit\(width\): .* reading\.bind\(width\)$"):
        reading.emit(width)
    following = length.bind(width)
    width.value = 7.0
    following.dispose()
    stop()
    assert seen == [6.0, 8.0, 14.0]


def test_a_cell_may_hold_what_stops_an_effect_and_a_cell_that_it_chose() -> None:
    size = cell(3)
    stop: Any = cell(None)
    stop.value = size.subscribe(lambda value: None)
    stop.value()
    chosen: Any = cell()
    chosen.value = size
    chosen.value = other
    assert chosen.value is other


@pytest.mark.parametrize(
    ("make", "remedy"),
    [(lambda: Cell(1.0), r"cell\(3\.0\)"), (lambda: Derived(max), r"derived\("), (Pulse, r"pulse\(\)")],
)
def test_the_types_of_cells_are_not_what_makes_them(make: Callable[[], object], remedy: str) -> None:
    with pytest.raises(
        DeclarationError, match=rf"is the type of a cell, for annotations; make one with {remedy}"
    ):
        make()


def test_a_function_of_numpy_says_how_to_derive_with_it() -> None:
    cases: list[tuple[Callable[[], object], str]] = [
        (
            lambda: np.sqrt(other),
            r"^numpy\.sqrt takes values, and 'other' is a cell: .* \.map\(numpy\.sqrt\)$",
        ),
        (lambda: np.hypot(other, double), r"^numpy\.hypot .* or derived\(numpy\.hypot, other, double\)$"),
        (lambda: np.add.reduce(other), r"^numpy\.add takes values, and 'other' is a cell"),
    ]
    for use, words in cases:
        with pytest.raises(TypeError, match=words):
            use()
    array = np.array([1.0, 2.0])
    with pytest.raises(TypeError, match=r"'other' is a cell"):
        array *= other


def test_an_array_on_the_left_leaves_every_operator_to_the_cell() -> None:
    rate, array = cell(2.0), np.array([1.0, 4.0])
    left: Any = array
    for made, expected in (
        (left + rate, [3.0, 6.0]), (left - rate, [-1.0, 2.0]), (left * rate, [2.0, 8.0]), (left / rate, [0.5, 2.0]),
        (left // rate, [0.0, 2.0]), (left % rate, [1.0, 0.0]), (left**rate, [1.0, 16.0]), (left < rate, [True, False]),
        (left <= rate, [True, False]), (left > rate, [False, True]), (left >= rate, [False, True]),
    ):  # fmt: skip
        assert isinstance(made, Derived)
        assert made.value.tolist() == expected
    assert (np.float64(3) - rate).value == 1.0
    assert ((left == rate) is False, (left != rate) is True, np.float64(2.0) == rate) == (True, True, False)


def test_frames_and_series_leave_an_operation_to_the_cell() -> None:
    pandas = pytest.importorskip("pandas")
    rate = cell(2)
    made: list[Any] = [
        pandas.Series([1, 2]) * rate,
        pandas.DataFrame({"x": [1]}) + rate,
        pandas.Index([1]) - rate,
    ]
    assert all(isinstance(one, Derived) for one in made)
    assert made[0].value.tolist() == [2, 4]
    rate.value = 3
    assert (made[0].value.tolist(), made[1].value["x"].tolist()) == ([3, 6], [4])
