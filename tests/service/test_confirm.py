"""What a sink can never take is known before anything is stored: the event is kept, nothing of it is applied."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.errors import RecordError
from reactflow.service import Publication
from reactflow.testing import kinesis_event
from tests.service.flows import values
from tests.service.recording import Table


class Room(Flow):
    length = cell(0)
    width = cell(0)
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)

    @derived(stored=False)
    def large(self) -> bytes:
        return b"x" * self.width


@frozen(eq=False)
class Narrow(Table):
    """Takes no number over 99, no more than 9 bytes, and no key with a slash; it would fail for ever."""

    def confirm(self, publication: Publication) -> None:
        for name, value in publication.values.items():
            if isinstance(value, int) and value > 99:
                raise RecordError(
                    f"{name!r} is {value}, and {self.destination} takes 99 at most: write it as text"
                )
            if isinstance(value, bytes) and len(value) > 9:
                raise RecordError(f"{name!r} has {len(value)} bytes, and 9 are the most")
            if isinstance(value, str) and "/" in value:
                raise RecordError(f"{name!r} is {value!r}, which has a slash")

    def publish(self, batch: Any) -> list[int]:
        for one in batch:
            self.confirm(one)
        return super().publish(batch)


def made(*tables: Table) -> Service:
    rows, log = tables
    return Service(
        Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")], store=MemoryStore(),
        outputs=[row(Room.length, Room.large) >> rows, row(Room.reading, Room.total) >> log],
    )  # fmt: skip


def send(service: Service, *records: Any, size: int) -> None:
    all_records = kinesis_event(*records, partition="room")["Records"]
    for first in range(0, len(all_records), size):
        answer = service.handler({"Records": all_records[first : first + size]})
        assert answer == {"batchItemFailures": []}


SENT = [
    {"room": "r1", "length": 1},
    {"room": "r1", "length": 100, "width": 3, "reading": 1},  # too large a number, soon overwritten
    {"room": "r2", "length": 2},
    {"room": "r1", "width": 5, "reading": 2},
    {"room": "r1", "length": 5, "reading": 100},  # too large an occurrence
    {"room": "a/b", "length": 1},
    {"room": "r1", "width": 10},  # too large a value that is not stored
    {"room": "r1", "length": 7},
]


@pytest.mark.parametrize("size", [1, 2, 3, len(SENT)])
def test_event_that_a_sink_can_never_take_is_kept_and_the_others_go_on_however_they_are_cut(
    size: int,
) -> None:
    rows, log = Narrow("rows"), Narrow("log")
    service = made(rows, log)
    send(service, *SENT, size=size)
    assert rows.rows == {
        "room=r1": {"room": "r1", "length": 7, "large": b"xxxxx"},
        "room=r2": {"room": "r2", "length": 2, "large": b""},
    }
    assert values(service, "room=r1") == {"length": 7, "width": 5, "total": 2, "large": b"xxxxx"}
    assert log.occurrences("room=r1", "reading") == [2]
    kept = [(case.unit, case.reason.kind, case.reason.message) for case in service.host.open_cases()]
    assert sorted(kept, key=lambda case: case[2]) == [
        ("room=r1", "record", "'large' has 10 bytes, and 9 are the most"),
        ("room=r1", "record", "'length' is 100, and memory/rows takes 99 at most: write it as text"),
        ("room=r1", "record", "'reading' is 100, and memory/log takes 99 at most: write it as text"),
        ("room=a%2Fb", "record", "'room' is 'a/b', which has a slash"),
    ]


def test_sum_that_a_log_has_no_room_for_is_refused_where_it_comes_to_be() -> None:
    rows, log = Narrow("rows"), Narrow("log")
    service = made(rows, log)
    send(service, *({"room": "r1", "reading": one} for one in (60, 50, 30)), size=3)
    assert log.occurrences("room=r1", "total") == [60, 90]
    assert [case.reason.message[:14] for case in service.host.open_cases()] == ["'total' is 110"]


def test_what_nobody_is_told_is_not_asked_about() -> None:
    class Plain(Flow):
        length: Cell[int] = cell()
        fits = length < 100

    table = Narrow("rows")
    service = Service(
        Plain, key="room", inputs=[Kinesis("m", partition="room")], outputs=[Plain.fits >> table], store=MemoryStore()
    )  # fmt: skip
    service.handler(kinesis_event({"room": "r1", "length": 10**30}, partition="room", stream="m"))
    assert table.rows["room=r1"] == {"room": "r1", "fits": False}
