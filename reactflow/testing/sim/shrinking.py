"""Shrinking: from a run that fails to a smaller one that fails, with fewer records and fewer faults.

It takes away one part after the other, from large parts to single ones, and keeps what still fails by the same
invariant. Every try is a whole run, so their number is bounded; what is left may not be the smallest there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import frozen

from reactflow.testing.sim.chaos import Struck
from reactflow.testing.sim.world import Outcome

T = TypeVar("T")
MOST_RUNS = 160


@frozen
class Case:
    """What a run is made of, beside its seed: which of the records, and which faults are left out."""

    records: tuple[int, ...]
    left_out: frozenset[Struck] = frozenset()


Run = Callable[[Case], Outcome]


def shrunk(run: Run, case: Case, outcome: Outcome, *, most: int = MOST_RUNS) -> tuple[Case, Outcome]:
    """A smaller run that fails as this one does."""
    shrinking = _Shrinking(run, case, outcome, most)
    while True:
        before = shrinking.case
        shrinking.fewer_faults()
        shrinking.fewer_records()
        if shrinking.case == before or shrinking.left <= 0:
            return shrinking.case, shrinking.outcome


class _Shrinking:
    def __init__(self, run: Run, case: Case, outcome: Outcome, most: int) -> None:
        self.case, self.outcome, self.left = case, outcome, most
        self._run = run

    def fewer_records(self) -> None:
        """Take away records."""
        self._fewer(self.case.records, lambda kept: Case(tuple(kept), self.case.left_out))

    def fewer_faults(self) -> None:
        """Leave out faults that struck."""
        struck = list(self.outcome.struck)
        out = self.case.left_out
        self._fewer(struck, lambda kept: Case(self.case.records, out | (set(struck) - set(kept))))

    def _fewer(self, parts: Sequence[T], made: Callable[[Sequence[T]], Case]) -> None:
        size = len(parts)
        while size and self.left > 0:
            at = 0
            while at < len(parts) and self.left > 0:
                fewer = [*parts[:at], *parts[at + size :]]
                if self._fails(made(fewer)):
                    parts = fewer
                else:
                    at += size
            size //= 2

    def _fails(self, case: Case) -> bool:
        self.left -= 1
        outcome = self._run(case)
        wanted = self.outcome.violation
        if outcome.violation is None or wanted is None or outcome.violation.invariant != wanted.invariant:
            return False
        self.case, self.outcome = case, outcome
        return True
