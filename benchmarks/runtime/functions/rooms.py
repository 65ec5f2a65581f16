"""The service of the README: rooms from a stream, their areas and peaks to a table, units in another one."""

from __future__ import annotations

from benchmarks.runtime.functions.timed import timed
from reactflow import Flow, Service, cell, fold, folds, row
from reactflow.aws import DynamoDB, Kinesis


class Room(Flow):
    """A room."""

    length = cell(0.0)
    width = cell(0.0)
    area = length * width
    peak = fold(area.changes(), folds.max)


rooms = Service(
    Room,
    key="room",
    name="rooms",
    inputs=[Kinesis("measurements", partition="room")],
    outputs=[row(Room.area, limit=Room.peak) >> DynamoDB("areas")],
)
handler = timed(rooms.handler)
