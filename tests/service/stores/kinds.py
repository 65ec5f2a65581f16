"""The three stores, each new and empty, on a clock that stands still until it is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from reactflow.aws import DynamoDBStore
from reactflow.aws.clients import client
from reactflow.aws.state_layout import unit_key
from reactflow.service import MemoryStore, SQLiteStore, Store

KINDS = ("memory", "sqlite", "dynamodb")
_tables = itertools.count(1)


class Clock:
    """Says the time that it was told."""

    def __init__(self) -> None:
        self.seconds = 1_000_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def made(kind: str, folder: Path, now: Callable[[], float] | None = None) -> Store:
    """A new store of a kind; one in DynamoDB needs the embedded cloud in the environment."""
    now = now or Clock()
    if kind == "memory":
        return MemoryStore(now=now)
    if kind == "sqlite":
        return SQLiteStore(folder / "units.db", now=now)
    store = DynamoDBStore(f"state-{next(_tables)}", now=now)
    store.create()
    return store


def plant(store: Store, unit: str, v: int, data: bytes) -> None:
    """Put a unit of the service ``rooms`` where the store keeps it, whatever it is."""
    if isinstance(store, MemoryStore):
        store._items.setdefault("rooms", {})[unit] = (v, data)
    elif isinstance(store, SQLiteStore):
        assert store._connection is not None
        store._connection.execute("REPLACE INTO units VALUES ('rooms', ?, ?, ?)", (unit, v, data))
    elif isinstance(store, DynamoDBStore):
        item = {**unit_key("rooms", unit), "v": {"N": str(v)}, "item": {"S": data.decode()}}
        client("dynamodb").put_item(TableName=store.table, Item=item)
