"""Decoding: from a message's fields to the values of cells, strictly.

``read_path`` finds a field and tells an absent one from null; ``decode_value`` turns it into a value of
exactly the cell's type, or raises a RecordError that names the place, the type and the value. What converts
into what is stated in ``conversion``. Nothing here knows a source, a flow or a unit.

A cell without a type (or of ``Any``) takes data as it is, with one exception, at every depth: a number with a
fraction, which readers deliver as Decimal, is a float where a float can hold its digits, else stays a
Decimal.
"""

from __future__ import annotations

import enum
import reprlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from reactflow.errors import BindingError, RecordError
from reactflow.service.conversion import converter
from reactflow.service.scalars import Mismatch, type_name


class Absent(enum.Enum):
    """The type of ABSENT, so that a type checker can tell it from a value."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""What ``read_path`` gives for a field that is not there; null is None."""

_SHOWN = 80  # characters of a value that an error shows
_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 60
_brief.maxlevel = 3


def short(value: object) -> str:
    """A value as an error shows it, in at most 80 characters, however large it is.

    >>> short("x" * 1000)[:8], len(short("x" * 1000)) <= 80
    ("'xxxxxxx", True)
    """
    if value is None:
        return "null"
    if type(value) is Decimal:
        text = str(value)
    elif type(value) is int and value.bit_length() > 4096:  # Python refuses to print very long integers
        text = f"an integer of {value.bit_length()} bits"
    else:
        text = _brief.repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def read_path(fields: Mapping[str, Any], path: str) -> object:
    """The value at a path of ``fields``; dots go into nested values. ABSENT when not there, None for null.

    Below null there is nothing, so all is absent; below anything else that is no object raises RecordError.

    >>> fields = {"size": {"length": 3.0, "note": None}}
    >>> read_path(fields, "size.length"), read_path(fields, "size.note"), read_path(fields, "size.width")
    (3.0, None, ABSENT)
    """
    if "." not in path and type(fields) is dict:
        return fields.get(path, ABSENT)
    value: Any = fields
    steps = path.split(".")
    for depth, step in enumerate(steps):
        if not isinstance(value, Mapping):
            if value is None:
                return ABSENT
            above = ".".join(steps[:depth])
            found = f"{above!r} is {short(value)} ({type(value).__name__}), not an object"
            raise RecordError(f"the field {path!r} cannot be read: {found}", field=path)
        if step not in value:
            return ABSENT
        value = value[step]
    return value


def decode_value(value: object, wanted: object, where: str, *, field: str = "") -> Any:
    """A value of exactly the type ``wanted`` (None: any), made from plain data.

    ``where`` begins the message of an error, such as ``field 'length' of kinesis/measurements``; ``field`` is
    the path that the error carries. Raises RecordError for a value that does not fit, BindingError for a type
    that no data fits.

    >>> decode_value(3, float, "field 'length'")
    3.0
    >>> decode_value([{"x": "far"}], list[dict[str, float]], "field 'points'")
    Traceback (most recent call last):
        ...
    reactflow.errors.RecordError: field 'points', at [0]['x']: expected float, got 'far' (str)
    """
    convert = converter(wanted)
    try:
        return convert(value)
    except Mismatch as error:
        path = "".join(error.path)
        hint = error.hint
        if error.value is None and not hint and not path:
            hint = f"annotate the cell as '{type_name(wanted)} | None' if null is a value"
        kind = "" if error.value is None else f" ({type(error.value).__name__})"
        place = f"{where}, at {path}" if path else where
        message = f"{place}: expected {error.expected}, got {short(error.value)}{kind}"
        raise RecordError(f"{message}; {hint}" if hint else message, field=field + path) from error


def check_type(wanted: object, cell: str) -> None:
    """Refuse a cell's type that no data can be read into, when a service is made: raises BindingError.

    >>> check_type(list[float], "points")
    """
    try:
        converter(wanted)
    except BindingError as error:
        raise BindingError(f"the cell {cell!r} cannot be fed: {error}") from error
