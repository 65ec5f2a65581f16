"""A stream in memory, behind the interface by which real ones are read: for tests and simulations.

It does what emulators do not: shards split and merge, with the parent readable to its end; records are trimmed;
iterators expire. A record goes to the shard whose range of hashes holds that of its partition key, as on Kinesis, with
sequence numbers of 56 digits that grow in each shard, and are larger in a child than in its parents.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from attrs import define, field

from reactflow.errors import ConfigurationError
from reactflow.local.cloud import ACCOUNT, REGION
from reactflow.local.triggers.batch import Entry
from reactflow.local.triggers.settings import Start
from reactflow.local.triggers.shardlog import IteratorExpired, Page, ShardGone

LARGEST_HASH = 2**128 - 1
_FIRST_NUMBER = 49 * 10**54


@define(eq=False)
class MemoryShard:
    """A shard: its range of hashes, its parents, and its records; ``trimmed`` of them are gone."""

    name: str
    lowest: int
    highest: int
    parents: tuple[str, ...] = ()
    entries: list[Entry] = field(factory=list)
    is_closed: bool = False
    trimmed: int = 0


class MemoryStream:
    """A stream of ``shards`` shards. ``now`` gives the time at which records arrive, in seconds since 1970.

    >>> stream = MemoryStream("measurements", now=lambda: 0.0)
    >>> first, second = stream.split("shardId-000000000000")
    >>> stream.put("kitchen", b"{}") in (first, second)
    True
    >>> stream.shards()[first]
    ('shardId-000000000000',)
    """

    def __init__(self, name: str, *, shards: int = 1, now: Callable[[], float]) -> None:
        self.name = name
        self._now = now
        self._shards: dict[str, MemoryShard] = {}
        self._expired: set[str] = set()
        self._number = _FIRST_NUMBER
        width = (LARGEST_HASH + 1) // shards
        for place in range(shards):
            highest = LARGEST_HASH if place == shards - 1 else (place + 1) * width - 1
            self._add(place * width, highest)

    @property
    def source(self) -> str:
        return f"kinesis/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{self.name}"

    # --- writing -----------------------------------------------------------------------------------------------------

    def put(self, key: str, data: bytes) -> str:
        """Put a record; returns the shard that it went to."""
        hashed = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest())
        shard = next(one for one in self.open_shards if one.lowest <= hashed <= one.highest)
        self._number += 1
        shard.entries.append(self._entry(shard.name, key, data, str(self._number)))
        return shard.name

    def split(self, shard: str) -> tuple[str, str]:
        """Close a shard and open two, for one half of its range each; returns their names.

        Raises ConfigurationError when the shard is closed already, or too narrow.
        """
        parent = self._close(shard)
        middle = (parent.lowest + parent.highest) // 2
        if middle == parent.highest:
            raise ConfigurationError(f"{self.source}: the range of shard {shard} is too narrow to be split")
        first = self._add(parent.lowest, middle, shard)
        return first, self._add(middle + 1, parent.highest, shard)

    def merge(self, shard: str, other: str) -> str:
        """Close two shards whose ranges touch and open one; returns its name.

        Raises ConfigurationError when one is closed already, or the ranges do not touch.
        """
        lower, upper = sorted((self._shards[shard], self._shards[other]), key=lambda one: one.lowest)
        if lower.highest + 1 != upper.lowest:
            raise ConfigurationError(f"{self.source}: the ranges of shards {shard} and {other} do not touch")
        for one in (lower, upper):
            self._close(one.name)
        return self._add(lower.lowest, upper.highest, lower.name, upper.name)

    def trim(self, shard: str, count: int) -> None:
        """Take away the first ``count`` records that a shard still has, as when its retention is over."""
        one = self._shards[shard]
        one.trimmed = min(one.trimmed + count, len(one.entries))

    def forget(self, shard: str) -> None:
        """Take a shard away, with all its records."""
        del self._shards[shard]

    def expire(self, iterator: str) -> None:
        """Have the next read with this iterator refused."""
        self._expired.add(iterator)

    @property
    def open_shards(self) -> Sequence[MemoryShard]:
        """The shards that take records, in the order of their ranges."""
        return sorted((one for one in self._shards.values() if not one.is_closed), key=lambda one: one.lowest)

    # --- reading -----------------------------------------------------------------------------------------------------

    def shards(self) -> Mapping[str, Sequence[str]]:
        return {name: shard.parents for name, shard in self._shards.items()}

    def enter(self, shard: str, start: Start, timestamp: float | None = None) -> str:
        entries = self._shard(shard).entries
        if start == "LATEST":
            return f"{shard}@{len(entries)}"
        since = float("-inf") if timestamp is None else timestamp
        return f"{shard}@{next((place for place, one in enumerate(entries) if one.arrival >= since), len(entries))}"

    def resume(self, shard: str, after: str) -> str:
        entries = self._shard(shard).entries
        return f"{shard}@{next(place for place, one in enumerate(entries) if one.identifier == after) + 1}"

    def read(self, shard: str, iterator: str, limit: int) -> Page:
        if iterator in self._expired:
            self._expired.discard(iterator)
            raise IteratorExpired(iterator)
        there = self._shard(shard)
        place = max(int(iterator.rpartition("@")[2]), there.trimmed)
        entries = there.entries[place : place + limit]
        following = place + len(entries)
        is_end = there.is_closed and following == len(there.entries)
        return Page(entries, None if is_end else f"{shard}@{following}")

    # --- within ------------------------------------------------------------------------------------------------------

    def _shard(self, name: str) -> MemoryShard:
        if name not in self._shards:
            raise ShardGone(f"shard {name} of {self.source} is not there any more")
        return self._shards[name]

    def _add(self, lowest: int, highest: int, *parents: str) -> str:
        name = f"shardId-{len(self._shards):012d}"
        self._shards[name] = MemoryShard(name, lowest, highest, parents)
        return name

    def _close(self, name: str) -> MemoryShard:
        shard = self._shards[name]
        if shard.is_closed:
            raise ConfigurationError(f"{self.source}: shard {name} is closed already")
        shard.is_closed = True
        return shard

    def _entry(self, shard: str, key: str, data: bytes, number: str) -> Entry:
        arrival = self._now()
        delivered = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": key,
                "sequenceNumber": number,
                "data": base64.b64encode(data).decode("ascii"),
                "approximateArrivalTimestamp": arrival,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/local",
            "awsRegion": REGION,
            "eventSourceARN": self.arn,
        }
        return Entry(json.dumps(delivered), number, arrival, key)
