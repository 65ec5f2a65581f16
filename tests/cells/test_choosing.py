"""Tracked functions that choose what they read without a branch: hot, they are what they are through the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow import Cell, batch, cell, derived
from reactflow.cells.functions import plain_of
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged


class Chosen:
    """A selector, two cells to choose from, and a property that chooses."""

    def __init__(self) -> None:
        self.which: Cell[int] = cell(0)
        self.cells: list[Cell[int]] = [cell(1), cell(2)]
        self.holder: Cell[Any] = cell()
        self.holder.value = self.cells[0]

    @property
    def now(self) -> Cell[int]:
        return self.cells[self.which.value]

    def choose(self, which: int) -> None:
        with batch():
            self.which.value = which
            self.holder.value = self.cells[which]


WAYS: dict[str, Callable[[Chosen], Callable[[], int]]] = {
    "of a list": lambda one: lambda: one.cells[one.which.value].value,
    "of a list in a variable": lambda one: (lambda cells, which: lambda: cells[which.value].value)(
        one.cells, one.which
    ),
    "of a dictionary": lambda one: (lambda cells, which: lambda: cells[which.value].value)(
        dict(enumerate(one.cells)), one.which
    ),
    "of a cell of cells": lambda one: (lambda holder: lambda: holder.value.value)(one.holder),
    "by a property": lambda one: lambda: one.now.value,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("observed", [True, False], ids=["observed", "lazy"])
@cold_and_hot
def test_a_cell_that_chooses_without_a_branch_follows_what_it_chose(
    heat: Heat, way: str, observed: bool
) -> None:
    one = Chosen()
    shown = derived(WAYS[way](one))
    stop = shown.subscribe(lambda value: None) if observed else None
    heat(one.which, 1, 0)
    for number in range(heat.writes):
        one.choose(number % 2)
        assert shown.value == one.cells[number % 2].peek()
    one.choose(0)
    for number in range(heat.writes):
        with batch():
            one.cells[0].value, one.cells[1].value = number, -number
        assert shown.value == number
    for number in heat.rounds():
        one.choose(1)
        with batch():
            one.cells[0].value, one.cells[1].value = 99 + number, 5 + number
        assert shown.value == 5 + number
        one.choose(0)
        assert shown.value == 99 + number
    if stop:
        stop()


def test_a_program_of_a_batch_asks_what_a_cell_reads_by_then() -> None:
    rooms = {"a": cell(1), "b": cell(2)}
    chosen = cell("a")
    shown = derived(lambda: rooms[chosen.value].value)
    stop = shown.subscribe(lambda value: None)
    for number in range(100):
        chosen.value = "ab"[number % 2]
    chosen.value = "a"
    for number in range(100):
        with batch():
            rooms["a"].value, rooms["b"].value = number, -number
    chosen.value = "b"
    with batch():
        rooms["a"].value, rooms["b"].value = 99, 5
    assert shown.value == 5
    stop()


@cold_and_hot
def test_what_is_not_chosen_is_not_computed(heat: Heat) -> None:
    ran = Log()
    source, which = cell(0), cell(0)
    cells = [
        source.map(lambda value: logged(ran, "x", value)),
        source.map(lambda value: logged(ran, "y", -value)),
    ]
    shown = derived(lambda: cells[which.value].value)
    for number in range(heat.writes):
        source.value = number + 1
        shown.value
    for number in heat.rounds():
        which.value = 0
        source.value = -number - 1
        shown.value
        ran.clear()
        with batch():
            which.value, source.value = 1, 1000 + number
        assert (shown.value, ran.take()) == (-1000 - number, ["y"])


@cold_and_hot
def test_a_function_that_catches_goes_on_with_what_it_reads_then(heat: Heat) -> None:
    a, b, c = cell(1.0), cell(1.0), cell(2.0)

    def ratio() -> Any:
        try:
            return a.value / b.value
        except:  # noqa: E722  # which compiles to no jump
            return c.value

    assert plain_of(ratio) is None
    shown = derived(ratio)
    stop = shown.subscribe(lambda value: None)
    heat(b, 0.0, 1.0)
    heat(c, 3.0, 4.0)
    for number in heat.rounds():
        b.value, c.value = 0.0, 77.0 + number
        assert shown.value == 77.0 + number
        b.value = 1.0
        assert shown.value == 1.0
    stop()


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, 1.0), (0.0, -0.0)], ids=repr)
@cold_and_hot
def test_an_equal_value_leaves_the_old_one_where_it_was_also_in_a_batch(
    heat: Heat, old: Any, new: Any
) -> None:
    source: Cell[Any] = cell(old)
    shown = source.map(repr)
    heat(source, 7, 8)
    shown.value
    for _ in heat.rounds():
        with batch():
            source.value = new
        assert (source.value is old, shown.value) == (True, repr(old))
