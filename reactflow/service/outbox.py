"""The outbox: which changes of outputs are due after a unit's part of a delivery, and how they are published.

Due changes are stored in the unit's item, in the same write as the state that they come from; they are published after
that write, and pruned with the next one. Each (output, destination) counts its own changes, without gaps.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from attrs import evolve

from reactflow.cells import UNSET, Failure
from reactflow.errors import ConfigurationError, StateError, Superseded, Transient
from reactflow.flow.methods import is_constant
from reactflow.flow.migration import as_dicts
from reactflow.flow.statetext import LEAVES
from reactflow.service.changes import Change, Occurred, Values, changes, filled
from reactflow.service.cloudevent import OCCURRENCE, REMOVAL, ROW, attributes
from reactflow.service.item import Item, Pending, PublicationKind, number_name
from reactflow.service.key import UnitKey
from reactflow.service.output import Output
from reactflow.service.sink import Publication
from reactflow.service.source import moment

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec
    from reactflow.service.envelope import Envelope
    from reactflow.service.service import Service

_log = logging.getLogger("reactflow.service")

_TYPES: Final[Mapping[PublicationKind, str]] = {"row": ROW, "removal": REMOVAL, "occurrence": OCCURRENCE}


class Cause(NamedTuple):
    """What the changes of a delivery come from: the last envelope among its records, their time, the longest way."""

    envelope: Envelope | None = None
    time: datetime | float | None = None
    hops: int = 0

    def and_then(self, time: datetime | float | None, envelope: Envelope | None) -> Cause:
        """With one more record: its time (a float is seconds since 1970), and its envelope if it came in one."""
        if envelope is None:
            return Cause(self.envelope, time or self.time, self.hops)
        return Cause(envelope, time or self.time, max(self.hops, envelope.hops))

    def passed_on(self) -> dict[str, Any]:
        """The parts of an envelope that say what caused it."""
        time = self.time if isinstance(self.time, datetime) else moment(self.time)
        text = (time.astimezone(UTC) if time is not None else datetime.now(UTC)).isoformat()
        about: dict[str, Any] = {"time": text, "hops": self.hops + 1}
        if self.envelope is not None:
            cause = self.envelope
            about |= {"traceparent": cause.traceparent, "causationid": cause.id}
            about["correlationid"] = cause.correlationid or cause.id
        return about


# --- what is due -----------------------------------------------------------------------------------------------------


def due(
    service: Service,
    unit: UnitKey,
    numbers: Mapping[str, int],
    before: Values,
    after: Values | None,
    occurred: Sequence[Occurred],
    cause: Cause,
    moved: Container[str] | None = None,
    withdrawn: Sequence[Pending] = (),
) -> tuple[list[Pending], dict[str, int]]:
    """The changes to publish after a unit went from ``before`` to ``after``, and the outputs' numbers after them.

    ``moved`` names the cells that changed, where that is known. A cell output has at most one change, its last (where
    by= moves its row, two: the removal of the old one comes first); a pulse output has every occurrence. What was
    ``withdrawn`` was never told: its rows are due though they did not change, and it stays while nothing is applied.
    """
    counted = dict(numbers)
    if after is None:
        return [*withdrawn], counted
    pending: list[Pending] = []
    again = {number_name(one.output, one.destination) for one in withdrawn}
    for output, counter, change in changes(
        service, unit, service.outputs, numbers, before, after, occurred, moved, again
    ):
        counted[counter] = _last(service, output, counter, counted) + 1
        pending.append(_pending(service, unit, output, change, counted[counter], cause))
    return pending, counted


def _last(service: Service, output: Output, counter: str, numbers: Mapping[str, int]) -> int:
    """The last number of an output. One of rows that has another name now goes on where the old one ended: what is
    there was written by its number, and would not give way to a lower one.
    """
    if counter in numbers or output.pulse:
        return numbers.get(counter, 0)
    known = {number_name(*names) for names in service.outputs_by_name}
    gone = (name for name in numbers if name not in known)
    ended = (numbers[name] for name in gone if name.partition("|")[2] == output.sink.destination)
    return max(ended, default=0)


def confirm(
    service: Service,
    unit: UnitKey,
    numbers: Mapping[str, int],
    before: Values,
    after: Values,
    occurred: Sequence[Occurred],
    computed: Values,
    cause: Cause,
) -> dict[str, int]:
    """Ask the sinks whether they can take what one event makes due, as if a delivery ended with it.

    As if it did, so that the answer never depends on how records are cut; so the outputs' numbers, returned as they are
    then, may run ahead of the real ones. Values that are not stored are asked about where they are in ``computed``.
    Raises RecordError for a change that a sink can never write.
    """
    counted = dict(numbers)
    for output, counter, change in changes(
        service, unit, service.confirmed, numbers, before, after, occurred
    ):
        counted[counter] = _last(service, output, counter, counted) + 1
        pending = _pending(service, unit, output, change, counted[counter], cause)
        known = _unstored(service, output) if pending.recompute else {}
        columns = {column: computed[name] for column, name in known.items() if name in computed}
        output.sink.confirm(_publication(service, pending, columns))
    return counted


def is_certain(service: Service, values: Values, asked: Container[str]) -> bool:
    """Whether all rows of a unit are certain to be taken, so that nobody has to be asked; see ``Sink.is_certain``.

    ``asked`` holds what the outputs are counted by of which a row of this unit was taken.
    """
    glanced = service.glanced
    if glanced is None:
        return False
    return all(
        counter in asked and output.sink.is_certain(filled(output, values)) for counter, output in glanced
    )


def _pending(
    service: Service, unit: UnitKey, output: Output, change: Change, n: int, cause: Cause
) -> Pending:  # fmt: skip
    """A change as it is stored; values that are too large for that are left to be computed when it is published."""
    codec = service.step.codec
    kind, values, by = change
    left_out = _unstored(service, output) if kind == "row" else {}
    destination = output.sink.destination
    id = f"{service.name}/{output.name}/{unit.text}/{destination.replace('/', ':')}/{n}"
    about = attributes(  # the values stand beside it, once
        id=id,
        source=f"/{service.name}",
        type=_TYPES[kind],
        subject=unit.text,
        sequence=str(n),
        **cause.passed_on(),
    )
    return Pending(
        id=id, output=output.name, destination=destination, n=n, kind=kind,
        key=codec.plain({**by, **unit.fields()} if by else unit.fields()),
        values=codec.plain(
            _all_outward({name: values[name] for name in values.keys() - left_out.keys()} if left_out else values)
        ),
        recompute=bool(left_out), envelope=about, bare=output.bare,
    )  # fmt: skip


def _all_outward(values: Values) -> Values:
    if all(value.__class__ in LEAVES for value in values.values()):
        return values
    return {column: _outward(value) for column, value in values.items()}


def _outward(value: Any) -> Any:
    """A value as all sinks write it: enum members by their value, named tuples as tuples.

    So what is due can be read by a later version of the flow too, that may not have their classes any more.
    """
    kind = type(value)
    if isinstance(value, Enum):
        return _outward(value.value) if is_constant(value.value) else value
    if kind is list or kind is set or kind is frozenset:
        return kind(map(_outward, value))
    if isinstance(value, tuple):
        return tuple(map(_outward, value))
    if kind is dict:
        return {_outward(key): _outward(one) for key, one in value.items()}
    return value


def occurrence(
    service: Service, unit: UnitKey, output: Output, values: Values, n: int, cause: Cause
) -> Pending:  # fmt: skip
    """An occurrence as it is stored, of something that is no pulse of the flow."""
    return _pending(service, unit, output, Change("occurrence", values), n, cause)


def as_publication(service: Service, pending: Pending) -> Publication:
    """A pending change with all of its values, as a sink gets it."""
    return _publication(service, pending, {})


def _unstored(service: Service, output: Output) -> dict[str, str]:
    """The columns of cells that are not stored."""
    return {column: name for column, name in output.cells.items() if name in service.unstored}


# --- publishing ------------------------------------------------------------------------------------------------------


def look_again(service: Service, out: Sequence[Pending], now: float, longest: float) -> list[Pending]:
    """Of changes of which all that is due ``now`` is published, the removals that have to be looked at again.

    A sink that remembers nothing of what was removed cannot tell a late write from a new one. What that brought back is
    taken away by removing it once more when no write can be under way any longer: ``longest`` seconds later.
    """
    outputs, again = service.outputs_by_name, list[Pending]()
    for one in out:
        output = outputs.get((one.output, one.destination))
        if one.until > now:
            again.append(one)
        elif one.kind == "removal" and not one.until and output is not None and output.sink.forgets:
            again.append(evolve(one, until=math.ceil(now + longest)))
    return again


def waiting(
    service: Service, item: Item, computed: Values, now: float = 0, *, anew: bool = True,
    withdrawn: list[Pending] | None = None,
) -> list[tuple[Output, Publication]]:  # fmt: skip
    """What an item has to publish at the time ``now``, each with its output; without what is new if not ``anew``.

    Values that are not stored are taken from ``computed``, else computed anew; one that fails on the defaults is left
    out. A source object that is gone publishes nothing, for a later event tells of it (what is due of it is added to
    ``withdrawn``); nor does an output that the service no longer has. Raises Transient when a value cannot be computed
    for now.
    """
    outputs = service.outputs_by_name
    found: list[tuple[Output, Publication]] = []
    values: Values | None = None
    for pending in item.out:
        output = outputs.get((pending.output, pending.destination))
        if output is None or (pending.until > now if pending.until else not anew):
            continue
        left_out = _unstored(service, output) if pending.recompute else {}
        missing = [name for name in left_out.values() if name not in computed]
        if missing and values is None:
            values = service.step.values(service.step.read(item.cells, item.gv, item.written))
        try:
            columns = {column: _value(name, computed, values or {}) for column, name in left_out.items()}
        except Superseded:
            if withdrawn is not None:
                withdrawn.append(pending)
            continue
        found.append((output, _publication(service, pending, columns)))
    return found


def _value(name: str, computed: Values, values: Values) -> object:
    """The value of a cell that is not stored; unset when it fails, as it does on the defaults, for it is committed."""
    value = computed[name] if name in computed else values.get(name, UNSET)
    if type(value) is not Failure:
        return value
    if isinstance(value.error, (Superseded, Transient, ConfigurationError, MemoryError)):
        value.throw()
    return UNSET


def _publication(service: Service, pending: Pending, columns: Values) -> Publication:
    """A pending change as a sink gets it, ``columns`` added to what was stored of it."""
    codec = service.step.codec
    key = _in_order(service, pending, codec.values(pending.key))
    data = {**key, **_readable(codec, pending.values)}
    if columns:
        data |= {column: value for column, value in columns.items() if value is not UNSET}
    return Publication(
        id=pending.id, n=pending.n, kind=pending.kind, key=key, values=data, bare=pending.bare,
        envelope={**pending.envelope, "datacontenttype": "application/json", "data": data},
    )  # fmt: skip


def _in_order(service: Service, pending: Pending, key: dict[str, Any]) -> dict[str, Any]:
    """A key as it was declared: stored text has its fields sorted, and sinks name rows and shards by them in order."""
    if len(key) == 1:
        return key
    output = service.outputs_by_name.get((pending.output, pending.destination))
    names = (*(output.by if output is not None else ()), *service.key.names)
    return {name: key[name] for name in names if name in key} | key


def _readable(codec: Codec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that are due; a record whose class is gone, or has other fields now, is the dict that it was.

    No later version of the flow may hold up what an earlier one committed.
    """
    try:
        return codec.values(values)
    except StateError:
        return codec.values(as_dicts(values))


def publish(publications: Sequence[tuple[Output, Publication]]) -> set[int]:
    """Hand publications to the sinks of their outputs; returns the places of those still to be published.

    A sink that fails in a way that nobody thought of holds up its own changes only. Raises ConfigurationError for one
    that will never work, after everything else was handed over.
    """
    failed: set[int] = set()
    broken: ConfigurationError | None = None
    by_output: dict[int, list[int]] = {}
    for place, (output, _) in enumerate(publications):
        by_output.setdefault(id(output), []).append(place)
    for places in by_output.values():
        sink = publications[places[0]][0].sink
        try:
            refused = sink.publish([publications[place][1] for place in places])
            failed.update(places[index] for index in refused)
        except Transient:
            failed.update(places)
        except ConfigurationError as error:
            failed.update(places)
            broken = broken or error
        except Exception as error:
            failed.update(places)
            _log.error("%s: unexpected error", sink.destination, exc_info=error)
    if broken is not None:
        raise broken
    return failed
