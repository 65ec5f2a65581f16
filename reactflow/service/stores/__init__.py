"""Stores: where the items of units and the cases of a service are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reactflow.later import later
from reactflow.service.stores.memory import MemoryStore
from reactflow.service.stores.opening import as_store, open_store, opens_stores
from reactflow.service.stores.store import Store

if TYPE_CHECKING:
    from reactflow.service.stores.sqlite import SQLiteStore
else:  # its library is loaded by those who keep state in a file
    __getattr__ = later(__name__, {"reactflow.service.stores.sqlite": "SQLiteStore"})

__all__ = ["MemoryStore", "SQLiteStore", "Store", "as_store", "open_store", "opens_stores"]
