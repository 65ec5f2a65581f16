"""Sinks of a run: the real ones, watched; and a table in memory for those that are not made for AWS.

A watched sink passes everything on, and tells the ledger what it was handed and what it took. The table in memory keeps
what a sink has to promise: a row is written only over a lower number, also after it was removed; an occurrence once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import Transient
from reactflow.service import Service
from reactflow.service.sink import Publication, Sink
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.ledger import Ledger

if TYPE_CHECKING:
    from reactflow.service.output import Output


@frozen(eq=False)
class Watched(Sink):
    """A sink that tells the ledger what becomes of each change."""

    inner: Sink
    ledger: Ledger

    @property
    def destination(self) -> str:
        return self.inner.destination

    @property
    def reach(self) -> str:
        return self.inner.reach

    @property
    def forgets(self) -> bool:
        return self.inner.forgets

    def check(self, key_names: Sequence[str], output: Output) -> None:
        self.inner.check(key_names, output)

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        for one in batch:
            self.ledger.attempt(one)
        failed = self.inner.publish(batch)
        for place, one in enumerate(batch):
            if place not in failed:
                self.ledger.done(one)
        return failed


@frozen(eq=False)
class Asked(Watched):
    """A watched sink that has to be asked before a change is stored."""

    def confirm(self, publication: Publication) -> None:
        self.inner.confirm(publication)


@frozen(eq=False)
class Kept(Sink):
    """A table in memory in the place of another sink, of which it keeps the name and the checks."""

    inner: Sink
    chaos: Chaos
    rows: dict[str, Any] = field(factory=dict, init=False)
    numbers: dict[str, int] = field(factory=dict, init=False)
    log: dict[str, Any] = field(factory=dict, init=False)

    @property
    def destination(self) -> str:
        return self.inner.destination

    @property
    def reach(self) -> str:
        return self.inner.reach

    def check(self, key_names: Sequence[str], output: Output) -> None:
        self.inner.check(key_names, output)

    def confirm(self, publication: Publication) -> None:
        self.inner.confirm(publication)

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        chaos = self.chaos
        chaos.boundary(f"before a write to {self.destination}")
        if chaos.strikes("sink", f"{self.destination} is away"):
            raise Transient("simulated: the sink is away")
        failed: list[int] = []
        for place, one in enumerate(batch):
            if chaos.strikes("sink", f"{self.destination} refuses {one.id}"):
                failed.append(place)
            else:
                self._write(one)
        chaos.boundary(f"after a write to {self.destination}")
        if chaos.strikes("sink", f"{self.destination} stored it, and its answer is lost"):
            raise Transient("simulated: the answer is lost")
        return failed

    def _write(self, one: Publication) -> None:
        place = row_place(one)
        if one.kind == "occurrence":
            self.log.setdefault(one.id, dict(one.values))
        elif one.n > self.numbers.get(place, 0):
            self.numbers[place] = one.n
            if one.kind == "row":
                self.rows[place] = dict(one.values)
            else:
                self.rows.pop(place, None)


def row_place(one: Publication) -> str:
    """What tells a row from others: its output and its key."""
    return f"{'/'.join(one.id.split('/', 2)[:2])} {sorted(one.key.items())!r}"


def in_simulation(service: Service, ledger: Ledger, chaos: Chaos) -> Service:
    """The same service, its sinks watched and, where they are not of AWS, replaced by tables in memory."""
    kept: dict[int, Kept] = {}

    def watched(sink: Sink) -> Sink:
        is_asked = type(sink).confirm is not Sink.confirm
        inner = (
            sink
            if isinstance(sink, (Kinesis, DynamoDB, S3))
            else kept.setdefault(id(sink), Kept(sink, chaos))
        )
        return (Asked if is_asked else Watched)(inner, ledger)

    key, late = service.key, service.late
    if late is not None:
        key = evolve(key, window=evolve(key.window, late=watched(late.sink)))
    outputs = tuple(evolve(output, sink=watched(output.sink)) for output in service.outputs)
    return evolve(service, key=key, outputs=outputs)
