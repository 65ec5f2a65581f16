"""Members that no input could ever feed, and what cannot be written of them, are refused when the service is made."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Flow, Members, Service, System, cell, members, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError
from tests.service.recording import Table
from tests.service.test_members import EDGE, Building, receiver


def cells_too() -> Any:
    class Named(Flow):
        name = cell("")
        rooms: Members[float] = members("room", "area")
        total = rooms.sum()

    return Named


def unnamed() -> Any:
    class Unnamed(Flow):
        rooms: Members[float] = members()
        total = rooms.sum()

    return Unnamed


def of_lists() -> Any:
    class Lists(Flow):
        rooms: Members[list[int]] = members("room", "area")
        total = rooms.count()

    return Lists


@pytest.mark.parametrize(
    ("flow", "source", "says"),
    [
        (cells_too, EDGE, r"feeds the members 'rooms' and also 'name'.*fields=\{'rooms': 'area'\}"),
        (unnamed, EDGE, r"do not say what tells a contributor.*rooms = members\(\"room\", \"area\"\)"),
        (of_lists, EDGE, "the members 'rooms' are of list"),
        (lambda: Building, S3("photos", key="{building}/{room}", fields={"rooms": "size"}), "brings objects"),
        (lambda: Building, Kinesis("areas", version="at"), "leave version= out"),
        (lambda: Building, Kinesis("areas", order="arrival"), "leave order= out"),
        (lambda: Building, DynamoDB("rooms", keys=("room", "day")), "several items may be one contribution"),
    ],
)
def test_inputs_that_cannot_feed_members_are_refused(flow: Any, source: Any, says: str) -> None:
    with pytest.raises(BindingError, match=says):
        receiver(flow=flow(), source=source)


def test_members_are_no_column_of_an_output() -> None:
    with pytest.raises(BindingError, match=r"of which no cell holds all.*total = rooms.sum\(\)"):
        Service(Building, name="b", key="building", inputs=[EDGE], outputs=[row(Building.rooms) >> Table()])


class Labelled(Flow):
    label = cell("")
    area = cell(0.0)
    building = cell("")


class Plain(Flow):
    rooms: Members[float] = members("label", "area")
    total = rooms.sum()


def test_a_system_refuses_contributors_told_apart_by_a_column_that_may_change() -> None:
    def system(by: Any, *columns: Any) -> System:
        rooms = Service(
            Labelled, name="rooms", key="room", inputs=[Kinesis("rooms", partition="room")],
            outputs=[row(Labelled.area, *columns, by=by) >> Kinesis("areas", partition="building")],
        )  # fmt: skip
        return System(rooms, Service(Plain, name="buildings", key="building", inputs=[EDGE]))

    with pytest.raises(BindingError) as caught:
        system(Labelled.building, Labelled.label)
    assert str(caught.value) == (
        "'buildings' tells the contributors to its members 'rooms' apart by 'label', which is only a column of the "
        "rows that 'rooms' writes to kinesis/areas: when it changes, the old contribution stays. Tell them apart by "
        "the key of these rows (building, room), or add 'label' to it with by="
    )
    assert system((Labelled.building, Labelled.label)).causes("buildings") == ["rooms"]
