"""A folder with a module of rooms, and the command line called in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from reactflow.cli import main

ROOMS = """
from reactflow import Flow, Fold, Pulse, Service, System, cell, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis, S3


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width


rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")])
items = Service(Room, name="items", key="room", inputs=[DynamoDB("rooms")])
house = System(rooms, items)
areas = Service(Room, name="areas", key="room", inputs=[Kinesis("measurements", partition="room")],
                outputs=[row(Room.area) >> DynamoDB("areas")])

total = lambda state, one: state + one
floors = Service(Room, name="floors", key="room", inputs=[DynamoDB("areas", fields={"length": "area"})])
chain = System(areas, floors)


class Hop(Flow):
    x = cell(0.0)
    y = x + 1.0


def hop(name, source, sink):
    return Service(Hop, name=name, key="k", inputs=[Kinesis(source, partition="k", fields={"x": "y"})],
                   outputs=[row(Hop.y) >> Kinesis(sink)])


ring = System(hop("there", "ping", "pong"), hop("back", "pong", "ping"), cycles=[("there", "back")])
NAIVE = Fold(0.0, total, total, laws=frozenset({"associative", "commutative"}), name="naive")


class Tally(Flow):
    celsius: Pulse[float] = pulse()
    record = pulse()
    level = cell(0.0)
    highest = fold(celsius, folds.max)
    latest = fold(record, folds.last_by("at"))
    kept = fold(celsius, Fold(0.0, total, name="own"))
    peak = fold(level.changes(), folds.max)


class Wrong(Flow):
    celsius: Pulse[float] = pulse()
    total = fold(celsius, NAIVE)


tally = Service(Tally, key="id", inputs=[Kinesis("tally", partition="id")])
wrong = Service(Wrong, key="id", inputs=[Kinesis("wrong", partition="id")])
both = System(tally, wrong)
"""


class Called:
    """What a call of the command line gave."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def reactflow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: Any
) -> Any:
    """Calls the command line in a folder that holds a module of rooms, whose name is the test's own."""
    stem = f"rooms_{abs(hash(request.node.name))}"
    (tmp_path / f"{stem}.py").write_text(ROOMS)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("REACTFLOW_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.syspath_prepend(str(tmp_path))

    def call(*arguments: str) -> Called:
        words = [one.replace("rooms:", f"{stem}:") for one in arguments]
        monkeypatch.setattr(sys, "argv", ["reactflow", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        told = capsys.readouterr()
        return Called(int(str(ended.value.code)), told.out, told.err)

    return call
