"""What the simulator found in the delivery code, each as the smallest history that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reactflow import Cell, Flow, Service, cell, derived, row
from reactflow.aws import S3, Kinesis, S3Object
from reactflow.errors import Superseded, Unfinished, Unreadable
from reactflow.service import Host, Item, MemoryStore
from reactflow.service.contribution import Contribution
from reactflow.testing import kinesis_event, s3_event
from tests.service.recording import Table


class Room(Flow):
    length = cell(0.0)
    doubled = length * 2.0


class RivalIsUnreadable(MemoryStore):
    """A store in which a rival's item stands that nobody can read, until it is mended."""

    is_corrupt = False

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        if self.is_corrupt:
            self.is_corrupt = False  # mended at once: the next write finds it well
            raise Unreadable(f"the item of unit {unit!r} cannot be read")
        return super().put(service, unit, item, expected_v, contributions)


def test_rivals_item_that_cannot_be_read_makes_no_record_poison() -> None:
    store = RivalIsUnreadable()
    rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")])
    event = kinesis_event({"room": "r1", "length": 3.0})
    host = Host(rooms, store)
    store.is_corrupt = True
    answer: Any = host.handle(event)
    assert len(answer["batchItemFailures"]) == 1, "it comes again"
    assert store.cases("rooms") == []
    assert host.handle(event) == {"batchItemFailures": []}
    assert host.open_cases() == []


class Memory:
    """How much there is: a stand-in for a process that has too little of it."""

    is_short = False


def read_whole(length: float) -> float:
    if Memory.is_short:
        raise MemoryError
    return length


class Large(Flow):
    length = cell(0.0)
    whole = length.map(read_whole)


def test_memory_that_runs_out_in_a_cell_leaves_the_record_for_another_process() -> None:
    larges = Service(Large, name="larges", key="room", inputs=[Kinesis("measurements", partition="room")])
    event = kinesis_event({"room": "r1", "length": 4.0}, start=1)
    host = Host(larges, MemoryStore())
    host.handle(kinesis_event({"room": "r1", "length": 3.0}))
    Memory.is_short = True
    try:
        answer: Any = host.handle(event)
    finally:
        Memory.is_short = False
    assert len(answer["batchItemFailures"]) == 1
    assert host.store.cases("larges") == []
    assert host.handle(event) == {"batchItemFailures": []}


objects: dict[str, bytes] = {}


def content(photo: S3Object) -> bytes:
    """The bytes of one version, as ``S3Object.read`` gives them."""
    if photo.etag not in objects:
        raise Superseded("it was replaced")
    return objects[photo.etag]


class Photo(Flow):
    photo: Cell[S3Object] = cell()

    @derived(stored=False)
    def preview(self) -> bytes:
        return content(self.photo)[:3]


def photo_event(place: int, etag: str) -> dict[str, Any]:
    return s3_event({"key": "in/cat", "etag": etag, "sequencer": f"{place:04X}"}, start=place)


def test_preview_that_was_withdrawn_is_due_again_though_the_next_object_has_the_same() -> None:
    table = Table()
    photos = Service(
        Photo,
        name="photos",
        key="name",
        inputs=[S3("photos", key="in/{name}")],
        outputs=[row(Photo.preview) >> table],
    )
    store = MemoryStore()
    objects.clear()
    objects["one"] = b"same"
    table.fault.append(lambda point: True)  # committed, and the process ends before it is written
    with pytest.raises(Unfinished):
        Host(photos, store).handle(photo_event(1, "one"))
    table.fault.clear()
    objects.clear()
    objects["two"] = b"same"  # replaced by an object with the same preview
    Host(photos, store).handle(photo_event(2, "two"))
    assert table.rows == {"name=cat": {"name": "cat", "preview": b"sam"}}


def test_withdrawn_preview_waits_while_nothing_is_applied() -> None:
    table = Table()
    photos = Service(
        Photo,
        name="photos",
        key="name",
        inputs=[S3("photos", key="in/{name}")],
        outputs=[row(Photo.preview) >> table],
    )
    clock = iter(range(10_000, 20_000, 100))
    store = MemoryStore(now=lambda: float(next(clock)))
    objects.clear()
    objects["one"] = b"same"
    table.fault.append(lambda point: True)
    with pytest.raises(Unfinished):
        Host(photos, store).handle(photo_event(1, "one"))
    table.fault.clear()
    objects.clear()
    host = Host(photos, store, clock=lambda: 0.0)
    host.sweep(1.0)
    item = store.get("photos", "name=cat")
    assert item is not None
    assert [one.n for one in item.out] == [1], (
        "it is not forgotten, so that it is due when the object comes back"
    )
    objects["two"] = b"same"
    host.handle(photo_event(2, "two"))
    assert table.rows == {"name=cat": {"name": "cat", "preview": b"sam"}}
