"""The watch: what has to hold at each commit, each acknowledgement and at the end of a run.

It is told of everything that happens and changes nothing. What does not hold is a Violation, named by the invariant
of the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from reactflow.service import Host, Report, Service
from reactflow.service.caseid import kept_as
from reactflow.service.contribution import Contribution
from reactflow.service.item import Item
from reactflow.service.key import UnitKey
from reactflow.testing.sim.baton import Task
from reactflow.testing.sim.cloud import Cloud
from reactflow.testing.sim.ends import check_ends
from reactflow.testing.sim.ledger import Ledger
from reactflow.testing.sim.model import Commit, Model
from reactflow.testing.sim.readings import Reading, identity, read
from reactflow.testing.sim.store import SimStore
from reactflow.testing.sim.triggers import Flight, NoticeTrigger, StreamTrigger, Trigger
from reactflow.testing.sim.violation import Violation


@define(eq=False)
class Invocation:
    """One call of a handler, or of something that an operator does; ``until`` is how long it stands still.

    ``skips`` is the case that it gives up, ``sweeps`` says that it looks after units without any record.
    """

    task: Task
    service: str
    host: Host
    flight: Flight | None
    trigger: Trigger | None
    readings: Sequence[Reading]
    until: float = 0.0
    skips: str = ""
    sweeps: bool = False
    writes: dict[str, int] = field(factory=dict)
    report: Report | None = None


class Watch:
    """Looks on at one run."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.now: Invocation | None = None
        self.delivered: set[str] = set()
        self.models: dict[str, Model] = {}
        self.store: SimStore

    def committed(
        self, service: str, unit: str, before: Item, item: Item, contributions: Sequence[Contribution]
    ) -> None:
        """A write took place."""
        one, store = self.now, self.store
        assert one is not None
        new = self.ledger.commit(service, unit, before, item)
        self.ledger.check_numbers(service, unit, item)
        here = (one.task, (service, unit))
        was_refused = here in store.refused
        one.writes[unit] = one.writes.get(unit, 0) + 1
        model, key = self.models[service], self._key(one, service, unit)
        # more for a cut, for what was released, and where an answer was lost and more can be done by now
        is_excused = was_refused or here in store.lost or contributions or model.unit(key).has_queue
        if one.writes[unit] > 1 and not is_excused:
            raise Violation("I13", f"{one.task.name} wrote unit {unit} {one.writes[unit]} times")
        kept = {one.id for one in store.kept}
        for id in (*item.open_cases, *item.waiting):
            if not (id in before.open_cases or id in before.waiting or id in kept or kept_as(id) in kept):
                raise Violation("I2", f"the case {id} was entered before it was kept")
        untold = frozenset((one.output, one.destination) for one in before.out if one.recompute)
        commit = Commit(one.readings, item, new, contributions, one.skips, one.sweeps, was_refused, untold)
        model.committed(key, commit)

    def acknowledged(self, one: Invocation, readings: Sequence[Reading]) -> None:
        """A trigger was told that these are done."""
        for reading in readings:
            self._is_done(one.service, reading, "is acknowledged")
            model = self.models[one.service]
            for unit in reading.events:
                there = model.units[unit]
                v = there.done[reading.id][1] if reading.id in there.done else 0
                if owed := self.ledger.owed(one.service, unit, v):
                    raise Violation("I6", f"{reading.id} is acknowledged, and {owed[0]} is not published")

    def _is_done(self, service: str, reading: Reading, how: str) -> None:
        if reading.lost and identity(reading.record.raw) not in self._kept(service):
            raise Violation("I2", f"{reading.id} {how}, and its case was not kept: {reading.lost}")
        for unit in reading.events:
            if not self.models[service].is_done(reading, unit):
                raise Violation(
                    "I6" if "acknow" in how else "I2", f"{reading.id} {how}, and unit {unit} has not seen it"
                )

    def _kept(self, service: str) -> set[str]:
        return {
            identity(case.record) for case in self.store.kept if case.service == service and case.unit is None
        }

    def _key(self, one: Invocation, service: str, unit: str) -> UnitKey:
        for each in one.readings:
            if unit in each.events:
                return each.events[unit].unit
        return self.models[service].units[unit].key

    def is_done(self, service: str, reading: Reading) -> bool:
        """Whether a record has had all its effect, or is kept."""
        try:
            self._is_done(service, reading, "")
        except Violation:
            return False
        return True

    def reported(self, one: Invocation) -> None:
        """A host has told what became of a delivery."""
        report = one.report
        if report is None or one.flight is None:
            return
        wanted = sum(max(1, len(reading.events)) for reading in one.readings)
        counted = sum(report.fates.values())
        if counted != wanted:
            raise Violation(
                "I7", f"{one.task.name} counts {dict(report.fates)}, and was handed {wanted} events"
            )

    def at_end(self, services: Mapping[str, Service], cloud: Cloud) -> None:
        """Everything has settled."""
        for trigger in cloud.triggers:
            for raw in raws_of(trigger):
                for reading in read(services[trigger.service], {"Records": [raw]}):
                    self._is_done(trigger.service, reading, "was put")
        for name, service in services.items():
            model = self.models[name]
            for unit, there in model.units.items():
                if there.item.v and self.store.inner.get(name, unit) != there.item:
                    raise Violation("I1", f"the stored item of unit {unit} is another than was committed")
            check_ends(service, model, self.ledger, cloud)


def raws_of(trigger: Trigger) -> Iterator[Mapping[str, Any]]:
    """Everything that a trigger had to deliver, but what expired."""
    if isinstance(trigger, NoticeTrigger):
        yield from trigger.raws
    elif isinstance(trigger, StreamTrigger):
        for shard in trigger.stream.shards.values():
            yield from (json.loads(one.text) for one in shard.entries if one.identifier not in shard.trimmed)
