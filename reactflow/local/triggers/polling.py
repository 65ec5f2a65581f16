"""The polling core: what an event source mapping decides about a stream, apart from time, threads and network.

It says which shards are to be read next (``reads``), takes what was read (``arrived``), hands out the batch that comes
next (``next_batch``), and is told what became of it (``answered``, ``failed``, ``put_away``). Nothing in it asks for
the time: it is given, in seconds, and ``due`` says when time alone would make a difference. Whoever drives it (a
trigger, a simulator) may have several batches out at once and settle them in any order.

It promises: within a shard, and with a parallelization factor above 1 within a partition key, a batch is handed out
only when the one before it is finished or put away; a child shard is read only after its parents were drained; every
record that it took is handed out until it is finished or put away; a checkpoint never passes a record that is neither.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from reactflow.errors import InternalError
from reactflow.local.triggers.answer import verdict
from reactflow.local.triggers.batch import Batch, Entry, Settled
from reactflow.local.triggers.settings import Start, TriggerSettings
from reactflow.local.triggers.slot import Slot

MOST_BEHIND: Final = 10_000
"""Records that one slot may hold before its shard is read no further, though other slots are idle."""
SHARD_END: Final = "SHARD_END"
"""The checkpoint of a shard that was read to its end and finished."""


@frozen
class Read:
    """A shard that is to be read: at most ``limit`` records behind the one named ``after``, or, when that is empty,
    from where ``start`` says."""

    shard: str
    after: str
    start: Start
    limit: int


@define(eq=False)
class _Shard:
    """``read`` holds the identifiers behind the checkpoint, of which the first has the place ``first``."""

    name: str
    start: Start
    slots: tuple[Slot, ...]
    checkpoint: str = ""
    last_read: str = ""
    is_ended: bool = False
    read: deque[str] = field(factory=deque)
    first: int = 0

    @property
    def is_drained(self) -> bool:
        return self.is_ended and not any(slot.unfinished for slot in self.slots)

    def move_checkpoint(self) -> None:
        """Move the checkpoint up to the first record that is not finished."""
        following = self.first + len(self.read)
        lowest = min((slot.places[0] for slot in self.slots if slot.places), default=following)
        while self.first < lowest:
            self.checkpoint = self.read.popleft()
            self.first += 1


class Polling:
    """The state of one event source mapping on one stream.

    ``checkpoints`` are those of an earlier one, to go on behind: ``{shard: identifier of the last record finished}``.

    >>> polling = Polling(TriggerSettings(batch_size=2))
    >>> polling.found({"s": ()})
    ('s',)
    >>> polling.reads()
    (Read(shard='s', after='', start='TRIM_HORIZON', limit=2),)
    >>> polling.arrived("s", [Entry('{"n": 1}', "1", 0.0), Entry('{"n": 2}', "2", 0.0)], now=0.0)
    0
    >>> batch = polling.next_batch(now=0.0)
    >>> batch.text
    '{"Records": [{"n": 1}, {"n": 2}]}'
    >>> polling.answered(batch, None, now=1.0).finished, polling.checkpoints()
    (2, {'s': '2'})
    """

    def __init__(self, settings: TriggerSettings, checkpoints: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self._earlier = dict(checkpoints or {})
        self._shards: dict[str, _Shard] = {}
        self._parents: Mapping[str, Sequence[str]] = {}
        self._turns: deque[Slot] = deque()

    # --- shards ------------------------------------------------------------------------------------------------------

    def found(self, parents: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Take the shards that the stream lists, with their parents; returns those that are new.

        The first ones are entered where the settings say. A shard that appears later was made of one that is read
        already: entered at LATEST, its first records would be lost.
        """
        is_first = not self._shards and not self._earlier
        start = self.settings.starting_position if is_first else "TRIM_HORIZON"
        self._parents = dict(parents)
        new = tuple(name for name in parents if name not in self._shards)
        for name in new:
            slots = tuple(
                Slot(name, number, self.settings) for number in range(self.settings.parallelization_factor)
            )
            checkpoint = self._earlier.get(name, "")
            is_ended = checkpoint == SHARD_END
            after = "" if is_ended else checkpoint
            self._shards[name] = _Shard(name, start, slots, after, after, is_ended)
            self._turns.extend(slots)
        return new

    def reads(self) -> tuple[Read, ...]:
        """The shards that are to be read now, and from where."""
        return tuple(
            Read(shard.name, shard.last_read, shard.start, self._room(shard))
            for shard in self._shards.values()
            if not shard.is_ended and self._room(shard) > 0 and self._is_entered(shard)
        )

    def arrived(self, shard: str, entries: Sequence[Entry], now: float, *, is_end: bool = False) -> int:
        """Take records that were read, in their order, and whether the shard ends with them.

        Returns how many the filters left out: they count as finished.
        """
        into = self._shards[shard]
        left_out = 0
        accepts = self.settings.filter_criteria.accepts if self.settings.filter_criteria.patterns else None
        for entry in entries:
            place = into.first + len(into.read)
            into.read.append(entry.identifier)
            if accepts is not None and not accepts(json.loads(entry.text)):
                left_out += 1
            else:
                into.slots[self._slot_of(entry)].add(entry, place, now)
        if entries:
            into.last_read = entries[-1].identifier
        if is_end:
            self._end(into)
        self._moved(into)
        return left_out

    def gone(self, shard: str) -> None:
        """A shard is not there any more: what was not read of it never will be."""
        self._end(self._shards[shard])
        self._moved(self._shards[shard])

    @property
    def drained(self) -> tuple[str, ...]:
        """The shards that were read to their end and finished."""
        return tuple(name for name, shard in self._shards.items() if shard.is_drained)

    def checkpoints(self) -> dict[str, str]:
        """Of each shard, the identifier of the last record before the first that is unfinished; SHARD_END at its end.

        A shard of which nothing is finished has none. Records behind it may be finished too, in another slot.
        """
        ends = {
            name: SHARD_END if shard.is_drained else shard.checkpoint for name, shard in self._shards.items()
        }
        return {name: end for name, end in ends.items() if end}

    # --- batches -----------------------------------------------------------------------------------------------------

    def next_batch(self, now: float) -> Batch | None:
        """The batch that comes next, or None. With a ``condition`` it is to be put away, else to be delivered.

        Slots take turns, so that none is always behind a busy one.
        """
        for _ in range(len(self._turns)):
            slot = self._turns[0]
            self._turns.rotate(-1)
            batch = slot.take(now)
            if batch is not None:
                return batch
        return None

    def answered(self, batch: Batch, answer: object, now: float) -> Settled:
        """The handler answered: the batch is finished, or failed from the lowest record on that the answer reports."""
        partial = self.settings.reports_item_failures
        judged = verdict(answer, batch.identifiers, partial=partial)
        if not judged.failed:
            return self._settled(batch, self._slot(batch).finish(batch))
        first = judged.failed[0]
        reason = judged.reason or f"reported from {batch.entries[first].identifier} on"
        return self._settled(batch, self._slot(batch).fail(batch, first, reason, now))

    def failed(self, batch: Batch, reason: str, now: float) -> Settled:
        """The handler raised, ran out of time, or its process ended: the whole batch failed."""
        return self._settled(batch, self._slot(batch).fail(batch, 0, reason, now))

    def put_away(self, batch: Batch) -> Settled:
        """A batch that had a ``condition`` is where it is kept."""
        if not batch.condition:
            raise InternalError(f"a batch of {batch.shard} was put away that is to be delivered")
        return self._settled(batch, self._slot(batch).finish(batch))

    def postponed(self, batch: Batch, now: float) -> None:
        """A batch could not be put away now, or not be handed to a handler at all: it stays, and comes again."""
        self._slot(batch).postpone(batch, now + self.settings.longest_backoff)

    def due(self, now: float) -> float | None:
        """When there will be a batch if nothing arrives: ``now`` or earlier if there is one; None for never."""
        dues = [due for slot in self._turns if (due := slot.due(now)) is not None]
        return min(dues) if dues else None

    @property
    def width(self) -> int:
        """How many batches can be out at once."""
        return len(self._turns)

    @property
    def waiting(self) -> int:
        """How many records were read and are neither finished nor put away."""
        return sum(slot.unfinished for slot in self._turns)

    @property
    def reason(self) -> str:
        """Why a batch that is waiting failed; empty when none did."""
        return next((slot.parts[0].reason for slot in self._turns if slot.parts and slot.parts[0].reason), "")

    # --- within ------------------------------------------------------------------------------------------------------

    def _slot(self, batch: Batch) -> Slot:
        return self._shards[batch.shard].slots[batch.slot]

    def _slot_of(self, entry: Entry) -> int:
        factor = self.settings.parallelization_factor
        return zlib.crc32(entry.key.encode("utf-8", "surrogatepass")) % factor if factor > 1 else 0

    def _settled(self, batch: Batch, settled: Settled) -> Settled:
        self._moved(self._shards[batch.shard])
        return settled

    def _moved(self, shard: _Shard) -> None:
        shard.move_checkpoint()
        if shard.is_drained:  # a stream that is resharded often must not be slow for it
            self._turns = deque(slot for slot in self._turns if slot.shard != shard.name)

    def _room(self, shard: _Shard) -> int:
        """How many records to read: enough for a batch of every slot, none while one is too far behind."""
        held = [len(slot.buffer) for slot in shard.slots]
        if not any(slot.is_hungry for slot in shard.slots) or max(held) >= MOST_BEHIND:
            return 0
        size = self.settings.batch_size
        return sum(max(0, size - count) for count in held)

    def _is_entered(self, shard: _Shard) -> bool:
        # A parent that the stream does not list any more has expired: nothing of it can be waited for.
        parents = (self._shards.get(name) for name in self._parents.get(shard.name, ()))
        return all(parent is None or parent.is_drained for parent in parents)

    def _end(self, shard: _Shard) -> None:
        shard.is_ended = True
        for slot in shard.slots:
            slot.is_ending = True
