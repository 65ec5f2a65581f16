"""The service of the README by hand, on the same two tables, with the same calls, and the same promise of effects.

Records are decoded and checked, and grouped by room. For each room its item is read, unless this process wrote it last;
what was seen is skipped by the highest position of each shard; the item is written over the version that was read, with
the row that is due; then the row, over a lower number only. What fails is told as the lowest position that is not
finished. Poison is only a line in the log, and nobody sweeps. ``benchmarks/steps/handler_by_hand.py`` does the same
on a store in memory.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode
from math import isfinite
from typing import Any

import boto3
from botocore.exceptions import ClientError

from benchmarks.runtime.functions.timed import timed

STATE = os.environ.get("REACTFLOW_STATE", "dynamodb:state").partition(":")[2]
DYNAMODB: Any = boto3.client("dynamodb")
WARM: dict[str, dict[str, Any]] = {}
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode
_REFUSED = "ConditionalCheckFailedException"


class Poison(Exception):
    """A record that cannot be applied however often it is tried."""


def take(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    """What Lambda calls."""
    rooms: dict[str, list[tuple[str, str, dict[str, float]]]] = {}
    for record in event["Records"]:
        part = record["kinesis"]
        try:
            name, fields = decode(part)
        except (ValueError, OverflowError, Poison) as error:
            print("put away", record["eventID"], error)
            continue
        arrival = record["eventID"].partition(":")[0], part["sequenceNumber"].zfill(129), fields
        rooms.setdefault(name, []).append(arrival)
    failed = []
    for name, arrivals in rooms.items():
        try:
            commit(name, arrivals)
        except (ClientError, OSError):
            WARM.pop(name, None)
            failed.append(min(int(position) for _, position, _ in arrivals))
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def decode(part: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """The room and the fields of a record."""
    plain = json.loads(b64decode(part["data"], validate=True))
    if type(plain) is not dict:
        raise Poison("no object")
    name = plain.get("room")
    if type(name) is not str or name != part["partitionKey"]:
        raise Poison(f"room is {name!r}")
    fields = {}
    for field in ("length", "width"):
        if field in plain:
            value = plain[field]
            if type(value) not in (int, float) or not isfinite(value):
                raise Poison(f"{field} is {value!r}")
            fields[field] = float(value)
    return name, fields


def commit(name: str, arrivals: list[tuple[str, str, dict[str, float]]]) -> None:
    """Apply a room's part, write it once, and publish its row."""
    key = {"pk": {"S": f"rooms/room={name}"}, "sk": {"S": "item"}}
    room = WARM.get(name)
    if room is None:
        room = read(DYNAMODB.get_item(TableName=STATE, Key=key, ConsistentRead=True).get("Item"))
    while True:
        if room["out"] and not room.get("published"):
            publish(name, room)
        cells: dict[str, Any] = dict(room["c"])
        marks, news = dict(room["m"]), False
        for lane, position, fields in arrivals:
            if position <= marks.get(lane, ""):
                continue
            marks[lane], news = position, True
            sides = {**cells, **fields}
            area = sides["length"] * sides["width"]
            if not isfinite(area):
                print("put away", position, f"area is {area!r}")
                continue
            if area != cells["area"]:
                cells["peak"] = max(cells.get("peak", area), area)
            cells |= {**fields, "area": area}
        if not news:
            return
        due = {"area": cells["area"], "limit": cells.get("peak")}
        n, out = room["n"], None
        if due != {"area": room["c"]["area"], "limit": room["c"].get("peak")} or not n:
            n, out = n + 1, due
        new = {"v": room["v"] + 1, "n": n, "c": cells, "m": marks, "out": out}
        write = {"TableName": STATE, "Item": {**key, "v": {"N": str(new["v"])}, "data": {"S": _encode(new)}},
                 "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                 "ConditionExpression": "attribute_not_exists(pk)"}  # fmt: skip
        if room["v"]:
            write["ConditionExpression"] = "v = :v"
            write["ExpressionAttributeValues"] = {":v": {"N": str(room["v"])}}
        try:
            DYNAMODB.put_item(**write)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != _REFUSED:
                raise
            there: Any = error.response
            room = read(there.get("Item"))
            continue
        if out:
            publish(name, new)
        WARM[name] = new
        return


def read(item: dict[str, Any] | None) -> dict[str, Any]:
    """A unit as it was stored, or a new one."""
    if item is None:
        return {"v": 0, "n": 0, "c": {"length": 0.0, "width": 0.0, "area": 0.0}, "m": {}, "out": None}
    found: dict[str, Any] = json.loads(item["data"]["S"])
    return found


def publish(name: str, room: dict[str, Any]) -> None:
    """Put the row that is due, over a lower number only."""
    numbers = {column: {"N": repr(value)} for column, value in room["out"].items() if value is not None}
    try:
        DYNAMODB.put_item(
            TableName="areas",
            Item={"room": {"S": name}, "_n": {"N": str(room["n"])}, **numbers},
            ConditionExpression="attribute_not_exists(#n) OR #n < :n",
            ExpressionAttributeNames={"#n": "_n"},
            ExpressionAttributeValues={":n": {"N": str(room["n"])}},
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != _REFUSED:
            raise
    room["published"] = True


handler = timed(take)
