"""Putting something into a local AWS, for those who have no other client at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reactflow.cli.events import read_record
from reactflow.errors import ConfigurationError


def put_into(
    endpoint: str, source: str, resource: str, records: Sequence[str], *, partition: str = ""
) -> str:
    """Put records into a stream, items into a table, or files (``KEY=FILE``, ``KEY=`` deletes) into a bucket.

    Only an endpoint on this machine is written to. Raises ConfigurationError for any other, and for what does not fit.
    """
    from urllib.parse import urlsplit

    from reactflow.local import Cloud

    if urlsplit(endpoint).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            f"{endpoint} is not on this machine: `reactflow put` is for `reactflow dev` only"
        )
    cloud = Cloud.at(endpoint)
    try:
        if source == "kinesis":
            _records(cloud.client("kinesis"), resource, [read_record(text) for text in records], partition)
        elif source == "dynamodb":
            _items(cloud.client("dynamodb"), resource, records)
        else:
            _files(cloud.client("s3"), resource, records)
    except ConfigurationError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        raise ConfigurationError(
            f"{source}/{resource} at {endpoint}: {error}; is `reactflow dev` running there?"
        ) from error
    return f"{len(records)} put into {source}/{resource}"


def _records(client: Any, stream: str, records: Sequence[Mapping[str, Any]], partition: str) -> None:
    from reactflow.service.json_writer import write_json

    for record in records:
        field = partition or next(iter(record))
        if field not in record:
            raise ConfigurationError(
                f"the record has no field {field!r} to be its partition key: it has {', '.join(record)}"
            )
        client.put_record(StreamName=stream, Data=write_json(record), PartitionKey=str(record[field]))


def _items(client: Any, table: str, records: Sequence[str]) -> None:
    from reactflow.aws.attribute_values import write_item

    for text in records:
        client.put_item(TableName=table, Item=write_item(read_record(text), f"dynamodb/{table}"))


def _files(client: Any, bucket: str, records: Sequence[str]) -> None:
    for text in records:
        key, equals, file = text.rpartition("=")
        if not equals:
            raise ConfigurationError(
                f"{text!r} is not KEY=FILE: write in/ana/cat.jpg=cat.jpg, or in/ana/cat.jpg= to delete"
            )
        if not file:
            client.delete_object(Bucket=bucket, Key=key)
            continue
        try:
            body = Path(file).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"the file {file!r} cannot be read: {error.strerror}") from error
        client.put_object(Bucket=bucket, Key=key, Body=body)
