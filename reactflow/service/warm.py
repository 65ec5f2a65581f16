"""What a warm host remembers of units, to save reads and repeated publishing.

Nothing here is needed for correctness: an item may be stale, which the next write finds out, and what is not known to
be published is published again. So anything may be forgotten at any time, and is when it weighs too much.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from reactflow.flow import State
from reactflow.service.item import Item
from reactflow.service.key import UnitKey

HEAVIEST = 32 << 20  # bytes, about: the smallest function has 128 MiB
_ITEM = 1536  # bytes of an item beside its cells, about, with one mark and one number
_PENDING = 2048  # bytes of a change that waits in it, about
_SCALARS: Final = frozenset({float, int, str, bool, bytes, type(None)})


class _Warm:
    """An item, its state if nothing can change its values, whether what it owes is known to be published."""

    __slots__ = ("is_published", "item", "state", "weight")

    def __init__(self, item: Item, state: State | None, is_published: bool) -> None:
        self.item, self.is_published = item, is_published
        self.state = state if state is not None and _SCALARS.issuperset(map(type, state.values())) else None
        cells = len(item.cells) if self.state is None else 2 * len(item.cells)
        self.weight = cells + _ITEM + _PENDING * len(item.out)


class WarmCache:
    """Items by unit, as this host last wrote or read them; safe to use from several threads."""

    __slots__ = ("_heaviest", "_items", "_lock", "_weight")

    def __init__(self, heaviest: int = HEAVIEST) -> None:
        self._heaviest = heaviest
        self._lock = threading.Lock()
        self._items: OrderedDict[str, _Warm] = OrderedDict()  # least recently used first
        self._weight = 0

    def recall(self, unit: UnitKey) -> Item | None:
        """The item of a unit, maybe a stale one; none whose changes are not known to be published.

        That one may be as old as this process: what it owes would be told long after a rival has told of later things.
        """
        with self._lock:
            there = self._items.get(unit.text)
            if there is None or not there.is_published:
                return None
            self._items.move_to_end(unit.text)
            return there.item

    def recall_state(self, unit: UnitKey, item: Item) -> State | None:
        """The state that this very item holds, if it is remembered. It must not be changed."""
        there = self._items.get(unit.text)
        return there.state if there is not None and there.item is item else None

    def remember(self, unit: UnitKey, item: Item, state: State | None = None) -> None:
        """Keep a unit's item, the least recently used ones giving way."""
        with self._lock:
            self._keep(unit.text, _Warm(item, state, not item.out))

    def note_published(self, unit: UnitKey, item: Item) -> None:
        """Note that all that an item owes is published, and keep the item; what was due need not be kept."""
        with self._lock:
            there = self._items.get(unit.text)
            if there is None or there.item.v != item.v:
                self._keep(unit.text, _Warm(item.settled() if item.out else item, None, True))
            elif not there.is_published:
                there.is_published = True
                there.item = there.item.settled()
                freed = _PENDING * (len(item.out) - len(there.item.out))
                there.weight -= freed
                self._weight -= freed

    def is_published(self, unit: UnitKey, item: Item) -> bool:
        """Whether all that this very item owes is known to be published."""
        if not item.out:
            return True
        with self._lock:
            there = self._items.get(unit.text)
            return there is not None and there.is_published and there.item.v == item.v

    def forget(self, unit: UnitKey) -> None:
        """Forget a unit: its item is of unknown age."""
        with self._lock:
            self._drop(unit.text)

    def _keep(self, text: str, warm: _Warm) -> None:
        there = self._items.get(text)
        if there is not None:
            self._weight -= there.weight
        self._items[text] = warm
        self._items.move_to_end(text)
        self._weight += warm.weight
        while self._weight > self._heaviest and len(self._items) > 1:
            self._drop(next(iter(self._items)))

    def _drop(self, text: str) -> None:
        there = self._items.pop(text, None)
        if there is not None:
            self._weight -= there.weight
