"""The store of a run: a real one, whose calls fail, wait, lose their answers and show what is old.

Every write that took place is told to whoever watches, in the very moment. It must not change what is stored, nor what
a store promises: a stale read is an item that was there, and a write whose answer is lost was made once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from reactflow.errors import StateError, Transient, Unreadable
from reactflow.service import Case, Item
from reactflow.service.contribution import Contribution
from reactflow.service.stores import Store
from reactflow.testing.sim.baton import Baton
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.ledger import Unit
from reactflow.testing.sim.violation import Violation

Watch = Callable[[str, str, Item, Item, Sequence[Contribution]], None]
"""Told of a write: service, unit, the item before and after, the contributions written with it."""

OLDEST = 3  # how many commits a stale read may be behind


class SimStore:
    """A store that does what a store may do at its worst."""

    def __init__(self, inner: Store, chaos: Chaos, baton: Baton, watch: Watch) -> None:
        self.inner = inner
        self.refused: set[tuple[object, Unit]] = set()  # by which task which unit was found too large
        self.away: set[tuple[object, Unit]] = set()  # for which task which unit cannot be reached
        self.lost: set[tuple[object, Unit]] = set()  # whose write of which unit was not answered
        self.corrupt: set[Unit] = set()
        self.kept: list[Case] = []
        self.writes = 0
        self.in_flight = 1
        self._chaos, self._baton, self._watch = chaos, baton, watch
        self._past: dict[Unit, list[Item]] = {}

    def get(self, service: str, unit: str) -> Item | None:
        """See ``Store.get``: it may be a little old."""
        self._reach(f"get {unit}", service, unit)
        there = self.inner.get(service, unit)
        past = self._past.get((service, unit), [])
        if len(past) > 1 and self._chaos.strikes("stale", f"get {unit}"):
            there = self._chaos.draw("stale").choice(past[-1 - OLDEST : -1])
        self._say(f"get {unit} -> {_shown(there)}")
        return there

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        """See ``Store.look``."""
        self._reach(f"look {unit}", service, unit)
        found = self.inner.look(service, unit, names)
        self._say(f"look {unit} -> {_shown(found[0])}, {len(found[1])} contributions")
        return found

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        """See ``Store.ranked``."""
        self._reach(f"ranked {unit}", service, unit)
        return self.inner.ranked(service, unit, members, highest=highest, limit=limit)

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
        **more: Any,
    ) -> Item | None:
        """See ``Store.put``."""
        chaos, here = self._chaos, (service, unit)
        self._reach(f"put {unit} v{item.v}", service, unit)
        if chaos.strikes("size", f"put {unit}"):
            self.refused.add((self._baton.current, here))
            raise StateError("simulated: the item is too large")
        before = self._past.get(here, [Item()])[-1]
        there = self.inner.put(service, unit, item, expected_v, contributions, **more)
        if there is not None:
            self._say(f"put {unit} v{item.v} refused, there is {_shown(there)}")
            return there
        self.writes += 1
        self._say(f"put {unit} v{item.v}, {len(item.out)} due, {len(item.open_cases)} cases")
        self._past.setdefault(here, []).append(item)
        with chaos.looking_on():
            try:
                self._watch(service, unit, before, item, contributions)
            except Exception as error:  # of the watch itself: the code that is tried must not swallow it
                raise Violation("the simulator", f"failed at unit {unit} v{item.v}: {error!r}") from error
        if chaos.strikes("lost-answer", f"put {unit} v{item.v}"):
            self.lost.add((self._baton.current, here))
            if chaos.draw("lost-answer").random() < 0.5:
                raise Transient("simulated: the answer is lost")
            return self.inner.put(service, unit, item, expected_v, contributions, **more)
        chaos.boundary(f"after put {unit}")
        return None

    def units(self, service: str) -> Iterator[str]:
        """See ``Store.units``."""
        return self.inner.units(service)

    def keep(self, case: Case) -> None:
        """See ``Store.keep``."""
        self._chaos.boundary(f"before keep {case.id}")
        if self._chaos.strikes("no-quarantine", case.id):
            raise Transient("simulated: the quarantine cannot be reached")
        self.inner.keep(case)
        self.kept.append(case)
        self._say(f"keep the case {case.id}")
        self._chaos.boundary(f"after keep {case.id}")

    def cases(self, service: str) -> list[Case]:
        """See ``Store.cases``."""
        return self.inner.cases(service)

    def case(self, service: str, id: str) -> Case | None:
        """See ``Store.case``."""
        self._call(f"case {id}")
        return self.inner.case(service, id)

    def forget(self, service: str, ids: Collection[str]) -> None:
        """See ``Store.forget``."""
        self._call(f"forget {', '.join(ids)}")
        self.inner.forget(service, ids)

    def pending(self, service: str, idle: float) -> Iterator[str]:
        """See ``Store.pending``."""
        self._call("pending")
        return self.inner.pending(service, idle)

    def close(self) -> None:
        """See ``Store.close``."""
        self.inner.close()

    def _call(self, what: str) -> None:
        self._chaos.boundary(f"before {what}")
        if self._chaos.strikes("throttle", what):
            raise Transient("simulated: the store is busy")

    def last(self, service: str, unit: str) -> Item:
        """The item as the last commit left it."""
        return self._past.get((service, unit), [Item()])[-1]

    def _reach(self, what: str, service: str, unit: str) -> None:
        chaos = self._chaos
        if chaos.looks_on:
            return
        chaos.boundary(f"before {what}")
        if (self._baton.current, (service, unit)) in self.away:
            raise Transient(f"simulated: {unit} cannot be reached")
        if chaos.strikes("throttle", what):
            raise Transient("simulated: the store is busy")
        if chaos.strikes("corrupt", what):
            self.corrupt.add((service, unit))
        if (service, unit) in self.corrupt:
            raise Unreadable(f"simulated: the item of unit {unit!r} cannot be read")

    def _say(self, line: str) -> None:
        if not self._chaos.looks_on:
            self._chaos.say(line)


def _shown(item: Item | None) -> str:
    return "none" if item is None or not item.v else f"v{item.v}"
