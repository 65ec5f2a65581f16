"""What raises: a derived cell stores it, effects hand it over together, and everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow import Cell, Derived, batch, cell, derived, effect, on_cleanup
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged


class Refused(Exception):
    pass


def refusing(ran: Log, name: str) -> Callable[[int], int]:
    def check(value: int) -> int:
        ran.append(name)
        if value < 0:
            raise Refused(f"{value}")
        return value

    return check


def outcome(one: Derived[Any]) -> Any:
    """The value, or what a reader gets raised, in words."""
    try:
        return one.value
    except Refused as error:
        return f"refused {error}"


def write_both(one: Cell[int], value: int, other: Cell[int], other_value: int) -> None:
    with batch():
        one.value, other.value = value, other_value


def write_and_raise(one: Cell[int], value: int) -> None:
    with batch():
        one.value = value
        raise Refused


@cold_and_hot
def test_what_a_derived_cell_raises_is_stored_for_every_reader_and_its_siblings_go_on(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    explicit = source.map(refusing(ran, "explicit"))
    check = refusing(ran, "tracked")
    tracked = derived(lambda: check(source.value))
    sibling = source.map(lambda value: logged(ran, "sibling", -value))
    beyond = explicit.map(lambda value: logged(ran, "beyond", value + 1))
    further = derived(lambda: logged(ran, "further", beyond.value + 1))
    watched = [explicit, tracked, sibling, beyond, further]
    effect(lambda: ran.append([outcome(one) for one in watched]))
    heat(source, 2, 3)
    for number in heat.rounds():
        ran.take()
        source.value = -1 - number
        entries, said = ran.take(), f"refused {-1 - number}"
        assert (sorted(entries[:-1]), entries[-1]) == (
            ["explicit", "sibling", "tracked"],
            [said, said, number + 1, said, said],
        )
        for one in (explicit, tracked, beyond, further):
            with pytest.raises(Refused):
                one.value
        assert ran.take() == []
        source.value = 1
        entries = ran.take()
        assert sorted(entries[:-1]) == ["beyond", "explicit", "further", "sibling", "tracked"]
        assert entries[-1] == [1, 1, -1, 2, 3]


@cold_and_hot
def test_readers_get_the_same_exception_and_its_traceback_does_not_grow(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    checked = source.map(refusing(ran, "checked"))
    beyond = checked + 1
    heat(source, 2, 3)
    source.value = -1
    errors, depths = [], []
    for _ in range(5):
        for one in (checked, beyond):
            with pytest.raises(Refused) as caught:
                one.value
            errors.append(caught.value)
            depths.append(len(caught.traceback))
    assert len(set(map(id, errors))) == 1
    assert depths[2:] == depths[:2] * 4


@cold_and_hot
def test_the_same_failure_again_is_cut_off(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    checked = source.map(lambda value: refusing(ran, "checked")(min(value, -1) if value < 0 else value))
    parity = source.map(lambda value: value % 2)
    refused = derived(lambda: refusing(ran, "odd only")(parity.value - 1))
    effect(lambda: ran.append([outcome(checked), outcome(refused)]))
    heat(source, 3, 5)
    for _ in heat.rounds():
        source.value = 2
        ran.take()
        source.value = 4  # refused for the same reason
        assert ran.take() == ["checked", [4, "refused -1"]]
        source.value = -2
        assert ran.take() == ["checked", ["refused -2", "refused -1"]]
        source.value = -2
        assert ran.take() == []


@cold_and_hot
def test_an_observed_failure_recovers_however_it_comes_and_goes(heat: Heat) -> None:
    ran = Log()
    one, other = cell(1), cell(1)
    quotient = derived(lambda a, b: a // b, one, other)
    lazily = derived(lambda: one.value // other.value)
    quotient.subscribe(ran.append, lambda error: ran.append("failed"))
    heat(one, 2, 3)
    heat(other, 2, 3)
    for number in heat.rounds():
        one.value = 2
        ran.take()
        other.value = 0
        one.value = number + 3
        with pytest.raises(ZeroDivisionError):
            lazily.value
        other.value = 1
        assert (ran.take(), lazily.value) == (["failed", number + 3], number + 3)
        with batch():
            other.value = 0
            with pytest.raises(ZeroDivisionError):
                lazily.value
            other.value = 1
        assert (ran.take(), lazily.value) == ([], number + 3)


@cold_and_hot
def test_failing_effects_of_a_batch_arrive_as_one_group_when_every_other_has_run(heat: Heat) -> None:
    ran = Log()
    one, other = cell(0), cell(0)

    def fails(name: str, at: int) -> None:
        ran.append(name)
        if one.value + other.value >= at:
            raise Refused(name)

    effect(lambda: fails("a", 100))
    effect(lambda: ran.append(("b", one.value)))
    effect(lambda: fails("c", 200))
    effect(lambda: ran.append(("d", other.value)))
    heat(one, 1, 2)
    heat(other, 1, 2)
    for _ in heat.rounds():
        ran.take()
        with pytest.raises(ExceptionGroup, match="2 effects failed") as caught:
            write_both(one, 90, other, 110)
        assert [str(error) for error in caught.value.exceptions] == ["a", "c"]
        assert ran.take() == ["a", ("b", 90), "c", ("d", 110)]
        with pytest.raises(ExceptionGroup, match="1 effect failed") as caught:
            one.value = 0
        assert [str(error) for error in caught.value.exceptions] == ["a"]
        assert ran.take() == ["a", ("b", 0), "c"]
        other.value = 0
        assert ran.take() == ["a", "c", ("d", 0)]


@cold_and_hot
def test_one_failing_effect_of_a_bare_write_arrives_in_a_group_and_what_was_written_stays(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    checked = source.map(refusing(Log(), "checked"))
    effect(lambda: ran.append(checked.value))  # it does not catch what it reads
    heat(source, 2, 3)
    for _ in heat.rounds():
        ran.take()
        with pytest.raises(ExceptionGroup) as caught:
            source.value = -1
        assert [type(error) for error in caught.value.exceptions] == [Refused]
        assert source.value == -1
        source.value = 1
        assert ran.take() == [1]


def test_effects_that_fail_in_what_other_effects_wrote_arrive_in_the_same_group() -> None:
    ran = Log()
    source, written = cell(0), cell(0)

    def forwards() -> None:
        written.value = source.value
        ran.append("forwards")
        if source.value:
            raise Refused("forwards")

    def fails() -> None:
        ran.append("fails")
        if written.value:
            raise Refused("fails")

    effect(forwards)
    effect(fails)
    ran.take()
    with pytest.raises(ExceptionGroup, match="2 effects failed") as caught:
        source.value = 1
    assert [str(error) for error in caught.value.exceptions] == ["forwards", "fails"]
    assert ran.take() == ["forwards", "fails"]


@cold_and_hot
def test_an_effect_that_failed_goes_on_following_what_it_read(heat: Heat) -> None:
    ran = Log()
    source, late = cell(0), cell(0)

    def fails() -> None:
        ran.append(source.value)
        if source.value < 0:
            raise Refused
        ran.append(("late", late.value))

    effect(fails)
    heat(source, 1, 2)
    heat(late, 1, 2)
    for _ in heat.rounds():
        ran.take()
        with pytest.raises(ExceptionGroup):
            source.value = -1
        late.value = 1  # it was not reached in the last run
        assert ran.take() == [-1]
        source.value = 0
        assert ran.take() == [0, ("late", 1)]
        late.value = 0
        assert ran.take() == [0, ("late", 0)]


def test_an_effect_whose_first_run_raises_follows_what_it_read_also_when_made_in_a_batch_or_by_an_effect() -> (
    None
):
    ran = Log()
    source, outer = cell(-1), cell(0)
    check = refusing(ran, "run")
    with pytest.raises(Refused):
        effect(lambda: logged(ran, "alone", check(source.value)))
    with batch(), pytest.raises(Refused):
        effect(lambda: logged(ran, "in a batch", check(source.value)))

    def parent() -> None:
        outer.value
        with pytest.raises(Refused):
            effect(lambda: logged(ran, "owned", check(source.value)))

    effect(parent)
    ran.take()
    source.value = 1
    assert ran.take() == ["run", "alone", "run", "in a batch", "run", "owned"]


def test_a_failing_effect_has_its_clean_ups_run_before_it_runs_again() -> None:
    ran = Log()
    source = cell(0)

    def fails() -> None:
        on_cleanup(lambda: ran.append("clean-up"))
        ran.append(source.value)
        if source.value == 1:
            raise Refused

    stop = effect(fails)
    with pytest.raises(ExceptionGroup):
        source.value = 1
    source.value = 2
    stop()
    assert ran.take() == [0, "clean-up", 1, "clean-up", 2, "clean-up"]


def test_a_batch_whose_body_raises_gives_that_and_not_a_group() -> None:
    ran = Log()
    source = cell(0)
    effect(lambda: ran.append(1 // (1 - source.value)))
    with pytest.raises(Refused):
        write_and_raise(source, 1)
    assert (ran.take(), source.value) == ([1], 0)


@cold_and_hot
def test_a_failing_input_is_passed_on_as_it_is_and_an_unset_one_wins_over_it(heat: Heat) -> None:
    ran = Log()
    source, height = cell(1), cell(2)
    checked = source.map(refusing(ran, "checked"))
    volume = derived(lambda one, other: logged(ran, "volume", one * other), checked, height)
    stop = volume.subscribe(lambda value: None, lambda error: ran.append(type(error)))
    heat(source, 2, 3)
    heat(height, 3, 4)
    for _ in heat.rounds():
        source.value = 1
        ran.take()
        source.value = -1
        assert ran.take() == ["checked", Refused]
        height.unset()
        assert (volume.is_set, ran.take()) == (False, [])
        source.value = 1
        assert ran.take() == ["checked"]
        height.value = 2
        assert (volume.value, ran.take()) == (2, ["volume"])
    stop()
