"""A table in memory that keeps a sink's promises, and can fail before or after it wrote: what the tests write to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from reactflow.errors import Transient
from reactflow.service.sink import Publication, Sink

Fault = Callable[[str], bool]
"""Asked at every point where something may fail; True makes it fail."""


@frozen(eq=False)
class Table(Sink):
    """Rows by unit, each written only over a lower number; occurrences by id, each once."""

    name: str = "rows"
    rows: dict[str, dict[str, Any]] = field(factory=dict, init=False)
    numbers: dict[str, int] = field(factory=dict, init=False)
    log: dict[str, dict[str, Any]] = field(factory=dict, init=False)
    seen: list[Publication] = field(factory=list, init=False)  # everything, also what came late or again
    fault: list[Fault] = field(factory=list, init=False)

    @property
    def destination(self) -> str:
        return f"memory/{self.name}"

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        self._perhaps_fail("sink before")
        failed = []
        for place, publication in enumerate(batch):
            if self._fails("sink in the middle"):
                failed.append(place)
            else:
                self._write(publication)
        self._perhaps_fail("sink after")
        return failed

    def _write(self, publication: Publication) -> None:
        self.seen.append(publication)
        unit = str(publication.envelope["subject"])
        if publication.kind == "occurrence":
            self.log.setdefault(publication.id, dict(publication.values))
        elif publication.n > self.numbers.get(unit, 0):
            self.numbers[unit] = publication.n
            if publication.kind == "row":
                self.rows[unit] = dict(publication.values)
            else:
                self.rows.pop(unit, None)

    def _fails(self, point: str) -> bool:
        return any(fault(point) for fault in self.fault)

    def _perhaps_fail(self, point: str) -> None:
        if self._fails(point):
            raise Transient(f"{self.destination} is away: {point}")

    def occurrences(self, unit: str, column: str) -> list[Any]:
        """The values of a log's column, in the order of their numbers."""
        found = {
            int(name.rpartition("/")[2]): values for name, values in self.log.items() if f"/{unit}/" in name
        }
        return [found[n][column] for n in sorted(found)]


def check_publications(tables: Sequence[Table]) -> None:
    """One number has one content for ever, and the numbers of an output have no gap (I4)."""
    contents: dict[str, object] = {}
    numbers: dict[str, set[int]] = {}
    for table in tables:
        for one in table.seen:
            content = (one.kind, tuple(one.key.items()), dict(one.values), dict(one.envelope))
            assert contents.setdefault(one.id, content) == content, one.id
            numbers.setdefault(one.id.rpartition("/")[0], set()).add(one.n)
    for output, found in numbers.items():
        assert found == set(range(1, max(found) + 1)), output


def column(rows: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """One column of a table by unit."""
    return {unit: row.get(name) for unit, row in rows.items()}
