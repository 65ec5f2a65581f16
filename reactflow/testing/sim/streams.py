"""Streams in memory: shards with their records in order, split and merged as Kinesis does it.

It promises what a stream promises: a record has a sequence number that is higher than all before it of its shard, the
records of one key are in one shard at a time, and a child's numbers are higher than its parents'. Numbers begin just
below a power of ten, so that some have a digit more than others. It must not know who reads it, nor how far.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from attrs import define, field

from reactflow.local.triggers.batch import Entry

RANGE = 1 << 32


@define(eq=False)
class Shard:
    """One shard: keys whose hash is from ``low`` up to ``high``."""

    name: str
    low: int
    high: int
    next_number: int
    parents: tuple[str, ...] = ()
    entries: list[Entry] = field(factory=list)
    trimmed: set[str] = field(factory=set)
    is_closed: bool = False


Word = Callable[[str, int], dict[str, Any]]
"""Makes a record as Lambda delivers it of the shard's name and the sequence number."""


class Stream:
    """A stream of Kinesis, or of a table."""

    def __init__(self, resource: str, chance: Random, *, shards: int, base: int) -> None:
        self.resource = resource
        self.shards: dict[str, Shard] = {}
        self._chance = chance
        self._made = 0
        for place in range(shards):
            low, high = RANGE * place // shards, RANGE * (place + 1) // shards
            self._open(low, high, base - chance.randrange(1, 9))

    def put(self, key: str, time: float, word: Word) -> Entry:
        """Store a record in the shard of its key."""
        place = zlib.crc32(key.encode())
        shard = next(one for one in self.open_shards if one.low <= place < one.high)
        number = shard.next_number
        shard.next_number += self._chance.randint(1, 3)
        entry = Entry(json.dumps(word(shard.name, number)), str(number), time, key)
        shard.entries.append(entry)
        return entry

    def read(self, shard: str, after: str, limit: int) -> tuple[list[Entry], bool]:
        """Up to ``limit`` records behind the one named ``after``, and whether the shard ends with them."""
        there = self.shards[shard]
        place = next((n for n, one in enumerate(there.entries, 1) if one.identifier == after), 0)
        left = [one for one in there.entries[place:] if one.identifier not in there.trimmed]
        return left[:limit], there.is_closed and len(left) <= limit

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The shards with their parents."""
        return {name: one.parents for name, one in self.shards.items()}

    @property
    def open_shards(self) -> list[Shard]:
        """The shards that take records."""
        return [one for one in self.shards.values() if not one.is_closed]

    def split(self) -> str:
        """Split a shard in two; says what was done."""
        shard = self._chance.choice(self.open_shards)
        middle = (shard.low + shard.high) // 2
        self._close(shard)
        for low, high in ((shard.low, middle), (middle, shard.high)):
            self._open(low, high, self._after(shard), shard.name)
        return f"{self.resource}: {shard.name} is split"

    def merge(self) -> str:
        """Merge two shards that lie side by side; says what was done, nothing when there is only one."""
        shards = sorted(self.open_shards, key=lambda one: one.low)
        if len(shards) < 2:
            return ""
        place = self._chance.randrange(len(shards) - 1)
        one, other = shards[place], shards[place + 1]
        self._close(one, other)
        start = max(self._after(one), self._after(other))
        self._open(one.low, other.high, start, one.name, other.name)
        return f"{self.resource}: {one.name} and {other.name} are merged"

    def _close(self, *shards: Shard) -> None:
        for one in shards:
            one.is_closed = True

    def _after(self, shard: Shard) -> int:
        return shard.next_number + self._chance.randint(0, 5)

    def _open(self, low: int, high: int, number: int, *parents: str) -> None:
        name = f"shardId-{self._made:012d}"
        self._made += 1
        self.shards[name] = Shard(name, low, high, number, parents)
