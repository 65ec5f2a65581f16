"""A whole Lambda handler by hand: room measurements from Kinesis, the area of each room to a table, once in effect.

What is the same work, for this handler and for a service:

- Each record is JSON in base64: an object whose ``room`` is text and the record's partition key, whose ``length`` and
  ``width`` are finite numbers, or absent (a record is a patch). A record that is none of that is put away with its
  reason, and stops no other. A record of another stream is refused.
- Records are grouped by room, in order. What was seen is skipped: each unit keeps the highest position of each shard.
- A unit is stored as canonical JSON (equal units are equal bytes), with its marks, its row's number and the row that is
  not known to be published, in one conditional write: over the version that was read, else from the start with what is
  there. The units that this process has written last are remembered, and not read again.
- A row that has changed is put into the table over a lower number only, after the unit was written.
- The answer is Lambda's partial batch response.

It does without what only a library needs: names and types of cells that are not known beforehand, causes, reports.
"""

from __future__ import annotations

import json
from base64 import b64decode
from math import isfinite
from typing import Any, TypeAlias

Bytes: TypeAlias = dict[str, tuple[int, bytes]]
"""The store: version and item by room."""
Table: TypeAlias = dict[str, tuple[int, dict[str, Any]]]
"""The sink: number and row by room."""

STREAM = "stream/measurements"
SHOWN = ("length", "width")


class Poison(Exception):
    """A record that cannot be applied however often it is tried."""


class Room:
    """A unit in memory."""

    __slots__ = ("area", "length", "marks", "n", "out", "published", "v", "width")

    def __init__(self) -> None:
        self.length = self.width = self.area = 0.0
        self.marks: dict[str, str] = {}
        self.v = self.n = 0
        self.out: dict[str, Any] | None = None
        self.published = True

    @classmethod
    def read(cls, data: bytes) -> Room:
        """The unit that was stored; whether its row is out is not known."""
        plain = json.loads(data)
        room = cls()
        room.v, room.n, room.marks, room.out = plain["v"], plain["n"], plain["m"], plain["out"]
        room.length, room.width, room.area = plain["c"]["length"], plain["c"]["width"], plain["c"]["area"]
        room.published = room.out is None
        return room

    def encode(self) -> bytes:
        """Canonical bytes."""
        cells = {"area": self.area, "length": self.length, "width": self.width}
        return _encode({"c": cells, "m": self.marks, "n": self.n, "out": self.out, "v": self.v}).encode()


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def _refuse_constant(text: str) -> None:
    raise Poison(f"{text} is no number")


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode


class Handler:
    """The handler, with its store and its table, which outlive it, and what it remembers, which need not."""

    def __init__(self, store: Bytes | None = None, table: Table | None = None) -> None:
        self.store: Bytes = {} if store is None else store
        self.table: Table = {} if table is None else table
        self.warm: dict[str, Room] = {}
        self.cases: list[tuple[dict[str, Any], str]] = []

    def handle(self, event: dict[str, Any], context: object = None) -> dict[str, Any]:
        """What Lambda calls."""
        records = event["Records"]
        rooms: dict[str, list[tuple[str, str, dict[str, float], dict[str, Any]]]] = {}
        for record in records:
            part = record["kinesis"]
            if record["eventSourceARN"].rpartition(":")[2] != STREAM:
                raise ValueError(record["eventSourceARN"])
            try:
                name, fields = self.decode(part)
            except (ValueError, OverflowError, Poison) as error:
                self.cases.append((record, str(error)))
                continue
            number = part["sequenceNumber"]
            arrival = record["eventID"].partition(":")[0], number.zfill(129), fields, record
            if name in rooms:
                rooms[name].append(arrival)
            else:
                rooms[name] = [arrival]
        late = []
        for name, arrivals in rooms.items():
            try:
                self.commit(name, arrivals)
            except OSError:  # the store or the table is away: these records have to come again
                self.warm.pop(name, None)
                late.append(name)
        if not late:
            return {"batchItemFailures": []}
        failed = {id(record) for name in late for *_, record in rooms[name]}
        first = next(record for record in records if id(record) in failed)
        return {"batchItemFailures": [{"itemIdentifier": first["kinesis"]["sequenceNumber"]}]}

    def decode(self, part: dict[str, Any]) -> tuple[str, dict[str, float]]:
        """The room and the fields of a record."""
        plain = _decode(b64decode(part["data"], validate=True).decode())
        if type(plain) is not dict:
            raise Poison("no object")
        name = plain.get("room")
        if type(name) is not str or name != part["partitionKey"]:
            raise Poison(f"room is {name!r}")
        fields = {}
        for field in SHOWN:
            if field in plain:
                value = plain[field]
                if type(value) is int:
                    value = float(value)
                if type(value) is not float or not isfinite(value):
                    raise Poison(f"{field} is {value!r}")
                fields[field] = value
        return name, fields

    def commit(self, name: str, arrivals: list[tuple[str, str, dict[str, float], dict[str, Any]]]) -> None:
        """Apply a room's part, write it once, and publish its row. Raises OSError, and is called again then."""
        room = self.warm.get(name)
        if room is None:
            there = self.store.get(name)
            room = Room() if there is None else Room.read(there[1])
        while True:
            if not room.published:
                self.publish(name, room)
            was_area, was_v = room.area, room.v
            length, width, marks = room.length, room.width, room.marks
            news = False
            area = was_area
            for lane, position, fields, record in arrivals:
                if position <= marks.get(lane, ""):
                    continue
                marks[lane] = position
                news = True
                new_length, new_width = fields.get("length", length), fields.get("width", width)
                new = new_length * new_width
                if isfinite(new):
                    length, width, area = new_length, new_width, new
                else:
                    self.cases.append((record, f"area is {new!r}"))
            if not news:
                return
            room.length, room.width, room.area, room.v = length, width, area, was_v + 1
            if area != was_area or not room.n:
                room.n += 1
                room.out = {"area": area, "room": name}
                room.published = False
            else:
                room.out = None
            data = room.encode()
            there = self.store.get(name)
            if (there[0] if there is not None else 0) == was_v:
                self.store[name] = room.v, data
                self.warm[name] = room
                if not room.published:
                    self.publish(name, room)
                return
            room = Room() if there is None else Room.read(there[1])

    def publish(self, name: str, room: Room) -> None:
        """Put a row into the table, over a lower number only."""
        there = self.table.get(name)
        if there is None or there[0] < room.n:
            self.table[name] = room.n, room.out or {}
        room.published = True
