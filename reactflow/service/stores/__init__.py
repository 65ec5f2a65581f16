"""Stores: where the items of units and the cases of a service are kept."""

from __future__ import annotations

from reactflow.service.stores.memory import MemoryStore
from reactflow.service.stores.opening import as_store, open_store, opens_stores
from reactflow.service.stores.sqlite import SQLiteStore
from reactflow.service.stores.store import Store

__all__ = ["MemoryStore", "SQLiteStore", "Store", "as_store", "open_store", "opens_stores"]
