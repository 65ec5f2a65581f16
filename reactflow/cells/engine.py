"""Propagation: the live back end of the plan.

A write bumps the version of its source and marks what is observed downstream as stale, without running anything. At the
end of the event, folds and effects pull: a node is brought up to date by first bringing its inputs up to date, in
order, and runs only if the version of one of them is another than it saw. A version is a token of one outcome: an
equal outcome keeps it, and an outcome that is back to what it was before the event gets its old token back, so that
"A, then B, then A" is no change, and a rolled-back batch leaves every token as it was.

What nobody observes is not subscribed to anything: it is checked when read, at most once for each state of the graph
(``epoch``), and can be collected. Nothing here recurses: chains are walked with an explicit stack. What counts as
unset, failed, equal or accumulated is said in ``semantics``, what a batch restores in ``journal``.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from weakref import ref

from reactflow.cells.instrument import Instrument
from reactflow.cells.journal import Saved, save
from reactflow.cells.semantics import UNSET, Equal, Failure, same
from reactflow.errors import CycleError, InternalError

if TYPE_CHECKING:
    from reactflow.cells.effect import Effect

LAZY, CLEAN, STALE = 0, 1, 2
NESTING = 24  # user functions that may be running one inside the other before a cold input is computed first
ROUNDS = 100  # how often effects may feed effects after one write


class Node:
    """What propagation needs of a node; everything else about it is in the subclasses."""

    __slots__ = ("outcome", "version", "observers", "is_pulse", "equal")
    outcome: Any
    version: int
    observers: dict[Any, None] | None
    is_pulse: bool
    equal: Equal | None
    inputs: tuple[Node, ...] = ()
    is_root = False  # a fold, keeper or effect: looked at when an event ends, whoever reads it
    is_effect = False
    name: Any


class Computed(Node):
    """A node with inputs. ``seen`` are the inputs' versions at the last run, None when it has to run in any case."""

    __slots__ = ()
    inputs: tuple[Node, ...]
    seen: tuple[int, ...] | None
    state: int
    checked: int
    tracked: bool

    def compute(self) -> object:
        """Run once, with up-to-date inputs; returns the outcome, never raises an Exception."""
        raise NotImplementedError


class ColdInput(BaseException):
    """Leaves a user's function that read an input which has to be computed first; never leaves the engine."""

    def __init__(self, node: Computed) -> None:
        super().__init__(node)
        self.node = node


class Link(ref[Any]):
    """How a fold stands among its pulse's observers: weakly, so that a fold nobody can read goes away."""

    __slots__ = ("inputs",)
    inputs: tuple[Node, ...]


class _Thread(threading.local):
    """What this thread is doing: the reads being tracked, the node being computed, the effect being run."""

    reads: dict[Node, int] | None = None
    computing: Node | None = None
    owner: Effect | None = None
    depth = 0


THREAD = _Thread()


class Engine:
    """The state of propagation; there is one, since cells of any origin may be combined."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.epoch = 1  # grows with every write: what was checked at this epoch is up to date
        self.last_version = 0
        self.levels: list[dict[Node, Saved]] = []  # the journal: one level a batch, see `journal`
        self.eager: dict[
            Any, None
        ] = {}  # stale folds and keepers, brought up to date at the end of the event
        self.queue: dict[Any, None] = {}  # stale effects, looked at after that
        self.path: dict[Node, None] = {}  # what is being brought up to date, in order
        self.occurred: list[Node] = []  # pulses with an outcome in this event
        self.provisional: list[
            Node
        ] = []  # pulses computed while effects run: computed anew in the next event
        self.in_effects = False
        self.retired: deque[Link] = deque()  # folds that were collected, to be unsubscribed
        self.instrument: Instrument | None = None

    # --- versions and outcomes -----------------------------------------------------------------------------------------

    def token(self) -> int:
        """A version that was never used before."""
        self.last_version += 1
        return self.last_version

    def base(self, node: Node) -> Saved | None:
        """What a node was before the event, if the event touched it."""
        for level in self.levels:
            saved = level.get(node)
            if saved is not None:
                return saved
        return None

    def assign(self, node: Node, outcome: object) -> bool:
        """Give a node an outcome, and the version that goes with it; returns whether its version moved."""
        before = node.version
        if not (node.is_pulse and outcome is not UNSET):  # an occurrence is never cut off
            base = self.base(node)
            if base is not None and same(node.equal, base.outcome, outcome):
                node.outcome, node.version = base.outcome, base.version
                return before != node.version
            if same(node.equal, node.outcome, outcome):
                return False
        node.outcome, node.version = outcome, self.token()
        if node.is_pulse and outcome is not UNSET:
            (self.provisional if self.in_effects else self.occurred).append(node)
        return True

    # --- marking and subscribing ---------------------------------------------------------------------------------------

    def mark(self, node: Node) -> None:
        """Mark as stale all that observes a node, directly or not; what is stale has marked its observers before."""
        stack = [node]
        while stack:
            for observer in stack.pop().observers or ():
                if type(observer) is Link:
                    observer = observer()
                    if observer is None:
                        continue
                if observer.state == CLEAN:
                    observer.state = STALE
                    if observer.is_root:
                        self.enqueue(observer)
                    if observer.observers:
                        stack.append(observer)

    def enqueue(self, root: Computed) -> None:
        """Have a stale root looked at when the event ends."""
        (self.queue if root.is_effect else self.eager)[root] = None

    def mark_anew(self, node: Computed) -> None:
        """Mark a node itself, and its observers even if it was stale before."""
        if node.state == LAZY:
            node.checked = -1
            return
        node.state = STALE
        if node.is_root:
            self.enqueue(node)
        self.mark(node)

    def observe(self, node: Node, observer: Any) -> None:
        """Subscribe an observer; a computed node that is observed for the first time subscribes to its own inputs."""
        stale: list[Node] = []
        stack = [(node, observer)]
        while stack:
            current, by = stack.pop()
            if current.observers is None:
                current.observers = {}
            current.observers[by] = None
            if isinstance(current, Computed) and current.state == LAZY:
                current.state = CLEAN if self.is_fresh(current) else STALE
                if current.state == STALE:
                    stale.append(current)
                stack.extend((one, current) for one in current.inputs)
        for current in stale:
            self.mark(current)

    def unobserve(self, node: Node, observer: Any) -> None:
        """Unsubscribe; a computed node that nobody observes any more lets go of its inputs."""
        stack = [(node, observer)]
        while stack:
            current, by = stack.pop()
            if current.observers is None or by not in current.observers:
                continue
            del current.observers[by]
            if not current.observers and isinstance(current, Computed) and not current.is_root:
                current.checked = self.epoch if current.state == CLEAN else -1
                current.state = LAZY
                stack.extend((one, current) for one in current.inputs)

    def rewire(self, node: Computed, inputs: tuple[Node, ...], seen: tuple[int, ...] | None) -> None:
        """Set what a node reads and the versions it saw; an observed one moves its subscriptions."""
        old = node.inputs
        node.inputs, node.seen = inputs, seen
        if node.state != LAZY and inputs != old:
            now, before = set(inputs), set(old)
            for one in inputs:
                if one not in before:
                    self.observe(one, node)
            for one in old:
                if one not in now:
                    self.unobserve(one, node)

    def drain_retired(self) -> None:
        """Unsubscribe the folds that were collected since the last write."""
        while self.retired:
            link = self.retired.popleft()
            for one in link.inputs:
                self.unobserve(one, link)

    # --- bringing up to date -------------------------------------------------------------------------------------------

    def is_fresh(self, node: Node) -> bool:
        """Whether a node's outcome is up to date without looking any further."""
        if not isinstance(node, Computed):
            return True
        if node.state == CLEAN or (node.state == LAZY and node.checked == self.epoch):
            return True
        # while effects run, what occurred stays as it was: the effects of an event see its pulses
        return self.in_effects and node.is_pulse and node.outcome is not UNSET

    def current(self, node: Computed) -> object:
        """The outcome of a node, up to date: what a reader gets."""
        if not self.is_fresh(node):
            with self.lock:
                if node in self.path:
                    raise self.cycle(node, by=THREAD.computing)
                if THREAD.depth >= NESTING:
                    raise ColdInput(node)
                self.refresh(node)
        return node.outcome

    def refresh(self, target: Node) -> None:
        """Bring a node up to date: its inputs first, in order; run it only if one of them really changed."""
        if self.is_fresh(target) or not isinstance(target, Computed):
            return
        stack: list[Computed] = [target]
        places = [0]  # for each node on the stack, the input to be looked at next
        self.path[target] = None
        try:
            while stack:
                node = stack[-1]
                if self.instrument is not None and places[-1] == 0:
                    self.instrument.visited(node)
                needed = self._advance(node, places)
                if needed is None:
                    del self.path[node]
                    stack.pop()
                    places.pop()
                elif needed in self.path:
                    self._conclude(node, Failure(self.cycle(needed, by=node)), runs_again=True)
                    del self.path[node]
                    stack.pop()
                    places.pop()
                else:
                    stack.append(needed)
                    places.append(0)
                    self.path[needed] = None
        finally:
            for node in stack:  # left by an interrupt: they stay stale and run when they are next needed
                self.path.pop(node, None)

    def _advance(self, node: Computed, places: list[int]) -> Computed | None:
        """Take a node as far as it goes; returns the input that has to be brought up to date first, if any."""
        inputs, seen, place = node.inputs, node.seen, places[-1]
        must_run = seen is None
        if not (node.tracked and must_run):
            while place < len(inputs):
                one = inputs[place]
                if isinstance(one, Computed) and not self.is_fresh(one):
                    places[-1] = place
                    return one
                if node.tracked and seen is not None and one.version != seen[place]:
                    must_run = True  # the inputs after this one may not be reached again: leave them alone
                    break
                place += 1
            if not must_run and not node.tracked:
                must_run = any(
                    one.version != version for one, version in zip(inputs, seen or (), strict=True)
                )
        if not must_run:
            self._settled(node)
            return None
        return self._run(node)

    def _run(self, node: Computed) -> Computed | None:
        if self.instrument is not None:
            self.instrument.computed(node)
        if self.levels and node not in self.levels[-1]:
            self.levels[-1][node] = save(node)
        node.seen = None  # until the run is through: an interrupt leaves a node that has to run
        thread = THREAD
        before = thread.reads, thread.computing, thread.depth
        reads: dict[Node, int] | None = {} if node.tracked else None
        thread.reads, thread.computing, thread.depth = reads, node, thread.depth + 1
        try:
            outcome = node.compute()
        except ColdInput as cold:
            return cold.node
        finally:
            thread.reads, thread.computing, thread.depth = before
        if reads is not None:
            node.is_pulse = any(one.is_pulse for one in reads)
            self.rewire(node, tuple(reads), tuple(reads.values()))
        self._conclude(node, outcome)
        return None

    def _conclude(self, node: Computed, outcome: object, runs_again: bool = False) -> None:
        self.assign(node, outcome)
        if runs_again:
            node.seen = None
        elif not node.tracked:
            node.seen = tuple(one.version for one in node.inputs)
        self._settled(node)

    def _settled(self, node: Computed) -> None:
        node.checked = self.epoch
        if node.state != LAZY:
            node.state = CLEAN

    def cycle(self, node: Node, by: Node | None) -> CycleError:
        """The error of reading a node that is being computed; names the way round and the line that closed it."""
        from reactflow.cells.naming import here  # found out only when shown

        walked = list(self.path)
        if node not in walked:
            raise InternalError(f"a cycle through {node.name!r} that is not on the path")
        names = [str(one.name) for one in walked[walked.index(node) :]]
        names = [*names, str(node.name)]
        reader, line = (str(by.name) if by is not None else names[-2]), here()
        return CycleError(
            f"{' -> '.join(names)}; {reader!r} reads {str(node.name)!r} at {line}. Break it with peek() of a source, "
            "or split the cell.",
            tuple(names),
        )


def inputs_changed(engine: Engine, inputs: Iterable[Node], seen: Iterable[int]) -> bool:
    """Whether the version of one of these inputs moved; they are brought up to date in order, up to that one."""
    for one, version in zip(inputs, seen, strict=True):
        engine.refresh(one)
        if one.version != version:
            return True
    return False


ENGINE = Engine()
