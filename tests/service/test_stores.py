"""One suite that every store passes, and what only the file's store has to do."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from reactflow.errors import ConfigurationError, InternalError, StateError, Transient
from reactflow.service.item import HARD_LIMIT, Item, Pending
from reactflow.service.quarantine import Case, Reason
from reactflow.service.stores import MemoryStore, SQLiteStore, Store

UNIT = "room=r1"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "units.db")
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "units.db"


def case(position: str, message: str = "bad", service: str = "rooms") -> Case:
    return Case(service=service, lane="l", position=position, reason=Reason(kind="record", message=message))


def full_item() -> Item:
    change = Pending(
        id="rooms/area/r1/d/1", output="area", destination="d", n=1, values={"area": 12.0, "\u00fc": [1]}
    )
    return Item(
        v=1, gv="1a", cells=b"\xff\x00{}", marks={"l": "1"}, out=(change,), numbers={"area|d": 1}, held=True
    )


# -- every store --


def test_item_that_was_put_is_there(store: Store) -> None:
    assert store.get("rooms", UNIT) is None
    assert store.put("rooms", UNIT, full_item(), 0) is None
    assert store.get("rooms", UNIT) == full_item()
    assert store.put("rooms", UNIT, full_item().next(out=()), 1) is None
    assert store.get("rooms", UNIT) == full_item().next(out=())


def test_put_over_another_version_changes_nothing_and_returns_what_is_there(store: Store) -> None:
    store.put("rooms", UNIT, Item(v=1, cells=b"first"), 0)
    assert store.put("rooms", UNIT, Item(v=1, cells=b"rival"), 0) == Item(v=1, cells=b"first")
    assert store.put("rooms", UNIT, Item(v=3, cells=b"late"), 2) == Item(v=1, cells=b"first")
    assert store.get("rooms", UNIT) == Item(v=1, cells=b"first")


def test_put_over_a_unit_that_is_gone_returns_an_empty_item(store: Store) -> None:
    assert store.put("rooms", UNIT, Item(v=8), 7) == Item()
    assert store.get("rooms", UNIT) is None


def test_version_that_does_not_grow_by_one_is_an_error_of_ours(store: Store) -> None:
    with pytest.raises(InternalError, match="the version after 0 is 1, not 2"):
        store.put("rooms", UNIT, Item(v=2), 0)


def test_too_large_an_item_is_refused_and_not_kept(store: Store) -> None:
    with pytest.raises(StateError, match="unit 'room=r1' has"):
        store.put("rooms", UNIT, Item(v=1, cells=b"x" * HARD_LIMIT), 0)
    assert store.get("rooms", UNIT) is None


def test_units_of_a_service_are_listed_in_order_and_apart_from_others(store: Store) -> None:
    for unit in ("room=b", "room=a", "()", "room=\u00fc"):
        store.put("rooms", unit, Item(v=1), 0)
    store.put("floors", "floor=1", Item(v=1), 0)
    assert list(store.units("rooms")) == ["()", "room=a", "room=b", "room=\u00fc"]
    assert list(store.units("floors")) == ["floor=1"]
    assert list(store.units("none")) == []


def test_units_may_be_written_while_they_are_listed(store: Store) -> None:
    for unit in ("a", "b"):
        store.put("rooms", unit, Item(v=1), 0)
    for unit in store.units("rooms"):
        store.put("rooms", unit, Item(v=2), 1)
        store.put("rooms", unit + "x", Item(v=1), 0)
    assert list(store.units("rooms")) == ["a", "ax", "b", "bx"]


def test_case_is_kept_once_and_in_order(store: Store) -> None:
    for each in (case("2"), case("1"), case("2", "again"), case("1", service="floors")):
        store.keep(each)
    assert store.cases("rooms") == [case("2"), case("1")]
    assert store.cases("floors") == [case("1", service="floors")]


def test_case_of_a_lane_that_cannot_be_encoded_is_kept(store: Store) -> None:
    odd = Case(
        service="rooms", lane="s3/photos/\ud800", position="1", reason=Reason(kind="record", message="\udfff")
    )
    store.keep(odd)
    assert store.cases("rooms") == [odd]


def test_store_is_closed_twice_without_harm(store: Store) -> None:
    store.close()
    store.close()


def test_of_many_threads_exactly_one_wins_each_version(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(partial(race, store), range(8)))
    assert_each_version_was_won_once(store, wins)


def race(store: Store, racer: int, rounds: int = 25) -> list[int]:
    """Write over whatever is there, again and again; the versions that were won."""
    won: list[int] = []
    item = store.get("rooms", UNIT) or Item()
    for _ in range(rounds):
        mine = item.next(marks={**item.marks, f"{racer}/{item.v + 1:06}": "won"})
        there = store.put("rooms", UNIT, mine, item.v)
        if there is None:
            won.append(mine.v)
        item = there or mine
    return won


def assert_each_version_was_won_once(store: Store, wins: list[list[int]]) -> None:
    won = sorted(v for each in wins for v in each)
    assert won == list(range(1, len(won) + 1))
    item = store.get("rooms", UNIT)
    assert item is not None
    assert item.v == len(won)
    assert sorted(item.marks) == sorted(f"{racer}/{v:06}" for racer, each in enumerate(wins) for v in each)


# -- the store in a file --


def race_in_process(path: Path, racer: int) -> list[int]:
    return race(SQLiteStore(path, timeout=60), racer)


def test_of_many_processes_that_also_make_the_file_exactly_one_wins_each_version(path: Path) -> None:
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        wins = list(pool.map(partial(race_in_process, path), range(4)))
    assert_each_version_was_won_once(SQLiteStore(path), wins)


def test_what_was_put_outlives_the_store(path: Path) -> None:
    first = SQLiteStore(path)
    first.put("rooms", UNIT, full_item(), 0)
    first.keep(case("1"))
    first.close()
    second = SQLiteStore(path)
    assert second.get("rooms", UNIT) == full_item()
    assert second.cases("rooms") == [case("1")]


def test_closed_store_opens_again_when_used(path: Path) -> None:
    store = SQLiteStore(path)
    store.put("rooms", UNIT, full_item(), 0)
    store.close()
    assert store.get("rooms", UNIT) == full_item()


def test_many_stores_may_make_one_file_at_once(path: Path) -> None:
    ready = threading.Barrier(8)

    def make(number: int) -> Item | None:
        ready.wait()
        return SQLiteStore(path).put("rooms", f"room={number}", Item(v=1), 0)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(make, range(8))) == [None] * 8
    assert len(list(SQLiteStore(path).units("rooms"))) == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_process_uses_a_connection_of_its_own(path: Path) -> None:
    store = SQLiteStore(path)
    store.put("rooms", UNIT, Item(v=1), 0)
    child = os.fork()
    if child == 0:
        os._exit(0 if store.put("rooms", UNIT, Item(v=2), 1) is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.get("rooms", UNIT) == Item(v=2)


def write_text(path: Path) -> None:
    path.write_text("this is a text file, and a rather long one at that" * 100)


def write_foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (id)")
    connection.close()


def write_newer(path: Path) -> None:
    SQLiteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE reactflow_schema SET version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (write_text, "file is not a database"),
        (write_foreign, r"is another program's database \(it has customers\): name another file"),
        (write_newer, "has schema version 99, and this reactflow reads 2"),
        (Path.mkdir, "unable to open database file"),
    ],
)
def test_foreign_file_is_refused_by_name_and_left_as_it_is(
    path: Path, prepare: Callable[[Path], None], says: str
) -> None:
    prepare(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(ConfigurationError, match=says) as caught:
        SQLiteStore(path)
    assert str(path) in str(caught.value)
    assert before == (path.read_bytes() if path.is_file() else b"")


def test_file_that_was_cut_is_refused_by_name(path: Path) -> None:
    store = SQLiteStore(path)
    for number in range(50):
        store.put("rooms", f"room={number}", Item(v=1, cells=b"x" * 5000), 0)
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(ConfigurationError, match=r"units\.db"):
        [SQLiteStore(path).get("rooms", f"room={number}") for number in range(50)]


def test_folder_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"there is no folder .*/nope; make it, or name a file in one"
    ):
        SQLiteStore(tmp_path / "nope" / "units.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_store_without_a_file_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match=r"use MemoryStore\(\), or name a file"):
        SQLiteStore(path)


def test_locked_file_is_tried_again_later(path: Path) -> None:
    store = SQLiteStore(path, timeout=0.01)
    rival = sqlite3.connect(path, isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="database is locked"):
        store.put("rooms", UNIT, Item(v=1), 0)
    rival.execute("ROLLBACK")
    rival.close()
    assert store.put("rooms", UNIT, Item(v=1), 0) is None


def test_full_disk_is_tried_again_later_and_keeps_the_old_item(path: Path) -> None:
    store = SQLiteStore(path)
    store.put("rooms", UNIT, Item(v=1), 0)
    assert store._connection is not None
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Transient, match="full"):
        store.put("rooms", UNIT, Item(v=2, cells=b"x" * 100_000), 1)
    assert store.get("rooms", UNIT) == Item(v=1)
    assert store.put("rooms", UNIT, Item(v=2), 1) is None


@pytest.mark.parametrize(
    ("v", "data"), [(1, b"\xff"), (1, b"{}"), (2, Item(v=1).to_bytes()), (1, "text"), (1, None), (1, b"")]
)
def test_corrupt_item_is_a_state_error_that_names_the_unit(path: Path, v: int, data: object) -> None:
    store = SQLiteStore(path)
    assert store._connection is not None
    store._connection.execute("DROP TABLE units")
    store._connection.execute("CREATE TABLE units (service, unit, v, item)")
    store._connection.execute("INSERT INTO units VALUES ('rooms', ?, ?, ?)", (UNIT, v, data))
    with pytest.raises(StateError, match="room=r1"):
        store.get("rooms", UNIT)
    with pytest.raises(StateError, match="room=r1"):
        store.put("rooms", UNIT, Item(v=1), 0)


def test_file_of_before_there_were_contributions_is_taken_over(path: Path) -> None:
    store = SQLiteStore(path)
    store.put("rooms", UNIT, full_item(), 0)
    store.close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DROP TABLE contributions")
        connection.execute("UPDATE reactflow_schema SET version = 1")
    connection.close()
    for _ in range(2):
        store = SQLiteStore(path)
        assert store.get("rooms", UNIT) == full_item()
        assert store.ranked("rooms", UNIT, "rooms", highest=True, limit=1) == []
        store.close()
