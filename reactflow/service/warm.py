"""What a warm host remembers of units, to save reads and repeated publishing.

Nothing here is needed for correctness: an item may be stale, which the next write finds out, and what is not known to
be published is published again. So anything may be forgotten at any time, and is when it weighs too much.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from reactflow.service.item import Item
from reactflow.service.key import UnitKey

HEAVIEST = 32 << 20  # bytes, about: the smallest function has 128 MiB
_OVERHEAD = 2048  # bytes of an item beside its cells, about


class WarmCache:
    """Items by unit, as this host last wrote or read them; safe to use from several threads."""

    __slots__ = ("_heaviest", "_items", "_lock", "_published", "_weight")

    def __init__(self, heaviest: int = HEAVIEST) -> None:
        self._heaviest = heaviest
        self._lock = threading.Lock()
        self._items: OrderedDict[str, Item] = OrderedDict()  # least recently used first
        self._published: dict[str, int] = {}  # the v whose pending changes are known to be out
        self._weight = 0

    def recall(self, unit: UnitKey) -> Item | None:
        """The item of a unit, maybe a stale one."""
        with self._lock:
            if unit.text in self._items:
                self._items.move_to_end(unit.text)
            return self._items.get(unit.text)

    def remember(self, unit: UnitKey, item: Item) -> None:
        """Keep a unit's item, the least recently used ones giving way."""
        with self._lock:
            self._drop(unit.text, keep_published=True)
            self._items[unit.text] = item
            self._weight += _weight(item)
            while self._weight > self._heaviest and len(self._items) > 1:
                self._drop(next(iter(self._items)))

    def note_published(self, unit: UnitKey, item: Item) -> None:
        """Note that all that an item owes is published, and keep the item."""
        self.remember(unit, item)
        with self._lock:
            self._published[unit.text] = item.v

    def is_published(self, unit: UnitKey, item: Item) -> bool:
        """Whether all that this very item owes is known to be published."""
        with self._lock:
            return not item.out or self._published.get(unit.text) == item.v

    def forget(self, unit: UnitKey) -> None:
        """Forget a unit: its item is of unknown age."""
        with self._lock:
            self._drop(unit.text)

    def _drop(self, text: str, keep_published: bool = False) -> None:
        item = self._items.pop(text, None)
        if item is not None:
            self._weight -= _weight(item)
        if not keep_published:
            self._published.pop(text, None)


def _weight(item: Item) -> int:
    return len(item.cells) + _OVERHEAD * (1 + len(item.out))
