"""The rooms with the batch processor and the idempotency of AWS Powertools.

Each record is a function call of its own, which is remembered under the record's id in a table: written before it as
being under way, and after it with its answer. The call puts the row of the room, over a lower sequence number only.

It promises less than the service, and something else: a record whose effect is remembered is not applied again, for an
hour; one that ends between its effect and its being remembered is applied again. After one that fails the later ones
of its shard are applied, and then delivered again with it: the guard on the row is what keeps an older one from winning
there. There is no state: each record has to hold length and width, so that there is no patch and no peak.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import boto3
from botocore.exceptions import ClientError

from benchmarks.runtime.functions.timed import timed

# by name: where Powertools are not installed, nothing else should fail
batches: Any = import_module("aws_lambda_powertools.utilities.batch")
idempotency: Any = import_module("aws_lambda_powertools.utilities.idempotency")
DYNAMODB: Any = boto3.client("dynamodb")
processor = batches.BatchProcessor(event_type=batches.EventType.KinesisDataStreams)
persistence = idempotency.DynamoDBPersistenceLayer(table_name="done", boto3_client=DYNAMODB)
config = idempotency.IdempotencyConfig(event_key_jmespath="id", expires_after_seconds=3600)


def put(record: dict[str, Any]) -> None:
    """Put the row of a record's room."""
    told = record["data"]
    length, width = float(told["length"]), float(told["width"])
    if told["room"] != record["partition"] or not math.isfinite(length * width):
        raise ValueError(f"record {record['id']} is none of a room")
    try:
        DYNAMODB.put_item(
            TableName="areas",
            Item={
                "room": {"S": told["room"]},
                "area": {"N": repr(length * width)},
                "seen": {"S": record["position"]},
            },
            ConditionExpression="attribute_not_exists(#n) OR #n < :n",
            ExpressionAttributeNames={"#n": "seen"},
            ExpressionAttributeValues={":n": {"S": record["position"]}},
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise


apply: Any = idempotency.idempotent_function(
    put, data_keyword_argument="record", persistence_store=persistence, config=config
)


def take(record: Any) -> None:
    """Apply one record."""
    part = record.kinesis
    apply(record={"id": record.event_id, "partition": part.partition_key, "data": part.data_as_json(),
                  "position": part.sequence_number.zfill(129)})  # fmt: skip


def batch(event: dict[str, Any], context: Any = None) -> Any:
    """What Lambda calls."""
    return batches.process_partial_response(
        event=event, record_handler=take, processor=processor, context=context
    )


handler = timed(batch)
