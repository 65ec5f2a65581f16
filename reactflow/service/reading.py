"""Reading: the events of units that a record makes, by what the inputs of a service say of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from reactflow.errors import ConfigurationError, RecordError
from reactflow.service.arrival import Arrival, case_of, link_of, place_of, unit_named
from reactflow.service.binding import Input, UnitEvent, one_a_unit
from reactflow.service.source import Message, Record

if TYPE_CHECKING:
    from reactflow.service.quarantine import Case
    from reactflow.service.service import Service
    from reactflow.service.stores import Store

_arrival = tuple.__new__  # without the call of a constructor: there may be 10,000 of them in a delivery
_ORDINARY: Final = (None, False, None, "", False, "")  # the rest of an arrival that was read quickly


def read(service: Service, place: int, record: Record) -> Sequence[Arrival]:
    """The events of units that a record makes; none when it is not for this service's inputs.

    Raises RecordError when it cannot be told of which unit it is.
    """
    quickly = service.readers.get(record.resource)
    if quickly is not None:
        read = quickly(record)
        if read is not None:
            event, lane, position, time = read
            return (_arrival(Arrival, (place, record, lane, position, event, time, *_ORDINARY)),)
    if record.unreadable:
        raise RecordError(record.unreadable)
    made: list[UnitEvent] = []
    told: tuple[Input, Message] | None = None
    for one in _inputs(service, record):
        try:
            message = one.source.decode(record)
        except RecordError as error:
            unit = unit_named(one, error)
            if unit is None:
                raise
            message, events = Message(new=None), [UnitEvent.failed(unit, error)]
        else:
            if message is None:
                continue
            one.source.confirm_unit(record, one.lane_names)
            events = one.events(message)
            hops = message.cause.hops if message.cause is not None else 0
            if hops >= service.hops:
                events = _endless(service.hops, hops, events)
        made += events
        told = told or (one, message)
    if told is None or not made:
        return []
    one, message = told
    lane, position, within = place_of(one, record, message)
    skips = one.contract.skips
    link = link_of(one, message)
    about = message.time, message.cause, skips, link
    if len(made) == 1:
        return (Arrival(place, record, lane, position, made[0], *about, within=within),)
    events = one_a_unit(made)
    is_shared = len(events) > 1
    return [
        Arrival(place, record, lane, position, event, *about, is_shared=is_shared, within=within)
        for event in events
    ]


def _inputs(service: Service, record: Record) -> Sequence[Input]:
    found = service.inputs_of.get(record.resource)
    if not found:
        raise RecordError(_is_foreign(service, record))
    return found


def check_reads(service: Service, records: Sequence[Record]) -> None:
    """Refuse a trigger of another source. A queue that brings one such record among others is none: it is kept."""
    resources = service.inputs_of
    foreign = [one for one in records if one.resource not in resources and not one.unreadable]
    if foreign and (len(foreign) == len(records) or any(one.via != "queue" for one in foreign)):
        raise ConfigurationError(_is_foreign(service, foreign[0]))


def _is_foreign(service: Service, record: Record) -> str:
    reads = ", ".join(sorted({one.source.resource for one in service.bound})) or "nothing"
    return (
        f"service {service.name!r} was handed a record of {record.resource}, and reads {reads}: correct the "
        "trigger, or add the input"
    )


def _endless(most: int, hops: int, events: list[UnitEvent]) -> list[UnitEvent]:
    """Events that came through too many services are poison: a cycle that does not settle ends here."""
    endless = RecordError(
        f"the event came through {hops} services, and {most} are the most: services feed each other "
        "without end. Cut the cycle, or raise hops= if it is meant to be that long"
    )
    return [UnitEvent.failed(event.unit, endless) for event in events]


def put_away(service: Service, store: Store, record: Record, error: RecordError) -> Case:
    """Keep a record whose unit cannot be told; it holds up nothing."""
    lane, position = record.resource, record.receipt
    source = next((one.source for one in service.bound if one.source.resource == record.resource), None)
    try:
        if source is None and not record.unreadable:
            raise RecordError(str(error))
        if source is not None and not record.unreadable:
            lane, position = source.lane(record), source.position(record)
    except RecordError:  # it has no place in an order; two different ones still have to be two cases
        import hashlib
        import json

        from reactflow.service.quarantine import plain

        text = json.dumps(plain(record.raw), sort_keys=True)
        position += f"#{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    case = case_of(service, record, lane, position, error)
    store.keep(case)
    return case
