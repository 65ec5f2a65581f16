"""A service on each store while reads are stale, answers are lost, rivals write first and the store is away.

What is in the table at the end is what applying each record once gives, and so is what a later host reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from reactflow import Cell, Flow, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.service import Host, Store
from reactflow.testing import kinesis_event
from tests.service.faults import FaultyStore, Script, Trigger
from tests.service.recording import Table, check_publications
from tests.service.stores.kinds import plant


class Room(Flow):
    length: Cell[int] = cell()
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    number = fold(reading, folds.count)


def made(table: Table) -> Service:
    return Service(
        Room,
        name="rooms",
        key="room",
        inputs=[Kinesis("measurements", partition="room")],
        outputs=[row(Room.length, Room.total, Room.number) >> table],
    )


def expected(records: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each record applied once, in order."""
    rows: dict[str, dict[str, Any]] = {}
    for one in records:
        known = rows.setdefault(f"room={one['room']}", {"room": one["room"], "total": 0, "number": 0})
        known["length"] = one["length"]
        known["total"] += one["reading"]
        known["number"] += 1
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [0.1, 0.35])
def test_each_record_counts_once_whatever_the_store_goes_through(
    store: Store, seed: int, rate: float
) -> None:
    random = Random(seed)
    plain = [
        {"room": random.choice("abc"), "length": n, "reading": random.randrange(1 << 20)} for n in range(40)
    ]
    table = Table()
    service = made(table)
    script = Script(random.random() < rate for _ in range(1500))
    faulty = FaultyStore(script, store)
    trigger = Trigger(service, faulty, kinesis_event(*plain)["Records"])
    for _ in range(20):
        trigger.deliver(
            random.randrange(1, 9), random.randrange(4), random.randrange(2), random.random() < 0.3
        )
    script.stop()
    trigger.deliver_rest()
    assert table.rows == expected(plain)
    check_publications([table])
    if rate > 0.3:
        assert any("written since" in one for one in script.happened), "there were stale reads"
    writes = dict(faulty.writes)
    Host(service, faulty).handle({"Records": list(trigger.records)})
    assert faulty.writes == writes, "duplicates write nothing"


def test_a_read_that_is_stale_costs_a_write_that_is_refused_and_nothing_else(store: Store) -> None:
    table = Table()
    service = made(table)
    stale = iter([True])
    faulty = FaultyStore(lambda point: "since" in point and next(stale, False), store)
    for n in range(3):
        event = kinesis_event({"room": "a", "length": n, "reading": 10**n}, start=n)
        assert Host(service, faulty).handle(event) == {"batchItemFailures": []}
    assert table.rows == {"room=a": {"room": "a", "length": 2, "total": 111, "number": 3}}
    assert faulty.writes == {"room=a": 3}


def test_item_that_was_spoilt_under_a_warm_host_stops_its_key_and_loses_nothing(store: Store) -> None:
    table, told = Table(), list[Any]()
    service = made(table)
    host = Host(service, store, told.append)

    def deliver(first: int, number: int = 4) -> object:
        numbers = range(first, first + number)
        records = [{"room": room, "length": n, "reading": 10**n} for n in numbers for room in "ab"]
        return host.handle(kinesis_event(*records, start=2 * first))

    deliver(0, 1)
    sound = store.get("rooms", "room=a")
    assert sound is not None
    plant(store, "room=a", 9, b'{"theirs":true}')
    for _ in range(2):  # by a refused write, and then by a read
        answer: Any = deliver(1)
        assert len(answer["batchItemFailures"]) == 1
        assert told[-1].fates["unfinished"] == 4
        assert "room=a" in told[-1].transients[0]
        assert store.cases("rooms") == [], "nothing is wrong with the records"
    assert table.rows["room=b"]["total"] == 11111, "another key goes on"
    plant(store, "room=a", sound.v, sound.to_bytes())
    assert deliver(1) == {"batchItemFailures": []}
    assert table.rows["room=a"] == {"room": "a", "length": 4, "total": 11111, "number": 5}
