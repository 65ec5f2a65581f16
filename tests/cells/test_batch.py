from __future__ import annotations

import pytest

from reactflow import Cell, batch, cell, derived, effect
from reactflow.cells.engine import ENGINE
from reactflow.errors import CellsError
from tests.cells.undone import undone


def test_observers_see_both_writes_or_neither_and_run_once() -> None:
    ran: list[float] = []
    length, width = cell(3.0), cell(4.0)
    area = length * width
    area.subscribe(ran.append)
    with batch():
        length.value, width.value = 1.0, 2.0
        assert area.value == 2.0
        assert ran == [12.0]
    assert ran == [12.0, 2.0]


def test_a_batch_that_raises_restores_and_nothing_was_observed() -> None:
    ran: list[float] = []
    use, length, width = cell(True), cell(3.0), cell(4.0)
    unset: Cell[float] = cell()
    chosen = derived(lambda: length.value if use.value else width.value)
    stop = chosen.subscribe(ran.append)
    with undone():
        length.value = 5.0
        unset.value = 1.0
        assert chosen.value == 5.0
        use.value = False
        assert chosen.value == 4.0
    assert (ran, chosen.value, unset.is_set) == ([3.0], 3.0, False)
    width.value = 9.0
    length.value = 6.0
    assert ran == [3.0, 6.0]
    stop()


def test_what_was_read_lazily_inside_is_dropped() -> None:
    length = cell(1)
    double = length * 2
    with undone():
        length.value = 5
        assert double.value == 10
    assert double.value == 2


def test_a_nested_batch_is_a_savepoint() -> None:
    ran: list[tuple[int, int]] = []
    one, two = cell(1), cell(1)
    effect(lambda: ran.append((one.value, two.value)))
    with batch():
        one.value = 2
        with undone():
            one.value = two.value = 3
        assert (one.value, two.value) == (2, 1)
        with batch():
            two.value = 4
    assert ran == [(1, 1), (2, 4)]


def test_there_and_back_is_no_change_also_with_a_read_between() -> None:
    ran: list[int] = []
    length = cell(1)
    double = length * 2
    double.subscribe(ran.append)
    length.subscribe(ran.append)
    for reads in (False, True):
        with batch():
            length.value = 5
            if reads:
                assert double.value == 10
            length.value = 1
    assert ran == [2, 1]


def test_an_effect_made_inside_runs_there_and_again_only_if_something_changed() -> None:
    ran: list[int] = []
    length = cell(1)
    with batch():
        length.value = 2
        effect(lambda: ran.append(length.value))
        assert ran == [2]
    assert ran == [2]
    with batch():
        effect(lambda: ran.append(length.value * 10))
        length.value = 3
    assert ran == [2, 20, 3, 30]


def test_an_effect_made_in_a_batch_that_fails_follows_what_is_restored() -> None:
    ran: list[int] = []
    length = cell(1)
    with undone():
        length.value = 2
        effect(lambda: ran.append(length.value))
    length.value = 3
    assert ran == [2, 1, 3]


def test_batches_that_overlap_are_refused_and_leave_a_graph_that_works() -> None:
    ran: list[int] = []
    length = cell(0)
    length.subscribe(ran.append)
    first, second = batch(), batch()
    first.__enter__()
    length.value = 1
    second.__enter__()
    length.value = 2
    for one in (first, second):
        with pytest.raises(CellsError, match="Do not await or yield inside a batch"):
            one.__exit__(None, None, None)
    assert ENGINE.levels == []
    length.value = 3
    assert ran == [0, 2, 3]


def test_an_interrupt_in_a_comparison_leaves_the_value() -> None:
    def interrupted(old: int, new: int) -> bool:
        raise KeyboardInterrupt

    length = cell(0, equal=interrupted)
    with pytest.raises(KeyboardInterrupt):
        length.value = 1
    assert (length.value, ENGINE.levels) == (0, [])
