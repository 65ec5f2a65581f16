"""A batch of a shard as the polling core hands it out, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from attrs import frozen

Condition = Literal["", "RetryAttemptsExhausted", "RecordAgeExpired"]

LARGEST_EVENT = 6 * 1024 * 1024  # bytes of one synchronous invocation
ENVELOPE = 64


@frozen
class Entry:
    """One record as a trigger holds it.

    ``text`` is the record as Lambda delivers it, ``identifier`` what reports it (its sequence number), ``arrival`` when
    it arrived (seconds since 1970), ``key`` what orders it within its shard: a partition key, or the key of an item.
    """

    text: str
    identifier: str
    arrival: float
    key: str = ""

    @property
    def size(self) -> int:
        """Bytes that the record takes in an event, with the comma behind it."""
        return (len(self.text) if self.text.isascii() else len(self.text.encode())) + 2


@frozen(eq=False)
class Batch:
    """Records of one shard that are delivered together. Two batches are equal only when they are the same one.

    ``slot`` is the part of the shard that they belong to, ``tries`` how often this batch failed, ``reason`` why it did.
    With a ``condition`` it is not to be delivered any more, but to be put away.
    """

    shard: str
    slot: int
    entries: tuple[Entry, ...]
    tries: int = 0
    retry_at: float = 0.0
    reason: str = ""
    condition: Condition = ""

    @property
    def text(self) -> str:
        """The event with these records, as Lambda delivers it."""
        return batch_text(self.entries)

    @property
    def identifiers(self) -> list[str]:
        return [entry.identifier for entry in self.entries]


@frozen
class Settled:
    """What an answer, or a failure, made of a batch.

    ``finished`` records are done with; the ``unfinished`` ones come again after ``wait`` seconds, as one batch or, when
    ``is_split``, as two. ``tries`` counts the failed tries of what is left. ``is_exhausted``: it will be put away.
    """

    finished: int
    unfinished: int = 0
    wait: float = 0.0
    tries: int = 0
    reason: str = ""
    is_split: bool = False
    is_exhausted: bool = False


def batch_text(entries: Sequence[Entry]) -> str:
    """The text of an event with these records."""
    return '{"Records": [' + ", ".join(entry.text for entry in entries) + "]}"


def fitting(entries: Iterable[Entry], most: int) -> int:
    """How many of the first records fit in one event of at most so many: at least one, if there are any."""
    length, taken = ENVELOPE, 0
    for entry in entries:
        length += entry.size
        if taken == most or (taken and length > LARGEST_EVENT):
            break
        taken += 1
    return taken
