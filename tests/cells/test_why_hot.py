"""What made a cell change, asked after hot loops: fast paths record no lines, and nothing is made up."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from reactflow import batch, cell, derived, effect, explaining, why


def ignore(_: object) -> None:
    pass


def lines(thing: Any) -> list[str]:
    """What is said."""
    return str(why(thing)).splitlines()


def at(line: int) -> str:
    return f"test_why_hot.py:{line}"


def this_line() -> int:
    return sys._getframe(1).f_lineno


@pytest.mark.parametrize("observed", [True, False])
def test_it_is_right_after_a_hot_loop_and_says_that_the_line_is_not_known(observed: bool) -> None:
    length, width = cell(3.0), cell(4.0)
    area = length * width
    label = area.map(str)
    stop: Callable[[], object] = label.subscribe(ignore) if observed else list
    for number in range(200):
        length.value = float(number)
        label.value
    assert lines(label) == [
        "label = '796.0', because length was set to 199.0 (line not known)",
        "  length -> area -> label",
        "  (with explaining(): keeps every write, line and run, also in a loop)",
    ]
    width.value = 2.0
    here = this_line() - 1
    assert lines(label)[0] == f"label = '398.0', because width was set to 2.0 at {at(here)}"
    with explaining():
        for number in range(200):
            length.value = float(number)
        here = this_line() - 1
    assert (
        lines(label)[:2]
        == [
            f"label = '398.0', because length was set to 199.0 at {at(here)}",
            "  length -> area -> label",
        ]
        or not observed
    )
    stop()


def test_it_is_right_after_a_hot_loop_of_batches() -> None:
    length, width, other = cell(3.0), cell(4.0), cell(1.0)
    area = length * width * other
    stop = area.subscribe(ignore)
    for number in range(200):
        with batch():
            length.value = float(number)
            width.value = number + 1.0
    assert [one.name for one in why(area).writes] == ["length", "width"]
    other.value = 2.0
    assert [one.name for one in why(area).writes] == ["other"]
    stop()


def test_it_is_right_after_a_hot_loop_in_which_an_effect_writes() -> None:
    length, copy, other = cell(3.0), cell(0.0), cell(1.0)
    both = copy + other
    seen = both.subscribe(ignore)
    write = effect(lambda: setattr(copy, "value", length.value))
    for number in range(200):
        with batch():
            length.value, other.value = float(number), number + 0.5
    assert [one.name for one in why(both).writes] == ["copy"]
    assert [one.name for one in why(write).writes] == ["length"]
    assert [one.name for one in why(seen).writes] == ["copy"]
    assert why(both).outcome == 398.5
    seen()
    write()


def test_effects_are_right_after_a_hot_loop() -> None:
    length, width = cell(3.0), cell(4.0)
    area = derived(lambda: length.value * width.value, name="area")
    shown = effect(lambda: area.value)
    late = effect(lambda: length.value)
    for number in range(200):
        length.value = float(number)
    again = effect(lambda: area.value)
    assert [one.name for one in why(shown).writes] == ["length"]
    assert why(again).verdict == "made"
    width.value = 2.0
    assert [[one.name for one in why(one).writes] for one in (shown, again, late)] == [
        ["width"],
        ["width"],
        ["length"],
    ]
    for stop in (shown, late, again):
        stop()


def test_a_single_write_after_many_has_no_line_until_what_it_feeds_is_observed_by_others() -> None:
    length = cell(0)
    label = length.map(str)
    stop = label.subscribe(ignore)
    for number in range(100):
        length.value = number
    length.value = 7
    assert lines(label)[0] == "label = '7', because length was set to 7 (line not known)"
    stop()
    stop = label.subscribe(ignore)
    length.value = 8
    line = this_line() - 1
    assert lines(label)[0] == f"label = '8', because length was set to 8 at {at(line)}"
    stop()
