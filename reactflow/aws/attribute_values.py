"""DynamoDB's typed JSON (``{"N": "12.5"}``) and plain values, both ways, exactly.

Numbers keep all of their 38 digits: integral ones are int, others Decimal, never float. A float is written by
its shortest decimal form. Sets of one kind become SS, NS or BS; what DynamoDB has no type for is written in
the form that JSON readers take (dates in ISO form, other sets as sorted lists). It must not round, and
refuses what it cannot keep.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import math
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from reactflow.errors import ConfigurationError, RecordError
from reactflow.service.decoding import short
from reactflow.service.json_reader import MEMBERS, NESTING
from reactflow.service.json_writer import as_text
from reactflow.service.writable import encoding

LARGEST_ITEM = 400 * 1024  # bytes, names included
LONGEST_KEYS = (2048, 1024)  # bytes of a partition key and of a sort key
DIGITS = 38
DEPTH = 32  # lists and maps inside each other
_LARGEST = Decimal("9.9999999999999999999999999999999999999E+125")
_SMALLEST = Decimal("1E-130")
_INTEGRAL = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")


# -- reading ----------------------------------------------------------------------------------------------------------


def read_item(item: object, what: str) -> dict[str, Any]:
    """The plain values of an item or image; ``what`` names it in errors. Raises RecordError.

    >>> read_item({"id": {"S": "e7"}, "pay": {"N": "1.50"}, "tags": {"SS": ["a"]}}, "an item")
    {'id': 'e7', 'pay': Decimal('1.50'), 'tags': frozenset({'a'})}
    """
    if not isinstance(item, Mapping):
        raise RecordError(f"{what} is {short(item)}, not an item with typed attributes")
    room = [MEMBERS]
    return {str(name): _read(value, what, str(name), 1, room) for name, value in item.items()}


def _read(typed: object, what: str, path: str, depth: int, room: list[int]) -> Any:
    room[0] -= 1
    if depth > NESTING or room[0] < 0:
        limit = f"is nested deeper than {NESTING}" if depth > NESTING else f"has more than {MEMBERS} members"
        raise RecordError(f"{what}, attribute {path!r}: it {limit}: keep it flatter or smaller", field=path)
    if not isinstance(typed, Mapping) or len(typed) != 1:
        raise RecordError(f"{what}, attribute {path!r} is {short(typed)}, not one typed value", field=path)
    ((kind, value),) = typed.items()
    try:
        if kind == "S" and isinstance(value, str):
            return value
        if kind == "N":
            return read_number(value)
        if kind == "B":
            return _bytes(value)
        if kind == "BOOL" and isinstance(value, bool):
            return value
        if kind == "NULL" and value is True:
            return None
        if kind == "M" and isinstance(value, Mapping):
            return {str(n): _read(v, what, f"{path}.{n}", depth + 1, room) for n, v in value.items()}
        if kind == "L" and isinstance(value, list):
            return [_read(v, what, f"{path}[{place}]", depth + 1, room) for place, v in enumerate(value)]
        if kind in ("SS", "NS", "BS") and isinstance(value, list):
            room[0] -= len(value)
            return frozenset(_MEMBER[kind](each) for each in value)
    except (ValueError, TypeError, binascii.Error) as error:
        raise RecordError(f"{what}, attribute {path!r}: {error}", field=path) from None
    raise RecordError(
        f"{what}, attribute {path!r} has {short(value)} as {short(kind)}: no such typed value", field=path
    )


def read_number(text: object) -> int | Decimal:
    """A number of DynamoDB: int when its text is integral, else Decimal; raises ValueError for anything else.

    >>> read_number("12345678901234567890123456789012345678"), read_number("-0.10")
    (12345678901234567890123456789012345678, Decimal('-0.10'))
    """
    # Written like 1E+20, an integral number is a Decimal: its zeros are not digits that somebody sent.
    if isinstance(text, str) and len(text) <= 512:
        if _INTEGRAL.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return Decimal(text)
    raise ValueError(f"{short(text)} is not a number")


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):  # as boto3 gives it; a trigger sends base64
        return value
    if not isinstance(value, str):
        raise ValueError(f"{short(value)} is not base64")
    return base64.b64decode(value, validate=True)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{short(value)} is not text")
    return value


_MEMBER: dict[str, Callable[[object], Any]] = {"SS": _text, "NS": read_number, "BS": _bytes}


# -- writing ----------------------------------------------------------------------------------------------------------


def write_item(values: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The typed attributes of plain values, as boto3's client takes them (bytes are left as bytes).

    Raises ConfigurationError, naming the attribute, for a number that DynamoDB cannot keep exactly, a value that it has
    no form for, and an item over 400 KB.

    >>> write_item({"id": "r1", "area": 12.5, "hot": True, "note": None}, "dynamodb/areas")
    {'id': {'S': 'r1'}, 'area': {'N': '12.5'}, 'hot': {'BOOL': True}, 'note': {'NULL': True}}
    """
    item: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for name, value in values.items():
        place = f"{what}, attribute {name!r}"
        with encoding(place):
            item[name] = write_value(value, place)
            sizes[name] = len(name.encode()) + size_of(item[name])
    if (total := sum(sizes.values())) > LARGEST_ITEM:
        largest = max(sizes, key=lambda name: sizes[name])
        raise ConfigurationError(
            f"{what}: the item has {total} bytes, and {LARGEST_ITEM} are the most ({largest!r} has "
            f"{sizes[largest]} of them): publish less, or put the large value into S3 and publish its name"
        )
    return item


def write_key(values: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The typed attributes of a primary key, partition key first.

    Raises ConfigurationError for an empty one, and for one that is longer than a key can be.

    >>> write_key({"room": "r1", "_id": "rooms/1"}, "dynamodb/areas")
    {'room': {'S': 'r1'}, '_id': {'S': 'rooms/1'}}
    """
    key = write_item(values, what)
    for (name, typed), longest in zip(key.items(), LONGEST_KEYS, strict=False):
        size = size_of(typed)
        if size == 0 or size > longest:
            raise ConfigurationError(
                f"{what}: the key attribute {name!r} is {short(values[name])} with {size} bytes, and it has 1 to "
                f"{longest}: use another field as the key"
            )
    return key


def write_value(value: Any, what: str, depth: int = 1) -> dict[str, Any]:
    """One value as a typed attribute; raises ConfigurationError."""
    if depth > DEPTH + 1:
        raise ConfigurationError(
            f"{what} is nested deeper than {DEPTH} levels, the most of DynamoDB: publish it flatter, or as text"
        )
    if value is None:
        return {"NULL": True}
    if isinstance(value, enum.Enum):
        return write_value(value.value, what, depth)
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": write_number(value, what)}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"B": bytes(value)}
    if isinstance(value, Mapping):
        return {
            "M": {
                as_text(name): write_value(each, f"{what}.{name}", depth + 1) for name, each in value.items()
            }
        }
    if isinstance(value, (list, tuple)):
        return {"L": [write_value(each, f"{what}[{place}]", depth + 1) for place, each in enumerate(value)]}
    if isinstance(value, (set, frozenset)):
        return _write_set(value, what, depth)
    if isinstance(value, (dt.date, dt.time)):
        return {"S": value.isoformat()}
    if isinstance(value, uuid.UUID):
        return {"S": str(value)}
    if isinstance(value, dt.timedelta):
        return {"N": write_number(value.total_seconds(), what)}
    if hasattr(value, "tolist"):  # an array or number of numpy
        return write_value(value.tolist(), what, depth)
    raise ConfigurationError(
        f"{what}: {type(value).__name__} has no form in DynamoDB: publish a cell of plain data"
    )


def write_number(value: float | Decimal, what: str) -> str:
    """The text of a number, exactly; raises ConfigurationError for more than 38 digits, or out of DynamoDB's range."""
    if (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, Decimal) and not value.is_finite()
    ):
        raise ConfigurationError(
            f"{what} is {value}, and DynamoDB has no such number: leave the cell unset instead"
        )
    # Decimal(float) would spell out the binary fraction; repr is the shortest text that names the same float.
    number = Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)
    digits = len("".join(map(str, number.as_tuple().digits)).strip("0"))
    if digits > DIGITS:
        raise ConfigurationError(
            f"{what} is a number of {digits} digits ({short(number)}), and DynamoDB keeps {DIGITS}: "
            "round it, or publish it as text"
        )
    if number and not _SMALLEST <= abs(number) <= _LARGEST:
        raise ConfigurationError(
            f"{what} is {short(number)}, and DynamoDB keeps 1E-130 to 9.99E+125: publish it as text"
        )
    return str(number) if number else "0"


def _write_set(value: set[Any] | frozenset[Any], what: str, depth: int) -> dict[str, Any]:
    kinds = {type(each) for each in value}
    if kinds == {str}:
        return {"SS": sorted(value)}
    if kinds and kinds <= {int, float, Decimal}:
        return {"NS": sorted({write_number(each, what) for each in value})}
    if kinds == {bytes}:
        return {"BS": sorted(value)}
    # DynamoDB has no empty set and none of mixed kinds.
    typed = [write_value(each, what, depth + 1) for each in value]
    return {"L": sorted(typed, key=repr)}


def size_of(typed: Mapping[str, Any]) -> int:
    """The bytes that DynamoDB counts for a typed value, rounded up."""
    ((kind, value),) = typed.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return len(value) // 2 + 3
    if kind == "B":
        return len(value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size_of(each) for name, each in value.items())
    if kind == "L":
        return 3 + sum(1 + size_of(each) for each in value)
    if kind in ("SS", "NS", "BS"):
        return 3 + sum(1 + size_of({kind[0]: each}) for each in value)
    return 1
