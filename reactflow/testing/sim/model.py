"""The model: what a service has to have done, found by applying each record once, in order, through the plain step.

It looks on at every commit. What a commit says that it dealt with (by its marks, and by what is no longer in its
queue) is applied here, one record after the other; then the commit has to have the same state, the same cases, the
same records that wait, and the same changes due. So the sequential answer is held against the real one at every step,
and not only at the end. It shares with what it checks the flow's step, how a record is decoded, and which changes a
new state means; it knows nothing of attempts, numbers or outboxes, and finds the order in which writes count by
itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from reactflow.service import Item, MemoryStore, Service
from reactflow.service.contribution import Contribution
from reactflow.service.item import HARD_LIMIT, Pending
from reactflow.service.key import UnitKey
from reactflow.testing.sim.draft import Draft, Unit
from reactflow.testing.sim.readings import Reading
from reactflow.testing.sim.violation import Violation


@frozen
class Commit:
    """A write of a unit: what was handed over, what it did, and what kind of call it was in.

    ``skips`` is the case that the call gives up. ``was_refused``: an item was found too large in the call.
    ``untold`` are the outputs whose last change was withdrawn, maybe: they may be due though nothing changed.
    """

    readings: Sequence[Reading]
    item: Item
    new: Sequence[Pending]
    contributions: Sequence[Contribution] = ()
    skips: str = ""
    sweeps: bool = False
    was_refused: bool = False
    untold: frozenset[tuple[str, str]] = frozenset()


class Model:
    """A service's units as they have to be."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.units: dict[str, Unit] = {}
        self._shadow = MemoryStore()

    def unit(self, key: UnitKey) -> Unit:
        """A unit, new if nothing was told of it."""
        if key.text not in self.units:
            self.units[key.text] = Unit(key, self.service.step.initial())
        return self.units[key.text]

    def is_done(self, reading: Reading, unit: str) -> bool:
        """Whether a record has had its effect on a unit; one that came too late for it has, too."""
        there = self.units.get(unit)
        return there is not None and (
            reading.id in there.done
            or (reading.skips and reading.order <= there.heights.get(reading.lane, ""))
        )

    def committed(self, unit: UnitKey, commit: Commit) -> None:
        """Raises Violation when this should not have been committed."""
        there = self.unit(unit)
        _check_item(self.service, there, commit.item)
        fresh: dict[str, Reading] = {}
        for one in commit.readings:
            if unit.text in one.events and not self.is_done(one, unit.text):
                fresh.setdefault(one.id, one)
        found, wrong = self._explained(there, commit, [*fresh.values()])
        if found is None:
            raise Violation("I2", f"{self.service.name}, unit {unit.text}, v{commit.item.v}: {wrong}")
        self._accept(there, found, commit)

    def _explained(self, there: Unit, commit: Commit, fresh: Sequence[Reading]) -> tuple[Draft | None, str]:
        """The draft that comes to what was committed; None, and what is wrong with the most likely one."""
        unit, item = there.key.text, commit.item
        # what speaks of contributions is marked there, each by its number: then every part is tried
        said = [one for one in fresh if one.events[unit].said]
        queued = {*item.open_cases, *item.waiting}
        marked = [one for one in fresh if said or one.is_marked(item.marks) or one.case_id(unit) in queued]
        wrong = ""
        for is_too_large in (False, True) if commit.was_refused else (False,):
            for asks in (False, True):
                draft = Draft(self.service, there, self._shadow, marked, asks=asks)
                was_queued = draft.take_queued(item, commit.skips, is_too_large=is_too_large)
                if not draft.take(marked, is_too_large=is_too_large and not was_queued):
                    continue
                if not (missing := _wrong(draft, commit)):
                    return draft, self._idle(draft, commit)
                wrong = wrong or missing
        for place in range(len(marked) - 1 if said else 0, 0, -1):
            for is_too_large in (False, True) if commit.was_refused and place == 1 else (False,):
                draft = Draft(self.service, there, self._shadow, marked[:place], asks=True)
                was_queued = draft.take_queued(item, commit.skips)
                if not draft.take(marked[:place], is_too_large=is_too_large and not was_queued):
                    continue
                if not _wrong(draft, commit):
                    return draft, ""
        return None, wrong or "it says that it dealt with what cannot be dealt with for now"

    def _idle(self, draft: Draft, commit: Commit) -> str:
        """Raise when a commit did nothing that had to be written."""
        if draft.is_idle and not commit.sweeps:
            about = f"{self.service.name}, unit {draft.unit.key.text}, v{commit.item.v}"
            raise Violation("I2", f"{about}: a commit without anything that was not dealt with before")
        return ""

    def _accept(self, there: Unit, draft: Draft, commit: Commit) -> None:
        item = commit.item
        moved = [*draft.contributions.moved.values()]
        if self.service.member_folds:
            self._shadow.put(self.service.name, there.key.text, Item(v=item.v), item.v - 1, moved)
        draft.accept(item)


def _wrong(draft: Draft, commit: Commit) -> str:
    """What a commit has otherwise than a draft; nothing when it is the same."""
    moved = {(one.name, repr(one.value)) for one in draft.contributions.moved.values()}
    told = {(one.name, repr(one.value)) for one in commit.contributions}
    if told != moved:
        return f"the contributions are {told}, and have to be {moved}"
    return draft.wrong(commit.item, commit.new, commit.untold)


def _check_item(service: Service, unit: Unit, item: Item) -> None:
    about = f"{service.name}, unit {unit.key.text}: "
    before = unit.item
    if item.v != before.v + 1:
        raise Violation("I3", f"{about}v{item.v} was written over v{before.v}")
    size = len(item.to_bytes())
    if size > HARD_LIMIT:
        raise Violation("I10", f"{about}the item has {size} bytes")
    for lane, position in before.marks.items():
        if item.marks.get(lane, "") < position:
            raise Violation(
                "I10", f"{about}the mark of {lane} goes back from {position} to {item.marks.get(lane)}"
            )
