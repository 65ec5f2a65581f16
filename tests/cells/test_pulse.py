from __future__ import annotations

from typing import Any, assert_type

import pytest

from reactflow import Cell, Derived, Pulse, Unset, batch, cell, derived, effect, fold, folds, pulse
from reactflow.errors import DeclarationError, OccurrenceError
from tests.cells.undone import undone


def test_equal_occurrences_all_count() -> None:
    ran: list[float] = []
    reading: Pulse[float] = pulse()
    reading.subscribe(ran.append)
    total = fold(reading, folds.sum)
    for _ in range(3):
        reading.emit(5.0)
    assert (ran, total.value) == ([5.0, 5.0, 5.0], 15.0)


def test_a_derived_of_a_pulse_is_a_pulse_in_every_form() -> None:
    ran: list[tuple[str, float]] = []
    reading: Pulse[float] = pulse()
    rate = cell(2.0)
    forms: dict[str, Derived[Any]] = {
        "operator": reading * rate,
        "map": reading.map(lambda v: v + 1),
        "tracked": derived(lambda: reading.value - rate.value),
    }
    forms["of tracked"] = forms["tracked"].map(lambda v: v * 100)
    for name, one in forms.items():
        one.subscribe(lambda value, name=name: ran.append((name, value)))  # type: ignore[misc]
    rate.value = 3.0
    assert ran == []
    reading.emit(5.0)
    assert ran == [("operator", 15.0), ("map", 6.0), ("tracked", 2.0), ("of tracked", 200.0)]
    for one in forms.values():
        assert not one.is_set
        fold(one, folds.count)


def test_a_tracked_cell_that_asks_whether_a_pulse_occurred_does_not_occur_without_it() -> None:
    reading: Pulse[int] = pulse()
    other: Pulse[int] = pulse()
    either = derived(lambda: reading.value if reading.is_set else other.value)
    answer = derived(lambda: "yes" if reading.is_set else "no")
    assert not either.is_set
    assert not answer.is_set
    ran: list[str] = []
    answer.subscribe(ran.append)
    reading.emit(1)
    reading.emit(1)
    assert ran == ["yes", "yes"]


def test_reading_a_pulse_outside_an_event_says_what_to_do() -> None:
    reading = pulse(name="reading")
    with pytest.raises(Unset, match=r"'reading' is a pulse.*\.hold\(\)"):
        reading.value


def test_a_second_emit_in_a_batch_is_refused_and_a_failed_savepoint_takes_its_emit_back() -> None:
    ran: list[int] = []
    reading: Pulse[int] = pulse(name="reading")
    reading.subscribe(ran.append)
    with batch():
        with undone():
            reading.emit(1)
        reading.emit(2)
        with pytest.raises(OccurrenceError, match="'reading' has already occurred"):
            reading.emit(3)
    assert ran == [2]


def test_hold_keeps_the_latest_occurrence() -> None:
    reading: Pulse[int] = pulse()
    latest, late = reading.hold(0), reading.hold()
    assert latest.value == 0
    assert not late.is_set
    reading.emit(5)
    assert (latest.value, late.value) == (5, 5)
    with pytest.raises(DeclarationError, match=r"use it without \.hold\(\)"):
        latest.hold()


def test_changes_are_a_pulse_of_new_values() -> None:
    ran: list[int] = []
    length: Cell[int] = cell()
    changes = length.changes()
    assert_type(changes, Derived[int])
    changes.subscribe(ran.append)
    length.value = 1  # from unset
    length.value = 1
    length.unset()
    length.value = 1
    with batch():
        length.value = 2
        length.value = 1
    assert ran == [1, 1]
    with pytest.raises(DeclarationError, match=r"without \.changes\(\)"):
        changes.changes()


def test_changes_skip_a_failure_and_tell_the_recovery() -> None:
    ran: list[float] = []
    number = cell(2)
    number.map(lambda v: 1 / v).changes().subscribe(ran.append)
    number.value = 0
    number.value = 2
    assert ran == [0.5]


def test_changes_of_a_lazy_cell_are_told_from_when_they_are_followed() -> None:
    ran: list[int] = []
    length = cell(1)
    double = length * 2
    changes = double.changes()
    length.value = 2
    stop = changes.subscribe(ran.append)
    assert ran == []
    length.value = 3
    stop()
    length.value = 4
    changes.subscribe(ran.append)
    assert ran == [6]


def test_an_effect_that_reads_changes_after_something_else_does_not_miss_them() -> None:
    ran: list[tuple[int, int | None]] = []
    one, two = cell(0), cell(0)
    changes = two.changes()
    effect(lambda: ran.append((one.value, changes.value if changes.is_set else None)))
    with batch():
        one.value = 1
        two.value = 2
    assert ran == [(0, None), (1, 2)]


def test_effects_see_the_pulses_of_their_event_whatever_other_effects_write() -> None:
    ran: list[int] = []
    reading: Pulse[int] = pulse()
    rate = cell(2)
    priced = reading * rate

    def raise_rate() -> None:
        if reading.is_set:
            rate.value = 7

    effect(raise_rate)
    priced.subscribe(ran.append)
    for _ in range(2):
        reading.emit(5)
    assert ran == [10, 35]


def test_a_pulse_read_in_a_batch_that_goes_on_is_current_when_effects_run() -> None:
    ran: list[tuple[int, int]] = []
    reading: Pulse[int] = pulse()
    rate = cell(2)
    priced = reading * rate
    stop = effect(lambda: ran.append((reading.value, priced.value)))
    with batch():
        reading.emit(5)
        assert priced.value == 10
        rate.value = 3
    stop()
    assert ran == [(5, 15)]


def test_what_is_first_read_while_effects_run_follows_a_fold_that_steps_in_the_next_event() -> None:
    ran: list[int | str] = []
    reading: Pulse[int] = pulse()
    late = cell(0)
    total = fold(late.changes(), folds.sum)
    beyond = total + 100

    def write_late() -> None:
        late.value = reading.value

    effect(write_late)
    effect(lambda: ran.append(beyond.value if reading.is_set else "waits"))
    reading.emit(3)
    assert ran == ["waits", 100, "waits"]


def test_whether_a_cell_is_a_pulse_is_known_from_what_it_reads_now() -> None:
    use, reading, height = cell(False), pulse(), cell()
    sometimes = derived(lambda: reading.value if use.value else height.value)
    beyond = sometimes.map(lambda v: v)
    with pytest.raises(DeclarationError, match="is a cell"):
        fold(beyond, folds.count)
    use.value = True
    total = fold(beyond, folds.sum)
    reading.emit(5)
    assert total.value == 5
