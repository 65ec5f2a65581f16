"""One unit's part of a delivery: one write, rivals, what fails for now, what is too large, what changed its flow."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import S3, Kinesis, S3Object
from reactflow.errors import StateError, Superseded, Transient
from reactflow.service import Host, Item
from reactflow.service.unit import commit
from reactflow.testing import kinesis_event, s3_event, sqs_event
from tests.service.faults import FaultyStore, Script
from tests.service.flows import fresh, item, rooms, stored, values
from tests.service.recording import Table, check_publications

SOURCE = Kinesis("measurements", partition="room")


def send(target: Any, *records: Any, start: int = 0) -> Any:
    event = kinesis_event(*records, partition="room", start=start)
    return target.handle(event) if isinstance(target, Host) else target.handler(event)


def test_loop_is_short_and_names_no_cloud() -> None:
    source = inspect.getsource(commit)
    assert len(source.splitlines()) <= 60
    module = inspect.getsource(inspect.getmodule(commit) or commit).lower()
    assert not [
        name for name in ("kinesis", "dynamodb", "s3", "sqs", "lambda", "aws") if name in module.split()
    ]


def test_one_delivery_is_one_write_a_unit() -> None:
    store = FaultyStore(Script())
    service = rooms(SOURCE, Table(), store=store)
    send(service, *({"room": f"r{place % 3}", "reading": place} for place in range(30)))
    assert store.writes == {"room=r0": 1, "room=r1": 1, "room=r2": 1}


def test_failing_event_is_undone_as_a_whole_and_the_next_ones_go_on() -> None:
    log = Table("log")
    service = rooms(SOURCE, Table())
    service = Service(
        service.flow, name="rooms", key="room", inputs=[SOURCE], store=MemoryStore(),
        outputs=[service.flow.reading >> log],  # type: ignore[attr-defined]
    )  # fmt: skip
    send(service, {"room": "r1", "width": 2, "reading": 1}, {"room": "r1", "divisor": 0, "reading": 5},
         {"room": "r1", "reading": 7})  # fmt: skip
    assert values(service, "room=r1") == {
        "length": 1.0, "width": 2.0, "divisor": 1, "area": 2.0, "share": 2.0, "total": 8, "peak": 2.0,
    }  # fmt: skip
    assert log.occurrences("room=r1", "reading") == [1, 7]
    (case,) = service.host.open_cases()
    assert (case.reason.kind, case.reason.cell, case.reason.type) == ("cell", "share", "ZeroDivisionError")
    assert case.record["kinesis"]["partitionKey"] == "r1"
    assert (case.id,) == item(service, "room=r1").open_cases


def test_case_of_an_attempt_that_a_rival_overtook_does_not_wait_for_anyone() -> None:
    store = MemoryStore()
    service = rooms(SOURCE, store=store)
    stale, rival = Host(service, store), Host(service, store)
    send(stale, {"room": "r1", "divisor": 0})
    send(rival, {"room": "r1", "divisor": 1}, start=1)
    send(stale, {"room": "r1", "width": 2}, start=2)
    assert values(service, "room=r1")["share"] == 2.0
    assert len(store.cases("rooms")) == 1
    assert service.host.open_cases() == []


def test_stale_memory_changes_nothing() -> None:
    table, store = Table(), MemoryStore()
    service = rooms(SOURCE, table, store=store)
    one, other = Host(service, store), Host(service, store)
    for place in range(10):
        send((one, other)[place % 2], {"room": "r1", "reading": 1}, start=place)
    assert values(service, "room=r1")["total"] == 10
    assert item(service, "room=r1").v == 10
    check_publications([table])


# --- what fails for now ------------------------------------------------------------------------------------


outages: list[str] = []


def look_up(photo: S3Object) -> str:
    """Stands for reading the object."""
    if photo.key in outages:
        raise Transient("S3 is away")
    if photo.size == 0:
        raise Superseded("the object was replaced")
    return f"{photo.key} of {photo.size}"


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    text = photo.map(look_up)
    content: Cell[bytes] = cell(b"")
    uploads: Pulse[S3Object] = pulse()
    count = fold(uploads, folds.count)


def photos(table: Table) -> Service:
    source = S3("photos", key="in/{name}", fields={"photo": "object", "uploads": "object"})
    return Service(Photo, key="name", inputs=[source], outputs=[row(Photo.text, Photo.count) >> table],
                   store=MemoryStore())  # fmt: skip


def test_what_stands_behind_a_transient_failure_waits_for_it() -> None:
    table = Table()
    service = photos(table)
    messages = sqs_event(*(s3_event({"key": "in/a", "size": size}, start=size) for size in (1, 2, 3)),
                         s3_event("in/b"))  # fmt: skip
    outages[:] = ["in/a"]
    answer: Any = service.handler(messages)
    assert [one["itemIdentifier"][-2:] for one in answer["batchItemFailures"]] == ["00", "01", "02"]
    assert set(table.rows) == {"name=b"}
    outages.clear()
    service.handler(messages)
    assert table.rows["name=a"] == {"name": "a", "text": "in/a of 3", "count": 3}


def test_object_that_is_gone_is_superseded_by_what_comes() -> None:
    table = Table()
    service = photos(table)
    service.handler(s3_event({"key": "in/a", "size": 0}, {"key": "in/a", "size": 2}))
    assert table.rows["name=a"] == {"name": "a", "text": "in/a of 2", "count": 1}
    assert service.host.open_cases() == []


# --- items that are broken or too large ---------------------------------------------------------------------


class Broken(MemoryStore):
    def get(self, service: str, unit: str) -> Item | None:
        if unit == "room=r1":
            raise StateError(f"the item of unit {unit!r} cannot be read: 'v' is missing")
        return super().get(service, unit)


def test_item_that_cannot_be_read_blocks_its_unit_alone() -> None:
    table = Table()
    service = rooms(SOURCE, table, store=Broken())
    answer = send(service, {"room": "r2", "width": 1}, {"room": "r1", "width": 1}, {"room": "r3", "width": 1})
    assert len(answer["batchItemFailures"]) == 1
    assert set(table.rows) == {"room=r2", "room=r3"}


class Note(Flow):
    text: Cell[str] = cell()
    line: Pulse[str] = pulse()
    lines = fold(line, folds.count)


def notes(*outputs: Any, store: Any = None) -> Service:
    return Service(Note, key="room", inputs=[SOURCE], outputs=outputs, store=store or MemoryStore())


def test_unit_with_more_to_publish_than_an_item_holds_is_written_in_parts() -> None:
    log, store = Table("log"), FaultyStore(Script())
    service = notes(Note.line >> log, store=store)
    lines = [f"{place}: {'x' * 1000}" for place in range(1000)]
    assert send(service, *({"room": "r1", "line": line} for line in lines)) == {"batchItemFailures": []}
    assert log.occurrences("room=r1", "line") == lines
    assert values(service, "room=r1")["lines"] == 1000
    assert 2 < store.writes["room=r1"] < 10
    check_publications([log])


def test_event_that_alone_is_too_large_is_kept_and_the_next_ones_go_on() -> None:
    table = Table()
    service = notes(row(Note.text) >> table)
    records = [
        {"room": "r1", "text": "a"},
        {"room": "r1", "text": "x" * 500_000},
        {"room": "r1", "line": "b"},
    ]
    assert send(service, *records) == send(service, *records) == {"batchItemFailures": []}
    assert table.rows == {"room=r1": {"room": "r1", "text": "a"}}
    assert values(service, "room=r1")["lines"] == 1
    (case,) = service.host.open_cases()
    assert "384000 are the most" in case.reason.message


def test_unit_whose_state_is_full_still_puts_away_what_cannot_be_applied() -> None:
    class Full(Note):
        divisor = cell(1)
        share = 1 / divisor

    service = Service(Full, name="notes", key="room", inputs=[SOURCE], store=MemoryStore())
    send(service, {"room": "r1", "text": "x" * 383_900})
    size = len(item(service, "room=r1").cells)
    poison = [{"room": "r1", "divisor": 0}, {"room": "r1", "text": "x" * 384_000}]
    for start in range(1, 41, 2):
        assert send(service, *poison, start=start) == {"batchItemFailures": []}
    assert len(service.host.open_cases()) == 40
    assert len(item(service, "room=r1").cells) == size
    assert send(service, {"room": "r1", "text": ""}, start=50) == {"batchItemFailures": []}
    assert values(service, "room=r1")["text"] == ""


# --- a flow that changed ------------------------------------------------------------------------------------


def test_changed_flow_reads_the_state_of_the_old_one_and_tells_what_differs_now() -> None:
    class Room(Flow):
        length = cell(0.0)
        width = cell(0.0)
        area = length * width
        longest = fold(length.changes(), folds.max)

    def with_height() -> type[Flow]:
        class Room(Flow):
            length = cell(0.0)
            width = cell(0.0)
            height = cell(3.0)
            area = length * width * 2
            volume = area * height
            longest = fold(length.changes(), folds.max)

        return Room

    table, store = Table(), MemoryStore()
    old = Service(Room, key="room", inputs=[SOURCE], outputs=[row(Room.area) >> table], store=store)
    send(old, {"room": "r1", "length": 3, "width": 4})
    assert table.rows["room=r1"]["area"] == 12.0
    changed: Any = with_height()
    output = row(changed.area, changed.volume, changed.longest) >> table
    new = Service(changed, key="room", inputs=[SOURCE], outputs=[output], store=store)
    assert new.flow.version != old.flow.version
    send(new, {"room": "r1", "height": 3.0}, start=1)
    assert table.rows["room=r1"] == {"room": "r1", "area": 24.0, "volume": 72.0, "longest": 3.0}
    assert item(new, "room=r1").gv == new.flow.version
    assert item(new, "room=r1").v == 2
    check_publications([table])


# --- values that are not stored -----------------------------------------------------------------------------


runs: list[str] = []


def draw(text: str) -> bytes:
    runs.append(text)
    if text in outages:
        raise Transient("not for now")
    return text.upper().encode()


class Picture(Flow):
    text: Cell[str] = cell()
    title: Cell[str] = cell()
    drawn = text.map(draw)


def pictures(table: Table) -> Service:
    outputs = [row(Picture.drawn, Picture.title) >> table]
    return Service(Picture, key="room", inputs=[SOURCE], outputs=outputs, store=MemoryStore())


def test_value_that_is_not_stored_is_computed_once_a_delivery() -> None:
    runs.clear()
    table = Table()
    service = pictures(table)
    send(service, {"room": "r1", "text": "a"}, {"room": "r1", "text": "b"}, {"room": "r1", "title": "t"})
    assert table.rows["room=r1"] == {"room": "r1", "drawn": b"B", "title": "t"}
    assert runs == ["a", "b"]
    assert b"B" not in item(service, "room=r1").to_bytes().partition(b'"out"')[2].partition(b'"q"')[0]
    send(service, {"room": "r1", "text": "b"}, start=3)
    assert len(table.seen) == 1


def test_value_that_is_not_stored_is_computed_again_after_a_crash_and_waits_while_it_cannot_be() -> None:
    table = Table()
    table.fault.append(Script([True]))
    service = pictures(table)
    records = [{"room": "r1", "text": "a"}]
    assert send(service, *records)["batchItemFailures"]
    outages[:] = ["a"]
    assert send(fresh(service), *records)["batchItemFailures"], "not without the picture"
    assert table.rows == {}
    outages.clear()
    assert send(fresh(service), *records) == {"batchItemFailures": []}
    assert table.rows["room=r1"] == {"room": "r1", "drawn": b"A"}
    before = stored(service)
    send(fresh(service), *records)
    assert stored(service) == before


@pytest.mark.parametrize("point", ["before", "after"])
def test_write_whose_answer_is_lost_is_one_write(point: str) -> None:
    table = Table()
    lots = [False, False, True] if point == "before" else [False, False, False, True]
    store = FaultyStore(Script(lots))
    service = rooms(SOURCE, table, store=store)
    first = send(service, {"room": "r1", "reading": 1, "width": 1})
    send(service, {"room": "r1", "reading": 1, "width": 1})
    assert values(service, "room=r1")["total"] == 1
    assert item(service, "room=r1").v == 1
    assert list(table.rows) == ["room=r1"]
    assert first is not None
