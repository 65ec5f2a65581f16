"""Batches on the fast path: what they note, the program of sources that are written together, the way to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow import UNSET, Cell, batch, cell, derived, effect, pulse
from reactflow.cells.doing import DOING
from reactflow.cells.fast import WARM_WRITES
from reactflow.cells.fast_paths import fast_paths
from tests.cells.hot import Value, program_of, warmed, warmed_together
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.live import check
from tests.cells.undone import logged, undone


def is_quick() -> bool:
    """Whether a batch is open that is on the fast path."""
    return DOING.quick is not None


def test_a_batch_that_begins_at_rest_is_on_the_fast_path_until_it_does_more_than_write() -> None:
    source, press = cell(0), pulse()
    double = source * 2
    acts: list[Callable[[], object]] = [
        lambda: double.value,
        lambda: double.peek(),
        lambda: effect(lambda: None).stop(),
        lambda: press.emit(1),
        source.unset,
    ]
    for act in acts:
        source.value = 0
        with batch():
            assert is_quick()
            source.value = 1
            source.peek()
            assert is_quick()
            act()
            assert not is_quick()
        check([source, double])


def test_sources_that_are_written_together_often_get_a_program_which_runs_each_node_and_effect_once() -> None:
    ran: list[str] = []
    one, other, third = cell(0), cell(0), cell(0)
    total = derived(lambda a, b: logged(ran, "total", a + b), one, other)
    beside = derived(lambda a: logged(ran, "beside", a), third)
    tracked = derived(lambda: total.value + beside.value)
    seen: list[int] = []
    effect(lambda: seen.append(tracked.value))
    warmed_together(one, other, third)
    ran.clear()
    seen.clear()
    with batch():
        one.value, other.value, third.value = 1, 2, 3
    assert (sorted(ran), seen) == (["beside", "total"], [6])
    ran.clear()
    with batch():
        one.value, other.value, third.value = 2, 1, 3
    assert (ran, seen) == (["total"], [6])
    check([tracked])


@pytest.mark.parametrize("are_observed", [False, True])
def test_there_and_back_in_a_batch_is_no_change(are_observed: bool) -> None:
    ran: list[int] = []
    seen: list[int] = []
    one, other = cell(0), cell(0)
    total = derived(lambda a, b: logged(ran, a, a + b), one, other)
    if are_observed:
        total.subscribe(seen.append)
        warmed_together(one, other)
    total.value
    before = one.version, other.version
    del ran[:], seen[:]
    with batch():
        one.value = 5
        other.value = 6
        one.value = 7
        one.value = other.value = 0
    assert (total.value, ran, seen, one.version, other.version) == (0, [], [], *before)


@pytest.mark.parametrize("is_hot", [False, True])
def test_a_batch_that_fails_gives_everything_back_with_its_version(is_hot: bool) -> None:
    seen: list[int] = []
    one, other, missing = cell(0), cell(0), cell()
    (one + other).subscribe(seen.append)
    if is_hot:
        warmed_together(one, other)
    before = one.version, other.version, one.written_at
    seen.clear()
    with undone():
        one.value = 5
        other.value = 6
        missing.value = 7
    assert (one.value, other.value, missing.is_set, seen) == (0, 0, False, [])
    assert (one.version, other.version, one.written_at) == before
    with batch():
        one.value = other.value = 1
    assert seen == [2]
    check([one, other, missing])


@pytest.mark.parametrize("is_hot", [False, True])
def test_a_savepoint_inside_keeps_what_was_written_before_it(is_hot: bool) -> None:
    seen: list[tuple[int, int]] = []
    one, other = cell(0), cell(0)
    effect(lambda: seen.append((one.value, other.value)))
    if is_hot:
        warmed_together(one, other)
    for number in range(1, 4):
        with batch():
            one.value = number
            with undone():
                one.value = 100
                other.value = 100
                with batch():
                    other.value = 200
            assert (one.value, other.value) == (number, other.default if number == 1 else 10 * number - 10)
            with batch():
                other.value = 10 * number
        assert seen[-1] == (number, 10 * number)
    check([one, other])


@pytest.mark.parametrize("is_hot", [False, True])
def test_reads_inside_see_what_was_written_inside(is_hot: bool) -> None:
    one, other = cell(0), cell(0)
    total = one + other
    lazy = derived(lambda: total.value * 2 if one.value % 2 else -other.value)
    seen: list[int] = []
    total.subscribe(seen.append)
    if is_hot:
        warmed_together(one, other)
    for number in range(1, 20):
        with batch():
            one.value = number
            assert one.value == one.peek() == number
            assert (total.value, lazy.value) == (
                number + other.value,
                2 * (number + other.value) if number % 2 else -other.value,
            )
            other.value = 10
            assert total.peek() == number + 10
        assert (seen[-1], lazy.value) == (number + 10, 2 * number + 20 if number % 2 else -10)
    check([total, lazy])


def histories(
    act: Callable[[list[Any], list[int], int], None], make: Callable[[int], Any] = int
) -> list[int]:
    """What is seen of three sources that are written as told, again and again, while observers come and go."""
    sources: list[Any] = [cell(make(0)) for _ in range(3)]
    number_of = (lambda value: value) if make is int else (lambda value: value.number)
    numbers = [source.map(number_of) for source in sources]
    total = numbers[0] + numbers[1] + numbers[2]
    seen: list[int] = []
    total.subscribe(seen.append)
    for number in range(3 * WARM_WRITES):
        act(sources, seen, number)
        if number % 40 == 39:
            (numbers[number // 40 % 3] * 1000).subscribe(seen.append)
    check([*sources, total])
    return seen


def always_the_same(sources: list[Any], seen: list[int], number: int) -> None:
    with batch():
        for one in sources:
            one.value = number


def others_in_between(sources: list[Any], seen: list[int], number: int) -> None:
    with batch():
        for one in sources[number % 7 // 6 :]:
            one.value = number % 5
    if number % 9 == 0:
        sources[number % 3].value = number


def in_another_order(sources: list[Any], seen: list[int], number: int) -> None:
    with batch():
        for one in sources if number % 50 < 45 else reversed(sources):
            one.value = number % 11


def some_not_moving(sources: list[Any], seen: list[int], number: int) -> None:
    with batch():
        for place, one in enumerate(sources):
            one.value = number // (place + 1)


def one_taken_away(sources: list[Any], seen: list[int], number: int) -> None:
    with batch():
        for one in sources:
            one.value = number
    if number % 45 == 44:
        del sources[1].value


def some_undone(sources: list[Any], seen: list[int], number: int) -> None:
    with undone():
        for one in sources:
            one.value = 99
    always_the_same(sources, seen, number)


ACTS = [always_the_same, others_in_between, in_another_order, some_not_moving, one_taken_away, some_undone]


@pytest.mark.parametrize("act", ACTS)
def test_batches_of_the_same_sources_again_and_again_come_to_what_the_engine_comes_to(act: Any) -> None:
    with fast_paths(False):
        expected = histories(act)
    assert histories(act) == expected


def test_what_comes_to_be_observed_after_its_source_was_written_alone_is_told_of_the_next_batch() -> None:
    one, other = cell(0), cell(0)
    (one + other).subscribe(lambda value: None)
    double = other * 2
    warmed_together(one, other)
    with batch():
        other.value = 1000
    seen: list[int] = []
    double.subscribe(seen.append)
    with batch():
        one.value, other.value = 2000, 2000
    assert seen == [2000, 4000]


def test_a_source_with_an_equality_of_its_own_takes_the_batch_to_the_engine() -> None:
    one, close = cell(0), cell(0, equal=lambda old, new: abs(old - new) < 2)
    seen: list[tuple[int, int]] = []
    effect(lambda: seen.append((one.value, close.value)))
    for number in range(1, 2 * WARM_WRITES):
        with batch():
            one.value = number
            assert is_quick()
            close.value = number
            assert not is_quick()
        assert seen[-1] == (number, number // 2 * 2)
    assert program_of(one, close) is None
    check([one, close])


def test_a_comparison_that_raises_counts_as_a_change_and_one_may_read_cells() -> None:
    def fails() -> None:
        raise ValueError

    other = cell(0)
    double = other * 2
    source = cell(Value(0))
    seen: list[int] = []
    effect(lambda: seen.append(source.value.number))
    for asked in (fails, lambda: double.value):
        for _ in range(WARM_WRITES + 8):
            with batch():
                other.value += 1
                source.value = Value(1, asked)
            check([source, other, double])
        assert double.value == 2 * other.value
    assert seen == [0] + [1] * (WARM_WRITES + 9)  # the last of the first kind is compared once more


def test_effects_that_write_after_a_program_and_those_that_fail_do_as_elsewhere() -> None:
    one, other, log = cell(0), cell(0), cell(0)
    total = one + other
    fails = [False]

    def forward() -> None:
        log.value = total.value

    def fail() -> None:
        if total.value > 0 and fails[0]:
            raise ValueError

    effect(forward)
    effect(fail)
    seen: list[int] = []
    log.subscribe(seen.append)
    warmed_together(one, other)
    warmed(log)
    fails[0] = True
    with pytest.raises(ExceptionGroup, match="1 effect failed"):
        with batch():
            one.value = other.value = 5
    assert seen[-1] == 10
    fails[0] = False
    with batch():
        one.value = other.value = 6
    assert seen[-1] == 12
    check([one, other, log])


@pytest.mark.parametrize("is_hot", [False, True])
def test_unset_that_is_written_in_a_batch_takes_away_what_is_derived(is_hot: bool) -> None:
    one: Cell[Any] = cell(0)
    other: Cell[Any] = cell(0)
    explicit = one + other
    tracked = derived(lambda: one.value + other.value)
    stops = explicit.subscribe(id), tracked.subscribe(id)
    if is_hot:
        warmed_together(one, other)
    for _ in range(3):
        with batch():
            one.value, other.value = UNSET, 1
        assert (one.is_set, other.value, explicit.is_set, tracked.is_set) == (False, 1, False, False)
        with batch():
            one.value, other.value = 2, 3
        assert (explicit.value, tracked.value) == (5, 5)
    for stop in stops:
        stop()
    check([one, other, explicit, tracked])
