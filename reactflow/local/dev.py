"""The local host: services on an embedded cloud, with their triggers, and word of all that they do.

It is thin: what a service needs is found in ``needs``, made by ``provision``, delivered by ``triggers`` and handled by
the very function that Lambda would call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis
from reactflow.errors import ConfigurationError
from reactflow.local.cloud import Cloud
from reactflow.local.needs import needs_of, queue_of
from reactflow.local.provision import BucketNeeded, Need, provision
from reactflow.local.sweeping import Sweeping
from reactflow.local.triggers import (
    Clock,
    Delivery,
    DynamoDBTrigger,
    KinesisTrigger,
    S3Trigger,
    Summary,
    Trigger,
    Triggers,
    TriggerSettings,
)  # fmt: skip
from reactflow.service import Service, System
from reactflow.service.host import Host
from reactflow.service.report import Report
from reactflow.service.source import Source
from reactflow.service.stores import MemoryStore, Store

HERE = ("127.0.0.1", "localhost", "::1")
Handler = Callable[[Any, Any], object]
Told = Callable[[Service, Report], object]


class LocalHost:
    """Runs a system, or services, against a cloud: makes what they need, then delivers what comes. The table of a
    DynamoDBStore is made only on this machine.

    ``store`` gives a service's store (default: the service's own, else memory). ``told`` hears what became of every
    delivery, ``delivered`` of every invocation, failed ones too. Streams are made with ``shards`` shards; ``settings``
    are those of their triggers. ``around`` wraps each handler, to make faults for instance; ``handlers`` are called in
    place of the hosts of this process, by the names of their services, also to sweep: a ``LambdaRuntime`` for instance.

    Raises ConfigurationError when what the services need cannot be made, or a handler is for a service that is not
    there, BindingError for services that feed each other outside a System that declares it.
    """

    def __init__(
        self,
        services: System | Iterable[Service],
        cloud: Cloud,
        *,
        store: Callable[[Service], Store] | None = None,
        told: Told | None = None,
        delivered: Callable[[Delivery], None] | None = None,
        settings: TriggerSettings | None = None,
        shards: int = 1,
        clock: Clock | None = None,
        around: Callable[[Handler], Handler] | None = None,
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        self.cloud = cloud
        self._around = around or (lambda handler: handler)
        self.system = services if isinstance(services, System) else System(*services)
        self.services = tuple(self.system.services.values())
        self._handlers = dict(handlers or {})
        if strangers := sorted(self._handlers.keys() - self.system.services.keys()):
            raise ConfigurationError(
                f"handlers={strangers} are of no service: there are {', '.join(sorted(self.system.services))}"
            )
        failures = [BucketNeeded(settings.failures_bucket)] if settings and settings.failures_bucket else []
        self.resources = _made(cloud, [*needs_of(self.services, shards=shards), *failures])
        stores = {one.name: store(one) if store else one.store or MemoryStore() for one in self.services}
        self.resources |= _state_made(cloud, stores.values())
        self.hosts = {
            one.name: Host(one, stores[one.name], partial(told, one) if told else None)
            for one in self.services
        }
        triggers = [
            self._trigger(service, source.source, settings)
            for service in self.services
            for source in service.bound
        ]
        ours = [host for name, host in self.hosts.items() if name not in self._handlers]
        sweeping = Sweeping(ours, handlers=self._handlers)
        self._triggers = Triggers([*triggers, sweeping], clock=clock, listener=delivered)

    def _trigger(self, service: Service, source: Source, settings: TriggerSettings | None) -> Trigger:
        handler = self._around(self._handlers.get(service.name, self.hosts[service.name].handle))
        settings = _as_said(source, settings)
        if isinstance(source, Kinesis):
            return KinesisTrigger(self.cloud, source.stream, handler, settings, function=service.name)
        if isinstance(source, DynamoDB):
            return DynamoDBTrigger(self.cloud, source.table, handler, settings, function=service.name)
        if isinstance(source, S3):
            queue = queue_of(service, source)
            return S3Trigger(
                self.cloud, source.bucket, handler, queue=queue, form="queue", function=service.name
            )
        raise TypeError(f"service {service.name!r}: no trigger on this machine for {source.resource}")

    def run_until_idle(self, max_seconds: float = 60.0) -> Summary:
        """Deliver all that is there and what comes of it. Raises Transient when that does not end in time."""
        with self.cloud.exported():
            return self._triggers.run_until_idle(max_seconds)

    def run(self) -> None:
        """Deliver whatever comes, until ``stop()``."""
        with self.cloud.exported():
            self._triggers.run()

    def stop(self) -> None:
        """End ``run`` at its next delivery; may be called from any thread or signal handler."""
        self._triggers.stop()


def _as_said(source: Source, settings: TriggerSettings | None) -> TriggerSettings | None:
    """The settings of a trigger, with what its source says of it."""
    made = settings or TriggerSettings()
    if isinstance(source, Kinesis) and source.parallelization_factor > made.parallelization_factor:
        made = evolve(made, parallelization_factor=source.parallelization_factor)
    if source.start == "latest" and made.starting_position == "TRIM_HORIZON":
        made = evolve(made, starting_position="LATEST")
    return made


def _made(cloud: Cloud, needs: Iterable[Need]) -> dict[str, str]:
    """Make what is needed; what the cloud refuses, a name that is too short for instance, is the user's to correct."""
    made: dict[str, str] = {}
    for need in needs:
        try:
            made |= provision(cloud, [need])
        except Exception as error:
            if not type(error).__module__.startswith("botocore"):
                raise
            raise ConfigurationError(
                f"{need.resource} cannot be made at {cloud.endpoint}: {error}"
            ) from error
    return made


def _state_made(cloud: Cloud, stores: Iterable[Store]) -> dict[str, str]:
    """Make the tables in which services keep their state, on this machine only: elsewhere they are somebody's."""
    if urlsplit(cloud.endpoint).hostname not in HERE:
        return {}
    tables = {one.table: one for one in stores if isinstance(one, DynamoDBStore)}
    with cloud.exported():
        return {one.resource: one.create() for one in tables.values()}
