"""Which changes of a service's outputs are due when a unit went from one state to another, and of which rows.

A cell output has one row a unit, which is written, or removed; one that is keyed by a cell (``by=``) moves with its
value, so that there is a removal under the old one and a row under the new one. A pulse output tells of each
occurrence. Nothing is counted, stored or published here: that is the business of ``outbox``.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from attrs import frozen

from reactflow.cells import UNSET, Failure
from reactflow.errors import BindingError, ConfigurationError, RecordError, StateError, Transient
from reactflow.flow import State, same_value
from reactflow.service.contributing import present
from reactflow.service.item import PublicationKind, number_name
from reactflow.service.key import Key, KeyValue, UnitKey
from reactflow.service.output import Output

if TYPE_CHECKING:
    from reactflow.service.service import Service

Values = Mapping[str, object]
"""Outcomes of a flow's named cells, by name."""


class Outcomes(Mapping[str, object]):
    """The outcomes of a state: those that are in it are looked up there, all are found out when another is asked for.

    A cell that is not stored is shown as what is kept of it.
    """

    __slots__ = ("_all", "_service", "_state")

    def __init__(self, service: Service, state: State) -> None:
        self._service, self._state = service, state
        self._all: Values | None = None

    def __getitem__(self, name: str) -> object:
        if name in self._state and name in self._service.kept:
            return self._state[name]
        return self._found[name]

    def get(self, name: str, default: object = None) -> object:
        """The outcome of a cell, else ``default``."""
        if name in self._state and name in self._service.kept:
            return self._state[name]
        return self._found.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def _found(self) -> Values:
        if self._all is None:
            there: dict[str, object] = self._service.step.values(self._state, recompute=False)
            for name, folds in self._service.member_folds.items():  # no cell: whether there are any
                there[name] = True if present(folds, self._state) else UNSET
            self._all = there
        return self._all


@frozen
class Occurred:
    """One occurrence of a named pulse, and the values of the cells in its event."""

    pulse: str
    value: object
    values: Values


_KEYED: Final = "by "  # no name of a cell has a blank in it
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Change(NamedTuple):
    """What becomes of one row of an output; ``by`` is the part of the row's key that is no field of the unit's."""

    kind: PublicationKind
    values: Values = _NONE
    by: Mapping[str, KeyValue] = _NONE


def changes(
    service: Service,
    unit: UnitKey,
    outputs: Sequence[Output],
    told: Container[str],
    before: Values,
    after: Values,
    occurred: Sequence[Occurred],
    moved: Container[str] | None = None,
    again: Container[str] = (),
) -> Iterator[tuple[Output, str, Change]]:
    """Each change of an output, and what it is counted by; ``moved`` names the cells that changed, where known.

    Rows that are counted by what is in ``again`` are due whether they changed or not.
    """
    for output in outputs:
        counter = number_name(output.name, output.sink.destination)
        if output.pulse:
            found = [_occurrence(unit, output, one) for one in occurred if one.pulse == output.pulse]
        else:
            found = _row(
                service, unit, output, before if counter in told else None, after, moved, counter in again
            )
        for change in found:
            yield output, counter, change


def _occurrence(unit: UnitKey, output: Output, one: Occurred) -> Change:
    by = route(unit, output, one.values)
    if by is None:
        raise RecordError(
            f"the occurrence of {one.pulse!r} has nowhere to go: the output to {output.sink.destination} is keyed by "
            f"{' and '.join(output.by.values())}, which has no value here; have it written before {one.pulse!r} occurs"
        )
    return Change("occurrence", filled(output, {**one.values, one.pulse: one.value}), by)


def _row(
    service: Service,
    unit: UnitKey,
    output: Output,
    before: Values | None,
    after: Values,
    moved: Container[str] | None,
    is_due: bool,
) -> list[Change]:
    """What becomes of a unit's row: nothing, a new one, none any more, or, under another key, both."""
    there = _route_before(unit, output, before) if before is not None and exists(service, before) else None
    here = route(unit, output, after) if exists(service, after) else None
    removed = [Change("removal", by=there)] if there is not None and there != here else []
    if here is None:
        return removed
    if there == here and before is not None and not is_due and not _differs(output, before, after, moved):
        return []
    return [*removed, Change("row", filled(output, after), here)]


def _differs(output: Output, before: Values, after: Values, moved: Container[str] | None) -> bool:
    """Whether a row that was there, and is, has other values."""
    if moved is not None:
        return any(name in moved for name in output.cells.values())
    return not same_value(filled(output, before), filled(output, after))


def route(unit: UnitKey, output: Output, values: Values) -> dict[str, KeyValue] | None:
    """What an output is keyed by, beside the unit's key; None when one of its cells has no value: then there is no row.

    Raises RecordError for a value that cannot be part of a key.
    """
    if not output.by:
        return {}
    found: dict[str, Any] = _columns_of(output.by, values)
    if len(found) < len(output.by) or None in found.values():
        return None
    key = {**found, **unit.fields()}
    try:
        Key.of({name: type(value) for name, value in key.items()}).unit(*key.values())
    except (BindingError, RecordError) as error:
        raise RecordError(f"the output to {output.sink.destination} cannot be keyed: {error}") from error
    return found


def _route_before(unit: UnitKey, output: Output, values: Values) -> dict[str, KeyValue] | None:
    try:
        return route(unit, output, values)
    except RecordError:
        return None  # what cannot be a key never was one


def keyed_by(service: Service, numbers: Container[str]) -> dict[str, str]:
    """What is kept in an item of how rows are keyed that were told of: the cells, by output and destination."""
    keyed = service.keyed
    return {f"{_KEYED}{name}": _shown(by) for name, by in keyed.items() if name in numbers} if keyed else {}


def refuse_rekeyed(service: Service, unit: UnitKey, written: Mapping[str, str] | None) -> None:
    """Raise StateError when rows were keyed by other cells when an item was written: they would stay for ever."""
    if not written or not service.keyed:
        return
    for name, by in service.keyed.items():
        was = written.get(f"{_KEYED}{name}", "")
        if was and not service.step.migrations.is_renamed(was.split(", "), list(by.values())):
            output, _, destination = name.partition("|")
            raise StateError(
                f"unit {unit.text!r} of service {service.name!r} has a row of the output {output!r} to {destination} "
                f"that is keyed by={was}, and it is keyed by={_shown(by)} now: that row would stay. Key it as before, "
                f"and change what {was} is; or give the output another name, row(..., name='...'), and remove "
                "the old rows yourself"
            )


def _shown(by: Mapping[str, str]) -> str:
    return ", ".join(by.values())


def exists(service: Service, values: Values) -> bool:
    """Whether a unit has a row: one of the source cells that an input feeds has a value."""
    fed = service.fed
    return not fed or any(values.get(name, UNSET) is not UNSET for name in fed)


def filled(output: Output, values: Values) -> dict[str, object]:
    """The columns that have a value; one that is unset, or fails on the defaults, is left out.

    Raises Transient for one that cannot be computed for now, ConfigurationError for one that lacks what is not
    installed: it would be left out by mistake.
    """
    return _columns_of(output.cells, values)


def _columns_of(cells: Mapping[str, str], values: Values) -> dict[str, object]:
    found: dict[str, object] = {}
    for column, name in cells.items():
        value = values.get(name, UNSET)
        if type(value) is Failure:
            if isinstance(value.error, (Transient, ConfigurationError, MemoryError)):
                value.throw()
        elif value is not UNSET:
            found[column] = value
    return found
