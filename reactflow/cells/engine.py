"""Propagation: the live back end of the plan.

A write bumps the version of its source and marks what is observed downstream as stale, without running anything. At the
end of the event, folds and effects pull: a node is brought up to date by first bringing its inputs up to date, in
order, and runs only if the version of one of them is another than it saw. A version is a token of one outcome: an
equal outcome keeps it, and an outcome that is back to what it was before the event gets its old token back, so that
"A, then B, then A" is no change, and a rolled-back batch leaves every token as it was.

What nobody observes is not subscribed to anything: it is checked when read, at most once for each state of the graph
(``epoch``), and can be collected. Nothing here recurses: chains are walked with an explicit stack. What counts as
unset, failed, equal or accumulated is said in ``semantics``, what a batch restores in ``journal``.

Invariants, held to by a test after each step: what observes a stale node is stale, a stale root is queued, who observes
a node has it among its inputs and the other way round, and between events no pulse has an outcome.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from reactflow.cells.doing import DOING, LOCK, ColdInput, Untracked, mine, note
from reactflow.cells.instrument import Instrument
from reactflow.cells.journal import Saved, save
from reactflow.cells.naming import function_line, here
from reactflow.cells.node import (
    CLEAN,
    LAZY,
    NEVER,
    STALE,
    Computed,
    Formers,
    Link,
    Node,
    now_seen,
    versions_seen,
)
from reactflow.cells.semantics import UNSET, Failure, occurrence, same
from reactflow.cells.versions import new_version
from reactflow.errors import CycleError

NESTING = 24  # user functions that may be running one inside the other before a cold input is computed first
ROUNDS = 100  # how often an effect may run in what follows one write
FORMERS = 8  # inputs that a node which goes to and fro stays subscribed to though it does not read them now


class Engine:
    """The state of propagation; there is one, since cells of any origin may be combined."""

    def __init__(self) -> None:
        self.levels: list[dict[Node, Saved]] = []  # the journal: one level a batch, see `journal`
        self.eager: dict[Any, None] = {}  # stale eager nodes, brought up to date when the event ends
        self.queue: dict[Any, None] = {}  # stale effects, looked at after that
        self.path: dict[Node, None] = {}  # what is being brought up to date, in order
        self.occurred: list[Node] = []  # pulses with an outcome in this event
        self.compared: list[Any] = []  # pulses of changes that looked at their cell in this event
        self.in_effects = False  # the event is settled, its effects run
        self.fast = True  # the switch of all fast paths
        self.retired: deque[Link] = deque()  # folds that were collected, to be unsubscribed
        self.instrument: Instrument | None = None
        LOCK.is_idle = self.is_idle

    # --- versions and outcomes -----------------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Whether nothing is under way, so that fast paths may run."""
        busy = self.levels or self.queue or self.eager or self.retired or self.path
        return self.fast and not busy and self.instrument is None

    def forget(self, node: Node) -> None:
        """Drop what fast paths have made of a node: the plans of the sources that feed it."""
        stack = [node]
        while stack:
            one = stack.pop()
            if one.unplan():
                stack.extend(self.followed(one))

    def forget_around(self, node: Node) -> None:
        """Drop plans that a node is part of or an input to."""
        self.forget(node)
        for observer in node.observers or ():
            if isinstance(observer, Node):
                self.forget(observer)

    def learn_kind(self, node: Computed, is_pulse: bool) -> None:
        """Take down whether a node that tracks, or depends on one, is a pulse now."""
        if node.is_pulse is not is_pulse:
            node.is_pulse = is_pulse
            self.forget_around(node)

    def computing(self) -> str:
        """The name of the derived cell that this thread is computing, empty when it is none."""
        if (DOING.computing is None and DOING.running is None) or not mine():
            return ""
        return str(DOING.running.node_running().name if DOING.computing is None else DOING.computing.name)

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
        if not node.is_pulse and (outcome is UNSET or type(outcome) is Failure) != (
            node.outcome is UNSET or type(node.outcome) is Failure
        ):
            self.forget_around(node)  # generated code takes its inputs for values
        occurs = node.is_pulse and outcome is not UNSET
        if not occurs:  # an occurrence is never cut off
            base = self.base(node)
            if base is not None and _same(node, base.outcome, outcome):
                node.outcome, node.version = base.outcome, base.version
                return before != node.version
            if _same(node, node.outcome, outcome):
                return False
        node.outcome, node.version = outcome, new_version()
        if occurs:
            self.occurred.append(node)
        return True

    # --- marking and subscribing ---------------------------------------------------------------------------

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
                    self.enqueue(observer)
                    if observer.observers:
                        stack.append(observer)

    def enqueue(self, node: Computed) -> None:
        """Have a stale node looked at when the event ends, if it is one of those that do not wait for a reader."""
        if node.is_effect:
            self.queue[node] = None
        elif node.is_eager:
            self.eager[node] = None

    def mark_anew(self, node: Computed) -> None:
        """Mark a node itself, and its observers even if it was stale before."""
        if node.state == LAZY:
            node.checked = NEVER
            return
        self.forget(node)
        node.state = STALE
        self.enqueue(node)
        self.mark(node)

    def observe(self, node: Node, observer: Any) -> None:
        """Subscribe an observer; a computed node that is observed for the first time subscribes to its own inputs."""
        stale: list[Node] = []
        stack = [(node, observer)]
        while stack:
            current, by = stack.pop()
            self.forget(current)
            if current.observers is None:
                current.observers = {}
            current.observers[by] = None
            if isinstance(current, Computed) and current.state == LAZY:
                behind = any(one.state == STALE for one in current.inputs)  # see _settled
                current.state = CLEAN if self.is_fresh(current) and not behind else STALE
                if current.state == STALE:
                    self.enqueue(current)
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
            self.forget(current)
            del current.observers[by]
            if not current.observers and isinstance(current, Computed) and not current.is_root:
                current.checked = DOING.epoch if current.state == CLEAN else NEVER
                current.state = LAZY
                stack.extend((one, current) for one in self.followed(current))
                current.formers = None

    def followed(self, node: Node) -> tuple[Node, ...]:
        """What a node is subscribed to: its inputs, and some more that it has read before and may soon read again."""
        return node.inputs if node.formers is None else node.formers.followed

    def rewire(
        self, node: Computed, inputs: tuple[Node, ...], seen: tuple[int, ...] | int | None, keep: bool = False
    ) -> None:
        """Set what a node reads and the versions it saw; an observed one moves its subscriptions.

        With ``keep``, and from then on, it stays subscribed to a few inputs that it does not read any more: a node that
        a fast path runs, and that goes to and fro between inputs, then needs no subscribing each time.
        """
        old = self.followed(node)
        keep = keep or node.formers is not None
        node.inputs = inputs
        node.seen = seen[0] if type(seen) is tuple and len(seen) == 1 and seen[0] >= 0 else seen
        if node.tracked:
            node.reads = inputs  # the first run of generated code puts a list here
        if node.state != LAZY and inputs != old:
            now, before = set(inputs), set(old)
            for one in inputs:
                if one not in before:
                    self.observe(one, node)
            dropped = [one for one in old if one not in now]
            kept = dropped[-FORMERS:] if keep else []
            for one in dropped[: len(dropped) - len(kept)]:
                self.unobserve(one, node)
            if kept or node.formers is not None:
                node.formers = Formers((*inputs, *kept)) if kept else None

    def drain_retired(self) -> None:
        """Unsubscribe the folds that were collected since the last write."""
        while self.retired:
            link = self.retired.popleft()
            source = link.source()
            if source is not None:
                self.unobserve(source, link)

    # --- bringing up to date -------------------------------------------------------------------------------

    def is_fresh(self, node: Node) -> bool:
        """Whether a node's outcome is up to date without looking any further."""
        if node.state == CLEAN:
            return True
        if node.state == LAZY and node.checked == DOING.epoch:
            return True
        if not self.in_effects:
            return False
        # While effects run, the pulses of their event stay as they were. What effects write may make them stale; that
        # belongs to the next event, and so does it for what was derived from them since the last write.
        if node.checked == DOING.epoch:
            return True
        # Of the pulses, changes are known by now; others may be read for the first time.
        return node.is_pulse and (node.outcome is not UNSET or (node.is_eager and node.state == STALE))

    def current(self, node: Computed) -> object:
        """The outcome of a node, up to date: what a reader gets."""
        if DOING.running is not None and mine():
            DOING.running.leave_inside(node)
        if not self.is_fresh(node):
            with LOCK:
                if node in self.path:
                    if DOING.reads is not None:
                        # the cycle is looked at again when it may be open
                        DOING.reads.setdefault(node, NEVER)
                    raise self.cycle(node, DOING.computing, str(here() or ""))
                if DOING.depth >= NESTING and not self.is_fresh(node):
                    raise ColdInput(node)
                self.refresh(node)
        return node.outcome

    def refresh(self, target: Node) -> None:
        """Bring a node up to date: its inputs first, in order; run it only if one of them really changed."""
        if self.is_fresh(target) or not isinstance(target, Computed):
            return
        stack: list[Computed] = []
        places: list[int] = []  # for each node on the stack, the input to be looked at next
        needed: Computed | None = target
        try:
            while True:
                if needed is not None:
                    stack.append(needed)
                    places.append(0)
                    self.path[needed] = None
                    if self.instrument is not None:
                        self.instrument.visited(needed)
                node = stack[-1]
                needed = self._advance(node, places)
                if needed is not None and needed in self.path:
                    line = function_line(getattr(node, "fn", None))
                    self.finish(node, Failure(self.cycle(needed, node, line)))
                    node.seen = None  # the way round may be open the next time
                    needed = None
                if needed is None:
                    del self.path[stack.pop()]
                    places.pop()
                    if not stack:
                        return
        finally:
            for node in stack:  # left by an interrupt: they stay stale and run when they are next needed
                self.path.pop(node, None)
                self.forget(node)

    def _advance(self, node: Computed, places: list[int]) -> Computed | None:
        """Take a node as far as it goes; returns the input that has to be brought up to date first, if any."""
        inputs, seen = node.inputs, versions_seen(node.inputs, node.seen)
        must_run = seen is None
        if not (must_run and node.tracked):  # what a tracked node that has to run will read is not known yet
            for place in range(places[-1], len(inputs)):
                one = inputs[place]
                if isinstance(one, Computed) and not self.is_fresh(one):
                    places[-1] = place
                    return one
                if node.tracked and seen is not None and one.version != seen[place]:
                    must_run = True  # the inputs after this one may not be reached again: leave them alone
                    break
            if not node.tracked and seen is not None:
                must_run = any(one.version != version for one, version in zip(inputs, seen, strict=True))
        if must_run:
            return self._run(node)
        if not node.kind_is_known:
            self.learn_kind(node, any(one.is_pulse for one in inputs))
        self._settled(node)
        return None

    def _run(self, node: Computed) -> Computed | None:
        """Run a node's function; returns the input that has to be brought up to date before it can, if any."""
        if self.instrument is not None:
            self.instrument.computed(node)
        if self.levels and node not in self.levels[-1]:
            self.levels[-1][node] = save(node)
        node.seen = None  # until the run is through: an interrupt leaves a node that has to run
        thread = DOING
        before = thread.track, thread.reads, thread.computing, thread.depth
        reads: dict[Node, int] | None = {} if node.tracked else None
        thread.track = None if reads is None else note
        thread.reads, thread.computing, thread.depth = reads, node, thread.depth + 1
        try:
            outcome = node.compute()
        except ColdInput as cold:
            return cold.node
        finally:
            thread.track, thread.reads, thread.computing, thread.depth = before
        self.ran(node, outcome, reads)
        return None

    def ran(self, node: Computed, outcome: object, reads: dict[Node, int] | None, keep: bool = False) -> None:
        """Take what a node's function came to, and what it read."""
        if reads is not None:
            self.rewire(node, tuple(reads), tuple(reads.values()), keep)
        if not node.kind_is_known:
            pulses = [one.outcome for one in node.inputs if one.is_pulse]
            self.learn_kind(node, bool(pulses))
            if pulses:
                outcome = occurrence(outcome, pulses)
        self.finish(node, outcome)

    def finish(self, node: Computed, outcome: object) -> None:
        """Take what a node's function came to."""
        if type(outcome) is Failure and all(one.outcome is not outcome for one in node.inputs):
            outcome.note(f"in the cell {str(node.name)!r}, made at {node.where}")
        changed = self.assign(node, outcome)
        if not node.tracked:
            node.seen = now_seen(node.inputs)
        self._settled(node)
        if self.instrument is not None:
            self.instrument.settled(node, changed)

    def _settled(self, node: Computed) -> None:
        node.checked = DOING.epoch
        if node.state != LAZY:
            # what was read of a pulse that stays as it was (see is_fresh) is looked at again in the next event
            behind = self.in_effects and any(one.state == STALE for one in node.inputs)
            node.state = STALE if behind else CLEAN

    def cycle(self, node: Node, by: Node | None, line: str) -> CycleError:
        """The error of needing a node that is being computed; names the way round and the line that closed it."""
        walked = list(self.path)
        names = [str(one.name) for one in (*walked[walked.index(node) :], node)]
        reader = str(by.name) if by is not None else names[-2]
        return CycleError(
            f"{' -> '.join(names)}; {reader!r} reads {names[-1]!r} at {line}. Break it with peek() of a source, "
            "or split the cell.",
            tuple(names),
        )


def _same(node: Node, old: object, new: object) -> bool:
    """Whether a new outcome is no change for this node; what an ``equal=`` reads is nobody's input."""
    if node.equal is None or old is new:
        return same(None, old, new)
    with Untracked():
        return same(node.equal, old, new)


def inputs_changed(engine: Engine, inputs: tuple[Node, ...], seen: tuple[int, ...] | int) -> bool:
    """Whether the version of one of these inputs moved; they are brought up to date in order, up to that one."""
    for one, version in zip(inputs, versions_seen(inputs, seen) or (), strict=True):
        engine.refresh(one)
        if one.version != version:
            return True
    return False


ENGINE = Engine()
