"""Direct invocation: a service called as a function, with values of its source cells, and answering with its cells.

Nothing is stored or published, and no event of a trigger passes as such a call: a field that the flow does not take is
an error. It starts from the flow's defaults, or, when all of the key's fields are given, from the unit's stored state,
which is only read. Values are taken as strictly as those of a record, within the same limits, and the cells come to
what a live flow comes to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from reactflow.cells import UNSET, Failure, Kind
from reactflow.errors import CallError, CellError, ConfigurationError, RecordError, Superseded
from reactflow.flow import Event, State
from reactflow.flow.equality import field_names
from reactflow.service.conversion import converter
from reactflow.service.decoding import decode_value, short
from reactflow.service.json_reader import read_object
from reactflow.service.json_writer import write_json
from reactflow.service.scalars import Converter, Mismatch
from reactflow.service.succession import refuse_newer
from reactflow.service.suggest import suggestion
from reactflow.service.writable import encoding

if TYPE_CHECKING:
    from reactflow.service.host import Host
    from reactflow.service.service import Service

LARGEST: Final = 6 << 20  # bytes of an answer that Lambda hands back
_WHAT: Final = "the event"


class _Given(NamedTuple):
    """A cell or pulse that a call may give."""

    is_source: bool
    convert: Converter


def answer(host: Host, event: Mapping[str, Any], others: str = "") -> dict[str, Any]:
    """The values of the flow's cells, by name and as JSON, after an event with values of source cells and pulses.

    A cell that is unset is left out. Numbers that a float cannot hold are Decimals, which Lambda's runtime writes as
    they are. ``others`` says, for the error, which other events are taken. Raises CallError for a field that there is
    not, a value of another type, a cell that fails, and an answer that is too large, ConfigurationError for an event of
    which nothing is known.

    >>> from reactflow import Flow, Service, cell
    >>> class Room(Flow):
    ...     length = cell(0.0)
    ...     width = cell(2.0)
    ...     area = length * width
    >>> answer(Service(Room, key="room").host, {"length": 3})
    {'length': 3.0, 'width': 2.0, 'area': 6.0}
    """
    service = host.service
    fields = _read(service, event)
    _check(service, fields, others)
    given = _given(service)
    writes: dict[str, object] = {}
    occurrences: dict[str, object] = {}
    for name in fields.keys() & given.keys():
        one = given[name]
        (writes if one.is_source else occurrences)[name] = _decoded(service, name, one.convert, fields[name])
    state = _start(host, fields)
    try:
        if writes or occurrences:
            state, _ = service.step.apply(state, Event(writes, occurrences))
        values = service.step.values(state)
    except CellError as error:
        raise _failed(service, error.cell, error.error, error) from error
    except Superseded as error:
        raise CallError(str(error), f"service {service.name!r}: an object that was named is gone") from error
    return _written(service, values)


def _read(service: Service, event: Mapping[str, Any]) -> dict[str, Any]:
    """The event as the reader of records has it: decimals exact, within the limits."""
    with encoding(_WHAT):
        try:
            text = json.dumps(event)
        except (TypeError, ValueError):  # called with values that are no JSON yet, such as a date
            text = write_json(event)
    try:
        return read_object(text, _WHAT)
    except RecordError as error:
        raise CallError(
            f"service {service.name!r}: {error}",
            f"service {service.name!r}: the event is not JSON as it is taken (1 MiB, 64 deep, 10,000 members, whole "
            "text, no NaN)",
        ) from error


def _check(service: Service, fields: Mapping[str, Any], others: str) -> None:
    """Refuse fields that are neither cells to be written, nor pulses, nor of the key."""
    plan, flow = service.flow.plan, service.flow.__name__
    known = [*dict.fromkeys((*service.key.wanted.values(), *_given(service)))]
    unknown = [name for name in fields if name not in known]
    if not unknown and (fields or not service.bound):
        return
    takes = f"{flow} takes {', '.join(known) or 'no field'}"
    if not unknown:  # what a trigger sends is never empty, and is not to pass as a call
        raise ConfigurationError(
            f"service {service.name!r}: the event is empty: {others or 'a trigger sends records'}; called directly, "
            f"{takes}"
        )
    name = unknown[0]
    near = suggestion(name, known)
    if name in plan.names:
        sort = "gathers it from what its inputs send" if plan[name].gathered else "computes it itself"
        raise CallError(
            f"service {service.name!r}: {flow} {sort}, the field {short(name)} cannot be given: {takes}"
        )
    if len(unknown) < len(fields):
        raise CallError(
            f"service {service.name!r}: the field {short(name)} of the event is nothing of {flow}{near}: {takes}"
        )
    shown = ", ".join(sorted(fields)[:8])
    raise ConfigurationError(
        f"service {service.name!r}: the event is none that it takes, it has {shown}{near}: "
        f"{f'{others}; ' if others else ''}called directly, {takes}"
    )


@lru_cache(maxsize=64)
def _given(service: Service) -> Mapping[str, _Given]:
    """What a call may give, by name. Raises BindingError for a cell of a type that no data can be read into."""
    return {
        str(node.name): _Given(node.kind is Kind.SOURCE, converter(node.type))
        for node in service.flow.plan
        if node.name and node.kind in (Kind.SOURCE, Kind.PULSE) and node.gathered is None
    }


def _decoded(service: Service, name: str, convert: Converter, value: object) -> object:
    try:
        return convert(value)
    except Mismatch as error:
        what = f"service {service.name!r}: field {name!r}"
        try:  # once more, for the error that says where
            return decode_value(value, service.flow.plan[name].type, what, field=name)
        except RecordError as full:
            kind = "null" if error.value is None else type(error.value).__name__
            raise CallError(str(full), f"{what}: expected {error.expected}, got {kind}") from error


def _start(host: Host, fields: Mapping[str, Any]) -> State:
    """The state of the unit that a call names, else that of a new one."""
    service = host.service
    keys = [*service.key.wanted.values()]
    missing = [name for name in keys if name not in fields]
    if missing:
        given = [name for name in keys if name in fields and name not in _given(service)]
        if given:
            raise CallError(
                f"service {service.name!r}: the event has the key's field {given[0]!r}, and not {missing[0]!r}: give "
                "all of them to start from what is stored, or none to start anew"
            )
        return service.step.initial()
    try:
        unit = service.key.read(fields, {})
    except RecordError as error:
        what = f"service {service.name!r}: "
        raise CallError(
            f"{what}{error}", f"{what}the key's field {error.field!r} is not what the key takes"
        ) from error
    item = host.store.get(service.name, unit.text) if service.bound else None
    if item is None or not item.cells:
        return service.step.initial()
    refuse_newer(service, unit, item)
    return service.step.read(item.cells, item.gv, item.written)


def _failed(service: Service, cell: str, error: BaseException, told: CellError | None = None) -> CallError:
    where = service.flow.plan[cell].where
    begins = f"cell {cell!r} of {service.flow.__name__} ({where}) failed"
    return CallError(
        f"service {service.name!r}: {told or f'{begins}: {type(error).__name__}: {error}'}",
        f"service {service.name!r}: {begins}: {type(error).__name__}; `reactflow invoke` with the same event tells "
        "what it said",
    )


def _written(service: Service, values: Mapping[str, object]) -> dict[str, Any]:
    """Outcomes as the plain data of JSON; raises CallError for a cell that fails, and for too much of it."""
    for name, one in values.items():
        if type(one) is Failure:
            raise _failed(service, name, one.error)
    texts: dict[str, str] = {}
    for name, one in values.items():
        if one is not UNSET:
            with encoding(f"service {service.name!r}, cell {name!r}"):
                texts[name] = write_json(_plain(one))
    made = {name: json.loads(text, parse_float=_number) for name, text in texts.items()}
    if sum(map(len, texts.values())) * 8 > LARGEST:  # a character has 6 bytes at most, escaped, and a comma
        # the runtime escapes what is not ASCII before Python 3.12
        size = len(json.dumps(made, ensure_ascii=sys.version_info < (3, 12), default=str).encode())
        if size > LARGEST:
            largest = max(texts, key=lambda name: len(texts[name]))
            raise CallError(
                f"service {service.name!r}: the answer has {size} bytes, and {LARGEST} are the most that Lambda hands "
                f"back: most of it is the cell {largest!r}; have it written to S3 by an output, or call with less"
            )
    return made


def _plain(value: Any) -> Any:
    """A value with the records in it (of attrs, dataclasses, named tuples) as objects of their fields."""
    names = field_names(type(value))
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=write_json)
    return value


def _number(text: str) -> float | Decimal:
    """A number with a fraction as a float, where that is the very number."""
    near, exact = float(text), Decimal(text)
    return near if Decimal(repr(near)) == exact else exact
