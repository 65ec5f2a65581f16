"""A stream's trigger: what Kinesis and DynamoDB streams have in common, as an event source mapping does it.

It promises: a shard's next batch waits until the one before it is finished or discarded; shards are independent, and
take turns; a child shard is entered after its parents were drained; a reported failure sends the shard back to the
lowest reported record, and that one and all after it of the batch come again; nothing is discarded without telling the
listener. It calls the handler for one batch at a time: what a test sees is the same every time. How a stream is read
is its ``ShardLog``'s business.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Protocol

from attrs import define, evolve, field, frozen

from reactflow.local.triggers.clock import Clock
from reactflow.local.triggers.delivery import Call, Delivery, Entry, Handler, Listener, batch_text
from reactflow.local.triggers.settings import Start, TriggerSettings

LARGEST_EVENT = 6 * 1024 * 1024  # bytes of one synchronous invocation
_ENVELOPE = 64


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
    """A stream as it is read: its shards with their parents, and pages of records."""

    @property
    def source(self) -> str: ...
    def shards(self) -> Mapping[str, Sequence[str]]: ...
    def enter(self, shard: str, start: Start) -> str: ...
    def resume(self, shard: str, after: str) -> str: ...
    def read(self, shard: str, iterator: str, limit: int) -> Page: ...


@frozen
class Turn:
    """What one turn of a trigger did. ``due`` is when waiting records are next to be tried (seconds since 1970)."""

    worked: bool = False
    waiting: int = 0
    due: float | None = None
    reason: str = ""

    def __add__(self, other: Turn) -> Turn:
        dues = [due for due in (self.due, other.due) if due is not None]
        return Turn(
            self.worked or other.worked,
            self.waiting + other.waiting,
            min(dues) if dues else None,
            self.reason or other.reason,
        )


class Trigger(Protocol):
    """What the runner drives: ``open`` fixes where reading begins, ``turn`` reads and delivers a little."""

    @property
    def source(self) -> str: ...
    def open(self) -> None: ...
    def turn(self, clock: Clock, report: Listener) -> Turn: ...


@define(eq=False)
class _Shard:
    """One shard: ``batch`` is in delivery, ``buffer`` was read after it."""

    name: str
    start: Start
    iterator: str | None = None
    last_read: str = ""
    ended: bool = False
    buffer: deque[Entry] = field(factory=deque)
    gathering_since: float = 0.0
    batch: list[Entry] = field(factory=list)
    attempt: int = 0
    retry_at: float = 0.0
    reason: str = ""

    @property
    def drained(self) -> bool:
        return self.ended and not self.buffer and not self.batch


class StreamTrigger:
    """Drives a handler with the records of a stream, shard by shard."""

    def __init__(self, log: ShardLog, handler: Handler, settings: TriggerSettings, *, function: str) -> None:
        self.log = log
        self.settings = settings
        self._call = Call(handler, settings, function)
        self._shards: dict[str, _Shard] = {}
        self._parents: Mapping[str, Sequence[str]] = {}
        self._look = True
        self._first = 0

    @property
    def source(self) -> str:
        return self.log.source

    @property
    def drained(self) -> Sequence[str]:
        """The closed shards that were read to their end and finished."""
        return [name for name, shard in self._shards.items() if shard.drained]

    def open(self) -> None:
        """Find the shards and fix where reading begins: with ``start="LATEST"``, here. Later calls do nothing."""
        if not self._shards:
            self._find_shards()

    def turn(self, clock: Clock, report: Listener) -> Turn:
        """Give every shard that may go on one turn: at most one delivery each."""
        if self._look:
            self._find_shards()
        able = [shard for shard in self._shards.values() if not shard.drained and self._after_parents(shard)]
        total = Turn()
        if able:
            # Each time another shard is first, so that none is always behind a slow one.
            self._first = (self._first + 1) % len(able)
            for shard in chain(able[self._first :], able[: self._first]):
                total += self._turn_of(shard, clock, report)
                if clock.stopped:
                    break
        self._look = not total.worked or any(shard.drained for shard in able)
        return total

    def _find_shards(self) -> None:
        # A shard that appears later was split off one that we read: entered at LATEST, its first records would be lost.
        start: Start = "TRIM_HORIZON" if self._shards else self.settings.start
        self._parents = self.log.shards()
        for name in self._parents:
            if name not in self._shards:
                shard = _Shard(name, start)
                if start == "LATEST":
                    shard.iterator = self.log.enter(name, start)
                self._shards[name] = shard
        self._look = False

    def _after_parents(self, shard: _Shard) -> bool:
        # A parent that the stream does not list any more has expired: nothing of it can be waited for.
        parents = (self._shards.get(name) for name in self._parents.get(shard.name, ()))
        return all(parent is None or parent.drained for parent in parents)

    def _turn_of(self, shard: _Shard, clock: Clock, report: Listener) -> Turn:
        progress = Turn()
        if not shard.batch:
            progress = self._gather(shard, clock, report)
            if not shard.batch:
                return progress
        if clock.now() < shard.retry_at:
            return Turn(waiting=len(shard.batch), due=shard.retry_at, reason=shard.reason)
        self._discard_old(shard, clock, report)
        if shard.batch:
            self._deliver(shard, clock, report)
        waiting = len(shard.batch)
        return Turn(
            worked=True, waiting=waiting, due=shard.retry_at if waiting else None, reason=shard.reason
        )

    def _gather(self, shard: _Shard, clock: Clock, report: Listener) -> Turn:
        """Fill the buffer from the shard, and the batch from the buffer when it is full or has waited its window."""
        size, behind = self.settings.batch_size, False
        if not shard.ended and len(shard.buffer) < size:
            page = self._read(shard, size - len(shard.buffer), report)
            behind = page.behind
            if page.entries and not shard.buffer:
                shard.gathering_since = clock.now()
            shard.buffer.extend(page.entries)
        if not shard.buffer:
            # The end of a shard is work done: its children may go on.
            return Turn(worked=behind or shard.ended)
        taken, length = 0, _ENVELOPE
        for entry in shard.buffer:
            length += len(entry.text) + 2
            if taken == size or (taken and length > LARGEST_EVENT):
                break
            taken += 1
        full = taken == size or taken < len(shard.buffer) or shard.ended
        due = shard.gathering_since + self.settings.window
        if not full and clock.now() < due:
            return Turn(waiting=taken, due=due, worked=behind)
        shard.batch = [shard.buffer.popleft() for _ in range(taken)]
        shard.gathering_since = clock.now()
        shard.attempt, shard.retry_at, shard.reason = 0, 0.0, ""
        return Turn()

    def _read(self, shard: _Shard, limit: int, report: Listener) -> Page:
        try:
            if shard.iterator is None:
                shard.iterator = self._place(shard)
            try:
                page = self.log.read(shard.name, shard.iterator, limit)
            except IteratorExpired:
                page = self.log.read(shard.name, self._place(shard), limit)
        except ShardGone as gone:
            shard.ended = True
            reason = f"{gone}; whatever was put on it and not read before is gone with it"
            report(Delivery(self.source, shard.name, 0, "lost", reason=reason))
            return Page((), None)
        shard.iterator, shard.ended = page.next, page.next is None
        if page.entries:
            shard.last_read = page.entries[-1].identifier
        return page

    def _place(self, shard: _Shard) -> str:
        # An iterator of LATEST that expired before its first record is entered at the start: never too little.
        if shard.last_read:
            return self.log.resume(shard.name, shard.last_read)
        return self.log.enter(shard.name, "TRIM_HORIZON")

    def _deliver(self, shard: _Shard, clock: Clock, report: Listener) -> None:
        shard.attempt += 1
        count = len(shard.batch)
        result = self._call.batch(shard.batch, clock)
        delivery = Delivery(
            self.source,
            shard.name,
            count,
            "done",
            attempt=shard.attempt,
            seconds=result.seconds,
            reason=result.verdict.reason,
            answer=result.answer,
            error=result.error,
        )
        if not result.verdict.failed:
            shard.batch, shard.attempt, shard.retry_at, shard.reason = [], 0, 0.0, ""
            return report(delivery)
        lowest = min(result.verdict.failed)
        if lowest:
            # The checkpoint moved: what is left is a batch of its own, whose first failed try this was.
            shard.batch, shard.attempt = shard.batch[lowest:], 1
        wait = self.settings.wait_before(shard.attempt)
        shard.retry_at = clock.now() + wait
        reason = shard.reason = result.verdict.reason or f"reported from {shard.batch[0].identifier} on"
        report(
            evolve(
                delivery,
                outcome="partly" if lowest else "failed",
                unfinished=len(shard.batch),
                wait=wait,
                reason=reason,
            )
        )
        if self.settings.exhausted(shard.attempt):
            tries = f"{shard.attempt} {'try' if shard.attempt == 1 else 'tries'}"
            self._discard(shard, len(shard.batch), f"failed after {tries}: {reason}", report)

    def _discard_old(self, shard: _Shard, clock: Clock, report: Listener) -> None:
        now, old = clock.now(), 0
        while old < len(shard.batch) and self.settings.too_old(now - shard.batch[old].arrival):
            old += 1
        if old:
            age = f"older than record_age={self.settings.record_age:g} s"
            self._discard(shard, old, age, report)

    def _discard(self, shard: _Shard, count: int, reason: str, report: Listener) -> None:
        event = json.loads(batch_text(shard.batch[:count]))
        shard.batch = shard.batch[count:]
        if not shard.batch:
            shard.retry_at = 0.0
        delivery = Delivery(
            self.source, shard.name, count, "discarded", attempt=shard.attempt, reason=reason, event=event
        )
        report(delivery)
