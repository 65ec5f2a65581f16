"""Binding: what a source's messages mean for the cells of a flow.

An input is a source bound to a service: which fields feed which cells, and where the unit's key is found. It turns a
message into events of units, strictly, and checks when the service is made what can be checked then. It never looks
at state, nor at where a record stands in its lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from attrs import field, frozen

from reactflow.cells import UNSET, Kind, Plan
from reactflow.errors import BindingError, RecordError
from reactflow.flow import DEFAULT, Event
from reactflow.service.cloudevent import OCCURRENCE
from reactflow.service.conversion import converter
from reactflow.service.decoding import ABSENT, check_type, decode_value, read_path, short
from reactflow.service.key import Key, UnitKey
from reactflow.service.scalars import Converter, Mismatch
from reactflow.service.source import Contract, Message, Reader, Source
from reactflow.service.suggest import suggestion
from reactflow.service.version import version_text

if TYPE_CHECKING:
    from reactflow.flow import Flow
    from reactflow.service.contribution import Said
    from reactflow.service.gathering import Gathering
    from reactflow.service.window import Late

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})
_NO_NAMES: Final[frozenset[str]] = frozenset()

Version = tuple[str, bool]
"""What orders the writes of a source cell: the version as text, and whether the write is a removal, which wins ties."""


class UnitEvent(NamedTuple):
    """What one record means for one unit; ``error`` instead of an event when it cannot be applied to it.

    ``versions`` orders the writes of the cells whose source has a version of its own. ``ignored`` names the fields that
    feed nothing. ``late`` is there instead of what the event means when it came too late for its window. ``said`` is
    what it says of contributions to the unit, instead of writes.
    """

    unit: UnitKey
    event: Event
    versions: Mapping[str, Version] = _NONE
    ignored: frozenset[str] = _NO_NAMES
    error: RecordError | None = None
    late: Late | None = None
    said: tuple[Said, ...] = ()

    @classmethod
    def failed(cls, unit: UnitKey, error: RecordError, said: tuple[Said, ...] = ()) -> UnitEvent:
        """A record that cannot be applied to its unit; ``said`` is what it would say of contributions."""
        return cls(unit, Event({}, {}), error=error, said=said)

    def with_(self, other: UnitEvent) -> UnitEvent:
        """This and what another input makes of the same record, as the one event that a record is."""
        if self.error is not None or other.error is not None:
            return self if self.error is not None else other
        if self.late is not None or other.late is not None:
            return self if self.late is not None else other
        gives = any(one.event.writes or one.event.occurrences for one in (self, other))
        if gives and any(one.said for one in (self, other)):
            what = "the record is for two inputs, of which one feeds members and one does not: have where= part them"
            return UnitEvent.failed(self.unit, RecordError(what), self.said or other.said)
        mine, theirs = self.event, other.event
        older = {
            name
            for name, one in other.versions.items()
            if name in self.versions and one < self.versions[name]
        }
        writes = {name: value for name, value in theirs.writes.items() if name not in older}
        event = Event({**mine.writes, **writes}, {**mine.occurrences, **theirs.occurrences})
        later = {name: one for name, one in other.versions.items() if name not in older}
        versions, ignored = {**self.versions, **later}, self.ignored & other.ignored
        return UnitEvent(self.unit, event, versions, ignored, said=(*self.said, *other.said))


def one_a_unit(events: Iterable[UnitEvent]) -> list[UnitEvent]:
    """The events of one record, those of one unit made into one."""
    events = list(events)
    if len(events) < 2:
        return events
    found: dict[UnitKey, UnitEvent] = {}
    for each in events:
        found[each.unit] = found[each.unit].with_(each) if each.unit in found else each
    return list(found.values())


class Feed(NamedTuple):
    """A cell that a field feeds: ``convert`` makes a value of the cell's type of plain data."""

    cell: str
    path: str
    is_source: bool
    convert: Converter


@frozen
class Input:
    """A source bound to a service: ``feeds`` are the paths by cell, ``paths`` those of the key's fields.

    ``resource`` and ``contract`` are the source's, ``used`` the names of all fields that are read, none if any is.
    """

    source: Source
    key: Key
    feeds: Mapping[str, str]
    paths: Mapping[str, str]
    plan: Plan
    resource: str = field(init=False)
    contract: Contract = field(init=False)
    used: frozenset[str] = field(init=False)
    gathers: tuple[Gathering, ...] = field(init=False)
    reader: Reader | None = field(init=False)
    _fed: tuple[Feed, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        put = object.__setattr__  # a frozen value is completed once, here
        put(self, "resource", self.source.resource)
        put(self, "contract", self.source.contract)
        put(self, "gathers", self._gathers())
        ids = [name for one in self.gathers for name in one.id.names]
        used = [*self.feeds.values(), *self.paths.values(), *ids, self.source.version or ""]
        whole = "" in self.feeds.values()
        put(self, "used", frozenset(() if whole else (path.partition(".")[0] for path in used)))
        nodes = [(name, path, self.plan[name]) for name, path in self.feeds.items() if not self.gathers]
        fed = [Feed(name, path, node.kind is Kind.SOURCE, converter(node.type)) for name, path, node in nodes]
        put(self, "_fed", tuple(fed))
        put(self, "reader", self.source.reader(self))

    def _gathers(self) -> tuple[Gathering, ...]:
        if all(node.gathered is None for node in self.plan):
            return ()
        from reactflow.service.gathering import gatherings

        return gatherings(self.source, self.plan, self.feeds, self.key)

    @classmethod
    def bind(cls, source: Source, flow: type[Flow], key: Key) -> Input:
        """Bind a source to a flow by its options; raises BindingError with the remedy."""
        feeds, wanted = dict(source.feeds(flow.plan)), key.wanted
        for name in feeds if source.fields is None else ():
            gathered = flow.plan[name].gathered
            feeds[name] = feeds[name] if gathered is None else gathered.value
        told = source.key_paths(tuple(wanted.values()))
        if not feeds:
            fed = [f"{node.name!r}" for node in flow.plan if node.name and node.kind is Kind.SOURCE]
            example = f"{{{fed[0]}: 'field'}}" if fed else "{cell: field}"
            raise BindingError(
                f"{source.resource} feeds no cell of {flow.__name__}: say which field feeds which cell, "
                f"as in fields={example}"
            )
        for name in feeds:
            _check_fed(name, flow, source)
        for name in wanted.values():
            if name not in told:
                raise BindingError(
                    f"{source.resource} does not tell the key's field {name!r} (it tells "
                    f"{', '.join(told) or 'none'}): add {{{name}}} to its template, or take {name!r} out of the key"
                )
        paths = {name: told[field] for name, field in wanted.items()}
        return cls(source, key, feeds, paths, flow.plan)

    @property
    def lane_names(self) -> tuple[str, ...]:
        """The fields that tell what is ordered for itself: a unit, or a contributor to it."""
        return (*self.key.plain_names, *(name for one in self.gathers for name in one.id.names))

    def events(self, message: Message) -> list[UnitEvent]:
        """The events that a message makes, at most one a unit.

        Raises RecordError when no unit can be told; what is wrong with a unit's fields is its event's ``error``.
        """
        new, old = message.new, message.old
        if self.gathers:
            return self._gathered(message)
        if (
            new is not None
            and not self.contract.replaces
            and not message.old_known
            and self.source.where is None
        ):
            event = self._write(self.key.read(new, self.paths), new, message.cause is not None)
            return [self._judged(event, new, message, is_removal=False)]
        now: UnitKey | None = None
        try:
            if new is not None and self._fits(new):
                now = self.key.read(new, self.paths)
            was_there = self._was_there(message)
        except _WhereFailed as error:
            return [UnitEvent.failed(self.key.read(error.fields, self.paths), RecordError(str(error)))]
        made: list[UnitEvent] = []
        gone = old if old is not None else new
        if was_there and gone is not None:
            # A delete has to tell its unit; an old image that cannot, or what only stopped to fit, never made one.
            before = self.key.read(gone, self.paths) if new is None else self._unit(gone)
            if before is not None and before != now:
                made.append(self._judged(self._removal(before, gone), gone, message, is_removal=True))
        if now is not None and new is not None:
            replaces = self.contract.replaces or message.cause is not None  # an edge of ours is whole
            made.append(self._judged(self._write(now, new, replaces), new, message, is_removal=False))
        return made

    def _gathered(self, message: Message) -> list[UnitEvent]:
        """What a message says of contributions: of one that is there, and of one that is there no more."""
        new, old = message.new, message.old
        gone = old if old is not None else new
        made: list[UnitEvent] = []
        try:
            fits = new is not None and self._fits(new)
            was_there = self._was_there(message)
        except _WhereFailed as error:
            return [self._said(error.fields, message, error=RecordError(str(error)))]
        now = self._said(new, message) if fits and new is not None else None
        if was_there and gone is not None:
            try:
                removal = self._said(gone, message, is_gone=True)
            except RecordError:  # an old image that cannot tell its unit never made one
                if new is None:
                    raise
            else:
                if now is None or not self._is_of(removal, now):
                    made.append(removal)
        return made if now is None else [*made, now]

    def _said(
        self,
        fields: Mapping[str, Any],
        message: Message,
        *,
        is_gone: bool = False,
        error: RecordError | None = None,
    ) -> UnitEvent:
        """What fields say of contributions, judged by their window; raises RecordError when no unit can be told."""
        unit = self.key.read(fields, self.paths)
        said: tuple[Said, ...] = ()
        try:
            said = tuple(one.said(fields, message, is_gone=True) for one in self.gathers)
            for one in self.gathers:
                one.check(message)
            if error is not None:
                raise error
            if is_gone:
                made = UnitEvent(unit, Event({}, {}), said=said)
            else:
                valued = tuple(one.said(fields, message, is_gone=False) for one in self.gathers)
                made = UnitEvent(unit, Event({}, {}), ignored=self._ignored(fields), said=valued)
        except RecordError as failed:
            return UnitEvent.failed(unit, failed, said)
        return self._judged(made, fields, message, is_removal=is_gone)

    def _is_of(self, one: UnitEvent, other: UnitEvent) -> bool:
        """Whether two events are of the same contributions to the same unit."""
        keys = [[said.key for said in each.said] for each in (one, other)]
        return one.unit == other.unit and keys[0] == keys[1]

    def _judged(
        self, made: UnitEvent, fields: Mapping[str, Any], message: Message, *, is_removal: bool
    ) -> UnitEvent:
        """An event, or what is told of one that is too late for its window, or cannot be as old as it says."""
        window = self.key.window
        if window is None or window.keep is None:
            return made
        time, what = self.key.time(fields, self.paths)
        try:
            why = window.judge(time, message.time, what)
        except RecordError as error:
            return UnitEvent.failed(made.unit, error)
        if not why or message.time is None:
            return made
        from reactflow.service.window import Late

        late = Late(fields, message.time.isoformat().replace("+00:00", "Z"), is_removal, why)
        return UnitEvent(made.unit, Event({}, {}), late=late)

    def _fits(self, fields: Mapping[str, Any]) -> bool:
        if self.source.where is None:
            return True
        try:
            return bool(self.source.where(fields))
        except Exception as error:
            # a user's function: its failure is a reason to keep the record, not to stop
            raise _WhereFailed(self.source, fields, error) from error

    def _was_there(self, message: Message) -> bool:
        """Whether there was something for this input before, which may have to go."""
        if message.old_known:
            return message.old is not None and self._fits(message.old)
        if message.new is None:
            return True
        # an edge of ours is whole, as a row of a table is; an occurrence that does not fit is only left out
        is_row = message.cause is not None and message.cause.type != OCCURRENCE
        return self.contract.replaces or is_row

    def _unit(self, fields: Mapping[str, Any]) -> UnitKey | None:
        try:
            return self.key.read(fields, self.paths)
        except RecordError:
            return None

    def _removal(self, unit: UnitKey, fields: Mapping[str, Any]) -> UnitEvent:
        writes = {name: UNSET for name in self.feeds if self.plan[name].kind is Kind.SOURCE}
        try:
            return UnitEvent(unit, Event(writes, {}), self._versions(fields, writes, is_removal=True))
        except RecordError as error:
            return UnitEvent.failed(unit, error)

    def _write(self, unit: UnitKey, fields: Mapping[str, Any], replaces: bool) -> UnitEvent:
        try:
            event = self._event(fields, replaces)
            versions = self._versions(fields, event.writes, is_removal=False)
            return UnitEvent(unit, event, versions, self._ignored(fields))
        except RecordError as error:
            return UnitEvent.failed(unit, error)

    def _event(self, fields: Mapping[str, Any], replaces: bool) -> Event:
        writes: dict[str, object] = {}
        occurrences: dict[str, object] = {}
        for name, path, is_source, convert in self._fed:
            value = read_path(fields, path) if path else fields
            if value is ABSENT:
                if is_source and replaces:
                    writes[name] = DEFAULT
                continue
            try:
                decoded = convert(value)
            except Mismatch:  # once more, for the error that says where
                decoded = decode_value(
                    value, self.plan[name].type, f"field {path!r} of {self.resource}", field=path
                )
            (writes if is_source else occurrences)[name] = decoded
        return Event(writes, occurrences)

    def _ignored(self, fields: Mapping[str, Any]) -> frozenset[str]:
        """The fields that feed nothing; refused with ``extra="forbid"``."""
        known = self.used
        if not known or fields.keys() <= known:
            return _NO_NAMES
        unknown = fields.keys() - known
        if unknown and self.source.extra == "forbid":
            name = min(unknown)
            raise RecordError(
                f"field {name!r} of {self.source.resource} feeds nothing{suggestion(name, known)}, and "
                "extra='forbid' refuses it: feed a cell with it, or allow it with extra='ignore'",
                field=name,
            )
        return frozenset(unknown)

    def _versions(
        self, fields: Mapping[str, Any], cells: Iterable[str], *, is_removal: bool
    ) -> Mapping[str, Version]:
        """The version field as text that compares as its values do, for each cell."""
        path = self.source.version
        if path is None:
            return _NONE
        value = read_path(fields, path)
        text = version_text(value)
        if not text:
            shown = "missing" if value is ABSENT else short(value)
            raise RecordError(
                f"the version field {path!r} of {self.source.resource} is {shown}: it orders the writes, so every "
                "record needs one, a count from 0, a time or a text",
                field=path,
            )
        return dict.fromkeys(cells, (text, is_removal))


class _WhereFailed(Exception):
    """``where=`` raised on these fields."""

    def __init__(self, source: Source, fields: Mapping[str, Any], error: Exception) -> None:
        super().__init__(
            f"where= of {source.resource} failed on this record: {type(error).__name__}: {error}; make it stand "
            "records of every kind, as in where=lambda fields: fields.get('kind') == 'order'"
        )
        self.fields = fields


def _check_fed(name: str, flow: type[Flow], source: Source) -> None:
    names = flow.plan.names
    if name not in names:
        raise BindingError(
            f"fields= of {source.resource} feeds {name!r}, and {flow.__name__} has no such cell"
            f"{suggestion(name, names)}: it has {', '.join(names)}. fields= reads {{cell: path in the record}}"
        )
    node = flow.plan[name]
    if node.kind not in (Kind.SOURCE, Kind.PULSE):
        sources = [one.name for one in flow.plan if one.name and one.kind in (Kind.SOURCE, Kind.PULSE)]
        raise BindingError(
            f"fields= of {source.resource} feeds {name!r}, which {flow.__name__} computes itself: feed what it is "
            f"computed from ({', '.join(sources)})"
        )
    check_type(node.type, name)
