"""Which store a service uses when it names none: the setting ``REACTFLOW_STATE``."""

from __future__ import annotations

import os

from reactflow.errors import ConfigurationError
from reactflow.service.stores.memory import MemoryStore
from reactflow.service.stores.sqlite import SQLiteStore
from reactflow.service.stores.store import Store

SETTING = "REACTFLOW_STATE"


def open_store(setting: str | None = None) -> Store:
    """The store that a setting names: ``memory``, or ``sqlite:PATH``; by default what ``REACTFLOW_STATE`` says.

    Without either it is memory, which ends with the process: on AWS Lambda that would lose state without a word, and is
    refused. Raises ConfigurationError for that, and for a setting of no known form.

    >>> open_store("memory")
    MemoryStore(0 units)
    """
    chosen = setting if setting is not None else os.environ.get(SETTING, "")
    if not chosen:
        if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            raise ConfigurationError(
                f"{SETTING} is not set: on AWS Lambda state has to outlive the process. Set it to sqlite:PATH on a "
                "file system that all of its instances share, or give the service store=..."
            )
        return MemoryStore()
    kind, _, path = chosen.partition(":")
    if kind == "memory" and not path:
        return MemoryStore()
    if kind == "sqlite" and path:
        return SQLiteStore(path)
    raise ConfigurationError(
        f"{SETTING}={chosen!r} names no store: write memory, or sqlite:PATH (sqlite:state.db)"
    )
