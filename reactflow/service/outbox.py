"""The outbox: which changes of outputs are due after a unit's part of a delivery, and how they are published.

Due changes are stored in the unit's item, in the same write as the state that they come from; they are published after
that write, and pruned with the next one. Each (output, destination) counts its own changes, without gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from reactflow.cells import UNSET, Failure, Kind
from reactflow.errors import ConfigurationError, Superseded, Transient
from reactflow.flow import same_value
from reactflow.service.envelope import OCCURRENCE, REMOVAL, ROW, Envelope
from reactflow.service.item import Item, Pending, PublicationKind, number_name
from reactflow.service.key import UnitKey
from reactflow.service.output import Output
from reactflow.service.sink import Publication

if TYPE_CHECKING:
    from reactflow.service.service import Service

Values = Mapping[str, object]
"""Outcomes of a flow's named cells, by name."""


@frozen
class Occurred:
    """One occurrence of a named pulse, and the values of the cells in its event."""

    pulse: str
    value: object
    values: Values


@frozen
class Cause:
    """What the changes of one delivery come from: the last envelope among its records, and their time."""

    envelope: Envelope | None = None
    time: datetime | None = None

    def passed_on(self) -> dict[str, Any]:
        """The parts of an envelope that say what caused it."""
        time = (self.time or datetime.now(UTC)).astimezone(UTC).isoformat()
        if self.envelope is None:
            return {"time": time, "hops": 1}
        cause = self.envelope
        return {
            "time": time,
            "hops": cause.hops + 1,
            "traceparent": cause.traceparent,
            "correlationid": cause.correlationid or cause.id,
            "causationid": cause.id,
        }


def due(
    service: Service,
    unit: UnitKey,
    item: Item,
    before: Values,
    after: Values,
    occurred: Sequence[Occurred],
    cause: Cause,
) -> tuple[list[Pending], dict[str, int]]:
    """The changes to publish after a unit went from ``before`` to ``after``, and the numbers that follow."""
    numbers = dict(item.numbers)
    pending: list[Pending] = []

    def add(output: Output, kind: PublicationKind, values: Values, recompute: bool = False) -> None:
        counter = number_name(output.name, output.sink.destination)
        n = numbers[counter] = numbers.get(counter, 0) + 1
        where = output.sink.destination.replace("/", ":")
        envelope = Envelope(
            id=f"{service.name}/{output.name}/{unit.text}/{where}/{n}",
            source=f"/{service.name}",
            type={"row": ROW, "removal": REMOVAL, "occurrence": OCCURRENCE}[kind],
            subject=unit.text,
            sequence=str(n),
            **cause.passed_on(),
        )
        plain = envelope.to_json()
        del plain["data"], plain["datacontenttype"]  # the values stand beside it, once
        codec = service.flow.codec
        pending.append(
            Pending(
                id=envelope.id,
                output=output.name,
                destination=output.sink.destination,
                n=n,
                kind=kind,
                key={name: codec.to_plain(part, name) for name, part in unit.fields().items()},
                values={column: codec.to_plain(value, column) for column, value in values.items()},
                recompute=recompute,
                envelope=plain,
                bare=output.bare,
            )  # fmt: skip
        )

    for output in service.outputs:
        if output.pulse:
            for one in occurred:
                if one.pulse == output.pulse:
                    add(output, "occurrence", _columns(output, {**one.values, one.pulse: one.value}))
            continue
        published = numbers.get(number_name(output.name, output.sink.destination), 0) > 0
        old = _columns(output, before) if published and exists(service, before) else None
        new = _columns(output, after) if exists(service, after) else None
        if new is None and old is not None:
            add(output, "removal", {})
        elif new is not None and (old is None or not same_value(old, new)):
            unstored = service.unstored.intersection(output.cells.values())
            kept = {column: value for column, value in new.items() if output.cells[column] not in unstored}
            add(output, "row", kept, recompute=bool(unstored))
    return pending, numbers


def exists(service: Service, values: Values) -> bool:
    """Whether a unit has a row: one of the source cells that an input feeds has a value."""
    plan = service.flow.plan
    fed = [name for one in service.bound for name in one.feeds]
    sources = [name for name in fed if plan[name].kind is Kind.SOURCE]
    return not sources or any(values.get(name, UNSET) is not UNSET for name in sources)


def _columns(output: Output, values: Values) -> dict[str, object]:
    """The columns that have a value; one that is unset, or fails on the defaults, is left out."""
    found = {column: values.get(name, UNSET) for column, name in output.cells.items()}
    return {
        column: value for column, value in found.items() if value is not UNSET and type(value) is not Failure
    }


def waiting(service: Service, item: Item) -> list[tuple[Output, Publication]]:
    """What an item has to publish, each with its output; values that are not stored are computed anew.

    A source object that is gone publishes nothing: a later event tells of it. Nor does an output that the service no
    longer has.
    """
    values: Values = {}
    is_gone = False
    if any(pending.recompute for pending in item.out):
        try:
            values = service.step.values(service.step.read(item.cells, item.gv))
        except Superseded:
            is_gone = True
    outputs = {(one.name, one.sink.destination): one for one in service.outputs}
    return [
        (outputs[pending.output, pending.destination], publication(service, pending, values))
        for pending in item.out
        if (pending.output, pending.destination) in outputs and not (is_gone and pending.recompute)
    ]


def publication(service: Service, pending: Pending, values: Values) -> Publication:
    """A pending change as a sink gets it; ``values`` are the unit's now, for what is not stored."""
    codec = service.flow.codec
    key = {name: codec.from_plain(part, name) for name, part in pending.key.items()}
    columns = {column: codec.from_plain(value, column) for column, value in pending.values.items()}
    if pending.recompute:
        output = next(one for one in service.outputs if one.name == pending.output)
        columns = {**_columns(output, values), **columns}
    data = {**key, **columns}
    return Publication(
        id=pending.id, n=pending.n, kind=pending.kind, key=key, values=data, bare=pending.bare,
        envelope={**pending.envelope, "datacontenttype": "application/json", "data": data},
    )  # fmt: skip


def publish(publications: Sequence[tuple[Output, Publication]]) -> set[int]:
    """Hand publications to the sinks of their outputs; returns the places of those still to be published.

    Raises ConfigurationError for a sink that will never work, after everything else was handed over.
    """
    failed: set[int] = set()
    broken: ConfigurationError | None = None
    by_output: dict[int, list[int]] = {}
    for place, (output, _) in enumerate(publications):
        by_output.setdefault(id(output), []).append(place)
    for places in by_output.values():
        sink = publications[places[0]][0].sink
        try:
            failed.update(
                places[index] for index in sink.publish([publications[place][1] for place in places])
            )
        except Transient:
            failed.update(places)
        except ConfigurationError as error:
            failed.update(places)
            broken = broken or error
    if broken is not None:
        raise broken
    return failed
