"""A slot: the part of a shard in which batches go one after the other; a shard has as many as its parallelization
factor.

It promises: a batch is out at most once, and the next one waits for it; what is left of a failed batch, in one part or
in two, goes before all that was read later. It knows no shard, and asks no clock: who calls says what time it is.
"""

from __future__ import annotations

from collections import deque

from attrs import define, evolve, field

from reactflow.errors import InternalError
from reactflow.local.triggers.batch import ENVELOPE, LARGEST_EVENT, Batch, Entry, Settled, fitting
from reactflow.local.triggers.settings import TriggerSettings


@define(eq=False)
class Slot:
    """``parts`` are batches that were made and are not finished, in order; ``buffer`` was read after them."""

    shard: str
    number: int
    settings: TriggerSettings
    parts: deque[Batch] = field(factory=deque)
    buffer: deque[Entry] = field(factory=deque)
    places: deque[int] = field(factory=deque)
    is_out: bool = False
    is_ending: bool = False
    _since: float = 0.0
    _size: int = 0

    @property
    def unfinished(self) -> int:
        """How many records are held here."""
        return len(self.places)

    @property
    def is_hungry(self) -> bool:
        """Whether more records would make a batch sooner."""
        return not self.parts and len(self.buffer) < self.settings.batch_size

    def add(self, entry: Entry, place: int, now: float) -> None:
        """Hold a record; ``place`` counts the records of its shard."""
        if not self.buffer:
            self._since = now
        self.buffer.append(entry)
        self._size += entry.size
        self.places.append(place)

    def take(self, now: float) -> Batch | None:
        """Hand out the next batch, if its time has come."""
        if self.is_out or (self.parts and now < self.parts[0].retry_at):
            return None
        if not self.parts and not self._make_batch(now):
            return None
        self._part_off_old(now)
        self.is_out = True
        return self.parts[0]

    def due(self, now: float) -> float | None:
        """When the next batch can be taken, if no record comes; None when that is no matter of time."""
        if self.is_out:
            return None
        if self.parts:
            return self.parts[0].retry_at
        if not self.buffer:
            return None
        return now if self._is_full() else self._since + self.settings.maximum_batching_window_in_seconds

    def finish(self, batch: Batch) -> Settled:
        """All of the batch that is out is done."""
        self._take_back(batch)
        self.parts.popleft()
        self._forget(len(batch.entries))
        return Settled(len(batch.entries))

    def fail(self, batch: Batch, first: int, reason: str, now: float) -> Settled:
        """The batch that is out failed from its record number ``first`` on: what is before that is done."""
        self._take_back(batch)
        self.parts.popleft()
        self._forget(first)
        left = batch.entries[first:]
        if self.settings.bisect_batch_on_function_error and len(batch.entries) > 1:
            return self._split(batch, first, reason)
        # Where the checkpoint moved, what is left is a batch of its own, whose first failed try this was.
        tries = 1 if first else batch.tries + 1
        wait = self.settings.wait_before(tries)
        again = evolve(batch, entries=left, tries=tries, retry_at=now + wait, reason=reason)
        is_exhausted = self.settings.exhausted(tries)
        if is_exhausted:
            again = evolve(again, retry_at=now, condition="RetryAttemptsExhausted")
        self.parts.appendleft(again)
        return Settled(first, len(left), wait, tries, reason, is_exhausted=is_exhausted)

    def postpone(self, batch: Batch, until: float) -> None:
        """The batch that is out could not be put away: it is handed out again later, and nothing behind it."""
        self._take_back(batch)
        self.parts[0] = evolve(batch, retry_at=until)

    def _split(self, batch: Batch, first: int, reason: str) -> Settled:
        """Split at the record that was reported, or else in the middle; that uses up no retry."""
        left = batch.entries[first:]
        cut = 0 if first else (len(left) + 1) // 2
        halves = [left[:cut], left[cut:]] if cut else [left]
        for half in reversed(halves):
            self.parts.appendleft(evolve(batch, entries=half, retry_at=0.0, reason=reason))
        return Settled(first, len(left), 0.0, batch.tries, reason, is_split=bool(cut))

    def _make_batch(self, now: float) -> bool:
        due = self.due(now)
        if due is None or now < due:
            return False
        count = fitting(self.buffer, self.settings.batch_size)
        entries = tuple(self.buffer.popleft() for _ in range(count))
        self._size -= sum(entry.size for entry in entries)
        self._since = now
        self.parts.append(Batch(self.shard, self.number, entries))
        return True

    def _is_full(self) -> bool:
        return (
            self.is_ending
            or len(self.buffer) >= self.settings.batch_size
            or self._size + ENVELOPE > LARGEST_EVENT
        )

    def _part_off_old(self, now: float) -> None:
        """Make the first records of the next batch, as far as they are too old, a batch that is put away."""
        batch = self.parts[0]
        if batch.condition:
            return
        old = 0
        while old < len(batch.entries) and self.settings.too_old(now - batch.entries[old].arrival):
            old += 1
        if old:
            self.parts.popleft()
            if old < len(batch.entries):
                self.parts.appendleft(evolve(batch, entries=batch.entries[old:]))
            self.parts.appendleft(evolve(batch, entries=batch.entries[:old], condition="RecordAgeExpired"))

    def _take_back(self, batch: Batch) -> None:
        if not self.is_out or self.parts[0] is not batch:
            raise InternalError(f"a batch of {batch.shard} was settled that is not in delivery")
        self.is_out = False

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self.places.popleft()
