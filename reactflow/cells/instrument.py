"""How tools listen to the live graph: an object with hooks, all of them optional.

The graph pays one test for the absence of instruments. Several may listen, each hears all. A hook must not write to
cells.
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

    def settled(self, node: Any, changed: bool) -> None:
        """A node's function has run, or what it needs was missing; ``changed``: it came to another outcome."""

    def effect_run(self, effect: Any) -> None:
        """An effect is about to run."""

    def ignored(self, node: Any) -> None:
        """A source cell was given an equal value, which is no change."""

    def event_ended(self) -> None:
        """An event is over: its effects have run, nothing of it is left to do. What this raises, the writer gets."""


class Several(Instrument):
    """Instruments that listen together, in the order in which they began."""

    def __init__(self, listening: tuple[Instrument, ...]) -> None:
        self.listening = listening

    def written(self, node: Any) -> None:
        """Tell each."""
        for one in self.listening:
            one.written(node)

    def visited(self, node: Any) -> None:
        """Tell each."""
        for one in self.listening:
            one.visited(node)

    def computed(self, node: Any) -> None:
        """Tell each."""
        for one in self.listening:
            one.computed(node)

    def settled(self, node: Any, changed: bool) -> None:
        """Tell each."""
        for one in self.listening:
            one.settled(node, changed)

    def effect_run(self, effect: Any) -> None:
        """Tell each."""
        for one in self.listening:
            one.effect_run(effect)

    def ignored(self, node: Any) -> None:
        """Tell each."""
        for one in self.listening:
            one.ignored(node)

    def event_ended(self) -> None:
        """Tell each."""
        for one in self.listening:
            one.event_ended()


def joined(before: Instrument | None, one: Instrument) -> Instrument:
    """What listens when one more does."""
    if before is None:
        return one
    return Several((*(before.listening if isinstance(before, Several) else (before,)), one))


def left(before: Instrument | None, one: Instrument) -> Instrument | None:
    """What still listens when one ends, whichever began first; it ends once if it began twice."""
    listening = list(before.listening) if isinstance(before, Several) else [before] if before else []
    for place in reversed(range(len(listening))):
        if listening[place] is one:
            del listening[place]
            break
    return None if not listening else listening[0] if len(listening) == 1 else Several(tuple(listening))
