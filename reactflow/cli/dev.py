"""``reactflow dev``: runs services and tells what they do, a line for each thing that happened."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from reactflow.errors import MissingExtra
from reactflow.local import Cloud
from reactflow.service import Service
from reactflow.service.decoding import short
from reactflow.service.host import Report
from reactflow.service.stores import open_store


def run(
    services: Sequence[Service],
    *,
    endpoint: str = "",
    port: int = 4566,
    state: str = "memory",
    shards: int = 2,
    page: bool = True,
    until_idle: bool = False,
) -> None:
    """Run services until ctrl-c, or until there is nothing left to do.

    Raises ConfigurationError when the cloud cannot be started or what the services need cannot be made.
    """
    from rich.console import Console

    from reactflow.local.dev import LocalHost

    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        cloud = Cloud.at(endpoint) if endpoint else stack.enter_context(_embedded(port))
        stack.enter_context(cloud.exported())
        feed = _Told(console)
        host = LocalHost(
            services,
            cloud,
            store=lambda _: open_store(state),
            told=feed.report,
            delivered=feed.delivery,
            shards=shards,
        )
        console.print(f"[bold]cloud[/]     {cloud.endpoint}  (export AWS_ENDPOINT_URL={cloud.endpoint})")
        for service in services:
            console.print(
                f"[bold]service[/]   {service.name}: {' '.join(service.reads)} -> {' '.join(service.writes)}"
            )
        for resource in host.resources:
            console.print(f"[bold]made[/]      {resource}")
        if page:
            feed.page(stack, host)
        for service in services:
            for line in _hints(service, cloud):
                console.print(f"[dim]try       {line}[/]", markup=True)
        if until_idle:
            summary = host.run_until_idle()
            console.print(f"[bold]idle[/]      {summary.finished} records in {summary.deliveries} deliveries")
            return
        with _stopping(host):
            console.print("[bold]ready[/]     ctrl-c ends it")
            host.run()
        console.print("[bold]stopped[/]")


@contextmanager
def _embedded(port: int) -> Iterator[Cloud]:
    with Cloud.start(port=port if _is_free(port) else 0) as cloud:
        yield cloud


def _is_free(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _stopping(host: Any) -> Iterator[None]:
    """Ctrl-c and SIGTERM end the run at its next delivery, so that nothing is left half done."""
    before = {
        number: signal.signal(number, lambda *_: host.stop()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Told:
    """Words what happens, for the console and the page."""

    def __init__(self, console: Any) -> None:
        self.console = console
        self.feed: Any = None

    def page(self, stack: ExitStack, host: Any) -> None:
        try:
            from reactflow.dashboard import Dashboard, Feed

            self.feed = Feed()
            page = stack.enter_context(Dashboard(self.feed, host.system.graph))
            self.console.print(f"[bold]page[/]      {page.url}")
        except MissingExtra as error:
            self.console.print(f"[dim]no page:  {error}[/]")

    def report(self, service: Service, report: Report) -> None:
        from rich.markup import escape

        if report.records:
            self.console.print(f"[bold cyan]{service.name}[/]: {escape(str(report))}")
        for one in report.published[:20]:
            unit = one.envelope["subject"]
            shown = (
                "removed"
                if one.kind == "removal"
                else ", ".join(
                    f"{name}={short(value)}" for name, value in one.values.items() if name not in one.key
                )
            )
            where = one.id.split("/")[3].replace(":", "/")
            self.console.print(f"  [green]{where}[/] {escape(unit)}: {escape(shown)}")
        if len(report.published) > 20:
            self.console.print(f"  ... and {len(report.published) - 20} more")
        for case in report.cases:
            self.console.print(f"  [red]quarantined[/] {escape(str(case))}")
        for text in report.transients:
            self.console.print(f"  [yellow]again[/] {escape(text)}")
        if self.feed is not None:
            self.feed.add(
                {
                    "service": service.name,
                    "records": report.records,
                    "fates": dict(report.fates),
                    "units": list(report.units),
                    "cases": [str(case) for case in report.cases],
                    "transients": list(report.transients),
                }
            )

    def delivery(self, delivery: Any) -> None:
        if delivery.outcome != "done":
            from rich.markup import escape

            self.console.print(f"[yellow]{escape(str(delivery))}[/]")


def _hints(service: Service, cloud: Cloud) -> list[str]:
    """What to type in another terminal to see something happen."""
    where = "" if cloud.endpoint.endswith(":4566") else f" --endpoint {cloud.endpoint}"
    found: list[str] = []
    for one in service.bound:
        kind, name = one.source.resource.split("/", 1)
        fields = {**dict.fromkeys(one.paths.values(), "..."), **dict.fromkeys(one.feeds.values(), "...")}
        if kind == "s3":
            found.append(
                f"reactflow put{where} s3 {name} KEY=FILE   (keys such as {getattr(one.source, 'key', '')})"
            )
        else:
            example = ", ".join(f'"{field}": {shown}' for field, shown in fields.items())
            found.append(f"reactflow put{where} {kind} {name} '{{{example}}}'")
    return found
