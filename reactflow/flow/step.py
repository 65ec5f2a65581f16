"""The step: a flow as a pure function ``(state, events) -> (state, changes)``, the second back end of the plan.

State is plain data by cell name: sources and stored derived cells hold their value (one that is absent is unset), folds
what they accumulate, cells with ``stored=False`` a hash of their value. Events are applied one at a time, in the plan's
order, without recursion; what did not change is not looked at. A state that is given is never changed, and an event
that fails changes nothing. What a node makes of its inputs, and when that is a change, is said in
``reactflow.cells.semantics``, not here; what may be stored is the codec's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final, TypeAlias, final

from reactflow.cells.plan import Kind, Node, Plan
from reactflow.cells.semantics import UNSET, Failure, accumulate, changed_value, same
from reactflow.errors import CellError, DeclarationError, StateError, Superseded, Transient
from reactflow.flow.equality import same_value
from reactflow.flow.outcomes import Before, Now, Shape, digest

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec
    from reactflow.flow.flow import Flow

State: TypeAlias = dict[str, object]


@final
class _Default:
    """The type of ``DEFAULT``; there is one instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = _Default()
"""Written to a source cell: back to its default, or unset if it has none."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record from outside: values of source cells (or UNSET, or DEFAULT), and at most one occurrence a pulse.

    >>> Event({"length": 3.0}, {"reading": 5.0})
    Event(writes={'length': 3.0}, occurrences={'reading': 5.0})
    """

    writes: Mapping[str, object] = field(default_factory=dict)
    occurrences: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """What one event did: the occurrences of named pulses, in the plan's order, and the cells that changed.

    ``computed`` holds the new values of cells that are not stored, so that a host need not compute them again.

    >>> Applied((("reading", 5.0),), ("total",)).changed
    ('total',)
    """

    occurrences: tuple[tuple[str, object], ...] = ()
    changed: tuple[str, ...] = ()
    computed: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A cell's outcomes before and after; ``old`` of a cell that is not stored is UNSET.

    >>> Change(0.0, 12.0).new
    12.0
    """

    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Changes:
    """What several events did: the cells' net changes by name, and all occurrences of named pulses in order.

    >>> Changes({"area": Change(0.0, 12.0)}).cells["area"].old
    0.0
    """

    cells: Mapping[str, Change] = field(default_factory=dict)
    occurrences: tuple[tuple[str, object], ...] = ()


class Step:
    """The step of a flow; ``Room.step()`` makes it once.

    >>> from reactflow import Flow, cell
    >>> class Room(Flow):
    ...     length = cell(0.0)
    ...     width = cell(4.0)
    ...     area = length * width
    >>> step = Room.step()
    >>> state, changes = step(step.initial(), [Event({"length": 3.0})])
    >>> state
    {'length': 3.0, 'width': 4.0, 'area': 12.0}
    >>> changes.cells["area"]
    Change(old=0.0, new=12.0)
    >>> step.apply(state, Event({"length": DEFAULT}))[1].changed
    ('length', 'area')
    >>> step.values(state)["area"], step.read(step.codec.encode(state)) == state
    (12.0, True)
    """

    __slots__ = ("codec", "flow", "plan", "shape", "version")

    def __init__(self, flow: type[Flow]) -> None:
        self.flow = flow.__name__
        self.plan: Plan = flow.plan
        self.codec: Codec = flow.codec
        self.version: str = flow.version
        self.shape = Shape(self.plan, self.codec)

    def initial(self) -> State:
        """The state before any event: sources at their defaults, folds at their zero, and what is derived from them."""
        state: State = {}
        for node in self.plan:
            if node.kind is Kind.SOURCE and node.default is not UNSET and node.name is not None:
                state[node.name] = deepcopy(node.default)
            elif node.fold is not None and node.name is not None:
                state[node.name] = node.fold.zero
        return self._complete(state)

    def read(self, data: bytes, version: str = "") -> State:
        """State from the codec's bytes. From another version of the flow only what is not derived is taken over.

        Sources and folds keep what they hold under their names, new ones start as ever, and what is derived is computed
        anew. Raises StateError for what cannot be read.
        """
        stored = self.codec.decode(data)
        if version in ("", self.version):
            return stored
        kept = {
            node.name: stored[node.name]
            if node.name in stored
            else (node.fold.zero if node.fold else deepcopy(node.default))
            for node in self.plan
            if node.name is not None and (node.kind in (Kind.SOURCE, Kind.FOLD))
        }
        return self._complete({name: value for name, value in kept.items() if value is not UNSET})

    def values(self, state: Mapping[str, object], *, recompute: bool = True) -> dict[str, object]:
        """The outcome of every named cell that is no pulse: a value, UNSET or a Failure.

        A cell that is not stored is computed again, or, with ``recompute`` false, shown as what is kept of it: its
        hash.
        """
        before = Before(self.shape, state)
        found: dict[str, object] = {}
        for name, place in self.plan.names.items():
            node = self.plan.nodes[place]
            if not node.is_pulse:
                is_kept = not recompute and node.stored is False and name in state
                found[name] = state[name] if is_kept else before.checked(place)
        return found

    def __call__(self, state: Mapping[str, object], events: Iterable[Event]) -> tuple[State, Changes]:
        """Apply events in order; returns the new state and the net changes. Raises as ``apply`` does."""
        first = state
        occurrences: list[tuple[str, object]] = []
        changed: dict[str, None] = {}
        after: State = dict(state)
        for event in events:
            after, applied = self.apply(after, event)
            occurrences += applied.occurrences
            changed.update(dict.fromkeys(applied.changed))
        old, new = Before(self.shape, first), Before(self.shape, after)
        cells: dict[str, Change] = {}
        for name, place in self.plan.names.items():
            if name not in changed:
                continue
            if self.plan.nodes[place].stored is False:
                if first.get(name, UNSET) != after.get(name, UNSET):
                    cells[name] = Change(UNSET, new.checked(place))
            elif not same_value(one := old.checked(place), other := new.checked(place)):
                cells[name] = Change(one, other)
        return after, Changes(cells, tuple(occurrences))

    def apply(self, state: Mapping[str, object], event: Event) -> tuple[State, Applied]:
        """Apply one event; returns the new state and what occurred.

        Raises CellError when a cell fails, or has a value that cannot be stored (NaN, an unknown class); Transient and
        Superseded, raised in a cell, as they are. ``state`` is as it was in any case.
        """
        return _Application(self, state).run(event)

    def _complete(self, state: State) -> State:
        """Add what is derived; a cell that fails on the defaults is left out, as is one that is unset."""
        before = Before(self.shape, state)
        whole = dict(state)
        for name, place in self.plan.names.items():
            node = self.plan.nodes[place]
            if node.kind is Kind.DERIVED and not node.is_pulse:
                outcome = before.checked(place)
                if outcome is not UNSET and type(outcome) is not Failure:
                    whole[name] = outcome if node.stored else digest(self.codec, outcome, name)
        return {name: whole[name] for name in self.plan.names if name in whole}


class _Application:
    """One event being applied: which nodes are due, what they have now, and which of them moved."""

    __slots__ = (
        "before",
        "computed",
        "due",
        "is_due",
        "moved",
        "now",
        "occurred",
        "shape",
        "state",
        "step",
        "updates",
    )

    def __init__(self, step: Step, state: Mapping[str, object]) -> None:
        self.step, self.shape, self.state = step, step.shape, state
        self.before = Before(step.shape, state)
        self.now = Now(self.before)
        self.due: list[int] = []  # a heap of places: a node is looked at after all it is computed from
        self.is_due: set[int] = set()
        self.moved: set[int] = set()
        self.occurred: list[tuple[str, object]] = []
        self.updates: State = {}
        self.computed: State = {}

    def run(self, event: Event) -> tuple[State, Applied]:
        given = self._given(event)
        self.due = list(given)
        heapify(self.due)
        self.is_due.update(given)
        nodes = self.shape.nodes
        while self.due:
            place = heappop(self.due)
            node = nodes[place]
            if node.kind is Kind.SOURCE or node.kind is Kind.PULSE:
                self._take(place, node, given[place])
            elif node.kind is Kind.FOLD:
                self._accumulate(place, node)
            elif node.kind is Kind.CHANGES:
                source = node.inputs[0]
                outcome = changed_value(
                    self.before.outcome(source), self.now.outcome(source), source in self.moved
                )
                self._occur(place, node, outcome)
            elif node.name is None:
                self.now.stale.add(place)  # computed when a named one needs it
                self._tell(place)
            elif node.is_pulse:
                self._occur(place, node, self.now.compute(place))
            else:
                self._derive(place, node)
        after = {**self.state, **self.updates}
        for name, outcome in self.updates.items():
            if outcome is UNSET:
                del after[name]
        cells = [nodes[place].name for place in sorted(self.moved) if not nodes[place].is_pulse]
        changed = tuple(name for name in cells if name is not None)
        return after, Applied(tuple(self.occurred), changed, self.computed)

    def _given(self, event: Event) -> dict[int, object]:
        """What an event says, by place; refuses names that it cannot write."""
        given: dict[int, object] = {}
        for said, kind, what in (
            (event.writes, Kind.SOURCE, "source cell"),
            (event.occurrences, Kind.PULSE, "pulse"),
        ):
            for name, value in said.items():
                place = self.shape.names.get(name, -1)
                if place < 0 or self.shape.nodes[place].kind is not kind:
                    known = [node.name for node in self.shape.nodes if node.kind is kind and node.name]
                    close = get_close_matches(name, known, 1)
                    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known) or 'none'}"
                    raise DeclarationError(
                        f"{self.step.flow} has no {what} {name!r} for an event to give; {hint}"
                    )
                default = self.shape.nodes[place].default
                given[place] = deepcopy(default) if value is DEFAULT else value
        return given

    # --- one node -------------------------------------------------------------------------------------------

    def _take(self, place: int, node: Node, outcome: object) -> None:
        if node.kind is Kind.PULSE:
            self._occur(place, node, outcome)
        elif not same(node.equal, self.before.outcome(place), outcome):
            self._settle(place, node, self.shape.check(node, outcome))

    def _derive(self, place: int, node: Node) -> None:
        outcome = self.shape.check(node, self.now.compute(place))
        name = str(node.name)
        if type(outcome) is Failure and self._failed_before(place, node, outcome):
            return
        if node.stored is False:
            self._derive_unstored(place, node, name, outcome)
        elif not same(
            node.equal, self.state[name] if name in self.state else self.before.checked(place), outcome
        ):
            self._settle(place, node, outcome)

    def _derive_unstored(self, place: int, node: Node, name: str, outcome: object) -> None:
        """Cut off by the stored hash; the value itself is kept for those that need it in this event."""
        if type(outcome) is Failure:
            self._fail(node, outcome)
        kept = UNSET if outcome is UNSET else digest(self.step.codec, outcome, name)
        self.now.known[place] = self.computed[name] = outcome
        if kept != self.state.get(name, UNSET):
            self._settle(place, node, outcome)
            self.updates[name] = kept
        elif outcome is UNSET and type(self.before.checked(place)) is Failure:
            self._settle(place, node, outcome)

    def _accumulate(self, place: int, node: Node) -> None:
        occurrence = self.now.outcome(node.inputs[0])
        if occurrence is UNSET or node.fold is None:
            return
        name = str(node.name)
        old = self.state.get(name, node.fold.zero)
        accumulated, outcome = accumulate(node.fold.add, node.fold.result, old, occurrence)
        outcome = self.shape.check(node, outcome)
        if type(outcome) is Failure:
            self._fail(node, outcome)
        kept = self.shape.check(node, accumulated)
        if type(kept) is Failure:
            self._fail(node, kept)
        self.updates[name] = accumulated
        if not same(node.equal, self.before.checked(place), outcome):
            self.now.known[place] = outcome
            self.moved.add(place)
            self._tell(place)

    def _occur(self, place: int, node: Node, outcome: object) -> None:
        if node.name is not None:
            outcome = self.shape.check(node, outcome)
        if type(outcome) is Failure and node.name is not None:
            self._fail(node, outcome)
        if outcome is UNSET:
            return
        self.now.known[place] = outcome
        self.moved.add(place)
        if node.name is not None:
            self.occurred.append((node.name, outcome))
        self._tell(place)

    def _settle(self, place: int, node: Node, outcome: object) -> None:
        """A named cell moved: keep its outcome, and have what is computed from it looked at."""
        if type(outcome) is Failure:
            self._fail(node, outcome)
        self.now.known[place] = outcome
        self.moved.add(place)
        self.updates[str(node.name)] = outcome
        self._tell(place)

    def _tell(self, place: int) -> None:
        for one in self.shape.consumers[place]:
            if one not in self.is_due:
                self.is_due.add(one)
                heappush(self.due, one)

    # --- failures -------------------------------------------------------------------------------------------

    def _failed_before(self, place: int, node: Node, failure: Failure) -> bool:
        """Whether a cell only keeps the failure that it has had since the defaults; raises it if it is this event's."""
        if node.name not in self.state and not isinstance(failure.error, (Transient, Superseded)):
            old = self.before.checked(place)
            if type(old) is Failure and not self.now.really_fails_anew(place, old, self.moved):
                return True
        self._fail(node, failure)
        return False

    def _fail(self, node: Node, failure: Failure) -> None:
        error = failure.error
        if isinstance(error, (Transient, Superseded)):
            failure.throw()
        what = str(error) if isinstance(error, StateError) else f"{type(error).__name__}: {error}"
        where = node.where
        raise CellError(
            f"cell {node.name!r} of {self.step.flow} ({where}) failed on this event: {what}",
            cell=str(node.name),
            error=error,
            line=where,
        ) from error
