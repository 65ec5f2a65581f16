"""Straight-line code: how it reads, what it leaves out, and when the general way is taken instead."""

from __future__ import annotations

import math
from typing import Any

import pytest
from attrs import frozen

from reactflow.cells import UNSET, Cell, cell, derived, fold, folds, pulse
from reactflow.errors import CellError
from reactflow.flow import DEFAULT, Event, Flow
from reactflow.flow.step import SHAPES
from reactflow.flow.straight import LARGEST


class Room(Flow):
    length = cell(0.0)
    width = cell(4.0)
    height: Cell[float] = cell()
    area = length * width
    volume = area * height
    peak = fold(area.changes(), folds.max)
    reading = pulse()
    count = fold(reading, folds.count)

    @derived
    def label(self) -> str:
        return f"{self.area:.1f} m2"


AREA = """\
def step(state, events, otherwise=otherwise):
    try:
        if state.__class__ is not tuple:
            raise Unusual
        was_length, was_width, was_area = state
        for writes, occurrences in events:
            if len(writes) != 2 or occurrences:
                raise Unusual
            length = writes["length"]
            if length.__class__ is not float or not -1e+60 < length < 1e+60:
                length = default(0, length)
            width = writes["width"]
            if width.__class__ is not float or not -1e+60 < width < 1e+60:
                width = default(1, width)
        area = length * width
        changed = {}
        if length != was_length or length.__class__ is not was_length.__class__ or (not length and not same(was_length, length)):
            changed["length"] = was_length, length
        if width != was_width or width.__class__ is not was_width.__class__ or (not width and not same(was_width, width)):
            changed["width"] = was_width, width
        if area != was_area or area.__class__ is not was_area.__class__ or (not area and not same(was_area, area)):
            changed["area"] = was_area, area
        return (length, width, area), changed, ()
    except Exception:
        return otherwise(state, events)
"""  # noqa: E501  # as it is written

COUNT = """\
def step(state, events, otherwise=otherwise):
    try:
        occurred = []
        if state.__class__ is not tuple:
            raise Unusual
        length, width, height, area, volume, peak, count, label = state
        was_count = count
        for writes, occurrences in events:
            if writes or len(occurrences) != 1:
                raise Unusual
            reading = occurrences["reading"]
            check(reading)
            occurred.append(("reading", reading))
            count += 1
        changed = {}
        if count != was_count or count.__class__ is not was_count.__class__ or (not count and not same(was_count, count)):
            changed["count"] = was_count, count
        return (length, width, height, area, volume, peak, count, label), changed, tuple(occurred)
    except Exception:
        return otherwise(state, events)
"""  # noqa: E501  # as it is written


class Area(Flow):
    length = cell(0.0)
    width = cell(4.0)
    area = length * width


def test_cells_that_cannot_fail_are_computed_once_after_the_last_event() -> None:
    assert Area.step().source_for("length", "width") == AREA


def test_a_pulse_is_counted_in_every_event_and_nothing_else_is_looked_at() -> None:
    assert Room.step().source_for("reading") == COUNT


def test_only_what_the_given_cells_reach_is_in_the_code() -> None:
    text = Room.step().source_for("height")
    assert "volume = area * height" in text
    assert "label_of" not in text
    assert '"length"' not in text


def test_a_function_is_called_directly_and_only_if_an_input_moved() -> None:
    text = Room.step().source_for("length")
    assert (
        """\
            if moved_area:
                peak = add_peak(peak, area)
                self_.area = area
                label = label_of(self_)
"""
        in text
    )


def test_the_source_is_the_code_for_any_of_the_flows_sources_and_pulses() -> None:
    text = Room.step().source
    assert 'if "length" in writes:' in text
    assert 'if "reading" in occurrences:' in text
    assert not Room.step().source_for("no", "such", "cells")


def test_a_cell_may_be_called_like_a_word_of_the_code() -> None:
    names = [
        "state", "events", "writes", "event", "new", "after", "was_area", "changed", "check", "otherwise", "Unusual",
        "float", "moved_x", "self_", "t3", "UNSET", "after_", "known_writes",
    ]  # fmt: skip
    body: dict[str, Any] = {name: cell(float(place)) for place, name in enumerate(names)}
    body["sum_of"] = body["state"] + body["was_area"] + body["after_"]
    body["t5"] = derived(lambda one, other: one - other, body["new"], body["after"])
    flow: type[Flow] = type("Words", (Flow,), {**body, "__module__": __name__})
    step = flow.step()
    state, changes = step(
        step.initial(), [Event(dict.fromkeys(names, 1.0)), Event({"new": 3.0, "state": 2.0})]
    )
    assert state == {**dict.fromkeys(names, 1.0), "new": 3.0, "state": 2.0, "sum_of": 4.0, "t5": 2.0}
    assert changes.cells["sum_of"] == (22.0, 4.0)
    assert "def step" in step.source


def test_events_of_mixed_shapes_share_code() -> None:
    step = Room.step()
    events = [Event({"length": 2.0}), Event({}, {"reading": 1.0}), Event({"width": 5.0, "height": 2.0})]
    state, changes = step(step.initial(), events)
    assert changes.cells == {
        "length": (0.0, 2.0), "width": (4.0, 5.0), "height": (UNSET, 2.0), "area": (0.0, 10.0),
        "volume": (UNSET, 20.0), "peak": (UNSET, 10.0), "count": (0, 1), "label": ("0.0 m2", "10.0 m2"),
    }  # fmt: skip
    assert changes.occurrences == (("reading", 1.0),)
    assert state["peak"] == (10.0,)


def test_a_flow_with_events_of_many_shapes_makes_a_bounded_amount_of_code() -> None:
    sources = {f"s{place}": cell(0) for place in range(SHAPES + 10)}
    flow: type[Flow] = type("Wide", (Flow,), {**sources, "__module__": __name__})
    step = flow.step()
    state = step.initial()
    for name in sources:
        state, _ = step(state, [Event({name: 1})])
    assert state == dict.fromkeys(sources, 1)
    assert len(step._made) <= SHAPES + 1


def test_an_event_that_cannot_be_stored_is_refused_wherever_it_stands_among_others() -> None:
    step = Area.step()
    good = [Event({"length": 2.0, "width": 3.0})] * 3
    for bad in (math.nan, math.inf, object()):
        with pytest.raises(CellError, match="length"):
            step(step.initial(), [*good, Event({"length": bad, "width": 1.0}), *good])


def test_numbers_that_are_too_large_to_reckon_with_take_the_general_way() -> None:
    step = Area.step()
    state, changes = step(step.initial(), [Event({"length": 1e200, "width": 1e100})])
    assert changes.cells["area"] == (0.0, 1e300)
    with pytest.raises(CellError, match="area"):
        step(state, [Event({"length": 1e300})])


def test_a_write_of_the_default_is_ordinary() -> None:
    step = Area.step()
    state, _ = step(step.initial(), [Event({"length": 2.0, "width": 3.0})])
    assert step.run(step.pack(state), [Event({"length": DEFAULT, "width": DEFAULT})], lambda *_: None)[1] == {
        "length": (2.0, 0.0),
        "width": (3.0, 4.0),
        "area": (6.0, 0.0),
    }


def test_a_method_sees_each_event_and_keeps_nothing_of_the_last() -> None:
    @frozen
    class Order:
        price: float
        count: int

    class Shop(Flow):
        order = cell(Order(0.0, 0))
        paid = pulse()

        @derived
        def total(self) -> float:
            return self.order.price * self.order.count

        @derived
        def receipt(self) -> str:
            return f"{self.total} {self.paid}"

    step = Shop.step()
    events = [Event({"order": Order(2.0, 3)}, {"paid": "a"}), Event({"order": Order(1.0, 1)}, {"paid": "b"})]
    state, changes = step(step.initial(), events)
    assert state["total"] == 1.0
    assert changes.occurrences == (("paid", "a"), ("receipt", "6.0 a"), ("paid", "b"), ("receipt", "1.0 b"))


def test_a_flow_that_is_too_large_for_one_function_is_applied_in_the_general_way() -> None:
    cells: dict[str, Any] = {"s": cell(0)}
    for place in range(LARGEST):
        cells[f"d{place}"] = cells["s"] + place
    step = Flow.of(cells, name="Large").step()
    state, changes = step(step.initial(), [Event({"s": 1})])
    assert (state["d7"], len(changes.cells), step.source) == (8, LARGEST + 1, "")


def test_flow_without_state_has_code_too() -> None:
    class Door(Flow):
        knock = pulse()

    step = Door.step()
    state, changes = step(step.initial(), [Event({}, {"knock": 1}), Event({}, {"knock": 2})])
    assert state == {}
    assert changes.occurrences == (("knock", 1), ("knock", 2))
