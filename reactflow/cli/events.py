"""Real events for ``reactflow event``, from what is written on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reactflow.errors import ConfigurationError


def made(
    source: str, resource: str, records: Sequence[str], *, partition: str = "", keys: str = ""
) -> dict[str, Any]:
    """The event that a trigger of this source would deliver for these records.

    Raises ConfigurationError for a record that is not an object, or a table whose key is not named.
    """
    from reactflow.testing import dynamodb_event, kinesis_event, s3_event

    if source == "s3":
        return s3_event(*records, bucket=resource)
    objects = [read_record(text) for text in records]
    if source == "kinesis":
        if partition and any(partition not in one for one in objects):
            raise ConfigurationError(f"a record has no field {partition!r} to be its partition key")
        return kinesis_event(*objects, stream=resource, partition=partition or None)
    names = [name for name in keys.split(",") if name]
    if not names or any(name not in one for one in objects for name in names):
        raise ConfigurationError(
            f"name the primary key of {resource} with --keys, attributes that every item has"
        )
    return dynamodb_event(*((None, one) for one in objects), table=resource, keys=names)


def read_record(text: str) -> dict[str, Any]:
    """A JSON object of the command line, numbers exact. Raises ConfigurationError for anything else."""
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise ConfigurationError(
            f'{text!r} is not JSON ({error}): write an object such as \'{{"room": "r1"}}\''
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError(f'{text!r} is not an object: write one such as \'{{"room": "r1"}}\'')
    return found
