"""The cloud of a run: the streams, tables and buckets that its services read and write, in memory.

What there has to be is found from the services, as it is for an embedded AWS. It is told what a producer puts from
outside, and hands out the clients that the real sinks and objects call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from reactflow.aws import S3, Kinesis
from reactflow.errors import ConfigurationError
from reactflow.local.needs import needs_of
from reactflow.local.provision import BucketNeeded, StreamNeeded, TableNeeded
from reactflow.service import Service
from reactflow.service.json_writer import as_text, write_json
from reactflow.testing.sim.baton import Baton
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.dynamodb import SimDynamoDB, typed
from reactflow.testing.sim.kinesis import SimKinesis
from reactflow.testing.sim.readings import can_part
from reactflow.testing.sim.s3 import SimS3
from reactflow.testing.sim.triggers import NoticeTrigger, StreamTrigger, Trigger


@frozen
class Sending:
    """Something that a producer puts: ``fields`` is an object, bytes or text for a stream; an item for a table, None
    for one that is deleted (``before`` tells which); the name of an object with its ``body``, or None as well.
    """

    resource: str
    fields: Any
    before: Mapping[str, Any] | None = None
    body: bytes = b""
    key: str | None = None


class Cloud:
    """Everything outside the services."""

    def __init__(
        self, services: Sequence[Service], chaos: Chaos, baton: Baton, now: Callable[[], float]
    ) -> None:
        chance = chaos.chance
        self.kinesis, self.dynamodb = SimKinesis(chaos, now), SimDynamoDB(chaos, now)
        self.s3 = SimS3(chaos, baton)
        self._chaos = chaos
        self._partitions = {
            one.source.stream: one.source.partition
            for service in services for one in service.bound if isinstance(one.source, Kinesis)
        }  # fmt: skip
        for need in needs_of(services):
            if isinstance(need, StreamNeeded):
                self.kinesis.make(need.name, chance.choice((1, 2, 3)))
            elif isinstance(need, TableNeeded):
                keys = (need.partition, need.sort) if need.sort else (need.partition,)
                self.dynamodb.make(need.name, keys, chance.choice((1, 2)))
            elif isinstance(need, BucketNeeded):
                self.s3.make(need.name, chance.random() < 0.5)
        self._readers = Counter(
            resource for service in services for resource in {one.resource for one in service.bound}
        )
        self._written = {output.sink.destination for service in services for output in service.outputs}
        self.triggers: list[Trigger] = [
            trigger for service in services for trigger in self._triggers(service, chaos)
        ]

    @property
    def clients(self) -> Mapping[str, Any]:
        """What stands in for the clients of boto3."""
        return {"kinesis": self.kinesis, "dynamodb": self.dynamodb, "s3": self.s3}

    def _triggers(self, service: Service, chaos: Chaos) -> list[Trigger]:
        made: list[Trigger] = []
        for resource in dict.fromkeys(one.source.resource for one in service.bound):
            kind, _, name = resource.partition("/")
            how = {
                "is_alone": self._readers[resource] == 1 and resource not in self._written,
                "can_part": all(can_part(one) for one in service.bound if one.source.resource == resource),
            }
            if kind == "kinesis":
                made.append(StreamTrigger(service.name, self.kinesis.streams[name], chaos, **how))
            elif kind == "dynamodb":
                stream = self.dynamodb.tables[name].stream
                made.append(StreamTrigger(service.name, stream, chaos, **how))
            elif kind == "s3":
                notices = NoticeTrigger(service.name, resource, chaos)
                prefixes = tuple(
                    one.source.template.prefix for one in service.bound
                    if isinstance(one.source, S3) and one.source.resource == resource
                )  # fmt: skip
                self.s3.buckets[name].listeners.append((prefixes, notices.tell))
                made.append(notices)
            else:
                raise ConfigurationError(
                    f"service {service.name!r} reads {resource}, which cannot be simulated"
                )
        return made

    # --- what comes from outside -------------------------------------------------------------------------------------

    def put(self, sending: Sending) -> None:
        """Put what a producer sends; perhaps twice, or spoiled."""
        kind, _, name = sending.resource.partition("/")
        if kind == "kinesis":
            self._put_record(name, sending)
        elif kind == "dynamodb":
            self._put_item(name, sending)
        elif sending.fields is None or sending.before is not None:
            self.s3.delete(name, str(sending.before["key"] if sending.before else ""))
        else:
            self.s3.put(name, str(sending.fields), sending.body)

    def _put_record(self, name: str, sending: Sending) -> None:
        chaos, fields = self._chaos, sending.fields
        partition = self._partitions.get(name)
        key = sending.key
        if key is None and partition is not None and isinstance(fields, Mapping):
            value: Any = fields
            for part in partition.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            key = as_text(value) or "none"
        if key is None:  # nothing is promised of it: any will do
            key = f"p{chaos.chance.randrange(6)}"
        skew = 0.0
        if isinstance(fields, Mapping) and chaos.strikes("poison"):
            fields = spoiled(fields, chaos.draw("poison").random())
        if isinstance(fields, Mapping) and chaos.strikes("skew"):
            skew = chaos.draw("skew").choice((-90_000.0, 90_000.0))
            if chaos.draw("skew").random() < 0.3 and fields:
                fields = dict(list(fields.items())[1:])
        data = fields if isinstance(fields, bytes) else fields.encode() if isinstance(fields, str) else b""
        data = write_json(fields).encode() if isinstance(fields, Mapping) else data
        self.kinesis.put(name, key, data, skew)
        if chaos.strikes("sent-twice"):
            self.kinesis.put(name, key, data, skew)

    def _put_item(self, name: str, sending: Sending) -> None:
        table, chaos = self.dynamodb.tables[name], self._chaos
        if sending.fields is None:
            self.dynamodb.write(name, None, typed({key: (sending.before or {})[key] for key in table.keys}))
            return
        item = dict(sending.fields)
        if chaos.strikes("poison"):
            item |= spoiled({n: v for n, v in item.items() if n not in table.keys}, 0.0)
        self.dynamodb.write(name, typed(item))


def spoiled(fields: Mapping[str, Any], luck: float) -> Any:
    """Fields that cannot be decoded: no JSON at all, or a last field of a type that no cell has.

    >>> spoiled({"room": "r1", "length": 3.0}, 0.5)
    {'room': 'r1', 'length': {'spoiled': [None]}}
    """
    if luck > 0.8 or not fields:
        return "spoiled" if luck > 0.8 else {}
    return {**fields, list(fields)[-1]: {"spoiled": [None]}}
