from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from reactflow import Cell, Effect, cell, derived, effect, pulse
from reactflow.errors import CycleError
from tests.cells.heat import Heat, Log, cold_and_hot


def test_a_cycle_names_its_path_and_the_line_that_closed_it() -> None:
    cells: dict[str, Any] = {}
    cells["area"] = derived(lambda: cells["cost"].value + 1, name="area")
    cells["cost"] = derived(lambda: cells["area"].value + 1, name="cost")
    with pytest.raises(
        CycleError, match=r"area -> cost -> area; 'cost' reads 'area' at test_cycles.py:16"
    ) as caught:
        cells["area"].value
    assert caught.value.path == ("area", "cost", "area")


def test_a_cell_that_reads_itself_is_a_cycle() -> None:
    cells: list[Any] = []
    cells.append(derived(lambda: cells[0].value, name="self"))
    with pytest.raises(CycleError, match="self -> self"):
        cells[0].value


@pytest.mark.parametrize("observed", [False, True])
def test_a_cycle_that_is_opened_again_recovers(observed: bool) -> None:
    cells: dict[str, Any] = {}
    closed, width = cell(True), cell(1)
    cells["area"] = derived(lambda: cells["cost"].value if closed.value else width.value)
    cells["cost"] = derived(lambda: cells["area"].value + 1)
    ran: list[Any] = []
    stop = cells["cost"].subscribe(ran.append, lambda error: ran.append("cycle")) if observed else None
    for name in ("area", "cost"):
        with pytest.raises(CycleError):
            cells[name].value
    closed.value = False
    assert (cells["area"].value, cells["cost"].value) == (1, 2)
    width.value = 5
    assert cells["cost"].value == 6
    closed.value = True
    with pytest.raises(CycleError):
        cells["cost"].value
    if stop:
        stop()
        assert ran[0] == "cycle"
        assert ran[-3:] == [2, 6, "cycle"]


def test_an_effect_that_writes_what_it_reads_until_it_is_content_is_no_cycle() -> None:
    ran: list[int] = []
    length = cell(10)

    def halve() -> None:
        ran.append(length.value)
        if length.value > 2:
            length.value //= 2

    effect(halve)
    assert ran == [10, 5, 2]


@pytest.mark.parametrize("size", [3, 5_000])
def test_a_cycle_of_any_length_names_its_whole_path_and_the_line_that_closed_it(size: int) -> None:
    cells: list[Any] = []

    def read(at: int) -> Any:
        return derived(lambda: cells[(at + 1) % size].value, name=f"cell {at}")

    cells.extend(read(at) for at in range(size))
    with pytest.raises(CycleError) as caught:
        cells[0].value
    assert caught.value.path == (*(f"cell {at}" for at in range(size)), "cell 0")
    line = read.__code__.co_firstlineno + 1
    assert f"'cell {size - 1}' reads 'cell 0' at test_cycles.py:{line}" in str(caught.value)


def test_the_path_of_a_cycle_begins_where_it_is_entered_and_leaves_out_the_way_there() -> None:
    cells: dict[str, Any] = {}
    cells["area"] = derived(lambda: cells["cost"].value, name="area")
    cells["cost"] = derived(lambda: cells["area"].value, name="cost")
    label = cells["area"].map(str, name="label")
    outer = derived(lambda: label.value, name="outer")
    with pytest.raises(CycleError, match="area -> cost -> area") as caught:
        outer.value
    assert caught.value.path == ("area", "cost", "area")


@cold_and_hot
def test_a_cycle_that_closes_and_opens_is_an_error_of_its_cells_and_nothing_else(heat: Heat) -> None:
    ran = Log()
    cells: dict[str, Any] = {}
    closed, width = cell(False), cell(1)
    cells["area"] = derived(lambda: cells["cost"].value if closed.value else width.value, name="area")
    cells["cost"] = derived(lambda: cells["area"].value + 1, name="cost")
    cells["cost"].subscribe(ran.append, lambda error: ran.append(type(error)))
    width.map(lambda value: -value).subscribe(ran.append)
    heat(width, 2, 3)
    for number in heat.rounds():
        width.value = 1
        ran.take()
        closed.value = True
        assert ran.take() == [CycleError]
        width.value = number + 5
        assert ran.take() == [-number - 5]
        closed.value = False
        assert ran.take() == [number + 6]


def test_an_explicit_function_that_reads_what_is_derived_from_it_is_a_cycle() -> None:
    cells: dict[str, Any] = {}
    source = cell(1)
    cells["area"] = source.map(lambda value: cells["cost"].value, name="area")
    cells["cost"] = cells["area"].map(lambda value: value, name="cost")
    with pytest.raises(CycleError, match="cost -> area -> cost"):
        cells["cost"].value


def test_effects_that_feed_each_other_stop_after_a_bound_with_a_cycle_error_that_names_them() -> None:
    ran: list[int] = []
    on = cell(False)
    ping: Cell[int] = cell(0, name="ping")
    pong: Cell[int] = cell(0, name="pong")

    def hit(one: Cell[int], other: Cell[int]) -> Effect:
        def run() -> None:
            value = one.value
            if on.value:
                ran.append(value)
                other.value = value + 1

        return effect(run, name=f"hit {one.name}")

    stops = [hit(ping, pong), hit(pong, ping)]
    with pytest.raises(CycleError, match=r"feed themselves: one has run more than \d+ times") as caught:
        on.value = True
    assert {"ping", "hit ping"} <= set(caught.value.path) or {"pong", "hit pong"} <= set(caught.value.path)
    assert caught.value.path[0] == caught.value.path[-1]
    assert f"test_cycles.py:{hit.__code__.co_firstlineno + 7}" in str(caught.value)
    assert len(ran) < 10_000
    on.value = False
    ran.clear()
    ping.value = 5
    assert (ran, ping.value) == ([], 5)
    for stop in stops:
        stop()


def test_an_effect_that_emits_what_it_follows_stops_after_a_bound() -> None:
    reading = pulse(name="reading")
    ran: list[int] = []

    def echo(value: int) -> None:
        ran.append(value)
        reading.emit(value + 1)

    stop = reading.subscribe(echo)
    with pytest.raises(CycleError, match="feed themselves"):
        reading.emit(0)
    assert ran == list(range(len(ran)))
    stop()
    reading.emit(0)


def test_a_long_line_of_effects_that_each_feed_the_next_is_no_cycle() -> None:
    cells = [cell(0) for _ in range(300)]

    def forward(one: Cell[int], other: Cell[int]) -> Effect:
        return effect(lambda: setattr(other, "value", one.value))

    stops = [forward(one, other) for one, other in pairwise(cells)]
    cells[0].value = 1
    assert [one.value for one in cells] == [1] * 300
    for stop in stops:
        stop()
