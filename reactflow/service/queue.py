"""The queue of a unit: its open cases in order, and what waits behind one that holds the key.

A case that all which it feeds can do without for now (the last writer wins, or the order does not count) is *free*:
later events go on, and what a later write has overtaken stays so when the case is redriven. Any other *holds* the key:
later records wait behind it, and are released in order when it is redriven or skipped. So there is at most one that
holds, the last of the open ones.

Only ids are here; the records are in the store's quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from reactflow.errors import EventError, Gap, LateRecord, Superseded, Transient
from reactflow.flow import Event
from reactflow.service.caseid import is_in_lane, lane_of
from reactflow.service.item import Item

if TYPE_CHECKING:
    from reactflow.service.arrival import Arrival
    from reactflow.service.service import Service

MOST_SEEN: Final = 256  # ids of cases that were of no unit, which a unit remembers
MOST_BYTES: Final = 160_000  # of ids in one item: well within what the smallest store takes


class Queue:
    """A unit's queue while the unit is worked on: a fresh copy for every attempt."""

    def __init__(self, item: Item) -> None:
        turns = item.turns or range(1, len(item.open_cases) + 1)
        self.cases = dict(zip(item.open_cases, turns, strict=True))
        self.waiting = dict.fromkeys(item.waiting)
        self.held = item.held
        self.overtaken = dict(item.overtaken)
        self._before = self._parts()

    def _parts(self) -> tuple[object, ...]:
        return [*self.cases], [*self.waiting], self.held, dict(self.overtaken)

    @property
    def has_changed(self) -> bool:
        """Whether it is another than in the item."""
        return self._parts() != self._before

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.cases or self.waiting)

    @property
    def is_released(self) -> bool:
        """Whether records wait that need not wait any longer."""
        return bool(self.waiting) and not self.held

    @property
    def holder(self) -> str:
        """The id that everything behind waits for; empty when nothing has to wait."""
        if self.held and self.cases:
            return next(reversed(self.cases))
        return next(iter(self.waiting), "")

    def __contains__(self, id: str) -> bool:
        return id in self.cases or id in self.waiting

    def is_due(self, id: str) -> bool:
        """Whether one may be tried now: any open case, and the first that waits when nothing holds it."""
        return id in self.cases or (self.is_released and id == next(iter(self.waiting)))

    # --- coming and going ----------------------------------------------------------------------------------------

    def confirm_room(self, id: str) -> None:
        """Raise Transient when there is no room for one more: its key has to stop, for nothing is dropped."""
        if id in self:
            return
        size = sum(len(one) + 4 for one in (*self.cases, *self.waiting, id))
        if size > MOST_BYTES:
            raise Transient(
                f"{len(self.cases)} open cases and {len(self.waiting)} records behind them wait, and an item has no "
                f"room for more: redrive or skip {self.holder or next(iter(self.cases))}"
            )

    def enter(self, id: str, *, holds: bool) -> None:
        """Enter a case, or keep one that is there; ``holds`` says whether later records have to wait behind it."""
        if id in self.cases:
            if self.held and id == self.holder:
                self.held = holds
            return
        self.waiting.pop(id, None)
        self.cases[id] = max((*self.cases.values(), *self.overtaken.values()), default=0) + 1
        self.held = holds

    def wait(self, id: str) -> None:
        """Have a record wait behind the case that holds the key."""
        self.waiting[id] = None

    def leave(self, id: str) -> None:
        """Take out a case, or what waited: it is dealt with."""
        if self.held and id == self.holder:
            self.held = False
        self.cases.pop(id, None)
        self.waiting.pop(id, None)
        if not self.cases:
            self.overtaken.clear()

    def release(self) -> None:
        """Have the case that holds the key tried again, and what waits behind it: what it lacked has come."""
        holder = self.holder
        del self.cases[holder]
        self.held, self.waiting = False, {holder: None, **self.waiting}

    def is_filled_by(self, arrival: Arrival, mark: str) -> bool:
        """Whether an arrival is what the case that holds the key lacks, or comes before it."""
        if arrival.link is None or not self.held or not is_in_lane(self.holder, arrival.lane):
            return False
        return lane_of(self.holder)[1] > mark and int(arrival.position) == int(mark or 0) + 1

    # --- what a later write has overtaken --------------------------------------------------------------------------

    def is_overtaken(self, id: str, cell: str) -> bool:
        """Whether a write of a cell by a case comes too late: a later record has written it."""
        return id in self.cases and self.overtaken.get(cell, 0) >= self.cases[id]

    def note_writes(self, id: str, cells: Iterable[str]) -> None:
        """Note that cells were written: by the open case ``id``, at its own turn; else after all open cases."""
        if self.cases:
            turn = self.cases[id] if id in self.cases else max(self.cases.values())
            for cell in cells:
                self.overtaken[cell] = max(turn, self.overtaken.get(cell, 0))

    def still_due(self, arrival: Arrival, cell_versions: Mapping[str, str]) -> Event:
        """The event without the writes that a later one of their cells has overtaken; a removal wins ties."""
        versions, event = arrival.event.versions, arrival.event.event
        writes = event.writes
        if versions:
            writes = {
                name: value
                for name, value in writes.items()
                if name not in versions or versions[name] > (cell_versions.get(name, ""), False)
            }
        if arrival.is_queued:  # it keeps its own place among the writes
            id = arrival.id
            writes = {name: value for name, value in writes.items() if not self.is_overtaken(id, name)}
        if event.writes and not writes and not event.occurrences:
            raise Superseded(f"{', '.join(event.writes)}: a later version is there")
        return event if writes is event.writes else Event(writes, event.occurrences)


def holds(service: Service, arrival: Arrival, error: EventError) -> bool:
    """Whether later events of a key wait behind one that could not be applied.

    They do when a fold needs what it feeds in order. Of a record that could not be read, that is all which its inputs
    feed; of an occurrence whose predecessor is missing, what that would have fed.
    """
    if isinstance(error, LateRecord):
        return False
    event = arrival.event
    if isinstance(error, Gap) or event.error is None:
        fed = {*event.event.writes, *event.event.occurrences, *(said.members for said in event.said)}
        return isinstance(error, Gap) or not service.in_order.isdisjoint(fed)
    inputs = service.inputs_of.get(arrival.record.resource, ())
    return any(not service.in_order.isdisjoint(one.feeds) for one in inputs)
