"""Unset: what has no value runs nothing, and says which cells have to be written."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Cell, Unset, batch, cell, derived, effect, pulse
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged, undone


def missing(one: Any) -> tuple[str, ...]:
    """What reading it says has to be written."""
    with pytest.raises(Unset) as caught:
        one.value
    for name in caught.value.missing:
        assert name in str(caught.value)
    return caught.value.missing


@cold_and_hot
def test_a_derived_cell_with_an_unset_input_is_unset_and_does_not_run(heat: Heat) -> None:
    ran = Log()
    length: Cell[int] = cell(2, name="length")
    width: Cell[int] = cell(name="width")
    area = derived(lambda one, other: logged(ran, "area", one * other), length, width)
    label = area.map(lambda value: logged(ran, "label", str(value)))
    effect(lambda: ran.append(("seen", label.value)))
    heat(width, 2, 3)
    heat(length, 3, 4)
    for _ in heat.rounds():
        ran.take()
        length.value = 5
        assert (ran.take(), missing(label)) == ([], ("width",))
        width.value = 7
        assert ran.take() == ["area", "label", ("seen", "35")]
        width.unset()
        assert (ran.take(), missing(area)) == ([], ("width",))
        length.value = 2


@cold_and_hot
def test_a_tracked_cell_that_reads_something_unset_is_unset_until_it_has_a_value(heat: Heat) -> None:
    ran = Log()
    use, height = cell(True, name="use"), cell(name="height")

    def choose() -> Any:
        ran.append("start")
        return logged(ran, "end", height.value if use.value else 0)

    chosen = derived(choose)
    effect(lambda: ran.append(("seen", chosen.value if chosen.is_set else None)))
    heat(height, 1, 2)
    for _ in heat.rounds():
        ran.take()
        assert missing(chosen) == ("height",)
        use.value = False
        use.value = True
        height.value = 3
        del height.value
        assert ran.take() == [
            "start", "end", ("seen", 0), "start", ("seen", None), "start", "end", ("seen", 3), "start", ("seen", None),
        ]  # fmt: skip


def test_unset_names_the_missing_inputs_however_far_up_and_each_once() -> None:
    one, two, three = cell(name="one"), cell(name="two"), cell(3, name="three")
    total = derived(lambda: one.value + two.value + three.value, name="total")
    both = (one + two) * (two + three)
    assert missing(both) == ("one", "two")
    assert missing(both.map(str) + total) == ("one", "two")
    assert missing(total) == ("one",)  # it did not get any further
    one.value = 1
    assert (missing(both), missing(total)) == (("two",), ("two",))
    two.value = 2
    three.unset()
    assert (missing(both), missing(total)) == (("three",), ("three",))


def test_unset_names_a_cell_and_a_pulse_by_what_is_to_be_done() -> None:
    rate, reading = cell(name="rate"), pulse(name="reading")
    priced = reading * rate
    latest = derived(lambda one, other: one + other, reading.hold(), rate, name="latest")
    with pytest.raises(Unset, match="write rate and emit reading first"):
        priced.value
    with pytest.raises(Unset, match="'latest' is unset: write rate and emit reading first"):
        latest.value


@cold_and_hot
def test_an_effect_that_reads_something_unset_waits_without_an_error(heat: Heat) -> None:
    ran = Log()
    height: Cell[int] = cell()
    double = height * 2

    def look() -> None:
        ran.append("start")
        ran.append(double.value)

    stop = effect(look)
    heat(height, 1, 2)
    for _ in heat.rounds():
        ran.take()
        height.value = 3
        height.unset()
        height.value = 3
        height.unset()
        assert ran.take() == ["start", 6, "start"] * 2
    stop()


def test_unset_raised_by_something_that_is_set_is_an_error_like_any_other() -> None:
    length = cell(1)

    def look() -> None:
        length.value
        raise Unset("of another library")

    with pytest.raises(Unset, match="of another library"):
        effect(look)


@cold_and_hot
def test_a_value_given_and_taken_within_a_batch_is_no_change(heat: Heat) -> None:
    ran = Log()
    height: Cell[int] = cell()
    double = height.map(lambda value: logged(ran, "double", value * 2))
    effect(lambda: ran.append(double.value if double.is_set else None))
    heat(height, 1, 2)
    for _ in heat.rounds():
        ran.take()
        with batch():
            height.value = 3
            height.unset()
        with undone():
            height.value = 3
        assert (ran.take(), height.is_set) == ([], False)


def test_writing_unset_is_the_same_as_taking_the_value_away() -> None:
    ran = Log()
    height: Cell[int] = cell(1, name="height")
    height.subscribe(ran.append)
    for take in (height.unset, lambda: delattr(height, "value")):
        take()
        assert missing(height) == ("height",)
        height.value = 1
    assert ran.take() == [1, 1, 1]


def test_none_is_a_value() -> None:
    height: Cell[int | None] = cell(None)
    assert (height.is_set, height.value, height.map(lambda value: value is None).value) == (True, None, True)
