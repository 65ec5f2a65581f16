"""What users' functions do while a source is on the fast path: they write, read something new, make effects, raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow import Instrument, ReactflowError, batch, cell, derived, effect, instrumented
from reactflow.cells.fast import WARM_WRITES
from reactflow.cells.semantics import UNSET
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.hot import interruptible, interrupts, warmed
from tests.cells.live import check


def test_a_function_of_a_region_that_peeks_at_another_derived_cell_gets_what_is_current() -> None:
    source = cell(0)
    late = derived(lambda value: value * 100, source)
    early = derived(lambda value: value + late.peek(), source)
    seen: list[int] = []
    effect(lambda: seen.append(early.value))
    effect(lambda: late.value)
    for value in range(1, WARM_WRITES * 3):
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
    for value in (5, 6):
        source.value = value
        assert isinstance(seen[-1], ReactflowError)
        assert "'meddler' is derived and writes 'other'" in str(seen[-1])
        warmed(other)
    assert other.value == 0


def test_opening_a_batch_or_making_an_effect_in_a_function_of_a_region_is_refused() -> None:
    source = cell(0)
    acts: list[Callable[[], object]] = [lambda: None]
    meddler = derived(lambda value: (acts[0](), value)[1], source)
    seen: list[object] = []
    meddler.subscribe(seen.append, seen.append)
    warmed(source)
    for act in (lambda: batch().__enter__(), lambda: effect(lambda: None)):
        acts[0] = act
        source.value += 1
        assert "'meddler' is derived" in str(seen[-1])
        check([source])


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
    effect(lambda: fails())
    seen: list[int] = []
    log.subscribe(seen.append)
    warmed(source)
    with pytest.raises(ExceptionGroup) as raised:
        source.value = 13
    assert [str(error) for error in raised.value.exceptions] == ["thirteen", "thirteen"]
    assert all("in the effect" in error.__notes__[0] for error in raised.value.exceptions)
    assert seen[-1] == 26
    source.value = 14
    assert seen[-1] == 28
    check([source, log])


def test_effects_clean_up_make_effects_and_stop_each_other_as_they_do_elsewhere() -> None:
    ran: list[object] = []
    source = cell(0)

    def parent() -> Callable[[], object]:
        value = source.value
        if value > 5:
            effect(lambda: ran.append(("child", source.value)))
        return lambda: ran.append(("clean", value))

    effect(parent)
    stops = [effect(lambda: ran.append(("last", source.value)))]
    effect(lambda: stops[0].stop() if source.value == 99 else None)
    warmed(source, 0, 1)
    ran.clear()
    source.value = 6
    assert ran == [("clean", 0), ("child", 6), ("last", 6)]
    ran.clear()
    source.value = 99
    assert ran == [("clean", 6), ("child", 99), ("last", 99)]
    ran.clear()
    source.value = 1
    assert ran == [("clean", 99)]


def test_an_effect_that_reads_what_it_did_not_follows_it() -> None:
    source, other = cell(0), cell(10)
    lazy = other * 2
    seen: list[int] = []
    effect(lambda: seen.append(source.value + (lazy.value if source.value > 5 else 0)))
    warmed(source, 0, 1)
    source.value = 7
    other.value = 20
    source.value = 1
    other.value = 30
    assert seen[-3:] == [27, 47, 1]


def test_a_tracked_function_that_goes_to_and_fro_reads_what_is_current_and_runs_no_more_than_it_has_to() -> (
    None
):
    ran: list[int] = []
    source, one, other = cell(0), cell(1), cell(2)
    first, second = one * 10, other * 100

    def choose() -> int:
        ran.append(source.value)
        return first.value if source.value % 2 else second.value

    chosen = derived(choose)
    seen: list[int] = []
    chosen.subscribe(seen.append)
    for number in range(3 * WARM_WRITES):
        source.value = number
        one.value += 1
        other.value += 1
        assert chosen.value == (one.value * 10 if number % 2 else other.value * 100)
    ran.clear()
    source.value = 1
    other.value = 0
    assert ran == [1]
    check([source, one, other])


@pytest.mark.parametrize("is_alone", [False, True])
def test_a_tracked_function_that_comes_to_read_nothing_stays_as_it_is(is_alone: bool) -> None:
    reads = [True]
    source = cell(0)
    tracked = derived(lambda: source.value if reads[0] else -1)
    beside = source * 1
    seen: list[int] = []
    tracked.subscribe(seen.append)
    if not is_alone:
        beside.subscribe(lambda value: None)
    warmed(source, 100, 50)
    reads[0] = False
    for value in (1, 2, 3):
        source.value = value
        assert (seen[-1], tracked.value, beside.value) == (-1, -1, value)


def test_an_interrupt_in_a_function_or_an_effect_leaves_a_graph_that_works() -> None:
    first, second, third = [False], [False], [False]
    source = cell(0)
    result = derived(interruptible(first, lambda value: value + 1), source)
    tracked = derived(lambda: interruptible(second, lambda: result.value * 2)())
    seen: list[int] = []
    tracked.subscribe(lambda value: seen.append(interruptible(third, lambda: value)()))
    later: list[int] = []
    result.subscribe(later.append)
    for number, flag in enumerate((first, second, third)):
        warmed(source, 0, 1)
        with interrupts(flag):
            source.value = 100 + number
        source.value = 200 + number
        assert (result.value, seen[-1], later[-1]) == (201 + number, 402 + 2 * number, 201 + number)
        check([source])


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
    assert last.value == 15
    source.value = 6
    assert (counter.runs, last.value) == (10, 16)


@pytest.mark.parametrize("length", [1, 40])
@pytest.mark.parametrize("how", ["raises", "reads", "unset"])
def test_an_effect_that_fails_after_a_function_left_the_fast_path_is_told_of_once(
    how: str, length: int
) -> None:
    fails = [False]
    source, other = cell(0), cell(5)
    last = source + 0
    for _ in range(length - 1):
        last = last + 0

    def different() -> Any:
        if how == "raises":
            raise KeyError
        return other.value if how == "reads" else UNSET

    end: Any = (
        derived(lambda: different() if fails[0] else last.value)
        if how == "reads"
        else last.map(lambda value: different() if fails[0] else value)
    )
    end.subscribe(lambda value: None, lambda error: None)

    def fail() -> None:
        if source.value > 100:
            raise ValueError("mine")

    effect(fail)
    warmed(source)
    fails[0] = True
    with pytest.raises(ExceptionGroup) as raised:
        source.value = 500
    assert [str(error) for error in raised.value.exceptions] == ["mine"]
    check([source, end])
    fails[0] = False
    source.value = 5
    assert end.value == 5


def test_a_function_that_runs_untracked_and_fails_recovers_when_what_it_reads_changes() -> None:
    one, other = cell(6), cell(1)
    beside = derived(
        lambda: one.value if other.value else other.value
    )  # its reads are listed, in the same code
    ratio = derived(lambda: one.value // other.value)
    stops = beside.subscribe(id), ratio.subscribe(id, id)
    warmed(other, 1, 2, 3)
    for _ in range(3):
        other.value = 0
        assert not ratio.is_set
        one.value = 8
        assert not ratio.is_set
        other.value = 2
        assert ratio.value == 4
        one.value = 6
        assert ratio.value == 3
        other.value = 1
        assert ratio.value == 6
    for stop in stops:
        stop()
    check([one, other, beside, ratio])
