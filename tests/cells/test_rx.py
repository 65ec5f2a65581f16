"""At home in ReactiveX, in both directions, with its virtual time."""

from __future__ import annotations

import subprocess
import sys
from threading import Event
from typing import Any

import pytest
import reactivex
from reactivex import operators as ops
from reactivex.scheduler import NewThreadScheduler
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from reactflow import batch, cell, derived, fold, folds, pulse
from tests.cells.undone import logged


def twice(value: Any) -> Any:
    return value * 2


def add(total: Any, value: Any) -> Any:
    return total + value


def test_a_cell_goes_through_operators_and_tells_its_value_first() -> None:
    length = cell(3.0)
    seen: list[float] = []
    subscription = length.pipe(ops.map(twice), ops.distinct_until_changed()).subscribe(seen.append)
    length.value = 5.0
    subscription.dispose()
    length.value = 7.0
    assert seen == [6.0, 10.0]


def test_an_unset_cell_tells_nothing_before_it_is_written() -> None:
    height = cell()
    seen: list[float] = []
    height.pipe().subscribe(seen.append)
    assert seen == []
    height.value = 2.0
    assert seen == [2.0]


def test_cells_stand_where_observables_are_expected() -> None:
    length: Any = cell(3.0)  # ReactiveX's types know its own classes only
    width: Any = cell(4.0)
    pairs: list[Any] = []
    sums: list[float] = []
    reactivex.combine_latest(length, width).subscribe(pairs.append)
    reactivex.merge(length, width).pipe(ops.scan(add, 0.0)).subscribe(sums.append)
    length.value = 5.0
    assert pairs == [(3.0, 4.0), (5.0, 4.0)]
    assert sums == [3.0, 7.0, 12.0]


def test_what_is_derived_from_several_cells_is_never_told_half_new() -> None:
    length: Any = cell(1)
    width: Any = cell(1)
    torn: list[Any] = []
    whole: list[Any] = []
    reactivex.combine_latest(length, width).subscribe(torn.append)
    derived(lambda one, other: (one, other), length, width).subscribe(whole.append)
    with batch():
        length.value, width.value = 2, 2
    assert torn == [(1, 1), (2, 1), (2, 2)]
    assert whole == [(1, 1), (2, 2)]


def test_a_pulse_tells_each_occurrence_and_equal_ones_too() -> None:
    reading = pulse()
    seen: list[list[float]] = []
    reading.pipe(ops.buffer_with_count(2)).subscribe(seen.append)
    for _ in range(4):
        reading.emit(5.0)
    assert seen == [[5.0, 5.0], [5.0, 5.0]]


def test_debounce_runs_on_virtual_time() -> None:
    scheduler = TestScheduler()
    length = cell(0)
    seen: list[tuple[float, int]] = []
    length.pipe(ops.debounce(50, scheduler=scheduler)).subscribe(
        lambda value: seen.append((scheduler.clock, value))
    )
    for time, value in ((210, 1), (230, 2), (300, 3)):
        scheduler.schedule_absolute(time, lambda *_, value=value: setattr(length, "value", value))
    scheduler.start()
    assert [value for _, value in seen] == [0, 2, 3]


def test_a_failure_ends_the_subscription_as_an_error() -> None:
    source = cell(1)
    inverse = derived(lambda value: 1 / value, source)
    seen: list[object] = []
    inverse.pipe().subscribe(seen.append, lambda error: seen.append(type(error)))
    source.value = 0
    source.value = 2
    assert seen == [1.0, ZeroDivisionError]


def test_an_observable_feeds_a_cell_and_its_error_becomes_the_cells_own() -> None:
    readings: Subject[float] = Subject()
    length = cell(3.0)
    area = length * 2
    subscription = length.bind(readings)
    readings.on_next(5.0)
    assert area.value == 10.0
    readings.on_error(ValueError("the sensor is gone"))
    for broken in (length, area):
        with pytest.raises(ValueError, match="the sensor is gone"):
            broken.value
    length.value = 4.0
    assert area.value == 8.0
    subscription.dispose()


def test_a_feed_that_was_ended_writes_no_more() -> None:
    readings: Subject[float] = Subject()
    length = cell(3.0)
    length.bind(readings).dispose()
    readings.on_next(5.0)
    assert length.value == 3.0


def test_an_observable_feeds_a_pulse_and_every_value_counts() -> None:
    reading = pulse()
    total = fold(reading, folds.sum)
    reading.bind(reactivex.of(5, 5, 5))
    assert total.value == 15


def test_reactivex_is_loaded_on_first_use_only() -> None:
    code = "import sys, reactflow; reactflow.cell(1).subscribe(print); print('reactivex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_an_observer_is_told_once_an_event_and_nothing_that_is_equal() -> None:
    seen: list[int] = []
    length, width = cell(1), cell(1)
    area = length * width
    area.pipe(ops.map(lambda value: value)).subscribe(seen.append)
    with batch():
        length.value, width.value = 2, 3
        length.value = 4
        assert seen == [1]
    with batch():
        length.value, width.value = 3, 4
    assert seen == [1, 12]


def test_a_cell_that_was_followed_by_an_observable_is_lazy_again_when_that_is_disposed_of() -> None:
    ran: list[int] = []
    length = cell(1)
    double = length.map(lambda value: logged(ran, value, value * 2))
    first = double.pipe(ops.map(lambda value: value)).subscribe(lambda value: None)
    second = reactivex.combine_latest(as_observable(double), as_observable(length)).subscribe(
        lambda value: None
    )
    length.value = 2
    first.dispose()
    length.value = 3
    second.dispose()
    length.value = 4
    assert ran == [1, 2, 3]
    assert double.value == 8


def as_observable(one: Any) -> Any:
    """A cell stands where an Observable is expected; the types of ReactiveX know its own classes only."""
    return one


def test_an_operator_that_takes_observables_takes_cells_and_pulses() -> None:
    seen: list[Any] = []
    length, reading = cell(1), pulse()
    latest = as_observable(reading).pipe(ops.with_latest_from(as_observable(length)))
    latest.subscribe(seen.append)
    reading.emit(5)
    length.value = 2
    reading.emit(5)
    assert seen == [(5, 1), (5, 2)]


def test_what_observables_feed_propagates_without_a_glitch_and_comes_out_again() -> None:
    scheduler = TestScheduler()
    seen: list[Any] = []
    length, slow = cell(0), cell(0)
    slow.bind(length.pipe(ops.debounce(50, scheduler=scheduler)))
    both = derived(lambda one, other: (one, other), length, slow)
    both.pipe(ops.skip(1)).subscribe(seen.append)
    for time, value in ((210, 1), (230, 2), (400, 3)):
        scheduler.schedule_absolute(time, lambda *_, value=value: setattr(length, "value", value))
    scheduler.start()
    assert seen == [(1, 0), (2, 0), (2, 2), (3, 2), (3, 3)]


def test_an_error_that_a_pulse_is_fed_is_raised_where_it_arises() -> None:
    readings: Subject[int] = Subject()
    reading = pulse()
    total = fold(reading, folds.sum)
    reading.bind(readings)
    readings.on_next(5)
    with pytest.raises(ValueError, match="the sensor is gone"):
        readings.on_error(ValueError("the sensor is gone"))
    reading.emit(5)
    assert total.value == 10


def test_a_feed_that_completes_leaves_the_last_value() -> None:
    length: Any = cell(1)
    length.bind(reactivex.of(2, 3))
    assert length.value == 3
    length.value = 4
    assert length.value == 4


def test_a_feed_from_a_thread_of_reactivex_is_a_write_like_any_other() -> None:
    seen: list[int] = []
    length: Any = cell(0)
    stop = (length * 2).subscribe(seen.append)
    done = Event()
    observable = reactivex.of(1, 2, 3).pipe(ops.observe_on(NewThreadScheduler()))
    length.bind(observable.pipe(ops.do_action(on_completed=done.set)))
    assert done.wait(30)
    stop()
    assert seen == [0, 2, 4, 6]
