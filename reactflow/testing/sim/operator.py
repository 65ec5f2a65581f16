"""The operator of a run: redrives and skips cases, sweeps, mends what is corrupt, and puts again what was given up.

What a trigger gave up has an unknown outcome, so an operator first waits until nobody works on it any more, and then
looks for each record whether it was applied.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence

from reactflow.service import Host, Service
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.cloud import Cloud
from reactflow.testing.sim.readings import Reading, identity, read
from reactflow.testing.sim.triggers import StreamTrigger
from reactflow.testing.sim.watch import Invocation, Watch

Act = Callable[[Host], object]
"""Something that is done with a host of a service."""


class Operator:
    """Acts on a run from outside of its services."""

    def __init__(self, services: Mapping[str, Service], cloud: Cloud, watch: Watch, chaos: Chaos) -> None:
        self._services, self._cloud, self._watch, self._chaos = services, cloud, watch, chaos
        self._redriven: set[tuple[str, str, str]] = set()

    # --- cases and what is owed --------------------------------------------------------------------------------------

    def act(self, name: str, *, is_calm: bool) -> tuple[Act, str]:
        """Something to be done for a service: redrive or skip a case, maybe one that is closed by now, or sweep."""
        chance = self._chaos.chance
        cases = [one.id for one in self._watch.store.kept if one.service == name and one.unit is not None]
        if not cases or chance.random() < 0.3:
            self._chaos.say(f"sweep {name}")
            return lambda host: host.sweep(0.5), ""
        id = cases[-1 - int(chance.expovariate(0.7)) % len(cases)]
        return self._dealt_with(id, is_skipped=chance.random() < 0.3)

    def _dealt_with(self, id: str, *, is_skipped: bool) -> tuple[Act, str]:
        self._chaos.say(f"{'skip' if is_skipped else 'redrive'} {id}")
        if is_skipped:
            return lambda host: host.skip(id), id.removesuffix("~")  # what waits is kept under another id
        return lambda host: host.redrive(id), ""

    def all_open(self, name: str) -> list[tuple[str, Act, str]]:
        """For every unit with open cases of a service, what deals with the first: it is redriven, and then skipped."""
        found: list[tuple[str, Act, str]] = []
        for unit, there in self._watch.models[name].units.items():
            for id in [*there.item.open_cases][:1]:
                tried = (name, unit, id)
                found.append((name, *self._dealt_with(id, is_skipped=tried in self._redriven)))
                self._redriven.add(tried)
        return found

    # --- what was given up, or is broken -----------------------------------------------------------------------------

    def mend(self) -> None:
        """Mend the items that cannot be read."""
        if self._watch.store.corrupt:
            self._watch.store.corrupt.clear()
            self._chaos.say("somebody mends what was corrupt")

    @property
    def has_more(self) -> bool:
        """Whether there is still something that was given up."""
        return any(isinstance(one, StreamTrigger) and one.given_up for one in self._cloud.triggers)

    def put_again(self, running: Sequence[Invocation]) -> bool:
        """Put the records of batches that were given up again, but those that were applied; whether there were any."""
        found = False
        for trigger in self._cloud.triggers:
            if not isinstance(trigger, StreamTrigger) or not trigger.given_up:
                continue
            service = self._services[trigger.service]
            held = {reading.id for one in running for reading in one.readings}
            readings = read(service, trigger.given_up[0].event)
            if any(reading.id in held for reading in readings):
                continue  # somebody may still apply them
            trigger.given_up.pop(0)
            self._chaos.say(f"an operator looks at {len(readings)} records that were given up")
            for reading in readings:
                if not self._watch.is_done(trigger.service, reading):
                    self._put_again(trigger, reading)
                    found = True
        return found

    def _put_again(self, trigger: StreamTrigger, reading: Reading) -> None:
        raw = reading.record.raw["kinesis"]
        shard = reading.record.raw["eventID"].partition(":")[0]
        trigger.stream.shards[shard].trimmed.add(raw["sequenceNumber"])
        self._cloud.kinesis.put(
            trigger.stream.resource.partition("/")[2], raw["partitionKey"], base64.b64decode(raw["data"])
        )

    def trim(self) -> None:
        """Perhaps a record from outside expires that nobody has read."""
        chaos = self._chaos
        trigger = chaos.chance.choice(self._cloud.triggers)
        if not isinstance(trigger, StreamTrigger) or not chaos.strikes("trim", trigger.stream.resource):
            return
        for shard in trigger.stream.shards.values():
            for entry in shard.entries:
                raw = json.loads(entry.text)
                (reading,) = read(self._services[trigger.service], {"Records": [raw]})
                if identity(raw) not in self._watch.delivered and not reading.lane.startswith("sent/"):
                    shard.trimmed.add(entry.identifier)
                    return
