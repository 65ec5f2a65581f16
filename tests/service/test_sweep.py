"""What idle units owe is published, pruned and looked at again, though no record of theirs comes any more."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from reactflow import Cell, Flow, Pulse, Service, cell, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.cells import fold
from reactflow.errors import Transient
from reactflow.service import Host, MemoryStore, Publication
from reactflow.testing import kinesis_event
from tests.service.faults import FaultyStore, Script
from tests.service.flows import item
from tests.service.recording import Table, check_publications

SOURCE = Kinesis("measurements", partition="room")


class Room(Flow):
    name: Cell[str | None] = cell()
    house: Cell[str | None] = cell()
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)


@frozen(eq=False)
class Forgetful(Table):
    """A table that keeps nothing of a row that was removed, as DynamoDB and S3 do."""

    @property
    def forgets(self) -> bool:
        return True

    def _write(self, publication: Publication) -> None:
        super()._write(publication)
        if publication.kind == "removal":
            self.numbers.pop(str(publication.envelope["subject"]), None)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def hosted(*outputs: Any, clock: Clock | None = None, store: Any = None) -> tuple[Host, Clock]:
    clock = clock or Clock()
    store = store or MemoryStore(now=clock)
    service = Service(Room, name="rooms", key="room", inputs=[SOURCE], outputs=outputs, store=store)
    return Host(service, store, clock=clock), clock


def send(host: Host, *records: Any, start: int = 0) -> Any:
    return host.handle(kinesis_event(*records, partition="room", start=start))


def test_last_change_of_a_unit_that_crashed_is_published_without_another_record() -> None:
    table, log = Table(), Table("log")
    host, clock = hosted(row(Room.name, Room.total) >> table, Room.reading >> log)
    table.fault.append(Script([True]))
    log.fault.append(Script([True]))
    assert send(host, {"room": "r1", "name": "hall", "reading": 3})["batchItemFailures"]
    assert (table.rows, log.log) == ({}, {})
    clock.now += 59
    assert host.sweep(60.0).units == (), "it is not idle yet"
    clock.now += 1
    report = host.sweep(60.0)
    assert report.units == ("room=r1",)
    assert len(report.published) == 2
    assert table.rows == {"room=r1": {"room": "r1", "name": "hall", "total": 3}}
    assert log.occurrences("room=r1", "reading") == [3]
    swept = item(host.service, "room=r1")
    assert (swept.out, swept.v) == ((), 2)
    clock.now += 60
    assert host.sweep(60.0).units == (), "nothing is owed any more"
    assert send(host, {"room": "r1", "name": "hall", "reading": 3}) == {"batchItemFailures": []}
    assert item(host.service, "room=r1").v == 2
    check_publications([table, log])


def test_idle_unit_is_pruned_once_and_its_last_occurrence_told_again_under_the_same_id() -> None:
    log = Table("log")
    host, clock = hosted(Room.reading >> log)
    send(host, {"room": "r1", "reading": 3})
    clock.now += 60
    host.sweep(60.0)
    assert [one.id for one in log.seen] == ["rooms/reading/room=r1/memory:log/1"] * 2
    assert log.occurrences("room=r1", "reading") == [3]


def test_what_cannot_be_published_is_found_again() -> None:
    table = Table()
    host, clock = hosted(row(Room.name) >> table)
    table.fault.append(Script([True, True]))
    send(host, {"room": "r1", "name": "hall"})
    clock.now += 60
    assert host.sweep(60.0).transients == ("unit room=r1: its changes could not be published yet",)
    assert host.sweep(60.0).transients == ()
    assert table.rows["room=r1"]["name"] == "hall"


def test_unit_that_is_written_meanwhile_loses_nothing() -> None:
    clock, table = Clock(), Table()
    store = FaultyStore(Script())
    store.inner = MemoryStore(now=clock)
    host, _ = hosted(row(Room.total) >> table, clock=clock, store=store)
    rival = Host(host.service, store, clock=clock)
    send(host, {"room": "r1", "name": "a", "reading": 1})
    store.rival = lambda: send(rival, {"room": "r1", "reading": 2}, start=1)
    store.fault = lambda point: point == "a rival writes first"
    clock.now += 60
    host.sweep(60.0)
    store.fault = Script()
    assert item(host.service, "room=r1").v == 2
    send(host, {"room": "r1", "reading": 4}, start=2)
    assert table.rows["room=r1"]["total"] == 7
    check_publications([table])


# --- the second look at removals -----------------------------------------------------------------------------------


def test_what_a_zombie_brings_back_after_a_removal_is_taken_away() -> None:
    table = Forgetful()
    host, clock = hosted(row(Room.name, by=Room.house) >> table)
    send(host, {"room": "r1", "name": "hall", "house": "h1"})
    (late,) = table.seen
    send(host, {"room": "r1", "house": None}, start=1)
    assert table.rows == {}
    clock.now += 60
    host.sweep(60.0)
    table.publish([late])  # a process that was stopped in the middle goes on
    assert table.rows != {}
    clock.now += host.longest - 1
    host.sweep(60.0)
    assert table.rows != {}, "not before every handler has ended"
    clock.now += 60
    host.sweep(60.0)
    assert table.rows == {}
    left = item(host.service, "room=r1")
    assert (left.out, left.v) == ((), 4)
    check_publications([table])


def test_second_look_of_a_busy_unit_comes_with_its_records() -> None:
    table = Forgetful()
    host, clock = hosted(row(Room.name, by=Room.house) >> table)
    send(host, {"room": "r1", "name": "hall", "house": "h1"})
    (late,) = table.seen
    send(host, {"room": "r1", "house": None}, start=1)
    for place in range(2, 40):
        if place == 10:
            table.publish([late])
        clock.now += 30
        send(host, {"room": "r1", "reading": 1}, start=place)
    assert table.rows == {}
    assert item(host.service, "room=r1").out == ()


def test_row_that_was_written_anew_stands_the_second_look() -> None:
    table = Forgetful()
    host, clock = hosted(row(Room.name, by=Room.house) >> table)
    send(host, {"room": "r1", "name": "hall", "house": "h1"}, {"room": "r2", "name": "bath", "house": "h1"})
    send(host, {"room": "r1", "house": None}, start=2)
    send(host, {"room": "r1", "house": "h1"}, start=3)
    for _ in range(3):
        clock.now += host.longest + 1
        host.sweep(60.0)
    assert set(table.rows) == {"room=r1", "room=r2"}
    assert item(host.service, "room=r1").out == ()


def test_table_that_remembers_needs_no_second_look() -> None:
    table = Table()
    host, clock = hosted(row(Room.name, by=Room.house) >> table)
    send(host, {"room": "r1", "name": "hall", "house": "h1"})
    send(host, {"room": "r1", "house": None}, start=1)
    clock.now += 60
    host.sweep(60.0)
    assert item(host.service, "room=r1").out == ()


def test_warm_process_tells_nothing_old_that_a_rival_has_told_since() -> None:
    table = Forgetful()
    host, clock = hosted(row(Room.name, by=Room.house) >> table)
    store = host.store
    table.fault.append(Script([True]))
    assert send(host, {"room": "r1", "name": "hall", "house": "h1"})[
        "batchItemFailures"
    ]  # and it is frozen here
    rival = Host(host.service, store, clock=clock)
    send(rival, {"room": "r1", "name": "hall", "house": "h1"}, {"room": "r1", "house": None})
    told = len(table.seen)
    clock.now += 1e6
    send(host, {"room": "r1", "reading": 1}, start=9)
    assert all(one.kind == "removal" for one in table.seen[told:])
    assert table.rows == {}


def test_records_that_a_crash_left_released_are_applied_or_put_away_and_counted() -> None:
    class Away(MemoryStore):
        is_away = False

        def case(self, service: str, id: str) -> Any:
            if self.is_away and id.endswith("~"):
                raise Transient("the quarantine is away")
            return super().case(service, id)

    class Strict(Room):
        names = fold(Room.name.changes(), folds.count)

    clock = Clock()
    store = Away(now=clock)
    service = Service(Strict, name="rooms", key="room", inputs=[SOURCE], store=store)
    host = Host(service, store, clock=clock)
    send(host, *({"room": "r1", **one} for one in ({"name": 7}, {"name": "b"}, {"reading": 2}, {"name": 8})))
    store.is_away = True
    (case,) = host.open_cases()
    assert host.skip(case.id).transients
    store.is_away = False
    clock.now += 60
    report = host.sweep(60.0)
    assert report.units == ("room=r1",)
    assert report.released == {"applied": 2, "quarantined": 1}
    assert [case.id for case in report.cases] == [case.id for case in host.open_cases()]
    left = item(service, "room=r1")
    assert (left.waiting, service.step.read(left.cells, left.gv)["name"]) == ((), "b")
