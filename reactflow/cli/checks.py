"""What a command looks at before it begins: the address, whether something answers, the state, what is installed.

Each raises ConfigurationError with what to type instead, and changes nothing.
"""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from reactflow.aws import DynamoDBStore
from reactflow.errors import ConfigurationError
from reactflow.service import MemoryStore, Service, SQLiteStore, Store
from reactflow.service.stores.opening import FORMS, SETTING, is_named

HERE = ("127.0.0.1", "localhost", "::1")
_AWS = ("kinesis", "dynamodb", "s3")
# The modules of an extra, in the order in which pyproject.toml names their packages.
_EXTRAS = {
    "aws": ("boto3",),
    "sql": ("sqlalchemy",),
    "local": ("boto3", "sqlalchemy", "ministack", "starlette", "uvicorn"),
    "notebook": ("anywidget", "ipykernel"),
}


def check_address(endpoint: str) -> None:
    """Raises ConfigurationError for what is no http(s) address.

    >>> check_address("localhost:4566")
    Traceback (most recent call last):
        ...
    reactflow.errors.ConfigurationError: 'localhost:4566' is not an address: write it as http://localhost:4566
    """
    host, bare = "", endpoint.partition("://")[2] or endpoint
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or "" if parts.scheme in ("http", "https") else ""
        _ = parts.port
        is_host = urlsplit(f"//{bare}").hostname in HERE
    except ValueError:
        host, is_host = "", False
    if not host:
        shown = f"http://{bare}" if is_host else "http://127.0.0.1:4566"
        raise ConfigurationError(f"{endpoint!r} is not an address: write it as {shown}")


def check_answers(endpoint: str, remedy: str) -> None:
    """Raises ConfigurationError, ending with the remedy, when nothing takes a connection there."""
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=5.0).close()
    except OSError as error:
        raise ConfigurationError(
            f"nothing answers at {endpoint} ({error.strerror or error}): {remedy}"
        ) from error


def needs_aws(service: Service) -> bool:
    """Whether handling an event reads or writes AWS; a record itself comes within the event, an object does not."""
    kinds = {name.partition("/")[0] for name in service.writes}
    return not kinds.isdisjoint(_AWS) or any(name.startswith("s3/") for name in service.reads)


def check_state(state: str, is_given: bool = True) -> None:
    """Raises ConfigurationError for a state of no known form; ``is_given``: by ``--state``, not by the environment.

    >>> check_state("foo")
    Traceback (most recent call last):
        ...
    reactflow.errors.ConfigurationError: --state foo names no store: write memory, sqlite:PATH (sqlite:state.db) or
        dynamodb:TABLE (dynamodb:reactflow-state)
    """
    if is_named(state):
        return
    named = f"--state {state}" if is_given else f"{SETTING}={state}"
    raise ConfigurationError(f"{named} names no store: {FORMS}")


def state_of(state: str, default: str) -> str:
    """The state that a flag gives, else the environment, else the default; checked. Raises as ``check_state``."""
    chosen = state or os.environ.get(SETTING, "")
    if chosen:
        check_state(chosen, bool(state))
    return chosen or default


def state_name(store: Store) -> str:
    """A store as ``--state`` names it, or at least what it is.

    >>> state_name(MemoryStore())
    'memory'
    """
    if isinstance(store, SQLiteStore):
        return f"sqlite:{store.path}"
    if isinstance(store, DynamoDBStore):
        return f"dynamodb:{store.table}"
    return "memory" if isinstance(store, MemoryStore) else type(store).__name__


def missing(modules: Iterable[str]) -> list[str]:
    """Those that are not installed.

    >>> missing(["json", "nosuchmodule"])
    ['nosuchmodule']
    """
    return [name for name in modules if importlib.util.find_spec(name) is None]


def check_installed(command: str, needed: Iterable[str], extra: str = "local") -> None:
    """Raises ConfigurationError when something needed is not installed: it names all that the extra would bring."""
    if missing(needed):
        raise ConfigurationError(not_installed(command, extra))


def not_installed(user: str, extra: str) -> str:
    """What of an extra is missing, all of it, and how to have it: from the registry, or in a clone.

    >>> not_installed("reactflow dev", "nosuch")
    "reactflow dev needs the extra 'nosuch': pip install 'reactflow-py[nosuch]', or in a clone pip install '.[nosuch]'"
    """
    names = missing(_EXTRAS.get(extra, ()))
    which = f"{', '.join(names)}, not installed" if names else f"the extra {extra!r}"
    return (
        f"{user} needs {which}: pip install 'reactflow-py[{extra}]', or in a clone pip install '.[{extra}]'"
    )
