"""Depth and breadth: nothing in the engine recurses, and no graph is walked once a path."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any
from weakref import ref

import pytest

from reactflow import (
    Cell,
    Derived,
    Instrument,
    Unset,
    batch,
    cell,
    derived,
    effect,
    fold,
    folds,
    instrumented,
    pulse,
)
from tests.cells.counting import Counter

deep = pytest.mark.parametrize("size", [3_000, pytest.param(100_000, marks=pytest.mark.slow)])


def explicit(one: Any) -> Derived[int]:
    return one.map(add_one)  # type: ignore[no-any-return]  # of a cell of any kind


def add_one(value: int) -> int:
    return value + 1


def tracked(one: Any) -> Derived[int]:
    return derived(lambda: one.value + 1)


def peeking(one: Any) -> Derived[int]:
    """Depends on nothing that it reads."""
    return derived(lambda: one.peek() + 1)


def asking(one: Any) -> Derived[int]:
    """Reads whether there is a value before it reads that."""
    return derived(lambda: one.value + 1 if one.is_set else 0)


def peeking_at(one: Any, source: Cell[int]) -> Derived[int]:
    """Is called with one cell, and reads another."""
    return source.map(lambda value: one.peek() + 1)


def chain(source: Any, make: Callable[[Any], Any], size: int) -> Any:
    last = source
    for _ in range(size):
        last = make(last)
    return last


@contextmanager
def default_recursion_limit() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@pytest.fixture(autouse=True)
def _default_recursion_limit() -> Iterator[None]:
    with default_recursion_limit():
        yield


both_forms = pytest.mark.parametrize("make", [explicit, tracked])


@deep
@both_forms
def test_a_cold_chain_of_any_length_is_read_written_and_let_go(make: Any, size: int) -> None:
    source = cell(0)
    last = chain(source, make, size)
    assert last.value == size
    source.value = 1
    assert last.value == size + 1
    gone = ref(last)
    del last
    gc.collect()
    assert gone() is None


@deep
@both_forms
def test_a_cold_chain_of_any_length_is_observed_and_let_go_again(make: Any, size: int) -> None:
    ran: list[int] = []
    source = cell(0)
    last = chain(source, make, size)
    stop = effect(lambda: ran.append(last.value))
    source.value = 1
    with batch():
        source.value = 2
        source.value = 3
    stop()
    source.value = 4
    assert ran == [size, size + 1, size + 3]


@deep
@both_forms
def test_a_chain_of_any_length_is_rolled_back(make: Any, size: int) -> None:
    ran: list[int] = []
    source = cell(0)
    last = chain(source, make, size)
    stop = effect(lambda: ran.append(last.value))
    with pytest.raises(KeyError), batch():
        raise_after(lambda: setattr(source, "value", 5), lambda: ran.append(last.value))
    assert (ran, last.value) == ([size, size + 5], size)
    stop()


def raise_after(*work: Callable[[], object]) -> None:
    for one in work:
        one()
    raise KeyError


def test_a_long_chain_that_is_hot() -> None:
    source = cell(0)
    last = chain(source, explicit, 2_000)
    ran: list[int] = []
    stop = effect(lambda: ran.append(last.value))
    for value in range(60):
        source.value = value
    assert ran == [2_000 + value for value in range(60)]
    stop()


@pytest.mark.parametrize("make", [peeking, asking])
def test_a_cold_chain_that_reads_in_another_way(make: Any) -> None:
    source = cell(0)
    last = chain(source, make, 5_000)
    assert last.value == 5_000
    ran: list[int] = []
    stop = effect(lambda: ran.append(last.value))
    assert ran == [5_000]
    stop()


def test_explicit_functions_that_peek_at_the_cell_before() -> None:
    source = cell(0)
    last = chain(source, lambda one: peeking_at(one, source), 5_000)
    assert last.value == 5_000
    stop = last.subscribe(lambda value: None)
    source.value = 7
    assert last.value == 5_007
    stop()


def test_a_tracked_cell_whose_first_run_reads_a_cold_chain_runs_to_its_end_once() -> None:
    """Its function may be begun again when an input had to be computed first."""
    ended: list[int] = []
    source = cell(0)

    def link(one: Any) -> Derived[int]:
        def compute() -> int:
            value: int = one.value + 1
            ended.append(value)
            return value

        return derived(compute)

    last = chain(source, link, 2_000)
    assert last.value == 2_000
    assert sorted(ended) == list(range(1, 2_001))


@deep
def test_a_chain_of_pulses_of_any_length_and_a_fold_at_its_end(size: int) -> None:
    reading = pulse()
    total = fold(chain(reading, explicit, size), folds.sum)
    reading.emit(0)
    reading.emit(0)
    assert total.value == 2 * size


def test_a_chain_of_folds_of_changes_of_folds() -> None:
    reading = pulse()
    last: Any = reading
    totals = []
    for _ in range(2_000):
        totals.append(fold(last, folds.sum))
        last = totals[-1].changes()
    reading.emit(1)
    assert {one.value for one in totals} == {1}


@deep
@both_forms
def test_an_error_comes_through_a_chain_of_any_length(make: Any, size: int) -> None:
    source: Any = cell("text")
    last = chain(source, make, size)
    with pytest.raises(TypeError):
        last.value
    source.value = 0
    assert last.value == size


@deep
def test_a_missing_value_comes_through_a_chain_of_any_length(size: int) -> None:
    source: Any = cell(name="source")
    last = chain(source, explicit, size)
    with pytest.raises(Unset) as caught:
        last.value
    assert caught.value.missing == ("source",)
    source.value = 0
    assert last.value == size


def lines_to_find_what_is_missing(make: Any, size: int) -> int:
    """How many lines of Python run until a chain says what it misses."""
    source: Any = cell(name="source")
    last = chain(source, make, size)
    lines = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with pytest.raises(Unset) as caught:
            last.value
    finally:
        sys.settrace(before)
    assert caught.value.missing == ("source",)
    return lines


@pytest.mark.parametrize(
    "make",
    [
        explicit,
        tracked,
    ],
)
def test_the_work_of_a_missing_value_grows_with_the_length_of_a_chain_not_with_its_square(make: Any) -> None:
    short, long = (lines_to_find_what_is_missing(make, size) for size in (50, 400))
    assert long < 16 * short


def test_batches_nest_1_000_deep() -> None:
    ran: list[int] = []
    source = cell(0)
    source.subscribe(ran.append)
    with ExitStack() as stack:
        for value in range(1_000):
            stack.enter_context(batch())
            source.value = value
    assert ran == [0, 999]


@deep
def test_a_source_with_any_number_of_observers_runs_each_once(size: int) -> None:
    source = cell(0)
    cells = [explicit(source) for _ in range(size)]
    total = derived(lambda *values: sum(values), *cells)
    ran: list[int] = []
    stop = effect(lambda: ran.append(total.value))
    with instrumented(Counter()) as counter:
        source.value = 1
    stop()
    assert ran == [size, 2 * size]
    assert (len(counter.runs), set(counter.runs.values())) == (size + 1, {1})


def add(one: Any, other: Any) -> Derived[int]:
    return one + other  # type: ignore[no-any-return]  # of cells of any kind


def add_tracked(one: Any, other: Any) -> Derived[int]:
    return derived(lambda: one.value + other.value)


def layered(source: Any, make: Callable[[Any, Any], Any], layers: int) -> Any:
    """A graph of 2 ** layers paths."""
    one, other = make(source, source), make(source, source)
    for _ in range(layers):
        one, other = make(one, other), make(other, one)
    return make(one, other)


@pytest.mark.parametrize("make", [add, add_tracked])
def test_a_graph_of_many_paths_is_read_observed_failed_unset_and_rolled_back_in_one_walk(make: Any) -> None:
    source: Any = cell(name="source")
    last = layered(source, make, 60)
    with pytest.raises(Unset) as caught:
        last.value
    assert caught.value.missing == ("source",)
    source.value = 1
    with instrumented(Counter()) as lazily:
        assert last.value == 2**62
    ran: list[int] = []
    stop = last.subscribe(ran.append, lambda error: ran.append(-1))
    with instrumented(Counter()) as observed:
        source.value = 2
        source.value = None
        with pytest.raises(KeyError), batch():
            raise_after(lambda: setattr(source, "value", 3), lambda: last.value)
        source.value = 1
    stop()
    assert ran == [2**62, 2**63, -1, 2**62]
    assert max(lazily.runs.values()) == 1
    assert max(observed.runs.values()) <= 5
    assert max(observed.visits.values()) <= 10


def test_an_instrument_without_hooks_costs_no_walk() -> None:
    source = cell(1)
    last = layered(source, add, 60)
    with instrumented(Instrument()):
        assert last.value == 2**62
