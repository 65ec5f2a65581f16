"""``reactflow dev``: services on this machine, with an AWS of their own, and word of all they do.

It promises that nothing is left behind, whenever it is ended: no process, no port, no file but the state that was asked
for. Ctrl-c or SIGTERM ends it after the delivery that is going on, a second one at once.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import FrameType
from typing import Annotated, Any

import typer

from reactflow.cli.checks import check_address, check_answers, check_installed, state_name, state_of
from reactflow.cli.hints import hints
from reactflow.cli.options import Targets
from reactflow.cli.target import load_system
from reactflow.cli.telling import JsonTelling, Telling, counted
from reactflow.errors import ConfigurationError, MissingExtra
from reactflow.local import Cloud
from reactflow.service import Service, Store, System
from reactflow.service.stores import open_store

PORT = 4566
STATE_FILE = "sqlite:reactflow-dev.db"
MOST_NAMES = 4  # services that the page's title names


def dev(
    targets: Targets,
    endpoint: Annotated[
        str,
        typer.Option(
            help="the AWS at this URL, instead of an embedded one",
            metavar="URL", envvar="REACTFLOW_ENDPOINT", show_envvar=False, show_default=False,
        ),
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            help="the embedded AWS's port, 0 for any [default: 4566, or any when it is taken]",
            min=0, max=65535, metavar="N", envvar="REACTFLOW_PORT", show_envvar=False,
        ),
    ] = None,
    state: Annotated[
        str,
        typer.Option(
            help="where units are kept: memory, sqlite:PATH or dynamodb:TABLE [default: the service's own, else "
            "memory; with --endpoint sqlite:reactflow-dev.db]",
            metavar="STORE", show_default=False,
        ),
    ] = "",
    shards: Annotated[
        int,
        typer.Option(
            help="shards of the streams that are made", min=1, metavar="N", envvar="REACTFLOW_SHARDS", show_envvar=False
        ),
    ] = 2,
    page: Annotated[
        bool,
        typer.Option(help="a page of the running graph, on 127.0.0.1", envvar="REACTFLOW_PAGE", show_envvar=False),
    ] = True,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="end when there is nothing left to do")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON object a line")] = False,
) -> None:  # fmt: skip
    """Run services on this machine, and tell what they do.

    An AWS is embedded, what the services need is made in it, and what is put into it is delivered to them as Lambda
    would. Ctrl-c ends it all.

    \b
    reactflow dev                                   (the targets of [tool.reactflow])
    reactflow dev rooms:rooms floors:floors --state sqlite:state.db
    """
    check_installed("reactflow dev", ("boto3",) if endpoint else ("boto3", "ministack"))
    code = run(
        load_system(targets),
        endpoint=endpoint,
        port=port,
        state=state,
        shards=shards,
        page=page,
        until_idle=until_idle,
        as_json=as_json,
    )
    raise typer.Exit(code)


def run(
    system: System,
    *,
    endpoint: str = "",
    port: int | None = None,
    state: str = "",
    shards: int = 2,
    page: bool = True,
    until_idle: bool = False,
    as_json: bool = False,
) -> int:
    """Run a system's services until ctrl-c, or until there is nothing left to do; returns the exit code.

    Without ``state``, a service's own store is taken; else what REACTFLOW_STATE says; else memory beside an embedded
    cloud, whose streams begin anew each time, and a file beside a named one: its streams are still there after a
    restart. With their marks forgotten they would be applied all over again, and the changes numbered anew.

    Raises ConfigurationError when the cloud cannot be started or what the services need cannot be made.
    """
    from rich.console import Console

    from reactflow.local.dev import LocalHost

    is_given, state = bool(state), state_of(state, STATE_FILE if endpoint else "memory")
    if endpoint:
        check_address(endpoint)
        check_answers(
            endpoint, "start it, or leave --endpoint and REACTFLOW_ENDPOINT out to have a cloud embedded"
        )
    stores = _stores(state, is_given)  # before the cloud: what is wrong with it is told at once
    console = Console(highlight=False, soft_wrap=True)
    ending = _Ending()
    telling = (JsonTelling if as_json else Telling)(console, state, ending.ask)
    services = list(system.services.values())
    try:
        with ending.handled(), ExitStack() as stack:
            cloud = stack.enter_context(_cloud(endpoint, port, telling))
            stack.enter_context(cloud.exported())
            telling.line("cloud", f"{cloud.endpoint}  (export AWS_ENDPOINT_URL={cloud.endpoint})")
            host = LocalHost(
                system,
                cloud,
                store=stores,
                told=telling.report,
                delivered=telling.delivery,
                shards=shards,
                around=ending.around,
            )
            for resource in host.resources:
                telling.line("made", resource)
            own = {
                one.name: state_name(one.store) for one in services if one.store is not None and not is_given
            }
            telling.states.update(own)
            if len(own) < len(services):
                telling.line("state", _about(state, endpoint))
            for name, where in own.items():
                telling.line("state", f"{_about(where, endpoint)}, of {name}")
            if page:
                _show_page(telling, host.system, stack)
            for service in services:
                reads, writes = " ".join(service.reads) or "nothing", " ".join(service.writes) or "nothing"
                telling.line("service", f"{service.name}: {reads} -> {writes}")
            is_usual = cloud.endpoint.endswith(f":{PORT}")
            for hint in [hint for one in services for hint in hints(one, "" if is_usual else cloud.endpoint)]:
                telling.line("try", hint, "dim")
            ending.stop = host.stop
            if until_idle:
                summary = host.run_until_idle()
                ending.is_over = True
                deliveries = counted(summary.deliveries, "delivery").replace("deliverys", "deliveries")
                telling.line("idle", f"{telling.summary()}, in {deliveries}")
            else:
                telling.line("ready", "ctrl-c ends it")
                host.run()
                ending.is_over = True
                telling.line("stopped", telling.summary())
    except _Ended as ended:
        if ending.stop is None or ended.is_amid:
            telling.line("ended", "in the middle of a delivery" if ended.is_amid else "before it was ready")
        else:
            telling.line("stopped", telling.summary())
        return 128 + ended.number
    return 0


@contextmanager
def _cloud(endpoint: str, port: int | None, telling: Telling) -> Iterator[Cloud]:
    if endpoint:
        yield Cloud.at(endpoint)
        return
    if port is None and not _is_free(PORT):
        telling.line("port", f"{PORT} is taken, by another cloud perhaps: taking a free one")
        port = 0
    elif port and not _is_free(port):
        raise ConfigurationError(
            f"port {port} is taken: name another, --port 0 for any that is free, or, if a cloud "
            f"runs there, --endpoint http://127.0.0.1:{port}"
        )
    with Cloud.start(port=PORT if port is None else port) as cloud:
        yield cloud


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _stores(state: str, is_given: bool) -> Callable[[Service], Store]:
    """One store for all services; when it was not asked for, a service's own goes before it."""
    shared = open_store(state)
    return lambda service: shared if is_given or service.store is None else service.store


def _about(state: str, endpoint: str) -> str:
    if state.startswith("dynamodb:"):
        return state + ("" if endpoint else "  (in the embedded cloud, and gone with it)")
    if state != "memory":
        return state + ("" if endpoint else "  (the embedded cloud begins anew each time, this does not)")
    if endpoint:
        return "memory  (after a restart every stream is applied again from its beginning)"
    return "memory  (gone when this ends, as the embedded cloud is)"


def _show_page(telling: Telling, system: System, stack: ExitStack) -> None:
    try:
        from reactflow.dashboard import Dashboard, Feed

        telling.feed = Feed()
        title = _title(list(system.services))
        page = Dashboard(telling.feed, lambda: replace(system.graph(), title=title))
        telling.line("page", stack.enter_context(page).url)
    except MissingExtra as error:
        telling.feed = None
        telling.line("no page", str(error), "dim")


def _title(names: list[str]) -> str:
    """What the page is called: the services, by their names."""
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[: MOST_NAMES - 1])} and {len(names) - MOST_NAMES + 1} more"
    return ", ".join(names)


class _Ended(KeyboardInterrupt):
    """A signal that ends the run at once. Not an Exception: neither a handler nor a trigger may keep it."""

    def __init__(self, number: int, is_amid: bool) -> None:
        super().__init__()
        self.number = number
        self.is_amid = is_amid  # a service was at work


class _Ending:
    """Ends the run on a signal: at once while it starts, then after the delivery that is going on."""

    def __init__(self) -> None:
        self.stop: Callable[[], object] | None = None
        # all is done and told: what is left is to clean up, which no signal may cut short
        self.is_over = False
        self._at_work = 0
        # drawn from in one step: a signal may come while another is handled
        self._signals = itertools.count()

    def ask(self) -> None:
        """End it when the delivery that is going on is done."""
        if self.stop is not None:
            self.stop()

    def around(self, handler: Callable[[Any, Any], object]) -> Callable[[Any, Any], object]:
        """A handler that says when it is at work."""

        def handle(event: Any, context: Any) -> object:
            self._at_work += 1
            try:
                return handler(event, context)
            finally:
                self._at_work -= 1

        return handle

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle ctrl-c and SIGTERM; what handled them before does so again afterwards."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.is_over:
            return
        if self.stop is None or next(self._signals):
            raise _Ended(number, self._at_work > 0)
        # Not by the console: this may have come in the middle of one of its lines.
        after = b"after the delivery that is going on; " if self._at_work else b""
        os.write(2, b"stopping    " + after + b"ctrl-c again ends it at once\n")
        self.ask()
