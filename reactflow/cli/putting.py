"""Putting something into a local AWS, for those who have no other client at hand.

It promises that records are put as they were written, digit for digit, and that none is put when one of them is wrong.
Nothing but an endpoint on this machine is written to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reactflow.cli.events import partition_key, read_record
from reactflow.cli.telling import counted
from reactflow.errors import ConfigurationError

if TYPE_CHECKING:
    from reactflow.local import Cloud

Call = Callable[[], object]
_NOT_THERE = ("ResourceNotFoundException", "NoSuchBucket")


def put_into(
    endpoint: str, source: str, resource: str, records: Sequence[str], *, partition: str = ""
) -> str:
    """Put records into a stream, items into a table, or files (``KEY=FILE``, ``KEY=`` deletes) into a bucket.

    Returns what was done, in words. Raises ConfigurationError for an endpoint elsewhere, a record that is wrong, and
    what the cloud refuses.
    """
    from reactflow.local import Cloud

    if urlsplit(endpoint).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            f"{endpoint} is not on this machine: `reactflow put` is for the AWS of `reactflow dev` only"
        )
    cloud = Cloud.at(endpoint)
    try:
        if source == "kinesis":
            calls, noun = _records(cloud, resource, records, partition), "record"
        elif source == "dynamodb":
            calls, noun = _items(cloud, resource, records), "item"
        else:
            calls, noun = _files(cloud, resource, records), "file"
        for call in calls:
            call()
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        raise ConfigurationError(f"{source}/{resource} at {endpoint}: {_remedy(error)}") from error
    finally:
        cloud.stop()
    gone = sum(text.endswith("=") for text in records) if source == "s3" else 0
    done = [f"{counted(len(calls) - gone, noun)} put into {source}/{resource}"] if len(calls) > gone else []
    done += [f"{counted(gone, noun)} deleted from {source}/{resource}"] if gone else []
    return ", ".join(done)


def _remedy(error: Exception) -> str:
    """What the cloud said, and what to do."""
    response = getattr(error, "response", None)
    if response is None:
        return "nothing answers; is `reactflow dev` running? It says its address, to be given with --endpoint"
    code, said = response["Error"]["Code"], response["Error"]["Message"]
    if code in _NOT_THERE:
        return "there is none; is that name what `reactflow dev` says it made?"
    return f"{said} ({code})"


def _records(cloud: Cloud, stream: str, records: Sequence[str], partition: str) -> list[Call]:
    client = cloud.client("kinesis")

    def call(text: str, key: str) -> Call:
        return lambda: client.put_record(StreamName=stream, Data=text.encode(), PartitionKey=key)

    return [call(text, partition_key(read_record(text), partition)) for text in records]


def _items(cloud: Cloud, table: str, records: Sequence[str]) -> list[Call]:
    from reactflow.aws.attribute_values import write_item

    client = cloud.client("dynamodb")

    def call(text: str) -> Call:
        item = write_item(read_record(text), f"dynamodb/{table}")
        return lambda: client.put_item(TableName=table, Item=item)

    return [call(text) for text in records]


def _files(cloud: Cloud, bucket: str, records: Sequence[str]) -> list[Call]:
    client = cloud.client("s3")

    def call(text: str) -> Call:
        key, equals, file = text.rpartition("=")
        if not equals or not key:
            raise ConfigurationError(
                f"{text!r} is not KEY=FILE: write in/ana/cat.jpg=cat.jpg, or in/ana/cat.jpg= to delete"
            )
        if not file:
            return lambda: client.delete_object(Bucket=bucket, Key=key)
        try:
            body = Path(file).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"the file {file!r} cannot be read: {error.strerror}") from error
        return lambda: client.put_object(Bucket=bucket, Key=key, Body=body)

    return [call(text) for text in records]
