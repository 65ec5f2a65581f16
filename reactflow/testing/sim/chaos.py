"""Chaos: decides from a seed what goes wrong and when, and writes down all that happens.

It promises that the same seed, rates and left-out faults give the same run. Each fault draws from a source of its own,
so that one that is left out changes the luck of no other. When it is calm nothing happens, and nothing is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from random import Random

from reactflow.testing.sim.baton import Baton, Crash
from reactflow.testing.sim.faults import Rates

Struck = tuple[str, int]
"""One fault that happened: its name, and how many of that name happened before it in the run."""


class Chaos:
    """Faults, luck and the record of one run."""

    def __init__(
        self,
        seed: int,
        rates: Rates,
        baton: Baton,
        *,
        left_out: Collection[Struck] = (),
        now: Callable[[], float],
    ) -> None:
        self.chance = Random(f"{seed}/course")
        self.rates = rates
        self.is_calm = False
        self.looks_on = False
        self.injected: Counter[str] = Counter()
        self.struck: list[Struck] = []
        self.lines: list[str] = []
        self._baton = baton
        self._now = now
        self._left_out = frozenset(left_out)
        self._draws: Mapping[str, Random] = {name: Random(f"{seed}/{name}") for name in rates}
        self._counts: Counter[str] = Counter()

    # --- faults ----------------------------------------------------------------------------------------------------

    def strikes(self, name: str, about: str = "") -> bool:
        """Whether a fault happens here."""
        rate = self.rates.get(name)
        if not rate or self.is_calm or self._draws[name].random() >= rate:
            return False
        one = (name, self._counts[name])
        self._counts[name] += 1
        if one in self._left_out:
            return False
        self.injected[name] += 1
        self.struck.append(one)
        self.say(f"! {name}{f': {about}' if about else ''}")
        return True

    def draw(self, name: str) -> Random:
        """The luck of a fault that happened: what exactly it does."""
        return self._draws[name]

    def boundary(self, place: str) -> None:
        """A call crosses the edge of its process: here it may crash, run out of memory, or stand still for long."""
        task = self._baton.current
        if task is None or self.looks_on:
            return
        if task.is_killed:
            raise Crash
        if self.is_calm:
            return
        if self.strikes("crash", place):
            task.is_killed = True
            raise Crash
        if self.strikes("memory", place):
            raise MemoryError(f"simulated: {place}")
        if self.strikes("zombie", place):
            self._baton.pause()

    @contextmanager
    def looking_on(self) -> Iterator[None]:
        """Nothing goes wrong inside, and nothing is an action: for what only looks on, in the midst of a call."""
        before, self.is_calm = self.is_calm, True
        looked, self.looks_on = self.looks_on, True
        try:
            yield
        finally:
            self.is_calm, self.looks_on = before, looked

    # --- the record ------------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Write down one action."""
        task = self._baton.current
        self.lines.append(f"{self._now():7.1f}s  {task.name if task is not None else '-':<12} {line}")
