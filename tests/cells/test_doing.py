"""Who may change the graph: claims of fast paths, threads that wait for them, interrupts in the midst of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reactflow import Cell, batch, cell, derived, effect, snapshot
from reactflow.cells.doing import DOING, LOCK
from tests.cells.hot import (
    Value,
    check_interrupted,
    interruptible,
    interrupts,
    program_of,
    read_often,
    warmed,
    warmed_together,
)
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.live import check

PATIENCE = 20  # seconds after which a thread counts as stuck


class Gate:
    """A function that, once it is armed, says that it runs and waits until it may go on."""

    def __init__(self) -> None:
        self.is_armed = False
        self.entered, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, value: Any = None) -> Any:
        if self.is_armed:
            self.is_armed = False
            self.entered.set()
            assert self.may_go_on.wait(PATIENCE)
        return value


def held_by(gate: Gate, holds: Callable[[], object], *others: Callable[[], object]) -> list[threading.Thread]:
    """Begin something in a thread, which stops at the gate, then others; returns the threads of all."""
    gate.is_armed = True
    threads = [threading.Thread(target=work, daemon=True) for work in (holds, *others)]
    threads[0].start()
    assert gate.entered.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.02)
    assert all(thread.is_alive() for thread in threads)
    return threads


def let_go(gate: Gate, threads: list[threading.Thread]) -> None:
    gate.may_go_on.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert DOING.rest


def observed(gate: Gate) -> tuple[Cell[int], list[int], Callable[[], object]]:
    source = cell(0)
    seen: list[int] = []
    source.map(gate).subscribe(seen.append)
    warmed(source)
    return source, seen, lambda: setattr(source, "value", 100)


def lazily_read(gate: Gate) -> tuple[Cell[int], list[int], Callable[[], object]]:
    source = cell(0)
    seen: list[int] = []
    node = source.map(gate)
    read_often(node, source)
    source.value = 100
    return source, seen, lambda: seen.append(node.value)


def in_an_effect(gate: Gate) -> tuple[Cell[int], list[int], Callable[[], object]]:
    source = cell(0)
    seen: list[int] = []
    effect(lambda: seen.append(gate(source.value)))
    warmed(source)
    return source, seen, lambda: setattr(source, "value", 100)


def in_a_batch(gate: Gate) -> tuple[Cell[int], list[int], Callable[[], object]]:
    source, other = cell(0), cell(0)
    seen: list[int] = []
    (source + other).subscribe(seen.append)
    warmed_together(source, other)

    def write() -> None:
        with batch():
            source.value = 60
            gate()
            other.value = 40

    return source, seen, write


@pytest.mark.parametrize("makes", [observed, lazily_read, in_an_effect, in_a_batch])
def test_other_threads_wait_for_a_claim_and_are_let_in_when_it_ends(
    makes: Callable[[Gate], tuple[Cell[int], list[int], Callable[[], object]]],
) -> None:
    gate = Gate()
    _, seen, holds = makes(gate)
    beside, unread = cell(0), cell(5)
    double = unread * 2
    beside_seen: list[int] = []
    beside.subscribe(beside_seen.append)
    warmed(beside)
    del beside_seen[:]
    read: list[object] = []

    def write_in_batch() -> None:
        with batch():
            unread.value = 7

    def look() -> None:
        with snapshot():
            read.append("snapshot")

    waiting = [lambda: setattr(beside, "value", 9), write_in_batch, look, lambda: read.append(double.value)]
    threads = held_by(gate, holds, *waiting)
    assert (beside_seen, read, DOING.claim) == ([], [], threads[0].ident)
    let_go(gate, threads)
    assert (seen[-1], beside_seen, unread.value) == (100, [9], 7)
    assert (set(read) - {10, 14}, len(read)) == ({"snapshot"}, 2)
    check([beside, double])


def test_a_thread_that_waits_is_woken_and_not_only_when_its_patience_is_at_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reactflow.cells.doing.PATIENCE", 2 * PATIENCE)
    for makes in (observed, lazily_read, in_an_effect, in_a_batch):
        gate = Gate()
        _, _, holds = makes(gate)
        waits = cell(0)
        waits.subscribe(lambda value: None)
        let_go(gate, held_by(gate, holds, partial(setattr, waits, "value", 1)))


def test_what_another_thread_reads_without_waiting_is_what_was_there_before() -> None:
    gate = Gate()
    source, other = cell(0), cell(0)
    early = source + other
    late = early.map(gate)
    late.subscribe(lambda value: None)
    warmed(source)
    threads = held_by(gate, lambda: setattr(source, "value", 100))
    assert late.value == 0
    let_go(gate, threads)
    assert (early.value, late.value) == (100, 100)


def test_a_thread_that_reads_again_and_again_lets_another_one_write() -> None:
    source, other = cell(0), cell(0)
    seen: list[int] = []
    (source * 2).subscribe(seen.append)
    other.subscribe(lambda value: None)
    warmed(source)
    going = [True]

    def write() -> None:
        number = 0
        while going[0]:
            number += 1
            source.value = number

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    for number in range(20):
        other.value = number
        with snapshot():
            assert seen[-1] == 2 * source.value
    going[0] = False
    thread.join(PATIENCE)
    check([source, other])


# --- interrupts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(5))
def test_an_interrupt_at_any_place_of_a_write_leaves_a_graph_that_works(place: int) -> None:
    flags = [[False] for _ in range(5)]
    source = cell(Value(0))
    first = source.map(
        interruptible(flags[0], lambda value: value.number), equal=interruptible(flags[1], int.__eq__)
    )
    tracked = derived(lambda: interruptible(flags[2], lambda: first.value * 2)())
    seen: list[int] = []
    later: list[int] = []
    effect(lambda: seen.append(interruptible(flags[3], lambda: tracked.value)()))
    first.subscribe(later.append)
    for round_ in range(3):
        warmed(source, *map(Value, range(5)))
        with interrupts(flags[place]):
            source.value = Value(100 + round_, lambda: interruptible(flags[4], lambda: None)())
        check_interrupted()
        source.value = Value(200 + round_)
        check([source, tracked])
        assert (first.value, tracked.value) == (200 + round_, 400 + 2 * round_)
        assert (seen[-1], later[-1]) == (400 + 2 * round_, 200 + round_)
        assert DOING.rest


@pytest.mark.parametrize("is_hot", [False, True])
@pytest.mark.parametrize("place", range(5))
def test_an_interrupt_at_any_place_of_a_batch_leaves_a_graph_that_works(place: int, is_hot: bool) -> None:
    flags = [[False] for _ in range(5)]
    source, other = cell(Value(0)), cell(0)
    add = interruptible(flags[0], lambda one, two: one.number + two)
    total = derived(add, source, other, equal=interruptible(flags[1], int.__eq__))
    lazy = total * 2
    seen: list[int] = []
    total.subscribe(lambda value: seen.append(interruptible(flags[2], lambda: value)()))
    ask = interruptible(flags[3], lambda: None)

    def write(number: int, reads: bool = False) -> None:
        with batch():
            source.value = Value(number, ask)
            other.value = number
            if reads:
                lazy.value
            interruptible(flags[4], lambda: None)()

    for number in range(50 * is_hot):
        write(number)
    assert (program_of(source, other) is not None) == is_hot
    for number in range(100, 103):
        for reads in (False, True):
            with interrupts(flags[place]):
                write(number, reads)
            check_interrupted()
            write(1000 + number)
            check([source, other, lazy])
            assert (seen[-1], lazy.value) == (2000 + 2 * number, 4000 + 4 * number)
            assert (LOCK.depth, DOING.rest) == (0, True)


def test_an_interrupt_in_a_comparison_at_the_end_of_a_batch_lets_its_writes_stand() -> None:
    flag = [False]
    source, other = cell(Value(0)), cell(0)
    seen: list[int] = []
    effect(lambda: seen.append(source.value.number + other.value))
    with interrupts(flag):
        with batch():
            other.value = 1
            source.value = Value(10, interruptible(flag, lambda: None))
    assert (source.value.number, other.value, seen) == (10, 1, [0])
    check_interrupted()
    cell(0).value = 1
    with batch():
        other.value = 2
    assert seen == [0, 11, 12]


def test_an_interrupt_in_a_comparison_when_a_batch_needs_the_engine_undoes_it() -> None:
    flag = [False]
    source, other = cell(Value(0)), cell(0)
    double = other * 2
    with interrupts(flag):
        with batch():
            other.value = 1
            source.value = Value(10, interruptible(flag, lambda: None))
            double.value
    assert (source.value.number, other.value, double.value) == (0, 0, 0)
    check([source, double])
