"""A handler stops while there is time to commit, reports the rest, and goes on in the next invocation."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import S3, Kinesis, S3Object
from reactflow.errors import ConfigurationError, Unfinished
from reactflow.service.deadline import SETTING, Deadline
from reactflow.testing import kinesis_event, s3_event
from tests.service.faults import FaultyStore, Script
from tests.service.flows import values
from tests.service.recording import Table, check_publications

SOURCE = Kinesis("measurements", partition="room")


class Context:
    """Lambda's, with a clock that goes on by one second for each value that a cell computes."""

    def __init__(self, seconds: int) -> None:
        self.left = seconds
        contexts[:] = [self]

    def get_remaining_time_in_millis(self) -> int:
        return self.left * 1000


contexts: list[Context] = []


def slowly(value: Any) -> Any:
    contexts[0].left -= 1
    return value


class Room(Flow):
    reading: Pulse[int] = pulse()
    slow = reading.map(slowly)
    total = fold(slow, folds.sum)


def rooms(table: Table, log: Table | None = None, store: Any = None) -> Service:
    outputs = [row(Room.total) >> table, *([Room.reading >> log] if log else [])]
    return Service(Room, key="room", inputs=[SOURCE], outputs=outputs, store=store or MemoryStore())


def run_through(service: Service, event: dict[str, Any], seconds: int) -> int:
    """How many invocations it takes until all is finished."""
    records, times = event["Records"], 0
    while records:
        times += 1
        assert times <= len(event["Records"])
        answer: Any = service.handler({"Records": records}, Context(seconds))
        assert contexts[0].left >= 0, "it ended in time"
        failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        numbers = [one["kinesis"]["sequenceNumber"] for one in records]
        records = records[numbers.index(failed[0]) :] if failed else []
    return times


def test_work_that_is_longer_than_the_timeout_is_done_in_several_invocations() -> None:
    table, log, store = Table(), Table("log"), FaultyStore(Script())
    service = rooms(table, log, store)
    event = kinesis_event(*({"room": "r1", "reading": 1} for _ in range(40)), partition="room")
    assert run_through(service, event, seconds=10) == 5, "8 of 10 seconds each, a fifth is kept free"
    assert values(service, "room=r1")["total"] == 40
    assert log.occurrences("room=r1", "reading") == [1] * 40
    assert store.writes == {"room=r1": 5}
    check_publications([table, log])


def test_several_units_stop_where_the_time_is_over() -> None:
    table = Table()
    service = rooms(table)
    event = kinesis_event(*({"room": f"r{place % 3}", "reading": 1} for place in range(30)), partition="room")
    run_through(service, event, seconds=10)
    assert {name: one["total"] for name, one in table.rows.items()} == {f"room=r{n}": 10 for n in range(3)}
    check_publications([table])


def test_events_that_need_no_look_at_each_stop_too() -> None:
    table = Table()
    service = rooms(table)
    event = kinesis_event(*({"room": "r1", "reading": 1} for _ in range(700)), partition="room")
    assert run_through(service, event, seconds=300) == 3, "290 of 300 seconds each"
    assert values(service, "room=r1")["total"] == 700
    assert table.rows["room=r1"]["total"] == 700
    check_publications([table])


def test_something_is_done_each_time_however_short_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "30")
    table, log = Table(), Table("log")
    service = rooms(table, log)
    event = kinesis_event(*({"room": "r1", "reading": 1} for _ in range(3)), partition="room")
    assert run_through(service, event, seconds=5) == 3


def test_asynchronous_event_commits_what_is_done_and_raises_for_the_rest() -> None:
    class Photo(Flow):
        photo: Cell[S3Object] = cell()
        size = photo.map(lambda photo: slowly(photo.size))

    table = Table()
    service = Service(Photo, key="name", inputs=[S3("photos", key="in/{name}")],
                      outputs=[row(Photo.size) >> table], store=MemoryStore())  # fmt: skip
    event = s3_event(*({"key": f"in/{place}", "size": place} for place in range(1, 13)))
    with pytest.raises(Unfinished, match="4 of 12 records could not be finished"):
        service.handler(event, Context(10))
    assert len(table.rows) == 8
    service.handler(event, Context(10))
    assert len(table.rows) == 12


def test_setting_that_is_no_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "soon")
    with pytest.raises(ConfigurationError, match=r"REACTFLOW_MARGIN='soon' is no time .* such as 2\.5"):
        Deadline.of(Context(10))
    assert not Deadline.of(None).is_over()
