"""One event applied in the general way: by looking at the plan, node by node.

This is what the step does with all that is out of the ordinary, and what straight-line code (``straight``) is held to.
What is due is kept in a heap, so that a node is looked at after all it is computed from; what did not change is not
looked at, and nothing recurses. What a node makes of its inputs, and when that is a change, is said in
``reactflow.cells.semantics``, not here; what may be stored is the codec's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from heapq import heapify, heappop, heappush

from reactflow.cells.nearest import nearest
from reactflow.cells.plan import Kind, Node
from reactflow.cells.semantics import UNSET, Failure, accumulate, changed_value, same
from reactflow.errors import CellError, DeclarationError, StateError, Superseded, Transient
from reactflow.flow.events import DEFAULT, Applied, Event, State
from reactflow.flow.outcomes import Before, Now, Shape, digest


def apply_event(flow: str, shape: Shape, state: Mapping[str, object], event: Event) -> tuple[State, Applied]:
    """The state after one event, and what occurred; ``flow`` is for messages. Raises as ``Step.apply`` does."""
    return _Application(flow, shape, state).run(event)


def check_events(flow: str, events: Iterable[object]) -> None:
    """Raise DeclarationError for what is no event, before anybody looks for cells in it."""
    for one in events:
        if not isinstance(one, tuple) or len(one) != 2:
            raise DeclarationError(
                f"the step of {flow} takes a list of events, not {one!r:.60} ({type(one).__name__}): write "
                "[Event({'cell': value}, {'pulse': occurrence})]"
            )


class _Application:
    """One event being applied: which nodes are due, what they have now, and which of them moved."""

    __slots__ = (
        "before",
        "computed",
        "due",
        "flow",
        "is_due",
        "moved",
        "now",
        "occurred",
        "shape",
        "state",
        "updates",
    )

    def __init__(self, flow: str, shape: Shape, state: Mapping[str, object]) -> None:
        self.flow, self.shape, self.state = flow, shape, state
        self.before = Before(shape, state)
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
                    close = nearest(name, known)
                    hint = f"did you mean {close!r}?" if close else f"it has {', '.join(known) or 'none'}"
                    raise DeclarationError(f"{self.flow} has no {what} {name!r} for an event to give; {hint}")
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
        kept = UNSET if outcome is UNSET else digest(self.shape.codec, outcome, name)
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
            f"cell {node.name!r} of {self.flow} ({where}) failed on this event: {what}",
            cell=str(node.name),
            error=error,
            line=where,
        ) from error
