"""Columns of SQL: which type a new one gets, and in what form a value fits one that is there.

A new column is made for one kind of value and stays as it is. Decimals stay exact: SQLite, whose numbers are
floats, gets them as text. Containers are JSON, as JSON or as text. What a column has no room for is refused
here, before the database is asked; nothing here speaks to it.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import re
import struct
import uuid
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError
from reactflow.service.decoding import short
from reactflow.service.json_writer import as_text
from reactflow.service.writable import encoding, json_bytes

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect
    from sqlalchemy import types as sqltypes
    from sqlalchemy.types import TypeEngine

_NUMBER = re.compile(r"\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,6})?\s*", re.ASCII)
_MOST_DIGITS, _MOST_BEHIND = 131_072, 16_383  # before and behind the point, of PostgreSQL's numeric
KEY_LENGTH = 255  # characters: what every database can index


def column_type(value: object, *, is_key: bool = False) -> TypeEngine[Any]:
    """The type of a new column for values such as this one; text where nothing better is known."""
    import sqlalchemy as sa

    if isinstance(value, enum.Enum):
        return column_type(value.value, is_key=is_key)
    if isinstance(value, bool):
        return sa.Boolean()
    if isinstance(value, int):
        return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if isinstance(value, float):
        return sa.Double()
    if isinstance(value, Decimal):
        exact: TypeEngine[Any] = sa.Numeric(38, 18)
        return exact.with_variant(sa.String(64), "sqlite").with_variant(sa.Numeric(), "postgresql")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return sa.LargeBinary()
    if isinstance(value, dt.datetime):
        return sa.DateTime(timezone=True)
    if isinstance(value, dt.date):
        return sa.Date()
    if isinstance(value, dt.time):
        return sa.Time()
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return sa.JSON()
    return sa.String(KEY_LENGTH) if is_key else sa.Text()


def unknown_column(name: str) -> Column[Any]:
    """A column of which nothing but its name is known."""
    import sqlalchemy as sa

    return sa.Column(name, sa.types.NullType())


def fitted(value: Any, column: Column[Any], what: str, dialect: Dialect) -> Any:
    """A value in the form that a column takes; raises ConfigurationError for one that it cannot keep.

    A column of unknown type (``NullType``) is taken to keep whatever any column of this database could.
    """
    place = f"{what}, column {column.name!r}"
    if value is None and not column.nullable and not column.primary_key:
        raise ConfigurationError(
            f"{place} must not be empty, and the value is null: allow it, or send a value"
        )
    with encoding(place):
        found = _formed(value, column.type, place)
        if dialect.name != "sqlite":  # whose columns of text and numbers take either
            found = _read_text(found, column.type, place)
        _check_kind(found, column.type, place)
        _check_room(found, column.type, place, dialect)
    return found


def check_driver(value: Any, column: Column[Any], what: str, dialect: Dialect) -> None:
    """Refuse a fitted value that SQLAlchemy or the driver cannot hand over: raises ConfigurationError."""
    place = f"{what}, column {column.name!r}"
    hand_over = column.type.dialect_impl(dialect).bind_processor(dialect)
    try:
        bound = hand_over(value) if hand_over is not None and value is not None else value
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{place} is {column.type} and does not take {short(value)} ({error}): publish a value of that type, or "
            "change the column's"
        ) from error
    if dialect.name == "sqlite" and isinstance(bound, int):
        _check_bits(bound, 63, place)


def _formed(value: Any, kind: TypeEngine[Any], place: str) -> Any:
    import sqlalchemy as sa

    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, str):
        return _formed_text(value, kind, place)
    if value is None:
        return value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)) or hasattr(value, "tolist"):
        return _formed_json(value, place) if isinstance(kind, sa.JSON) else json_bytes(value, place).decode()
    if isinstance(kind, sa.JSON):
        return _formed_json(value, place)
    if isinstance(value, bool) and isinstance(kind, (sa.Integer, sa.Numeric, sa.Float)):
        return int(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(kind, sa.String):
        return value if isinstance(value, bytes) else as_text(value)
    if isinstance(value, Decimal):
        return _formed_decimal(value, kind, place)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC)  # a column that keeps no zone then has it in UTC
        return value.replace(tzinfo=None) if isinstance(kind, sa.DateTime) and not kind.timezone else value
    if isinstance(value, dt.timedelta) and not _is_interval(kind):
        return value.total_seconds()
    if isinstance(value, uuid.UUID) and not isinstance(kind, sa.Uuid):
        return str(value)
    return value


def _formed_decimal(value: Decimal, kind: TypeEngine[Any], place: str) -> Any:
    import sqlalchemy as sa

    if isinstance(kind, sa.Integer):
        if value != value.to_integral_value():
            raise ConfigurationError(
                f"{place} holds whole numbers, and the value is {short(value)}: make it a numeric column"
            )
        return int(value)
    if isinstance(kind, sa.Float) or not isinstance(kind, sa.Numeric):
        return _as_float(value, place)
    return (
        Decimal("NaN") if value.is_nan() else value
    )  # its sign and digits mean nothing, and PostgreSQL reads neither


def _as_float(value: int | Decimal, place: str) -> float:
    """A number as a float; refused where none is as large."""
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if math.isinf(found) and (isinstance(value, int) or value.is_finite()):
        raise ConfigurationError(
            f"{place} has no room for a number as large as {short(value)}: publish it as text"
        )
    return found


def _formed_json(value: Any, place: str) -> Any:
    return json.loads(json_bytes(value, place), parse_float=lambda text: _as_float(Decimal(text), place))


def _formed_text(value: str, kind: TypeEngine[Any], place: str) -> Any:
    """Text in a column of dates, times or UUIDs is read in its ISO form."""
    import sqlalchemy as sa

    readers: tuple[tuple[type[Any], Any], ...] = (
        (sa.DateTime, dt.datetime.fromisoformat),
        (sa.Date, dt.date.fromisoformat),
        (sa.Time, dt.time.fromisoformat),
        (sa.Uuid, uuid.UUID),
    )
    for each, reader in readers:
        if isinstance(kind, each):
            try:
                found = reader(value)
            except ValueError:
                raise _unfit(value, kind, place) from None
            return _formed(found, kind, place)
    return value


def _read_text(value: Any, kind: TypeEngine[Any], place: str) -> Any:
    """Text in a column of numbers is read as one; what is neither is refused."""
    import sqlalchemy as sa

    if value is None or not isinstance(kind, (sa.Integer, sa.Numeric, sa.Float)):
        return value
    if isinstance(value, (int, float, Decimal)):
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise _unfit(value, kind, place)
    return _formed_decimal(Decimal(value), kind, place)


def _check_kind(value: Any, kind: TypeEngine[Any], place: str) -> None:
    """Refuse a value that a column of numbers, dates, times, truths, bytes, durations or UUIDs cannot hold at all."""
    import sqlalchemy as sa

    takes: tuple[tuple[type[Any], type], ...] = (
        (sa.DateTime, dt.date),
        (sa.Date, dt.date),
        (sa.Time, dt.time),
        (sa.Boolean, bool),
        (sa.LargeBinary, bytes),
        (sa.Uuid, uuid.UUID),
    )
    for each, wanted in takes:
        if value is not None and isinstance(kind, each) and not isinstance(value, wanted):
            raise _unfit(value, kind, place)
    if isinstance(kind, (sa.Integer, sa.Numeric)) and isinstance(
        value, (dt.date, dt.time, dt.timedelta, uuid.UUID)
    ):
        raise _unfit(value, kind, place)
    if value is not None and _is_interval(kind) and not isinstance(value, dt.timedelta):
        raise _unfit(value, kind, place)


def _is_interval(kind: TypeEngine[Any]) -> bool:
    # PostgreSQL's own is no subclass of the general one
    return kind.__visit_name__.lower() == "interval"


def _unfit(value: Any, kind: TypeEngine[Any], place: str) -> ConfigurationError:
    return ConfigurationError(
        f"{place} is {kind} and does not take {short(value)}: publish a value of that type, or change the column's"
    )


def _check_room(value: Any, kind: TypeEngine[Any], place: str, dialect: Dialect) -> None:
    """Refuse what a column of this type has no room for; SQLite has room for any text and any number of 64 bits."""
    import sqlalchemy as sa

    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    if dialect.name == "postgresql" and getattr(kind, "__visit_name__", "") == "JSONB":
        _check_zeros(value, place)
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair is no text to any database
        if dialect.name == "postgresql" and "\x00" in value and not isinstance(kind, sa.JSON):
            raise ConfigurationError(
                f"{place}: {short(value)} holds a zero character, which PostgreSQL has no text for: leave it out"
            )
        if isinstance(kind, sa.Enum) and value not in kind.enums:
            raise ConfigurationError(
                f"{place} takes only {short(list(kind.enums))}, and the value is {short(value)}: add it to the type"
            )
        longest = kind.length if isinstance(kind, sa.String) else None
        if longest is not None and dialect.name != "sqlite" and len(value.rstrip()) > longest:
            raise ConfigurationError(
                f"{place} has room for {longest} characters, and {short(value)} has {len(value)}: publish shorter "
                "text, or make the column longer"
            )
    elif isinstance(kind, sa.Integer) and is_number:
        if isinstance(value, int):
            _check_bits(value, _bits(kind, dialect), place)
        elif dialect.name != "sqlite":  # whose columns of whole numbers take any other
            if not math.isfinite(value):
                raise ConfigurationError(
                    f"{place} holds whole numbers, and the value is {value}: leave the cell unset instead"
                )
            if value != int(value):
                raise ConfigurationError(
                    f"{place} holds whole numbers, and the value is {short(value)}: make it a numeric column"
                )
            _check_bits(int(value), _bits(kind, dialect), place)
    elif isinstance(kind, sa.Float) and is_number:
        found = value if isinstance(value, float) else _as_float(value, place)
        if dialect.name == "postgresql" and isinstance(kind, sa.REAL):
            _check_single(float(found), place)
    elif isinstance(kind, sa.Numeric) and is_number:
        _check_digits(value, kind, place, dialect)


def _bits(kind: sqltypes.Integer, dialect: Dialect) -> int:
    """The bits of a column's whole numbers beside the sign, where the database is known to be strict; else 63."""
    import sqlalchemy as sa

    if dialect.name == "postgresql" and not isinstance(kind, sa.BigInteger):
        return 15 if isinstance(kind, sa.SmallInteger) else 31
    return 64 if getattr(kind, "unsigned", False) else 63


def _check_bits(value: int, bits: int, place: str) -> None:
    if not -(1 << bits) <= value < 1 << bits:
        raise ConfigurationError(
            f"{place} has room for whole numbers of {bits} bits and a sign, and the value is {short(value)}: "
            "make the column numeric or text, or publish it as text"
        )


def _check_single(value: float, place: str) -> None:
    """Refuse a float that a column of four bytes cannot hold, or only as zero."""
    try:
        (kept,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        kept = math.inf
    if (math.isinf(kept) and not math.isinf(value)) or (kept == 0.0 and value != 0.0):
        raise ConfigurationError(
            f"{place} has room for numbers of single precision, and the value is {short(value)}: make it a column of "
            "double precision"
        )


def _check_digits(value: Any, kind: sqltypes.Numeric[Any], place: str, dialect: Dialect) -> None:
    if dialect.name == "sqlite":
        return
    number = value if isinstance(value, Decimal) else Decimal(value)
    if kind.precision is None:
        before = _MOST_DIGITS
    else:
        before = kind.precision - (kind.scale or 0)
        if number.is_infinite():
            raise ConfigurationError(
                f"{place} has room for {before} digits before the point, and none is enough for "
                f"{value}: leave the cell unset instead"
            )
    if not number.is_finite() or not number:
        return
    # what is rounded to the column's digits may have one more before the point
    rounded = (
        number
        if kind.precision is None or number.adjusted() > before
        else _rounded(number, kind.precision, kind.scale or 0)
    )
    if rounded and rounded.adjusted() >= before:
        raise ConfigurationError(
            f"{place} has room for {before} digits before the point, and the value is {short(value)}: make the "
            "column wider, or publish it as text"
        )
    if int(number.as_tuple().exponent) < -_MOST_BEHIND and kind.precision is None:
        raise ConfigurationError(
            f"{place} has room for {_MOST_BEHIND} digits behind the point, and {short(value)} has more: round it, or "
            "publish it as text"
        )


def _rounded(number: Decimal, precision: int, scale: int) -> Decimal:
    return number.quantize(
        Decimal(1).scaleb(-scale), context=Context(prec=precision + 2, rounding=ROUND_HALF_UP)
    )


def _check_zeros(value: Any, place: str) -> None:
    """Refuse a zero character anywhere in JSON, which PostgreSQL has no binary form for."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            waiting += [*here, *here.values()]
        elif isinstance(here, list):
            waiting += here
        elif isinstance(here, str) and "\x00" in here:
            raise ConfigurationError(
                f"{place}: {short(here)} holds a zero character, which PostgreSQL has no text for: leave it out"
            )
