"""The store in a file: several processes at once, and everything that a file may be instead."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from reactflow.errors import ConfigurationError, StateError, Transient
from reactflow.service import Item, SQLiteStore
from tests.service.stores.racing import UNIT, assert_each_version_was_won_once, case, full_item, race


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "units.db"


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
        (write_newer, "has schema version 99, and this reactflow reads 3"),
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


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit of a file's size")
def test_disk_that_takes_no_more_is_tried_again_later_and_keeps_the_old_items(path: Path) -> None:
    """The system itself refuses the write, as it does when there is no room."""
    code = f"""
import resource, signal
from reactflow.errors import Transient
from reactflow.service import Item, SQLiteStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SQLiteStore({str(path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
written = 0
try:
    while written < 100:
        store.put("rooms", f"room={{written}}", Item(v=1, cells=b"x" * 20_000), 0)
        written += 1
except Transient as error:
    print(written, error)
assert len(list(store.units("rooms"))) == written
assert store.get("rooms", "room=0") == Item(v=1, cells=b"x" * 20_000)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    written, _, says = done.stdout.strip().partition(" ")
    assert 0 < int(written) < 100
    assert says.startswith(f"the store {path} cannot be used now: ")
    store = SQLiteStore(path)
    assert len(list(store.units("rooms"))) == int(written)
    assert store.put("rooms", "room=more", Item(v=1, cells=b"x" * 40_000), 0) is None


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


@pytest.mark.parametrize(("version", "later"), [(1, ("contributions", "owing")), (2, ("owing",))])
def test_file_of_an_earlier_version_is_taken_over(path: Path, version: int, later: tuple[str, ...]) -> None:
    store = SQLiteStore(path)
    store.put("rooms", UNIT, full_item(), 0)
    store.put("rooms", "room=quiet", Item(v=1), 0)
    store.put("rooms", "room=broken", Item(v=1), 0)
    store.close()
    connection = sqlite3.connect(path)
    with connection:
        for table in later:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE units SET item = x'ff' WHERE unit = 'room=broken'")
        connection.execute("UPDATE reactflow_schema SET version = ?", (version,))
    connection.close()
    for _ in range(2):
        store = SQLiteStore(path)
        assert store.get("rooms", UNIT) == full_item()
        assert store.ranked("rooms", UNIT, "rooms", highest=True, limit=1) == []
        assert list(store.pending("rooms", 60)) == [UNIT]
        with pytest.raises(StateError, match="room=broken"):
            store.get("rooms", "room=broken")
        store.close()
