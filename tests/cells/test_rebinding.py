"""A tracked function whose variables come to hold something else, between runs that a fast path serves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reactflow import Cell, cell, derived
from reactflow.cells.fast import WARM_WRITES
from reactflow.cells.fast_paths import fast_paths
from reactflow.cells.functions import plain_of
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.hot import read_often, warmed
from tests.cells.live import check

Shown: Any = cell(0)
pick: Callable[..., Any] = max


def both_ways(history: Callable[[], list[Any]]) -> None:
    """Hold the fast paths against the engine."""
    with fast_paths(False):
        expected = history()
    assert history() == expected


@pytest.mark.parametrize("where", ["closure", "global"])
def test_a_variable_that_comes_to_hold_another_cell_is_followed_from_the_next_run_on(where: str) -> None:
    def history() -> list[Any]:
        global Shown
        first, second, third = cell(1), cell(2), cell(3)
        held = Shown = first

        def closed() -> Any:
            return held.value + third.value

        def by_global() -> Any:
            return Shown.value + third.value

        fn = closed if where == "closure" else by_global
        assert plain_of(fn) is not None
        tracked, lazy = derived(fn), derived(fn)
        seen: list[Any] = []
        tracked.subscribe(seen.append)
        warmed(third)
        read_often(lazy, third)
        held = Shown = second
        for number, source in enumerate((third, first, second, third, second)):
            source.value = 100 + number
            seen.append(("lazy", lazy.value))
        check([tracked, lazy, first, second, third])
        return seen

    both_ways(history)


@pytest.mark.parametrize("where", ["closure", "default"])
def test_a_list_of_cells_that_is_changed_is_followed_from_the_next_run_on(where: str) -> None:
    def history() -> list[Any]:
        cells = [cell(0) for _ in range(4)]
        listed = cells[:2]

        def closed() -> Any:
            return sum(one.value for one in listed)

        def by_default(given: list[Cell[int]] = listed) -> Any:
            return sum(one.value for one in given)

        fn = closed if where == "closure" else by_default
        assert plain_of(fn) is not None
        tracked, lazy = derived(fn), derived(fn)
        seen: list[Any] = []
        tracked.subscribe(seen.append)
        warmed(cells[0])
        read_often(lazy, cells[0])
        acts: list[Callable[[], object]] = [
            lambda: listed.append(cells[2]),
            lambda: listed.__setitem__(1, cells[3]),
            lambda: listed.pop(0),
            lambda: listed.insert(0, cells[0]),
            listed.clear,
        ]
        for act in acts:
            act()
            for _ in range(WARM_WRITES + 6):
                for one in cells:
                    one.value += 1
                    seen.append(("lazy", lazy.value))
        check([tracked, lazy, *cells])
        return seen

    both_ways(history)


@pytest.mark.parametrize("where", ["closure", "global"])
def test_a_variable_that_comes_to_hold_another_function_is_noticed(where: str) -> None:
    def history() -> list[Any]:
        global pick
        one, other, hidden = cell(1), cell(2), cell(3)
        chosen: Callable[..., Any] = max
        pick = max

        def closed() -> Any:
            return chosen(one.value, other.value)

        def by_global() -> Any:
            return pick(one.value, other.value)

        fn = closed if where == "closure" else by_global
        tracked = derived(fn)
        seen: list[Any] = []
        tracked.subscribe(seen.append)
        warmed(one)
        chosen = pick = lambda first, second: first + hidden.value
        one.value = 50
        hidden.value = 10
        other.value = 1000
        return seen[-3:]

    both_ways(history)


def test_a_value_that_is_called_may_read_anything() -> None:
    def history() -> list[Any]:
        hidden = cell(1)
        function: Cell[Callable[[], int]] = cell(lambda: 0)
        tracked = derived(lambda: function.value())
        seen: list[Any] = []
        tracked.subscribe(seen.append)
        for number in range(WARM_WRITES + 8):
            function.value = partial(int, number)
        function.value = lambda: hidden.value
        hidden.value = 77
        return seen

    assert plain_of(lambda: Shown.value()) is None
    both_ways(history)


def test_a_formula_that_is_evaluated_may_read_anything() -> None:
    def history() -> list[Any]:
        global Shown
        Shown = cell(1)
        formula = cell("0")
        tracked = derived(lambda: eval(formula.value))
        seen: list[Any] = []
        tracked.subscribe(seen.append)
        for number in range(WARM_WRITES + 8):
            formula.value = str(number)
        formula.value = "Shown.value"
        Shown.value = 77
        return seen

    both_ways(history)
