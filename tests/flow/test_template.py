"""Templates: what a flow's class shows, hands down, and what is lifted into one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow.cells import (
    cell,
    derived,
    fold,
    folds,
)
from reactflow.errors import DeclarationError, TemplateError, Unset
from reactflow.flow import Flow, is_template, owner_of
from tests.flow.test_flow import Room

# --- templates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda: Room.length.value,
        lambda: Room.area.value,
        lambda: Room.length.peek(),
        lambda: setattr(Room.length, "value", 3.0),
        lambda: Room.length.unset(),
        lambda: Room.area.is_set,
        lambda: Room.area.subscribe(print),
        lambda: Room.peak.value,
        lambda: Room.label.value,
        lambda: Room.reading.emit(3.0),
    ],
)
def test_a_template_has_no_value(use: Callable[[], Any]) -> None:
    with pytest.raises(
        TemplateError, match=r"Room\.(length|area|peak|label|reading) is a template; make Room\(\)"
    ):
        use()


def test_what_is_derived_from_a_template_outside_has_no_value_either() -> None:
    with pytest.raises(TemplateError, match=r"Room\.area is a template; make Room\(\)"):
        _ = (Room.area * 2).value
    with pytest.raises(Unset):
        _ = (Room.length * 2).value


def test_a_template_says_whose_it_is() -> None:
    assert (repr(Room.area), owner_of(Room.area), Room.area.name) == ("<template Room.area>", "Room", "area")
    assert is_template(Room.reading)
    assert not is_template(Room().cells.reading)


# --- inheritance --------------------------------------------------------------------------------------------


class Tall(Room):
    volume = Room.area * Room.height

    @derived
    def text(self) -> str:
        return f"{self.label}, {self.volume:.0f} m3"


def test_a_subclass_has_its_parents_cells_and_its_own() -> None:
    room = Tall(length=2.0, width=2.0, height=3.0)
    assert (room.area, room.volume, room.text) == (4.0, 12.0, "4.0 m2, 12 m3")
    assert Tall.area is Room.area
    assert "volume" not in Room.plan.names


def test_two_parents_give_both_their_cells() -> None:
    class Named(Flow):
        title = cell("")

    class Both(Room, Named):
        full = Named.title + Room.label

    assert Both(title="Hall ", length=1.0, width=1.0).full == "Hall 1.0 m2"


# --- Flow.of ------------------------------------------------------------------------------------------------


def test_live_cells_are_lifted_and_stay_as_they_are() -> None:
    length, width = cell(3.0), cell(4.0)
    area = length * width
    peak = fold(area.changes(), folds.max)
    length.value = 7.0
    lifted = Flow.of(length=length, width=width, area=area, peak=peak, name="Lifted")
    made = lifted(width=2.0)
    assert (made.length, made.area) == (3.0, 6.0)
    made.length = 10.0
    assert (made.peak, length.value, area.value, peak.value) == (20.0, 7.0, 28.0, 28.0)
    length.value = 1.0
    assert (area.value, made.area) == (4.0, 20.0)
    with pytest.raises(TemplateError, match=r"Lifted\.length is a template; make Lifted\(\)"):
        _ = lifted.length.value


def test_a_name_that_clashes_with_an_argument_is_given_in_a_mapping() -> None:
    title = cell("x")
    assert Flow.of({"name": title}, name="Titled")(name="y").name == "y"


def test_lifting_what_cannot_be_is_refused() -> None:
    length = cell(3.0)
    width = cell(4.0)
    tracked = derived(lambda: length.value * 2)
    with pytest.raises(
        DeclarationError, match=r"is tracked \(test_template\.py:\d+\).*name its inputs: derived\(fn, a, b\)"
    ):
        Flow.of(length=length, twice=tracked)
    with pytest.raises(DeclarationError, match=r"source cell 'width' .* has no name of its own"):
        Flow.of(length=length, area=length * width)
    with pytest.raises(DeclarationError, match="pass the cell itself, not its value"):
        Flow.of(length=3.0)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="'step' cannot be the name of a cell"):
        Flow.of(step=length)
    with pytest.raises(DeclarationError, match="belongs to a flow already"):
        Flow.of(length=Room.length)
    with pytest.raises(DeclarationError, match="'length' and 'same' are the same cell"):
        Flow.of(length=length, same=length)
