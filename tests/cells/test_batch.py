from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from reactflow import Cell, batch, cell, derived, effect, pulse, snapshot
from reactflow.cells.engine import ENGINE
from reactflow.errors import CellsError
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.model import Boom
from tests.cells.undone import logged, undone


def test_observers_see_both_writes_or_neither_and_run_once() -> None:
    ran: list[float] = []
    length, width = cell(3.0), cell(4.0)
    area = length * width
    area.subscribe(ran.append)
    with batch():
        length.value, width.value = 1.0, 2.0
        assert area.value == 2.0
        assert ran == [12.0]
    assert ran == [12.0, 2.0]


def test_a_batch_that_raises_restores_and_nothing_was_observed() -> None:
    ran: list[float] = []
    use, length, width = cell(True), cell(3.0), cell(4.0)
    unset: Cell[float] = cell()
    chosen = derived(lambda: length.value if use.value else width.value)
    stop = chosen.subscribe(ran.append)
    with undone():
        length.value = 5.0
        unset.value = 1.0
        assert chosen.value == 5.0
        use.value = False
        assert chosen.value == 4.0
    assert (ran, chosen.value, unset.is_set) == ([3.0], 3.0, False)
    width.value = 9.0
    length.value = 6.0
    assert ran == [3.0, 6.0]
    stop()


def test_what_was_read_lazily_inside_is_dropped() -> None:
    length = cell(1)
    double = length * 2
    with undone():
        length.value = 5
        assert double.value == 10
    assert double.value == 2


def test_a_nested_batch_is_a_savepoint() -> None:
    ran: list[tuple[int, int]] = []
    one, two = cell(1), cell(1)
    effect(lambda: ran.append((one.value, two.value)))
    with batch():
        one.value = 2
        with undone():
            one.value = two.value = 3
        assert (one.value, two.value) == (2, 1)
        with batch():
            two.value = 4
    assert ran == [(1, 1), (2, 4)]


def test_there_and_back_is_no_change_also_with_a_read_between() -> None:
    ran: list[int] = []
    length = cell(1)
    double = length * 2
    double.subscribe(ran.append)
    length.subscribe(ran.append)
    for reads in (False, True):
        with batch():
            length.value = 5
            if reads:
                assert double.value == 10
            length.value = 1
    assert ran == [2, 1]


def test_an_effect_made_inside_runs_there_and_again_only_if_something_changed() -> None:
    ran: list[int] = []
    length = cell(1)
    with batch():
        length.value = 2
        effect(lambda: ran.append(length.value))
        assert ran == [2]
    assert ran == [2]
    with batch():
        effect(lambda: ran.append(length.value * 10))
        length.value = 3
    assert ran == [2, 20, 3, 30]


def test_an_effect_made_in_a_batch_that_fails_follows_what_is_restored() -> None:
    ran: list[int] = []
    length = cell(1)
    with undone():
        length.value = 2
        effect(lambda: ran.append(length.value))
    length.value = 3
    assert ran == [2, 1, 3]


def test_batches_that_overlap_are_refused_and_leave_a_graph_that_works() -> None:
    ran: list[int] = []
    length = cell(0)
    length.subscribe(ran.append)
    first, second = batch(), batch()
    first.__enter__()
    length.value = 1
    second.__enter__()
    length.value = 2
    for one in (first, second):
        with pytest.raises(CellsError, match="Do not await or yield inside a batch"):
            one.__exit__(None, None, None)
    assert ENGINE.levels == []
    length.value = 3
    assert ran == [0, 2, 3]


def test_an_interrupt_in_a_comparison_leaves_the_value() -> None:
    def interrupted(old: int, new: int) -> bool:
        raise KeyboardInterrupt

    length = cell(0, equal=interrupted)
    with pytest.raises(KeyboardInterrupt):
        length.value = 1
    assert (length.value, ENGINE.levels) == (0, [])


@cold_and_hot
def test_effects_run_once_at_the_outermost_exit_however_deep_the_batches_and_many_the_writes(
    heat: Heat,
) -> None:
    ran = Log()
    one, other = cell(0), cell(0)
    total = derived(lambda a, b: logged(ran, "total", a + b), one, other)
    tracked = derived(lambda: logged(ran, "tracked", total.value * 2))
    effect(lambda: ran.append(tracked.value))
    heat(one, 1, 2)
    heat(other, 1, 2)
    for number in heat.rounds():
        ran.take()
        with batch():
            one.value = number + 1
            with batch():
                other.value = 1
                with batch():
                    other.value = 2
                other.value = 3
                assert ran == []
            one.value = number + 2
            assert ran == []
        assert ran.take() == ["total", "tracked", 2 * number + 10]


@cold_and_hot
def test_a_batch_reads_its_own_writes_and_runs_only_what_it_reads(heat: Heat) -> None:
    ran = Log()
    length = cell(1)
    double = length.map(lambda value: logged(ran, "double", value * 2))
    triple = derived(lambda: logged(ran, "triple", length.value * 3))
    effect(lambda: ran.append((double.value, triple.value)))
    heat(length, 2, 3)
    for number in heat.rounds():
        ran.take()
        with batch():
            length.value = 5
            assert (length.value, double.value, double.peek(), ran.take()) == (5, 10, 10, ["double"])
            length.value = number + 6
            assert (triple.value, ran.take()) == (3 * number + 18, ["triple"])
        assert ran.take() == ["double", (2 * number + 12, 3 * number + 18)]


@cold_and_hot
def test_a_roll_back_restores_sources_derived_cells_and_what_was_tracked(heat: Heat) -> None:
    ran = Log()
    use, one, other = cell(True), cell(1), cell(10)
    chosen = derived(lambda: logged(ran, "chosen", one.value if use.value else other.value))
    lazy = chosen * 2
    effect(lambda: ran.append(("seen", chosen.value)))
    for source in (one, other):
        heat(source, 2, 3)
    heat(use, False, True)
    for number in heat.rounds():
        ran.take()
        with undone():
            use.value = False
            other.value = 20
            assert (chosen.value, lazy.value, ran.take()) == (20, 40, ["chosen"])
        assert ran == []
        assert (use.value, other.value, one.value, chosen.value, lazy.value) == (
            True,
            10,
            number + 1,
            number + 1,
            2 * number + 2,
        )
        ran.take()
        other.value = 11
        assert ran.take() == []
        other.value = 10
        one.value = number + 2
        assert ran.take() == ["chosen", ("seen", number + 2)]


@cold_and_hot
def test_what_was_derived_from_an_undone_value_is_not_taken_for_current_when_that_is_written_again(
    heat: Heat,
) -> None:
    source = cell(1)
    explicit = source.map(lambda value: value * 2)
    tracked = derived(lambda: source.value * 3)
    heat(source, 2, 3)
    for number in heat.rounds():
        with undone():
            source.value = number + 5
            assert (explicit.value, tracked.value) == (2 * number + 10, 3 * number + 15)
        assert (explicit.value, tracked.value) == (2, 3)
        source.value = number + 5
        assert (explicit.value, tracked.value) == (2 * number + 10, 3 * number + 15)
        source.value = 1


def test_a_savepoint_that_fails_leaves_what_was_written_before_it_and_after_it() -> None:
    ran = Log()
    one, two, three = cell(0), cell(0), cell(0)
    total = one + two + three
    total.subscribe(ran.append)
    with batch():
        one.value = 1
        with undone():
            two.value = 20
            with batch():
                three.value = 300
            with undone():
                one.value = 9
            assert total.value == 321
        assert total.value == 1
        three.value = 100
    assert ran.take() == [0, 101]


def test_a_savepoint_gives_back_what_an_inner_batch_that_ended_well_wrote() -> None:
    one = cell(0)
    with batch():
        one.value = 1
        with undone():
            with batch():
                one.value = 2
            with batch():
                one.value = 3
        assert one.value == 1
    assert one.value == 1


def test_a_roll_back_undoes_emits_and_unsets_and_writes_in_effects() -> None:
    ran = Log()
    reading, height, go = pulse(), cell(1), cell(0)
    reading.subscribe(ran.append)

    def careful() -> None:
        if go.value:
            with undone():
                height.value = 5
                reading.emit(5)
            with batch():
                height.value = height.peek() + 1
                reading.emit(go.peek())

    effect(careful)
    with undone():
        reading.emit(1)
        height.unset()
    assert (ran.take(), height.value) == ([], 1)
    go.value = 7
    assert (ran.take(), height.value) == ([7], 2)


def test_what_an_effect_writes_in_a_batch_of_its_own_is_seen_by_others_at_once_or_not_at_all() -> None:
    ran = Log()
    go, one, other = cell(0), cell(0), cell(0)
    effect(lambda: ran.append((one.value, other.value)))

    def writes() -> None:
        if go.value:
            with batch():
                one.value = go.value
                other.value = go.value

    effect(writes)
    go.value = 5
    assert ran.take() == [(0, 0), (5, 5)]


def test_a_snapshot_reads_what_is_there_and_may_be_within_a_batch() -> None:
    length = cell(1)
    double = length * 2
    with snapshot(), snapshot():
        assert (length.value, double.value) == (1, 2)
    with batch():
        length.value = 2
        with snapshot():
            assert (length.value, double.value) == (2, 4)


@cold_and_hot
def test_a_batch_that_writes_nothing_or_the_same_runs_nothing(heat: Heat) -> None:
    ran = Log()
    length = cell(1)
    double = length.map(lambda value: logged(ran, "double", value * 2))
    effect(lambda: ran.append(double.value))
    heat(length, 2, 3)
    for _ in heat.rounds():
        ran.take()
        with batch():
            pass
        with batch():
            length.value = 1
        assert ran.take() == []


def test_a_batch_without_its_parentheses_says_so() -> None:
    without: Any = batch
    with pytest.raises(TypeError, match=r"^'with batch:' lacks its parentheses: write 'with batch\(\):'$"):
        with without:
            pass


def test_a_batch_is_entered_once_at_a_time() -> None:
    length = cell(0)
    again = batch()

    def twice(around: Any, between: Any) -> None:
        with around(), again:
            length.value = 1
            with between(), again:
                length.value = 2

    for around in (nullcontext, batch):
        for between in (nullcontext, batch):
            with pytest.raises(CellsError, match=r"open already.* 'with batch\(\):'"):
                twice(around, between)
            assert length.value == 0


def test_a_batch_may_be_entered_again_when_it_has_ended_however_it_ended() -> None:
    length = cell(0)
    again = batch()

    def fails() -> None:
        with again:
            length.value += 1
            raise Boom

    for around in (nullcontext, batch):
        with around():
            for _ in range(3):
                with again:
                    length.value += 1
                with pytest.raises(Boom):
                    fails()
    assert length.value == 6
