"""A service that takes values of every type, and what has to be true of it whatever it was sent."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

from attrs import field, frozen

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import S3Object
from reactflow.aws.host import open_event
from reactflow.errors import CallError, ConfigurationError
from reactflow.service import Case, Host
from reactflow.service.quarantine import plain
from reactflow.service.report import Report
from reactflow.service.stores import Store
from tests.hostile.changed import SILENT, as_delivered, tried
from tests.service.recording import Table
from tests.service.wire import Wire


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@frozen
class Box:
    sides: tuple[float, ...]
    label: str | None = None


class Everything(Flow):
    """A cell of every type that a record can feed, and cells that trip over some of their values."""

    number: Cell[int] = cell()
    ratio: Cell[float] = cell()
    text: Cell[str] = cell()
    flag: Cell[bool] = cell()
    exact: Cell[Decimal] = cell()
    day: Cell[dt.date] = cell()
    moment: Cell[dt.datetime] = cell()
    points: Cell[list[float]] = cell()
    sizes: Cell[dict[str, int]] = cell()
    pair: Cell[tuple[int, str]] = cell()
    tags: Cell[frozenset[str]] = cell()
    maybe: Cell[int | None] = cell()
    anything: Cell[Any] = cell()
    box: Cell[Box] = cell()
    color: Cell[Color] = cell()
    unique: Cell[uuid.UUID] = cell()
    size: Cell[Literal["S", "M"]] = cell()
    data: Cell[bytes] = cell()
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    square = number * number
    half = ratio / number
    loud = text.map(str.upper)

    @derived
    def summary(self) -> str:
        return f"{self.text}: {self.number}, {self.exact}, {self.moment}"


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda photo: 100 // (photo.size or 1))


SENT: dict[str, Any] = {
    "id": "e1", "number": 3, "ratio": 0.5, "text": "hi", "flag": True, "exact": 1.25, "day": "2026-11-23",
    "moment": "2026-11-23T12:00:00Z", "points": [1.0, 2], "sizes": {"a": 1}, "pair": [1, "b"], "tags": ["x", "y"],
    "maybe": None, "anything": {"a": [1, None]}, "box": {"sides": [1.0, 2.5], "label": None}, "color": "red",
    "unique": "059f36b4-87a3-44ab-83d2-000000000001", "size": "S", "reading": 4,
}  # fmt: skip
"""A record that feeds every cell which JSON can feed."""


@frozen(eq=False)
class Watched:
    """A service with what it wrote and what it reported."""

    service: Service
    rows: Table
    log: Table
    store: Store = field(factory=MemoryStore)
    reports: list[Report] = field(factory=list, init=False)

    def deliver(self, event: object) -> Report:
        """Hand a delivery to a new process on the same store."""
        given: Any = event
        assert Host(self.service, self.store, self.reports.append).handle(given) == {"batchItemFailures": []}
        return self.reports[-1]

    def stored(self) -> dict[str, bytes]:
        found = {
            unit: self.store.get(self.service.name, unit) for unit in self.store.units(self.service.name)
        }
        return {unit: item.to_bytes() for unit, item in found.items() if item is not None}

    def cases(self) -> dict[str, Case]:
        return {case.id: case for case in self.store.cases(self.service.name)}


def everything(source: Any, store: Callable[[], Store] = MemoryStore) -> Watched:
    rows, log = Table("rows"), Table("log")
    shown: tuple[Any, ...] = (
        Everything.number, Everything.square, Everything.half, Everything.loud, Everything.summary, Everything.box,
        Everything.anything, Everything.tags,
    )  # fmt: skip
    service = Service(
        Everything, name="everything", key="id", inputs=[source],
        outputs=[
            row(*shown, total=Everything.total) >> rows, row(Everything.reading, so_far=Everything.total) >> log,
            row(*shown, name="sent") >> Wire("out"),
        ],
    )  # fmt: skip
    return Watched(service, rows, log, store())


def photos(source: Any, key: object = "name", store: Callable[[], Store] = MemoryStore) -> Watched:
    rows, log = Table("rows"), Table("log")
    service = Service(Photo, name="photos", key=key, inputs=[source], outputs=[row(Photo.size) >> rows])
    return Watched(service, rows, log, store())


def check_nothing_is_lost(watched: Watched, sent: Mapping[str, Any], most: int = 1) -> None:
    """Deliver an event that holds good and bad records, twice: each has a fate, and the second time changes nothing.

    ``most`` is how many units a record may speak of.
    """
    event = as_delivered(sent)
    records = [one.raw for one in open_event(event)]
    check_each_is_opened(event)
    first = watched.deliver(event)
    assert first.records == len(records)
    assert len(records) <= sum(first.fates.values()) <= most * len(records), "each record has a fate"
    assert set(first.fates) <= {"applied", "quarantined", "filtered", "duplicate", "superseded"}
    assert first.fates.get("quarantined", 0) == len(first.cases)
    kept = watched.cases()
    for case in first.cases:
        assert kept[case.id] == case == Case.from_bytes(case.to_bytes())
        assert case.reason.message
        assert case.reason.kind in ("record", "cell")
        assert case.record in [plain(raw) for raw in records], "the record is kept whole"
    before = watched.stored()
    second = watched.deliver(event)
    assert watched.stored() == before, "the same again changes nothing"
    assert watched.cases().keys() == kept.keys()
    assert "applied" not in second.fates


def check_each_is_opened(event: Mapping[str, Any]) -> None:
    """No record is left out when an event is taken apart, and no message that holds one."""
    opened = open_event(event)
    given = event.get("Records", [event])
    if any("body" in one for one in given):
        kept = {one.receipt for one in opened}
        for message in given:
            if message["messageId"] not in kept:  # a test of S3, or a batch of nothing
                body = json.loads(message["body"])
                assert body.get("Event") == "s3:TestEvent" or body["Records"] == []
    else:
        assert [one.raw for one in opened] == given


def check_declared(watched: Watched, event: object) -> None:
    """Hand over an event of any form; one that is refused is refused as a whole, with nothing changed."""
    before = watched.stored(), watched.cases()
    given: Any = event
    _, refused = tried(
        lambda: Host(watched.service, watched.store).handle(given), (ConfigurationError, CallError)
    )
    assert refused != SILENT
    assert not refused or (watched.stored(), watched.cases()) == before
