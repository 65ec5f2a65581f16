"""Binding: what a source's messages mean for the cells of a flow.

An input is a source bound to a service: which fields feed which cells, and where the unit's key is found. It turns a
message into events of units, strictly, and checks when the service is made what can be checked then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from reactflow.cells import UNSET, Kind, Plan
from reactflow.errors import BindingError, RecordError
from reactflow.flow import DEFAULT, Event
from reactflow.service.decoding import ABSENT, check_type, decode_value, read_path, short
from reactflow.service.key import Key, UnitKey
from reactflow.service.source import Message, Source
from reactflow.service.suggest import suggestion

if TYPE_CHECKING:
    from reactflow.flow import Flow


@frozen
class UnitEvent:
    """What one message means for one unit; ``error`` instead of an event when it cannot be applied to it.

    ``version`` orders the writes of its cells when the source has a version of its own, else it is empty.
    """

    unit: UnitKey
    event: Event
    version: str = ""
    is_removal: bool = False
    error: RecordError | None = None

    @classmethod
    def failed(cls, unit: UnitKey, error: RecordError) -> UnitEvent:
        """A message that cannot be applied to its unit."""
        return cls(unit, Event({}, {}), error=error)


@frozen
class Input:
    """A source bound to a service: ``feeds`` are the paths by cell, ``paths`` those of the key's fields."""

    source: Source
    key: Key
    feeds: Mapping[str, str]
    paths: Mapping[str, str]
    plan: Plan

    @classmethod
    def bind(cls, source: Source, flow: type[Flow], key: Key) -> Input:
        """Bind a source to a flow by its options; raises BindingError with the remedy."""
        feeds, paths = source.feeds(flow.plan), source.key_paths(key.names)
        where = f"{source.resource} of {flow.__name__}"
        if not feeds:
            raise BindingError(
                f"{where} feeds no cell: say which field feeds which, as in fields={{'length': 'length'}}"
            )
        for name in feeds:
            _check_fed(name, flow, where)
        for name in key.names:
            if name not in paths:
                raise BindingError(
                    f"{where} does not tell the key's field {name!r}: it gives {', '.join(paths) or 'none'}; "
                    f"add it to the template, or say where it is with key={{{name!r}: path}}"
                )
        return cls(source, key, dict(feeds), dict(paths), flow.plan)

    def events(self, message: Message) -> Iterator[UnitEvent]:
        """The events that a message makes, at most one a unit.

        Raises RecordError when no unit can be told; what is wrong with a unit's fields is the event's ``error``.
        """
        new, old = message.new, message.old
        fits = new is not None and self._fits(new)
        if new is not None and fits:
            unit = self.key.read(new, self.paths)
            if (
                old is not None
                and message.old_known
                and self._fits(old)
                and self._unit(old) not in (None, unit)
            ):
                yield self._removal(self.key.read(old, self.paths), old)
            yield self._write(unit, new)
        else:
            gone = old if old is not None else new
            if gone is not None and self._was_there(message):
                yield self._removal(self.key.read(gone, self.paths), gone)

    def _fits(self, fields: Mapping[str, Any]) -> bool:
        return self.source.where is None or bool(self.source.where(fields))

    def _was_there(self, message: Message) -> bool:
        """Whether something that goes, or no longer fits, was there for this input before."""
        if message.old is not None and message.old_known:
            return self._fits(message.old)
        return message.new is None or self.source.contract.replaces

    def _unit(self, fields: Mapping[str, Any]) -> UnitKey | None:
        try:
            return self.key.read(fields, self.paths)
        except RecordError:
            return None  # an old image that never made a unit

    def _removal(self, unit: UnitKey, fields: Mapping[str, Any]) -> UnitEvent:
        writes = {name: UNSET for name in self.feeds if self.plan[name].kind is Kind.SOURCE}
        return UnitEvent(unit, Event(writes, {}), self._version(fields), is_removal=True)

    def _write(self, unit: UnitKey, fields: Mapping[str, Any]) -> UnitEvent:
        try:
            return UnitEvent(unit, self._event(fields), self._version(fields))
        except RecordError as error:
            return UnitEvent.failed(unit, error)

    def _event(self, fields: Mapping[str, Any]) -> Event:
        writes: dict[str, object] = {}
        occurrences: dict[str, object] = {}
        for name, path in self.feeds.items():
            node = self.plan[name]
            value = read_path(fields, path) if path else fields
            if value is ABSENT:
                if node.kind is Kind.SOURCE and self.source.contract.replaces:
                    writes[name] = DEFAULT
                continue
            decoded = decode_value(value, node.type, f"field {path!r} of {self.source.resource}", field=path)
            (writes if node.kind is Kind.SOURCE else occurrences)[name] = decoded
        if self.source.extra == "forbid":
            self._refuse_unknown(fields)
        return Event(writes, occurrences)

    def _refuse_unknown(self, fields: Mapping[str, Any]) -> None:
        used = [*self.feeds.values(), *self.paths.values(), self.source.version or ""]
        known = {path.partition(".")[0] for path in used}
        for name in fields:
            if name not in known:
                raise RecordError(
                    f"field {name!r} of {self.source.resource} feeds nothing and extra='forbid' refuses it"
                    f"{suggestion(name, known)}: feed a cell with it, or allow it with extra='ignore'",
                    field=name,
                )

    def _version(self, fields: Mapping[str, Any]) -> str:
        """The version field as text that compares as its values do."""
        path = self.source.version
        if path is None:
            return ""
        value = read_path(fields, path)
        if type(value) is int and 0 <= value < 10**40:
            return f"{value:040d}"
        if type(value) is str and value:
            return value
        if isinstance(value, (datetime, date)):
            return value.isoformat()
        raise RecordError(
            f"the version field {path!r} of {self.source.resource} is {short(None if value is ABSENT else value)}: "
            "it orders the writes, so every record needs one, a count from 0 or a text",
            field=path,
        )


def _check_fed(name: str, flow: type[Flow], where: str) -> None:
    names = flow.plan.names
    if name not in names:
        raise BindingError(
            f"fields= of {where} feeds the cell {name!r}, which {flow.__name__} does not have"
            f"{suggestion(name, names)}: it has {', '.join(names)}"
        )
    node = flow.plan[name]
    if node.kind not in (Kind.SOURCE, Kind.PULSE):
        sources = [one.name for one in flow.plan if one.name and one.kind in (Kind.SOURCE, Kind.PULSE)]
        raise BindingError(
            f"fields= of {where} feeds {name!r}, which the flow computes itself: feed its source cells "
            f"({', '.join(sources)}) instead"
        )
    check_type(node.type, name)
