"""``reactflow put``: something put into a local AWS, for those who have no other client at hand.

It promises that records are put as they were written, digit for digit, and that none is put when one of them is wrong.
Nothing but an endpoint on this machine is written to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from reactflow.cli.answers import answer
from reactflow.cli.checks import HERE, check_address, check_installed
from reactflow.cli.options import HERE as DEV
from reactflow.cli.options import AsJson, Local
from reactflow.cli.records import Source, partition_key, read_record, told_with, written
from reactflow.cli.telling import counted
from reactflow.errors import ConfigurationError

if TYPE_CHECKING:
    from reactflow.local import Cloud

Call = Callable[[], object]
MOST = 300  # characters of what a cloud says
_NOT_THERE = ("ResourceNotFoundException", "NoSuchBucket")
_RUNNING = "is `reactflow dev` running? It says its address, to be given with --endpoint"


def put(
    source: Annotated[Source, typer.Argument(help="where to put it", metavar="SOURCE")],
    resource: Annotated[str, typer.Argument(help="the stream, table or bucket", metavar="NAME")],
    records: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORD...", help="JSON objects; for s3 KEY=FILE, and KEY= to delete; - reads lines"
        ),
    ],
    partition: Annotated[
        str,
        typer.Option(
            help="kinesis: the field that is the partition key [default: the first]",
            metavar="FIELD",
            show_default=False,
        ),
    ] = "",
    endpoint: Local = DEV,
    as_json: AsJson = False,
) -> None:
    """Put something into the AWS of `reactflow dev`.

    \b
    reactflow put kinesis measurements '{"room": "a", "length": 3, "width": 4}'
    reactflow put dynamodb orders '{"id": "o1", "price": 10.10}'
    reactflow put s3 photos in/ana/cat.jpg=cat.jpg
    """
    check_installed("reactflow put", ("boto3",))
    done = put_into(endpoint, source.value, resource, written(records), partition=partition)
    answer(_words(done), done, as_json)


def put_into(
    endpoint: str, source: str, resource: str, records: Sequence[str], *, partition: str = ""
) -> dict[str, Any]:
    """Put records into a stream, items into a table, or files (``KEY=FILE``, ``KEY=`` deletes) into a bucket.

    Returns the resource, and how many were put and deleted. Raises ConfigurationError for an endpoint elsewhere, a
    record that is wrong, and what the cloud refuses.
    """
    from reactflow.local import Cloud

    check_address(endpoint)
    if urlsplit(endpoint).hostname not in HERE:
        raise ConfigurationError(
            f"{endpoint} is not on this machine: `reactflow put` is for the AWS of `reactflow dev` only"
        )
    cloud = Cloud.at(endpoint)
    done = 0
    try:
        if source == "kinesis":
            calls = _records(cloud, resource, records, partition)
        elif source == "dynamodb":
            calls = _items(cloud, resource, records)
        else:
            calls = _files(cloud, resource, records)
        for call in calls:
            _check_is_aws(call())
            done += 1
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        place = getattr(records[done], "place", "")
        which = f", {place}" if place else ""
        before = f"; {done} before it {'was' if done == 1 else 'were'} put" if done else ""
        raise ConfigurationError(
            f"{source}/{resource} at {endpoint}{which}: {_remedy(error)}{before}"
        ) from error
    finally:
        cloud.stop()
    gone = sum(text.endswith("=") for text in records) if source == "s3" else 0
    return {"resource": f"{source}/{resource}", "put": len(calls) - gone, "deleted": gone}


def _words(done: Mapping[str, Any]) -> str:
    resource = str(done["resource"])
    noun = {"kinesis": "record", "dynamodb": "item", "s3": "file"}[resource.partition("/")[0]]
    told = [f"{counted(done['put'], noun)} put into {resource}"] if done["put"] else []
    told += [f"{counted(done['deleted'], noun)} deleted from {resource}"] if done["deleted"] else []
    return ", ".join(told)


def _remedy(error: Exception) -> str:
    """What the cloud said, or why there was nothing to ask it, and what to do."""
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, (ConnectionError, HTTPClientError)):
        return f"nothing answers; {_RUNNING}"
    if isinstance(error, ResponseParserError):
        return f"another server answers, and no AWS: {_RUNNING}"
    if not isinstance(error, ClientError):  # it never went out
        return _line(str(error).removeprefix("Parameter validation failed:"))
    answer: Any = error.response
    code, said = str(answer["Error"].get("Code", "")), str(answer["Error"].get("Message", ""))
    if code in _NOT_THERE:
        return "there is none; is that name what `reactflow dev` says it made?"
    if code.isdigit() or said.lstrip().startswith("<"):  # only a page has no error of its own
        return f"another server answers, and no AWS ({_line(said.partition('<')[0] or code)}): {_RUNNING}"
    return f"{_line(said)} ({code})"


def _line(text: str) -> str:
    """Whatever somebody else said, as one line of bounded length."""
    words = " ".join(text.split())
    return words if len(words) <= MOST else words[: MOST - 3] + "..."


def _check_is_aws(answer: object) -> None:
    """A page in answer means that nothing was put, whatever its status says."""
    from botocore.parsers import ResponseParserError

    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}) if isinstance(answer, dict) else {}
    if "text/html" in headers.get("content-type", ""):
        raise ResponseParserError("a page")


def _records(cloud: Cloud, stream: str, records: Sequence[str], partition: str) -> list[Call]:
    client = cloud.client("kinesis")

    def call(text: str, key: str) -> Call:
        return lambda: client.put_record(StreamName=stream, Data=text.encode(), PartitionKey=key)

    calls: list[Call] = []
    for text in records:
        with told_with(text):
            calls.append(call(text, partition_key(read_record(text), partition)))
    return calls


def _items(cloud: Cloud, table: str, records: Sequence[str]) -> list[Call]:
    from reactflow.aws.attribute_values import write_item

    client = cloud.client("dynamodb")

    def call(text: str) -> Call:
        with told_with(text):
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

    calls: list[Call] = []
    for text in records:
        with told_with(text):
            calls.append(call(text))
    return calls
