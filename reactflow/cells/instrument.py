"""How tools listen to the live graph: an object with hooks, all of them optional.

Only one instrument listens at a time, and the graph pays one test for its absence. A hook must not write to cells.
"""

from __future__ import annotations

from typing import Any


class Instrument:
    """Hooks that the graph calls; override those you need.

    >>> from reactflow import cell, instrumented
    >>> class Counter(Instrument):
    ...     runs = 0
    ...
    ...     def computed(self, node):
    ...         self.runs += 1
    >>> length = cell(3.0)
    >>> double = length * 2
    >>> with instrumented(Counter()) as counter:
    ...     double.value, double.value
    (6.0, 6.0)
    >>> counter.runs
    1
    """

    def written(self, node: Any) -> None:
        """A source cell or pulse was given another value."""

    def visited(self, node: Any) -> None:
        """A node was looked at, to find out whether it has to run."""

    def computed(self, node: Any) -> None:
        """A node's function is about to run."""

    def effect_run(self, effect: Any) -> None:
        """An effect is about to run."""
