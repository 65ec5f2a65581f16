"""Lanes are as fine as the order that a trigger keeps, also while its parallelization factor changes."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Flow, MemoryStore, Pulse, Service, fold, folds, pulse
from reactflow.aws import Kinesis
from reactflow.errors import BindingError
from reactflow.service import Host
from reactflow.testing import kinesis_event
from tests.service.flows import item, values


class House(Flow):
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)


def houses(store: MemoryStore, factor: int, **options: Any) -> Host:
    """Readings come by room; a house has several."""
    source = Kinesis("measurements", parallelization_factor=factor, **options)
    return Host(Service(House, name="houses", key="house", inputs=[source], store=store), store)


RECORDS = kinesis_event(
    *({"room": f"r{place % 2}", "house": "h", "reading": 10**place} for place in range(6)), partition="room"
)["Records"]
EVEN, ODD = RECORDS[::2], RECORDS[1::2]  # the records of each room


def test_part_of_a_shard_that_is_ahead_hides_nothing_of_another() -> None:
    host = houses(MemoryStore(), 2)
    host.handle({"Records": ODD})
    host.handle({"Records": EVEN})
    host.handle({"Records": RECORDS})
    assert values(host.service, "house=h")["total"] == 111111
    assert len(item(host.service, "house=h").marks) == 2


def test_factor_is_raised_while_records_come() -> None:
    store = MemoryStore()
    houses(store, 1).handle({"Records": RECORDS[:3]})
    host = houses(store, 4)
    host.handle({"Records": ODD})
    host.handle({"Records": RECORDS[2:5]})
    host.handle({"Records": RECORDS})
    assert values(host.service, "house=h")["total"] == 111111


def test_unit_of_one_partition_key_has_one_lane_whatever_the_factor_is() -> None:
    store = MemoryStore()
    source = Kinesis("measurements", partition="room", parallelization_factor=10)
    host = Host(Service(House, key="room", inputs=[source], store=store), store)
    host.handle({"Records": RECORDS})
    assert list(item(host.service, "room=r0").marks) == ["kinesis/measurements/shardId-000000000000"]


@pytest.mark.parametrize("factor", [0, 11, 2.0, True, "2"])
def test_factor_that_no_trigger_has_is_refused(factor: Any) -> None:
    with pytest.raises(BindingError, match=r"parallelization_factor=.* is not a number from 1 to 10"):
        Kinesis("measurements", parallelization_factor=factor)
