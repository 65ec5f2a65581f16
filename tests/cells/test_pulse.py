from __future__ import annotations

from typing import Any, assert_type

import pytest

from reactflow import Cell, Derived, Pulse, Unset, batch, cell, derived, effect, fold, folds, pulse
from reactflow.errors import DeclarationError, OccurrenceError
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged, undone


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


@cold_and_hot
def test_a_derived_cell_of_a_pulse_runs_once_an_occurrence_and_has_no_value_between(heat: Heat) -> None:
    ran = Log()
    reading, rate = pulse(), cell(2)
    explicit = derived(lambda value, by: logged(ran, "explicit", value * by), reading, rate)
    tracked = derived(lambda: logged(ran, "tracked", reading.value + rate.value))
    of_both = derived(lambda one, other: logged(ran, "of both", (one, other)), explicit, tracked)
    of_both.subscribe(ran.append)
    heat(rate, 3, 4)
    for _ in heat.rounds():
        ran.take()
        reading.emit(5)
        reading.emit(5)
        once = ["explicit", "tracked", "of both", (10, 7)]
        assert ran.take() == once * 2
        rate.value = 3
        rate.value = 2
        assert ran.take().count("explicit") == 0
        assert not any(one.is_set for one in (reading, explicit, tracked, of_both))


@cold_and_hot
def test_no_equality_cuts_off_an_occurrence(heat: Heat) -> None:
    ran = Log()
    reading, rate = pulse(), cell(1)
    steps = (reading // 10).map(lambda value: value * 0, equal=lambda old, new: True)
    steps.subscribe(ran.append)
    tracked = derived(lambda: steps.value * rate.value, equal=lambda old, new: True)
    tracked.subscribe(lambda value: ran.append(("tracked", value)))
    heat(rate, 2, 1)
    for number in heat.rounds():
        ran.take()
        reading.emit(number)
        reading.emit(number)
        assert ran.take() == [0, ("tracked", 0)] * 2


@cold_and_hot
def test_hold_is_a_cell_that_is_cut_off_and_can_be_derived_from(heat: Heat) -> None:
    ran = Log()
    reading, rate = pulse(), cell(2)
    latest = reading.hold(0)
    priced = derived(lambda one, by: logged(ran, "priced", one * by), latest, rate)
    effect(lambda: ran.append(priced.value))
    heat(rate, 3, 4)
    for number in heat.rounds():
        reading.emit(0)
        ran.take()
        reading.emit(number + 5)
        reading.emit(number + 5)
        rate.value = 3
        rate.value = 2
        assert ran.take() == [
            "priced", 2 * number + 10, "priced", 3 * number + 15, "priced", 2 * number + 10,
        ]  # fmt: skip
    with pytest.raises(DeclarationError, match=r"fold\(latest\.changes\(\), folds\.sum\)"):
        fold(latest, folds.sum)


@cold_and_hot
def test_changes_occur_once_an_event_in_which_the_cell_really_changed(heat: Heat) -> None:
    ran = Log()
    length = cell(1)
    tens = length // 10
    length.changes().subscribe(lambda value: ran.append(("length", value)))
    tens.changes().subscribe(lambda value: ran.append(("tens", value)))
    heat(length, 2, 3)
    for _ in heat.rounds():
        ran.take()
        length.value = 2
        length.value = 2
        with batch():
            length.value = 50
            length.value = 20
        with batch():
            length.value = 1
            length.value = 20
        length.value = 1
        assert ran.take() == [
            ("length", 2), ("length", 20), ("tens", 2), ("length", 1), ("tens", 0),
        ]  # fmt: skip


@cold_and_hot
def test_what_is_emitted_while_effects_run_is_an_event_of_its_own_for_each_emit(heat: Heat) -> None:
    ran = Log()
    reading, echo = pulse(), pulse()
    total = fold(echo, folds.sum)

    def send() -> None:
        if reading.is_set:
            echo.emit(reading.value)
            ran.append(("sent", total.value))

    effect(send)
    echo.subscribe(lambda value: ran.append(("echo", value)))
    before = 0
    for _ in heat.rounds():
        ran.take()
        reading.emit(5)
        assert ran.take() == [("sent", before), ("echo", 5)]
        before += 5
    assert total.value == before


def test_a_second_emit_is_refused_in_nested_batches_and_in_effects_and_the_first_stands() -> None:
    ran = Log()
    reading, other, go = pulse(name="reading"), pulse(), cell(0)
    total = fold(reading, folds.sum)
    with batch():
        reading.emit(1)
        other.emit(1)
        with batch(), pytest.raises(OccurrenceError, match="emit in two batches, or emit a list"):
            reading.emit(2)
    assert total.value == 1

    def twice() -> None:
        if go.value:
            with batch():
                reading.emit(10)
                with pytest.raises(OccurrenceError, match="'reading' has already occurred"):
                    reading.emit(20)
            ran.append("went on")

    effect(twice)
    go.value = 1
    assert (total.value, ran) == (11, ["went on"])


def test_a_pulse_is_no_cell_and_a_cell_is_no_pulse() -> None:
    reading, length = pulse(), cell(1)
    assert not hasattr(reading, "unset")
    assert not hasattr(length, "emit")
    with pytest.raises(AttributeError):
        reading.value = 5  # type: ignore[assignment]  # that is what it refuses
