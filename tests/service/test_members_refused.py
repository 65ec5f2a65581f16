"""Members that no input could ever feed, and what cannot be written of them, are refused when the service is made."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Flow, Members, Service, cell, members, row
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
