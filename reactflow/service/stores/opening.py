"""Which store a text names, and which one a service uses when it names none: the setting ``REACTFLOW_STATE``.

Several machines may share a table of DynamoDB, and neither memory nor a file. That is said here, before state is lost
by it. This floor knows no cloud: the floor that does says here how its stores are opened.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Final

from reactflow.errors import BindingError, ConfigurationError
from reactflow.service.decoding import short
from reactflow.service.stores.memory import MemoryStore
from reactflow.service.stores.store import Store

SETTING = "REACTFLOW_STATE"
_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"
_SHARED = (
    "state that several instances of a function share is kept in a table, REACTFLOW_STATE=dynamodb:TABLE. Only to try "
    "it out, with state that is lost with each instance"
)
FORMS: Final = "write memory, sqlite:PATH (sqlite:state.db) or dynamodb:TABLE (dynamodb:reactflow-state)"

Opener = Callable[[str], Store]
_OPENERS: dict[str, Opener] = {}
_FLOORS: Final = {"dynamodb": "reactflow.aws"}  # what says how a kind is opened, and may not be imported yet


def opens_stores(kind: str, opener: Opener) -> Opener:
    """Register what opens stores of a kind, given what stands behind the colon; the floor that has them calls it."""
    _OPENERS[kind] = opener
    return opener


def is_named(setting: str) -> bool:
    """Whether a text has the form of a store's name.

    >>> [is_named(text) for text in ("memory", "sqlite:state.db", "dynamodb:state", "sqlite", "foo")]
    [True, True, True, False, False]
    """
    kind, _, rest = setting.partition(":")
    return (
        not rest if kind == "memory" else bool(rest) and (kind == "sqlite" or kind in {*_OPENERS, *_FLOORS})
    )


def as_store(value: Store | str | None) -> Store | None:
    """The store that a service is given, or that a text names. Raises BindingError for what is neither.

    >>> as_store("memory")
    MemoryStore(0 units)
    """
    if isinstance(value, str):
        return open_store(value)
    given: object = value
    if given is None or (isinstance(given, Store) and not isinstance(given, type)):
        return given
    raise BindingError(
        f'store={short(value)} is no store: give one, as in store=SQLiteStore("x.db"), or its name, as in '
        'store="sqlite:x.db"'
    )


def open_store(setting: str | None = None) -> Store:
    """The store that a setting names: ``memory``, ``sqlite:PATH`` or ``dynamodb:TABLE``; by default what
    ``REACTFLOW_STATE`` says.

    Without either it is memory, which ends with the process: on AWS Lambda that would lose state without a word, and is
    refused, as is a file outside ``/tmp``, which several instances would share. Raises ConfigurationError for that, and
    for a setting of no known form.

    >>> open_store("memory")
    MemoryStore(0 units)
    """
    chosen = setting if setting is not None else os.environ.get(SETTING, "")
    if not chosen:
        if _LAMBDA in os.environ:
            raise ConfigurationError(
                f"{SETTING} is not set, and on AWS Lambda state has to outlive the process: {_SHARED}, "
                f"{SETTING}=memory"
            )
        return MemoryStore()
    said = f"{SETTING}={chosen!r}" if setting is None else repr(chosen)
    if not is_named(chosen):
        raise ConfigurationError(f"{said} names no store: {FORMS}")
    kind, _, rest = chosen.partition(":")
    if kind == "memory":
        return MemoryStore()
    if kind == "sqlite":
        from pathlib import Path

        if _LAMBDA in os.environ and not Path(rest).resolve().is_relative_to(Path("/tmp").resolve()):
            raise ConfigurationError(
                f"{said} on AWS Lambda: a file is for one machine, and {_SHARED}, memory or "
                f"sqlite:/tmp/{Path(rest).name}"
            )
        from reactflow.service.stores.sqlite import SQLiteStore  # loads the library of SQLite

        return SQLiteStore(rest)
    if kind not in _OPENERS:
        import_module(_FLOORS[kind])
    try:
        return _OPENERS[kind](rest)
    except BindingError as error:
        raise ConfigurationError(f"{said} names no store: {error}") from error
