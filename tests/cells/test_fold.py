from __future__ import annotations

import gc
import random
from decimal import Decimal
from typing import Any, assert_type
from weakref import ref

import pytest

from reactflow import UNSET, Derived, Failure, Fold, Pulse, batch, cell, derived, effect, fold, folds, pulse
from reactflow.cells.engine import ENGINE
from reactflow.errors import DeclarationError
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged, undone


def collected(ran: list[Any]) -> Fold[Any, Any]:
    def add(state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        ran.append(value)
        return (*state, value)

    return Fold((), add)


def test_a_fold_steps_once_an_event_even_if_nobody_reads_it_and_its_outcome_is_equal() -> None:
    ran: list[int] = []
    reading: Pulse[int] = pulse()
    count = fold(reading.map(lambda v: 0), collected(ran))
    with batch():
        reading.emit(1)
    reading.emit(1)
    assert ran == [0, 0]
    assert count.value == (0, 0)


def test_a_fold_is_rolled_back_with_its_batch_and_its_savepoint() -> None:
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    assert_type(total, Derived[int])
    reading.emit(1)
    with undone():
        reading.emit(2)
        assert total.value == 3
    with batch():
        with undone():
            reading.emit(4)
            assert total.value == 5
        assert total.value == 1
        reading.emit(8)
    assert total.value == 9


def test_folds_of_changes_of_folds() -> None:
    reading: Pulse[int] = pulse()
    peak = fold(reading, folds.max)
    records = fold(peak.changes(), folds.count)
    assert_type(records, Derived[int])
    for value in (1, 3, 2, 3, 5):
        reading.emit(value)
    assert (peak.value, records.value) == (5, 3)


def test_a_fold_of_a_cell_is_refused_with_the_remedy() -> None:
    area = cell(1.0, name="area")
    with pytest.raises(
        DeclarationError, match=r"Write fold\(area\.changes\(\), folds\.max\), or make it a pulse"
    ):
        fold(area, folds.max)
    with pytest.raises(DeclarationError, match=r"give one of folds\.sum"):
        fold(area.changes(), sum)  # type: ignore[call-overload]


def test_an_add_that_raises_leaves_the_state_and_recovers_with_the_next_occurrence() -> None:
    reading: Pulse[Any] = pulse()
    total = fold(reading, folds.sum)
    reading.emit(1)
    reading.emit("x")
    with pytest.raises(TypeError, match="a sum takes int"):
        total.value
    reading.emit(2)
    assert total.value == 3


def test_a_fold_that_nobody_can_read_goes_away_and_one_that_is_read_stays() -> None:
    ran: list[int] = []
    reading: Pulse[int] = pulse()
    total = fold(reading.map(lambda v: v), collected(ran))
    gone = ref(total)
    del total
    gc.collect()
    assert gone() is None
    reading.emit(1)
    assert ran == []
    assert not reading.observers
    watched = fold(reading, folds.sum)
    seen: list[int] = []
    stop = watched.subscribe(seen.append)
    del watched
    gc.collect()
    reading.emit(2)
    stop()
    assert seen == [0, 2]


def test_a_fold_and_its_pulse_go_away_together_without_a_write() -> None:
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    gone = ref(reading)
    del total
    del reading
    gc.collect()
    assert gone() is None
    ENGINE.drain_retired()


def test_folds_that_are_collected_in_the_middle_of_a_write_do_no_harm() -> None:
    reading: Pulse[int] = pulse()
    dying = [fold(reading, folds.sum) for _ in range(50)]
    ran: list[int] = []

    def let_go(value: int) -> int:
        dying.clear()
        gc.collect()
        return value

    kept: Derived[int] = fold(reading.map(let_go), folds.sum)
    effect(lambda: ran.append(kept.value))
    reading.emit(1)
    reading.emit(2)
    assert ran == [0, 1, 3]


def test_the_folds() -> None:
    values = [3, 1, 2]
    got = {}
    for name in ("sum", "count", "mean", "max", "min", "last", "first"):
        reading: Pulse[int] = pulse()
        one = fold(reading, getattr(folds, name))
        for value in values:
            reading.emit(value)
        got[name] = one.value
    assert got == {"sum": 6, "count": 3, "mean": 2.0, "max": 3, "min": 1, "last": 2, "first": 3}
    assert folds.union.add(frozenset("a"), ["b", "c"]) == {"a", "b", "c"}
    assert [folds.max.result(()), folds.mean.result(folds.mean.zero)] == [UNSET, UNSET]


def test_sums_of_floats_and_decimals_do_not_depend_on_order_or_grouping() -> None:
    seeded = random.Random(1)
    values = [seeded.uniform(-1, 1) * 10.0 ** seeded.randrange(-200, 200) for _ in range(60)]
    states = []
    for _ in range(3):
        seeded.shuffle(values)
        left, right = folds.sum.zero, folds.sum.zero
        for value in values[:20]:
            left = folds.sum.add(left, value)
        for value in values[20:]:
            right = folds.sum.add(right, value)
        assert folds.sum.merge is not None
        states.append(folds.sum.merge(left, right))
    assert states[0] == states[1] == states[2]
    tenths = folds.sum.zero
    for _ in range(3):
        tenths = folds.sum.add(tenths, Decimal("0.1"))
    assert folds.sum.result(tenths) == Decimal("0.3")
    with pytest.raises(ValueError, match="finite"):
        folds.sum.add(folds.sum.zero, float("nan"))


def test_a_failing_pulse_makes_the_fold_fail_until_the_next_occurrence() -> None:
    reading: Pulse[int] = pulse()
    total = fold(reading.map(lambda v: 10 // v), folds.sum)
    reading.emit(5)
    reading.emit(0)
    assert isinstance(total.outcome, Failure)
    reading.emit(5)
    assert total.value == 4


def test_a_fold_of_a_tracked_cell_steps_only_while_that_is_a_pulse() -> None:
    use, reading = cell(True), pulse()
    sometimes = derived(lambda: reading.value if use.value else 7)
    total = fold(sometimes, folds.sum)
    reading.emit(1)
    use.value = False
    assert (sometimes.value, total.value) == (7, 1)
    use.value = True
    reading.emit(2)
    assert total.value == 3


@cold_and_hot
def test_a_fold_steps_exactly_once_an_event_after_propagation_whatever_cut_off_says(heat: Heat) -> None:
    ran = Log()
    reading, rate, other = pulse(), cell(2), cell(0)
    priced = derived(lambda one, by: logged(ran, ("priced", one), one * by), reading, rate)
    zero = derived(lambda: logged(ran, "zero", priced.value * 0), equal=lambda old, new: True)
    kept: Derived[int] = fold(priced, Fold(0, lambda state, value: logged(ran, ("step", value), value)))
    zeros: Derived[int] = fold(zero, Fold(0, lambda state, value: logged(ran, "zero step", state + 1)))
    effect(lambda: ran.append(("seen", kept.value, zeros.value, other.value)))
    heat(rate, 3, 4)
    heat(other, 1, 2)
    before = 0
    for _ in heat.rounds():
        other.value = 0
        ran.take()
        with batch():
            reading.emit(5)
            rate.value = 3
            assert kept.value == 15
            rate.value = 4
            other.value = 9
        rate.value = 2
        before += 1
        entries = ran.take()
        assert [one for one in entries if one[0] == "seen"] == [("seen", 20, before, 9)]
        assert (entries.count(("step", 20)), entries.count("zero step")) == (1, 1)
        with batch():
            reading.emit(5)
            reading_is_seen = reading.is_set
        before += 1
        assert reading_is_seen
        assert ran.take() == [
            ("priced", 5), ("step", 10), "zero", "zero step", ("seen", 10, before, 9),
        ]  # fmt: skip


@cold_and_hot
def test_an_event_without_an_occurrence_is_no_step(heat: Heat) -> None:
    ran = Log()
    reading, other, rate = pulse(), pulse(), cell(2)
    fold(reading * rate, Fold(0, lambda state, value: logged(ran, "never", value)))
    kept: Derived[int] = fold(reading * rate, Fold(0, lambda state, value: logged(ran, value, state + value)))
    heat(rate, 3, 4)
    for _ in heat.rounds():
        rate.value = 3
        other.emit(1)
        with undone():
            reading.emit(5)
        rate.value = 2
        assert ran.take() == []
    assert kept.value == 0


@cold_and_hot
def test_a_fold_of_changes_counts_events_not_writes(heat: Heat) -> None:
    ran = Log()
    area = cell(1)
    fold_of: Fold[int, int] = Fold(0, lambda state, value: logged(ran, value, state + 1))
    count = fold((area * 10).changes(), fold_of)
    heat(area, 2, 3)
    for _ in heat.rounds():
        ran.take()
        before = count.value
        area.value = 5
        area.value = 5
        with batch():
            area.value = 6
            area.value = 7
            area.value = 1
        with batch():
            area.value = 2
            area.value = 1
        assert (ran.take(), count.value) == ([50, 10], before + 2)


@cold_and_hot
def test_a_fold_is_rolled_back_to_what_it_was_however_it_was_read_meanwhile(heat: Heat) -> None:
    ran = Log()
    reading, rate = pulse(), cell(1)
    total = fold(reading * rate, folds.sum)
    beyond = total + 100
    count = fold(total.changes(), folds.count)
    beyond.subscribe(ran.append)
    heat(rate, 2, 3)
    expected = 0
    for number in heat.rounds():
        ran.take()
        with undone():
            reading.emit(5)
            rate.value = 2
            assert (total.value, beyond.value, count.value) == (expected + 10, expected + 110, number + 1)
        assert (total.value, beyond.value, count.value, ran.take()) == (expected, expected + 100, number, [])
        with batch():
            with undone():
                reading.emit(7)
                assert total.value == expected + 7
            reading.emit(3)
        expected += 3
        assert (total.value, count.value, ran.take()) == (expected, number + 1, [expected + 100])


def test_a_fold_made_in_a_batch_begins_with_what_occurs_after_it() -> None:
    reading, other = pulse(), pulse()
    with batch():
        reading.emit(1)
        late, early = fold(reading, folds.sum), fold(other, folds.sum)
        other.emit(1)
    reading.emit(10)
    assert (late.value, early.value) == (10, 1)


def test_a_fold_of_any_cell_is_refused_with_both_remedies() -> None:
    area = cell(1, name="area")
    cells: list[Any] = [
        area, area.map(abs, name="area"), derived(lambda: area.value, name="area"),
        fold(area.changes(), folds.sum, name="area"), pulse().hold(0, name="area"),
    ]  # fmt: skip
    for one in cells:
        with pytest.raises(
            DeclarationError,
            match=r"'area' is a cell.*Write fold\(area\.changes\(\), folds\.sum\), or make it a pulse",
        ):
            fold(one, folds.sum)


def test_folds_step_in_order_of_dependence_and_are_seen_together() -> None:
    ran = Log()
    reading = pulse()
    total = fold(reading, folds.sum)
    share = derived(lambda one, all: one / all, reading, total)
    shares: Derived[tuple[float, ...]] = fold(share, Fold((), lambda state, value: (*state, value)))
    effect(lambda: ran.append((total.value, shares.value)))
    for value in (1, 3, 4):
        reading.emit(value)
    assert ran.take() == [(0, ()), (1, (1.0,)), (4, (1.0, 0.75)), (8, (1.0, 0.75, 0.5))]


def test_the_types_of_a_fold_may_be_written_where_it_is_made() -> None:
    reading = pulse()
    total = fold(reading, Fold[int, int](0, lambda state, value: state + value))
    reading.emit(2)
    assert total.value == 2


def test_a_maximum_refuses_what_has_no_order_from_the_first_on_and_goes_on() -> None:
    reading: Pulse[Any] = pulse()
    most = fold(reading, folds.max)
    reading.emit(None)
    with pytest.raises(TypeError):
        _ = most.value
    reading.emit(3)
    reading.emit(4)
    assert most.value == 4
