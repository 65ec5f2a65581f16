"""The single values of a state that JSON has no form for: how each of their types is written, and read back.

Arrays are an extra (``pip install 'reactflow-py[arrays]'``): by dtype, shape and bytes, so that NaN is a value of
theirs. numpy is imported when the first array is read, and never to write one.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from reactflow.errors import MissingExtra
from reactflow.flow.equality import is_array, zone_name

Plain: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"


class Refused(Exception):
    """A value that cannot be stored; collects its path on the way out.

    >>> Refused("it is not plain data").inside(".x").inside("[0]").path
    '[0].x'
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path = ""

    def inside(self, part: str) -> Refused:
        """The same, seen from the container that the value is in."""
        self.path = part + self.path
        return self


def scalar_writer(kind: type) -> tuple[str, Callable[[Any], Plain]] | None:
    """The tag of a type's values and what writes them; None for a type that is none of these.

    >>> tag, write = scalar_writer(bytes)
    >>> tag, write(b"ab")
    ('bytes', 'YWI=')
    """
    known = SCALARS.get(kind)
    if known is not None:
        return kind.__name__.lower(), known
    return ("array", _write_array) if is_array(kind) else None


_ARRAYS = frozenset("biufcSUmM")  # the kinds of dtype whose bytes are the values: no objects, no records


def _write_array(value: Any) -> list[Plain]:
    if value.dtype.kind not in _ARRAYS:
        raise Refused(
            f"an array of {value.dtype} holds more than numbers, text, dates or truth values; store a list of records"
        )
    return [value.dtype.str, list(value.shape), b64encode(value.tobytes()).decode()]


def _read_array(plain: Any) -> Any:
    try:
        import numpy
    except ImportError:
        raise MissingExtra("an array in the state", "numpy", "arrays") from None
    name, shape, data = plain
    dtype = numpy.dtype(name)
    if dtype.kind not in _ARRAYS:
        raise ValueError(f"an array of {dtype}")
    return numpy.frombuffer(b64decode(data, validate=True), dtype).reshape(shape).copy()


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise Refused(f"{value!r} is not a number that can be compared; leave the cell unset, or use None")
    return str(value)


def _write_moment(value: datetime | time) -> Plain:
    zone = zone_name(value.tzinfo)
    text = value.replace(fold=0, tzinfo=None).isoformat()
    if zone and isinstance(value, time):
        return [text, None, zone]
    offset = value.utcoffset()
    if offset is None:
        return text
    return [text, _write_span(offset), *([zone] if zone else [])]


def _write_span(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _read_span(plain: Any) -> timedelta:
    days, seconds, microseconds = plain
    return timedelta(days, seconds, microseconds)


def _read_moment(kind: Any) -> Callable[[Any], Any]:
    def read(plain: Any) -> Any:
        if isinstance(plain, str):
            return kind.fromisoformat(plain)
        moment = kind.fromisoformat(plain[0])
        if len(plain) == 2:
            return moment.replace(tzinfo=timezone(_read_span(plain[1])))
        from zoneinfo import ZoneInfo  # most times have no named zone

        found = moment.replace(tzinfo=ZoneInfo(plain[2]))
        if plain[1] is not None and found.utcoffset() != _read_span(plain[1]):
            found = found.replace(fold=1)
        return found

    return read


SCALARS: Mapping[type, Callable[[Any], Plain]] = {
    bytes: lambda value: b64encode(value).decode(),
    Decimal: _write_decimal,
    datetime: _write_moment,
    date: date.isoformat,
    time: _write_moment,
    timedelta: _write_span,
    UUID: lambda value: value.hex,
}
"""How values are written, by type; the tag is the type's name in small letters."""

READERS: Mapping[str, Callable[[Any], Any]] = {
    "int": lambda text: int(text, 16),
    "array": _read_array,
    "bytes": lambda text: b64decode(text, validate=True),
    "decimal": Decimal,
    "datetime": _read_moment(datetime),
    "date": date.fromisoformat,
    "time": _read_moment(time),
    "timedelta": _read_span,
    "uuid": UUID,
}
"""How values are read back, by tag."""
