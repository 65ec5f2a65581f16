"""Occurrences of another service follow each other by number: none is lost unseen, none counts twice."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactflow import Flow, Fold, Pulse, Service, fold, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.errors import Transient
from reactflow.service import Host, MemoryStore, Report
from reactflow.testing import kinesis_event
from tests.service.flows import item, values
from tests.service.recording import Table
from tests.service.wire import Wire, as_records

last_three: Fold[int, tuple[int, ...]] = Fold((), lambda kept, one: (*kept[-2:], one), name="last_three")


class Door(Flow):
    knock: Pulse[int] = pulse()


class Porter(Flow):
    knock: Pulse[int] = pulse()
    knocks = fold(knock, folds.count)
    recent = fold(knock, last_three)


class Counter(Flow):
    knock: Pulse[int] = pulse()
    knocks = fold(knock, folds.count)


def sent(*rooms: str) -> list[dict[str, Any]]:
    """What a service tells of knocks at doors, as records; each knock has its place as its value."""
    wire = Wire("knocks", partition="room")
    doors = Service(Door, name="doors", key="room", inputs=[Kinesis("measurements", partition="room")],
                    outputs=[Door.knock >> wire])  # fmt: skip
    doors.handler(
        kinesis_event(*({"room": room, "knock": n} for n, room in enumerate(rooms, 1)), partition="room")
    )
    return wire.records()


def porter(**options: Any) -> Service:
    source = Kinesis("knocks", partition="room", **options)
    return Service(Porter, name="porters", key="room", inputs=[source], store=MemoryStore())


def counter(**options: Any) -> Service:
    """One that is not sure of its order: its stream does not say what it is partitioned by."""
    source = Kinesis("knocks", **options)
    return Service(Counter, name="counters", key="room", inputs=[source], store=MemoryStore())


def deliver(service: Service, *records: Any) -> int:
    """How many records have to come again."""
    answer: Any = service.handler({"Records": list(records)})
    failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    return len(records) - min((numbers.index(one) for one in failed), default=len(records))


def renumbered(*data: dict[str, Any]) -> list[dict[str, Any]]:
    """Records as their stream would have them that got them in this order."""
    import base64

    pairs = [(one["kinesis"]["partitionKey"], base64.b64decode(one["kinesis"]["data"])) for one in data]
    return as_records(pairs, "knocks")


def test_gap_on_an_ordered_source_holds_the_key_and_skip_takes_the_next() -> None:
    one, two, three, four = sent("r1", "r1", "r1", "r1")
    service = porter()
    assert deliver(service, *renumbered(one, three, four)) == 0
    held = item(service, "room=r1")
    assert (held.held, len(held.open_cases), len(held.waiting)) == (True, 1, 1)
    (case,) = service.host.open_cases()
    assert case.reason.kind == "gap"
    assert (
        "occurrence 3 of edge/doors/knock/room=r1/kinesis:knocks is there, and 2 did not come"
        in case.reason.message
    )
    assert service.host.redrive(case.id).fates == {"quarantined": 1}, "it is still missing"
    report = service.host.skip(case.id)
    assert (report.fates, report.released) == ({"applied": 1}, {"applied": 1})
    assert values(service, "room=r1")["recent"] == (1, 3, 4)
    assert deliver(service, *renumbered(one, three, four)) == 0
    assert values(service, "room=r1")["knocks"] == 3
    assert two is not None


def test_what_was_missing_releases_the_key_when_it_comes() -> None:
    one, two, three, four = sent("r1", "r1", "r1", "r1")
    service = porter()
    deliver(service, *renumbered(one, three, four))
    deliver(service, *renumbered(one, three, four, two))
    left = item(service, "room=r1")
    assert (left.held, left.open_cases, left.waiting) == (False, (), ())
    assert values(service, "room=r1")["recent"] == (2, 3, 4)
    assert values(service, "room=r1")["knocks"] == 4
    assert service.host.store.cases("porters") == []


def test_gap_behind_another_case_is_found_when_it_is_released() -> None:
    one, two, three, four = sent("r1", "r1", "r1", "r1")
    wrong = {"room": "r1", "knock": "loud"}
    service = porter()
    poison = kinesis_event(wrong, partition="room", stream="knocks", start=50)["Records"]
    deliver(service, *renumbered(one), *poison)
    deliver(service, *renumbered(one, two, four))
    (case,) = service.host.open_cases()
    assert service.host.skip(case.id).released == {"applied": 1, "quarantined": 1}
    (case,) = service.host.open_cases()
    assert case.reason.kind == "gap"
    assert values(service, "room=r1")["recent"] == (1, 2)
    assert three is not None


def test_gap_on_a_source_without_order_waits_for_what_is_missing() -> None:
    one, two, three = sent("r1", "r1", "r1")
    service = counter()
    assert deliver(service, *renumbered(two, three)) == 2, "not from the second one on"
    assert service.host.open_cases() == []
    assert deliver(service, *renumbered(one, three)) == 1
    assert deliver(service, *renumbered(one, three, two)) == 2
    assert deliver(service, *renumbered(two, three)) == 0
    assert values(service, "room=r1")["knocks"] == 3


def test_first_one_may_have_any_number_where_that_is_said_or_the_source_is_ordered() -> None:
    _, two, three = sent("r1", "r1", "r1")
    for service in (counter(start="latest"), porter()):
        assert deliver(service, *renumbered(two, three)) == 0
        assert values(service, "room=r1")["knocks"] == 2
    waiting = counter()
    waiting.handler({"Records": renumbered(two)})
    report = waiting.host.deliver([])
    assert report.records == 0


def test_what_a_unit_does_not_get_all_of_leaves_no_gap() -> None:
    class Floor(Flow):
        knock: Pulse[int] = pulse()
        knocks = fold(knock, folds.count)

    records = sent("r1", "r1", "r1")
    choices: list[dict[str, Any]] = [
        {"where": lambda fields: fields["knock"] != 2},
        {"key": {"floor": "knock"}},
    ]
    for options in choices:
        key = "floor" if "key" in options else "room"
        source = Kinesis("knocks", partition=key if key == "room" else "knock", **options)
        service = Service(
            Floor,
            name="floors",
            key={key: int if key == "floor" else str},
            inputs=[source],
            store=MemoryStore(),
        )
        if key == "floor":
            for n, record in enumerate(records, 1):
                record["kinesis"]["partitionKey"] = str(n)
        assert deliver(service, *renumbered(*records)) == 0
        assert service.host.open_cases() == []


@pytest.mark.parametrize("make", [porter, counter])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_redelivery_counts_each_once_and_in_order(make: Any, seed: int) -> None:
    chance = Random(seed)
    rooms = [chance.choice(["r1", "r2"]) for _ in range(chance.randrange(1, 12))]
    records = sent(*rooms)
    again = list(records)
    for _ in range(chance.randrange(6)):  # the sender publishes some of them again, late
        place = chance.randrange(len(records))
        first = again.index(records[place])
        again.insert(chance.randrange(first, len(again)) + 1, records[place])
    service = make()
    stream = renumbered(*again)
    place = 0
    while place < len(stream):
        start = max(0, place - chance.randrange(3))
        batch = stream[start : place + chance.randrange(1, 5)]
        Host(service, service.host.store).handle({"Records": batch})
        place = start + len(batch)
    for room in set(rooms):
        knocks = [n for n, one in enumerate(rooms, 1) if one == room]
        found = values(service, f"room={room}")
        assert found["knocks"] == len(knocks)
        if make is porter:
            assert found["recent"] == tuple(knocks[-3:])
    assert service.host.open_cases() == []


def test_what_is_applied_before_the_quarantine_is_away_is_published_and_counted() -> None:
    class Away(MemoryStore):
        is_away = False

        def case(self, service: str, id: str) -> Any:
            if self.is_away:
                raise Transient("the quarantine is away")
            return super().case(service, id)

    one, two, three, four = sent("r1", "r1", "r1", "r1")
    table, store = Table(), Away()
    source = Kinesis("knocks", partition="room")
    service = Service(Porter, name="porters", key="room", inputs=[source], store=store,
                      outputs=[row(Porter.recent) >> table])  # fmt: skip
    reports: list[Report] = []
    host = Host(service, store, listener=reports.append)
    host.handle({"Records": renumbered(one, three, four)})
    store.is_away = True
    host.handle({"Records": renumbered(one, three, four, two)[3:]})
    assert (reports[-1].fates["applied"], reports[-1].inputs, reports[-1].unfinished) == (1, 1, frozenset())
    assert table.rows["room=r1"]["recent"] == (1, 2), "what was acknowledged is published"
    store.is_away = False
    host.sweep(0.0)
    assert table.rows["room=r1"]["recent"] == (2, 3, 4)


def test_missing_one_that_was_in_quarantine_fills_its_gap_when_it_is_redriven() -> None:
    one, two, three, four = sent("r1", "r1", "r1", "r1")
    service = porter()
    source = Kinesis("knocks", partition="room")
    unlike = Service(Porter, name="porters", key={"room": int}, inputs=[source], store=service.host.store)
    records = renumbered(one, two, three, four)
    deliver(service, records[0])
    deliver(unlike, records[1])
    deliver(service, *records[2:])
    (case,) = (one for one in service.host.open_cases() if one.unit is None)
    assert service.host.redrive(case.id).fates == {"applied": 1}
    left = item(service, "room=r1")
    assert (left.held, left.open_cases, left.waiting) == (False, (), ())
    assert values(service, "room=r1")["recent"] == (2, 3, 4)
    assert deliver(service, *records) == 0
    assert values(service, "room=r1")["knocks"] == 4
