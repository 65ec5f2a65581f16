"""What to type in another terminal to see a service do something: commands that work as they stand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reactflow.service import Input, Service

_EXAMPLES: dict[object, Any] = {
    bool: True,
    int: 2,
    float: 2.5,
    Decimal: 2.5,
    str: "text",
    date: "2026-11-23",
    datetime: "2026-11-23T12:00:00Z",
}


def hints(service: Service, endpoint: str = "", now: datetime | None = None) -> list[str]:
    """A command for each input; ``endpoint`` where it is not the one that ``reactflow put`` takes by itself.

    ``now`` is the time that a record in a window is given (default: that of the clock), so that it is not late.
    """
    where = f" --endpoint {endpoint}" if endpoint else ""
    return [_hint(one, where, now or datetime.now(UTC)) for one in service.bound]


def _hint(one: Input, where: str, now: datetime) -> str:
    kind, name = one.source.resource.split("/", 1)
    if kind == "s3":
        template = str(getattr(one.source, "key", "") or "")
        for field in one.key.names:
            template = template.replace(f"{{{field}}}", field)
        return f"reactflow put{where} s3 {name} '{template or 'name'}=FILE'"
    record: dict[str, Any] = {}
    window = one.key.window
    for field, type_ in zip(one.key.names, one.key.types, strict=True):
        example: object = _EXAMPLES[type_] if type_ is not str else "a"
        if window is not None and field == window.name:
            example = window.write(now)
        _place(record, one.paths[field], example)
    for cell, path in one.feeds.items():
        if path:
            node = one.plan[cell]
            if node.gathered is not None:
                for field, type_ in node.gathered.id.items():
                    _place(record, field, "a" if type_ is str else _EXAMPLES[type_])
                _place(record, path, _EXAMPLES.get(node.gathered.type, 2.5))
                continue
            _place(record, path, _EXAMPLES.get(node.type, _EXAMPLES.get(type(node.default), "...")))
    partition = getattr(one.source, "partition", None)
    flag = f" --partition {partition}" if partition and partition != next(iter(record)) else ""
    return f"reactflow put{where} {kind} {name} '{json.dumps(record)}'{flag}"


def _place(record: dict[str, Any], path: str, value: Any) -> None:
    """Put a value where a dotted path finds it."""
    *outer, last = path.split(".")
    for name in outer:
        inner = record.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        record = inner
    record.setdefault(last, value)
