"""The fast path of reads: what an unobserved cell is computed from as generated code, and every way out of it."""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reactflow import Cell, CycleError, ReactflowError, batch, cell, derived, effect, pulse
from reactflow.cells.fast import planned
from reactflow.cells.pulls import LOOKS, WARM_READS, by_engine
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.hot import interruptible, interrupts, read_often, warmed
from tests.cells.live import check
from tests.cells.undone import logged, undone


def test_a_cell_that_is_read_often_while_it_may_be_behind_is_read_by_a_function_of_its_own() -> None:
    source = cell(0)
    often, seldom = source * 2, source * 3
    assert often.get is LOOKS[0]
    read_often(often, source)
    assert (often.value, seldom.value, seldom.get) == (0, 0, LOOKS[1])


def test_each_function_of_a_cone_runs_once_and_only_if_an_input_moved() -> None:
    ran: list[str] = []
    source, other = cell(0), cell(0)
    tens = derived(lambda value: logged(ran, "tens", value // 10), source)
    double = derived(lambda value: logged(ran, "double", value * 2), source)
    both = derived(lambda a, b, c: logged(ran, "both", a + b + c), tens, double, other)
    behind = derived(lambda value: logged(ran, "behind", value + 1), tens)
    end = derived(lambda a, b: (a, b), both, behind)
    read_often(end, source, other)
    ran.clear()
    source.value = 5
    assert end.value == (10, 1)
    assert sorted(ran) == ["both", "double", "tens"]
    ran.clear()
    other.value = 1
    assert (end.value, ran) == ((11, 1), ["both"])
    ran.clear()
    cell(0).value = 1
    assert (end.value, both.value, ran) == ((11, 1), 11, [])


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 100])
def test_long_cones_are_several_pieces_of_code(length: int) -> None:
    source = cell(0)
    last = source + 1
    middle = last
    for number in range(length - 1):
        last = last + 1
        middle = last if number == length // 2 else middle
    read_often(last, source)
    source.value = 1000
    assert (last.value, source.value) == (1000 + length, 1000)
    source.value = 2000
    middle.value
    assert last.value == 2000 + length
    del source.value
    assert not last.is_set
    source.value = 1
    assert last.value == 1 + length
    check([last])


def test_cells_that_need_no_other_share_one_function_and_not_their_values() -> None:
    made: list[tuple[Cell[int], Any]] = []
    for number in range(3):
        source = cell(0)
        node = source.map(partial(operator.add, number), equal=operator.eq)
        read_often(node, source)
        made.append((source, node))
    assert made[0][1].get is made[1][1].get
    for number, (source, node) in enumerate(made):
        source.value = 100 * number
        assert node.value == 101 * number


@pytest.mark.parametrize("tracked", [False, True])
def test_a_function_that_raises_runs_once_and_its_failure_is_stored_and_passes(tracked: bool) -> None:
    ran: list[int] = []
    source = cell(1)
    inverse: Any
    if tracked:
        inverse = derived(lambda: logged(ran, source.value, 1 / source.value))
    else:
        inverse = source.map(lambda value: logged(ran, value, 1 / value))
    behind = inverse + 1
    for value in range(1, 20):
        source.value = value
        assert behind.value == 1 / value + 1
    ran.clear()
    source.value = 0
    for one in (behind, inverse, behind):
        with pytest.raises(ZeroDivisionError):
            one.value
    assert len(ran) <= 1
    source.value = 4
    assert behind.value == 1.25
    check([behind])


def test_an_unset_input_or_an_unset_result_makes_it_unset() -> None:
    source, other = cell(0), cell(0)
    total = source + other
    end = total * 2
    read_often(end, source, other)
    del other.value
    assert not end.is_set
    other.value = 5
    assert end.value == 10
    pick = derived(lambda: source.value if source.value < 100 else other.value)
    for number in range(10):
        source.value = number
        assert pick.value == number
    other.unset()
    source.value = 100
    assert not pick.is_set
    source.value = 1
    assert pick.value == 1


def test_a_peek_or_read_of_another_lazy_cell_in_an_explicit_function_gets_what_is_current() -> None:
    source, hidden = cell(0), cell(0)
    ten = hidden * 10
    peeking = derived(lambda value: value + ten.peek(), source)
    reading = derived(lambda value: value + ten.value, source)
    for number in range(WARM_READS * 5):
        hidden.value = number
        source.value = number
        assert (peeking.value, reading.value) == (11 * number, 11 * number)
    check([peeking, reading])


def test_writing_in_a_function_of_a_cone_is_refused_with_its_name() -> None:
    source, other = cell(0), cell(0)
    acts: list[Callable[[], object]] = [lambda: None]
    meddler = derived(lambda value: (acts[0](), value)[1], source)
    end = meddler.map(lambda value: value)
    for one in (meddler, end):
        read_often(one, source)
    for act in (
        lambda: setattr(other, "value", 1),
        lambda: batch().__enter__(),
        lambda: effect(lambda: None),
    ):
        acts[0] = act
        source.value += 1
        for one in (end, meddler):
            with pytest.raises(ReactflowError, match="'meddler' is derived"):
                one.value
        check([end])
    assert other.value == 0


def test_one_that_comes_to_be_observed_goes_over_to_its_region_and_back() -> None:
    source = cell(0)
    double = source * 2
    end = double + 1
    read_often(end, source)
    seen: list[int] = []
    stop = end.subscribe(seen.append)
    warmed(source)
    assert (end.get, double.get) == (planned, planned)
    stop()
    assert planned not in (end.get, double.get)
    for number in range(10):
        source.value = number
        assert end.value == 2 * number + 1
    check([end])


@pytest.mark.parametrize("is_observed_first", [False, True])
def test_what_is_read_over_an_observed_cell_is_right_also_when_its_observer_comes_and_goes(
    is_observed_first: bool,
) -> None:
    source = cell(0)
    observed = source * 2
    lazy = observed + 1
    beyond = lazy * 10
    ran: list[int] = []
    for number in range(5):
        if number or is_observed_first:
            stop = observed.subscribe(ran.append)
            for value in range(WARM_READS + 3):
                source.value = 100 * number + value
                assert (lazy.value, beyond.value) == (2 * source.value + 1, 20 * source.value + 10)
                assert ran[-1] == 2 * source.value
            with batch():
                source.value = 60
                assert lazy.value == 121
            assert lazy.value == 121
            stop()
        for value in range(WARM_READS + 3):
            source.value = 1000 * number + value
            assert (beyond.value, lazy.value) == (20 * source.value + 10, 2 * source.value + 1)


def test_a_read_in_a_batch_that_is_undone_is_forgotten() -> None:
    source = cell(0)
    end = source * 2 + 1
    read_often(end, source)
    for number in range(1, 20):
        with undone():
            source.value = 1000 + number
            assert end.value == 2001 + 2 * number
        assert end.value == 2 * source.value + 1
        source.value = number
        assert end.value == 2 * number + 1


def test_a_tracked_cell_with_branches_reads_only_what_it_reaches() -> None:
    ran: list[str] = []
    guard, source = cell(0), cell(0)
    costly = source.map(lambda value: logged(ran, "costly", value * 2))
    chosen = derived(lambda: costly.value if guard.value else -1)
    end = chosen * 1
    for number in range(20):
        guard.value = number % 2
        source.value = number
        assert end.value == (2 * number if number % 2 else -1)
    ran.clear()
    guard.value = 0
    source.value = 100
    assert (end.value, ran) == (-1, [])


def test_a_cell_of_a_pulse_or_of_a_cycle_is_left_to_the_engine() -> None:
    ring: list[Any] = []
    goes_round = [False]
    source, press = cell(0), pulse()
    first = derived(lambda: source.value + (ring[0].value if goes_round[0] else 0))
    second = first + 1
    ring.append(second)
    for number in range(10):
        source.value = number
        assert second.value == number + 1
    goes_round[0] = True
    source.value = 100
    with pytest.raises(CycleError):
        second.value
    goes_round[0] = False
    source.value = 5
    assert second.value == 6
    pressed = press.map(lambda value: value)
    for _ in range(10):
        source.value += 1
        assert not pressed.is_set
    assert pressed.get in LOOKS


def test_a_custom_equality_keeps_the_old_value_and_one_that_raises_counts_as_a_change() -> None:
    def close(old: float, new: float) -> bool:
        if new == 13:
            raise ValueError
        return abs(old - new) < 2

    ran: list[int] = []
    source = cell(0)
    rounded = source.map(lambda value: value, equal=close)
    end = rounded.map(lambda value: logged(ran, value, value))
    read_often(end, source)
    ran.clear()
    for value in (100, 101, 104, 13, 14, 16):
        source.value = value
        end.value
    assert ran == [100, 104, 13, 16]


@pytest.mark.parametrize("reads", [0, 2, WARM_READS + 2])
@pytest.mark.parametrize("length", [1, 3, 40])
def test_an_interrupt_leaves_a_graph_that_works(reads: int, length: int) -> None:
    flag = [False]
    source = cell(0)
    compare = interruptible(flag, operator.eq)
    last = source.map(interruptible(flag, lambda value: value + 1), equal=compare)
    end = last
    for _ in range(length - 1):
        end = end + 1
    for number in range(reads):
        source.value = number
        end.value
    for number in range(1, 4):
        source.value = 100 * number
        with interrupts(flag):
            end.value
        check([end])
        assert end.value == 100 * number + length
        assert end.get is not by_engine


def test_a_first_read_is_not_torn_by_a_batch_of_another_thread_even_if_that_is_undone() -> None:
    one, other = cell(0), cell(0)
    going = [True]

    def write() -> None:
        number = 0
        while going[0]:
            number += 1
            with undone():
                one.value = other.value = number
            with batch():
                one.value = other.value = number

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        torn = []
        for _ in range(2000):
            difference = one - other
            torn += [difference.value for _ in range(3)]
    finally:
        going[0] = False
        thread.join(30)
        sys.setswitchinterval(before)
    assert not any(torn)
