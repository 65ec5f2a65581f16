"""Cut-off: what is equal to the value before stops propagation, and what cannot say so does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reactflow import UNSET, Cell, batch, cell, derived, effect
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged


class Told:
    """Compares as it is told."""

    def __init__(self, verdict: object) -> None:
        self.verdict = verdict

    def __eq__(self, other: object) -> Any:
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    __hash__ = None  # type: ignore[assignment]


@cold_and_hot
@pytest.mark.parametrize(
    ("one", "same"), [(1, 1), (1, 1.0), (1, True), ("a", "a"), ([1], [1]), ({}, {}), (None, None)]
)
def test_writing_what_is_equal_runs_nothing(heat: Heat, one: Any, same: Any) -> None:
    ran = Log()
    source: Cell[Any] = cell(one)
    behind = source.map(lambda value: logged(ran, "behind", value))
    tracked = derived(lambda: logged(ran, "tracked", source.value))
    effect(lambda: ran.append((behind.value, tracked.value)))
    heat(source, 2, 3)
    for _ in heat.rounds():
        ran.take()
        source.value = same
        assert ran.take() == []


@cold_and_hot
def test_an_equal_outcome_of_a_derived_cell_stops_there(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    explicit = derived(lambda value: logged(ran, "explicit", value // 10), source)
    tracked = derived(lambda: logged(ran, "tracked", source.value // 10))
    behind = derived(lambda one: logged(ran, "behind explicit", one), explicit)
    beyond = derived(lambda: logged(ran, "behind tracked", tracked.value))
    effect(lambda: ran.append((behind.value, beyond.value)))
    heat(source, 2, 3, 15, 25)
    for _ in heat.rounds():
        ran.take()
        source.value = 5
        assert sorted(ran.take()) == ["explicit", "tracked"]
        source.value = 15
        entries = ran.take()
        assert sorted(entries[:-1]) == ["behind explicit", "behind tracked", "explicit", "tracked"]
        assert entries[-1] == (1, 1)
        source.value = 1


@cold_and_hot
def test_arrays_count_as_changed_unless_they_are_the_same_object(heat: Heat) -> None:
    ran = Log()
    array = cell(np.array([1, 2]))
    doubled = array.map(lambda value: logged(ran, "doubled", value * 2))
    total = derived(lambda: logged(ran, "total", int(doubled.value.sum())))
    effect(lambda: ran.append(total.value))
    heat(array, np.array([1, 2]), np.array([3, 4]))
    for _ in heat.rounds():
        ran.take()
        array.value = np.array([1, 2])
        array.value = np.array([2, 1])
        array.value = np.array([1, 2, 3])  # the shapes differ
        assert ran.take() == ["doubled", "total"] * 2 + ["doubled", "total", 12]
        array.value = array.peek()
        assert ran.take() == []
        array.value = np.array([1, 2])


@cold_and_hot
@pytest.mark.parametrize(
    "verdict",
    [
        1,
        "equal",
        [True],
        None,
        NotImplemented,
        np.bool_(False),
        np.int64(1),
        np.array([True]),
        ValueError("no"),
        Told(True),
    ],
    ids=[
        "int",
        "str",
        "list",
        "None",
        "NotImplemented",
        "numpy False",
        "numpy int",
        "array",
        "raises",
        "object",
    ],
)
def test_a_comparison_that_is_not_a_plain_true_counts_as_changed(heat: Heat, verdict: object) -> None:
    ran = Log()
    source: Cell[Any] = cell(Told(verdict))
    same = source.map(lambda value: logged(ran, "same", Told(verdict)))
    tracked = derived(lambda: logged(ran, "tracked", (same.value, Told(verdict))[1]))
    effect(lambda: ran.append(type(tracked.value)))
    heat(source, Told(verdict), Told(verdict))
    for _ in heat.rounds():
        ran.take()
        source.value = Told(verdict)
        assert ran.take() == ["same", "tracked", Told]


@cold_and_hot
@pytest.mark.parametrize("number", [np.float64, np.int32, np.bool_, np.array, np.str_])
def test_numbers_of_numpy_are_cut_off_by_value_as_those_of_python_are(heat: Heat, number: Any) -> None:
    ran = Log()
    source: Cell[Any] = cell(number(1))
    same = source.map(lambda value: logged(ran, "same", number(1)))
    behind = derived(lambda: logged(ran, "behind", same.value))
    beside = derived(lambda: logged(ran, "beside", source.value))
    effect(lambda: ran.append((behind.value, beside.value, None)[-1]))
    heat(source, number(0), number(1))
    for _ in heat.rounds():
        ran.take()
        source.value = number(1)
        with batch():
            source.value = number(1)
        assert ran.take() == []
        source.value = number(0)
        assert sorted(ran.take(), key=str) == [None, "beside", "same"]
        source.value = number(1)


@cold_and_hot
def test_numbers_of_numpy_and_python_arrays_and_unset_may_follow_each_other_in_one_cell(heat: Heat) -> None:
    ran = Log()
    source: Cell[Any] = cell(1.0)
    passed = source.map(lambda value: value[0] if isinstance(value, list) else value)
    tracked = derived(lambda: passed.value)
    tracked.subscribe(lambda value: ran.append(value if isinstance(value, (float, str)) else type(value)))
    heat(source, 2.0, 3.0)
    for _ in heat.rounds():
        ran.take()
        source.value = np.float64(1.0)
        source.value = [np.float64(1.0)]
        source.value = 1.0
        assert ran.take() == []
        source.value = np.array([1.0])
        source.value = [np.array([1.0])]
        source.value = np.array([1.0, 2.0])
        source.value = [np.float64(2.0)]
        source.value = [2.0]
        source.value = "two"
        assert ran.take() == [np.ndarray, np.ndarray, np.ndarray, 2.0, "two"]
        source.value = 1.0


def test_a_read_of_what_nobody_observes_is_cut_off_by_numbers_of_numpy_too() -> None:
    ran = Log()
    source = cell(0)
    one = source.map(lambda value: logged(ran, "one", np.float64(value // 2)))
    two = one.map(lambda value: logged(ran, "two", value + 1))
    for value in range(1, 100):
        source.value = value
        assert two.value == value // 2 + 1
        assert ran.take() == (["one", "two"] if value == 1 or value % 2 == 0 else ["one"])


@cold_and_hot
def test_equal_may_say_true_with_a_number_of_numpy(heat: Heat) -> None:
    ran = Log()

    def close(old: Any, new: Any) -> Any:
        return abs(np.float64(old) - new) < 1

    source = cell(0.0, equal=close)
    rounded = derived(lambda value: value * 2, source, equal=close)
    rounded.subscribe(ran.append)
    heat(source, 4.0, 8.0)
    for _ in heat.rounds():
        ran.take()
        source.value = 0.5
        assert ran.take() == []
        source.value = 3.0
        source.value = 0.0
        assert ran.take() == [6.0, 0.0]


@cold_and_hot
def test_what_calls_itself_equal_to_everything_is_cut_off(heat: Heat) -> None:
    ran = Log()
    source: Cell[Any] = cell(Told(True))
    source.subscribe(lambda value: ran.append(type(value)))
    heat(source, Told(True), Told(False))
    for _ in heat.rounds():
        source.value = Told(True)
        ran.take()
        source.value = "something else"
        assert ran.take() == []
        assert type(source.value) is Told


@cold_and_hot
def test_a_number_that_is_not_equal_to_itself_is_cut_off_when_it_is_the_same_object(heat: Heat) -> None:
    ran = Log()
    nan = float("nan")
    source = cell(nan)
    source.subscribe(lambda value: ran.append("told"))
    heat(source, 1.0, nan)
    for _ in heat.rounds():
        source.value = nan
        ran.take()
        source.value = nan
        assert ran.take() == []
        source.value = float("nan")
        assert ran.take() == ["told"]


@cold_and_hot
def test_equal_decides_for_cells_and_derived_cells_with_the_old_and_the_new_value(heat: Heat) -> None:
    ran = Log()

    def close(old: float, new: float) -> bool:
        ran.append((old, new))
        return abs(old - new) < 1

    source = cell(0.0, equal=close)
    twice = source.map(lambda value: value * 2, equal=close)
    half = derived(lambda: twice.value / 4, equal=close)
    effect(lambda: ran.append(half.value))
    heat(source, 4.0, 8.0)

    def asked() -> list[Any]:
        return [*dict.fromkeys(ran.take())]  # how often is not promised

    for _ in heat.rounds():
        asked()
        source.value = 0.5
        assert asked() == [(0.0, 0.5)]
        source.value = 1.0
        assert asked() == [(0.0, 1.0), (0.0, 2.0), (0.0, 0.5)]
        source.value = 9.0
        assert asked() == [(1.0, 9.0), (2.0, 18.0), (0.0, 4.5), 4.5]
        source.value = 0.0
        assert asked() == [(9.0, 0.0), (18.0, 0.0), (4.5, 0.0), 0.0]


@cold_and_hot
def test_an_equal_that_raises_or_says_anything_but_true_counts_as_changed(heat: Heat) -> None:
    ran = Log()
    verdicts: list[Any] = [True]

    def told(old: int, new: int) -> Any:
        if verdicts[0] is None:
            raise ValueError("cannot compare")
        return verdicts[0]

    source = cell(0)
    same = source.map(lambda value: value, equal=told)
    same.subscribe(ran.append)
    heat(source, 1, 2)
    for number in heat.rounds():
        verdicts[0] = 1  # true, but no plain True
        source.value = 3 * number + 1
        verdicts[0] = None
        source.value = 3 * number + 2
        ran.take()
        verdicts[0] = True
        source.value = 3 * number + 3
        assert ran.take() == []
        verdicts[0] = False
        source.value = 3 * number + 4
        assert ran.take() == [3 * number + 4]
        verdicts[0] = True


@cold_and_hot
def test_what_equal_reads_is_nobodys_input(heat: Heat) -> None:
    ran = Log()
    tolerance, length = cell(0.1), cell(1.0)
    about = derived(lambda: length.value, equal=lambda old, new: abs(old - new) < tolerance.value)
    effect(lambda: ran.append(about.value))
    heat(tolerance, 0.2, 0.3)
    heat(length, 2.0, 3.0)
    for _ in heat.rounds():
        ran.take()
        tolerance.value = 5.0
        assert ran.take() == []
        length.value = 2.0
        assert ran.take() == []
        tolerance.value = 0.1
        length.value = 3.0
        length.value = 1.0
        assert ran.take() == [3.0, 1.0]


@cold_and_hot
def test_unset_is_equal_to_nothing_else_and_equal_is_not_asked(heat: Heat) -> None:
    ran = Log()
    source: Cell[Any] = cell(1, equal=lambda old, new: logged(ran, (old, new), True))
    effect(lambda: ran.append(source.value if source.is_set else "unset"))
    for _ in heat.rounds():
        ran.take()
        source.unset()
        source.unset()
        source.value = 1
        assert ran.take() == ["unset", 1]
        source.value = 2
        assert ran.take() == [(1, 2)]
    assert UNSET not in ran


@cold_and_hot
def test_there_and_back_within_a_batch_runs_nothing_in_any_form(heat: Heat) -> None:
    ran = Log()
    source, other = cell(1), cell(1)
    explicit = source.map(lambda value: logged(ran, "explicit", value))
    tracked = derived(lambda: logged(ran, "tracked", source.value))
    both = explicit + other
    effect(lambda: ran.append((both.value, tracked.value)))
    source.changes().subscribe(lambda value: ran.append(("changed", value)))
    heat(source, 2, 3)
    heat(other, 2, 3)
    for _ in heat.rounds():
        ran.take()
        with batch():
            source.value = 5
            other.value = 7
            source.value = 6
            other.value = 1
            source.value = 1
        assert ran.take() == []
        with batch():
            source.value = 5
            with batch():
                source.value = 1
        assert ran.take() == []


@cold_and_hot
def test_there_and_back_with_a_read_between_runs_no_effect(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    explicit = source.map(lambda value: value * 2)
    tracked = derived(lambda: explicit.value + source.value)
    effect(lambda: ran.append(tracked.value))
    tracked.changes().subscribe(lambda value: ran.append(("changed", value)))
    heat(source, 2, 3)
    for _ in heat.rounds():
        ran.take()
        with batch():
            source.value = 5
            assert (explicit.value, tracked.value) == (10, 15)
            source.value = 1
            assert (explicit.value, tracked.value) == (2, 3)
        assert ran.take() == []
