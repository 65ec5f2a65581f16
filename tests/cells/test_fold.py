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
from tests.cells.undone import undone


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

    kept = fold(reading.map(let_go), folds.sum)
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
    assert folds.union.add(frozenset("a"), "bc") == {"a", "b", "c"}
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
