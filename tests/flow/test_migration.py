"""State across versions of a flow: what one version wrote, read by the next."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Optional, TypedDict

import pytest
from attrs import frozen

from reactflow import Cell, Event, Flow, Fold, Pulse, cell, fold, folds, migrate, pulse
from reactflow.cells import UNSET
from reactflow.errors import StateError


def moved(old: Any, new: Any, *events: Event) -> dict[str, Any]:
    """What the next version reads of the state that the one before wrote after some events."""
    step = old.step()
    state, _ = step(step.initial(), list(events))
    read: dict[str, Any] = new.step().read(
        step.codec.encode(state), step.version, step.migrations.written(state)
    )
    return read


class Old(Flow):
    length = cell(3.0)
    width = cell(4.0)
    reading: Pulse[float] = pulse()
    area = length * width
    total = fold(reading, folds.sum)
    peak = fold(reading, folds.max)


GIVEN = Event({"length": 5.0}, {"reading": 7.0})


# --- cells that come and go ---------------------------------------------------------------------------------


def test_an_added_cell_starts_as_ever_and_a_removed_one_is_left_out() -> None:
    class New(Flow):
        length = cell(0.0)
        height = cell(2.0)
        reading: Pulse[float] = pulse()
        count = fold(reading, folds.count)
        side = length * height

    assert moved(Old, New, GIVEN) == {"length": 5.0, "height": 2.0, "count": 0, "side": 10.0}


def test_a_changed_default_is_for_new_units() -> None:
    class New(Flow):
        length = cell(30.0)
        width = cell(40.0)

    assert moved(Old, New, GIVEN) == {"length": 5.0, "width": 4.0}
    assert New.step().initial() == {"length": 30.0, "width": 40.0}


def test_a_cell_that_was_unset_stays_so_although_it_has_a_default() -> None:
    class New(Flow):
        length = cell(0.0)
        width = cell(0.0)
        half = width / 2.0

    assert moved(Old, New, Event({"length": UNSET})) == {"width": 4.0, "half": 2.0}


def test_a_renamed_cell_keeps_its_value_and_a_renamed_fold_its_state() -> None:
    class New(Flow):
        depth = cell(0.0)
        reading: Pulse[float] = pulse()
        highest = fold(reading, folds.max)
        migrations = [migrate(depth, from_name="length"), migrate(highest, from_name="peak")]

    assert moved(Old, New, GIVEN) == {"depth": 5.0, "highest": (7.0,)}
    assert moved(Old, New, Event({"length": UNSET})) == {"highest": ()}


def test_what_is_derived_is_computed_anew() -> None:
    class New(Flow):
        length = cell(3.0)
        width = cell(4.0)
        area = length + width

    assert moved(Old, New, GIVEN)["area"] == 9.0


# --- types that change --------------------------------------------------------------------------------------


def test_another_type_is_refused_with_the_remedy_and_read_with_a_migration() -> None:
    class Refused(Flow):
        length = cell("")

    with pytest.raises(StateError) as caught:
        moved(Old, Refused, GIVEN)
    assert caught.value.cell == "length"
    assert str(caught.value) == (
        f"cell 'length' of Refused cannot take over what version {Old.version} stored: 5.0 is float, and the cell "
        "is str now. Say how it is converted: migrations = [migrate(length, fn, from_type=float)], or give the "
        "cell another name"
    )

    class New(Flow):
        length = cell("")
        migrations = [migrate(length, "{} m".format, from_type=float)]

    assert moved(Old, New, GIVEN) == {"length": "5.0 m"}


def test_a_whole_number_in_a_cell_that_is_now_of_floats_needs_no_migration() -> None:
    class Whole(Flow):
        n = cell(3)

    class New(Flow):
        n = cell(0.0)

    read = moved(Whole, New)
    assert read == {"n": 3.0}
    assert type(read["n"]) is float
    with pytest.raises(StateError, match=r"9007199254740993 is int, and the cell is float now"):
        moved(Whole, New, Event({"n": 2**53 + 1}))


def test_migrations_of_one_cell_serve_several_earlier_versions() -> None:
    class Text(Flow):
        length = cell("12")

    class New(Flow):
        size: Cell[Decimal] = cell()
        migrations = [
            migrate(size, Decimal, from_name="length", from_type=float),
            migrate(size, Decimal, from_name="length", from_type=str),
            migrate(size, Decimal, from_name="len", from_type=int),
        ]

    class Whole(Flow):
        len = cell(7)

    assert moved(Old, New, GIVEN) == {"size": Decimal(5)}
    assert moved(Text, New) == {"size": Decimal(12)}
    assert moved(Whole, New) == {"size": Decimal(7)}
    assert moved(New, New, Event({"size": Decimal("1.5")})) == {"size": Decimal("1.5")}


def test_another_unit_of_measure_takes_another_name() -> None:
    def to_cm(metres: float) -> float:
        return metres * 100

    class New(Flow):
        length_cm = cell(0.0)
        migrations = [migrate(length_cm, to_cm, from_name="length")]

    first = moved(Old, New, GIVEN)
    assert first == {"length_cm": 500.0}

    class Later(New):
        twice = New.length_cm * 2

    data, version = New.codec.encode(first), New.version
    assert Later.step().read(data, version, {}) == {"length_cm": 500.0, "twice": 1000.0}


@frozen
class Point:
    x: float


class Before(Flow):
    point = cell(Point(1.0))
    points: Cell[list[Point]] = cell([Point(2.0)])


def test_a_record_whose_class_has_other_fields_comes_as_a_dict() -> None:
    before = Before.step()
    data = before.codec.encode(before.initial()).replace(b"tests.flow.test_migration.Point", b"old.Spot")

    @frozen
    class Place:
        x: float
        y: float

    class Refused(Flow):
        point = cell(Place(0.0, 0.0))

    with pytest.raises(StateError, match=r"old.Spot, which no type of this flow names.*from_type=dict"):
        Refused.step().read(data, before.version, {})

    class New(Flow):
        point = cell(Place(0.0, 0.0))
        points: Cell[list[Place]] = cell()
        migrations = [
            migrate(point, lambda old: Place(old["x"], 0.0), from_type=dict),
            migrate(
                points, lambda old: [Place(one["x"], 1.0) for one in old], from_type=list[dict[str, float]]
            ),
        ]

    assert New.step().read(data, before.version, {}) == {
        "point": Place(1.0, 0.0),
        "points": [Place(2.0, 1.0)],
    }


def test_what_a_migration_returns_has_to_be_of_the_cells_type() -> None:
    class New(Flow):
        length = cell("")
        migrations = [migrate(length, lambda old: b"x", from_type=float)]  # type: ignore[arg-type, return-value]

    with pytest.raises(StateError, match=r"made b'x' \(bytes\) of 5\.0, and the cell is str; nothing"):
        moved(Old, New, GIVEN)


def test_a_migration_that_raises_is_named_with_the_value() -> None:
    class New(Flow):
        length = cell(0)
        migrations = [migrate(length, lambda old: 1 // int(old - 5), from_type=float)]

    with pytest.raises(
        StateError, match=r"migration of cell 'length' from version \w+ failed on 5.0: ZeroDivision"
    ):
        moved(Old, New, GIVEN)


class Row(TypedDict):
    n: int


def test_types_inside_containers_count_and_so_do_unions() -> None:
    class Rows(Flow):
        rows: Cell[list[Row]] = cell([{"n": 1}])
        note: Cell[Optional[str]] = cell(None)  # noqa: UP045  # as older code writes it

    class Same(Rows):
        n = Rows.rows.map(len)

    class Other(Flow):
        rows: Cell[list[dict[str, str]]] = cell()

    class Less(Flow):
        note: Cell[str] = cell()

    assert moved(Rows, Same) == {"rows": [{"n": 1}], "note": None, "n": 1}
    with pytest.raises(
        StateError, match=r"\[\{'n': 1\}\] is list, and the cell is list\[dict\[str, str\]\] now"
    ):
        moved(Rows, Other)
    with pytest.raises(StateError, match=r"None is NoneType, and the cell is str now"):
        moved(Rows, Less)


# --- folds --------------------------------------------------------------------------------------------------


def test_another_algebra_of_a_fold_is_refused_although_its_state_looks_alike() -> None:
    class New(Flow):
        reading: Pulse[float] = pulse()
        peak = fold(reading, folds.min)

    with pytest.raises(
        StateError, match=r"it is the state of the fold 'max', and the cell folds by 'min' now"
    ):
        moved(Old, New, GIVEN)

    class Converted(Flow):
        reading: Pulse[float] = pulse()
        peak = fold(reading, folds.last)
        total: Any = fold(reading, folds.mean)
        migrations = [
            migrate(peak, lambda state: state, from_fold=folds.max),
            migrate(total, lambda state: (state, 1), from_fold="sum"),
        ]

    assert moved(Old, Converted, GIVEN)["peak"] == (7.0,)
    assert Converted.step().values(moved(Old, Converted, GIVEN))["total"] == 7.0


def longest(kept: str, word: str) -> str:
    return word if len(word) > len(kept) else kept


def shortest(kept: str, word: str) -> str:
    return word if len(word) < len(kept) else kept


def test_a_fold_of_ones_own_is_told_by_its_name_its_function_and_its_zero() -> None:
    def words(zero: str, add: Any, name: str) -> Any:
        class Words(Flow):
            word: Pulse[str] = pulse()
            kept: Any = fold(word, Fold(zero, add, name=name))
            n = fold(word, folds.count)

        return Words

    given = Event({}, {"word": "area"})
    old = words("", longest, "longest")

    class More(Flow):
        word: Pulse[str] = pulse()
        kept: Any = fold(word, Fold("", longest, name="longest"))

    assert moved(old, More, given) == {"kept": "area"}
    for zero, add, name in (("a", longest, "longest"), ("", shortest, "longest"), ("", longest, "shortest")):
        with pytest.raises(StateError, match="state of the fold 'longest'"):
            moved(old, words(zero, add, name), given)


def test_a_fold_that_is_a_source_now_and_the_other_way_round_are_refused() -> None:
    class Source(Flow):
        total: Cell[Any] = cell()

    class Folded(Flow):
        reading: Pulse[float] = pulse()
        length = fold(reading, folds.max)

    with pytest.raises(StateError, match=r"it is the state of the fold 'sum', and the cell is a source now"):
        moved(Old, Source, GIVEN)
    with pytest.raises(
        StateError, match=r"5.0 is not the state of this fold, and the cell folds by 'max' now"
    ):
        moved(Old, Folded, GIVEN)


def test_state_that_was_stored_with_nothing_beside_it_is_read_by_what_it_looks_like() -> None:
    class New(Flow):
        length = cell(0.0)
        reading: Pulse[float] = pulse()
        peak = fold(reading, folds.max)
        total = fold(reading, folds.sum)

    folded = b'"peak":{"$":"tuple","v":[7.0]},"total":{"$":"tuple","v":["float",7,0]}'
    data = b'{"length":5.0,' + folded + b',"gone":{"$":"x.Y","v":1}}'
    assert New.step().read(data, "an old version") == {
        "length": 5.0,
        "peak": (7.0,),
        "total": ("float", 7, 0),
    }
    with pytest.raises(StateError, match="3 is not the state of this fold"):
        New.step().read(b'{"peak":3}', "an old version")


def test_a_subclass_inherits_migrations_and_adds_its_own() -> None:
    class Base(Flow):
        length = cell("")
        migrations = [migrate(length, str, from_type=float)]

    class New(Base):
        depth = cell(0)
        migrations = [migrate(depth, math.floor, from_name="width", from_type=float)]

    assert moved(Old, New, GIVEN) == {"length": "5.0", "depth": 4}
