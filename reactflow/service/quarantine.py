"""Quarantine: a record that could not be applied, kept with all that is needed to understand and replay it.

A case is plain data. Making one never fails, whatever the record holds: a case that cannot be kept would
block its lane. It must not hold more of a unit than the record itself: no cells, no other records.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

from attrs import field, fields, frozen

from reactflow.errors import StateError
from reactflow.service.caseid import case_id, kept_as

_DEEPEST: Final = 96  # levels of a record that are kept as data; what is below is kept as text
_LATER: Final = {"account": "", "region": "", "is_shared": False}  # what cases of before do not have
_REASON_TEXTS: Final = ("kind", "cell", "type", "message", "line", "field")


@frozen(kw_only=True)
class Reason:
    """Why a record could not be applied.

     ``kind``: ``record`` (it could not be decoded), ``late`` (it came too late for its window), ``cell`` (a cell of the
     flow failed), ``gap`` (an occurrence before it is missing), ``held`` (no fault of its own: it waits behind a case),
     ``state``, or another word for what went wrong.
    ``type`` and ``message`` are the error's, ``line`` is where the user's
     function raised.
    """

    kind: str
    message: str
    type: str = ""
    cell: str = ""
    line: str = ""
    field: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Reason:
        """The reason that an error of reactflow gives, with the user's own error for a cell that failed.

        >>> from reactflow.errors import RecordError
        >>> Reason.of(RecordError("expected float, got 'abc' (str)", field="length")).kind
        'record'
        """
        from reactflow.errors import (
            CellError,
            Gap,
            Held,
            LateRecord,
            RecordError,
        )  # here, to keep the names of this module few

        if isinstance(error, CellError):
            return cls(
                kind="cell",
                message=str(error),
                type=type(error.error).__name__,
                cell=error.cell,
                line=error.line,
            )
        if isinstance(error, LateRecord):
            return cls(kind="late", message=str(error), type="LateRecord")
        if isinstance(error, RecordError):
            return cls(kind="record", message=str(error), type="RecordError", field=error.field)
        if isinstance(error, (Gap, Held)):
            return cls(kind=type(error).__name__.lower(), message=str(error), type=type(error).__name__)
        cell = error.cell if isinstance(error, StateError) else ""
        kind = "state" if isinstance(error, StateError) else "error"
        return cls(kind=kind, message=str(error), type=type(error).__name__, cell=cell)


def plain(value: object) -> Any:
    """Any value as JSON-able data: what JSON does not have is told apart by a member that starts with ``$``.

    >>> plain({"data": b"hi", 1: float("inf")})
    {'data': {'$bytes': 'aGk='}, '1': {'$float': 'inf'}}
    """
    return _plain(value, _DEEPEST)


def _plain(value: object, levels: int) -> Any:
    if value is None or type(value) in (str, bool):
        return value
    if type(value) is int:
        return value if value.bit_length() <= 4096 else {"$int": hex(value)}
    if type(value) is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping) and (levels or _is_text_of_more(value)):
        return {str(name): _plain(inner, levels - 1) for name, inner in value.items()}
    if levels and isinstance(value, (list, tuple)):
        return [_plain(inner, levels - 1) for inner in value]
    if levels and isinstance(value, (set, frozenset)):
        return {"$set": sorted((_plain(inner, levels - 1) for inner in value), key=repr)}
    return {f"${type(value).__name__}": _text(value)}


def _is_text_of_more(value: Mapping[Any, Any]) -> bool:
    """Whether this is the text that stands for what lies deeper: a case that is read back is left as it was."""
    ((name, inner), *more) = value.items() if value else [("", None)]
    return not more and str(name).startswith("$") and type(inner) is str


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # a value that cannot be shown is still no reason to lose the record
        return f"(cannot be shown: {type(error).__name__})"


@frozen(kw_only=True)
class Case:
    """One record in quarantine. ``unit`` is the text of the unit's key, None when the key could not be read.

    ``v`` and ``gv`` are the versions of the unit's item and of the flow when it happened, ``time`` is ISO
    text in UTC. ``account`` and ``region`` are where the record came from, ``is_shared`` says that it speaks of several
    units.

    >>> reason = Reason(kind="record", message="field 'length': expected float, got 'abc' (str)")
    >>> case = Case(service="rooms", unit="room=r1", lane="kinesis/m/shard-1", position="0042", reason=reason)
    >>> print(case)
    rooms, unit room=r1: field 'length': expected float, got 'abc' (str)
      case kinesis/m/shard-1@0042
    >>> Case.from_json(case.to_json()) == case
    True
    """

    service: str
    lane: str
    position: str
    reason: Reason
    unit: str | None = None
    resource: str = ""
    record: Mapping[str, Any] = field(factory=dict, converter=plain)
    time: str = ""
    v: int = 0
    gv: str = ""
    account: str = ""
    region: str = ""
    is_shared: bool = False

    @property
    def id(self) -> str:
        """Lane and position: the same record has the same id, however often it comes.

        With the unit, where the record speaks of several. What waits behind a case is kept under an id of its own.
        """
        id = case_id(self.lane, self.position, self.unit if self.is_shared else None)
        return kept_as(id) if self.reason.kind == "held" else id

    def to_json(self) -> dict[str, Any]:
        """The case as plain data."""
        told = {name: getattr(self.reason, name) for name in _REASON_TEXTS}
        texts = {name: value for name, value in told.items() if value or name in ("kind", "message")}
        members: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(Case)}
        return {"id": self.id, **members, "reason": texts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Case:
        """Read what ``to_json`` gave; raises StateError for anything else."""
        try:
            names = [each.name for each in fields(cls) if each.name in data or each.name not in _LATER]
            members = {name: data[name] for name in names}
            reason = Reason(**members.pop("reason"))
            made = cls(reason=reason, **members)
            is_sound = made.id == data["id"]
            kinds = [type(members.get(name, default)) for name, default in _LATER.items()]
            if kinds != [type(default) for default in _LATER.values()]:
                raise TypeError(f"one of {', '.join(_LATER)} is of another kind")
        except (KeyError, TypeError, AttributeError) as error:
            raise StateError(f"this is not a case: {type(error).__name__}: {error}") from error
        if not is_sound:
            raise StateError(f"this is not a case: its id {data['id']!r} is not its lane and position")
        return made

    def to_bytes(self) -> bytes:
        """Canonical JSON in ASCII."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Case:
        """Read what ``to_bytes`` gave; raises StateError for anything else."""
        try:
            return cls.from_json(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise StateError(f"this is not a case: {error}") from error

    def __str__(self) -> str:
        reason = self.reason
        whose = f"unit {self.unit}" if self.unit is not None else "no unit (its key could not be read)"
        cause = f"{reason.type}: " if reason.kind == "cell" and reason.type not in reason.message else ""
        about = [f"case {self.id}"]
        about += [f"cell {reason.cell}"] if reason.cell else []
        about += [f"line {reason.line}"] if reason.line else []
        about += [f"at {self.time}"] if self.time else []
        about += [f"after commit {self.v}"] if self.v else []
        message = " ".join(reason.message.split())
        return f"{self.service}, {whose}: {cause}{message}\n  {', '.join(about)}"
