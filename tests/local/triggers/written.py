"""A stream that a test writes itself: shards that close, have children, go away, and whose iterators expire.

The embedded cloud cannot do these (its resharding drops the parent with its records), so the trigger's own rules are
tested on a log that can. Records are named by their text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from reactflow.local import Cloud
from reactflow.local.triggers.batch import Entry
from reactflow.local.triggers.clock import Clock
from reactflow.local.triggers.settings import Start
from reactflow.local.triggers.shardlog import IteratorExpired, Page, ShardGone


@define
class WrittenShard:
    entries: list[Entry] = field(factory=list)
    parents: tuple[str, ...] = ()
    closed: bool = False


@define
class WrittenLog:
    """A ShardLog in memory; ``clock`` gives arrival times, ``expired`` the iterators that are too old."""

    clock: Clock
    content: dict[str, WrittenShard] = field(factory=dict)
    expired: set[str] = field(factory=set)
    reads: list[str] = field(factory=list)
    source: str = "kinesis/written"
    arn: str = "arn:aws:kinesis:us-east-1:123456789012:stream/written"

    def shard(self, name: str, *parents: str) -> WrittenShard:
        return self.content.setdefault(name, WrittenShard(parents=parents))

    def put(self, shard: str, *names: str, size: int = 0) -> None:
        entries = self.shard(shard).entries
        for name in names:
            text = json.dumps({"name": name, "filler": "x" * size})
            entries.append(Entry(text, f"{shard}-{len(entries):03d}", self.clock.now()))

    def shards(self) -> Mapping[str, Sequence[str]]:
        return {name: shard.parents for name, shard in self.content.items()}

    def enter(self, shard: str, start: Start, timestamp: float | None = None) -> str:
        return f"{shard}@{len(self.content[shard].entries) if start == 'LATEST' else 0}"

    def resume(self, shard: str, after: str) -> str:
        return f"{shard}@{int(after.rpartition('-')[2]) + 1}"

    def read(self, shard: str, iterator: str, limit: int) -> Page:
        self.reads.append(shard)
        if shard not in self.content:
            raise ShardGone(f"shard {shard} is not there any more")
        if iterator in self.expired:
            self.expired.discard(iterator)
            raise IteratorExpired(iterator)
        place = int(iterator.rpartition("@")[2])
        written = self.content[shard]
        entries = written.entries[place : place + limit]
        following = place + len(entries)
        at_end = written.closed and following == len(written.entries)
        return Page(entries, None if at_end else f"{shard}@{following}")


def kept(cloud: Cloud, bucket: str, name: str) -> Any:
    """What a destination's object says."""
    return json.loads(cloud.client("s3").get_object(Bucket=bucket, Key=name)["Body"].read())
