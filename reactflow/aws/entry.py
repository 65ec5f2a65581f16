"""The function's entry on AWS Lambda: ``reactflow.aws.entry.handler``.

It loads the service that ``REACTFLOW_SERVICE=module:attribute`` names, and makes all that can be made before the first
event: the store, and the clients of AWS that any event will need. Making them costs the
same then as later, and Lambda starts a function on a whole processor, whatever share of one it runs on afterwards. A
service without inputs and outputs needs no client, and so no boto3.

An error is one line in the log: what is wrong, where, and the remedy, and no value of an event. Nothing is made when
this module is imported, but when Lambda first asks it for the handler.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

import reactflow.aws  # noqa: F401  # a service need not have imported it to be called by Lambda
from reactflow.aws.clients import client
from reactflow.aws.names import home_account, names
from reactflow.errors import CallError, ConfigurationError, InternalError, MissingExtra, ReactflowError
from reactflow.service.deadline import Deadline
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.service.loading import load_service
from reactflow.service.service import Service
from reactflow.service.stores.in_turns import InTurns
from reactflow.service.telemetry import DELIVERIES, LOG, hashed

SETTING: Final = "REACTFLOW_SERVICE"
_CLIENTS: Final = ("kinesis", "dynamodb", "s3")

Handler = Callable[[Mapping[str, Any], object], object]
handler: Handler  # made by __getattr__


def __getattr__(name: str) -> Any:
    """The handler, made when it is first asked for."""
    if name != "handler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        made = handler_of(_service())
    except ReactflowError as error:
        raise _told(error) from None
    globals()["handler"] = made
    return made


def handler_of(service: Service) -> Handler:
    """The handler of a service, with all made that can be made before the first event.

    It takes and answers what ``Service.handler`` does, and raises what that raises, without the values of a call.

    >>> from reactflow import Flow, Service, cell
    >>> class Greeting(Flow):
    ...     name = cell("world")
    ...     greeting = name.map("Hello, {}!".format)
    >>> handler_of(Service(Greeting, key=()))({"name": "Ann"}, None)
    {'name': 'Ann', 'greeting': 'Hello, Ann!'}
    """
    write_logs()
    _make_ready(service)
    handle = service.host.handle

    def handler(event: Mapping[str, Any], context: object = None) -> object:
        try:
            return handle(event, context)
        except Exception as error:
            failed = error
        raise _told(failed) from None

    return handler


def write_logs(to: TextIO | None = None) -> None:
    """Where ``REACTFLOW_LOG=json`` is set, write what reactflow logs as lines of JSON, as they are told.

    Lambda's own handler would put other things around a line, and leave deliveries out, which are told at INFO.
    """
    if os.environ.get(LOG) != "json":
        return
    log = logging.getLogger("reactflow")
    log.handlers = [logging.StreamHandler(to if to is not None else sys.stdout)]
    log.handlers[0].setFormatter(_Lines())
    log.setLevel(logging.INFO)
    log.propagate = False


class _Lines(logging.Formatter):
    """A record of the log as one line of JSON: of a unit its hash, of an exception its type and where it was."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.name == DELIVERIES:
            return text  # a line of JSON
        for one in record.args if isinstance(record.args, tuple) else ():
            if isinstance(one, UnitKey):
                text = text.replace(one.text, hashed(one.text))
        told = {"event": "log", "level": record.levelname, "logger": record.name, "message": text}
        if record.exc_info and record.exc_info[0] is not None:
            told |= {"error": record.exc_info[0].__name__, "at": _frames(record.exc_info[1])}
        return json.dumps(told, separators=(",", ":"))


def _frames(error: BaseException | None) -> str:
    frames = traceback.extract_tb(error.__traceback__ if error is not None else None)
    return " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)


def _service() -> Service:
    target = os.environ.get(SETTING, "")
    if not target:
        raise ConfigurationError(
            f"{SETTING} is not set: set it to the service that this function is, as module:attribute, such as "
            "rooms:rooms for `rooms = Service(...)` in rooms.py"
        )
    try:
        return load_service(target, missing=f"put it into the function's package, or correct {SETTING}")
    except MissingExtra:
        raise
    except ConfigurationError as error:
        raise ConfigurationError(f"{SETTING}={target}: {error}") from error


def _make_ready(service: Service) -> None:
    """Make what the first event would have to wait for; raises ConfigurationError for a setting that is wrong."""
    names()
    home_account()
    Deadline(lambda: 1.0)
    store = service.host.store
    if not service.bound:
        return
    Item(v=1).to_bytes()
    used = {one.partition("/")[0] for one in service.writes}
    if any(one.startswith("s3/") for one in service.reads):
        used.add("s3")
    if getattr(store.store if isinstance(store, InTurns) else store, "resource", "").startswith("dynamodb/"):
        used.add("dynamodb")
    for kind in sorted(used.intersection(_CLIENTS)):
        client(kind)


def _told(error: Exception) -> Exception:
    """The error as it goes to the log and the caller: without where it passed through, and without a value."""
    if isinstance(error, CallError):
        return CallError(error.public)
    if isinstance(error, ReactflowError):
        return error.with_traceback(None)
    ours = InternalError(
        f"unexpected {type(error).__name__}, of which the trace tells where: please report it"
    )
    return ours.with_traceback(error.__traceback__)
