"""Across units: the total area of each building, from rooms that are measured, built, moved and torn down.

Two services that know nothing of each other. ``rooms`` tells the area of each room, keyed by its building;
``buildings`` adds up what the rooms contribute. A room that moves is taken off the one total and added to the other.
"""

from __future__ import annotations

from reactflow import Cell, Flow, Members, Service, System, cell, members, row
from reactflow.aws import DynamoDB, Kinesis


class Room(Flow):
    """One room: its latest measurements, and the building that it is in."""

    length = cell(0.0)
    width = cell(0.0)
    building: Cell[str | None] = cell()  # null: torn down
    area = length * width


class Building(Flow):
    """One building: what its rooms add up to."""

    rooms: Members[float] = members("room", "area")
    total = rooms.sum()
    number = rooms.count()
    mean = rooms.mean()
    smallest = rooms.min()
    largest = rooms.top(3)


rooms = Service(
    Room,
    name="rooms",
    key="room",
    inputs=[Kinesis("rooms", partition="room")],
    outputs=[row(Room.area, by=Room.building) >> Kinesis("areas", partition="building")],
)
buildings = Service(
    Building,
    name="buildings",
    key="building",
    inputs=[Kinesis("areas", partition="building")],
    outputs=[
        row(Building.total, Building.number, Building.mean, Building.smallest, Building.largest)
        >> DynamoDB("buildings")
    ],
)
system = System(rooms, buildings)
rooms_handler = rooms.handler
buildings_handler = buildings.handler
