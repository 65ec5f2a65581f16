"""What the nodes of a plan have before and in an event, for the step: looked up in state, or computed when needed.

``Before`` reads one state: a node that is not kept there is computed from those that are. ``Now`` is the same in an
event: what moved has a new outcome, what is computed from it is computed anew, all else is as before. Neither recurses,
and neither keeps anything beyond the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from reactflow.cells import Fold, folds
from reactflow.cells.plan import Constant, Kind, Node, Plan
from reactflow.cells.semantics import UNSET, Failure, evaluate, run, same
from reactflow.errors import InternalError, StateError
from reactflow.flow.events import Change

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec


Packed: TypeAlias = Mapping[str, object] | tuple[object, ...]
"""State as straight-line code takes it, a tuple of all that is kept; a dict where something is out of the ordinary."""
Result: TypeAlias = tuple[Packed, Mapping[str, Change], tuple[tuple[str, object], ...]]
"""The packed state after some events, the net changes of cells by name, and the occurrences of named pulses."""
Run: TypeAlias = Callable[..., Result]
"""``run(state, events)`` is the step; ``run(state, events, otherwise)`` asks that where it does not know how."""


def digest(codec: Codec, value: object, cell: str) -> str:
    """What is kept of a value that is not stored."""
    return sha256(codec.encode_value(value, cell)).hexdigest()


def is_built_in(fold: Fold[Any, Any]) -> bool:
    """Whether a fold is one of ours that keeps nothing but what it was given, or numbers."""
    ours = (folds.sum, folds.count, folds.mean, folds.max, folds.min, folds.last, folds.first)
    return any(fold is one for one in ours)


def shows_nothing_first(fold: Fold[Any, Any]) -> bool:
    """Whether a fold may show nothing before its first occurrence; of one that is not ours it is not known."""
    return not is_built_in(fold) or run(fold.result, (fold.zero,)) is UNSET


class Shape:
    """A plan with what is looked up again and again: who is computed from whom."""

    __slots__ = ("codec", "consumers", "kept", "labels", "lacks", "names", "nodes", "required")

    def __init__(self, plan: Plan, codec: Codec) -> None:
        self.nodes: tuple[Node, ...] = plan.nodes
        self.names: Mapping[str, int] = plan.names
        self.codec = codec
        self.consumers: list[list[int]] = [[] for _ in plan.nodes]
        for place, node in enumerate(plan.nodes):
            for one in node.inputs:
                self.consumers[one].append(place)
        self.kept = [place for place, node in enumerate(plan.nodes) if node.name and not node.is_pulse]
        self.labels = [str(plan.nodes[place].name) for place in self.kept]
        # they may be unset though nothing was taken away: what they need has no value yet
        self.lacks: list[bool] = []
        for node in plan.nodes:
            cells = [one for one in node.inputs if not plan.nodes[one].is_pulse]
            if node.kind is Kind.SOURCE:
                self.lacks.append(node.default is UNSET)
            elif node.fold is not None:
                self.lacks.append(shows_nothing_first(node.fold))
            else:
                self.lacks.append(not node.is_pulse and any(self.lacks[one] for one in cells))
        self.required = [
            at for at, place in enumerate(self.kept) if not self.lacks[place] or plan.nodes[place].fold
        ]

    def pack(self, state: Mapping[str, object]) -> Packed:
        """State as a tuple, in the plan's order; as it is where a cell that should have a value has none."""
        values = tuple([state.get(name, UNSET) for name in self.labels])
        for at in self.required:
            if values[at] is UNSET:
                return state
        return values

    def unpack(self, packed: Packed) -> dict[str, object]:
        """The state that was packed."""
        if not isinstance(packed, tuple):
            return dict(packed)
        for value in packed:
            if value is UNSET:
                return {name: one for name, one in zip(self.labels, packed, strict=True) if one is not UNSET}
        return dict(zip(self.labels, packed, strict=True))

    def check(self, node: Node, outcome: object) -> object:
        """An outcome of a named node, or the failure of a value that cannot be stored."""
        if outcome is UNSET or type(outcome) is Failure:
            return outcome
        try:
            self.codec.to_plain(outcome, str(node.name))
        except StateError as error:
            return Failure(error)
        return outcome

    def compute(self, place: int, outcome_of: Callable[[int], object]) -> object:
        """Run a derived node's function on the outcomes of its arguments."""
        node = self.nodes[place]
        if node.fn is None:
            raise InternalError(f"node {node.name!r} of kind {node.kind.value} has no function")
        arguments = [one.value if isinstance(one, Constant) else outcome_of(one) for one in node.arguments]
        return evaluate(node.fn, arguments)


class Before:
    """The outcomes of all nodes in one state."""

    __slots__ = ("found", "shape", "state")

    def __init__(self, shape: Shape, state: Mapping[str, object]) -> None:
        self.shape, self.state = shape, state
        self.found: dict[int, object] = {}

    def outcome(self, place: int) -> object:
        """The outcome of a node; one that is not kept is computed, with what it needs, once."""
        found = self._look_up(place)
        if found is not _NOT_KEPT:
            return found
        fill(place, lambda one: self._look_up(one) is not _NOT_KEPT, self.shape, self._compute)
        return self.found[place]

    def checked(self, place: int) -> object:
        """The outcome of a named node as others see it: a value that cannot be stored is a failure."""
        outcome = self.outcome(place)
        node = self.shape.nodes[place]
        if node.name in self.state and node.kind is not Kind.FOLD and node.stored is not False:
            return outcome
        outcome = self.found[place] = self.shape.check(node, outcome)
        return outcome

    def _look_up(self, place: int) -> object:
        if place in self.found:
            return self.found[place]
        node = self.shape.nodes[place]
        if node.is_pulse:
            return UNSET
        if node.kind is Kind.SOURCE:
            return self.state.get(str(node.name), UNSET)
        if node.fold is not None:
            state = self.state.get(str(node.name), node.fold.zero)
            outcome = self.found[place] = run(node.fold.result, (state,))
            return outcome
        if node.name is not None and node.stored is not False and node.name in self.state:
            return self.state[node.name]
        return _NOT_KEPT

    def _compute(self, place: int) -> None:
        node = self.shape.nodes[place]
        outcome = self.shape.compute(place, self._look_up)
        self.found[place] = outcome if node.name is None else self.shape.check(node, outcome)


class Now:
    """The outcomes of all nodes in an event: ``known`` are new, ``stale`` are unnamed nodes to be computed anew."""

    __slots__ = ("before", "known", "shape", "stale")

    def __init__(self, before: Before) -> None:
        self.before, self.shape = before, before.shape
        self.known: dict[int, object] = {}
        self.stale: set[int] = set()

    def outcome(self, place: int) -> object:
        """The outcome of a node now. Nodes before it in the plan's order have been looked at."""
        if place in self.known:
            return self.known[place]
        if place not in self.stale:
            return self.before.outcome(place)
        fill(place, self._is_known, self.shape, self._compute)
        return self.known[place]

    def compute(self, place: int) -> object:
        """Run a node's function on what its inputs have now."""
        return self.shape.compute(place, self.outcome)

    def _is_known(self, place: int) -> bool:
        return place in self.known or place not in self.stale

    def _compute(self, place: int) -> None:
        self.known[place] = self.compute(place)

    def really_fails_anew(self, place: int, old: Failure, moved: set[int]) -> bool:
        """Whether a cell that has failed before fails for a reason of this event: otherwise than it did.

        Unnamed nodes are not cut off otherwise; here they have to be, since a failure that is only passed on, or made
        by a function whose inputs did not really change, is not this event's.
        """
        nodes = self.shape.nodes
        outcomes: dict[int, object] = {}
        changed: set[int] = set(moved)
        needed: set[int] = set()
        stack = [place]
        while stack:
            one = stack.pop()
            if one in needed or (one != place and one not in self.stale):
                continue
            needed.add(one)
            stack.extend(nodes[one].inputs)

        def outcome_of(one: int) -> Any:
            return outcomes[one] if one in outcomes else self.outcome(one)

        for one in sorted(needed):
            before = old if one == place else self.before.outcome(one)
            if not any(needed_by in changed for needed_by in nodes[one].inputs):
                outcomes[one] = before
                continue
            outcome = self.shape.compute(one, outcome_of)
            if same(nodes[one].equal, before, outcome):
                outcomes[one] = before
            else:
                outcomes[one] = outcome
                changed.add(one)
        return place in changed


def fill(place: int, is_known: Callable[[int], bool], shape: Shape, compute: Callable[[int], None]) -> None:
    """Compute a node and, before it, every node that it needs and that is not known; no recursion."""
    stack = [place]
    while stack:
        one = stack[-1]
        if is_known(one):
            stack.pop()
            continue
        missing = [needed for needed in shape.nodes[one].inputs if not is_known(needed)]
        if missing:
            stack.extend(missing)
        else:
            compute(one)
            stack.pop()


_NOT_KEPT: Any = object()
