"""``reactflow invoke``: one event to one service, its answer, and word of what became of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

from reactflow.aws import DynamoDBStore
from reactflow.cli.checks import check_address, check_answers, check_state, needs_aws
from reactflow.cli.telling import Telling
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.service import Service
from reactflow.service.host import Host
from reactflow.service.stores import open_store


def invoked(service: Service, event: Any, *, endpoint: str, state: str = "") -> str:
    """What the service answers to an event, as JSON; what it did is told on standard error.

    Only the AWS at the endpoint is read and written, with keys that are good for no other. Raises what the handler
    raises, and ConfigurationError for an event that is not an object, or when nothing answers and the service needs it.
    """
    from rich.console import Console

    check_address(endpoint)
    if state:
        check_state(state)
    if not isinstance(event, Mapping):
        raise ConfigurationError(
            f"the event is a JSON {type(event).__name__}, and Lambda delivers an object: "
            "`reactflow event` makes one"
        )
    store = service.store if service.store is not None and not state else open_store(state or None)
    if needs_aws(service) or isinstance(store, DynamoDBStore):
        check_answers(
            endpoint, "start `reactflow dev` there, or name the address that it says with --endpoint"
        )
    telling = Telling(
        Console(stderr=True, highlight=False, soft_wrap=True), state or repr(store), lambda: None
    )
    host = Host(service, store, lambda report: telling.report(service, report))
    with Cloud.at(endpoint).exported(), redirect_stdout(sys.stderr):  # a cell's function may print
        return json.dumps(host.handle(event))
