"""A stream between two services that is written as Kinesis is, and kept here instead of sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from reactflow.aws import Kinesis
from reactflow.aws.kinesis_writer import StreamWriter
from reactflow.errors import Transient
from reactflow.testing import kinesis_event
from tests.service.recording import Fault


@frozen
class _Kept(StreamWriter):
    """Writes to a wire."""

    wire: Any

    def _put(self, request: list[tuple[str, int]], data: Mapping[int, bytes]) -> set[int]:
        kept: set[int] = self.wire.put(request, data)
        return kept


@frozen(eq=False)
class Wire(Kinesis):
    """The sink side of a Kinesis stream: real encoding and partition keys; what is put is in ``sent``, in order."""

    sent: list[tuple[str, bytes]] = field(factory=list, init=False)
    fault: list[Fault] = field(factory=list, init=False)

    @property
    def _writer(self) -> StreamWriter:
        return _Kept(self.stream, self.partition, self)

    def put(self, request: list[tuple[str, int]], data: Mapping[int, bytes]) -> set[int]:
        """Keep a request; returns what of it was refused."""
        if any(fault("wire before") for fault in self.fault):
            raise Transient(f"{self.destination} is away")
        refused = {index for _, index in request if any(fault("wire in the middle") for fault in self.fault)}
        self.sent.extend((to, data[index]) for to, index in request if index not in refused)
        if any(fault("wire after") for fault in self.fault):
            raise Transient(f"{self.destination} is away: the answer is lost")
        return refused

    def records(self) -> list[dict[str, Any]]:
        """What was sent, as the records of a trigger: one shard, in the order in which it was put."""
        return as_records(self.sent, self.stream)


def as_records(sent: Sequence[tuple[str, bytes]], stream: str) -> list[dict[str, Any]]:
    """Data with their partition keys as the records of a trigger, in this order, in one shard."""
    made: list[dict[str, Any]] = kinesis_event(*(data for _, data in sent), stream=stream)["Records"]
    for record, (to, _) in zip(made, sent, strict=True):
        record["kinesis"]["partitionKey"] = to
    return made
