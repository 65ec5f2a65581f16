"""The step: a flow as a pure function of its state and events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from reactflow.cells import (
    UNSET,
    Cell,
    Derived,
    Failure,
    Fold,
    Pulse,
    Readable,
    cell,
    derived,
    fold,
    folds,
    pulse,
)
from reactflow.errors import CellError, DeclarationError, StateError, Superseded, Transient
from reactflow.flow import DEFAULT, Applied, Changes, Event, Flow

RAN: list[str] = []


@contextmanager
def log() -> Iterator[list[str]]:
    """What the functions of the flows below ran, whole."""
    RAN.clear()
    yield RAN


def noted(name: str, value: Any) -> Any:
    RAN.append(name)
    return value


class Room(Flow):
    length = cell(3.0)
    width = cell(4.0)
    height: Cell[float] = cell()
    area = length * width
    is_large = area > 100.0
    volume = area * height
    reading: Pulse[float] = pulse()
    total = fold(reading, folds.sum)
    grown = area.changes()
    peak = fold(grown, folds.max)

    @derived
    def label(self) -> str:
        return str(noted("label", "large" if self.is_large else "small"))


STEP = Room.step()
INITIAL = STEP.initial()


def test_the_initial_state_holds_sources_what_is_derived_and_the_folds_zeros() -> None:
    assert INITIAL == {
        "length": 3.0, "width": 4.0, "area": 12.0, "is_large": False, "total": ("int", 0, 0), "peak": (),
        "label": "small",
    }  # fmt: skip
    assert Room.step() is STEP


def test_an_event_changes_what_depends_on_it_and_leaves_the_given_state() -> None:
    before = dict(INITIAL)
    after, applied = STEP.apply(INITIAL, Event({"length": 5.0}))
    assert after == {**INITIAL, "length": 5.0, "area": 20.0, "peak": (20.0,)}
    assert applied == Applied((("grown", 20.0),), ("length", "area", "peak"))
    assert before == INITIAL


def test_an_equal_value_changes_and_runs_nothing() -> None:
    with log() as ran:
        assert STEP.apply(INITIAL, Event({"length": 3.0})) == (INITIAL, Applied())
        assert STEP.apply(INITIAL, Event()) == (INITIAL, Applied())
        STEP.apply(INITIAL, Event({"length": 5.0}))
        assert ran == []  # area moved, is_large did not
        STEP.apply(INITIAL, Event({"length": 50.0}))
        assert ran == ["label"]


def test_unset_and_default_take_values_away_and_bring_them_back() -> None:
    tall, _ = STEP.apply(INITIAL, Event({"height": 2.0}))
    assert tall["volume"] == 24.0
    flat, applied = STEP.apply(tall, Event({"height": DEFAULT}))
    assert flat == INITIAL
    assert applied.changed == ("height", "volume")
    empty, _ = STEP.apply(INITIAL, Event({"length": UNSET}))
    assert {"length", "area", "is_large", "label"}.isdisjoint(empty)
    assert STEP.values(empty)["area"] is UNSET
    again, _ = STEP.apply(empty, Event({"length": DEFAULT}))
    assert again == {**INITIAL, "peak": (12.0,)}


def test_every_occurrence_counts_however_equal() -> None:
    state, changes = STEP(INITIAL, [Event({}, {"reading": 5.0})] * 3)
    assert changes == Changes({"total": (0, 15.0)}, (("reading", 5.0),) * 3)
    assert STEP.values(state)["total"] == 15.0


def test_changes_are_the_net_of_all_events_and_folds_see_each() -> None:
    events = [Event({"length": 9.0}), Event({"length": 3.0})]
    state, changes = STEP(INITIAL, events)
    assert changes.cells == {"peak": (UNSET, 36.0)}
    assert changes.occurrences == (("grown", 36.0), ("grown", 12.0))
    assert state == {**INITIAL, "peak": (36.0,)}


def test_what_an_event_cannot_give_is_refused_with_a_suggestion() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"Room has no source cell 'lenght' for an event to give; did you mean 'length'\?",
    ):
        STEP.apply(INITIAL, Event({"lenght": 5.0}))
    with pytest.raises(DeclarationError, match="Room has no source cell 'area' for an event to give"):
        STEP.apply(INITIAL, Event({"area": 5.0}))
    with pytest.raises(
        DeclarationError, match=r"Room has no pulse 'length' for an event to give; it has reading"
    ):
        STEP.apply(INITIAL, Event({}, {"length": 5.0}))


# --- failures -----------------------------------------------------------------------------------------------


class Ratio(Flow):
    x = cell(1.0)
    y = cell(1.0)
    kind: Cell[str] = cell("")
    ratio = x / y
    both: Cell[object] = cell(0)
    doubled = derived(lambda ratio: noted("doubled", ratio * 2), ratio)

    @derived
    def checked(self) -> str:
        if self.kind == "transient":
            raise Transient("throttled")
        if self.kind == "superseded":
            raise Superseded("gone")
        return self.kind


def test_a_cell_that_fails_is_named_with_its_error_and_line_and_nothing_changes() -> None:
    step, before = Ratio.step(), Ratio.step().initial()
    untouched = dict(before)
    with pytest.raises(
        CellError, match=r"cell 'ratio' of Ratio \(test_step\.py:\d+\) failed on this event: ZeroDivision"
    ) as e:
        step.apply(before, Event({"y": 0.0}))
    assert (e.value.cell, type(e.value.error)) == ("ratio", ZeroDivisionError)
    assert e.value.line.startswith("test_step.py:")
    assert e.value.__cause__ is e.value.error
    assert before == untouched
    after, _ = step.apply(before, Event({"y": 2.0}))
    assert after["ratio"] == 0.5


@pytest.mark.parametrize(("kind", "error"), [("transient", Transient), ("superseded", Superseded)])
def test_transient_and_superseded_come_through_as_themselves(kind: str, error: type[Exception]) -> None:
    step = Ratio.step()
    with pytest.raises(error) as caught:
        step.apply(step.initial(), Event({"kind": kind}))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("value", "what"), [(math.nan, "nan is not a number"), (math.inf, "inf is not a number")]
)
def test_a_cell_that_becomes_nan_or_infinite_fails(value: float, what: str) -> None:
    step = Ratio.step()
    with pytest.raises(CellError, match=what) as caught:
        step.apply(step.initial(), Event({"x": value}))
    assert caught.value.cell == "x"
    with pytest.raises(CellError, match="inf is not a number") as caught:
        step.apply(step.initial(), Event({"x": 1e308, "y": 1e-308}))
    assert caught.value.cell == "ratio"


def test_a_value_that_cannot_be_stored_fails_its_cell() -> None:
    step = Ratio.step()
    with pytest.raises(CellError, match=r"class builtins\.object is not plain data") as caught:
        step.apply(step.initial(), Event({"both": object()}))
    assert (caught.value.cell, type(caught.value.error)) == ("both", StateError)


class Late(Flow):
    x: Cell[object] = cell(0.0)
    y = cell(1.0)
    inverse = 1.0 / x
    after = inverse + y
    beside = derived(lambda inverse, y: inverse + y, x.map(lambda x: 1.0 / float(str(x))), y)


def test_a_failure_on_the_defaults_is_an_events_failure_only_when_the_event_changes_it() -> None:
    step = Late.step()
    state = step.initial()
    assert state == {"x": 0.0, "y": 1.0}
    outcome = step.values(state)["inverse"]
    assert type(outcome) is Failure
    assert type(outcome.error) is ZeroDivisionError
    state, _ = step.apply(state, Event({"y": 2.0}))
    assert state == {"x": 0.0, "y": 2.0}
    with pytest.raises(CellError, match=r"cell 'inverse' .* TypeError"):
        step.apply(state, Event({"x": "two"}))
    state, _ = step.apply(state, Event({"x": -0.0}))  # fails as before: this event did not break it
    assert state == {"x": -0.0, "y": 2.0}
    state, _ = step.apply(state, Event({"x": 2.0}))
    assert state == {"x": 2.0, "y": 2.0, "inverse": 0.5, "after": 2.5, "beside": 2.5}
    with pytest.raises(CellError, match="cell 'inverse'"):
        step.apply(state, Event({"x": 0.0}))


def test_an_unnamed_intermediate_may_be_infinite() -> None:
    class Bounded(Flow):
        x = cell(1.0)
        ten = cell(10.0)
        y = derived(min, x * 1e308 * 10, ten)

    step = Bounded.step()
    assert step.apply(step.initial(), Event({"x": 5.0}))[0]["y"] == 10.0


def test_a_failing_fold_fails_its_event_and_keeps_what_it_had() -> None:
    step = Room.step()
    state, _ = step.apply(INITIAL, Event({}, {"reading": 1.5}))
    with pytest.raises(
        CellError, match=r"cell 'total' of Room .* a sum takes int, float or Decimal, not 'x'"
    ) as caught:
        step.apply(state, Event({}, {"reading": "x"}))
    assert caught.value.cell == "total"
    assert step.apply(state, Event({}, {"reading": 1.5}))[0]["total"] == ("float", 3, 0)


# --- what is not stored -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Photo:
    name: str
    readable: bool = True


def shrink(photo: Photo) -> bytes:
    RAN.append("shrink")
    if not photo.readable:
        raise Superseded(f"{photo.name} is gone")
    return photo.name[:3].encode()


class Thumbs(Flow):
    photo: Cell[Photo] = cell()
    suffix = cell("")
    thumb = photo.map(shrink)
    size = thumb.map(lambda thumb: noted("size", len(thumb)))
    named = derived(lambda thumb, suffix: noted("named", str(len(thumb)) + suffix), thumb, suffix)


def test_bytes_are_not_stored_but_hashed_and_cut_off_by_the_hash() -> None:
    step = Thumbs.step()
    state, _ = step.apply(step.initial(), Event({"photo": Photo("abcd")}))
    assert isinstance(state["thumb"], str)
    assert len(state["thumb"]) == 64
    assert step.values(state)["thumb"] == b"abc"
    assert step.values(state, recompute=False)["thumb"] == state["thumb"]
    with log() as ran:
        same, applied = step.apply(state, Event({"photo": Photo("abce")}))
        assert ran == ["shrink"]
        assert applied.changed == ("photo",)
        assert same == {**state, "photo": Photo("abce")}
    with log() as ran:
        step.apply(state, Event({"photo": Photo("xyz")}))
        assert ran == ["shrink", "size", "named"]


def test_what_is_not_stored_is_computed_again_once_for_those_who_need_it() -> None:
    step = Thumbs.step()
    state, _ = step.apply(step.initial(), Event({"photo": Photo("abcd")}))
    with log() as ran:
        after, _ = step.apply(state, Event({"suffix": "!"}))
        assert ran == ["shrink", "named"]
        assert after["named"] == "3!"
    gone = {**state, "photo": Photo("abcd", readable=False)}
    with pytest.raises(Superseded, match="abcd is gone"):
        step.apply(gone, Event({"suffix": "!"}))


def test_changes_of_what_is_not_stored_have_no_old_value() -> None:
    step = Thumbs.step()
    _, changes = step(step.initial(), [Event({"photo": Photo("abcd")}), Event({"photo": Photo("bcde")})])
    assert changes.cells["thumb"] == (UNSET, b"bcd")


# --- state as bytes -----------------------------------------------------------------------------------------


def test_state_is_read_back_and_from_another_version_what_is_derived_is_computed_anew() -> None:
    state, _ = STEP(INITIAL, [Event({"length": 5.0, "height": 2.0}, {"reading": 1.0})])
    data = Room.codec.encode(state)
    assert STEP.read(data, Room.version) == state

    class Older(Flow):
        length = cell(3.0)
        gone = cell("x")
        area = length * 1.0
        reading: Pulse[float] = pulse()
        total = fold(reading, folds.sum)

    older = Older.step()
    old, _ = older(older.initial(), [Event({"length": 5.0}, {"reading": 1.0})])
    assert STEP.read(Older.codec.encode(old), Older.version) == {
        **INITIAL, "length": 5.0, "area": 20.0, "total": ("float", 1, 0),
    }  # fmt: skip


# --- no recursion -------------------------------------------------------------------------------------------

LONG = 100_000


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_named_cells() -> None:
    def body() -> dict[str, Any]:
        cells: dict[str, Readable[Any]] = {"c0": cell(0)}
        last: Any = cells["c0"]
        for number in range(1, LONG):
            last = cells[f"c{number}"] = last + 1
        return {**cells, "__module__": __name__}

    step = type("Chain", (Flow,), body()).step()  # type: ignore[attr-defined]
    state, applied = step.apply(step.initial(), Event({"c0": 5}))
    assert state[f"c{LONG - 1}"] == LONG + 4
    assert len(applied.changed) == LONG


def test_a_fold_that_changes_its_state_in_place_does_not_reach_other_units() -> None:
    def gathered(state: list[int], value: int) -> list[int]:
        state.append(value)
        return state

    class Gathering(Flow):
        number: Pulse[int] = pulse()
        everything: Derived[list[int]] = fold(number, Fold([], gathered))

    step = Gathering.step()
    one = step.apply(step.initial(), Event({}, {"number": 1}))[0]
    other = step.apply(step.initial(), Event({}, {"number": 2}))[0]
    assert (one, other, step.initial()) == ({"everything": [1]}, {"everything": [2]}, {"everything": []})


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_unnamed_cells() -> None:
    def body() -> dict[str, Any]:
        first: Any = cell(0)
        last = first
        for _ in range(LONG):
            last = last + 1
        return {"first": first, "last": last, "__module__": __name__}

    step = type("Chain", (Flow,), body()).step()  # type: ignore[attr-defined]
    assert step.apply(step.initial(), Event({"first": 5}))[0] == {"first": 5, "last": LONG + 5}
