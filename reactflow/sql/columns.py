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
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError
from reactflow.service.decoding import short
from reactflow.service.json_writer import as_text
from reactflow.service.writable import encoding, json_bytes

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect
    from sqlalchemy import types as sqltypes
    from sqlalchemy.types import TypeEngine

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
        return sa.Numeric(38, 18).with_variant(sa.String(64), "sqlite")
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
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)) or hasattr(value, "tolist"):
        text = json_bytes(value, place).decode()
        return json.loads(text) if isinstance(kind, sa.JSON) else text
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(kind, sa.String):
        return value if isinstance(value, bytes) else as_text(value)
    if isinstance(value, Decimal):
        return _formed_decimal(value, kind, place)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC)  # a database that keeps no zone, as SQLite, then has it in UTC
    if isinstance(value, dt.timedelta) and not isinstance(kind, sa.Interval):
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
        return float(value)
    return value


def _check_room(value: Any, kind: TypeEngine[Any], place: str, dialect: Dialect) -> None:
    """Refuse what a column of this type has no room for; SQLite has room for any text and any number of 64 bits."""
    import sqlalchemy as sa

    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
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
            _check_bits(int(value), _bits(kind, dialect), place)
    elif isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float) and is_number:
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


def _check_digits(value: Any, kind: sqltypes.Numeric[Any], place: str, dialect: Dialect) -> None:
    if dialect.name == "sqlite" or kind.precision is None:
        return
    before = kind.precision - (kind.scale or 0)
    number = value if isinstance(value, Decimal) else Decimal(value)
    if number.is_finite() and number and number.adjusted() >= before:
        raise ConfigurationError(
            f"{place} has room for {before} digits before the point, and the value is {short(value)}: make the "
            "column wider, or publish it as text"
        )
