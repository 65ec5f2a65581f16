"""Engines of databases: made once a URL and process, when first used; and what their errors mean for us.

A URL may hold a password, so it is in no message, and statements are logged without their values.
``speaking`` is the only place that turns SQLAlchemy's errors into ours.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reactflow.errors import ConfigurationError, MissingExtra, ReactflowError, Transient

if TYPE_CHECKING:
    from sqlalchemy import Engine

_made: dict[tuple[str, int], Engine] = {}
_lock = threading.Lock()

# Words of drivers for what will not pass by waiting, though they call it an operational error.
_LASTING = (
    "no such table",
    "no such column",
    "has no column",
    "unable to open",
    "readonly",
    "read-only",
    "not a database",
    "syntax error",
    "unknown column",
    "doesn't exist",
    "does not exist",
    "access denied",
    "authentication",
    "permission denied",
    "unknown database",
    "disk is full",
)

# What PostgreSQL and others number alike (SQLSTATE): another transaction was first, and this one may be tried anew at
# once; and what has to pass first, by its class.
_RIVALS = frozenset({"40001", "40P01", "42P07", "42701", "42710"})
_PASSING = ("08", "40", "53", "55P03", "57")


class Rival(ReactflowError):
    """Another writer was first, which ``passes``, or a rule of the table does not allow the row."""

    def __init__(self, message: str, *, passes: bool = False) -> None:
        super().__init__(message)
        self.passes = passes


def engine(url: str) -> Engine:
    """The engine of a database, made on first use and shared by all threads of the process.

    Raises MissingExtra without SQLAlchemy or the database's driver, ConfigurationError for a URL that is none.
    """
    known = (url, os.getpid())
    with _lock:
        if known not in _made:
            _made[known] = _make(url)
        return _made[known]


def _make(url: str) -> Engine:
    try:
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise MissingExtra("reactflow.sql", "sqlalchemy", "sql") from error
    try:
        # A connection may have died while the process was frozen: it is tried before it is used.
        return sqlalchemy.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except (ArgumentError, ValueError):
        pass
    except ImportError as error:
        driver = error.name or "a driver"
        raise ConfigurationError(f"the database needs {driver}: pip install {driver}") from None
    # Out of the handler, so that no traceback shows the URL that SQLAlchemy's own message may quote.
    raise ConfigurationError(
        "the database's URL cannot be read (it is not shown, as it may hold a password): write it like "
        "sqlite:///rooms.db or postgresql+psycopg://user:password@host/name"
    )


@contextmanager
def speaking(url: str, destination: str) -> Iterator[None]:
    """Run statements inside, with SQLAlchemy's errors turned into Transient or ConfigurationError.

    ``destination`` is what errors name (``sql/employees``). An IntegrityError passes through: what it means depends on
    the statement. Raises Rival when another transaction was in the way.
    """
    from sqlalchemy import exc

    try:
        yield
    except (ReactflowError, exc.IntegrityError):
        raise
    except exc.DBAPIError as error:
        words = _without_secrets(str(error.orig), url)
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if state in _RIVALS:
            raise Rival(words, passes=True) from error
        lasting = any(each in words.lower() for each in _LASTING)
        passing = isinstance(error, (exc.OperationalError, exc.InterfaceError, exc.InternalError))
        if state:  # which does not depend on the language of the messages
            passing, lasting = state.startswith(_PASSING), False
        if error.connection_invalidated or (passing and not lasting):
            raise Transient(f"{destination} is busy or away ({words}): tried again later") from error
        raise ConfigurationError(f"{destination}: the database refused the statement: {words}") from error
    except exc.TimeoutError as error:
        raise Transient(f"{destination}: no connection became free in time: tried again later") from error
    except (exc.SQLAlchemyError, OverflowError, TypeError) as error:
        words = _without_secrets(str(error), url)
        raise ConfigurationError(f"{destination}: {words}") from error


def _without_secrets(words: str, url: str) -> str:
    from sqlalchemy.engine import make_url

    password = make_url(url).password
    return words.replace(str(password), "***") if password else words
