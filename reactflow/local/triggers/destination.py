"""The on-failure destination: where a trigger keeps what it gives up, in the form in which Lambda writes it to S3.

The object holds the event itself (``payload`` of a stream, ``requestPayload`` of an asynchronous invocation), so that
it can be handed to the handler again. Where Lambda would lose an event whose destination does not answer, a trigger
waits.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from reactflow.local.cloud import ACCOUNT, REGION, Cloud
from reactflow.local.triggers.batch import Batch
from reactflow.local.triggers.calls import translated
from reactflow.local.triggers.messages import Message

VERSION = "$LATEST"


@frozen
class Destination:
    """The bucket for what the function gives up; ``mapping`` stands in the objects' names, as a mapping's id on AWS.

    >>> Destination(Cloud.at("http://127.0.0.1:4566"), "failed", "rooms", mapping="m").bucket
    'failed'
    """

    cloud: Cloud
    bucket: str
    function: str
    mapping: str = field(factory=lambda: str(uuid.uuid4()), kw_only=True)

    def keep_batch(self, batch: Batch, source_arn: str, now: float) -> str:
        """Keep a batch of a stream; returns the name of the object.

        Raises Transient when the bucket does not answer, ConfigurationError when there is none.
        """
        first, last = batch.entries[0], batch.entries[-1]
        record = {
            **_context(self.function, batch.condition, batch.tries, now),
            "KinesisBatchInfo" if ":kinesis:" in source_arn else "DDBStreamBatchInfo": {
                "shardId": batch.shard,
                "startSequenceNumber": first.identifier,
                "endSequenceNumber": last.identifier,
                "approximateArrivalOfFirstRecord": _iso(first.arrival),
                "approximateArrivalOfLastRecord": _iso(last.arrival),
                "batchSize": len(batch.entries),
                "streamArn": source_arn,
            },
            "payload": batch.text,
        }
        return self._put(f"aws/lambda/{self.mapping}/{batch.shard}", record, now)

    def keep_event(self, message: Message, text: str, now: float) -> str:
        """Keep the event of an asynchronous invocation; returns the name of the object.

        Raises Transient when the bucket does not answer, ConfigurationError when there is none.
        """
        context = _context(f"{self.function}:{VERSION}", message.condition, message.tries, now)
        said = {"errorMessage": message.reason}
        record = {**context, "requestPayload": json.loads(text), "responsePayload": said}
        return self._put(f"aws/lambda/async/{self.function}", record, now)

    def _put(self, folder: str, record: Mapping[str, Any], now: float) -> str:
        moment = datetime.fromtimestamp(now, UTC)
        name = f"{folder}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        remedy = f"provision(cloud, [BucketNeeded({self.bucket!r})]) makes it"
        with translated(f"s3/{self.bucket}", self.cloud.endpoint, remedy=remedy):
            self.cloud.client("s3").put_object(Bucket=self.bucket, Key=name, Body=json.dumps(record).encode())
        return name


def payload(record: Mapping[str, Any]) -> Any:
    """The event that an object of a destination holds, as the handler was to get it.

    >>> payload({"version": "1.0", "payload": '{"Records": []}'})
    {'Records': []}
    """
    return json.loads(record["payload"]) if "payload" in record else record["requestPayload"]


def _context(function: str, condition: str, tries: int, now: float) -> dict[str, Any]:
    answered = {"statusCode": 200, "executedVersion": VERSION, "functionError": "Unhandled"}
    return {
        "version": "1.0",
        "timestamp": _iso(now),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}",
            "condition": condition,
            "approximateInvokeCount": tries,
        },
        **({"responseContext": answered} if tries else {}),
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
