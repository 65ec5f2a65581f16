"""The ledger: every change that was committed, and whether it is out.

It is told of each commit and of each publication, and checks what has to hold between them: an output's numbers are
contiguous and keep their content (I4), nothing is told before it is committed (I5), and nothing is forgotten that was
not told (I6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from reactflow.service.item import Item, Pending, number_name
from reactflow.service.sink import Publication
from reactflow.testing.sim.violation import Violation

Unit = tuple[str, str]
"""A service's name, and the text of a unit's key."""


class Ledger:
    """What is committed and what is out, of all services of a run."""

    def __init__(self) -> None:
        self.committed: dict[str, Pending] = {}
        self.out: dict[str, object] = {}
        self.waiting: dict[Unit, dict[str, int]] = {}
        self._numbers: dict[str, int] = {}
        self._told: dict[str, object] = {}

    def commit(self, service: str, unit: str, before: Item, item: Item) -> list[Pending]:
        """Note what a commit makes due; returns what was not due before."""
        waiting = self.waiting.setdefault((service, unit), {})
        new: list[Pending] = []
        for pending in item.out:
            there = self.committed.get(pending.id)
            if there is None:
                self._count(pending)
                new.append(pending)
                # when it is looked at again is no content
                self.committed[pending.id] = evolve(pending, until=0)
                waiting[pending.id] = item.v
            elif there != evolve(pending, until=0):
                raise Violation(
                    "I4", f"{pending.id} was committed as {there.to_json()}, and now as {pending.to_json()}"
                )
        kept = {pending.id for pending in item.out}
        for pending in before.out:
            if pending.id not in kept and pending.id in waiting and not pending.recompute:
                raise Violation(
                    "I6", f"{pending.id} was dropped from the outbox of {unit} before it was published"
                )
        for name, n in before.numbers.items():
            if item.numbers.get(name, 0) < n:
                raise Violation("I4", f"{service}, unit {unit}: the number of {name} goes back from {n}")
        return new

    def _count(self, pending: Pending) -> None:
        stem, _, n = pending.id.rpartition("/")
        if n != str(pending.n) or pending.n != self._numbers.get(stem, 0) + 1:
            raise Violation("I4", f"{pending.id} comes after number {self._numbers.get(stem, 0)} of {stem}")
        self._numbers[stem] = pending.n

    def check_numbers(self, service: str, unit: str, item: Item) -> None:
        """The item counts each output as its changes are numbered."""
        for pending in item.out:
            stem = pending.id.rpartition("/")[0]
            counted = item.numbers.get(number_name(pending.output, pending.destination))
            if counted != self._numbers[stem]:
                raise Violation(
                    "I4",
                    f"{service}, unit {unit}: {stem} is at number {self._numbers[stem]}, and its item says {counted}",
                )

    def attempt(self, publication: Publication) -> None:
        """A sink is handed a change."""
        if publication.id not in self.committed:
            raise Violation("I5", f"{publication.id} is published, and no commit made it due")
        content = _content(publication)
        told = self._told.setdefault(publication.id, content)
        if told != content:
            raise Violation("I4", f"{publication.id} was published as {told}, and now as {content}")

    def done(self, publication: Publication) -> None:
        """A sink has taken a change."""
        self.out[publication.id] = self._told[publication.id]
        unit = (publication.id.partition("/")[0], str(publication.envelope.get("subject", "")))
        self.waiting.get(unit, {}).pop(publication.id, None)

    def owed(self, service: str, unit: str, v: int) -> list[str]:
        """The changes of commits up to ``v`` that are not out."""
        there = self.waiting.get((service, unit), {})
        return [id for id, made in there.items() if made <= v and not self.committed[id].recompute]

    def last(self, service: str) -> Mapping[tuple[str, str], Pending]:
        """The last change of each row of a service, by its output and what it is keyed by, and every occurrence."""
        found: dict[tuple[str, str], Pending] = {}
        for pending in self.committed.values():
            if not pending.id.startswith(f"{service}/"):
                continue
            place = pending.id if pending.kind == "occurrence" else repr(sorted(pending.key.items()))
            found[pending.id.rpartition("/")[0], place] = pending
        return found


def _content(publication: Publication) -> Any:
    # the order of a key's fields counts: sinks name rows and shards by them
    return (
        publication.kind,
        tuple(publication.key.items()),
        dict(publication.values),
        dict(publication.envelope),
    )
