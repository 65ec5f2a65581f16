"""A stream's trigger: the polling core with a stream to read, a handler to call and a place for what it gives up.

It promises what ``polling`` does; nothing is discarded without telling the listener. With one worker it calls the
handler for one batch at a time: what a test sees is the same every time. How a stream is read is its ``ShardLog``'s
business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from attrs import evolve, frozen

from reactflow.errors import Transient
from reactflow.local.triggers.batch import Batch
from reactflow.local.triggers.clock import Clock
from reactflow.local.triggers.delivery import Call, Delivery, Handler, Listener, Outcome, Result
from reactflow.local.triggers.destination import Destination
from reactflow.local.triggers.polling import Polling, Read
from reactflow.local.triggers.settings import TriggerSettings
from reactflow.local.triggers.shardlog import IteratorExpired, Page, ShardGone, ShardLog


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


class StreamTrigger:
    """Drives a handler with the records of a stream, shard by shard.

    ``workers`` above 1 call the handler for so many batches at a time, from threads of their own. ``destination`` keeps
    what is given up; without one, only the listener hears of it. ``checkpoints`` are those of an earlier trigger.
    """

    def __init__(
        self,
        log: ShardLog,
        handler: Handler,
        settings: TriggerSettings,
        *,
        function: str,
        destination: Destination | None = None,
        checkpoints: Mapping[str, str] | None = None,
        workers: int = 1,
    ) -> None:
        self.log = log
        self.settings = settings
        self.polling = Polling(settings, checkpoints)
        self._call = Call(handler, settings.timeout, function)
        self._destination = destination
        self._iterators: dict[str, str] = {}
        self._workers = workers
        self._look = True

    @property
    def source(self) -> str:
        return self.log.source

    @property
    def drained(self) -> Sequence[str]:
        """The closed shards that were read to their end and finished."""
        return self.polling.drained

    def open(self) -> None:
        """Find the shards and fix where reading begins: with LATEST, here. Later calls do nothing."""
        if not self._iterators:
            self._find_shards()

    def turn(self, clock: Clock, report: Listener) -> Turn:
        """Read what is wanted, and give every slot that may go on one turn: at most one delivery each."""
        if self._look:
            self._find_shards()
        drained = len(self.drained)
        reads = [self._read(read, clock, report) for read in self.polling.reads()]
        worked = any(reads)
        left = self.polling.width
        while left > 0 and not clock.stopped:
            batches = self._take(min(left, self._workers), clock)
            if not batches:
                break
            left -= len(batches)
            worked = self._handle(batches, clock, report) or worked
        self._look = not worked or len(self.drained) > drained
        now = clock.now()
        due = self.polling.due(now)
        return Turn(worked, self.polling.waiting, due, self.polling.reason)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _find_shards(self) -> None:
        new = self.polling.found(self.log.shards())
        for read in self.polling.reads():
            if read.shard in new and read.start == "LATEST" and not read.after:
                self._iterators[read.shard] = self._place(read)
        self._look = False

    def _read(self, read: Read, clock: Clock, report: Listener) -> bool:
        """Read a shard; whether there was something in it, or may be behind."""
        try:
            page = self._page(read)
        except ShardGone as gone:
            self.polling.gone(read.shard)
            reason = f"{gone}; whatever was put on it and not read before is gone with it"
            report(Delivery(self.source, read.shard, 0, "lost", reason=reason))
            return True
        self._iterators[read.shard] = page.next or ""
        left_out = self.polling.arrived(read.shard, page.entries, clock.now(), is_end=page.next is None)
        if left_out:
            report(Delivery(self.source, read.shard, left_out, "filtered", reason="they match no filter"))
        # The end of a shard is work done: its children may go on.
        return page.behind or page.next is None or left_out > 0

    def _page(self, read: Read) -> Page:
        shard = read.shard
        if shard not in self._iterators:
            self._iterators[shard] = self._place(read)
        try:
            return self.log.read(shard, self._iterators[shard], read.limit)
        except IteratorExpired:
            # One of LATEST that expired before its first record is entered at the start: never too little.
            again = evolve(read, start="TRIM_HORIZON") if read.start == "LATEST" else read
            return self.log.read(shard, self._place(again), read.limit)

    def _place(self, read: Read) -> str:
        if read.after:
            return self.log.resume(read.shard, read.after)
        return self.log.enter(read.shard, read.start, self.settings.starting_position_timestamp)

    # --- delivering --------------------------------------------------------------------------------------------------

    def _take(self, most: int, clock: Clock) -> list[Batch]:
        batches: list[Batch] = []
        while len(batches) < most and (batch := self.polling.next_batch(clock.now())) is not None:
            batches.append(batch)
        return batches

    def _handle(self, batches: Sequence[Batch], clock: Clock, report: Listener) -> bool:
        """Deliver batches, or put them away; whether anything came of it."""
        due = [batch for batch in batches if not batch.condition]
        try:
            results = self._deliver(due, clock)
        except BaseException:  # ctrl-c: what is out must not be out for ever if somebody goes on
            for batch in batches:
                self.polling.postponed(batch, clock.now())
            raise
        for batch, result in zip(due, results, strict=True):
            self._settle(batch, result, clock, report)
        kept = [self._put_away(batch, clock, report) for batch in batches if batch.condition]
        return bool(due) or any(kept)

    def _deliver(self, batches: Sequence[Batch], clock: Clock) -> list[Result]:
        if len(batches) == 1 or self._workers == 1:
            return [self._call(batch.text, clock) for batch in batches]
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(lambda batch: self._call(batch.text, clock), batches))

    def _settle(self, batch: Batch, result: Result, clock: Clock, report: Listener) -> None:
        now = clock.now()
        if result.error is not None:
            settled = self.polling.failed(batch, result.reason, now)
        else:
            settled = self.polling.answered(batch, result.answer, now)
        outcome: Outcome = "done" if not settled.unfinished else "partly" if settled.finished else "failed"
        report(
            Delivery(
                self.source,
                batch.shard,
                len(batch.entries),
                outcome,
                unfinished=settled.unfinished,
                attempt=batch.tries + 1,
                seconds=result.seconds,
                wait=settled.wait,
                reason=settled.reason,
                answer=result.answer,
                error=result.error,
            )
        )

    def _put_away(self, batch: Batch, clock: Clock, report: Listener) -> bool:
        kept = ""
        if self._destination is not None:
            try:
                kept = self._destination.keep_batch(batch, self.log.arn, clock.now())
            except Transient as error:
                self.polling.postponed(batch, clock.now())
                reason = f"cannot be put away yet: {error}"
                report(self._told(batch, "failed", reason, unfinished=len(batch.entries)))
                return False
            except BaseException:
                self.polling.postponed(batch, clock.now())
                raise
        self.polling.put_away(batch)
        report(self._told(batch, "discarded", self._why(batch), event=json.loads(batch.text), kept=kept))
        return True

    def _told(self, batch: Batch, outcome: Outcome, reason: str, **more: Any) -> Delivery:
        count = len(batch.entries)
        return Delivery(self.source, batch.shard, count, outcome, attempt=batch.tries, reason=reason, **more)

    def _why(self, batch: Batch) -> str:
        if batch.condition == "RecordAgeExpired":
            return f"older than maximum_record_age_in_seconds={self.settings.maximum_record_age_in_seconds:g}"
        return f"failed after {batch.tries} {'try' if batch.tries == 1 else 'tries'}: {batch.reason}"
