"""The check that a user calls: a service, or several joined, run under many seeds; the first that fails is shrunk."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any

from attrs import frozen

from reactflow.errors import ConfigurationError
from reactflow.service import Service, System
from reactflow.service.decoding import short
from reactflow.service.stores import Store
from reactflow.testing.sim.cloud import Sending
from reactflow.testing.sim.faults import Asked, Rates, drawn, rates_of
from reactflow.testing.sim.sendings import Events, given, made_up
from reactflow.testing.sim.shrinking import Case, shrunk
from reactflow.testing.sim.world import Outcome, World

RECORDS = 30  # made up for a run when none are given
_SHOWN = 200  # lines of a trace in a message


@frozen
class DeliveryReport:
    """What was tried: how many seeds, records, invocations and writes, and how often each fault struck."""

    seeds: int
    records: int
    invocations: int
    writes: int
    faults: Mapping[str, int]
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.seeds} {'seed' if self.seeds == 1 else 'seeds'}, {self.records} records, "
            f"{self.invocations} invocations, {self.writes} writes, "
            f"{sum(self.faults.values())} faults injected, {self.seconds:.1f} s: nothing lost, nothing doubled"
        )


class DeliveryError(AssertionError):
    """A seed fails: ``outcome`` is the shrunk run, whose ``lines`` say all that happened, one line an action."""

    def __init__(self, outcome: Outcome, seed: int, records: int, faults: int, about: str) -> None:
        self.outcome, self.seed = outcome, seed
        lines = list(outcome.lines)
        hidden = len(lines) - _SHOWN
        shown = lines if hidden <= 0 else [f"... {hidden} lines before", *lines[-_SHOWN:]]
        super().__init__(
            "\n".join([
                f"seed {seed}: {outcome.violation}",
                f"shrunk from {records} records and {faults} faults to {outcome.records} and {len(outcome.struck)}",
                *shown,
                about,
            ])
        )  # fmt: skip


def check_delivery(
    service: Service | System | Iterable[Service],
    events: Events = None,
    *,
    seeds: int = 20,
    seed: int | None = None,
    faults: Asked = None,
    records: int = RECORDS,
    store: Callable[[], Store] | None = None,
    progress: Callable[[int], object] | None = None,
) -> DeliveryReport:
    """Run a service's own code through crashes, redeliveries, rivals and outages, and compare with the plain answer.

    ``service`` may be a System, or several services that are joined by what they share. ``events`` are what is put
    from outside: plain fields for the one input, or ``{"measurements": [...]}`` for several; items of a table,
    ``(before, None)`` for one that is deleted; names of objects; or events as Lambda delivers them. Without them
    ``records`` are made up from the types of the cells.

    ``seeds`` runs are made, from seed 0 on; with ``seed`` just that one. ``faults`` are those of the protocol, by
    name or number, each with a rate if wanted (``"crash,zombie=0.2"``); without them each seed draws some of them.
    ``store`` makes the store of a run, in memory if it is left out. ``progress`` is called after each seed.

    Raises DeliveryError, an AssertionError, for the first seed that fails, shrunk; ConfigurationError for faults or
    events that there are not.

    >>> from reactflow import Flow, Service, cell, row
    >>> from reactflow.aws import DynamoDB, Kinesis
    >>> class Room(Flow):
    ...     length = cell(1.0)
    ...     width = cell(1.0)
    ...     area = length * width
    >>> rooms = Service(
    ...     Room,
    ...     key="room",
    ...     inputs=[Kinesis("measurements", partition="room")],
    ...     outputs=[row(Room.area) >> DynamoDB("areas")],
    ... )
    >>> events = [{"room": "r1", "length": 3.0}, {"room": "r2", "width": 2.0}, {"room": "r1", "width": 4.0}]
    >>> report = check_delivery(rooms, events, seeds=3)
    >>> report.seeds, report.records
    (3, 9)
    """
    services = _services(service)
    for name, number in (("seeds", seeds), ("records", records)):
        if number < 1:
            raise ConfigurationError(f"{name}={number!r} would try nothing: give 1 or more")
    rates = rates_of(faults)
    put = given(services, events) if events is not None else None
    struck: Counter[str] = Counter()
    counted = Counter[str]()
    begun = time.perf_counter()
    chosen = range(seeds) if seed is None else (seed,)
    for one in chosen:
        sendings = put if put is not None else made_up(services, Random(f"{one}/events"), records)
        run = _Run(services, sendings, one, rates, store)
        case = Case(tuple(range(len(sendings))))
        outcome = run(case)
        if outcome.violation is not None:
            _, smallest = shrunk(run, case, outcome)
            raise DeliveryError(
                smallest, one, len(sendings), len(outcome.struck), _again(one, faults, records)
            )
        struck.update(name for name, _ in outcome.struck)
        counted.update(records=outcome.records, invocations=outcome.invocations, writes=outcome.writes)
        if progress is not None:
            progress(one)
    return DeliveryReport(
        len(chosen), counted["records"], counted["invocations"], counted["writes"], struck,
        time.perf_counter() - begun,
    )  # fmt: skip


@frozen
class _Run:
    services: Sequence[Service]
    sendings: Sequence[Sending]
    seed: int
    rates: Rates | None
    store: Callable[[], Store] | None

    def __call__(self, case: Case) -> Outcome:
        rates = self.rates if self.rates is not None else drawn(Random(f"{self.seed}/rates"))
        store = self.store() if self.store is not None else None
        sendings = [self.sendings[place] for place in case.records]
        try:
            return World(self.services, sendings, self.seed, rates, left_out=case.left_out, store=store).run()
        finally:
            if store is not None:
                store.close()


def _services(service: Any) -> list[Service]:
    if isinstance(service, System):
        return list(service.services.values())
    found = list(service) if isinstance(service, (list, tuple, set, frozenset)) else [service]
    if not found:
        raise ConfigurationError("there is no service to try: give what Service(...) or System(...) made")
    for one in found:
        if not isinstance(one, Service):
            raise ConfigurationError(
                f"{short(one)} is not a service: give what Service(...) or System(...) made"
            )
        if not one.bound:
            raise ConfigurationError(
                f"service {one.name!r} has no input, so there is nothing to deliver to it"
            )
    return found


def _again(seed: int, faults: Asked, records: int) -> str:
    asked = f", faults={faults!r}" if faults is not None else ""
    asked += f", records={records}" if records != RECORDS else ""
    return f"to run it again: check_delivery(..., seed={seed}{asked})"
