"""The fast path of writes: what a source feeds as generated code, its effects, and every way out of it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

import pytest

from reactflow import batch, cell, derived, effect, fold, folds
from reactflow.cells.code import Form, source_text
from reactflow.cells.fast import REST, WARM_WRITES, cold, planned
from reactflow.cells.fast_paths import fast_paths
from reactflow.cells.regions import region_of
from reactflow.cells.semantics import UNSET
from tests.cells.hot import Value, warmed
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.live import check
from tests.cells.undone import logged


def test_a_source_that_is_written_often_is_written_by_a_function_of_its_own() -> None:
    often, seldom, unobserved = cell(0), cell(0), cell(0)
    for one in (often, seldom):
        (one * 2).subscribe(lambda value: None)
    assert often.put is cold
    warmed(often)
    warmed(unobserved)
    seldom.value = 1
    assert (callable(often.put), unobserved.put, seldom.put) == (True, None, cold)


def test_what_is_in_a_region_is_planned_and_what_is_beside_it_is_not() -> None:
    source = cell(0)
    inside, beside = source * 2, source * 3
    inside.subscribe(lambda value: None)
    warmed(source)
    assert inside.get is planned
    assert beside.get is not planned
    assert (inside.value, beside.value) == (0, 0)


def test_each_node_runs_once_a_write_in_order_and_only_if_an_input_moved() -> None:
    ran: list[str] = []

    def logging(name: str, fn: Callable[..., int]) -> Callable[..., int]:
        def call(*values: int) -> int:
            ran.append(name)
            return fn(*values)

        return call

    source = cell(0)
    tens = derived(logging("tens", lambda value: value // 10), source)
    double = derived(logging("double", lambda value: value * 2), source)
    both = derived(logging("both", operator.add), tens, double)
    behind = derived(logging("behind", lambda value: value + 1), tens)
    seen: list[tuple[int, int]] = []
    effect(lambda: seen.append((both.value, behind.value)))
    warmed(source, 1008, 1000)
    ran.clear()
    source.value = 1009
    assert sorted(ran) == ["both", "double", "tens"]
    assert ran.index("both") == 2
    assert seen[-1] == (100 + 2018, 101)
    ran.clear()
    source.value = 1009
    assert ran == []


@pytest.mark.parametrize("length", [31, 32, 33, 100])
def test_long_chains_are_several_pieces_of_code(length: int) -> None:
    source = cell(0)
    last = source + 0
    for _ in range(length - 1):
        last = last + 1
    seen: list[int] = []
    last.subscribe(seen.append)
    warmed(source)
    source.value = 1000
    assert (last.value, seen[-1]) == (1000 + length - 1, 1000 + length - 1)
    del source.value
    source.value = 5
    assert seen[-1] == 5 + length - 1
    check([source, last])


def test_a_function_that_raises_runs_once_and_its_failure_is_stored_and_passes() -> None:
    ran: list[int] = []

    def inverse(value: int) -> float:
        ran.append(value)
        return 1 / value

    source = cell(1)
    result = derived(inverse, source)
    behind = result + 1
    beside = source * 2
    seen: list[object] = []
    effect(lambda: seen.append(beside.value))
    told: list[Any] = []
    behind.subscribe(told.append, told.append)
    warmed(source, 1, 2)
    ran.clear()
    source.value = 0
    assert ran == [0]
    assert repr(told[-1]) == "ZeroDivisionError('division by zero')"
    assert seen[-1] == 0
    source.value = 4
    assert (behind.value, ran) == (1.25, [0, 4])
    assert told[-1] == 1.25
    check([source])


def test_a_value_taken_away_leaves_the_fast_path_and_comes_back() -> None:
    source = cell(1)
    double = source * 2
    seen: list[object] = []
    effect(lambda: seen.append(double.value if double.is_set else "unset"))
    warmed(source)
    del source.value
    assert source.put is cold
    source.value = cast(int, UNSET)
    source.value = 21
    assert seen[-2:] == ["unset", 42]
    warmed(source)
    source.value = cast(int, UNSET)
    assert seen[-1] == "unset"


def test_another_observer_or_another_input_makes_the_plan_anew() -> None:
    source, offset = cell(0), cell(1)
    moved = source + offset
    seen: list[int] = []
    effect(lambda: seen.append(moved.value))
    warmed(source)
    offset.value = 100
    source.value = 1
    assert seen[-2:] == [100, 101]
    late: list[int] = []
    stop = effect(lambda: late.append(moved.value * 2))
    assert source.put is cold
    source.value = 2
    assert late == [202, 204]
    stop()
    source.value = 3
    assert late == [202, 204]
    assert seen[-1] == 103


def test_a_rolled_back_batch_leaves_no_trace_and_the_fast_path_goes_on() -> None:
    source = cell(0)
    double = source * 2
    ran: list[int] = []
    effect(lambda: ran.append(double.value))
    warmed(source, 1008, 7)
    ran.clear()

    def write_and_fail() -> None:
        with batch():
            source.value = 5
            assert double.value == 10
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert (double.value, ran) == (2016, [])
    with batch():
        source.value = 5
        source.value = 6
    source.value = 7
    assert ran == [12, 14]
    check([source, double])


def test_regions_off_means_the_engine_even_for_what_is_hot() -> None:
    source = cell(0)
    seen: list[int] = []
    (source * 2).subscribe(seen.append)
    warmed(source)
    with fast_paths(False):
        source.value = 7
    source.value = 8
    assert seen[-2:] == [14, 16]


def test_a_custom_equality_cuts_off_and_one_that_raises_counts_as_a_change() -> None:
    def close(old: float, new: float) -> bool:
        if new == 13:
            raise ValueError
        return abs(old - new) < 2

    source, directly = cell(0), cell(0, equal=close)
    rounded = derived(lambda value: value, source, equal=close)
    for written, followed in ((source, rounded), (directly, directly)):
        seen: list[int] = []
        followed.subscribe(seen.append)
        warmed(written, 0, 50)
        seen.clear()
        for value in (100, 101, 104, 13, 14, 16):
            written.value = value
        assert seen == [100, 104, 13, 16]


def test_what_comes_to_observe_a_source_while_its_values_are_compared_is_told() -> None:
    source = cell(Value(0))
    for number in range(2 * WARM_WRITES):
        source.value = Value(number)
    assert source.put is None
    seen: list[int] = []
    follows: list[object] = []

    def follow() -> None:
        if not follows:
            follows.append(source.subscribe(lambda value: seen.append(value.number)))

    source.value = Value(1000, follow)
    assert seen == [2 * WARM_WRITES - 1, 1000]


def test_a_region_is_refused_where_the_engine_is_needed() -> None:
    source = cell(0)
    total = fold(source.changes(), folds.sum)
    assert region_of((source,)) is None
    del total
    source.value = 1
    following = source.changes().subscribe(lambda value: None)
    assert region_of((source,)) is None
    following()
    double = source * 2
    guarded = derived(lambda: source.value if source.value > 5 else double.value)
    stop = guarded.subscribe(lambda value: None)
    assert region_of((source,)) is None  # it is not known whether the second input will be needed
    double.subscribe(lambda value: None)
    assert region_of((source,)) is not None
    stop()


def test_two_regions_of_one_shape_share_their_code() -> None:
    made: list[Any] = []
    for _ in range(2):
        source = cell(0)
        (source * 2 + 1).subscribe(lambda value: None)
        made.append(warmed(source).put)
    first, second = made
    assert first is not second
    assert first.__code__ is second.__code__


def test_no_name_or_value_of_the_user_gets_into_the_code() -> None:
    shape = (
        Form(("x0", "k0"), ("x0",), "", True, True),
        Form(("n0",), ("n0",), "", False, False),
        Form((), ("x0",), "plain", True, True, (("c0", True, "x0", False), ("c1", False, "h0", True))),
        Form((), (), "watch", True, False),
    )
    for sources in (frozenset({"x0"}), None):
        for entry in ("chunk", "entry"):
            text = source_text(shape if sources else shape[:3], sources, entry, True, False)
            assert set(text.split()).isdisjoint({"import", "eval", "exec"})
            compile(text, "<test>", "exec")


def test_a_source_whose_region_needs_the_engine_is_long_in_trying_again() -> None:
    source = cell(0)
    source.changes().subscribe(lambda value: None)
    for value in range(WARM_WRITES):
        source.value = value
    assert (source.put, source.heat) == (cold, WARM_WRITES - REST)


def test_an_effect_that_has_to_clean_up_finds_nothing_left_of_the_one_before_it() -> None:
    ran: list[str] = []
    source = cell(0)
    plain = effect(lambda: logged(ran, "plain", (source.value, None)[1]))
    owner = effect(lambda: (lambda: ran.append("cleaned up")) if source.value == 1 else None)
    warmed(source, 0, 2)
    source.value = 1
    ran.clear()
    source.value = 2
    assert ran == ["plain", "cleaned up"]
    check([source])
    with batch():
        later = effect(lambda: ran.append(f"later {source.value}"))
    plain.stop()
    ran.clear()
    source.value = 3
    assert ran == ["later 3"]
    owner.stop()
    later.stop()
