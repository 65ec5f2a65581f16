"""An instrument that counts."""

from __future__ import annotations

from collections import Counter as Numbers
from typing import Any

from reactflow import Instrument


class Counter(Instrument):
    """How often each node was visited, run, written, and each effect run."""

    def __init__(self) -> None:
        self.visits: Numbers[Any] = Numbers()
        self.runs: Numbers[Any] = Numbers()
        self.effects: Numbers[Any] = Numbers()

    def visited(self, node: Any) -> None:
        self.visits[node] += 1

    def computed(self, node: Any) -> None:
        self.runs[node] += 1

    def effect_run(self, effect: Any) -> None:
        self.effects[effect] += 1
