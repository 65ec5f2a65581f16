"""The trigger of S3 notifications: takes them from the queue that the bucket notifies, in one of two forms.

``form="queue"`` is the event source mapping of that queue: batches of messages; every reported message comes again,
the others are deleted. ``form="direct"`` is what Lambda does when the bucket invokes it: asynchronously, one
notification at a time, its answer unread; after an exception it comes two more times and is then discarded. Both
deliver at least once and in no order. A message stays hidden in its queue while it is held here, so that a process that
dies loses none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, field

from reactflow.errors import ConfigurationError
from reactflow.local.cloud import Cloud
from reactflow.local.triggers.calls import translated
from reactflow.local.triggers.clock import Clock
from reactflow.local.triggers.delivery import Call, Delivery, Entry, Handler, Listener, Result, batch_text
from reactflow.local.triggers.settings import TriggerSettings
from reactflow.local.triggers.stream import Turn

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from types_boto3_sqs.type_defs import MessageTypeDef

Form = Literal["direct", "queue"]

ASYNCHRONOUS = TriggerSettings(batch_size=10, retries=2, partial_responses=False)
QUEUE = TriggerSettings(batch_size=10)
_HIDDEN = 900  # seconds that a message we hold stays invisible to others
_RECEIVED = 10  # the most that SQS hands over in one call


@define(eq=False)
class _Held:
    """A message that was received and is neither deleted nor discarded."""

    message: MessageTypeDef
    attempt: int = 0
    retry_at: float = 0.0
    since: float = field(default=0.0)
    reason: str = ""

    @property
    def sent(self) -> float:
        attributes: Any = self.message.get("Attributes", {})
        return int(attributes.get("SentTimestamp", 0)) / 1000

    @property
    def identifier(self) -> str:
        return self.message.get("MessageId", "")


class S3Trigger:
    """Drives ``handler(event, context)`` with the notifications of ``bucket`` that arrive in ``queue``.

    ``settings`` are by default those of the form: two retries for ``direct``, ten messages a batch for ``queue``.
    Raises ConfigurationError, when it is first used, if there is no such queue.

    >>> trigger = S3Trigger(
    ...     Cloud.at("http://127.0.0.1:4566"), "photos", lambda event, context: None, queue="news"
    ... )
    >>> trigger.source
    's3/photos'
    """

    def __init__(
        self,
        cloud: Cloud,
        bucket: str,
        handler: Handler,
        settings: TriggerSettings | None = None,
        *,
        queue: str,
        form: Form = "direct",
        function: str = "handler",
    ) -> None:
        self.form = form
        self.settings = settings or (ASYNCHRONOUS if form == "direct" else QUEUE)
        self._cloud = cloud
        self._bucket = bucket
        self._queue = queue
        self._url = ""
        self._arn = ""
        self._call = Call(handler, self.settings, function)
        self._held: dict[str, _Held] = {}

    @property
    def source(self) -> str:
        return f"s3/{self._bucket}"

    def open(self) -> None:
        """Find the queue. Later calls do nothing."""
        if self._url:
            return
        client = self._cloud.client("sqs")
        with self._calling():
            url = client.get_queue_url(QueueName=self._queue)["QueueUrl"]
            answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self._url, self._arn = url, answer["Attributes"]["QueueArn"]

    def turn(self, clock: Clock, report: Listener) -> Turn:
        """Receive what there is, up to a batch, and deliver what is due."""
        self.open()
        self._receive(clock)
        now = clock.now()
        ready = [held for held in self._held.values() if held.retry_at <= now][: self.settings.batch_size]
        ready = self._discard_old(ready, now, report)
        full = len(ready) >= self.settings.batch_size or any(held.attempt for held in ready)
        opens = min((held.since for held in ready), default=now) + self.settings.window
        worked = False
        if ready and (full or now >= opens):
            worked = True
            if self.form == "direct":
                for held in ready:
                    if not clock.stopped:
                        self._deliver([held], clock, report)
            else:
                self._deliver(ready, clock, report)
            opens = now
        rest = list(self._held.values())
        due = min((max(held.retry_at, opens) for held in rest), default=None)
        return Turn(worked, len(rest), due, next((held.reason for held in rest if held.reason), ""))

    def _calling(self) -> AbstractContextManager[None]:
        remedy = f"provision(cloud, [BucketNeeded({self._bucket!r}, notify=...)]) makes it"
        return translated(f"queue {self._queue!r}", self._cloud.endpoint, remedy=remedy)

    def _receive(self, clock: Clock) -> None:
        room = self.settings.batch_size - sum(not held.attempt for held in self._held.values())
        while room > 0:
            with self._calling():
                answer = self._cloud.client("sqs").receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=min(room, _RECEIVED),
                    VisibilityTimeout=_HIDDEN,
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=["All"],
                )
            messages = answer.get("Messages", [])
            for message in messages:
                identifier = message.get("MessageId", "")
                if identifier in self._held:  # held for longer than it was hidden: only its receipt is new
                    self._held[identifier].message = message
                    continue
                content = _content(message)
                self._check_order(content)
                if self.form == "direct" and content.get("Event") == "s3:TestEvent":
                    # S3 sends its test message to queues; a function that it invokes never gets one.
                    self._delete([_Held(message)])
                else:
                    self._held[identifier] = _Held(message, since=clock.now())
            if not messages:
                return
            room -= len(messages)

    def _check_order(self, content: dict[str, Any]) -> None:
        """Refuse an emulator whose notifications cannot be put in order: a delete would pass for a late put."""
        records = content.get("Records")
        for record in records if isinstance(records, list) else ():
            if not isinstance(record, dict) or record.get("eventSource") != "aws:s3":
                continue
            changed = str(record.get("eventName")).startswith(("ObjectCreated:", "ObjectRemoved:"))
            if changed and record["s3"]["object"].get("sequencer", "0") == "0":
                raise ConfigurationError(
                    f"{self.source}: the notifications of {self._cloud.endpoint} have no sequencer, so its puts and "
                    "deletes cannot be put in order; with MiniStack: pip install 'ministack>=1.5.33'"
                )

    def _entry(self, held: _Held) -> Entry:
        message = held.message
        attributes = {str(name): value for name, value in message.get("Attributes", {}).items()}
        earlier = int(attributes.get("ApproximateReceiveCount", 1)) - 1
        attributes["ApproximateReceiveCount"] = str(earlier + held.attempt)
        delivered = {
            "messageId": held.identifier,
            "receiptHandle": message.get("ReceiptHandle", ""),
            "body": message.get("Body", ""),
            "attributes": attributes,
            "messageAttributes": dict(message.get("MessageAttributes", {})),
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._cloud.region,
        }
        return Entry(json.dumps(delivered), held.identifier, held.sent)

    def _text(self, batch: Sequence[_Held]) -> str:
        if self.form == "direct":
            return batch[0].message.get("Body", "")
        return batch_text([self._entry(held) for held in batch])

    def _deliver(self, batch: Sequence[_Held], clock: Clock, report: Listener) -> None:
        for held in batch:
            held.attempt += 1
        identifiers = [held.identifier for held in batch]
        result = self._call.event(self._text(batch), identifiers, clock, answered=self.form == "queue")
        failed = [batch[place] for place in result.verdict.failed]
        unfinished = {held.identifier for held in failed}
        self._delete([held for held in batch if held.identifier not in unfinished])
        attempt = max(held.attempt for held in batch)
        wait = self.settings.wait_before(attempt) if failed else 0.0
        reason = result.verdict.reason or ("reported " + ", ".join(sorted(unfinished)) if failed else "")
        report(self._told(batch, failed, result, attempt, wait, reason))
        for held in failed:
            held.reason = reason
            held.retry_at = clock.now() + self.settings.wait_before(held.attempt)
            if self.settings.exhausted(held.attempt):
                self._discard(held, f"failed after {held.attempt} tries: {reason}", report)

    def _told(
        self,
        batch: Sequence[_Held],
        failed: Sequence[_Held],
        result: Result,
        attempt: int,
        wait: float,
        reason: str,
    ) -> Delivery:
        return Delivery(
            self.source,
            self._queue if self.form == "queue" else "",
            len(batch),
            "done" if not failed else "failed" if len(failed) == len(batch) else "partly",
            unfinished=len(failed),
            attempt=attempt,
            seconds=result.seconds,
            wait=wait,
            reason=reason,
            answer=result.answer,
            error=result.error,
        )

    def _discard_old(self, ready: list[_Held], now: float, report: Listener) -> list[_Held]:
        kept: list[_Held] = []
        for held in ready:
            if self.settings.too_old(now - held.sent):
                self._discard(held, f"older than record_age={self.settings.record_age:g} s", report)
            else:
                kept.append(held)
        return kept

    def _discard(self, held: _Held, reason: str, report: Listener) -> None:
        event = json.loads(self._text([held]))
        place = self._queue if self.form == "queue" else ""
        report(Delivery(self.source, place, 1, "discarded", attempt=held.attempt, reason=reason, event=event))
        self._delete([held])

    def _delete(self, finished: Sequence[_Held]) -> None:
        for first in range(0, len(finished), _RECEIVED):
            part = finished[first : first + _RECEIVED]
            with self._calling():
                self._cloud.client("sqs").delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": held.message.get("ReceiptHandle", "")}
                        for place, held in enumerate(part)
                    ],
                )
        for held in finished:
            self._held.pop(held.identifier, None)


def _content(message: MessageTypeDef) -> dict[str, Any]:
    """What a message says, as far as it is an object; what is not goes to the handler as it is."""
    try:
        content = json.loads(message.get("Body", ""))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
