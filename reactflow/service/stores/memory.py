"""A store in memory, for tests and notebooks: gone with its process. It keeps bytes, so nothing is shared."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from reactflow.service.item import Item
from reactflow.service.quarantine import Case
from reactflow.service.stores.store import encode_for_put


class MemoryStore:
    """Keeps units and cases in this process.

    >>> store = MemoryStore()
    >>> store.put("rooms", "room=r1", Item(v=1), expected_v=0)
    >>> store.put("rooms", "room=r1", Item(v=1, held=True), expected_v=0) == Item(v=1)
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, dict[str, tuple[int, bytes]]] = {}
        self._cases: dict[str, dict[str, bytes]] = {}

    def __repr__(self) -> str:
        return f"MemoryStore({sum(map(len, self._items.values()))} units)"

    def get(self, service: str, unit: str) -> Item | None:
        """See ``Store.get``."""
        with self._lock:
            there = self._items.get(service, {}).get(unit)
        return None if there is None else Item.from_bytes(there[1], unit)

    def put(self, service: str, unit: str, item: Item, expected_v: int) -> Item | None:
        """See ``Store.put``."""
        data = encode_for_put(unit, item, expected_v)
        with self._lock:
            items = self._items.setdefault(service, {})
            there = items.get(unit, (0, b""))
            if there[0] == expected_v:
                items[unit] = (item.v, data)
                return None
        return Item.from_bytes(there[1], unit) if there[0] else Item()

    def units(self, service: str) -> Iterator[str]:
        """See ``Store.units``."""
        with self._lock:
            return iter(sorted(self._items.get(service, {})))

    def keep(self, case: Case) -> None:
        """See ``Store.keep``."""
        with self._lock:
            self._cases.setdefault(case.service, {}).setdefault(case.id, case.to_bytes())

    def cases(self, service: str) -> list[Case]:
        """See ``Store.cases``."""
        with self._lock:
            kept = list(self._cases.get(service, {}).values())
        return [Case.from_bytes(each) for each in kept]

    def close(self) -> None:
        """Nothing to let go of: what is kept stays as long as the store."""
