"""Scalars: numbers, text, dates and members of fixed sets, each taken strictly or refused with a Mismatch.

These are the leaves of ``conversion``, which states what converts into what, and why not by a library alone.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Converter = Callable[[Any], object]

DIGITS = 17  # significant digits that a float is trusted to carry: 17 name every float exactly


class Mismatch(Exception):
    """A value that does not fit its type: ``path`` leads to it, ``hint`` is the next step."""

    def __init__(self, expected: str, value: object, hint: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value
        self.hint = hint
        self.path: list[str] = []

    def inside(self, step: str) -> Mismatch:
        """The same mismatch seen from one level further out."""
        self.path.insert(0, step)
        return self


def type_name(wanted: object) -> str:
    """A type as a user would write it."""
    if wanted is None or wanted is Any:
        return "Any"
    if wanted is types.NoneType:
        return "None"
    if isinstance(wanted, type) and not typing.get_args(wanted):
        return wanted.__qualname__.rpartition("<locals>.")[2]
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return " | ".join(type_name(member) for member in typing.get_args(wanted))
    if (arguments := typing.get_args(wanted)) and typing.get_origin(wanted) is not typing.Literal:
        inner = ", ".join("..." if each is ... else type_name(each) for each in arguments)
        return f"{type_name(typing.get_origin(wanted))}[{inner}]"
    return repr(wanted).replace("typing.", "")


def _significant_digits(number: Decimal) -> int:
    return len("".join(map(str, number.as_tuple().digits)).strip("0")) or 1


def fits_float(number: Decimal) -> bool:
    """Whether a float holds the number: finite, not vanishing, and exact or of at most 17 digits."""
    near = float(number)
    if math.isinf(near) or (near == 0.0 and number != 0):
        return False
    return _significant_digits(number) <= DIGITS or Decimal(near) == number


def take_float(value: Any) -> float:
    """A float, or a number that a float can hold; NaN and infinities are refused."""
    if isinstance(value, float) and type(value) is float:
        if math.isfinite(value):
            return value
        raise Mismatch("a finite float", value)
    if type(value) is int:
        if value.bit_length() <= 53:
            return float(value)
        value = Decimal(value)
    elif type(value) is not Decimal:
        raise Mismatch("float", value)
    near = float(value)
    if repr(near) == str(value):  # written as the float itself is, which is most often so
        if math.isfinite(near):
            return near
        raise Mismatch("a finite float", value)
    if not value.is_finite():
        raise Mismatch("a finite float", value)
    if not fits_float(value):
        raise Mismatch("float", value, "a float cannot hold this number: annotate the cell as Decimal")
    return float(value)


def take_int(value: Any) -> int:
    """An int; no boolean, and no number that was written with a fraction."""
    if type(value) is int:
        return value
    raise Mismatch("int", value)


def take_bool(value: Any) -> bool:
    """A boolean."""
    if type(value) is bool:
        return value
    raise Mismatch("bool", value)


def take_str(value: Any) -> str:
    """Text that can be encoded."""
    if type(value) is not str:
        raise Mismatch("str", value)
    return sound_text(value)


def sound_text(value: str) -> str:
    """The text, unless it holds half of a surrogate pair."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Mismatch("text", value, "it holds half of a surrogate pair") from None
    return value


def take_bytes(value: Any) -> bytes:
    """Bytes; never text."""
    if type(value) is bytes:
        return value
    raise Mismatch("bytes", value, "text is never read as bytes" if type(value) is str else "")


def take_none(value: Any) -> None:
    """Null."""
    if value is not None:
        raise Mismatch("null", value)


def take_decimal(value: Any) -> Decimal:
    """A finite Decimal, or an int; no float, which has lost its digits already."""
    if type(value) is int:
        return Decimal(value)
    if type(value) is not Decimal:
        raise Mismatch("Decimal", value)
    if not value.is_finite():
        raise Mismatch("a finite Decimal", value)
    return value


def from_text(wanted: type) -> Converter:
    """Dates, times, durations and UUIDs: values of the type itself, or their text (RFC 3339, ISO 8601)."""

    def convert(value: Any) -> object:
        if isinstance(value, wanted) and (wanted is not dt.date or not isinstance(value, dt.datetime)):
            return value
        if type(value) is not str:
            raise Mismatch(wanted.__name__, value)
        import msgspec  # only cells of these types pay for the import

        try:
            made: object = msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            raise Mismatch(wanted.__name__, value, str(error)) from None
        if isinstance(made, dt.datetime) and made.tzinfo is None:
            hint = "it has no offset: send one, such as 'Z', or annotate the cell as str"
            raise Mismatch("a datetime with an offset", value, hint)
        return made

    return convert


def one_of(expected: str, members: Mapping[object, object]) -> Converter:
    """A fixed set of values (an enum's, a Literal's), told apart by type as well as by value."""
    known = {(type(plain), plain): member for plain, member in members.items()}

    def convert(value: Any) -> object:
        try:
            if type(value) is Decimal and (Decimal, value) not in known:
                value = take_float(value)
            return known[type(value), value]
        except (KeyError, TypeError):  # a list has no hash
            raise Mismatch(expected, value) from None

    return convert


def member_of(wanted: type[enum.Enum]) -> Converter:
    """A member of an enum, or a member's value."""
    values = ", ".join(repr(member.value) for member in wanted)
    by_value = one_of(f"{type_name(wanted)} (one of {values})", {member.value: member for member in wanted})
    return lambda value: value if isinstance(value, wanted) else by_value(value)
