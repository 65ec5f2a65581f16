"""The bare handler: what any handler of a stream has to do, with json and base64 alone."""

from __future__ import annotations

import base64
import json
from typing import Any

ROOMS: dict[str, dict[str, float]] = {}


def handler(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    """Keep the length and width of rooms in memory, and their areas."""
    for record in event["Records"]:
        told = json.loads(base64.b64decode(record["kinesis"]["data"]))
        room = ROOMS.setdefault(told["room"], {"length": 0.0, "width": 0.0})
        room.update({name: float(told[name]) for name in ("length", "width") if name in told})
        room["area"] = room["length"] * room["width"]
    return {"batchItemFailures": []}
