"""What can never be written: found the same way when a change is published and when it is asked about before.

A sink encodes inside ``encoding``, so that whatever a value does to an encoder is a ConfigurationError that names
the place. ``Sink.confirm`` runs the same code inside ``refusing``, which makes it the event's own fault: a
RecordError. Neither may hold I/O: what fails there for now would be refused for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reactflow.errors import ConfigurationError, MissingExtra, ReactflowError, RecordError
from reactflow.service.decoding import short
from reactflow.service.json_writer import write_json


@contextmanager
def encoding(what: str) -> Iterator[None]:
    """Encode inside; raises ConfigurationError, naming ``what``, for text, numbers or depth that no encoder takes.

    >>> with encoding("object 1"):
    ...     "\\ud800".encode()
    Traceback (most recent call last):
        ...
    reactflow.errors.ConfigurationError: object 1 holds half of a surrogate pair in '\\ud800': publish whole text
    """
    try:
        yield
    except ReactflowError:
        raise
    except UnicodeEncodeError as error:
        near = error.object[max(0, error.start - 20) : error.end + 20]
        raise ConfigurationError(
            f"{what} holds half of a surrogate pair in {short(near)}: publish whole text"
        ) from error
    except RecursionError as error:
        raise ConfigurationError(f"{what} is nested too deep to be written: publish it flatter") from error
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{what} cannot be written ({error}): publish plain data") from error


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what can never be written into a RecordError, which puts the event into quarantine.

    >>> with refusing():
    ...     raise ConfigurationError("the item has 500000 bytes, and 409600 are the most: publish less")
    Traceback (most recent call last):
        ...
    reactflow.errors.RecordError: the item has 500000 bytes, and 409600 are the most: publish less
    """
    try:
        yield
    except MissingExtra:
        raise
    except ConfigurationError as error:
        raise RecordError(str(error)) from error


def json_bytes(value: Any, what: str) -> bytes:
    """Canonical JSON in UTF-8; raises ConfigurationError, naming ``what``, for what has no form in it.

    >>> json_bytes({"area": 12.5}, "a record")
    b'{"area":12.5}'
    """
    with encoding(what):
        try:
            return write_json(value).encode()
        except ConfigurationError as error:
            raise ConfigurationError(f"{what}: {error}") from error
