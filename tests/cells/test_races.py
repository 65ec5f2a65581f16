"""Many threads at once, switched as often as they can be: what is read belongs together, and no write is lost."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reactflow import Cell, Derived, batch, cell, derived, effect, fold, folds, pulse, snapshot
from tests.cells.undone import undone

PATIENCE = 20  # seconds after which a thread counts as stuck
FORMS = ["explicit", "tracked"]


@pytest.fixture(autouse=True)
def _switched_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def at_once(*work: Callable[[], object]) -> None:
    """Run each in a thread of its own, beginning together; raises what one of them raises."""
    failed: list[BaseException] = []
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> None:
        try:
            gate.wait(PATIENCE)
            one()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(one,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    if failed:
        raise failed[0]


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Do something again and again in another thread, for the length of the block; raises what that raises."""
    failed: list[BaseException] = []
    going = threading.Event()
    going.set()

    def run() -> None:
        try:
            while going.is_set():
                work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        going.clear()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


def summed(form: str, cells: list[Cell[int]]) -> Derived[int]:
    if form == "explicit":
        return derived(lambda *values: sum(values), *cells)
    return derived(lambda: sum(one.value for one in cells))


@pytest.mark.parametrize("form", FORMS)
def test_threads_that_write_different_sources_of_one_graph_lose_no_write_and_no_run(form: str) -> None:
    writes = 150
    sources = [cell(0) for _ in range(4)]
    total = summed(form, sources)
    seen: list[tuple[int, int]] = []
    stop = effect(lambda: seen.append((total.value, sum(one.value for one in sources))))

    def write(one: Cell[int]) -> None:
        for value in range(1, writes + 1):
            one.value = value

    at_once(*[lambda one=one: write(one) for one in sources])
    stop()
    assert seen == [(value, value) for value in range(4 * writes + 1)]


@pytest.mark.parametrize("form", FORMS)
def test_threads_that_write_one_source_leave_it_and_what_is_derived_at_the_last_write(form: str) -> None:
    source = cell(-1)
    total = summed(form, [source, source])
    lazy = source * 10
    seen: list[int] = []
    stop = total.subscribe(seen.append)

    def write(mine: int) -> None:
        for value in range(mine, 400, 4):
            source.value = value

    at_once(*[lambda mine=mine: write(mine) for mine in range(4)])
    stop()
    assert sorted(seen) == [-2, *range(0, 800, 2)]
    assert seen[-1] == total.value == 2 * source.value
    assert lazy.value == 10 * source.value


@pytest.mark.parametrize("hot", [False, True], ids=["cold", "hot"])
@pytest.mark.parametrize("form", FORMS)
def test_threads_that_increment_in_a_batch_lose_none(form: str, hot: bool) -> None:
    source = cell(0)
    double = summed(form, [source, source])
    stop = double.subscribe(lambda value: None)
    for value in range(200 if hot else 0):
        source.value = -value
    source.value = 0

    def increment() -> None:
        for _ in range(100):
            with batch():
                source.value += 1

    at_once(increment, increment, increment)
    stop()
    assert (source.value, double.value) == (300, 600)


@pytest.mark.parametrize("observed", [False, True], ids=["lazy", "observed"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_read_while_another_thread_writes_belongs_to_a_write_and_never_goes_back(
    form: str, observed: bool
) -> None:
    source = cell(0)
    chain: Any = source
    for _ in range(5):
        chain = chain + 1 if form == "explicit" else tracked_plus_one(chain)
    spread = derived(lambda one, other: (one, other - one), source, chain)
    stop = spread.subscribe(lambda value: None) if observed else None
    seen: list[list[int]] = [[], [], [], []]  # of each cell by each reader
    torn: list[tuple[int, int]] = []
    done = threading.Event()

    def read(mine: int) -> None:
        while not done.is_set():
            one, difference = spread.value
            if difference != 5:
                torn.append((one, difference))
            seen[mine].append(one)
            seen[mine + 2].append(chain.value - 5)

    def write() -> None:
        for value in range(1, 400):
            source.value = value
        done.set()

    at_once(write, lambda: read(0), lambda: read(1))
    if stop:
        stop()
    assert torn == []
    for values in seen:
        assert values == sorted(values)
        assert set(values) <= set(range(400))


def tracked_plus_one(one: Any) -> Derived[int]:
    return derived(lambda: one.value + 1)


@pytest.mark.parametrize("observed", [False, True], ids=["lazy", "observed"])
@pytest.mark.parametrize("form", FORMS)
def test_a_derived_cell_of_two_sources_that_are_written_together_is_never_read_half_new(
    form: str, observed: bool
) -> None:
    one, other = cell(0), cell(0)
    if form == "explicit":
        difference = one - other
    else:
        difference = derived(lambda: one.value - other.value)
    beyond = difference.map(lambda value: value * 100)
    stop = beyond.subscribe(lambda value: None) if observed else None
    torn: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            torn.extend(filter(None, (difference.value, beyond.value)))
            with snapshot():
                if one.value != other.value:
                    torn.append(-1)

    def write() -> None:
        for value in range(1, 200):
            with batch():
                one.value = value
                other.value = value
        done.set()

    at_once(write, read, read)
    if stop:
        stop()
    assert torn == []


@pytest.mark.parametrize("form", FORMS)
def test_threads_that_first_read_one_lazy_cell_at_once_run_it_once(form: str) -> None:
    for value in range(40):
        ran: list[int] = []
        source = cell(value)

        def double(value: int, ran: list[int] = ran) -> int:
            ran.append(value)
            return value * 2

        if form == "explicit":
            lazy = source.map(double)
        else:
            lazy = derived(lambda source=source, double=double: double(source.value))
        got: list[int] = []
        reads = [lambda lazy=lazy, got=got: got.append(lazy.value)] * 3
        at_once(*reads)
        assert (got, ran) == ([value * 2] * 3, [value])


def test_emits_of_many_threads_all_count_and_every_observer_sees_each_once() -> None:
    reading, other = pulse(), cell(0)
    total, count = fold(reading, folds.sum), fold(reading * other.map(lambda value: 1), folds.count)
    seen: list[int] = []
    stop = reading.subscribe(seen.append)

    def emit(mine: int) -> None:
        for value in range(100):
            reading.emit(mine * 1_000 + value)

    with meanwhile(lambda: setattr(other, "value", other.peek() + 1)):
        at_once(*[lambda mine=mine: emit(mine) for mine in range(3)])
    stop()
    assert sorted(seen) == [mine * 1_000 + value for mine in range(3) for value in range(100)]
    assert (total.value, count.value) == (sum(seen), 300)


def test_batches_of_two_threads_are_seen_one_after_the_other() -> None:
    sources = [cell(0) for _ in range(3)]
    seen: list[list[int]] = []
    stop = effect(lambda: seen.append([one.value for one in sources]))

    def write(mine: int) -> None:
        for value in range(mine, 200, 2):
            with batch():
                for one in sources:
                    one.value = value + 1

    at_once(lambda: write(0), lambda: write(1))
    stop()
    assert len(seen) == 201
    assert all(len(set(values)) == 1 for values in seen)


def test_batches_that_fail_in_two_threads_leave_nothing_behind() -> None:
    source, other = cell(0), cell(0)
    total = source + other
    seen: list[int] = []
    stop = total.subscribe(seen.append)

    def fail(one: Cell[int]) -> None:
        for value in range(1, 100):
            with undone():
                one.value = value
                assert total.value in (value, value + source.value, value + other.value)

    def write() -> None:
        for value in range(1, 100):
            source.value = 1_000 * value

    at_once(lambda: fail(other), lambda: fail(other), write)
    stop()
    assert seen == [1_000 * value for value in range(100)]
    assert (source.value, other.value, total.value) == (99_000, 0, 99_000)


def test_effects_are_made_and_stopped_in_threads_while_others_write() -> None:
    source = cell(0)
    double = source * 2
    tracked = derived(lambda: double.value + source.value)
    seen: list[int] = []
    stop = tracked.subscribe(seen.append)

    def make_and_stop() -> None:
        for _ in range(60):
            ran: list[tuple[int, int]] = []
            stops = [effect(lambda ran=ran: ran.append((double.value, tracked.value))) for _ in range(2)]  # type: ignore[misc]
            for one in stops:
                one()
            assert all(3 * first == 2 * second for first, second in ran)
            assert len(ran) >= 2

    def write() -> None:
        for value in range(1, 200):
            source.value = value

    at_once(write, make_and_stop, make_and_stop)
    stop()
    assert seen == [3 * value for value in range(200)]


def test_graphs_that_have_nothing_in_common_are_written_in_threads_without_harm() -> None:
    results: dict[int, tuple[int, int]] = {}

    def live(mine: int) -> None:
        source = cell(0)
        last: Any = source
        for _ in range(10):
            last = last + 1
        chosen = derived(lambda: last.value if source.value % 2 else -1)
        seen: list[int] = []
        stop = chosen.subscribe(seen.append)
        for value in range(1, 100):
            source.value = value
        stop()
        results[mine] = (len(seen), last.value)

    at_once(*[lambda mine=mine: live(mine) for mine in range(4)])
    assert results == dict.fromkeys(range(4), (100, 109))


def test_what_one_thread_tracks_is_not_what_another_reads_meanwhile() -> None:
    source, hidden = cell(0), [cell(0) for _ in range(3)]
    lazy = hidden[2] * 2
    ran: list[int] = []
    double = derived(lambda: source.value * 2)
    stop = effect(lambda: ran.append(double.value))
    with meanwhile(lambda: [one.value for one in hidden] + [lazy.value, lazy.peek(), hidden[0].is_set]):
        for value in range(1, 200):
            source.value = value
    ran.clear()
    for one in hidden:
        one.value = 5
    stop()
    assert ran == []


def test_a_derived_cell_computed_in_one_thread_does_not_make_writes_of_another_one_refused() -> None:
    source, other = cell(0), cell(0)
    slow = source.map(lambda value: sum(range(200)) + value)
    stop = slow.subscribe(lambda value: None)
    with meanwhile(lambda: setattr(other, "value", other.peek() + 1)):
        for value in range(1, 150):
            source.value = value
            effect(lambda: slow.value)()
    stop()
    assert slow.value == sum(range(200)) + 149
