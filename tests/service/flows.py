"""The flows that the tests of services share."""

from __future__ import annotations

from typing import Any

from reactflow import Cell, Flow, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import S3Object
from reactflow.service import Host, Item, MemoryStore
from tests.service.recording import Table


class Room(Flow):
    """Fed by a stream: cells, folds over state and over a pulse."""

    length = cell(1.0)
    width: Cell[float] = cell()
    divisor = cell(1)
    reading: Pulse[int] = pulse()
    area = length * width
    share = area / divisor
    total = fold(reading, folds.sum)
    peak = fold(area.changes(), folds.max)


class Employee(Flow):
    """Fed by a table."""

    name: Cell[str] = cell()
    pay: Cell[int] = cell()
    grade = cell("junior")
    raises = fold(pay.changes(), folds.count)

    @derived
    def label(self) -> str:
        return f"{self.name}: {100 // (self.pay - 13)}"


class Photo(Flow):
    """Fed by a bucket."""

    photo: Cell[S3Object] = cell()
    upload: Pulse[S3Object] = pulse()
    uploads = fold(upload, folds.count)
    size = photo.map(lambda photo: 100 // (photo.size or 1))


def item(service: Service, unit: str) -> Item:
    """What is stored of a unit."""
    found = service.host.store.get(service.name, unit)
    assert found is not None
    return found


def values(service: Service, unit: str) -> dict[str, Any]:
    """The values of a unit's cells."""
    stored = item(service, unit)
    return service.step.values(service.step.read(stored.cells, stored.gv))


def stored(service: Service) -> dict[str, bytes]:
    """All that is stored, to be compared."""
    store = service.host.store
    return {unit: item(service, unit).to_bytes() for unit in store.units(service.name)}


def rooms(source: Any, *tables: Table, **options: Any) -> Service:
    """A service of rooms that writes what it computes into tables."""
    outputs = [row(Room.area, Room.share, limit=Room.peak, total=Room.total) >> table for table in tables]
    options = {"name": "rooms", "key": "room", "store": MemoryStore(), **options}
    return Service(Room, inputs=[source], outputs=outputs, **options)


def fresh(service: Service) -> Host:
    """Another process on the same store."""
    return Host(service, service.host.store)
