"""What a service has to come to, from live graphs: one instance a unit, each record one batch that fails as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from attrs import define, field

from reactflow import UNSET, Service
from reactflow.cells import Failure, Readable
from reactflow.cells.batch import batch
from reactflow.cells.readable import current_outcome
from reactflow.errors import StateError
from tests.runtime.drawn import Record

Occurred = dict[str, Any]


class Undo(Exception):
    """Rolls a batch back."""


@define
class LiveUnit:
    """One unit: an instance of the flow, what occurred in it, and how many records it could not take."""

    service: Service
    cells: dict[str, Readable[Any]] = field(init=False)
    logs: dict[str, list[Occurred]] = field(factory=dict)
    cases: int = 0
    waiting: int = 0
    is_held: bool = False
    is_shown: bool = False

    def __attrs_post_init__(self) -> None:
        self.cells = dict(vars(self.service.flow().cells))

    def take(self, record: Record) -> None:
        """Apply a record, or have it wait or be a case, by what the protocol says."""
        if self.is_held:
            self.waiting += 1
            return
        fed = {name for one in self.service.bound for name in one.feeds}
        if record.is_sound and record.fields is not None:
            if self._applied(record.fields):
                self.is_shown = True
                return
            fed = {*record.fields}
        self.cases += 1
        self.is_held = not self.service.in_order.isdisjoint(fed)

    def _applied(self, fields: dict[str, Any]) -> bool:
        before = self.outcomes()
        try:
            with batch():
                for name, value in fields.items():
                    one: Any = self.cells[name]
                    if one.is_pulse:
                        one.emit(value)
                    else:
                        one.value = value
                after = self.outcomes()
                if any(
                    outcome is not before[name] and self.plain(name, outcome) is None
                    for name, outcome in after.items()
                ):
                    raise Undo
        except Undo:
            return False
        for name, outcome in after.items():
            if self.cells[name].is_pulse and outcome is not UNSET:
                shown = {name: outcome, "at": after["d0"], "so_far": after["d1"]}
                self.logs.setdefault(name, []).append(is_there(shown))
        return True

    def outcomes(self) -> dict[str, Any]:
        """The outcomes of all named cells and pulses."""
        return {name: current_outcome(one) for name, one in self.cells.items()}

    def plain(self, name: str, outcome: Any) -> str | None:
        """An outcome as canonical text; None for one that no event may leave."""
        try:
            codec = self.service.flow.codec
            return json.dumps(codec.to_plain(None if outcome is UNSET else outcome, name), sort_keys=True)
        except StateError:
            return None

    def values(self) -> dict[str, Any]:
        """The outcomes of the cells, as they are compared."""
        return {
            name: compared(self, name, outcome)
            for name, outcome in self.outcomes().items()
            if not self.cells[name].is_pulse
        }

    def row(self) -> dict[str, Any] | None:
        """The row of the unit, without its key; None before a record was applied."""
        if not self.is_shown:
            return None
        return is_there({name: one for name, one in self.outcomes().items() if not self.cells[name].is_pulse})


def compared(unit: LiveUnit, name: str, outcome: Any) -> str:
    """An outcome as text that is equal only for equal ones."""
    if outcome is UNSET:
        return "unset"
    if type(outcome) is Failure:
        return f"failed: {type(outcome.error).__name__}: {outcome.error}"
    return str(unit.plain(name, outcome))


def is_there(values: dict[str, Any]) -> dict[str, Any]:
    """The values that a row shows."""
    return {name: one for name, one in values.items() if one is not UNSET and type(one) is not Failure}


def applied_to_live_graphs(service: Service, records: Iterable[Record]) -> dict[str, LiveUnit]:
    """The units that records make, in their order."""
    units: dict[str, LiveUnit] = {}
    for record in records:
        if record.fields is not None:
            units.setdefault(record.unit, LiveUnit(service)).take(record)
    return units
