"""Writing JSON that leaves: plain data of a flow as canonical text, decimals and integers exact.

Equal values give equal text (names sorted), so that publishing twice writes the same bytes. What JSON has no
form for gets the one that ``conversion`` reads back: dates and times in ISO form, sets as sorted arrays,
UUIDs and enum members by their value, bytes in base64. NaN and infinities are refused: no reader agrees on
them.
"""

from __future__ import annotations

import base64
import datetime as dt
import enum
import json
import math
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reactflow.errors import ConfigurationError


def write_json(value: Any) -> str:
    """Canonical JSON of plain data; raises ConfigurationError for what has no form in JSON.

    >>> from decimal import Decimal
    >>> write_json({"b": Decimal("1.10"), "a": [1, None, {"x", "y"}]})
    '{"a":[1,null,["x","y"]],"b":1.10}'
    """
    return "".join(_parts(value, ""))


def as_text(value: object) -> str:
    """The text of a single value, as a partition key or the part of an object's key shows it.

    >>> as_text("r1"), as_text(7), as_text(dt.date(2026, 11, 23)), as_text(True)
    ('r1', '7', '2026-11-23', 'true')
    """
    if isinstance(value, str):
        return value
    return write_json(value).strip('"')


def _parts(value: Any, path: str) -> list[str]:
    if value is None or isinstance(value, (bool, str)):
        return [json.dumps(value, ensure_ascii=False)]
    if isinstance(value, enum.Enum):
        return _parts(value.value, path)
    if isinstance(value, int):
        return [int.__repr__(value)]
    if isinstance(value, (float, Decimal)):
        if not math.isfinite(value):
            raise ConfigurationError(
                f"{value} at {path or 'the top'} has no form in JSON: leave the cell unset instead"
            )
        return [float.__repr__(value) if isinstance(value, float) else str(value)]
    if isinstance(value, Mapping):
        names = sorted((_name(name), name) for name in value)
        parts = ["{"]
        for place, (text, name) in enumerate(names):
            parts += ["," if place else "", json.dumps(text, ensure_ascii=False), ":"]
            parts += _parts(value[name], f"{path}.{text}" if path else text)
        return [*parts, "}"]
    if isinstance(value, (set, frozenset)):
        items = sorted("".join(_parts(item, path)) for item in value)
        return ["[", ",".join(items), "]"]
    if isinstance(value, (list, tuple)):
        items = ["".join(_parts(item, f"{path}[{place}]")) for place, item in enumerate(value)]
        return ["[", ",".join(items), "]"]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return [json.dumps(base64.b64encode(bytes(value)).decode())]
    if isinstance(value, (dt.date, dt.time)):
        return [json.dumps(value.isoformat())]
    if isinstance(value, uuid.UUID):
        return [json.dumps(str(value))]
    if isinstance(value, dt.timedelta):
        return _parts(value.total_seconds(), path)
    if hasattr(value, "tolist"):  # an array or number of numpy
        return _parts(value.tolist(), path)
    raise ConfigurationError(
        f"{type(value).__name__} at {path or 'the top'} has no form in JSON: publish a cell of plain "
        "data instead"
    )


def _name(name: object) -> str:
    return name if isinstance(name, str) else as_text(name)
