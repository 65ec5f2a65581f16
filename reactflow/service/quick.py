"""The quick way to read: code made once for an input, for records in which nothing is out of the ordinary.

An ordinary record is a small JSON object of plain fields. They are read at once into the types of the cells that they
feed (by msgspec, which passes over the rest), and the unit is looked up by its key. Whatever a careful reader might
take for something else is left to one: the quick reader gives None then, and ``json_reader`` and ``conversion`` say
what the record is, or what is wrong with it. So what the quick reader gives is what the careful way gives, and a
property test holds it to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from textwrap import indent
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reactflow.cells import Kind
from reactflow.errors import RecordError
from reactflow.flow import Event
from reactflow.service.json_reader import NESTING

if TYPE_CHECKING:
    from reactflow.service.binding import Input, UnitEvent
    from reactflow.service.key import UnitKey

Quick: TypeAlias = "Callable[[bytes, object], UnitEvent | None]"
"""Reads the JSON of a record, given the text that its partition field has to have."""

WORTH = 64
"""Records that are read with care first: to make the code takes as long as some hundred of them."""

_UNITS: Final = 1 << 14  # units that an input remembers by their keys
_FLAT: Final = bytes(48 if chr(byte) in "0123456789." else 32 for byte in range(256))
_LONG: Final = b"0" * 19  # a number written so long may be more than a float can hold
_EXPONENT: Final = re.compile(rb"[0-9][eE]")
_SPACED: Final = re.compile(rb'"\s+:')

_PLAIN_NAME: Final = re.compile(r'[^."\\:\x00-\x1f]+')  # of a field; JSON and msgspec take it as it is

_NO_CHECK: Final = ""
_IS_INT: Final = """\
if {value}.__class__ is not int:
    return None
"""
_AS_FLOAT: Final = """\
if {value}.__class__ is int:
    if not -exact < {value} < exact:
        return None
    {value} = float({value})
elif not {value} and exponent(data):
    return None
"""
_CHECKS: Final[dict[Any, str]] = {str: _NO_CHECK, bool: _NO_CHECK, int: _IS_INT, float: _AS_FLOAT}
"""By the type of a cell what is left to be checked; msgspec would take a whole number for a float, and the reverse."""

_CODE: Final = """\
def read(data, sent):
    if long in data.translate(flat):
        return None
    try:
        found = decode(data)
    except wrong:
        return None
    members, writes, occurrences, ignored = all, {{}}, {{}}, none
{fields}
    if data.count(b":") != members:
        ignored = others(data, members)
        if ignored is None:
            return None
    unit = units.get({key}) or remember({key})
    return unit and new(UnitEvent, (unit, new(Event, (writes, occurrences)), nothing, ignored, None, None, ()))
"""


class QuickReader:
    """``read``, for which the code is made once so many records have come that it pays: a start does not wait for it.

    >>> reader = QuickReader(lambda: lambda data, sent: "made", 2)
    >>> [reader.read(b"", "") for _ in range(4)]
    [None, None, 'made', 'made']
    """

    __slots__ = ("_left", "_make", "read")

    def __init__(self, make: Callable[[], Quick], worth: int | None = None) -> None:
        self._make, self._left = make, WORTH if worth is None else worth
        self.read: Quick = self._first

    def _first(self, data: bytes, sent: object) -> UnitEvent | None:
        self._left -= 1
        if self._left >= 0:
            return None
        self.read = self._make()
        return self.read(data, sent)


def quick_reader(bound: Input, partition: str | None = None) -> QuickReader | None:
    """The quick reader of an input; None for one whose records mean more than the fields that they hold.

    ``partition`` is the path of the field that has to be the partition key, where that is checked.
    """
    source, key = bound.source, bound.key
    if source.where is not None or source.version is not None or source.contract.replaces:
        return None
    if bound.gathers or key.window is not None or not key.names:
        return None
    keys = [bound.paths[name] for name in key.names]
    wanted: list[tuple[str, Any]] = [(path, bound.plan[name].type) for name, path in bound.feeds.items()]
    wanted += [*zip(keys, key.types, strict=True), *([(partition, str)] if partition is not None else [])]
    kinds: dict[str, Any] = {}
    for path, kind in wanted:
        is_plain = kind in _CHECKS and path != "specversion" and _PLAIN_NAME.fullmatch(path)
        if not is_plain or kinds.setdefault(path, kind) is not kind:
            return None
    return QuickReader(partial(_made, bound, kinds, keys, partition))


def _made(bound: Input, kinds: dict[str, Any], keys: list[str], partition: str | None) -> Quick:
    """Write the reader's code, in which the fields of a record are numbered."""
    import msgspec  # no service needs it earlier

    from reactflow.service.binding import UnitEvent

    fields = [
        (f"value{place}", _read_as(kind) | msgspec.UnsetType, msgspec.field(name=path, default=msgspec.UNSET))
        for place, (path, kind) in enumerate(kinds.items())
    ]
    code = [
        _field(bound, path, kind, f"value{place}", path in keys or path == partition, path == partition)
        for place, (path, kind) in enumerate(kinds.items())
    ]
    values = [f"value{[*kinds].index(path)}" for path in keys]
    key = values[0] if len(values) == 1 else f"({', '.join(values)})"
    record: Any = msgspec.defstruct("Fields", fields, gc=False)
    units: dict[object, UnitKey] = {}

    def remember(values: Any) -> UnitKey | None:
        """The unit of a key that was not looked up yet; None for a key that is refused."""
        given = [values] if len(keys) == 1 else values
        try:
            unit = bound.key.read(dict(zip(keys, given, strict=True)), bound.paths)
        except RecordError:
            return None
        if len(units) >= _UNITS:
            units.clear()
        return units.setdefault(values, unit)

    def others(data: bytes, members: int) -> frozenset[str] | None:
        """The names of fields that feed nothing; None for a record that has to be read with care."""
        count = data.count(b'":')  # nearly always the number of members
        if data.count(b"[") > NESTING or _SPACED.search(data):
            return None
        if count == members:  # there was a colon in a text
            return frozenset()
        try:
            whole = msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if len(whole) != count or "specversion" in whole or bound.source.extra == "forbid":
            return None
        return frozenset(whole.keys() - bound.used)

    scope: dict[str, Any] = {
        "absent": msgspec.UNSET, "all": len(kinds), "decode": msgspec.json.Decoder(record).decode,
        "Event": Event, "exact": 1 << 53, "exponent": _EXPONENT.search, "flat": _FLAT, "long": _LONG,
        "new": tuple.__new__, "none": frozenset(), "nothing": {}, "others": others, "remember": remember,
        "UnitEvent": UnitEvent, "units": units, "wrong": (msgspec.MsgspecError, UnicodeDecodeError, RecursionError),
    }  # fmt: skip
    text = _CODE.format(fields=indent("".join(code), "    "), key=key)
    exec(compile(text, "<quick reader>", "exec"), scope)
    made: Quick = scope["read"]
    return made


def _read_as(kind: Any) -> Any:
    return int | float if kind in (int, float) else kind


def _field(bound: Input, path: str, kind: Any, value: str, is_needed: bool, is_partition: bool) -> str:
    """The code that takes one field, and gives it to the cells that it feeds."""
    taken = _CHECKS[kind].format(value=value)
    if is_partition:
        taken += f"if {value} != sent:\n    return None\n"
    for name, fed in bound.feeds.items():
        if fed == path:
            into = "writes" if bound.plan[name].kind is Kind.SOURCE else "occurrences"
            taken += f"{into}[{name!r}] = {value}\n"
    taken = taken or "pass\n"
    if is_needed:  # what is missing is told with care
        return f"{value} = found.{value}\nif {value} is absent:\n    return None\n{taken}"
    return f"{value} = found.{value}\nif {value} is absent:\n    members -= 1\nelse:\n{indent(taken, '    ')}"
