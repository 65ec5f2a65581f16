"""Records as they are written on the command line, and the real events that ``reactflow event`` makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from reactflow.errors import ConfigurationError


def made(
    source: str, resource: str, records: Sequence[str], *, partition: str = "", keys: str = ""
) -> dict[str, Any]:
    """The event that a trigger of this source would deliver for these records.

    Raises ConfigurationError for a record that is not an object, or lacks the partition or primary key.

    >>> made("kinesis", "measurements", ['{"room": "a", "length": 3}'])["Records"][0]["kinesis"][
    ...     "partitionKey"
    ... ]
    'a'
    """
    from reactflow.testing import dynamodb_event, kinesis_event, s3_event

    if source == "s3":
        return s3_event(*records, bucket=resource)
    objects = [read_record(text) for text in records]
    names = keys.split(",") if keys else [partition or next(iter(objects[0]))]
    for one in objects:
        check_fields(one, names if source == "dynamodb" else [partition or next(iter(one))])
    if source == "kinesis":
        event = kinesis_event(*records, stream=resource)
        for record, one in zip(event["Records"], objects, strict=True):
            record["kinesis"]["partitionKey"] = partition_key(one, partition)
        return event
    return dynamodb_event(*((None, one) for one in objects), table=resource, keys=names)


def read_record(text: str) -> dict[str, Any]:
    """A JSON object of the command line, numbers exact. Raises ConfigurationError for anything else.

    >>> read_record('{"price": 10.10}')
    {'price': Decimal('10.10')}
    """

    def refused(name: str) -> NoReturn:
        raise ValueError(f"{name} is no number of JSON")

    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=refused)
    except ValueError as error:
        raise ConfigurationError(
            f'{text!r} is not JSON ({error}): write an object such as \'{{"room": "a"}}\''
        ) from error
    if not isinstance(found, dict) or not found:
        raise ConfigurationError(
            f'{text!r} is not an object with fields: write one such as \'{{"room": "a"}}\''
        )
    return found


def check_fields(record: dict[str, Any], names: Sequence[str]) -> None:
    """Raises ConfigurationError when a record lacks a field of its key."""
    for name in names:
        if name not in record:
            raise ConfigurationError(
                f"a record has no field {name!r}, which is to be its key: it has {', '.join(record)}"
            )


def partition_key(record: dict[str, Any], partition: str = "") -> str:
    """The Kinesis partition key of a record: the value of a field, by default of its first."""
    name = partition or next(iter(record))
    check_fields(record, [name])
    value = record[name]
    return value if isinstance(value, str) else json.dumps(value, default=str)
