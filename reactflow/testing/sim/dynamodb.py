"""DynamoDB in memory: the tables of a run with their streams, and the client that the real sink writes to them with.

A write that changes nothing makes no record, as in DynamoDB; a condition that does not hold raises what botocore
raises.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field

from reactflow.errors import Transient
from reactflow.testing.events import ACCOUNT, REGION, START, typed_attributes
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.conditions import Item, holds, updated
from reactflow.testing.sim.streams import Stream

BASE = 10**20  # sequence numbers have 21 digits, and here a few of the first have 20


@define(eq=False)
class Table:
    """A table: items by the text of their primary key, and the stream of its changes."""

    name: str
    keys: tuple[str, ...]
    stream: Stream
    items: dict[str, Item] = field(factory=dict)

    def place(self, item: Mapping[str, Any]) -> str:
        """The text of an item's primary key."""
        return json.dumps([item[name] for name in self.keys], sort_keys=True, default=str)


class SimDynamoDB:
    """All tables of a run."""

    def __init__(self, chaos: Chaos, now: Callable[[], float]) -> None:
        self.tables: dict[str, Table] = {}
        self._chaos, self._now = chaos, now

    def make(self, name: str, keys: Sequence[str], shards: int) -> Table:
        """A new table with a stream."""
        stream = Stream(f"dynamodb/{name}", self._chaos.chance, shards=shards, base=BASE)
        table = self.tables[name] = Table(name, tuple(keys), stream)
        return table

    def write(self, name: str, item: Item | None, key: Item | None = None) -> bool:
        """Put an item, or delete the one with ``key``; whether anything changed."""
        table = self.tables[name]
        place = table.place(item if item is not None else key or {})
        before = table.items.get(place)
        if before == item:
            return False
        if item is None:
            del table.items[place]
        else:
            table.items[place] = item
        self._tell(table, place, before, item)
        return True

    def _tell(self, table: Table, place: str, before: Item | None, after: Item | None) -> None:
        there = after if after is not None else before or {}
        time = START.timestamp() + self._now()
        happened = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table.name}/stream/2026-11-23T00:00:00.000"

        def word(shard: str, number: int) -> dict[str, Any]:
            part = {
                "ApproximateCreationDateTime": time,
                "Keys": {name: there[name] for name in table.keys},
                "SequenceNumber": str(number),
                "SizeBytes": 100,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            }
            part |= {} if after is None else {"NewImage": after}
            part |= {} if before is None else {"OldImage": before}
            return {
                "eventID": hashlib.md5(f"{shard}{number}".encode(), usedforsecurity=False).hexdigest(),
                "eventName": happened,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": REGION,
                "dynamodb": part,
                "eventSourceARN": arn,
            }

        table.stream.put(place, self._now(), word)
        self._chaos.say(f"dynamodb/{table.name} {happened} {place}")

    # --- what boto3's client does, with boto3's names ---------------------------------------------------------------

    def put_item(self, *, TableName: str, Item: Item, **more: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """Put an item, on a condition."""
        return self._guarded(TableName, Item, more, lambda there: dict(Item))

    def delete_item(self, *, TableName: str, Key: Item, **more: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """Delete an item, on a condition."""
        return self._guarded(TableName, Key, more, lambda there: None)

    def update_item(self, *, TableName: str, Key: Item, UpdateExpression: str, **more: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """Set and remove attributes, on a condition."""
        names, values = more["ExpressionAttributeNames"], more["ExpressionAttributeValues"]
        return self._guarded(
            TableName, Key, more, lambda there: updated(UpdateExpression, there or dict(Key), names, values)
        )

    def get_item(self, *, TableName: str, Key: Item, **_: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """An item as it is; what is projected away makes no difference here."""
        self._chaos.boundary(f"GetItem of {TableName}")
        table = self.tables[TableName]
        there = table.items.get(table.place(Key))
        return {} if there is None else {"Item": dict(there)}

    def _guarded(
        self, name: str, key: Item, more: Mapping[str, Any], change: Callable[[Item | None], Item | None]
    ) -> dict[str, Any]:
        chaos, table = self._chaos, self.tables[name]
        chaos.boundary(f"before a write to {name}")
        if chaos.strikes("sink", f"dynamodb/{name} is away"):
            raise Transient("simulated: the table is away")
        there = table.items.get(table.place(key))
        condition = more.get("ConditionExpression", "")
        names, values = more.get("ExpressionAttributeNames", {}), more.get("ExpressionAttributeValues", {})
        if not holds(condition, there, names, values):
            raise refusal("ConditionalCheckFailedException", "the condition does not hold", 400)
        after = change(there)
        if after is not None or there is not None:
            self.write(name, after, key)
        chaos.boundary(f"after a write to {name}")
        if chaos.strikes("sink", f"dynamodb/{name} stored it, and its answer is lost"):
            raise Transient("simulated: the answer is lost")
        return {}


def typed(item: Mapping[str, Any]) -> Item:
    """Typed attributes of plain values, as a table keeps them here: binary ones in base64, as a stream tells them."""
    made: Item = typed_attributes(item)
    return made


def refusal(code: str, message: str, status: int) -> Exception:
    """The error that botocore raises for an answer of AWS."""
    from botocore.exceptions import ClientError

    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "simulated")
