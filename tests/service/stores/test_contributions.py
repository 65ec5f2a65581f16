"""Contributions in every store: written with their unit or not at all, read as of one moment, and in order."""

from __future__ import annotations

import itertools
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactflow.cells.rank import rank_of
from reactflow.errors import InternalError, StateError
from reactflow.service import Item, MemoryStore, SQLiteStore, Store
from reactflow.service.contribution import Contribution
from reactflow.service.stores.store import MOST

UNIT = "building=b1"


def one(key: str, value: Any, n: str = "1", members: str = "rooms") -> Contribution:
    rank = None if value is None else rank_of(value)
    return Contribution(members=members, key=key, lane="edge/rooms", n=n, value=value, rank=rank)


def put(store: Store, v: int, *contributions: Contribution, unit: str = UNIT) -> Item | None:
    return store.put("buildings", unit, Item(v=v), v - 1, contributions)


def first(
    store: Store, n: int, *, highest: bool = False, members: str = "rooms", unit: str = UNIT
) -> list[str]:
    return [one.key for one in store.ranked("buildings", unit, members, highest=highest, limit=n)]


def test_contributions_are_written_with_their_item(store: Store) -> None:
    assert store.look("buildings", UNIT, [("rooms", "r1")]) == (None, {})
    assert put(store, 1, one("r1", 3.0), one("r2", 4.0)) is None
    item, found = store.look("buildings", UNIT, [("rooms", "r1"), ("rooms", "r9")])
    assert (item, found) == (Item(v=1), {("rooms", "r1"): one("r1", 3.0)})
    assert store.get("buildings", UNIT) == Item(v=1)


def test_contributions_are_not_written_over_another_version(store: Store) -> None:
    put(store, 1, one("r1", 3.0))
    assert store.put("buildings", UNIT, Item(v=1), 0, [one("r1", 9.0), one("r2", 9.0)]) == Item(v=1)
    assert first(store, 9) == ["r1"]
    assert store.look("buildings", UNIT, [("rooms", "r1")])[1] == {("rooms", "r1"): one("r1", 3.0)}


def test_a_contribution_takes_the_place_of_the_one_of_its_name(store: Store) -> None:
    put(store, 1, one("r1", 3.0), one("r2", 4.0))
    put(store, 2, one("r1", 5.0, "2"))
    assert first(store, 9) == ["r2", "r1"]


def test_a_tombstone_keeps_its_number_and_is_in_no_order(store: Store) -> None:
    put(store, 1, one("r1", 3.0), one("r2", 4.0))
    put(store, 2, one("r1", None, "2"))
    assert (first(store, 9), first(store, 9, highest=True)) == (["r2"], ["r2"])
    assert store.look("buildings", UNIT, [("rooms", "r1")])[1] == {("rooms", "r1"): one("r1", None, "2")}
    put(store, 3, one("r1", 1.0, "3"))
    assert first(store, 9) == ["r1", "r2"]


def test_members_and_units_and_services_are_apart(store: Store) -> None:
    put(store, 1, one("r1", 3.0), one("r1", 7.0, members="halls"))
    put(store, 1, one("r1", 5.0), unit="building=b2")
    store.put("floors", UNIT, Item(v=1), 0, [one("r9", 1.0)])
    assert [each.value for each in store.ranked("buildings", UNIT, "halls", highest=False, limit=9)] == [7.0]
    assert [each.value for each in store.ranked("buildings", UNIT, "rooms", highest=False, limit=9)] == [3.0]
    assert first(store, 9, members="none") == []


def test_more_than_a_transaction_takes_is_an_error_of_ours(store: Store) -> None:
    with pytest.raises(InternalError, match=f"{MOST + 1} contributions at once, and {MOST} are the most"):
        put(store, 1, *(one(f"r{number}", 1.0) for number in range(MOST + 1)))
    assert put(store, 1, *(one(f"r{number}", 1.0) for number in range(MOST))) is None


UNITS = itertools.count(1)  # a new one for each example, for they share a store
LONG = "x" * 1200  # longer than what DynamoDB takes as a sort key
VALUES = (
    st.integers(-50, 50)
    | st.floats(-3, 3)
    | st.sampled_from(["", "a", "ä", "~", "b\x00c", "b", LONG, LONG + "a"])
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.sampled_from("abcdefg"), st.none() | VALUES), max_size=25),
    n=st.integers(1, 8),
)
def test_the_first_ones_are_in_the_order_of_rank_and_key_from_either_end(
    store: Store, changes: list[tuple[str, Any]], n: int
) -> None:
    unit = f"building={next(UNITS)}"
    plain: dict[str, Any] = {}
    for v, (key, value) in enumerate(changes, 1):
        put(store, v, one(key, value), unit=unit)
        plain[key] = value
    wanted = sorted((rank_of(value), key) for key, value in plain.items() if value is not None)
    assert first(store, n, unit=unit) == [key for _, key in wanted[:n]]
    assert first(store, n, highest=True, unit=unit) == [key for _, key in wanted[::-1][:n]]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"lane":"l","n":1,"val":2}', b'{"lane":"l","n":"1","val":null}', b"\xff"]
)
def test_what_is_no_contribution_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(StateError, match="the contribution 'r1' to 'rooms' cannot be read"):
        Contribution.from_bytes("rooms", "r1", "n2", data)
    assert Contribution.from_bytes("rooms", "r1", None, one("r1", None).to_bytes()) == one("r1", None)
    assert evolve(one("r1", 2.0), value=2.5).to_bytes() != one("r1", 2.0).to_bytes()


# --- how much work it is ----------------------------------------------------------------------------------------------

SIZES = [10, 1_000, pytest.param(100_000, marks=pytest.mark.slow)]


def filled(store: Any, size: int) -> int:
    """A store with so many contributions to one unit; returns the version of its item."""
    v = 0
    for start in range(0, size, MOST):
        v += 1
        put(
            store,
            v,
            *(one(f"r{number}", number * 7919 % size) for number in range(start, min(size, start + MOST))),
        )
    return v


@pytest.mark.parametrize("size", SIZES)
def test_sqlite_finds_and_changes_contributions_by_its_indexes(size: int, tmp_path: Path) -> None:
    """Instructions of its virtual machine: a search in an index is one, whatever the size of the index."""
    store = SQLiteStore(tmp_path / "units.db")
    v = filled(store, size)
    connection = store._connection
    assert isinstance(connection, sqlite3.Connection)
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    works = []
    connection.set_progress_handler(count, 1)
    for work in (
        lambda: store.ranked("buildings", UNIT, "rooms", highest=True, limit=3),
        lambda: store.ranked("buildings", UNIT, "rooms", highest=False, limit=3),
        lambda: store.look("buildings", UNIT, [("rooms", "r1"), ("rooms", "r2")]),
        lambda: put(store, v + 1, one("r1", 5), one("r2", None)),
    ):
        before = counted[0]
        work()
        works.append(counted[0] - before)
    assert max(works) < 200, works
    connection.set_progress_handler(None, 1)
    store.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_store_in_memory_takes_a_number_of_calls_that_grows_with_the_logarithm(size: int) -> None:
    store = MemoryStore()
    v = filled(store, size)
    calls = [0]

    def count(frame: object, event: str, argument: object) -> None:
        calls[0] += event == "call"

    works = []
    for work in (
        lambda: store.ranked("buildings", UNIT, "rooms", highest=True, limit=3),
        lambda: store.look("buildings", UNIT, [("rooms", "r1")]),
        lambda: put(store, v + 1, one("r1", size // 2)),
    ):
        before = calls[0]
        sys.setprofile(count)
        try:
            work()
        finally:
            sys.setprofile(None)
        works.append(calls[0] - before)
    assert max(works) <= 100 + 12 * size.bit_length(), works
