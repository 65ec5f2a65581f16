"""The trigger of S3 notifications: takes them from the queue that the bucket notifies, in one of two forms.

``form="queue"`` is the event source mapping of that queue: batches of messages; every reported message comes again,
the others are deleted. ``form="direct"`` is what Lambda does when the bucket invokes it: asynchronously, one
notification at a time, its answer unread; after an exception it comes two more times, and goes to the on-failure
destination if it still fails. Both
deliver at least once and in no order. A message stays hidden in its queue while it is held here, so that a process that
dies loses none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from reactflow.errors import ConfigurationError, Transient
from reactflow.local.cloud import Cloud
from reactflow.local.triggers.calls import translated
from reactflow.local.triggers.clock import Clock
from reactflow.local.triggers.delivery import Call, Delivery, Handler, Listener, Outcome
from reactflow.local.triggers.destination import Destination
from reactflow.local.triggers.messages import Message, Messages
from reactflow.local.triggers.settings import InvokeSettings, QueueSettings
from reactflow.local.triggers.stream import Turn

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from types_boto3_sqs.type_defs import MessageTypeDef

Form = Literal["direct", "queue"]

_HIDDEN = 900  # seconds that a message we hold stays invisible to others
_RECEIVED = 10  # the most that SQS hands over in one call


class S3Trigger:
    """Drives ``handler(event, context)`` with the notifications of ``bucket`` that arrive in ``queue``.

    ``settings`` are InvokeSettings for ``direct`` (by default two retries), QueueSettings for ``queue`` (by default ten
    messages a batch). Raises ConfigurationError for settings of the other form, and, when it is first used, if there is
    no such queue.

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
        settings: InvokeSettings | QueueSettings | None = None,
        *,
        queue: str,
        form: Form = "direct",
        function: str = "handler",
    ) -> None:
        wanted = InvokeSettings if form == "direct" else QueueSettings
        self.form = form
        self.settings = wanted() if settings is None else settings
        if not isinstance(self.settings, wanted):
            raise ConfigurationError(
                f"s3/{bucket}: form={form!r} takes {wanted.__name__}, not {type(self.settings).__name__}"
            )
        self.messages = Messages(self.settings)
        self._cloud = cloud
        self._bucket = bucket
        self._queue = queue
        self._url = ""
        self._arn = ""
        self._call = Call(handler, self.settings.timeout, function)
        failures = self.settings.failures_bucket
        self._destination = Destination(cloud, failures, function) if failures else None
        self._received: dict[str, MessageTypeDef] = {}

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
        self._receive(clock, report)
        worked = False
        left = self.messages.waiting
        while left > 0 and not clock.stopped and (batch := self.messages.next_batch(clock.now())):
            left -= len(batch)
            worked = self._handle(batch, clock, report) or worked
        waiting, due = self.messages.waiting, self.messages.due(clock.now())
        return Turn(worked, waiting, due, self.messages.reason)

    def _calling(self) -> AbstractContextManager[None]:
        remedy = f"provision(cloud, [BucketNeeded({self._bucket!r}, notify=...)]) makes it"
        return translated(f"queue {self._queue!r}", self._cloud.endpoint, remedy=remedy)

    def _receive(self, clock: Clock, report: Listener) -> None:
        room = max(
            self.messages.room, _RECEIVED if self.form == "direct" and not self.messages.waiting else 0
        )
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
                self._take(message, clock, report)
            if not messages:
                return
            room -= len(messages)

    def _take(self, message: MessageTypeDef, clock: Clock, report: Listener) -> None:
        identifier = message.get("MessageId", "")
        content = _content(message)
        self._check_order(content)
        self._received[identifier] = message  # of one that is held already, the receipt is new
        attributes: Any = message.get("Attributes", {})
        if self.form == "direct" and content.get("Event") == "s3:TestEvent":
            # S3 sends its test message to queues; a function that it invokes never gets one.
            self._delete([identifier])
        elif not self.settings.filter_criteria.accepts(self._delivered(identifier, 0)):
            report(Delivery(self.source, self._queue, 1, "filtered", reason="they match no filter"))
            self._delete([identifier])
        else:
            self.messages.arrived(identifier, int(attributes.get("SentTimestamp", 0)) / 1000, clock.now())

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

    def _delivered(self, identifier: str, tries: int) -> dict[str, Any]:
        """A message as Lambda delivers it."""
        message = self._received[identifier]
        attributes = {str(name): value for name, value in message.get("Attributes", {}).items()}
        earlier = int(attributes.get("ApproximateReceiveCount", 1))
        attributes["ApproximateReceiveCount"] = str(earlier + tries)
        return {
            "messageId": identifier,
            "receiptHandle": message.get("ReceiptHandle", ""),
            "body": message.get("Body", ""),
            "attributes": attributes,
            "messageAttributes": dict(message.get("MessageAttributes", {})),
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._cloud.region,
        }

    def _text(self, batch: Sequence[Message]) -> str:
        if self.form == "direct":
            return self._received[batch[0].identifier].get("Body", "")
        return json.dumps({"Records": [self._delivered(one.identifier, one.tries) for one in batch]})

    def _handle(self, batch: Sequence[Message], clock: Clock, report: Listener) -> bool:
        """Deliver messages, or put one away; whether anything came of it."""
        if batch[0].condition:
            return self._put_away(batch[0], clock, report)
        attempt = 1 + max(message.tries for message in batch)
        try:
            result = self._call(self._text(batch), clock)
        except BaseException:  # ctrl-c: what is out must not be out for ever if somebody goes on
            self.messages.postponed(batch, clock.now())
            raise
        now, failed, reason = clock.now(), len(batch), result.reason
        if result.error is not None:
            self.messages.failed(batch, reason, now)
            done: Sequence[Message] = ()
        else:
            judged = self.messages.answered(batch, result.answer, now)
            failed, reason = len(judged.failed), judged.reason
            done = [one for place, one in enumerate(batch) if place not in judged.failed]
        report(
            Delivery(
                self.source,
                self._queue if self.form == "queue" else "",
                len(batch),
                "done" if not failed else "failed" if failed == len(batch) else "partly",
                unfinished=failed,
                attempt=attempt,
                seconds=result.seconds,
                wait=self.settings.wait_before(attempt) if failed else 0.0,
                reason=reason,
                answer=result.answer,
                error=result.error,
            )
        )
        self._delete([message.identifier for message in done])
        return True

    def _put_away(self, message: Message, clock: Clock, report: Listener) -> bool:
        text, kept = self._text([message]), ""
        try:
            if self._destination is not None:
                kept = self._destination.keep_event(message, text, clock.now())
        except BaseException as error:
            self.messages.postponed([message], clock.now())
            if not isinstance(error, Transient):
                raise
            report(self._told(message, "failed", f"cannot be put away yet: {error}", unfinished=1))
            return False
        self.messages.finished([message])
        self._delete([message.identifier])
        if message.condition == "EventAgeExceeded":
            why = "older than maximum_event_age_in_seconds"
        else:
            why = f"failed after {message.tries} {'try' if message.tries == 1 else 'tries'}: {message.reason}"
        report(self._told(message, "discarded", why, event=json.loads(text), kept=kept))
        return True

    def _told(self, message: Message, outcome: Outcome, reason: str, **more: Any) -> Delivery:
        return Delivery(self.source, "", 1, outcome, attempt=message.tries, reason=reason, **more)

    def _delete(self, identifiers: Sequence[str]) -> None:
        for first in range(0, len(identifiers), _RECEIVED):
            part = identifiers[first : first + _RECEIVED]
            with self._calling():
                self._cloud.client("sqs").delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": self._received[one].get("ReceiptHandle", "")}
                        for place, one in enumerate(part)
                    ],
                )
            for identifier in part:
                del self._received[identifier]


def _content(message: MessageTypeDef) -> dict[str, Any]:
    """What a message says, as far as it is an object; what is not goes to the handler as it is."""
    try:
        content = json.loads(message.get("Body", ""))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
