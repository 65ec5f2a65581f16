"""Readings: what each record that a trigger delivers means for a service, and where it stands in its order.

Lanes and positions are found here anew, by what the protocol says of each source, so that they can be held against
those of the code that is tried. It must not look at any state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from reactflow.aws.host import open_event
from reactflow.errors import RecordError
from reactflow.service import Service
from reactflow.service.binding import Input, UnitEvent, one_a_unit
from reactflow.service.caseid import case_id
from reactflow.service.source import Message, Record


@frozen(eq=False)
class Reading:
    """One record as one service reads it.

    ``id`` is the same however often it comes, and, for what another of our services sent, however it came. ``order`` is
    its place in ``lane``. ``skips``: only the last one of its lane counts. ``events`` are those of units; none of a
    record that is filtered. ``lost`` says why no unit could be told.
    """

    id: str
    lane: str
    order: str
    skips: bool
    record: Record
    message: Message | None = None
    events: Mapping[str, UnitEvent] = field(factory=dict)
    lost: str = ""
    mark: tuple[str, str] = ("", "")

    def case_id(self, unit: str) -> str:
        """The id of its case for a unit, as the service gives it."""
        return case_id(*self.mark, unit if len(self.events) > 1 else None)

    def is_marked(self, marks: Mapping[str, str]) -> bool:
        """Whether a unit's marks say that it was dealt with."""
        lane, position = self.mark
        return bool(lane) and position <= marks.get(lane, "")


def read(service: Service, event: Mapping[str, Any]) -> list[Reading]:
    """The records of a delivery."""
    return [_read(service, record) for record in open_event(event)]


def can_part(one: Input) -> bool:
    """Whether batches of one shard may be delivered side by side to an input's units."""
    return one.source.unit_is_one_lane(one.lane_names) or is_parted(one)


def is_parted(one: Input) -> bool:
    """Whether the records of a unit are in order by their partition key only."""
    factor: int = getattr(one.source, "parallelization_factor", 1)
    return factor > 1 and not one.source.unit_is_one_lane(one.lane_names)


def _mark(one: Input, record: Record) -> tuple[str, str]:
    """The lane and position that a unit keeps as its mark."""
    lane = one.source.lane(record)
    part = f"/{record.raw['kinesis']['partitionKey']}" if is_parted(one) else ""
    return f"{lane}{part}", one.source.position(record)


def _read(service: Service, record: Record) -> Reading:
    lane, order = _place(record.raw)
    if any(is_parted(one) for one in service.inputs_of.get(record.resource, ())):
        lane += f"/{record.raw['kinesis']['partitionKey']}"
    made: list[UnitEvent] = []
    sent: tuple[str, str] | None = None
    told: Message | None = None
    skips = False
    mark = ("", "")
    for one in service.inputs_of.get(record.resource, ()):
        try:
            message = one.source.decode(record)
        except RecordError as error:
            try:
                unit = one.key.read(error.key_fields or {}, one.paths)
            except RecordError:
                return Reading(f"{lane}@{order}", lane, order, False, record, lost=str(error))
            made.append(UnitEvent.failed(unit, error))
            mark = mark if mark[0] else _mark(one, record)
            continue
        if message is None:
            continue
        try:
            events = one.events(message)
        except RecordError as error:
            return Reading(f"{lane}@{order}", lane, order, False, record, lost=str(error))
        if message.cause is not None and message.cause.hops >= service.hops:
            endless = RecordError("it came through too many services")
            events = [UnitEvent.failed(event.unit, endless) for event in events]
        if events and told is None:
            told, skips = message, one.contract.skips
            mark = _mark(one, record)
            if message.cause is not None and not one.contract.replaces:
                sent = _sent(message.cause.id)
                mark = message.cause.place or mark
        made += events
    if sent is not None:
        lane, order = sent
    events_by_unit = {event.unit.text: event for event in one_a_unit(made)}
    return Reading(f"{lane}@{order}", lane, order, skips, record, told, events_by_unit, mark=mark)


def _place(raw: Mapping[str, Any]) -> tuple[str, str]:
    """The lane of a record and its place in it, by what its source guarantees."""
    if "kinesis" in raw:
        stream = raw["eventSourceARN"].rpartition("/")[2]
        return (
            f"{stream}/{raw['eventID'].partition(':')[0]}",
            f"{int(raw['kinesis']['sequenceNumber']):0150d}",
        )
    if "dynamodb" in raw:
        part = raw["dynamodb"]
        table = raw["eventSourceARN"].split("/")[1]
        return f"{table}/{json.dumps(part['Keys'], sort_keys=True)}", f"{int(part['SequenceNumber']):0150d}"
    if "s3" in raw:
        thing = raw["s3"]["object"]
        return f"{raw['s3']['bucket']['name']}/{thing['key']}", f"{thing['sequencer'].upper():0<64}"
    if "detail" in raw:
        from urllib.parse import quote_plus

        thing = raw["detail"]["object"]
        key = quote_plus(thing["key"], safe="/")
        return f"{raw['detail']['bucket']['name']}/{key}", f"{thing['sequencer'].upper():0<64}"
    return f"queue/{raw.get('messageId')}", ""


def _sent(id: str) -> tuple[str, str] | None:
    """What another service of ours sent: which of its changes, and the number."""
    stem, _, n = id.rpartition("/")
    return (f"sent/{stem}", f"{int(n):0150d}") if n.isdigit() else None


def identity(raw: Mapping[str, Any]) -> str:
    """What tells a record from others, as it came."""
    return "@".join(_place(raw))


def units_of(readings: Sequence[Reading]) -> list[str]:
    """The units that some readings speak of, each once, in their order."""
    return list(dict.fromkeys(unit for one in readings for unit in one.events))
