"""Members in the live graph: what is put, changed and removed, in batches and out of them, and how much work it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import UNSET, Flow, Members, batch, cell, derived, effect, fold, folds, graph, members
from reactflow.cells import MemberChange, MemberFold
from reactflow.errors import CellError, DeclarationError, InternalError, OccurrenceError, TemplateError
from reactflow.flow import Event


def test_what_is_put_is_counted_and_what_is_removed_is_not() -> None:
    rooms: Members[float] = members()
    total, number, mean = rooms.sum(), rooms.count(), rooms.mean()
    least, most, top = rooms.min(), rooms.max(), rooms.top(2)
    assert (total.value, number.value, top.value) == (0, 0, ())
    assert [one.is_set for one in (mean, least, most)] == [False, False, False]
    rooms.put("r1", 3.0)
    rooms.put("r2", 5.0)
    rooms.put("r3", 4.0)
    assert (total.value, number.value, mean.value, least.value, most.value) == (12.0, 3, 4.0, 3.0, 5.0)
    assert top.value == (("r2", 5.0), ("r3", 4.0))
    rooms.remove("r2")
    rooms.remove("r2")
    rooms.put("r3", 1.0)
    assert (total.value, number.value, least.value, most.value) == (4.0, 2, 1.0, 3.0)
    assert rooms.items() == {"r1": 3.0, "r3": 1.0}


def test_the_same_value_again_is_no_change() -> None:
    rooms = members()
    seen: list[Any] = []
    rooms.subscribe(lambda _: seen.append(rooms.items()))
    rooms.put("r1", 3.0)
    rooms.put("r1", 3.0)
    rooms.put("r1", 3)
    assert seen == [{"r1": 3.0}, {"r1": 3}]


def test_several_in_a_batch_are_one_event_and_are_seen_inside_it() -> None:
    rooms = members()
    total, top = rooms.sum(), rooms.top(1)
    seen: list[Any] = []
    total.subscribe(seen.append)
    with batch():
        for number in range(5):
            rooms.put(f"r{number}", number)
        rooms.remove("r4")
        rooms.put("r0", 7)
        assert (total.value, top.value) == (13, (("r0", 7),))
    assert seen[-1:] == [13]
    assert len(seen) <= 2


def test_a_batch_that_fails_takes_everything_back() -> None:
    rooms = members()
    total, most = rooms.sum(), rooms.max()
    rooms.put("r1", 3.0)
    with suppress(ZeroDivisionError), batch():
        rooms.put("r2", 9.0)
        rooms.remove("r1")
        assert total.value == 9.0
        _ = 1 / 0
    assert (total.value, most.value, rooms.items()) == (3.0, 3.0, {"r1": 3.0})
    with batch():
        rooms.put("r3", 1.0)
        with suppress(ZeroDivisionError), batch():
            rooms.put("r4", 5.0)
            _ = 1 / 0
        rooms.put("r5", 2.0)
    assert (total.value, most.value, rooms.items()) == (6.0, 3.0, {"r1": 3.0, "r3": 1.0, "r5": 2.0})


def test_what_effects_put_comes_one_after_the_other_in_the_events_that_follow() -> None:
    rooms, length = members(), cell(1.0)
    total, most, seen = rooms.sum(), rooms.max(), list[float]()
    rooms.put("r1", 7.0)

    def put_two() -> None:
        rooms.put("r1", length.value + 1)
        rooms.put("r2", length.value)

    with batch():
        effect(lambda: rooms.put("r1", length.value))
        effect(put_two)
        total.subscribe(seen.append)
    assert (total.value, most.value, rooms.items()) == (3.0, 2.0, {"r1": 2.0, "r2": 1.0})
    seen.clear()
    length.value = 4.0
    assert seen == [5.0, 6.0, 9.0]
    assert (total.value, most.value, rooms.items()) == (9.0, 5.0, {"r1": 5.0, "r2": 4.0})


def test_a_batch_of_an_effect_puts_one_contribution() -> None:
    rooms, length = members(), cell(1.0)

    @effect
    def put_two() -> None:
        if length.value > 1:
            with batch():
                rooms.put("r1", length.value)
                rooms.put("r2", length.value)

    with pytest.raises(ExceptionGroup) as caught:
        length.value = 4.0
    assert isinstance(caught.value.exceptions[0], OccurrenceError)
    assert rooms.items() == {}


NUMBERS = st.sampled_from([0.1, 0.2, 0.3, 1e16, -1e16, 5e-324]) | st.integers(-3, 3)
CHANGES = st.lists(st.tuples(st.sampled_from("abcde"), st.none() | NUMBERS), max_size=30)


@given(CHANGES, st.integers(1, 4))
def test_after_any_changes_all_are_what_is_computed_from_what_is_left(changes: list[Any], n: int) -> None:
    rooms = members()
    total, number, least, most, top = rooms.sum(), rooms.count(), rooms.min(), rooms.max(), rooms.top(n)
    plain: dict[str, Any] = {}
    for id, value in changes:
        if value is None:
            rooms.remove(id)
            plain.pop(id, None)
        else:
            rooms.put(id, value)
            plain[id] = value
        exact = sum(map(Fraction, plain.values()))
        assert total.value == float(exact)  # rounded once
        ordered = sorted(((one, id) for id, one in plain.items()), reverse=True)
        assert top.value == tuple((id, one) for one, id in ordered[:n])
        assert number.value == len(plain)
        if plain:
            assert (least.value, most.value) == (ordered[-1][0], ordered[0][0])
    assert rooms.items() == plain


def test_decimals_stay_decimals_and_do_not_mix_with_floats() -> None:
    rooms = members()
    total = rooms.sum()
    rooms.put("r1", Decimal("0.10"))
    rooms.put("r2", 2)
    assert total.value == Decimal("2.1")
    with pytest.raises(TypeError, match="a sum of floats and Decimals has no exact type"):
        rooms.put("r3", 0.5)
    assert total.value == Decimal("2.1")
    rooms.put("r1", 0.5)
    assert total.value == 2.5


def test_texts_and_dates_have_an_order_and_no_sum() -> None:
    days = members()
    first = days.min()
    days.put("a", date(2026, 11, 23))
    days.put("b", date(2026, 1, 2))
    assert first.value == date(2026, 1, 2)
    added = members()
    total = added.sum()
    for value in ("text", date(2026, 1, 2), True):
        with pytest.raises(TypeError, match="a sum takes int, float or Decimal"):
            added.put("a", value)
    assert (total.value, added.items()) == (0, {})


@pytest.mark.parametrize(
    ("value", "error"), [(None, TypeError), ([1], TypeError), (float("nan"), ValueError)]
)
def test_what_has_no_place_in_an_order_is_refused(value: Any, error: type[Exception]) -> None:
    rooms = members()
    with pytest.raises(error):
        rooms.put("r1", value)
    with pytest.raises(TypeError, match="the id of a contribution is text, not 7"):
        rooms.put(7, 1.0)  # type: ignore[arg-type]  # what is refused
    assert rooms.items() == {}


@pytest.mark.parametrize("n", [0, 101, True, 2.0])
def test_top_takes_a_number_that_a_state_has_room_for(n: Any) -> None:
    with pytest.raises(DeclarationError, match="give a number from 1 to 100"):
        members().top(n)


@pytest.mark.parametrize(
    ("id", "value"), [("room", ""), ((), "area"), ("", "area"), ([""], "x"), (["a", 7], "x")]
)
def test_id_and_value_are_named_both_or_neither(id: Any, value: Any) -> None:
    with pytest.raises(DeclarationError, match="members"):
        members(id, value)


def test_members_are_folded_by_their_own_folds_alone() -> None:
    rooms = members()
    with pytest.raises(DeclarationError, match=r"use rooms.sum\(\), .count\(\)"):
        fold(rooms, folds.count)


# --- in a flow --------------------------------------------------------------------------------------------------------


class Building(Flow):
    name = cell("tower")
    rooms: Members[float] = members("room", "area")
    total = rooms.sum()
    least = rooms.min()
    top = rooms.top(2)

    @derived
    def label(self) -> str:
        return f"{self.name}: {self.total}"


def test_a_flow_has_members_of_its_own_in_every_instance() -> None:
    one, other = Building(), Building()
    one.cells.rooms.put("r1", 3.0)
    one.cells.rooms.put("r2", 5.0)
    one.cells.rooms.remove("r1")
    assert (one.label, one.least, one.top) == ("tower: 5.0", 5.0, (("r2", 5.0),))
    assert (other.total, other.cells.rooms.items()) == (0, {})


def test_the_class_shows_a_template() -> None:
    with pytest.raises(TemplateError, match=r"Building\.rooms is a template"):
        Building.rooms.put("r1", 3.0)
    with pytest.raises(TemplateError, match=r"Building\.rooms is a template"):
        Building.rooms.items()


def test_what_reads_members_otherwise_is_refused_with_the_remedy() -> None:
    with pytest.raises(DeclarationError, match=r"reads the members 'rooms' .* use rooms.sum\(\)"):

        class Wrong(Flow):
            rooms = members("room", "area")
            number = rooms.map(len)


def test_a_picture_shows_the_cells_and_not_what_is_kept_for_them() -> None:
    building = Building()
    shown = graph(building.cells.total)
    assert {node.name for node in shown.nodes} == {"rooms", "total", "least", "top", "label", "name"}


class Pocket:
    """Contributions of one unit, kept beside a step as a host keeps them."""

    def __init__(self) -> None:
        self.kept: dict[str, float] = {}

    def change(self, id: str, new: float | None, state: dict[str, Any]) -> Event:
        old = self.kept.pop(id, None)
        if new is not None:
            self.kept[id] = new
        change = MemberChange(f"|{id}", old, new)
        looked: dict[str, Any] = {}
        for name in ("least", "top"):
            algebra = Building.plan[name].fold
            assert isinstance(algebra, MemberFold)
            if algebra.must_look(state[name], change):
                live = members()
                live.look_for(algebra)
                for one, value in self.kept.items():
                    live.put(one, value)
                looked[str(algebra.end)] = live._kept().first(algebra.end or "lowest", 2)
        return Event({}, {"rooms": (change._replace(**looked),)})


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.none() | st.floats(-9, 9)), max_size=25), st.data())
def test_the_step_comes_to_what_the_live_graph_comes_to_with_few_look_ups(
    changes: Sequence[tuple[str, float | None]], data: st.DataObject
) -> None:
    live, step, pocket = Building(), Building.step(), Pocket()
    state = step.initial()
    for id, value in changes:
        if pocket.kept.get(id) == value:
            continue
        if value is None:
            live.cells.rooms.remove(id)
        else:
            live.cells.rooms.put(id, value)
        event = pocket.change(id, value, state)
        state, _ = step(state, [event])
        if data.draw(st.booleans()):
            state = step.read(step.codec.encode(state))
        values = step.values(state)
        assert (values["total"], values["top"], values["label"]) == (live.total, live.top, live.label)
        assert values["least"] == (live.least if live.cells.least.is_set else UNSET)


def test_a_step_that_lacks_what_it_has_to_be_told_says_so() -> None:
    step = Building.step()
    state, _ = step(step.initial(), [Event({}, {"rooms": (MemberChange("|r1", None, 3.0),)})])
    with pytest.raises(CellError) as caught:
        step(state, [Event({}, {"rooms": (MemberChange("|r1", 3.0, None),)})])
    assert isinstance(caught.value.error, InternalError)
    assert "'|r1' was among the 1 lowest, and what follows them was not looked up" in str(caught.value.error)


# --- how much work it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 1_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_change_takes_a_number_of_calls_that_grows_with_the_logarithm(size: int) -> None:
    rooms = members()
    cells = rooms.sum(), rooms.count(), rooms.mean(), rooms.min(), rooms.max(), rooms.top(3)
    for start in range(0, size, 500):
        with batch():
            for number in range(start, min(size, start + 500)):
                rooms.put(f"r{number}", number * 7919 % size)
    calls = [0]

    def count(frame: object, event: str, argument: object) -> None:
        calls[0] += event == "call"

    works = []
    changes: list[Callable[[], None]] = [
        lambda: rooms.put("new", size // 2),
        lambda: rooms.put("r3", -1),
        lambda: rooms.remove(cells[5].value[0][0]),
    ]
    for change in changes:
        before = calls[0]
        sys.setprofile(count)
        try:
            change()
        finally:
            sys.setprofile(None)
        works.append(calls[0] - before)
    assert max(works) <= 380 + 25 * size.bit_length(), works
    assert cells[1].value == size
