"""Flows: the class, its refusals, its instances."""

from __future__ import annotations

import gc
import math
import weakref
from pathlib import Path
from typing import Any

import pytest

from reactflow.cells import (
    UNSET,
    Cell,
    Pulse,
    Readable,
    cell,
    derived,
    fold,
    folds,
    pulse,
)
from reactflow.cells.batch import batch
from reactflow.errors import DeclarationError, ReadOnlyError, Unset
from reactflow.flow import Flow, hidden_cells

ROOT = Path(__file__).parents[2]


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    height: Cell[float] = cell()
    area = length * width
    peak = fold(area.changes(), folds.max)
    reading: Pulse[float] = pulse()
    total = fold(reading, folds.sum)
    LIMIT = 10.0

    @derived
    def label(self) -> str:
        return f"{self.area:.1f} m2{' (large)' if self.is_large() else ''}"

    def is_large(self) -> bool:
        return self.area > self.LIMIT


# --- instances ----------------------------------------------------------------------------------------------


def test_the_slide_verbatim() -> None:
    room = Room(length=3.0, width=4.0)
    assert room.area == 12.0
    seen: list[float] = []
    stop = room.cells.area.subscribe(seen.append)
    room.length = 5.0
    assert seen == [12.0, 20.0]
    assert (room.label, room.peak) == ("20.0 m2 (large)", 20.0)
    stop()


def test_two_instances_have_nothing_in_common() -> None:
    one, other = Room(length=3.0, width=4.0), Room()
    one.length = 5.0
    assert (one.area, other.area) == (20.0, 0.0)


def test_mutable_defaults_are_each_instances_own() -> None:
    class Tags(Flow):
        tags: Cell[list[str]] = cell([])

    one, other = Tags(), Tags()
    one.tags.append("x")
    assert other.tags == []


def test_a_cell_without_a_default_is_unset_and_names_what_is_missing() -> None:
    room = Room()
    with pytest.raises(Unset, match="'height' is unset: write it first"):
        _ = room.height
    room.height = 2.0
    assert room.height == 2.0
    del room.height
    assert not room.cells.height.is_set


def test_named_cells_are_kept_current_though_nobody_reads_them() -> None:
    ran: list[float] = []

    def noted(area: float) -> float:
        ran.append(area)
        return area

    class Eager(Flow):
        area = cell(1.0)
        noted_area = derived(noted, area)

    made = Eager()
    made.area = 2.0
    assert ran == [1.0, 2.0]


def test_pulses_are_emitted_through_the_cells() -> None:
    room = Room()
    for _ in range(3):
        room.cells.reading.emit(5.0)
    assert room.total == 15.0


def test_an_instance_takes_part_in_batches() -> None:
    room = Room(length=1.0, width=1.0)
    seen: list[float] = []
    stop = room.cells.area.subscribe(seen.append)
    with batch():
        room.length, room.width = 2.0, 3.0
    assert seen == [1.0, 6.0]
    stop()


def test_a_flows_equality_is_by_type_and_value() -> None:
    class Typed(Flow):
        n: Cell[object] = cell(1)
        text = derived(repr, n)

    made = Typed()
    made.n = 1.0
    assert made.text == "1.0"
    made.n = True
    assert made.text == "True"


def test_writes_of_what_is_derived_or_misspelled_are_refused() -> None:
    room = Room()
    with pytest.raises(ReadOnlyError, match="'area' is derived: it changes when its inputs do"):
        room.area = 1.0  # type: ignore[assignment]
    with pytest.raises(ReadOnlyError, match="'peak' is derived"):
        setattr(room, "peak", 1.0)  # noqa: B010  # type checkers refuse the plain write
    with pytest.raises(
        ReadOnlyError, match=r"'reading' is a pulse: let it occur with \.cells\.reading\.emit\(value\)"
    ):
        setattr(room, "reading", 1.0)  # noqa: B010
    with pytest.raises(ReadOnlyError, match=r"Room has no cell 'lenght'; did you mean 'length'\?"):
        room.lenght = 1.0  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"Room has no cell 'lenght'; did you mean 'length'\?"):
        _ = room.lenght  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"Room has no cell 'aera'; did you mean 'area'\?"):
        _ = room.cells.aera  # type: ignore[attr-defined]
    with pytest.raises(ReadOnlyError, match="'area' is derived"):
        del room.area


def test_wrong_arguments_are_refused_with_the_remedy() -> None:
    with pytest.raises(DeclarationError, match=r"Room has no cell 'lenght'; did you mean 'length'\?"):
        Room(lenght=3.0)
    with pytest.raises(
        DeclarationError, match=r"Room\(area=\.\.\.\): 'area' is derived; give its sources instead: length"
    ):
        Room(area=3.0)
    with pytest.raises(
        DeclarationError, match=r"'reading' is a pulse; make Room\(\), then let it occur: \.cells\.reading"
    ):
        Room(reading=3.0)


def test_an_instance_shows_itself_as_text_and_as_a_table() -> None:
    room = Room(length=3.0, width=4.0)
    text = (
        "Room(length=3.0, width=4.0, height=unset; area=12.0, peak=unset, total=0, label='12.0 m2 (large)')"
    )
    assert repr(room) == text
    bundle = room._repr_mimebundle_()
    assert bundle["text/plain"] == text
    assert "<tr><td>area</td><td>derived</td><td>12.0</td></tr>" in bundle["text/html"]


def test_the_class_and_the_instance_can_be_drawn() -> None:
    assert "12.0" in Room(length=3.0, width=4.0).show().text()
    assert "label" in Room.show().text()
    assert "0.0" not in Room.show().text()


def test_an_instance_nobody_holds_is_collected() -> None:
    room = Room(length=3.0)
    room.length = 4.0
    room.cells.reading.emit(1.0)
    gone = weakref.ref(room)
    cell_gone = weakref.ref(room.cells.area)
    del room
    gc.collect()
    assert gone() is None
    assert cell_gone() is None


# --- more of what flows may hold -----------------------------------------------------------------------------


def test_a_method_that_reads_a_pulse_is_one() -> None:
    class Big(Flow):
        reading: Pulse[float] = pulse()

        @derived
        def big(self) -> float:
            return self.reading * 10

        twice = big * 2

    made = Big()
    assert Big.plan["twice"].is_pulse
    seen: list[float] = []
    stop = made.cells.twice.subscribe(seen.append)
    made.cells.reading.emit(1.0)
    made.cells.reading.emit(1.0)
    assert seen == [20.0, 20.0]
    stop()


def test_a_methods_changes_can_be_folded() -> None:
    class Logged(Flow):
        length = cell(1.0)

        @derived
        def label(self) -> str:
            return f"{self.length}"

        last = fold(label.changes(), folds.last)

    made = Logged()
    made.length = 2.0
    assert made.last == "2.0"


def test_a_method_of_a_pulse_can_be_folded_and_one_of_cells_cannot() -> None:
    class Counted(Flow):
        reading: Pulse[float] = pulse()

        @derived
        def large(self) -> float:
            return self.reading * 10

        total = fold(large, folds.sum)

    made = Counted()
    made.cells.reading.emit(1.5)
    assert made.total == 15.0
    with pytest.raises(DeclarationError, match=r"folds a cell .*; fold its .changes\(\), or make it a pulse"):

        class Wrong(Flow):
            length = cell(1.0)

            @derived
            def label(self) -> str:
                return f"{self.length}"

            last = fold(label, folds.last)


def test_functions_of_libraries_are_no_hidden_inputs() -> None:
    class Fine(Flow):
        length = cell(3.0)
        width = cell(4.0)
        corner = derived(math.hypot, length, width)
        label = corner.map("{:.1f}".format)

    assert Fine().label == "5.0"
    assert hidden_cells(math.hypot) == ()


def test_a_chain_of_ten_thousand_cells_is_a_flow() -> None:
    def body() -> dict[str, Any]:
        cells: dict[str, Readable[Any]] = {"c0": cell(0)}
        for number in range(1, 10_000):
            cells[f"c{number}"] = cells[f"c{number - 1}"] + 1
        return {**cells, "__module__": __name__}

    made: Any = type("Chain", (Flow,), body())()
    made.c0 = 5
    assert made.c9999 == 10_004


def test_unset_is_a_value_to_give() -> None:
    assert not Room(length=UNSET).cells.length.is_set


def test_a_cell_of_an_instance_is_not_replaced_by_a_value() -> None:
    class Hall(Flow):
        length = cell(1.0)
        area = length * 2.0

    hall = Hall()
    with pytest.raises(ReadOnlyError, match=r"write its value: \.cells\.length\.value = "):
        hall.cells.length = 3.0  # type: ignore[assignment]  # what is refused
    with pytest.raises(AttributeError, match="lenght"):
        hall.cells.lenght = 3.0  # type: ignore[attr-defined]  # what is refused
    with pytest.raises(ReadOnlyError, match="cannot be taken out"):
        del hall.cells.length
    hall.cells.length.value = 3.0
    assert hall.area == 6.0
