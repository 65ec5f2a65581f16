"""Records as they are written on the command line: what they hold, and which of several one is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn

from reactflow.errors import ConfigurationError, ReactflowError

LONGEST = 256  # characters of a partition key


class Source(StrEnum):
    """What sends an event."""

    kinesis = "kinesis"
    dynamodb = "dynamodb"
    s3 = "s3"


class Written(str):
    """A record as it was written; ``place`` says which of several it is, "record 2" or "line 7", else it is empty."""

    __slots__ = ("place",)
    place: str

    def __new__(cls, text: str, place: str = "") -> Written:
        """The text, with its place."""
        made = super().__new__(cls, text)
        made.place = place
        return made


def written(arguments: Sequence[str]) -> list[Written]:
    """The records of a command: its arguments, and for ``-`` the lines of standard input that are not empty."""
    found: list[Written] = []
    for number, text in enumerate(arguments, 1):
        if text == "-":
            lines = enumerate(sys.stdin.read().splitlines(), 1)
            found += [Written(line, f"line {place}") for place, line in lines if line.strip()]
        else:
            found.append(Written(text, f"record {number}" if len(arguments) > 1 else ""))
    if not found:
        raise ConfigurationError("standard input has no line: write one record a line")
    return found


@contextmanager
def told_with(text: str) -> Iterator[None]:
    """What is wrong within is told with the place of the record."""
    try:
        yield
    except ReactflowError as error:
        place = getattr(text, "place", "")
        raise ConfigurationError(f"{place}: {error}" if place else str(error)) from error.__cause__


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
        wrong = "is an object without a field" if isinstance(found, dict) else "is not an object"
        raise ConfigurationError(f'{text!r} {wrong}: write one such as \'{{"room": "a"}}\'')
    return found


def check_fields(record: dict[str, Any], names: Sequence[str]) -> None:
    """Raises ConfigurationError when a record lacks a field of its key."""
    for name in names:
        if name not in record:
            raise ConfigurationError(
                f"a record has no field {name!r}, which is to be its key: it has {', '.join(record)}"
            )


def partition_key(record: dict[str, Any], partition: str = "") -> str:
    """The Kinesis partition key of a record: the value of a field, by default of its first.

    Raises ConfigurationError for a field that is not there, and a value that Kinesis does not take.
    """
    name = partition or next(iter(record))
    check_fields(record, [name])
    value = record[name]
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if not 1 <= len(text) <= LONGEST:
        state = f"has {len(text)} characters" if text else "is empty"
        raise ConfigurationError(
            f"the field {name!r}, the partition key, {state}, and Kinesis takes 1 to {LONGEST}: correct it, or name "
            "another field with --partition"
        )
    return text
