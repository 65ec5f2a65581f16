"""A service without a client of AWS: rooms from a stream, units in memory, nothing written."""

from __future__ import annotations

from reactflow import Flow, MemoryStore, Service, cell
from reactflow.aws import Kinesis


class Room(Flow):
    """A room, as in the README, without its peak."""

    length = cell(0.0)
    width = cell(0.0)
    area = length * width


rooms = Service(
    Room, key="room", name="rooms", store=MemoryStore(), inputs=[Kinesis("measurements", partition="room")]
)
handler = rooms.handler
