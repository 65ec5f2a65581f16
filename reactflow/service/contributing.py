"""Contributing: the contributions of one unit's part of a delivery, from what is stored to what is to be written.

Each contribution is accepted by its contributor's number: an older one, or the same again, changes nothing, also after
it is gone. The step is told what came, changed or went as data, with what it was before; and, where one of the lowest
or highest goes, which are the first ones now, read from the store in order. So the step stays pure, and the state
small.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from reactflow.cells import MemberChange, MemberFold
from reactflow.errors import RecordError
from reactflow.flow import Event, State, same_value
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.service.stores.store import MOST

if TYPE_CHECKING:
    from reactflow.cells.member_folds import End, Ranked
    from reactflow.service.arrival import Arrival
    from reactflow.service.contribution import Contribution, Said
    from reactflow.service.host import Host
    from reactflow.service.service import Service
    from reactflow.service.stores import Store

Name = tuple[str, str]
"""The members that a contribution is one of, and its key."""


def at_once(service: Service, arrivals: Sequence[Arrival]) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
    """The arrivals whose contributions find room in one transaction, and the rest."""
    if not service.member_folds:
        return arrivals, ()
    names: set[Name] = set()
    for place, arrival in enumerate(arrivals):
        names |= _names(arrival.event.said)
        if len(names) > MOST and place:
            return arrivals[:place], arrivals[place:]
    return arrivals, ()


def load(
    host: Host, unit: UnitKey, arrivals: Sequence[Arrival], item: Item | None = None
) -> tuple[Item, Contributions]:
    """A unit's item, maybe a stale one, and what is stored of the contributions that arrivals speak of.

    Item and contributions are as of one moment: what is written over the item is written over these. So an ``item``
    that is given is taken only where there are none.
    """
    service, store = host.service, host.store
    spoken = [arrival.event.said for arrival in arrivals] if service.member_folds else []
    names = set[Name]().union(*map(_names, spoken))
    if item is None and arrivals and arrivals[0].again:  # what is in the queue is not told from an old item
        host.warm.forget(unit)
        item, kept = store.look(service.name, unit.text, names)
        return item or Item(), Contributions(service, store, unit, names, kept) if names else NONE
    if not names:
        return (item or host.warm.recall(unit) or store.get(service.name, unit.text) or Item()), NONE
    item, kept = store.look(service.name, unit.text, names)
    return item or Item(), Contributions(service, store, unit, names, kept)


def _names(said: Sequence[Said]) -> set[Name]:
    return {(one.members, one.key) for one in said}


class Contributions:
    """What one attempt at a unit's part knows of contributions: those stored, and those that moved since."""

    def __init__(
        self,
        service: Service | None = None,
        store: Store | None = None,
        unit: UnitKey | None = None,
        names: Collection[Name] = (),
        kept: Mapping[Name, Contribution] | None = None,
    ) -> None:
        self._service, self._store, self._unit = service, store, unit
        self._names = names
        self._kept = kept or {}
        self.moved: dict[Name, Contribution] = {}
        self._planned: dict[Name, Contribution] = {}
        self._read: dict[tuple[str, End], list[Contribution]] = {}

    def afresh(self) -> Contributions:
        """The same, with nothing moved: for another attempt over what was read."""
        return (
            Contributions(self._service, self._store, self._unit, self._names, self._kept)
            if self._names
            else self
        )

    def seen(self, arrival: Arrival) -> Literal["", "duplicate", "superseded"]:
        """What an arrival is when all that it says was said before, or something later; else empty."""
        there = [self._at(one.members, one.key) for one in arrival.event.said]
        if any(one is None or one.n < arrival.position for one in there):
            return ""
        if any(_is_foreign(one, said, arrival) for one, said in zip(there, arrival.event.said, strict=True)):
            return ""  # numbers of two senders cannot be compared: applying it will say so
        return (
            "duplicate"
            if any(one is not None and one.n == arrival.position for one in there)
            else "superseded"
        )

    def event(self, arrival: Arrival, state: State) -> Event:
        """What an arrival says as an event of the flow; raises RecordError when it is not for its sender to say.

        What it would move is moved by ``accept``.
        """
        assert self._service is not None
        codec = self._service.flow.codec
        self._planned = {}
        changes: dict[str, list[MemberChange]] = {}
        due = self._due(arrival)
        for said in due:
            there = self._at(said.members, said.key)
            old = (
                None if there is None or there.value is None else codec.from_plain(there.value, said.members)
            )
            plain = None if said.value is None else codec.to_plain(said.value, said.members)
            self._planned[said.members, said.key] = _contribution(
                members=said.members,
                key=said.key,
                lane=arrival.lane,
                n=arrival.position,
                value=plain,
                rank=said.rank,
            )
            if not same_value(old, said.value):
                change = MemberChange(said.key, old, said.value)
                made = changes.setdefault(said.members, [])
                made.append(self._looked_up(said.members, change, state, is_alone=len(due) == 1))
        return Event({}, {members: tuple(made) for members, made in changes.items()})

    def accept(self) -> None:
        """What ``event`` said last is so now."""
        self.moved |= self._planned
        self._planned = {}

    def pass_by(self, arrival: Arrival) -> bool:
        """Note that an arrival was dealt with, though nothing came of it; False when it says nothing of its own."""
        self._planned = {}
        try:
            due = self._due(arrival)
        except RecordError:
            return False
        for said in due:
            there = self._at(said.members, said.key)
            value, rank = (None, None) if there is None else (there.value, there.rank)
            self.moved[said.members, said.key] = _contribution(
                members=said.members,
                key=said.key,
                lane=arrival.lane,
                n=arrival.position,
                value=value,
                rank=rank,
            )
        return bool(arrival.event.said)

    def _due(self, arrival: Arrival) -> list[Said]:
        """What an arrival says that was not said before; raises RecordError for what another lane speaks of."""
        due = []
        for said in arrival.event.said:
            there = self._at(said.members, said.key)
            if there is not None and _is_foreign(there, said, arrival):
                raise RecordError(
                    f"the contribution {said.key.partition('|')[2]!r} to {said.members!r} comes from {arrival.lane} "
                    f"and from {there.lane}, whose numbers cannot be compared: have members(...) name what tells them "
                    "apart; or, where one sender was renamed, give it its old name back, as in row(..., name='area')"
                )
            # what comes again was given its number when it was put away
            if (
                there is None
                or there.n < arrival.position
                or (arrival.is_queued and there.n == arrival.position)
            ):
                due.append(said)
        return due

    def _at(self, members: str, key: str) -> Contribution | None:
        name = members, key
        return self._planned.get(name) or self.moved.get(name) or self._kept.get(name)

    def _looked_up(self, members: str, change: MemberChange, state: State, *, is_alone: bool) -> MemberChange:
        """The change, with the first ones from either end where a fold cannot do without."""
        assert self._service is not None
        folds = self._service.member_folds[members]
        ends: dict[End, int] = {}
        for fold in folds.values():
            if fold.end is not None:
                ends[fold.end] = max(ends.get(fold.end, 0), fold.n)
        found: dict[End, tuple[Ranked, ...]] = {
            end: self._first(members, end, n)
            for end, n in ends.items()
            if not is_alone
            or any(
                fold.end == end and fold.must_look(state.get(name, fold.zero), change)
                for name, fold in folds.items()
            )
        }
        return change._replace(lowest=found.get("lowest"), highest=found.get("highest"))

    def _first(self, members: str, end: End, n: int) -> tuple[Ranked, ...]:
        """The first ``n`` from an end as they are now: those stored that did not move, and those that did."""
        assert self._service is not None
        assert self._store is not None
        assert self._unit is not None
        stored = self._read.get((members, end))
        if stored is None:
            moving = sum(
                1 for one, _ in self._names if one == members
            )  # so many at most are not as they are stored
            stored = self._read[members, end] = self._store.ranked(
                self._service.name, self._unit.text, members, highest=end == "highest", limit=n + moving
            )
        moved = {**self.moved, **self._planned}
        now = [one for one in stored if one.name not in moved]
        now += [one for one in moved.values() if one.members == members and one.rank is not None]
        now.sort(key=lambda one: (one.rank or "", one.key), reverse=end == "highest")
        codec = self._service.flow.codec
        return tuple((one.rank or "", one.key, codec.from_plain(one.value, members)) for one in now[:n])


def _contribution(**said: Any) -> Contribution:
    from reactflow.service.contribution import Contribution  # of flows with members

    return Contribution(**said)


def _is_foreign(there: Contribution | None, said: Said, arrival: Arrival) -> bool:
    """Whether what is there was said by another lane, and positions of the two cannot be compared."""
    if there is None or there.lane == arrival.lane:
        return False
    return said.is_alone or there.lane.startswith("edge/")


NONE = Contributions()


def state_of(host: Host, unit: UnitKey, item: Item) -> State | None:
    """The state of an item where the item alone does not tell it, or where it is remembered; else None.

    A fold of members that is new in this version of the flow, or is another one, is made from the contributions that
    there are.
    """
    service, step = host.service, host.service.step
    state = host.warm.recall_state(unit, item)
    if state is not None or not service.member_folds or not item.cells or item.gv == step.version:
        return state
    unlike = frozenset(step.migrations.unlike(item.written))
    new = {
        (members, name): fold
        for members, folds in service.member_folds.items()
        for name, fold in folds.items()
        if name in unlike
    }
    if not new:
        return None
    names = [name for _, name in new]
    made: dict[str, Any] = dict(
        step.migrations.read(item.cells, step.plan, step.codec, item.gv, item.written, names)
    )
    for (members, name), fold in new.items():
        kept = host.store.ranked(
            service.name, unit.text, members, highest=fold.end == "highest", limit=1 << 62
        )
        changes = [
            MemberChange(one.key, None, service.flow.codec.from_plain(one.value, members)) for one in kept
        ]
        made[name] = fold.add(fold.zero, changes)
    return step.read(step.codec.encode(made), "before its new folds", step.migrations.written(made))


def present(folds: Mapping[str, MemberFold], state: State) -> bool:
    """Whether there are contributions, as far as their folds tell; without a fold there may be."""
    return not folds or any(not fold.is_empty(state.get(name, fold.zero)) for name, fold in folds.items())
