"""A batch that is always undone, and a function that logs its call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from reactflow import batch
from tests.cells.model import Boom

T = TypeVar("T")


@contextmanager
def undone() -> Iterator[None]:
    """``with undone():`` is a batch whose body raises at its end."""
    try:
        with batch():
            yield
            raise Boom
    except Boom:
        pass


def logged(log: list[Any], entry: object, result: T) -> T:
    """The result, after an entry in the log."""
    log.append(entry)
    return result
