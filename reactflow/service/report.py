"""The report of a delivery: how many events had which fate, what was told outside, and what has to come again."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from reactflow.service.quarantine import Case
from reactflow.service.sink import Publication


@frozen
class Report:
    """What became of a delivery: how many events had which fate, the cases that were made, what went wrong for now.

    ``ignored`` counts the fields that feed nothing, by name. ``unfinished`` are the places of the records that have to
    come again. ``released`` says what became of records that waited behind a case.
    """

    records: int
    fates: Mapping[str, int]
    cases: tuple[Case, ...] = ()
    transients: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    published: tuple[Publication, ...] = ()
    unfinished: frozenset[int] = frozenset()
    ignored: Mapping[str, int] = field(factory=dict)
    released: Mapping[str, int] = field(factory=dict)

    def __str__(self) -> str:
        counted = ", ".join(f"{number} {fate}" for fate, number in sorted(self.fates.items()) if number)
        return f"{self.records} records for {len(self.units)} units: {counted or 'nothing to do'}"
