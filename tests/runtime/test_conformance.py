"""One service, three ways to run it: live graphs, the local host, and Lambda's runtime under faults, come to the same.

For services that are drawn, the same records go through all of them. Compared are the cells and marks of each unit,
byte for byte, the rows, and the record of each occurrence. The function in the runtime is killed, ended by its timeout
and made to answer too much at drawn points in between, and its trigger is made anew from the first record on. Whenever
it has died, nothing is outside that is not committed.
REACTFLOW_SOAK_EXAMPLES, with the profile ``soak``, says how many services there are; the seed is that of the property
tests, which pytest prints.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve, frozen

from reactflow.aws import DynamoDBStore
from reactflow.aws.attribute_values import write_item
from reactflow.aws.row_writer import is_bookkeeping
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.provision import StreamNeeded, provision
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import Delivery, TriggerSettings
from reactflow.service.item import number_name
from reactflow.service.stores import MemoryStore, SQLiteStore, Store
from tests.faults.bank import scanned
from tests.runtime import points
from tests.runtime.drawn import DrawnService, drawn
from tests.runtime.live import LiveUnit, applied_to_live_graphs, compared

IS_SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
SEEDS = int(os.environ.get("REACTFLOW_SOAK_EXAMPLES", "200")) if IS_SOAK else 3
TIMEOUT = 5

pytestmark = [pytest.mark.slow, pytest.mark.soak]
Rows = dict[str, dict[str, Any]]


@frozen
class End:
    """What a run came to: items and cases by unit, rows by unit, and the occurrences of each log by id."""

    items: dict[str, bytes]
    cases: frozenset[str]
    rows: Rows
    logs: dict[str, Rows]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(SEEDS))
def test_live_graphs_the_local_host_and_the_real_runtime_under_faults_come_to_the_same(
    cloud: Cloud,
    unique: Callable[[str], str],
    tmp_path: Path,
    in_runtime: Callable[..., LambdaRuntime],
    request: pytest.FixtureRequest,
    number: int,
) -> None:
    seed = f"{request.config.option.hypothesis_seed} {number}" if IS_SOAK else number
    chance, stem = Random(f"run {seed}"), unique("c")
    one = drawn(seed, stem, tmp_path)
    records = one.records(chance)
    live = applied_to_live_graphs(one.service, records)
    provision(cloud, [StreamNeeded(f"{stem}-stream", 1)])
    for record in records:
        cloud.client("kinesis").put_record(
            StreamName=f"{stem}-stream", PartitionKey=record.unit, Data=record.data
        )

    memory = MemoryStore()
    LocalHost([one.service], cloud, store=lambda _: memory).run_until_idle(60)
    local = end(cloud, one, memory, stem)
    check_live(one, memory, local, live)
    for table in tables(one, stem):
        cloud.client("dynamodb").delete_table(TableName=table)

    state = f"sqlite:{tmp_path / 'state.db'}" if number % 2 else f"dynamodb:{stem}-state"
    store: Store = SQLiteStore(tmp_path / "state.db") if number % 2 else DynamoDBStore(f"{stem}-state")
    environment = {**cloud.environment(), "REACTFLOW_STATE": state, "FAULTS": str(tmp_path)}
    function = in_runtime(f"{one.module}.handler", tmp_path, timeout=TIMEOUT, environment=environment)
    points.write_script(tmp_path, script(chance))
    heard: list[Delivery] = []
    for size, failures in (
        (3, 1),
        (6, 1),
        (12, 1),
        (chance.choice([10, 100]), chance.randint(1, 2)),
        (chance.choice([3, 30]), 0),
    ):
        run(cloud, one, store, stem, function, size, failures, heard)
    happened, told = points.happened(tmp_path), "\n".join(map(str, heard))
    real = end(cloud, one, store, stem)
    assert differences(real, local) == [], f"{one.text}\n{happened}\n{told}"
    assert real == local
    failed = [delivery for delivery in heard if delivery.outcome == "failed"]
    assert len(failed) >= 5, f"{happened}\n{told}"
    store.close()


def run(
    cloud: Cloud,
    one: DrawnService,
    store: Store,
    stem: str,
    function: LambdaRuntime,
    size: int,
    failures: int,
    heard: list[Delivery],
) -> None:
    """Deliver all of the stream to the function, in batches of a size, or until so many have failed.

    The next one begins anew, so that what was in doubt comes again in other batches, and with more behind it.
    """

    def hear(delivery: Delivery) -> None:
        nonlocal failures
        heard.append(delivery)
        if delivery.outcome == "failed":  # what died is gone, and the next try has not begun
            assert shown_before_it_is_committed(cloud, one, store, stem) == [], one.text
            failures -= 1
            if failures == 0:
                host.stop()

    settings = TriggerSettings(batch_size=size, backoff=0.0)
    handlers = {"drawn": function}
    host = LocalHost(
        [one.service], cloud, store=lambda _: store, settings=settings, delivered=hear, handlers=handlers
    )
    host.run_until_idle(200)


def script(chance: Random) -> dict[int | str, str]:
    """What goes wrong, and where: between committing and publishing, with more records behind what comes again each
    time; around a commit; and at points some way behind each other.
    """
    faults = ["exit", "kill", "kill", "exit", "sleep", "kill"]
    chance.shuffle(faults)
    found: dict[int | str, str] = {
        "before publish": "kill kill kill",
        "before put": "- " * 9 + "kill",
        "after put": "- " * 12 + "kill",
        "answer": "large",
    }
    place = 40
    for fault in faults:
        place += chance.randint(2, 16)
        found[place] = fault
    return found


def tables(one: DrawnService, stem: str) -> list[str]:
    return [f"{stem}-{name}" for name in ("rows", *one.pulses)]


def shown_before_it_is_committed(cloud: Cloud, one: DrawnService, store: Store, stem: str) -> list[str]:
    """The changes in the tables that no unit's item has a number for: they could still come to be others."""
    found = []
    for table in tables(one, stem):
        for shown in scanned(cloud, table):
            id = shown["_event"]["M"]["id"]["S"]
            _, output, unit, destination, n = id.split("/")
            item = store.get("drawn", unit)
            numbers = {} if item is None else item.numbers
            if int(n) > numbers.get(number_name(output, destination.replace(":", "/")), 0):
                found.append(id)
    return found


def end(cloud: Cloud, one: DrawnService, store: Store, stem: str) -> End:
    """What a run came to, apart from how often it wrote, which depends on how its deliveries were cut."""
    items = {}
    for unit in store.units("drawn"):
        item = store.get("drawn", unit)
        assert item is not None
        numbers = {name: n for name, n in item.numbers.items() if not name.endswith("-rows")}
        items[unit] = evolve(item, v=1, out=(), numbers=numbers).to_bytes()
    shown = {item["unit"]["S"]: fields(item) for item in scanned(cloud, f"{stem}-rows")}
    logs = {
        pulse: {item["_id"]["S"]: fields(item) for item in scanned(cloud, f"{stem}-{pulse}")}
        for pulse in one.pulses
    }
    return End(items, frozenset(case.id for case in store.cases("drawn")), shown, logs)


def differences(one: End, other: End) -> list[str]:
    """What items hold differently, which tells more than their bytes."""
    found = []
    for unit in one.items.keys() & other.items.keys():
        here, there = json.loads(one.items[unit]), json.loads(other.items[unit])
        for name in sorted(here.keys() | there.keys()):
            if here.get(name) != there.get(name):
                found.append(f"{unit}: {name}: {here.get(name)} and {there.get(name)}")
    return found


def fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that a row or an occurrence shows, beside the key."""
    return {
        name: normal(value) for name, value in item.items() if name != "unit" and not is_bookkeeping(name)
    }


def normal(attribute: Any) -> Any:
    """An attribute with its numbers as DynamoDB keeps them: 3 for 3.0."""
    if isinstance(attribute, list):
        return [normal(each) for each in attribute]
    if isinstance(attribute, Mapping):
        return {
            kind: Decimal(value) if kind == "N" and isinstance(value, str) else normal(value)
            for kind, value in attribute.items()
        }
    return attribute


def check_live(one: DrawnService, store: Store, found: End, live: Mapping[str, LiveUnit]) -> None:
    """Hold what the local host came to against the live graphs."""
    step = one.service.step
    assert {f"unit={unit}" for unit in live} == found.items.keys()
    for unit, graph in live.items():
        item = store.get("drawn", f"unit={unit}")
        assert item is not None
        values = step.values(step.read(item.cells, item.gv))
        there = {name: compared(graph, name, outcome) for name, outcome in values.items()}
        assert there == graph.values(), one.text
        assert (len(item.open_cases), len(item.waiting), item.held) == (
            graph.cases, graph.waiting, graph.is_held,
        ), one.text  # fmt: skip
        row = graph.row()
        assert found.rows.get(unit) == (None if row is None else fields(write_item(row, "row"))), one.text
        for pulse in one.pulses:
            log = {name: each for name, each in found.logs[pulse].items() if f"/unit={unit}/" in name}
            in_order = [log[name] for name in sorted(log, key=lambda each: int(each.rpartition("/")[2]))]
            assert in_order == [fields(write_item(each, "log")) for each in graph.logs.get(pulse, [])], (
                one.text
            )
