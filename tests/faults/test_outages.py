"""A disk that is full, an item that is broken, a store and a sink that are away: what can go on does, the rest waits.

Each fault is a real one: a limit on the size of files, bytes that are no item, a lock that another process of the
database holds. When it is over, a host on the same state comes to the same answer as if there had been none.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest

from reactflow.local import Cloud
from reactflow.local.provision import BucketNeeded, StreamNeeded, provision
from reactflow.local.triggers.destination import payload
from reactflow.service.host import Host
from reactflow.service.stores import SQLiteStore
from reactflow.sql import Table
from tests.faults.bank import Ledger, Names, bank, logged, rows
from tests.faults.hosts import PATIENCE, Life, Nursery, nursery

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Scene:
    """A stream with deposits on it, a state file, and a nursery."""

    def __init__(self, cloud: Cloud, stem: str, folder: Path, cradle: Nursery, seed: str) -> None:
        self.cloud, self.names, self.ledger = cloud, Names.of(stem), Ledger()
        self.state, self.cradle, self.chance = folder / "state.db", cradle, Random(f"{seed} {stem}")
        provision(cloud, [StreamNeeded(self.names.stream, 2)])

    def deposit(self, count: int = 40) -> None:
        self.ledger.deposit(self.cloud, self.names, self.chance, count)

    def host(self, **more: object) -> Life:
        """Have a host born on the state."""
        return self.cradle.host(self.cloud, self.state, self.names, **more)


@pytest.fixture(scope="module")
def cradle() -> Iterator[Nursery]:
    with nursery() as one:
        yield one


@pytest.fixture
def scene(
    cloud: Cloud,
    cradle: Nursery,
    unique: Callable[[str], str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Scene:
    return Scene(cloud, unique("o"), tmp_path, cradle, request.config.option.hypothesis_seed)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock for writing of a SQLite file, as a process that hangs would."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_stored(scene: Scene) -> None:
    scene.deposit(60)
    life = scene.host(largest_file=160 << 10)
    life.listen_until_waiting()
    life.kill()
    assert "the store" in life.waits[0]
    assert "cannot be used now" in life.waits[0]
    told, answer = rows(scene.cloud, scene.names.balances), scene.ledger.balances()
    assert told != answer, "the disk was not full: nothing was tried"
    assert all(row["deposits"] <= answer[account]["deposits"] for account, row in told.items())
    scene.host().finish()
    scene.ledger.check(scene.cloud, scene.names)


@pytest.mark.parametrize("broken", [b"", b"{", b'{"v": 1}'])
def test_an_item_that_is_broken_holds_up_its_unit_and_no_other(scene: Scene, broken: bytes) -> None:
    scene.ledger.give(scene.cloud, scene.names, [("whole", 5), ("broken", 7)])
    scene.host().finish()
    with sqlite3.connect(scene.state) as connection:
        ((item,),) = connection.execute(
            "SELECT item FROM units WHERE service = 'accounts' AND unit = 'account=broken'"
        ).fetchall()
        put = "UPDATE units SET item = ? WHERE service = 'accounts' AND unit = 'account=broken'"
        connection.execute(put, (broken,))
    before = rows(scene.cloud, scene.names.balances)
    scene.ledger.give(scene.cloud, scene.names, [("broken", 1), ("whole", 2), ("broken", 3), ("new", 4)])
    life = scene.host()
    life.listen_until_waiting()
    expected, deadline = scene.ledger.balances() | {"broken": before["broken"]}, time.monotonic() + PATIENCE
    while rows(scene.cloud, scene.names.balances) != expected and time.monotonic() < deadline:
        life.listen(0.1)
    life.kill()
    assert rows(scene.cloud, scene.names.balances) == expected
    assert {wait.split(":")[0] for wait in life.waits} == {"unit account=broken"}
    with sqlite3.connect(scene.state) as connection:
        connection.execute(put, (item,))
    scene.host().finish()
    scene.ledger.check(scene.cloud, scene.names)


def test_a_store_that_is_away_for_a_while_is_waited_for(scene: Scene) -> None:
    scene.deposit()
    SQLiteStore(scene.state).close()
    life = scene.host(patience=0.2)
    with locked(scene.state):
        life.listen_until_waiting()
        assert rows(scene.cloud, scene.names.balances) == {}
    assert "the store" in life.waits[0]
    assert "locked" in life.waits[0]
    life.finish()
    scene.ledger.check(scene.cloud, scene.names)


def stored(path: Path) -> dict[tuple[str, str], object]:
    """What a state file says of each unit: its cells, its marks and the numbers of its changes."""
    store = SQLiteStore(path)
    items = {
        (service, unit): store.get(service, unit)
        for service in ("accounts", "audits")
        for unit in store.units(service)
    }
    store.close()
    return {one: item and (item.cells, item.marks, item.numbers) for one, item in items.items()}


def test_a_host_that_stood_still_in_the_middle_of_a_write_changes_nothing_when_it_goes_on(
    scene: Scene,
) -> None:
    scene.deposit(60)
    SQLiteStore(scene.state).close()
    with nursery() as other, ExitStack() as still:
        with locked(scene.state):
            zombie = other.host(scene.cloud, scene.state, scene.names, settings={"batch_size": 3})
            assert zombie.listen(PATIENCE, until="at work")
            zombie.listen(2.0, until="delivered")  # by then it has read, and wants to write
            still.enter_context(zombie.standing_still())
        scene.host().finish()
        scene.ledger.check(scene.cloud, scene.names)
        before = stored(scene.state)
        still.close()
        # It is killed when it has written, or been refused: going on, it would apply all that is left anew.
        assert zombie.listen(PATIENCE, until="delivered")
        zombie.kill()
    assert stored(scene.state) == before
    scene.ledger.check(scene.cloud, scene.names)


def sink_of(folder: Path) -> tuple[Path, str]:
    """A database as a sink: its file, which is made here, and its URL."""
    path = folder / "balances.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE balances (account TEXT PRIMARY KEY, balance INT, deposits INT, digest INT)"
        )
    return path, f"sqlite:///{path}?timeout=0.1"


def balances_in(path: Path) -> dict[str, dict[str, int]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT account, balance, deposits, digest FROM balances").fetchall()
    return {
        account: {"balance": balance, "deposits": deposits, "digest": digest}
        for account, balance, deposits, digest in found
    }


def test_a_sink_that_is_away_is_waited_for(scene: Scene, tmp_path: Path) -> None:
    path, url = sink_of(tmp_path)
    scene.deposit()
    with locked(path):
        life = scene.host(balances=url)
        life.listen_until_waiting()
    assert "changes could not be written to sql/balances yet" in life.waits[0]
    life.finish()
    assert balances_in(path) == scene.ledger.balances()
    scene.ledger.check(scene.cloud, scene.names, balances=False)


def test_a_sink_that_is_away_for_longer_than_the_retries_gets_all_when_what_was_given_up_is_handled_again(
    scene: Scene, tmp_path: Path
) -> None:
    path, url = sink_of(tmp_path)
    bucket = f"{scene.names.stream[:40]}-given-up"
    provision(scene.cloud, [BucketNeeded(bucket)])
    scene.deposit(12)
    settings = {"maximum_retry_attempts": 2, "batch_size": 7, "on_failure": f"arn:aws:s3:::{bucket}"}
    with locked(path):
        life = scene.host(balances=url, settings=settings)
        outcomes = life.finish()["outcomes"]
    assert outcomes["discarded"] > 0, outcomes
    assert balances_in(path) == {}
    kept = [each["discarded"] for each in life.said if "discarded" in each]
    accounts = bank(scene.names, Table(url, "balances")).services["accounts"]
    store = SQLiteStore(scene.state)
    with scene.cloud.exported():
        for name in kept:
            body = scene.cloud.client("s3").get_object(Bucket=bucket, Key=name)["Body"].read()
            answer = Host(accounts, store).handle(payload(json.loads(body)))
            assert answer == {"batchItemFailures": []}
    store.close()
    assert balances_in(path) == scene.ledger.balances()
    assert logged(scene.cloud, scene.names.log) == scene.ledger.log()
    scene.host(balances=url).finish()
    assert balances_in(path) == scene.ledger.balances()
    scene.ledger.check(scene.cloud, scene.names, balances=False)
