"""The S3 trigger against the embedded cloud, in both forms."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest

from reactflow.errors import ConfigurationError, Transient
from reactflow.local import Cloud
from reactflow.local.provision import BucketNeeded, Notification, provision
from reactflow.local.triggers import (
    Clock,
    Delivery,
    InvokeSettings,
    ManualClock,
    QueueSettings,
    S3Trigger,
    Triggers,
)
from reactflow.local.triggers.destination import payload
from reactflow.local.triggers.s3 import Form
from tests.local.triggers.written import kept

Unique = Callable[[str], str]
Handler = Callable[[Any, Any], object]


class Photos:
    """A bucket that notifies a queue; ``run`` delivers what came, ``told`` is what the listener heard."""

    def __init__(self, cloud: Cloud, name: str, *, versioned: bool = True, prefix: str = "") -> None:
        self.cloud, self.name, self.told = cloud, name, list[Delivery]()
        self.queue = f"{name}-news"
        provision(cloud, [BucketNeeded(name, versioned, (Notification(self.queue, prefix),))])
        self.clock = ManualClock(time.time())

    def put(self, key: str, body: bytes = b"x") -> str:
        answer = self.cloud.client("s3").put_object(Bucket=self.name, Key=key, Body=body)
        return answer.get("VersionId", "")

    def delete(self, key: str) -> None:
        self.cloud.client("s3").delete_object(Bucket=self.name, Key=key)

    def messages(self) -> int:
        url = self.cloud.client("sqs").get_queue_url(QueueName=self.queue)["QueueUrl"]
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    def await_messages(self, count: int) -> None:
        """Notifications follow their cause by some milliseconds: wait for so many, the test message included."""
        clock, deadline = Clock(), time.monotonic() + 10.0
        while self.messages() < count and time.monotonic() < deadline:
            clock.wait(0.01)
        assert self.messages() == count

    def run(
        self, handler: Handler, form: Form = "direct", settings: InvokeSettings | QueueSettings | None = None
    ) -> list[Delivery]:
        trigger = S3Trigger(self.cloud, self.name, handler, settings, queue=self.queue, form=form)
        Triggers([trigger], clock=self.clock, listener=self.told.append).run_until_idle()
        return self.told


def test_a_notification_has_its_key_form_encoded_its_version_and_its_sequencer(
    cloud: Cloud, unique: Unique
) -> None:
    photos = Photos(cloud, unique("photos"))
    version = photos.put("in/a+b ü.txt")
    photos.await_messages(2)
    events: list[Any] = []
    photos.run(lambda event, context: events.append(event))
    [record] = [record for event in events for record in event["Records"]]
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == photos.name
    assert record["s3"]["object"]["key"] == "in/a%2Bb+%C3%BC.txt"
    assert unquote_plus(record["s3"]["object"]["key"]) == "in/a+b ü.txt"
    assert record["s3"]["object"]["versionId"] == version
    assert int(record["s3"]["object"]["sequencer"], 16) > 0
    assert photos.messages() == 0


def test_deletes_of_versions_and_without_versions_are_told_apart(cloud: Cloud, unique: Unique) -> None:
    names: dict[bool, list[str]] = {True: [], False: []}
    for versioned in (True, False):
        photos = Photos(cloud, unique("photos"), versioned=versioned)
        photos.put("a")
        photos.delete("a")
        photos.await_messages(3)
        records: list[Any] = []
        photos.run(lambda event, context, records=records: records.extend(event["Records"]))  # type: ignore[misc]
        records.sort(key=lambda record: record["s3"]["object"]["sequencer"])
        names[versioned] = [record["eventName"] for record in records]
        assert all(("versionId" in record["s3"]["object"]) == versioned for record in records)
    assert names == {
        True: ["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"],
        False: ["ObjectCreated:Put", "ObjectRemoved:Delete"],
    }


def test_only_keys_with_the_prefix_are_told(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"), prefix="in/")
    photos.put("out/a")
    photos.put("in/a")
    photos.await_messages(2)
    keys: list[str] = []
    photos.run(lambda event, context: keys.append(event["Records"][0]["s3"]["object"]["key"]))
    assert keys == ["in/a"]


def test_a_direct_notification_that_fails_comes_two_more_times_and_holds_up_no_other(
    cloud: Cloud, unique: Unique
) -> None:
    photos = Photos(cloud, unique("photos"))
    photos.put("bad")
    photos.put("good")
    photos.await_messages(3)
    keys: list[str] = []

    def handler(event: Any, context: Any) -> object:
        key = event["Records"][0]["s3"]["object"]["key"]
        keys.append(key)
        if key == "bad":
            raise ValueError("not an image")
        return {"batchItemFailures": [{"itemIdentifier": "nobody reads this"}]}

    told = photos.run(handler)
    assert sorted(keys) == ["bad", "bad", "bad", "good"]
    assert [delivery.outcome for delivery in told].count("failed") == 3
    [discarded] = [delivery for delivery in told if delivery.outcome == "discarded"]
    assert discarded.event is not None
    assert discarded.event["Records"][0]["s3"]["object"]["key"] == "bad"
    assert photos.messages() == 0


def bodies(event: Any) -> dict[str, str]:
    """The key that each message of an SQS event tells of, by message id; of the test message, its name."""
    found: dict[str, str] = {}
    for record in event["Records"]:
        body = json.loads(record["body"])
        found[record["messageId"]] = body.get("Event") or body["Records"][0]["s3"]["object"]["key"]
    return found


def test_a_queue_delivers_messages_as_lambda_does_the_test_message_too(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"))
    photos.put("a")
    photos.await_messages(2)
    events: list[Any] = []
    photos.run(lambda event, context: events.append(event), "queue")
    [event] = events
    assert sorted(bodies(event).values()) == ["a", "s3:TestEvent"]
    record = event["Records"][0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == f"arn:aws:sqs:us-east-1:123456789012:{photos.queue}"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert set(record) == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody",
        "eventSource", "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert photos.messages() == 0


def test_of_a_queue_every_reported_message_comes_again_and_no_other(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"))
    for key in "abcd":
        photos.put(key)
    photos.await_messages(5)
    batches: list[list[str]] = []
    counts: list[str] = []

    def handler(event: Any, context: Any) -> object:
        keys = bodies(event)
        batches.append(sorted(keys.values()))
        counts.append(max(record["attributes"]["ApproximateReceiveCount"] for record in event["Records"]))
        failed = [identifier for identifier, key in keys.items() if key in "bd"] if len(batches) < 3 else []
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    photos.run(handler, "queue")
    assert batches == [["a", "b", "c", "d", "s3:TestEvent"], ["b", "d"], ["b", "d"]]
    assert counts == ["1", "2", "3"]
    assert [delivery.outcome for delivery in photos.told] == ["partly", "failed", "done"]
    assert photos.messages() == 0


@pytest.mark.parametrize("identifier", ["", "of another batch"])
def test_of_a_queue_an_identifier_that_is_not_of_the_batch_fails_all(
    cloud: Cloud, unique: Unique, identifier: str
) -> None:
    photos = Photos(cloud, unique("photos"))
    photos.put("a")
    photos.await_messages(2)
    batches: list[list[str]] = []

    def handler(event: Any, context: Any) -> object:
        batches.append(sorted(bodies(event).values()))
        return {"batchItemFailures": [{"itemIdentifier": identifier}]} if len(batches) == 1 else None

    photos.run(handler, "queue")
    assert batches == [["a", "s3:TestEvent"]] * 2


def test_of_a_queue_a_message_that_fails_is_never_given_up(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"))
    photos.put("bad")
    photos.put("good")
    photos.await_messages(3)

    def handler(event: Any, context: Any) -> object:
        failed = [identifier for identifier, key in bodies(event).items() if key == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    with pytest.raises(Transient, match="1 records are waiting"):
        photos.run(handler, "queue")
    assert {delivery.outcome for delivery in photos.told} == {"partly", "failed"}
    assert photos.messages() == 1


def test_of_a_queue_what_matches_no_filter_is_deleted_without_a_call(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"))
    for key in ("a.jpg", "b.txt"):
        photos.put(key)
    photos.await_messages(3)
    got: list[str] = []
    jpeg = {"body": {"Records": {"s3": {"object": {"key": [{"suffix": ".jpg"}]}}}}}
    told = photos.run(
        lambda event, context: got.extend(bodies(event).values()),
        "queue",
        QueueSettings(filter_criteria=[jpeg]),
    )
    assert got == ["a.jpg"]
    assert [delivery.outcome for delivery in told].count("filtered") == 2
    assert photos.messages() == 0


def test_a_direct_notification_that_is_given_up_is_kept_with_its_event(cloud: Cloud, unique: Unique) -> None:
    photos, failures = Photos(cloud, unique("photos")), unique("failures")
    provision(cloud, [BucketNeeded(failures)])
    photos.put("bad")
    photos.await_messages(2)
    settings = InvokeSettings(on_failure=f"arn:aws:s3:::{failures}", maximum_retry_attempts=1)
    told = photos.run(lambda event, context: 1 / 0, settings=settings)
    record = kept(cloud, failures, told[-1].kept)
    assert told[-1].kept.startswith("aws/lambda/async/handler/")
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responsePayload"] == {"errorMessage": "ZeroDivisionError: division by zero"}
    assert payload(record)["Records"][0]["s3"]["object"]["key"] == "bad"
    assert photos.messages() == 0


def test_a_destination_that_is_not_there_is_named_and_the_notification_stays(
    cloud: Cloud, unique: Unique
) -> None:
    photos = Photos(cloud, unique("photos"))
    photos.put("bad")
    photos.await_messages(2)
    settings = InvokeSettings(on_failure="arn:aws:s3:::no-such-bucket", maximum_retry_attempts=0)
    with pytest.raises(
        ConfigurationError, match=r"there is no s3/no-such-bucket .*BucketNeeded\('no-such-bucket'\)"
    ):
        photos.run(lambda event, context: 1 / 0, settings=settings)
    assert photos.messages() == 1


def test_settings_of_the_other_form_are_refused(cloud: Cloud) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^s3/p: form='queue' takes QueueSettings, not InvokeSettings$"
    ):
        S3Trigger(cloud, "p", lambda event, context: None, InvokeSettings(), queue="q", form="queue")


def test_what_a_run_that_was_interrupted_held_is_hidden_and_not_deleted(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"))
    photos.put("a")
    photos.await_messages(2)

    def handler(event: Any, context: Any) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        photos.run(handler)
    assert photos.messages() == 1


def test_an_emulator_whose_notifications_have_no_order_is_refused(cloud: Cloud, unique: Unique) -> None:
    photos = Photos(cloud, unique("photos"))
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"object": {"key": "a", "sequencer": "0"}},
    }
    url = cloud.client("sqs").get_queue_url(QueueName=photos.queue)["QueueUrl"]
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [record]}))
    with pytest.raises(ConfigurationError, match=r"have no sequencer.*pip install 'ministack>=1\.5\.33'$"):
        photos.run(lambda event, context: None)


def test_a_message_that_is_no_notification_reaches_the_handler_of_a_queue(
    cloud: Cloud, unique: Unique
) -> None:
    photos = Photos(cloud, unique("photos"))
    url = cloud.client("sqs").get_queue_url(QueueName=photos.queue)["QueueUrl"]
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="not JSON")
    got: list[str] = []
    photos.run(lambda event, context: got.extend(record["body"] for record in event["Records"]), "queue")
    assert "not JSON" in got


def test_a_queue_that_is_not_there_is_named(cloud: Cloud) -> None:
    trigger = S3Trigger(cloud, "photos", lambda event, context: None, queue="no-such-queue")
    with pytest.raises(
        ConfigurationError, match=r"^there is no queue 'no-such-queue' at http://127.*makes it$"
    ):
        trigger.open()
