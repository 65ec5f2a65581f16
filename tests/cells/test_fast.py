"""The fast path: what a source feeds as straight-line code, and every way out of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reactflow import Cell, Instrument, ReactflowError, batch, cell, derived, effect, instrumented
from reactflow.cells.regions import REST, WARM, region_of, regions, source_text
from reactflow.cells.semantics import UNSET


@pytest.fixture(autouse=True)
def _switched_on() -> Iterator[None]:
    with regions(True):
        yield


def warmed(source: Cell[int]) -> Cell[int]:
    """Write a source as often as it takes, at last 1008."""
    for value in range(1008 - WARM, 1009):
        source.value = value
    assert source.plan is not None
    return source


def test_a_source_that_is_written_often_gets_a_plan_and_one_that_is_not_gets_none() -> None:
    often, seldom = cell(0), cell(0)
    warmed(often)
    seldom.value = 1
    assert seldom.plan is None


def test_each_node_runs_once_a_write_in_order_and_only_if_an_input_moved() -> None:
    ran: list[str] = []

    def logging(name: str, fn: Callable[..., int]) -> Callable[..., int]:
        def call(*values: int) -> int:
            ran.append(name)
            return fn(*values)

        return call

    source = cell(0)
    tens = derived(logging("tens", lambda value: value // 10), source)
    double = derived(logging("double", lambda value: value * 2), source)
    both = derived(logging("both", operator.add), tens, double)
    behind = derived(logging("behind", lambda value: value + 1), tens)
    seen: list[tuple[int, int]] = []
    effect(lambda: seen.append((both.value, behind.value)))
    warmed(source)
    ran.clear()
    source.value = 1009
    assert sorted(ran) == ["both", "double", "tens"]
    assert ran.index("both") == 2
    assert seen[-1] == (100 + 2018, 101)
    ran.clear()
    source.value = 1009
    assert ran == []


def test_a_function_that_raises_runs_once_and_its_failure_is_stored_and_passes() -> None:
    ran: list[int] = []

    def inverse(value: int) -> float:
        ran.append(value)
        return 1 / value

    source = cell(1)
    result = derived(inverse, source)
    behind = result + 1
    beside = source * 2
    seen: list[object] = []
    effect(lambda: seen.append(beside.value))
    told: list[Any] = []
    behind.subscribe(told.append, told.append)
    warmed(source)
    ran.clear()
    source.value = 0
    assert ran == [0]
    assert repr(told[-1]) == "ZeroDivisionError('division by zero')"
    assert seen[-1] == 0
    source.value = 4
    assert (behind.value, ran) == (1.25, [0, 4])
    assert told[-1] == 1.25


def test_a_value_taken_away_leaves_the_fast_path_and_comes_back() -> None:
    source = cell(1)
    double = source * 2
    seen: list[object] = []
    effect(lambda: seen.append(double.value if double.is_set else "unset"))
    warmed(source)
    del source.value
    source.value = UNSET  # type: ignore[assignment]  # the same, spelled out
    source.value = 21
    assert seen[-2:] == ["unset", 42]


def test_a_function_of_a_region_that_reads_another_derived_cell_gets_what_is_current() -> None:
    source = cell(0)
    late = derived(lambda value: value * 100, source)
    early = derived(lambda value: value + late.peek(), source)
    seen: list[int] = []
    effect(lambda: seen.append(early.value))
    effect(lambda: late.value)
    for value in range(1, WARM * 3):
        source.value = value
        assert seen[-1] == value * 101


def test_writing_in_a_function_of_a_region_is_refused_with_its_name() -> None:
    source, other = cell(0), cell(0)
    writes = False

    def meddling(value: int) -> int:
        if writes:
            other.value = value
        return value

    meddler = derived(meddling, source)
    seen: list[object] = []
    meddler.subscribe(seen.append, seen.append)
    warmed(source)
    writes = True
    source.value = 5
    assert isinstance(seen[-1], ReactflowError)
    assert "'meddler' is derived and writes 'other'" in str(seen[-1])


def test_another_observer_or_another_input_makes_the_plan_anew() -> None:
    source, offset = cell(0), cell(1)
    moved = source + offset
    seen: list[int] = []
    effect(lambda: seen.append(moved.value))
    warmed(source)
    offset.value = 100
    source.value = 1
    assert seen[-2:] == [1108, 101]
    late: list[int] = []
    stop = effect(lambda: late.append(moved.value * 2))
    source.value = 2
    assert late == [202, 204]
    stop()
    source.value = 3
    assert late == [202, 204]
    assert seen[-1] == 103


def test_a_batch_goes_through_the_general_engine_and_a_rolled_back_one_leaves_no_trace() -> None:
    source = cell(0)
    double = source * 2
    ran: list[int] = []
    effect(lambda: ran.append(double.value))
    warmed(source)
    ran.clear()

    def write_and_fail() -> None:
        with batch():
            source.value = 5
            assert double.value == 10
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert (double.value, ran) == (2016, [])
    with batch():
        source.value = 5
        source.value = 6
    source.value = 7
    assert ran == [12, 14]


def test_effects_that_write_begin_the_next_event_and_failing_ones_arrive_together() -> None:
    source, log = cell(0), cell(0)
    double = source * 2

    def forward() -> None:
        log.value = double.value

    def fails() -> None:
        if double.value == 26:
            raise ValueError("thirteen")

    effect(forward)
    effect(fails)
    seen: list[int] = []
    log.subscribe(seen.append)
    warmed(source)
    with pytest.raises(ExceptionGroup) as raised:
        source.value = 13
    assert [str(error) for error in raised.value.exceptions] == ["thirteen"]
    assert seen[-1] == 26
    source.value = 14
    assert seen[-1] == 28


def test_an_interrupt_leaves_a_graph_that_works() -> None:
    interrupts = False

    def slow(value: int) -> int:
        if interrupts:
            raise KeyboardInterrupt
        return value + 1

    source = cell(0)
    result = derived(slow, source)
    seen: list[int] = []
    result.subscribe(seen.append)
    warmed(source)
    interrupts = True
    with pytest.raises(KeyboardInterrupt):
        source.value = 1
    interrupts = False
    source.value = 2
    assert (result.value, seen[-1]) == (3, 3)


def test_an_instrument_sees_every_node_since_it_turns_the_fast_path_off() -> None:
    class Counter(Instrument):
        runs = 0

        def computed(self, node: object) -> None:
            self.runs += 1

    source = cell(0)
    last = source + 1
    for _ in range(9):
        last = last + 1
    last.subscribe(lambda value: None)
    warmed(source)
    with instrumented(Counter()) as counter:
        source.value = 5
    assert counter.runs == 10


def test_a_custom_equality_cuts_off_and_one_that_raises_counts_as_a_change() -> None:
    def close(old: float, new: float) -> bool:
        if new == 13:
            raise ValueError
        return abs(old - new) < 2

    source = cell(0)
    rounded = derived(lambda value: value, source, equal=close)
    seen: list[int] = []
    rounded.subscribe(seen.append)
    warmed(source)
    seen.clear()
    for value in (100, 101, 104, 13, 14, 16):
        source.value = value
    assert seen == [100, 104, 13, 16]


def test_a_region_is_refused_where_the_general_engine_is_needed() -> None:
    source = cell(0)
    tracked = derived(lambda: source.value + 1)
    stop = tracked.subscribe(lambda value: None)
    assert region_of(source) is None
    stop()
    following = source.changes().subscribe(lambda value: None)
    assert region_of(source) is None
    following()
    assert region_of(source) is not None


def test_two_regions_of_one_shape_share_their_code() -> None:
    plans: list[Any] = []
    for _ in range(2):
        source = cell(0)
        (source * 2 + 1).subscribe(lambda value: None)
        plans.append(warmed(source).plan)
    first, second = plans
    assert first is not None
    assert second is not None
    assert first is not second
    assert first.__code__ is second.__code__


def test_no_name_or_value_of_the_user_gets_into_the_code() -> None:
    text = source_text(
        ((("value", "k0"), (), True), (("v0", "x0"), ("m0",), False)), ((), ("m0", "m1")), False
    )
    assert set(text.split()).isdisjoint({"import", "eval", "exec"})
    compile(text, "<test>", "exec")


def test_a_plan_that_did_not_last_is_long_in_coming_back() -> None:
    source = warmed(cell(0))
    source.subscribe(lambda value: None)  # the shape is another now
    source.value = -1
    assert source.plan is None
    for value in range(REST - WARM):
        source.value = value
    assert source.plan is None
