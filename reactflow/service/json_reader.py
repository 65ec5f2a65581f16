"""Reading JSON that comes from outside: one object, within limits that are checked before it is parsed.

What it promises: whatever the bytes, there is a value or a RecordError, never a crash and never much work.
Decimals stay exact (``Decimal``), integers too; NaN, infinities, duplicate names and halves of surrogate
pairs are refused, since each would mean different things to different readers. It must not guess: text that
is not JSON is an error, not a string.

Limits (bytes of text, depth, members, text): SIZE, NESTING, MEMBERS. One text cannot be longer than the
whole.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from reactflow.errors import RecordError

SIZE = 1 << 20  # bytes
NESTING = 64  # objects and arrays inside each other
MEMBERS = 10_000  # members of objects and items of arrays, of the whole text
DIGITS = 4_300  # digits before or after the point: what Python itself allows for an integer

_UNUSUAL = re.compile(rb"\\u[dD][89a-fA-F]|[0-9][eE]")  # half a pair, maybe, or an exponent
# Never steps back, and takes text without an end as one: else a record of quotation marks takes for ever.
_SKELETON = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[\]{},]', re.DOTALL)
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def read_object(data: bytes | str, what: str) -> dict[str, Any]:
    """Read one JSON object; ``what`` names it in errors, such as ``kinesis/measurements, record 42``.

    Raises RecordError for what is too large, is not JSON, or is JSON but no object.

    >>> read_object('{"room": "r1", "length": 3.10}', "a record")
    {'room': 'r1', 'length': Decimal('3.10')}
    >>> read_object("[1, 2]", "a record")
    Traceback (most recent call last):
        ...
    reactflow.errors.RecordError: a record is JSON, but an array and not an object: send an object with named fields
    """
    value = read_json(data, what)
    if not isinstance(value, dict):
        kind = "an array" if isinstance(value, list) else f"a bare value ({type(value).__name__})"
        raise RecordError(f"{what} is JSON, but {kind} and not an object: send an object with named fields")
    return value


def read_json(data: bytes | str, what: str) -> Any:
    """Read any JSON value under the same limits; raises RecordError."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    found = read_quickly(raw)
    if found is not None:
        return found
    _check_limits(raw, what)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        begins = bytes(raw[:16])
        raise RecordError(
            f"{what} is not JSON: it is not text in UTF-8 (byte {error.start}; it begins with {begins!r})"
        ) from None
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20]
        raise RecordError(
            f"{what} is not JSON: {error.msg} at character {error.pos}, near {near!r}"
        ) from None
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise RecordError(f"{what} is refused: {error}") from None
    if _HALF_PAIR.search(raw):
        _check_text(value, what)
    return value


def read_quickly(raw: bytes) -> dict[str, Any] | None:
    """An object that is certain to be right, read in C: of few bytes, no object inside, no exponents. None for others.

    >>> read_quickly(b'{"room": "r1", "length": 3.10}'), read_quickly(b'{"a": 1, "a": 2}')
    ({'room': 'r1', 'length': Decimal('3.10')}, None)
    """
    if len(raw) >= DIGITS or _UNUSUAL.search(raw) or raw.count(b"[") > NESTING:
        return None
    try:
        text = raw.decode()
        value, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration):
        return None  # to be read with care, which says what is wrong
    # Each member has a colon of its own: as many members as colons, and no name stands twice.
    if end == len(text) and type(value) is dict and len(value) == raw.count(b":"):
        return value
    return None


def _check_limits(raw: bytes, what: str) -> None:
    if len(raw) > SIZE:
        raise RecordError(
            f"{what} has {len(raw)} bytes, and {SIZE} are the most: send a reference to the data"
        )
    opened = raw.count(b"{") + raw.count(b"[")
    # Counting bytes is an upper bound, and enough for nearly every record; only a suspicious one is read with care.
    if opened <= NESTING and opened + raw.count(b",") <= MEMBERS:
        return
    depth = members = 0
    for found in _SKELETON.finditer(raw):
        sign = raw[found.start()]
        if sign in b"{[":
            depth += 1
            members += 1
            if depth > NESTING:
                raise RecordError(f"{what} is nested deeper than {NESTING}: send it flatter")
        elif sign in b"}]":
            depth -= 1
        elif sign == 0x2C:
            members += 1
        if members > MEMBERS:
            raise RecordError(f"{what} has more than {MEMBERS} members: split it into several records")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(
                    f"the name {name[:60]!r} stands twice in one object, and which one counts is unclear"
                )
            seen.add(name)
    return made


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not -DIGITS < value.adjusted() < DIGITS or len(text) > DIGITS:
        raise ValueError(f"the number {text[:40]} has more than {DIGITS} digits")
    return value


def _integer(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"the number {text[:40]}... has more than {DIGITS} digits")
    return int(text)


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON: leave the field out, or send null where the cell's type allows it")


def _check_text(value: Any, what: str) -> None:
    """Refuse halves of surrogate pairs, which no store and no other service could hold."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError:
                raise RecordError(
                    f"{what} is refused: {item[:60]!r} holds half of a surrogate pair"
                ) from None


_quick = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
_scan: Any = _quick.scan_once  # type: ignore[attr-defined]  # pyright: ignore  # its __init__ sets it
_decoder = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant
)
