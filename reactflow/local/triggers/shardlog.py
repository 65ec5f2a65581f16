"""A shard log: a stream as a trigger reads it. Kinesis, a table, or one in memory; they differ in nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import frozen

from reactflow.local.triggers.batch import Entry
from reactflow.local.triggers.settings import Start


class ShardGone(Exception):
    """The shard that was being read is not there any more."""


class IteratorExpired(Exception):
    """The place in a shard that was kept is too old to read on from."""


@frozen
class Page:
    """What one read of a shard gave. ``next`` None: the shard is closed, and this was its end."""

    entries: Sequence[Entry]
    next: str | None
    behind: bool = False


class ShardLog(Protocol):
    """A stream as it is read: its shards with their parents, and pages of records.

    ``enter`` and ``resume`` give an iterator, ``read`` a page and the next iterator. ``read`` raises IteratorExpired,
    or ShardGone for a shard that is not there.
    """

    @property
    def source(self) -> str: ...
    @property
    def arn(self) -> str: ...
    def shards(self) -> Mapping[str, Sequence[str]]: ...
    def enter(self, shard: str, start: Start, timestamp: float | None = None) -> str: ...
    def resume(self, shard: str, after: str) -> str: ...
    def read(self, shard: str, iterator: str, limit: int) -> Page: ...
