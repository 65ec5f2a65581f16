"""A service whose flow changes, on items that an earlier version stored in a real database; and one that goes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reactflow import Flow, Service, SQLiteStore, cell, fold, folds, migrate, row
from reactflow.aws import Kinesis
from reactflow.service import Item
from reactflow.service.succession import PAST, past_of
from reactflow.testing import kinesis_event
from tests.service.flows import item, values
from tests.service.recording import Table, check_publications

SOURCE = Kinesis("measurements", partition="room")


class Room(Flow):
    length = cell(0.0)
    width = cell(2.0)
    area = length * width
    peak = fold(area.changes(), folds.max)


def newer(*, revision: int = 0) -> Any:
    class Room(Flow, revision=revision):
        length_cm = cell(0)
        width = cell(3.0)
        height = cell(2.5)
        area = length_cm * width / 100
        volume = area * height
        peak = fold(area.changes(), folds.max)
        migrations = [
            migrate(length_cm, lambda metres: round(metres * 100), from_name="length", from_type=float)
        ]

    return Room


def wrong() -> Any:
    class Room(Flow):
        length = cell("")
        width = cell(2.0)
        peak = fold(width.changes(), folds.max)

    return Room


class Bench:
    """One database and one table, and services of rooms on them, each as if in a process of its own."""

    def __init__(self, path: Path) -> None:
        self.path, self.table = path, Table()

    def service(self, flow: Any) -> Service:
        shown = [getattr(flow, name) for name in ("area", "volume", "width") if name in flow.plan.names]
        return Service(
            flow, name="rooms", key="room", inputs=[SOURCE], outputs=[row(*shown) >> self.table],
            store=SQLiteStore(self.path),
        )  # fmt: skip

    def send(self, flow: Any, start: int, *records: dict[str, Any]) -> tuple[Service, Any]:
        service = self.service(flow)
        answer = service.handler(kinesis_event(*records, partition="room", start=start))
        return service, answer


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "rooms.db")


def test_the_next_version_takes_over_what_the_one_before_stored(bench: Bench) -> None:
    old, _ = bench.send(Room, 0, {"room": "r1", "length": 3}, {"room": "r1", "length": 1.5})
    before = item(old, "room=r1")
    assert (before.written, before.past) == ({"peak": "max"}, ())
    new, answer = bench.send(newer(), 2, {"room": "r1", "height": 2.0})
    assert answer == {"batchItemFailures": []}
    assert values(new, "room=r1") == {
        "length_cm": 150, "width": 2.0, "height": 2.0, "area": 3.0, "volume": 6.0, "peak": 6.0,
    }  # fmt: skip
    assert bench.table.rows["room=r1"] == {"room": "r1", "area": 3.0, "volume": 6.0, "width": 2.0}
    after = item(new, "room=r1")
    assert (after.v, after.gv, after.past) == (2, new.flow.version, (Room.version,))
    check_publications([bench.table])


def test_a_renamed_cell_keeps_the_version_of_its_last_write(bench: Bench) -> None:
    old, _ = bench.send(Room, 0, {"room": "r1", "length": 3})
    stored = item(old, "room=r1")
    assert set(newer().step().migrations.renamed(dict.fromkeys([*stored.versions, "length"], "1"))) >= {
        "length_cm"
    }


def test_an_item_that_was_stored_with_nothing_beside_it_is_read(bench: Bench) -> None:
    old, _ = bench.send(Room, 0, {"room": "r1", "length": 3})
    plain = json.loads(item(old, "room=r1").to_bytes())
    del plain["t"]
    assert "p" not in plain
    bare = Item.from_bytes(json.dumps(plain).encode())
    assert (bare.written, bare.past) == (None, ())
    assert old.host.store.put("rooms", "room=r1", bare.next(), bare.v) is None
    new, _ = bench.send(newer(), 1, {"room": "r1", "width": 1.0})
    assert values(new, "room=r1")["length_cm"] == 300


def test_a_version_that_cannot_take_over_leaves_the_item_and_its_records_come_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    old, _ = bench.send(Room, 0, {"room": "r1", "length": 3})
    before = item(old, "room=r1").to_bytes()
    records = [{"room": "r1", "width": 4.0}, {"room": "r2", "width": 4.0}]
    with caplog.at_level("ERROR", "reactflow"):
        service, answer = bench.send(wrong(), 1, *records)
    assert len(answer["batchItemFailures"]) == 1
    assert "unit room=r1: cell 'length' of Room cannot take over what version" in caplog.text
    assert (
        "3.0 is float, and the cell is str now. Say how it is converted: migrations = [migrate(length,"
        in caplog.text
    )
    assert item(service, "room=r1").to_bytes() == before
    assert service.host.open_cases() == []
    assert values(service, "room=r2")["width"] == 4.0  # a unit that is new is none of its business
    mended, answer = bench.send(Room, 1, records[0])  # the same record, and a version that can
    assert answer["batchItemFailures"] == []
    assert values(mended, "room=r1")["area"] == 12.0


def test_an_older_version_leaves_an_item_that_a_newer_one_had_to_that_one(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    new_flow = newer()
    bench.send(Room, 0, {"room": "r1", "length": 3})
    new, _ = bench.send(new_flow, 1, {"room": "r1", "height": 2.0})
    before = item(new, "room=r1").to_bytes()
    with caplog.at_level("ERROR", "reactflow"):
        late, answer = bench.send(Room, 2, {"room": "r1", "length": 9})
    assert (
        f"unit 'room=r1' of service 'rooms' was migrated from this version of Room, {Room.version}, to "
        f"{new_flow.version}; its records wait for that one. To go back for good, deploy this flow as a version of its "
        "own: class Room(Flow, revision=1)"
    ) in caplog.text
    assert len(answer["batchItemFailures"]) == 1
    assert item(late, "room=r1").to_bytes() == before
    again, answer = bench.send(new_flow, 2, {"room": "r1", "height": 3.0})
    assert answer["batchItemFailures"] == []
    assert values(again, "room=r1")["height"] == 3.0
    check_publications([bench.table])


def test_going_back_for_good_is_a_version_of_its_own(bench: Bench) -> None:
    class Back(Flow, revision=1):
        length: Any = cell(0.0)
        width = cell(2.0)
        area = length * width
        peak = fold(area.changes(), folds.max)
        migrations = [migrate(length, lambda cm: cm / 100, from_name="length_cm", from_type=int)]

    bench.send(Room, 0, {"room": "r1", "length": 3})
    bench.send(newer(), 1, {"room": "r1", "height": 2.0})
    back, answer = bench.send(Back, 2, {"room": "r1", "width": 5.0})
    assert answer["batchItemFailures"] == []
    assert values(back, "room=r1") == {"length": 3.0, "width": 5.0, "area": 15.0, "peak": 15.0}
    assert item(back, "room=r1").past == (Room.version, newer().version)
    check_publications([bench.table])


def test_a_unit_remembers_a_bounded_number_of_versions() -> None:
    stored = Item(gv="v0")
    for number in range(1, 3 * PAST):
        stored = stored.next(past=past_of(stored, f"v{number}"), gv=f"v{number}")
    assert stored.past == tuple(f"v{number}" for number in range(2 * PAST - 1, 3 * PAST - 1))
