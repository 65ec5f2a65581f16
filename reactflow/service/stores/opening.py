"""Which store a text names, and which one a service uses when it names none: the setting ``REACTFLOW_STATE``.

No store of this version can be shared by several machines. That is said here, before state is lost by it.
"""

from __future__ import annotations

import os
from pathlib import Path

from reactflow.errors import BindingError, ConfigurationError
from reactflow.service.decoding import short
from reactflow.service.stores.memory import MemoryStore
from reactflow.service.stores.sqlite import SQLiteStore
from reactflow.service.stores.store import Store

SETTING = "REACTFLOW_STATE"
_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"
_NONE_SHARED = (
    "this version has no store that several instances of a Lambda function could share (SQLite is for one machine). "
    "Run the service on one machine, or, only to try it out, with state that is lost with each instance"
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
    """The store that a setting names: ``memory``, or ``sqlite:PATH``; by default what ``REACTFLOW_STATE`` says.

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
                f"{SETTING} is not set, and on AWS Lambda state has to outlive the process: {_NONE_SHARED}, "
                f"{SETTING}=memory"
            )
        return MemoryStore()
    kind, _, path = chosen.partition(":")
    if kind == "memory" and not path:
        return MemoryStore()
    said = f"{SETTING}={chosen!r}" if setting is None else repr(chosen)
    if kind == "sqlite" and path:
        if _LAMBDA in os.environ and not Path(path).resolve().is_relative_to(Path("/tmp").resolve()):
            raise ConfigurationError(
                f"{said} on AWS Lambda: {_NONE_SHARED}, memory or sqlite:/tmp/{Path(path).name}"
            )
        return SQLiteStore(path)
    raise ConfigurationError(f"{said} names no store: write memory, or sqlite:PATH (sqlite:state.db)")
