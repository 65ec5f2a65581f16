"""The operator of a run: mends what is corrupt, puts again what a trigger gave up, and sees records expire.

What a trigger gave up has an unknown outcome, so an operator first waits until nobody works on it any more, and then
looks for each record whether it was applied.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

from reactflow.service import Service
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.cloud import Cloud
from reactflow.testing.sim.readings import Reading, identity, read
from reactflow.testing.sim.triggers import StreamTrigger
from reactflow.testing.sim.watch import Invocation, Watch


class Operator:
    """Acts on a run from outside of its services."""

    def __init__(self, services: Mapping[str, Service], cloud: Cloud, watch: Watch, chaos: Chaos) -> None:
        self._services, self._cloud, self._watch, self._chaos = services, cloud, watch, chaos

    def mend(self) -> None:
        """Mend the items that cannot be read."""
        if self._watch.store.corrupt:
            self._watch.store.corrupt.clear()
            self._chaos.say("somebody mends what was corrupt")

    def put_again(self, running: Sequence[Invocation]) -> None:
        """Put the records of batches that were given up again, but those that were applied."""
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
