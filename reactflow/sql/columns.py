"""Columns of SQL: which type a new one gets, and in what form a value fits one that is there.

A new column is made for one kind of value and stays as it is. Decimals stay exact: SQLite, whose numbers are
floats, gets them as text. Containers are JSON, as JSON or as text.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError
from reactflow.service.json_writer import as_text, write_json

if TYPE_CHECKING:
    from sqlalchemy import Column
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


def fitted(value: Any, column: Column[Any], what: str) -> Any:
    """A value in the form that a column takes; raises ConfigurationError for one that it cannot keep."""
    import sqlalchemy as sa

    if isinstance(value, enum.Enum):
        value = value.value
    kind = column.type
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)) or hasattr(value, "tolist"):
        text = write_json(value)
        return json.loads(text) if isinstance(kind, sa.JSON) else text
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(kind, sa.String):
        return value if isinstance(value, bytes) else as_text(value)
    if isinstance(value, Decimal):
        return _fitted_decimal(value, kind, column, what)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC)  # a database that keeps no zone, as SQLite, then has it in UTC
    if isinstance(value, dt.timedelta) and not isinstance(kind, sa.Interval):
        return value.total_seconds()
    if isinstance(value, uuid.UUID) and not isinstance(kind, sa.Uuid):
        return str(value)
    return value


def _fitted_decimal(value: Decimal, kind: TypeEngine[Any], column: Column[Any], what: str) -> Any:
    import sqlalchemy as sa

    if isinstance(kind, sa.Integer):
        if value != value.to_integral_value():
            raise ConfigurationError(
                f"{what}: column {column.name!r} holds whole numbers, and the value is {value}: make "
                "it a numeric column"
            )
        return int(value)
    if isinstance(kind, sa.Float) or not isinstance(kind, sa.Numeric):
        return float(value)
    return value
