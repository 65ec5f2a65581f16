"""Triggers of a run: the polling core of the local host, driven step by step, with what Lambda may do at its worst.

How batches are cut, retried, split and given up is decided by the very code that ``reactflow dev`` runs on. Added
here is what no mapping promises not to do: to forget an answer, to go back, to be made anew with other settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import define

from reactflow.local.triggers.batch import Batch
from reactflow.local.triggers.messages import Message, Messages
from reactflow.local.triggers.polling import SHARD_END, Polling
from reactflow.local.triggers.settings import InvokeSettings, QueueSettings, TriggerSettings
from reactflow.testing.events import eventbridge_event, sqs_event
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.streams import Stream

GIVEN_UP = "it took too long"


@define(eq=False)
class Flight:
    """A delivery that is out: its event, and what its trigger calls its records."""

    event: Mapping[str, Any]
    receipts: Sequence[str]
    shown: str
    batch: Batch | None = None
    messages: Sequence[Message] = ()
    owner: object = None


class Trigger(Protocol):
    """What the run drives: what comes next, and what became of it."""

    service: str

    def take(self, now: float) -> Flight | None: ...
    def settle(self, flight: Flight, answer: object, error: str, now: float) -> Sequence[int]: ...
    def due(self, now: float) -> float | None: ...
    def disturb(self, now: float) -> None: ...
    def calm(self) -> None: ...


class StreamTrigger:
    """A mapping on a stream. ``given_up`` are the batches whose retries were used up."""

    def __init__(self, service: str, stream: Stream, chaos: Chaos, *, is_alone: bool, can_part: bool) -> None:
        self.service, self.stream = service, stream
        self.given_up: list[Flight] = []
        self._chaos = chaos
        # What a table's stream gave up cannot be put again: the table is what it is by now. Nor can what another
        # service reads as well, which may have applied it, nor what one of ours sent, which is numbered.
        # In several slots the records of a unit keep their order only when they have one partition key, or count by it.
        self._can_part = can_part
        self._can_discard = is_alone and stream.resource.startswith("kinesis/")
        self._polling = Polling(self._settings())

    def take(self, now: float) -> Flight | None:
        """The next delivery, if there is one; what is to be put away is."""
        polling, stream = self._polling, self.stream
        while self._read(now):
            pass  # where a shard ends its children begin, and may be empty as well
        batch = polling.next_batch(now)
        if batch is None:
            return None
        shown = f"{stream.resource} {batch.shard[-2:]}: {len(batch.entries)} records"
        flight = Flight(json.loads(batch.text), batch.identifiers, shown, batch, owner=polling)
        if batch.condition:
            self._chaos.say(f"given up ({batch.condition}): {shown}")
            self.given_up.append(flight)
            polling.put_away(batch)
            return None
        return flight

    def _read(self, now: float) -> bool:
        """Read what is to be read; whether there was anything."""
        polling, stream, found = self._polling, self.stream, False
        polling.found(stream.parents)
        for read in polling.reads():
            entries, is_end = stream.read(read.shard, read.after, read.limit)
            if entries or is_end:
                polling.arrived(read.shard, entries, now, is_end=is_end)
                found = True
        return found

    def settle(self, flight: Flight, answer: object, error: str, now: float) -> Sequence[int]:
        """Judge a delivery; returns the places of the records that are acknowledged."""
        polling, batch = self._polling, flight.batch
        assert batch is not None
        if flight.owner is not polling:
            return ()  # it was made anew meanwhile: nobody waits for the answer
        if error:
            polling.failed(batch, error, now)
            finished = 0
        elif self._chaos.strikes("redeliver", flight.shown):
            polling.failed(batch, "its answer is lost", now)
            finished = 0
        else:
            finished = polling.answered(batch, answer, now).finished
        if finished < len(flight.receipts) and self._chaos.strikes("grow", flight.shown):
            self._anew(polling.checkpoints())
        return range(finished)

    def due(self, now: float) -> float | None:
        """When something comes next."""
        return self._polling.due(now)

    def disturb(self, now: float) -> None:
        """Perhaps it is made anew, from where it was or from before, or its stream is resharded."""
        chaos, stream = self._chaos, self.stream
        if chaos.strikes("roll-back", stream.resource):
            self._anew(self._earlier())
        if chaos.strikes("trim-horizon", stream.resource):
            self._anew({})
        if self._can_part and chaos.strikes("factor", stream.resource):
            self._anew(self._polling.checkpoints())
        if chaos.strikes("split") and len(stream.open_shards) < 6:
            chaos.say(stream.split())
        if chaos.strikes("merge"):
            chaos.say(stream.merge())
        if chaos.strikes("empty-shards") and len(stream.open_shards) < 6:
            for _ in range(2):
                chaos.say(stream.split())
                chaos.say(stream.merge())

    def calm(self) -> None:
        """Nothing is given up any more."""
        self._anew(self._polling.checkpoints())

    def _anew(self, checkpoints: Mapping[str, str]) -> None:
        self._polling = Polling(self._settings(), checkpoints)

    def _earlier(self) -> dict[str, str]:
        """Checkpoints of which one is further back."""
        there, draw = self._polling.checkpoints(), self._chaos.draw("roll-back")
        if there:
            name = draw.choice(sorted(there))
            entries = [one.identifier for one in self.stream.shards[name].entries]
            place = len(entries) if there[name] == SHARD_END else entries.index(there[name]) + 1
            place = max(0, place - draw.randint(1, 8))
            del there[name]
            if place:
                there[name] = entries[place - 1]
        return there

    def _settings(self) -> TriggerSettings:
        chaos, chance = self._chaos, self._chaos.chance
        has_factor = self._can_part and "factor" in chaos.rates and not chaos.is_calm
        return TriggerSettings(
            batch_size=chance.choice((1, 3, 10, 25)),
            parallelization_factor=chance.choice((1, 2, 3)) if has_factor else 1,
            bisect_batch_on_function_error=chaos.strikes("bisect", self.stream.resource),
            maximum_retry_attempts=1
            if self._can_discard and chaos.strikes("discard", "two tries only")
            else -1,
        )


class NoticeTrigger:
    """What a bucket tells a service: directly, through a queue, or through EventBridge, in any order."""

    def __init__(self, service: str, resource: str, chaos: Chaos) -> None:
        self.service, self.resource = service, resource
        self.way = chaos.chance.choice(("direct", "queue", "eventbridge"))
        self._chaos = chaos
        settings = QueueSettings() if self.way == "queue" else InvokeSettings()
        self._messages = Messages(settings)
        self._raw: dict[str, Mapping[str, Any]] = {}
        self._late: list[Mapping[str, Any]] = []

    def tell(self, raw: Mapping[str, Any]) -> None:
        """Something happened in the bucket."""
        if self._chaos.strikes("late-notice", self.resource):
            self._late.append(raw)
        else:
            self._arrive(raw)

    @property
    def raws(self) -> list[Mapping[str, Any]]:
        """Everything that it was told."""
        return [*self._raw.values(), *self._late]

    def _arrive(self, raw: Mapping[str, Any]) -> None:
        name = f"m{len(self._raw)}"
        self._raw[name] = raw
        self._messages.arrived(name, 0.0, 0.0)

    def take(self, now: float) -> Flight | None:
        """The next delivery, if there is one; an event whose retries are used up is sent again by an operator."""
        if self._late and (self._chaos.is_calm or self._chaos.chance.random() < 0.1):
            self._arrive(self._late.pop(self._chaos.chance.randrange(len(self._late))))
        messages = self._messages.next_batch(now)
        if not messages:
            return None
        if messages[0].condition:
            self._messages.finished(messages)
            self._chaos.say(f"given up, and sent again: {messages[0].identifier}")
            self._arrive(self._raw[messages[0].identifier])
            return None
        names = [one.identifier for one in messages]
        return Flight(self._event(names), names, f"{self.resource}: {', '.join(names)}", messages=messages)

    def _event(self, names: Sequence[str]) -> Mapping[str, Any]:
        raws = [self._raw[name] for name in names]
        if self.way == "direct":
            return {"Records": raws}
        if self.way == "eventbridge":
            return eventbridge_event({"Records": raws})
        event = sqs_event(*({"Records": [raw]} for raw in raws))
        for name, message in zip(names, event["Records"], strict=True):
            message["messageId"] = name
        return event

    def settle(self, flight: Flight, answer: object, error: str, now: float) -> Sequence[int]:
        """Judge a delivery; returns the places of the records that are acknowledged."""
        if error:
            self._messages.failed(flight.messages, error, now)
            return ()
        failed = self._messages.answered(flight.messages, answer, now).failed
        done = [place for place in range(len(flight.receipts)) if place not in failed]
        for place in done:
            if self._chaos.strikes("redeliver", flight.receipts[place]):
                self._late.append(self._raw[flight.receipts[place]])
        return done

    def due(self, now: float) -> float | None:
        """When something comes next."""
        return now if self._late else self._messages.due(now)

    def disturb(self, now: float) -> None:
        """Nothing more than what messages do anyway."""

    def calm(self) -> None:
        """Nothing changes."""
