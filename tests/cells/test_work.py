"""Work grows with what changed, not with what exists: counted, and for a million cells measured."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

import pytest

from reactflow import Cell, Derived, Effect, batch, cell, derived, effect, fold, folds, instrumented, pulse
from tests.cells.counting import Counter
from tests.cells.undone import undone

SIZES = (10, 100, 1_000)


def counted(work: Callable[[], object]) -> tuple[int, int, int]:
    """How many visits and runs of cells, and runs of effects, it took."""
    with instrumented(Counter()) as counter:
        work()
    return tuple(sum(one.values()) for one in (counter.visits, counter.runs, counter.effects))  # type: ignore[return-value]  # it is three


class Rooms:
    """As many rooms as there are: each with sources, derived cells of both forms, a pulse, a fold and an effect."""

    def __init__(self, number: int) -> None:
        self.lengths = [cell(float(at)) for at in range(number)]
        self.width = cell(2.0)
        self.extra = cell(0.0)
        self.areas: list[Derived[float]] = []
        self.readings = [pulse() for _ in range(number)]
        self.totals = [fold(reading, folds.sum) for reading in self.readings]
        self.stops: list[Effect] = []
        self.lazy: list[Derived[float]] = []
        for length, total in zip(self.lengths, self.totals, strict=True):
            self.add(length, total)

    def add(self, length: Cell[float], total: Derived[int]) -> None:
        area = length * 2.0
        cost = derived(lambda: area.value + 1.0)
        label = cost.map("{:.1f}".format)
        self.areas.append(area)
        self.stops.append(effect(lambda: (label.value, total.value)))
        self.lazy.append(area * self.extra)
        self.lazy[-1].value

    def stop(self) -> None:
        for stop in self.stops:
            stop()


def works(rooms: Rooms) -> dict[str, Callable[[], object]]:
    """Things that concern one room, by what they are."""

    def in_a_batch() -> None:
        with batch():
            rooms.lengths[3].value += 1.0
            rooms.readings[4].emit(1)

    def taken_back() -> None:
        with undone():
            rooms.lengths[3].value += 1.0

    def another_effect() -> None:
        effect(lambda: rooms.areas[5].value)()

    return {
        "a write": lambda: setattr(rooms.lengths[3], "value", rooms.lengths[3].value + 1.0),
        "a write of the same": lambda: setattr(rooms.lengths[3], "value", rooms.lengths[3].value),
        "an emit": lambda: rooms.readings[4].emit(1),
        "a batch": in_a_batch,
        "a batch undone": taken_back,
        "an effect made and stopped": another_effect,
        "a read of what is observed": lambda: rooms.areas[6].value,
        "a read of what is not": lambda: rooms.lazy[7].value,
        "a write of what only lazy cells read": lambda: setattr(
            rooms.extra, "value", rooms.extra.value + 1.0
        ),
    }


def test_work_does_not_grow_with_what_exists() -> None:
    counts: dict[str, set[tuple[int, int, int]]] = {}
    for size in SIZES:
        rooms = Rooms(size)
        for name, work in works(rooms).items():
            counts.setdefault(name, set()).add(counted(work))
        for name, work in works(rooms).items():  # what was done once must not cost the next one more
            counts.setdefault(f"{name}, again", set()).add(counted(work))
        rooms.stop()
    assert {name: len(found) for name, found in counts.items()} == dict.fromkeys(counts, 1), counts
    (write,), (emit,), (lazy_write,) = (
        counts[name] for name in ("a write", "an emit", "a write of what only lazy cells read")
    )
    assert write[1:] == (3, 1)
    assert emit[2] == 1
    assert lazy_write == (0, 0, 0)


def sum_of(form: str, one: Cell[int], other: Cell[int]) -> Derived[int]:
    return one + other if form == "explicit" else derived(lambda: one.value + other.value)


def is_positive(form: str, one: Derived[int]) -> Derived[bool]:
    return one > 0 if form == "explicit" else derived(lambda: one.value > 0)


def total_of(cells: Sequence[Derived[int]]) -> Derived[int]:
    return derived(lambda: sum(one.value for one in cells))


def writing(one: Cell[int], value: int) -> Callable[[], object]:
    return lambda: setattr(one, "value", value)


@pytest.mark.parametrize("form", ["explicit", "tracked"])
def test_work_grows_with_what_changed_and_no_more(form: str) -> None:
    for size in SIZES:
        source, other = cell(0), cell(0)
        changed = [sum_of(form, cell(at), source) for at in range(size)]
        unchanged = [sum_of(form, cell(at), other) for at in range(size)]
        stops = [one.subscribe(lambda value: None) for one in (*changed, *unchanged)]
        visits, runs, effects = counted(writing(source, 1))
        assert (runs, effects) == (size, size)
        assert visits <= 2 * size
        for stop in stops:
            stop()


@pytest.mark.parametrize("form", ["explicit", "tracked"])
def test_what_is_behind_a_cut_off_is_not_looked_at(form: str) -> None:
    counts = set()
    for size in SIZES:
        source, never = cell(5), cell(0)
        positive = is_positive(form, sum_of(form, source, never))
        stops = [positive.and_(at).subscribe(lambda value: None) for at in range(size)]
        counts.add(counted(writing(source, 6))[1:])
        for stop in stops:
            stop()
    assert counts == {(2, 0)}


def test_a_changed_input_among_many_makes_one_run_not_a_run_each() -> None:
    for size in SIZES:
        sources = [cell(at) for at in range(size)]
        doubles = [one * 2 for one in sources]
        total = total_of(doubles)
        stop = total.subscribe(lambda value: None)
        assert counted(writing(sources[5], -1))[1:] == (2, 1)
        stop()


def seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("form", "observed"), [("tracked", False), ("explicit", True)])
def test_a_million_cells_are_built_read_or_observed_updated_and_collected(form: str, observed: bool) -> None:
    pairs = 500_000
    sources = [cell(at) for at in range(pairs)]
    made: list[Derived[int]] = []
    stops: list[Effect] = []
    shared = [cell(1)]

    def build() -> None:
        made.extend(sum_of(form, source, shared[0]) for source in sources)

    def follow() -> None:
        if observed:
            stops.extend(each.subscribe(lambda value: None) for each in made)
        else:
            assert [each.value for each in made] == [*range(1, pairs + 1)]

    took = {"build": seconds(build), "follow": seconds(follow)}
    counts: list[tuple[int, int, int]] = []
    took["update"] = seconds(lambda: counts.append(counted(writing(sources[pairs // 2], -1))))
    assert made[pairs // 2].value == 0
    assert counts == [(1, 1, 1) if observed else (0, 0, 0)]
    gone = [ref(each) for at in (0, pairs // 2, -1) for each in (sources[at], made[at])]

    def collect() -> None:
        for kept in (sources, made, stops, shared):
            kept.clear()
        gc.collect()

    took["collect"] = seconds(collect)
    assert [each() for each in gone] == [None] * 6
    print(took)
    assert took["build"] + took["follow"] < 120
    assert took["update"] < 0.1
    assert took["collect"] < 60


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_million_cells_that_depend_on_one_source_are_updated_and_collected() -> None:
    layers, width = 100, 10_000
    source = cell(0)

    def build() -> tuple[Derived[int], ref[Any]]:
        row = [source.map(add_one) for _ in range(width)]
        first = ref(row[0])
        for _ in range(layers - 1):
            row = [one.map(add_one) for one in row]
        return derived(lambda *values: sum(values), *row), first

    total, first = build()
    ran: list[int] = []
    stop = total.subscribe(ran.append)
    took = seconds(writing(source, 1))
    assert ran == [layers * width, (layers + 1) * width]
    assert took < 60
    stop()
    del total, stop
    gc.collect()
    assert first() is None


def add_one(value: int) -> int:
    return value + 1
