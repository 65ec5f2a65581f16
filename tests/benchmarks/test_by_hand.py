"""The hand-written side of the benchmarks of steps does what it says."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from benchmarks.steps.by_hand import LAYERED, ROOM, Account, Area, Order, Refused, apply_account, apply_area
from benchmarks.steps.handler_by_hand import Handler


def test_only_what_changed_is_told_with_its_old_and_new_value() -> None:
    room = Area()
    assert apply_area(room, [{"length": 1.0, "width": 1.0}, {"length": 3.0, "width": 4.0}])[0]["area"] == (
        0.0,
        12.0,
    )
    assert apply_area(room, [{"length": 4.0, "width": 3.0}])[0] == {"length": (3.0, 4.0), "width": (4.0, 3.0)}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e70])
def test_a_number_that_is_none_changes_nothing(number: float) -> None:
    room = Area()
    with pytest.raises(Refused):
        apply_area(room, [{"length": 3.0, "width": 4.0}, {"length": number, "width": 4.0}])
    assert (room.length, room.width, room.area) == (0.0, 0.0, 0.0)


def test_ten_and_a_hundred_cells_are_that_many() -> None:
    assert [len(make.__slots__) - 4 for make, _ in (ROOM, LAYERED)] == [10, 100]


def test_payments_are_counted_each_and_an_equal_order_is_no_change() -> None:
    account = Account()
    order = Order("Ada", 2.5, 4)
    changed, occurred = apply_account(account, [{"order": order, "payment": 3}, {"payment": 3}])
    assert occurred == [("payment", 3), ("payment", 3)]
    assert changed["label"] == (": 0.00 of 0.00", "Ada: 4.00 of 10.00")
    assert apply_account(account, [{"order": Order("Ada", 2.5, 4)}]) == ({}, [])


def record(number: int, plain: object, shard: str = "shardId-0", room: str = "r1") -> dict[str, Any]:
    data = base64.b64encode(json.dumps(plain).encode()).decode()
    return {
        "eventID": f"{shard}:{number}",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/measurements",
        "kinesis": {"partitionKey": room, "sequenceNumber": str(number), "data": data},
    }


DONE: dict[str, list[object]] = {"batchItemFailures": []}


def test_a_handler_by_hand_writes_the_row_of_a_delivery_once() -> None:
    handler = Handler()
    event = {"Records": [record(9, {"room": "r1", "length": 3}), record(10, {"room": "r1", "width": 4.0})]}
    assert handler.handle(event) == DONE
    assert handler.table == {"r1": (1, {"area": 12.0, "room": "r1"})}
    kept = dict(handler.store)
    assert handler.handle(event) == DONE
    assert Handler(handler.store, handler.table).handle(event) == DONE
    assert handler.store == kept
    assert handler.table["r1"][0] == 1


def test_a_handler_by_hand_starts_again_from_what_a_rival_has_written() -> None:
    first = Handler()
    rival = Handler(first.store, first.table)
    first.handle({"Records": [record(1, {"room": "r1", "length": 3.0, "width": 4.0})]})
    rival.handle({"Records": [record(2, {"room": "r1", "width": 5.0})]})
    first.handle({"Records": [record(3, {"room": "r1", "length": 4.0})]})
    assert first.table["r1"] == (3, {"area": 20.0, "room": "r1"})


@pytest.mark.parametrize(
    "plain", [{"room": "r2"}, {"room": "r1", "length": "3"}, [1], {"room": "r1", "length": True}]
)
def test_a_handler_by_hand_puts_away_what_is_of_another_type(plain: object) -> None:
    handler = Handler()
    assert handler.handle({"Records": [record(1, plain), record(2, {"room": "r1", "width": 2.0})]}) == DONE
    assert len(handler.cases) == 1
    assert handler.table["r1"][0] == 1


def test_a_handler_by_hand_undoes_an_event_that_fails_alone() -> None:
    handler = Handler()
    lengths = [3.0, 1e300, 4.0]
    records = [record(n, {"room": "r1", "length": of, "width": of}) for n, of in enumerate(lengths)]
    assert handler.handle({"Records": records}) == DONE
    assert [reason for _, reason in handler.cases] == ["area is inf"]
    assert handler.table["r1"] == (1, {"area": 16.0, "room": "r1"})


def test_a_handler_by_hand_asks_for_what_could_not_be_published_and_publishes_it_once() -> None:
    class Away(dict[str, Any]):
        is_away = True

        def get(self, key: str, default: Any = None) -> Any:
            if self.is_away:
                raise OSError("away")
            return super().get(key, default)

    table = Away()
    handler = Handler(None, table)
    event = {"Records": [record(8, {"room": "r1", "length": 3.0}), record(9, {"room": "r1", "width": 4.0})]}
    assert handler.handle(event) == {"batchItemFailures": [{"itemIdentifier": "8"}]}
    table.is_away = False
    assert handler.handle(event) == DONE
    assert table == {"r1": (1, {"area": 12.0, "room": "r1"})}
