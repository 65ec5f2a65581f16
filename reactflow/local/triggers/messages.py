"""The messages core: what Lambda decides about messages that have no order, apart from time, threads and network.

Two ways share it: a queue's event source mapping (batches; every message that is reported comes again, the others are
done) and asynchronous invocation, as S3 invokes a function (one event at a time, its answer unread; after an exception
it comes again, and after the last retry it is put away). Like ``polling``, it is told the time and asks for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import define

from reactflow.errors import InternalError
from reactflow.local.triggers.answer import Verdict, verdict
from reactflow.local.triggers.settings import InvokeSettings, QueueSettings

Condition = Literal["", "RetriesExhausted", "EventAgeExceeded"]


@define(eq=False)
class Message:
    """A message that was received and is not finished. ``sent`` is when it was sent, ``since`` when it was received.

    With a ``condition`` it is not to be delivered any more, but to be put away.
    """

    identifier: str
    sent: float
    since: float
    tries: int = 0
    retry_at: float = 0.0
    reason: str = ""
    condition: Condition = ""
    is_out: bool = False


class Messages:
    """The messages of one queue or function that are held.

    >>> messages = Messages(InvokeSettings(backoff=1.0))
    >>> messages.arrived("m1", sent=0.0, now=0.0)
    True
    >>> (message,) = messages.next_batch(now=0.0)
    >>> messages.failed([message], "KeyError: 'length'", now=0.0)
    (1, 1.0)
    >>> messages.next_batch(now=0.5)
    ()
    """

    def __init__(self, settings: InvokeSettings | QueueSettings) -> None:
        self.settings = settings
        self._held: dict[str, Message] = {}

    @property
    def room(self) -> int:
        """How many more messages are to be received."""
        return self.settings.batch_size - sum(not message.tries for message in self._held.values())

    @property
    def waiting(self) -> int:
        """How many messages are held."""
        return len(self._held)

    @property
    def reason(self) -> str:
        """Why a message that is held failed; empty when none did."""
        return next((message.reason for message in self._held.values() if message.reason), "")

    def arrived(self, identifier: str, sent: float, now: float) -> bool:
        """Take a message; False when it is held already, which is so when it was held for longer than it was hidden."""
        is_new = identifier not in self._held
        if is_new:
            self._held[identifier] = Message(identifier, sent, now)
        return is_new

    def next_batch(self, now: float) -> tuple[Message, ...]:
        """The messages that come next, together; one with a ``condition`` comes alone, and is to be put away."""
        able = [one for one in self._held.values() if not one.is_out and one.retry_at <= now]
        for message in able:
            if not message.condition and self.settings.too_old(now - message.sent):
                message.condition = "EventAgeExceeded"
        put_away = [one for one in able if one.condition]
        ready = put_away[:1] or able[: self.settings.batch_size]
        if not ready or (not put_away and now < self._opens(ready)):
            return ()
        for message in ready:
            message.is_out = True
        return tuple(ready)

    def due(self, now: float) -> float | None:
        """When there will be messages to hand out if none arrives; None for never."""
        idle = [one for one in self._held.values() if not one.is_out]
        able = [one for one in idle if one.retry_at <= now]
        dues = [one.retry_at for one in idle if one.retry_at > now]
        if able:
            dues.append(self._opens(able))
        return min(dues) if dues else None

    def answered(self, batch: Sequence[Message], answer: object, now: float) -> Verdict:
        """The handler answered: what it reports comes again, all else is finished."""
        partial = self.settings.reports_item_failures
        judged = verdict(answer, [message.identifier for message in batch], partial=partial)
        failed = [batch[place] for place in judged.failed]
        reason = judged.reason or (
            "reported " + ", ".join(sorted(one.identifier for one in failed)) if failed else ""
        )
        self.finished([one for place, one in enumerate(batch) if place not in judged.failed])
        if failed:
            self.failed(failed, reason, now)
        return Verdict(judged.failed, reason)

    def failed(self, batch: Sequence[Message], reason: str, now: float) -> tuple[int, float]:
        """The messages have to come again. Returns the most failed tries of one, and the longest wait in seconds."""
        for message in batch:
            self._take_back(message)
            message.tries += 1
            message.reason = reason
            message.retry_at = now + self.settings.wait_before(message.tries)
            if self.settings.exhausted(message.tries):
                message.condition, message.retry_at = "RetriesExhausted", now
        tries = max(message.tries for message in batch)
        return tries, self.settings.wait_before(tries)

    def finished(self, batch: Sequence[Message]) -> None:
        """The messages are done, or where they are kept when they were put away."""
        for message in batch:
            self._take_back(message)
            del self._held[message.identifier]

    def postponed(self, batch: Sequence[Message], now: float) -> None:
        """The messages could not be handed over or put away now: they stay, and no try is counted."""
        for message in batch:
            self._take_back(message)
            message.retry_at = now + self.settings.longest_backoff

    def _opens(self, able: Sequence[Message]) -> float:
        """When these may be handed out: at once when there are enough, or some failed before, else after the window."""
        if len(able) >= self.settings.batch_size or any(one.tries for one in able):
            return min(one.since for one in able)
        return min(one.since for one in able) + self.settings.maximum_batching_window_in_seconds

    def _take_back(self, message: Message) -> None:
        if not message.is_out:
            raise InternalError(f"message {message.identifier} was settled that is not in delivery")
        message.is_out = False
