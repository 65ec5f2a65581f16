"""Arrivals: events of one unit as they come, from a delivery or out of the unit's queue, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from attrs import evolve, field, frozen

from reactflow.errors import EventError, Gap, RecordError, StateError, Transient
from reactflow.service.binding import Input, UnitEvent
from reactflow.service.caseid import case_id
from reactflow.service.cloudevent import OCCURRENCE
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.service.source import Message, Record

if TYPE_CHECKING:
    from reactflow.service.envelope import Envelope
    from reactflow.service.quarantine import Case
    from reactflow.service.service import Service

Fate = Literal[
    "applied", "duplicate", "superseded", "late", "quarantined", "held", "filtered", "skipped", "unfinished"
]
Again = Literal["", "redrive", "skip", "adopt"]


class Link(NamedTuple):
    """That an occurrence of another service has to follow the one before it: its number is one higher.

    ``is_ordered`` says that what is missing will not come later, ``from_anywhere`` that the first one may have any
    number.
    """

    is_ordered: bool
    from_anywhere: bool

    def check(self, lane: str, mark: str, position: str) -> None:
        """Raise Gap for an occurrence whose predecessor is missing, or Transient while that may still come."""
        last, n = int(mark or 0), int(position)
        if n <= last + 1 or (not mark and (self.is_ordered or self.from_anywhere)):
            return
        missing = f"{last + 1}" if n == last + 2 else f"{last + 1} to {n - 1}"
        what = f"occurrence {n} of {lane} is there, and {missing} did not come before it"
        if self.is_ordered:
            raise Gap(
                f"{what}: publish what is missing again, or skip this case to go on without it, from {n} on"
            )
        start = "" if mark else ', or say start="latest" on the input, if what came before is not wanted'
        raise Transient(f"{what}: it is waited for{start}")


class Arrival(NamedTuple):
    """One event of a unit as it arrived: its place in the delivery, and its position in its lane.

    ``time`` is when it came to its source (a float is seconds since 1970), ``cause`` the envelope that it came in.
    ``skips`` says that the source may skip values in between: an older one is superseded then, not a duplicate.
    ``link`` is there when it has to follow its predecessor. ``again`` says why one comes again that was put away: out
    of the unit's queue (``redrive``, ``skip``), or because its unit could not be told before (``adopt``); its place is
    below 0 then. ``is_shared`` says that its record speaks of other units too, or
    did of none: so its case is told by the unit too. ``within`` is the lane that
    its own is a part of, where that may have counted before.
    """

    place: int
    record: Record
    lane: str
    position: str
    event: UnitEvent
    time: datetime | float | None = None
    cause: Envelope | None = None
    skips: bool = False
    link: Link | None = None
    again: Again = ""
    is_shared: bool = False
    within: str = ""

    def as_poison(self, error: RecordError) -> Arrival:
        """This arrival as one that cannot be applied however often it is tried."""
        return self._replace(event=UnitEvent.failed(self.event.unit, error, self.event.said))

    @property
    def is_queued(self) -> bool:
        """Whether it comes out of the unit's queue."""
        return self.again in ("redrive", "skip")

    @property
    def id(self) -> str:
        """The id of its case. One that comes again as ``adopt`` is another case than the one of no unit that it was."""
        return case_id(self.lane, self.position, self.event.unit.text if self.is_shared else None)

    @property
    def record_id(self) -> str:
        """What tells its record, within a unit."""
        return case_id(self.lane, self.position)


@frozen
class Part:
    """What became of a unit's part of a delivery; ``item`` is what is stored now, with what is due in ``item.out``.

    ``computed`` holds the values of cells that are not stored, as the last event left them. ``rest`` are arrivals that
    found no room in one write, and come next. ``transient`` says what has to pass before it can be finished.
    """

    unit: UnitKey
    item: Item
    fates: Mapping[int, Fate] = field(factory=dict)
    cases: tuple[Case, ...] = ()
    computed: Mapping[str, object] = field(factory=dict)
    rest: tuple[Arrival, ...] = ()
    transient: str = ""

    @classmethod
    def left(cls, unit: UnitKey, arrivals: Sequence[Arrival], why: str) -> Part:
        """Nothing became of it, for now."""
        fates: dict[int, Fate] = {one.place: "unfinished" for one in arrivals}
        return cls(unit, Item(), fates, transient=why)

    def after(self, earlier: Part | None) -> Part:
        """This and the part that came before it, as one."""
        if earlier is None:
            return self
        return evolve(
            self,
            item=self.item if self.item.v else earlier.item,
            fates={**earlier.fates, **self.fates},
            cases=(*earlier.cases, *self.cases),
            computed={**earlier.computed, **self.computed},
        )


def link_of(one: Input, message: Message) -> Link | None:
    """How an occurrence has to follow the one before it; None where this unit does not get all that its sender tells.

    It gets all when its key is made of fields of the sender's key, and nothing is filtered.
    """
    cause = message.cause
    if cause is None or cause.type != OCCURRENCE or one.contract.replaces or cause.place is None:
        return None
    if (
        one.gathers
        or one.source.where is not None
        or not _key_names(cause.subject).issuperset(one.paths.values())
    ):
        return None
    is_ordered = one.contract.ordered and one.source.unit_is_one_lane(one.lane_names)
    return Link(is_ordered, one.source.start == "latest")


def is_ahead(arrival: Arrival, mark: str) -> bool:
    """Whether an occurrence is ahead of its lane's mark: it got none, for the one before it was missing."""
    return arrival.link is not None and arrival.position > mark


def lacks_predecessor(arrival: Arrival, mark: str) -> bool:
    """Whether the occurrence before an arrival was not dealt with, so that it may still come."""
    try:
        if arrival.link is not None:
            arrival.link.check(arrival.lane, mark, arrival.position)
    except (Gap, Transient):
        return True
    return False


@lru_cache(maxsize=1 << 12)
def _key_names(subject: str) -> frozenset[str]:
    """The names of the fields in the text of a unit's key."""
    from urllib.parse import unquote  # records of other services only

    return frozenset(unquote(part.partition("=")[0]) for part in subject.split(","))


def unit_named(one: Input, error: RecordError) -> UnitKey | None:
    """The unit of a record that could not be decoded, where at least its key could be read."""
    if error.key_fields is None:
        return None
    try:
        return one.key.read(error.key_fields, one.paths)
    except RecordError:
        return None


def place_of(one: Input, record: Record, message: Message) -> tuple[str, str, str]:
    """The lane and position of a record, and the lane that this one is a part of, if it is.

    A stream takes a change of another service also twice and late, so there the sender's own number counts; a table or
    a bucket took it only over a lower one, and its own order is right. A unit that several parts of a lane feed at once
    has to tell them apart: the mark of one that is ahead would hide what another still brings.
    """
    sent = message.cause.place if message.cause is not None and not one.contract.replaces else None
    if sent:
        return (*sent, "")
    lane, position = one.source.lane(record), one.source.position(record)
    part = "" if one.source.unit_is_one_lane(one.lane_names) else one.source.part_of_lane(record)
    return (f"{lane}/{part}", position, lane) if part else (lane, position, "")


def case_of(
    service: Service,
    record: Record,
    lane: str,
    position: str,
    error: EventError,
    unit: UnitKey | None = None,
    v: int = 0,
    *,
    is_shared: bool = False,
) -> Case:
    """The case of a record that could not be applied; without ``unit`` it belongs to none."""
    from reactflow.service.quarantine import Case, Reason  # with the first one that fails

    return Case(
        service=service.name, unit=None if unit is None else unit.text, lane=lane, position=position,
        resource=record.resource, record=record.raw, reason=Reason.of(error), v=v, gv=service.flow.version,
        time=datetime.now(UTC).isoformat(timespec="seconds"), is_shared=is_shared, account=record.account,
        region=record.region,
    )  # fmt: skip


def cut(
    arrivals: Sequence[Arrival], rest: Sequence[Arrival], error: StateError
) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
    """What to try when an item got too large: the first half, or one event as poison. Raises when that is no help."""
    half = len(arrivals) // 2
    if half:
        return arrivals[:half], (*arrivals[half:], *rest)
    if arrivals[0].event.error is not None:
        raise error
    return [arrivals[0].as_poison(RecordError(str(error)))], rest
