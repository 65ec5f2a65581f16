"""The attributes of an event between services as plain data, and its types. ``envelope`` reads them."""

from __future__ import annotations

from typing import Any

ROW = "reactflow.row"
REMOVAL = "reactflow.removal"
OCCURRENCE = "reactflow.occurrence"

OPTIONAL = ("subject", "time", "traceparent", "correlationid", "causationid", "sequence", "hops")


def attributes(*, id: str, source: str, type: str, **optional: Any) -> dict[str, Any]:
    """The attributes of an envelope as plain data, in their order, without those that are empty.

    >>> attributes(id="rooms/area/r1/dynamodb:areas/1", source="/rooms", type=ROW, hops=1, subject="r1")[
    ...     "hops"
    ... ]
    1
    """
    plain: dict[str, Any] = {"specversion": "1.0", "id": id, "source": source, "type": type}
    plain |= {name: optional[name] for name in OPTIONAL if optional.get(name)}
    return plain
