"""A store in memory, for tests and notebooks: gone with its process. It keeps bytes, so nothing is shared."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from reactflow.cells.ordered import OrderedMap
from reactflow.service.item import Item
from reactflow.service.stores.store import Now, encode_for_put

if TYPE_CHECKING:
    from reactflow.service.contribution import Contribution
    from reactflow.service.quarantine import Case


class MemoryStore:
    """Keeps units and cases in this process. ``now`` is its clock.

    >>> store = MemoryStore()
    >>> store.put("rooms", "room=r1", Item(v=1), expected_v=0)
    >>> store.put("rooms", "room=r1", Item(v=1, held=True), expected_v=0) == Item(v=1)
    True
    """

    in_flight = 1

    def __init__(self, *, now: Now = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._items: dict[str, dict[str, tuple[int, bytes]]] = {}
        self._contributions: dict[tuple[str, str], dict[tuple[str, str], tuple[str | None, bytes]]] = {}
        self._ranked: dict[tuple[str, str, str], OrderedMap[tuple[str, str], bytes]] = {}
        # when units were written that owe changes, the longest ago first
        self._owing: dict[str, dict[str, float]] = {}
        self._cases: dict[str, dict[str, bytes]] = {}

    def __repr__(self) -> str:
        return f"MemoryStore({sum(map(len, self._items.values()))} units)"

    def get(self, service: str, unit: str) -> Item | None:
        """See ``Store.get``."""
        return self.look(service, unit, ())[0]

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        """See ``Store.look``."""
        with self._lock:
            there = self._items.get(service, {}).get(unit)
            kept = self._contributions.get((service, unit), {})
            found = {name: kept[name] for name in names if name in kept}
        item = None if there is None else Item.from_bytes(there[1], unit)
        return item, {name: _contribution(*name, rank, data) for name, (rank, data) in found.items()}

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        """See ``Store.ranked``."""
        with self._lock:
            kept = self._ranked.get((service, unit, members), OrderedMap())
        found = kept.highest(limit) if highest else kept.lowest(limit)
        return [_contribution(members, key, rank, data) for (rank, key), data in found]

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        """See ``Store.put``."""
        data = encode_for_put(unit, item, expected_v, contributions)
        written = [(one, one.to_bytes()) for one in contributions]
        with self._lock:
            items = self._items.setdefault(service, {})
            there = items.get(unit, (0, b""))
            if there[0] == expected_v:
                items[unit] = (item.v, data)
                owing = self._owing.setdefault(service, {})
                owing.pop(unit, None)
                if item.owes:
                    owing[unit] = self._now()
                for one, content in written:
                    self._keep(service, unit, one, content)
                return None
        return Item.from_bytes(there[1], unit) if there[0] else Item()

    def _keep(self, service: str, unit: str, one: Contribution, content: bytes) -> None:
        kept = self._contributions.setdefault((service, unit), {})
        ranked = self._ranked.get((service, unit, one.members), OrderedMap())
        rank, _ = kept.get(one.name, (None, b""))
        if rank is not None:
            ranked = ranked.remove((rank, one.key))
        if one.rank is not None:
            ranked = ranked.put((one.rank, one.key), content)
        kept[one.name] = one.rank, content
        self._ranked[service, unit, one.members] = ranked

    def units(self, service: str) -> Iterator[str]:
        """See ``Store.units``."""
        with self._lock:
            return iter(sorted(self._items.get(service, {})))

    def pending(self, service: str, idle: float) -> Iterator[str]:
        """See ``Store.pending``."""
        with self._lock:
            latest = self._now() - idle
            return iter([unit for unit, at in self._owing.get(service, {}).items() if at <= latest])

    def keep(self, case: Case) -> None:
        """See ``Store.keep``."""
        with self._lock:
            self._cases.setdefault(case.service, {}).setdefault(case.id, case.to_bytes())

    def cases(self, service: str) -> list[Case]:
        """See ``Store.cases``."""
        with self._lock:
            kept = list(self._cases.get(service, {}).values())
        from reactflow.service.quarantine import Case

        return [Case.from_bytes(each) for each in kept]

    def case(self, service: str, id: str) -> Case | None:
        """See ``Store.case``."""
        with self._lock:
            kept = self._cases.get(service, {}).get(id)
        from reactflow.service.quarantine import Case

        return None if kept is None else Case.from_bytes(kept)

    def forget(self, service: str, ids: Collection[str]) -> None:
        """See ``Store.forget``."""
        with self._lock:
            kept = self._cases.get(service, {})
            for id in ids:
                kept.pop(id, None)

    def close(self) -> None:
        """Nothing to let go of: what is kept stays as long as the store."""


def _contribution(members: str, key: str, rank: str | None, data: bytes) -> Contribution:
    from reactflow.service.contribution import Contribution  # of flows with members

    return Contribution.from_bytes(members, key, rank, data)
