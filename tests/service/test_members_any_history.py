"""Members under any history, in any order, with any fault: both totals are right in the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import fsum
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reactflow import MemoryStore, SQLiteStore
from reactflow.service import Host
from reactflow.testing import kinesis_event
from tests.service.faults import FaultyStore, Script, Trigger
from tests.service.recording import Table, check_publications
from tests.service.test_members import in_, receiver, senders
from tests.service.wire import Wire, as_records

AREAS = st.sampled_from([0.1, 0.2, 0.3, 1e16, -1e16, 3.0, 5.5])
MOVES = st.builds(in_, st.sampled_from(["", "b1", "b2"]), st.sampled_from(["r1", "r2", "r3", "r4"]), AREAS)


def plainly(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows of the buildings, from what each room is at last."""
    last = {one["room"]: one for one in records}
    rows: dict[str, dict[str, Any]] = {}
    for building in ("b1", "b2"):
        found = sorted((one["area"], room) for room, one in last.items() if one["building"] == building)
        if found:
            areas = [area for area, _ in found]
            top = tuple((room, area) for area, room in reversed(found))[:2]
            rows[f"building={building}"] = {
                "building": building, "total": fsum(areas), "number": len(areas), "least": areas[0], "most": areas[-1],
                "top": top,
            }  # fmt: skip
    return rows


def told(records: Sequence[Mapping[str, Any]], script: Script) -> list[tuple[str, bytes]]:
    """What the rooms tell when their stream and store fail at times: everything at least once."""
    wire = Wire("areas", partition="building")
    wire.fault.append(script)
    rooms = senders(wire)
    trigger = Trigger(
        rooms, FaultyStore(script), kinesis_event(*records, stream="rooms", partition="room")["Records"]
    )
    trigger.deliver_rest()
    script.stop()
    Host(rooms, trigger.store).handle({"Records": list(trigger.records)})
    return wire.sent


@settings(max_examples=200, deadline=None)
@given(
    records=st.lists(MOVES, min_size=1, max_size=14),
    data=st.data(),
    seed=st.integers(0, 2**32),
    rate=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_whatever_comes_twice_late_or_in_another_order_both_totals_are_right(
    records: Any, data: st.DataObject, seed: int, rate: float
) -> None:
    chance = Random(seed)
    wire = told(records, Script(chance.random() < rate for _ in range(40)))
    if not wire:
        return
    again = data.draw(st.lists(st.sampled_from(wire), max_size=4))
    arriving = data.draw(st.permutations([*wire, *again]))
    note([(to, json.loads(one)["id"]) for to, one in arriving])
    script = Script(chance.random() < rate for _ in range(80))
    table = Table()
    table.fault.append(script)
    service = receiver(table)
    trigger = Trigger(service, FaultyStore(script), as_records(arriving, "areas"))
    for _ in range(chance.randrange(10)):
        trigger.deliver(chance.randrange(7), chance.randrange(5), chance.randrange(2), chance.random() < 0.2)
    trigger.deliver_rest()
    script.stop()
    Host(service, trigger.store).handle({"Records": list(trigger.records)})
    note(f"what went wrong: {script.happened}")
    rows = {
        unit: {name: value for name, value in found.items() if name != "mean"}
        for unit, found in table.rows.items()
    }
    assert rows == plainly(records)
    writes = dict(trigger.store.writes)
    Host(service, trigger.store).handle({"Records": list(trigger.records)})
    assert trigger.store.writes == writes, "a batch of pure duplicates writes nothing"
    check_publications([table])


@settings(max_examples=20, deadline=None)
@given(records=st.lists(MOVES, min_size=1, max_size=10), data=st.data())
def test_both_stores_come_to_the_same_rows(
    records: Any, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wire = told(records, Script())
    if not wire:
        return
    arriving = as_records(data.draw(st.permutations(wire)), "areas")
    rows = []
    path: Path = tmp_path_factory.mktemp("units") / "units.db"
    for store in (MemoryStore(), SQLiteStore(path)):
        table = Table()
        service = receiver(table, store=store)
        for record in arriving:
            Host(service, store).handle({"Records": [record]})
        rows.append(table.rows)
        store.close()
    assert rows[0] == rows[1]
    assert {unit: found["total"] for unit, found in rows[0].items()} == {
        unit: found["total"] for unit, found in plainly(records).items()
    }
