"""``reactflow invoke``: one event to one service, its answer, and word of what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reactflow.cli.telling import Telling
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.service import Service
from reactflow.service.host import Host
from reactflow.service.stores import open_store


def invoked(service: Service, event: Any, *, endpoint: str, state: str = "") -> str:
    """What the service answers to an event, as JSON; what it did is told on standard error.

    Only the AWS at the endpoint is read and written, with keys that are good for no other. Raises what the handler
    raises, and ConfigurationError for an event that is not an object.
    """
    from rich.console import Console

    if not isinstance(event, Mapping):
        raise ConfigurationError(
            f"the event is a JSON {type(event).__name__}, and Lambda delivers an object: "
            "`reactflow event` makes one"
        )
    store = service.store if service.store is not None and not state else open_store(state or None)
    telling = Telling(
        Console(stderr=True, highlight=False, soft_wrap=True), state or repr(store), lambda: None
    )
    host = Host(service, store, lambda report: telling.report(service, report))
    with Cloud.at(endpoint).exported():
        return json.dumps(host.handle(event))
