"""The log of explanations: every write with its line, and every run with what it saw, as far back as it is kept.

The graph itself keeps only how things are: outcomes, versions, and the line of each source's last write outside a hot
loop. ``why`` and ``why_not`` make do with that where it is enough, and look here for the rest.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from reactflow.cells.doing import DOING
from reactflow.cells.instrument import Instrument
from reactflow.cells.looking import listen, unlisten
from reactflow.cells.naming import Site, here
from reactflow.cells.node import LAZY, NEVER, Node, versions_seen
from reactflow.cells.parentheses import makes_block
from reactflow.cells.readable import Readable
from reactflow.errors import DeclarationError

KEPT = 10_000  # records

Versions = tuple[int, ...]


class Wrote(NamedTuple):
    """A source was written: the version that it got, the value, the place, and the effect that did it."""

    node: Node
    version: int
    outcome: object
    site: Site | None
    by: Any
    changed: bool


class Ran(NamedTuple):
    """A node ran: its versions after and before, and the inputs' versions that it saw now and at the run before.

    ``observed`` tells whether it ran because its event did, and not because it was read; ``looked`` is the latest
    version that there was when it was last looked at before, without having to run perhaps.
    """

    node: Node
    version: int
    before: int
    inputs: tuple[Node, ...]
    seen: Versions
    old_inputs: tuple[Node, ...]
    old_seen: Versions | None
    observed: bool
    looked: int
    changed: bool

    def moved(self) -> list[tuple[Node, int, int]]:
        """The inputs that were others than at the run before: each with its version then (or a bound) and now."""
        if self.old_seen is None:
            return []
        old = dict(zip(self.old_inputs, self.old_seen, strict=True))
        # what is read for the first time may have changed since it was last looked at
        bound = max(self.looked, *self.old_seen, NEVER)
        pairs = zip(self.inputs, self.seen, strict=True)
        return [
            (one, old.get(one, bound), version)
            for one, version in pairs
            if (version != old[one] if one in old else version > bound)
        ]


class Explaining(Instrument):
    """Keeps what ``why`` needs while it listens; what it has kept stays good afterwards."""

    def __init__(self, keep: int = KEPT) -> None:
        if keep < 1:
            raise DeclarationError(f"explaining(keep={keep}): keep at least one record")
        self.keep = keep
        self._records: deque[Wrote | Ran] = deque()
        self._of: dict[Node, deque[Wrote | Ran]] = {}
        self._running: dict[Node, tuple[int, tuple[Node, ...], Versions | None]] = {}
        self._looked: WeakKeyDictionary[Any, tuple[int, int]] = WeakKeyDictionary()  # the last two times

    # --- what it hears -----------------------------------------------------------------------------------------------

    def written(self, node: Any) -> None:
        """Keep a write that changed its source."""
        if self.wrote(node, node.version) is None:  # else it is back at what it was
            site = node.written_at[1] if node.written_at else None
            self._keep(Wrote(node, node.version, node.outcome, site, DOING.owner, True))

    def ignored(self, node: Any) -> None:
        """Keep a write of an equal value."""
        self._keep(Wrote(node, node.version, node.outcome, here(), DOING.owner, False))

    def visited(self, node: Any) -> None:
        """Note when a node is looked at."""
        if isinstance(node, Readable):
            self._looked[node] = self._looked.get(node, (NEVER, NEVER))[1], DOING.last_version

    def computed(self, node: Any) -> None:
        """Note what a node saw before; it may be begun twice, when an input has to be computed first."""
        if node not in self._running:
            self._running[node] = node.version, node.inputs, versions_seen(node.inputs, node.seen)

    def settled(self, node: Any, changed: bool) -> None:
        """Keep a run."""
        before, inputs, seen = self._running.pop(node, (NEVER, (), None))
        now = versions_seen(node.inputs, node.seen) or tuple(one.version for one in node.inputs)
        observed, looked = node.state != LAZY, self._looked.get(node, (NEVER, NEVER))[0]
        self._keep(Ran(node, node.version, before, node.inputs, now, inputs, seen, observed, looked, changed))

    # --- what it tells -----------------------------------------------------------------------------------------------

    def wrote(self, node: Node, version: int) -> Wrote | None:
        """The write that gave a source this version."""
        for one in reversed(self._of.get(node, ())):
            if type(one) is Wrote and one.changed and one.version == version:
                return one
        return None

    def version_before(self, node: Node, version: int) -> int:
        """The version that a source had before another one was given, NEVER if that is not known."""
        if node.version < version:
            return node.version or NEVER
        for one in reversed(self._of.get(node, ())):
            if type(one) is Wrote and one.changed and one.version < version:
                return one.version
        return NEVER

    def ignored_since(self, node: Node, version: int) -> Wrote | None:
        """The last write of an equal value while a source had this version."""
        for one in reversed(self._of.get(node, ())):
            if type(one) is Wrote:
                return one if not one.changed and one.version == version else None
        return None

    def changed_to(self, node: Node, version: int) -> Ran | None:
        """The run in which a node came to this version."""
        for one in reversed(self._of.get(node, ())):
            if type(one) is Ran and one.changed and one.version == version:
                return one
        return None

    def answer_to(self, node: Node, source: Node, version: int) -> Ran | None:
        """The run of a node in which it first saw this version of an input."""
        for one in self._of.get(node, ()):
            if type(one) is Ran and (source, version) in zip(one.inputs, one.seen, strict=True):
                return one
        return None

    # --- how long it listens -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen from now on; in a notebook, for as long as it is open. Starting twice does nothing.

        >>> log = explaining()
        >>> log.start()
        >>> log.stop()
        """
        unlisten(self)
        listen(self)
        _LATEST[:] = [self]

    def stop(self) -> None:
        """Listen no longer."""
        unlisten(self)

    def __enter__(self) -> Explaining:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<explaining: {len(self._records)} of at most {self.keep} records>"

    def _keep(self, record: Wrote | Ran) -> None:
        self._records.append(record)
        self._of.setdefault(record.node, deque()).append(record)
        if len(self._records) > self.keep:
            oldest = self._records.popleft()
            of_node = self._of[oldest.node]
            of_node.popleft()
            if not of_node:
                del self._of[oldest.node]


_LATEST: list[Explaining] = []


def latest() -> Explaining:
    """The log that explanations look into: the last one that was started, or an empty one."""
    return _LATEST[0] if _LATEST else _NOTHING


_NOTHING = Explaining()


@makes_block
def explaining(keep: int = KEPT) -> Explaining:
    """Record what ``why`` and ``why_not`` cannot know afterwards, for the length of a ``with`` block.

    That is the line of each write, also to a source that is written often, the effects that wrote, what pulses occurred
    with, and the runs that ended with an equal value. The fast paths are off meanwhile. The last ``keep`` writes and
    runs are kept, with their cells and values, until the next ``explaining()`` begins. Without a block: ``start()`` and
    ``stop()``. Raises DeclarationError if ``keep`` is less than 1.

    >>> from reactflow import cell, why
    >>> length, width = cell(3.0, name="length"), cell(4.0, name="width")
    >>> area = length * width
    >>> with explaining():
    ...     for metres in range(100):
    ...         length.value = float(metres)
    >>> print(why(length))
    length = 99.0, because it was set at ...:3
    """
    return Explaining(keep)
