"""Which writes made a node what it is, and on which way: the part of ``why`` that walks the graph.

Without a log there is what the graph keeps. A node's version says in which event it came to its outcome; what observes
it in that event changed in it too. So the inputs whose versions are of the same event carried the change, down to the
sources. An input that moved later, and came to nothing in the node, hides what it was then. A node that nobody observes
runs when it is read, after any number of events: the last of them is certain, those before may have counted. So may
what lies behind an input that is as it was: nobody had it computed meanwhile, and it may have been something else. With
a log the walk follows what each run saw. Nothing here runs a user's function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reactflow.cells.explaining import Explaining
from reactflow.cells.node import LAZY, NEVER, Computed, Node, versions_seen
from reactflow.cells.versions import event_of

WAYS = 6  # shown
LONGEST = 1_000  # cells of a way


class Trace:
    """What a walk found: sources with the versions that their writes gave, and the edges that carried the change."""

    def __init__(self, node: Node, log: Explaining) -> None:
        self.node, self.log = node, log
        self.writes: dict[Node, int] = {}
        # for each node on the way the inputs that carried the change
        self.carried: dict[Node, dict[Node, None]] = {}
        self.also: dict[Node, int] = {}
        # changed again since, without changing the node that it is given with
        self.moved: dict[Node, Node] = {}
        self.newly_read: list[Node] = []  # by a run in the log, and not by the run before
        self.is_first = False  # nothing was written that it depends on
        self.event = event_of(node.version)
        if node.is_effect:
            self._of_effect()
        elif not isinstance(node, Computed):
            if node.version:
                self.writes[node] = node.version
        else:
            self._of_cell(node)
        self._prune()

    # --- where the walk begins ---------------------------------------------------------------------------------------

    def _of_cell(self, node: Computed) -> None:
        if not node.version:
            self.is_first = True
        elif (run := self.log.changed_to(node, node.version)) is not None:
            self._walk([(node, node.version)])
            if not run.observed:  # what it reads for the first time may have been behind for longer
                since = {one: version for one, version in self.writes.items() if version > run.looked}
                self.writes = since or self.writes
                self._walk_behind(self.newly_read, run.looked)
        elif node.state != LAZY:
            self._walk([(node, node.version)])
            if not self.writes:  # it was computed when it was first read or observed
                self._walk_lazily([node])
        else:
            self._walk_lazily([node])
            self._walk_behind(self.moved, NEVER)
        self.is_first = self.is_first or not (self.writes or self.also or self.moved)

    def _of_effect(self) -> None:
        """An effect runs in the event in which something that it reads changed; it ran first when it was made."""
        effect = self.node
        if not isinstance(effect, Computed) or effect.seen is None:
            return  # it was interrupted, and runs again
        seen = versions_seen(effect.inputs, effect.seen) or ()
        later = [pair for pair in zip(effect.inputs, seen, strict=True) if pair[1] > effect.version]
        # what it read for the first time may have been computed just then: that has an event without a write
        for event in sorted({event_of(version) for _, version in later}, reverse=True):
            starts = [pair for pair in later if event_of(pair[1]) == event]
            self.moved.clear()
            self.carried = {effect: {one: None for one, _ in starts}}
            self.writes.clear()
            self._walk(starts)
            if any(version > effect.version for version in self.writes.values()):
                self.event = event
                return
        self.writes.clear()  # they were there when it was made
        self.is_first = not self.moved

    # --- walks -------------------------------------------------------------------------------------------------------

    def _walk(self, stack: list[tuple[Node, int]]) -> None:
        """From nodes and the versions that they had to what carried the change."""
        visited: set[tuple[Node, int]] = set()
        while stack:
            node, version = stack.pop()
            if (node, version) in visited:
                continue
            visited.add((node, version))
            if not isinstance(node, Computed):
                self.writes[node] = max(version, self.writes.get(node, NEVER))
                continue
            carriers = list(self._carriers(node, version))
            for one, _ in carriers:
                self.carried.setdefault(node, {})[one] = None
            stack += reversed(carriers)

    def _carriers(self, node: Computed, version: int) -> Iterator[tuple[Node, int]]:
        """The inputs that made a node come to this version, with the versions that they had."""
        run = self.log.changed_to(node, version)
        if run is not None and run.old_seen is not None:
            self.newly_read += [one for one in run.inputs if one not in run.old_inputs]
        if run is not None and run.observed:  # whatever it saw in the middle of its event
            for one, now in zip(run.inputs, run.seen, strict=True):
                if now and event_of(now) == event_of(version):
                    yield one, now
        elif run is not None:
            for one, old, now in run.moved():
                yield from self._history(one, old, now)
        elif node.version == version:
            for one in node.inputs:
                if one.version > version:
                    self.moved[one] = node
                elif one.version and event_of(one.version) == event_of(version):
                    yield one, one.version
        else:
            self.moved[node] = node

    def _history(self, node: Node, old: int, now: int) -> Iterator[tuple[Node, int]]:
        """A node's versions since an old one; of a source only the last: the writes before it are overwritten."""
        if not isinstance(node, Computed):
            if now:
                yield node, now
            return
        while now > old:
            yield node, now
            run = self.log.changed_to(node, now)
            if run is None:
                return
            now = run.before

    def _walk_lazily(self, starts: Iterable[Node]) -> None:
        """All written sources that can have counted: those of the last event have, the others may have."""
        found: dict[Node, int] = {}
        stack = [*starts]
        carried: dict[Node, dict[Node, None]] = {}
        while stack:
            node = stack.pop()
            if node in carried:
                continue
            carried[node] = {}
            for one in node.inputs:
                if one.version > node.version:
                    self.moved[one] = node
                elif one.version:
                    carried[node][one] = None
                    stack.append(one)
            if not isinstance(node, Computed) and node.version:
                found[node] = node.version
        last = max(map(event_of, found.values()), default=NEVER)
        is_clear = not self.moved
        for node, version in found.items():
            certain = is_clear and event_of(version) == last
            (self.writes if certain else self.also)[node] = version
        for node, inputs in carried.items():
            if inputs:
                self.carried.setdefault(node, {}).update(inputs)

    def _walk_behind(self, starts: Iterable[Node], looked: int) -> None:
        """All sources behind some inputs that were written since a version: what these were meanwhile is not known."""
        visited: set[Node] = set()
        stack = [*starts]
        while stack:
            node = stack.pop()
            if node in visited:
                continue
            visited.add(node)
            stack += node.inputs
            if not isinstance(node, Computed) and node not in self.writes:
                version = self.log.version_before(node, self.node.version)
                if version > looked:
                    self.also[node] = version

    # --- what is left of it ------------------------------------------------------------------------------------------

    def _prune(self) -> None:
        """Keep the edges that lie between a write and the node."""
        feeds: dict[Node, list[Node]] = {}
        for node, inputs in self.carried.items():
            for one in inputs:
                feeds.setdefault(one, []).append(node)
        reached: dict[Node, None] = {}
        stack = [*self.writes]
        while stack:
            node = stack.pop()
            if node not in reached:
                reached[node] = None
                stack += feeds.get(node, ())
        self.carried = {
            node: {one: None for one in inputs if one in reached}
            for node, inputs in self.carried.items()
            if node in reached
        }
        if self.writes:
            self.moved = {one: reader for one, reader in self.moved.items() if reader in reached}
        self.nodes = [node for node in reached if node is self.node or node in feeds]

    def ways(self) -> tuple[list[list[Node]], bool]:
        """Some ways from the writes to the node, nodes in order; and whether there are more."""
        feeds: dict[Node, list[Node]] = {}
        for node, inputs in self.carried.items():
            for one in inputs:
                feeds.setdefault(one, []).append(node)
        found: list[list[Node]] = []
        for source in self.writes:
            way, left, on_way = [source], [iter(feeds.get(source, ()))], {source}
            while way:
                if way[-1] is self.node:
                    if len(found) == WAYS:
                        return found, True
                    found.append(way.copy())
                    following = None
                else:
                    following = next(left[-1], None)
                if following is None:
                    on_way.discard(way.pop())
                    left.pop()
                elif following not in on_way:  # what tracks may have read the other way round at another time
                    on_way.add(following)
                    way.append(following)
                    left.append(iter(feeds.get(following, ())))
        return found, False
