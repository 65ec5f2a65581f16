"""Real temperatures folded for each station and month: every reading once, although deliveries overlap."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from examples import answers, data
from examples.climate import climate, to_celsius
from reactflow import MemoryStore
from reactflow.service.host import Host
from reactflow.testing import kinesis_event

NAMES = ("readings", "mean", "coldest", "warmest", "spread")


def values_of(host: Host, key: tuple[str, str]) -> dict[str, Any]:
    """The values of a unit's cells, from what is stored of it."""
    service = host.service
    item = host.store.get(service.name, service.key.unit(*key).text)
    assert item is not None
    state = service.flow.codec.decode(item.cells)
    return {name: service.step.values(state)[name] for name in NAMES}


def test_every_reading_counts_once_although_deliveries_overlap() -> None:
    host = Host(evolve(climate, outputs=()), MemoryStore())
    readings = data.readings(every=12)
    for start in range(0, len(readings), 400):
        # a hundred records of each piece come again in the next one
        piece = kinesis_event(
            *readings[start : start + 500], stream="readings", partition="month", start=start
        )
        assert host.handle(piece) == {"batchItemFailures": []}
    wanted = answers.climate(readings)
    assert {key: values_of(host, (key[0], key[1])) for key in wanted} == wanted


def test_a_reading_that_is_no_number_leaves_its_month_as_it_is() -> None:
    host = Host(evolve(climate, outputs=()), MemoryStore())
    good = {"station": "Seattle", "month": "2010-01", "fahrenheit": 50.0}
    host.handle(
        kinesis_event(good, {**good, "fahrenheit": "warm"}, good, stream="readings", partition="month")
    )
    assert values_of(host, ("Seattle", "2010-01"))["readings"] == 2
    (case,) = host.store.cases("climate")
    assert "expected float, got 'warm' (str)" in case.reason.message


def test_freezing_is_zero_and_boiling_a_hundred() -> None:
    assert (to_celsius(32.0), to_celsius(212.0)) == (0.0, 100.0)
