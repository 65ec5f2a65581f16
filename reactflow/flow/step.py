"""The step: a flow as a pure function ``(state, events) -> (state, changes)``, the second back end of the plan.

Events are applied one at a time; a state that is given is never changed, and an event that fails changes nothing. There
are two ways to do it. Straight-line code, made once for each set of cells that events give (``straight``), does the
ordinary: it either applies all its events or none. All else is applied event by event, by looking at the plan
(``general``). Both come to the same, and a property test holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from reactflow.cells.plan import Kind, Plan
from reactflow.cells.semantics import UNSET, Failure
from reactflow.flow.equality import same_value
from reactflow.flow.events import Applied, Change, Changes, Event, State
from reactflow.flow.general import apply_event, check_events
from reactflow.flow.migration import Migrations
from reactflow.flow.outcomes import Before, Packed, Result, Run, Shape, digest

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec
    from reactflow.flow.flow import Flow

SHAPES = 64
"""Sets of cells that straight-line code is made for; a flow whose events come in more shapes shares code among them."""

WORTH = 8
"""Events, at most, that are applied by looking at the plan before code is made: that takes as long as some hundred."""


class Step:
    """The step of a flow; ``Room.step()`` makes it once.

    >>> from reactflow import Flow, cell
    >>> from reactflow.flow import DEFAULT, Event
    >>> class Room(Flow):
    ...     length = cell(0.0)
    ...     width = cell(4.0)
    ...     area = length * width
    >>> step = Room.step()
    >>> state, changes = step(step.initial(), [Event({"length": 3.0})])
    >>> state
    {'length': 3.0, 'width': 4.0, 'area': 12.0}
    >>> changes.cells["area"]
    (0.0, 12.0)
    >>> step.apply(state, Event({"length": DEFAULT}))[1].changed
    ('length', 'area')
    >>> step.values(state)["area"], step.read(step.codec.encode(state)) == state
    (12.0, True)
    """

    __slots__ = ("codec", "flow", "migrations", "plan", "run", "shape", "version", "_cold", "_made")

    def __init__(self, flow: type[Flow]) -> None:
        self.flow = flow.__name__
        self.plan: Plan = flow.plan
        self.codec: Codec = flow.codec
        self.version: str = flow.version
        self.migrations = Migrations.of(flow)
        self.shape = Shape(self.plan, self.codec)
        self._made: dict[tuple[frozenset[str], bool], tuple[Run | None, str]] = {}
        self._cold = WORTH  # events until there is code
        self.run: Run = self._first
        """The step for hosts: ``run(packed, events)`` of a list gives ``(packed, cells, occurrences)``; see ``pack``.

        It is the code that the latest events were applied by, since the next are most often like them. Ask for it anew
        for every delivery.
        """

    @property
    def source(self) -> str:
        """The straight-line code for events that give any of the flow's sources and pulses, as Python.

        >>> from reactflow import Flow, cell
        >>> class Room(Flow):
        ...     length = cell(3.0)
        ...     area = length * 4.0
        >>> print(Room.step().source)
        def step(state, events, otherwise=otherwise):
            try:
                ...
                was_length, was_area = state
                ...
                area = length * 4.0
                ...
        """
        return self._straight(self._givable, False)[1]

    def source_for(self, *names: str) -> str:
        """The straight-line code for events each of which gives these sources and pulses; empty if there is none.

        A flow whose events reach a cell with ``stored=False`` has none: they are applied by looking at the plan.
        """
        return self._straight(frozenset(names), True)[1]

    def initial(self) -> State:
        """The state before any event: sources at their defaults, folds at their zero, and what is derived from them."""
        state: State = {}
        for node in self.plan:
            if node.kind is Kind.SOURCE and node.default is not UNSET and node.name is not None:
                state[node.name] = deepcopy(node.default)
            elif node.fold is not None and node.name is not None:
                state[node.name] = deepcopy(node.fold.zero)
        return self._complete(state)

    def read(self, data: bytes, version: str = "", written: Mapping[str, str] | None = None) -> State:
        """State from the codec's bytes; what another version of the flow wrote is migrated (see ``migration``).

        ``written`` is what was stored beside it. Raises StateError for what cannot be read or taken over.
        """
        if version in ("", self.version):
            return self.codec.decode(data)
        return self._complete(self.migrations.read(data, self.plan, self.codec, version, written))

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

    def pack(self, state: Mapping[str, object]) -> Packed:
        """State in the form that ``run`` takes and gives.

        >>> from reactflow import Flow, cell
        >>> class Room(Flow):
        ...     length = cell(3.0)
        ...     area = length * 4.0
        >>> step = Room.step()
        >>> step.pack(step.initial()), step.unpack(step.pack(step.initial()))
        ((3.0, 12.0), {'length': 3.0, 'area': 12.0})
        """
        return self.shape.pack(state)

    def unpack(self, packed: Packed) -> State:
        """State by the names of cells again."""
        return self.shape.unpack(packed)

    def __call__(self, state: Mapping[str, object], events: Iterable[Event]) -> tuple[State, Changes]:
        """Apply events in order; returns the new state and the net changes. Raises as ``apply`` does."""
        after, cells, occurrences = self.run(self.shape.pack(state), list(events))
        return self.shape.unpack(after), Changes(cells, occurrences)

    def apply(self, state: Mapping[str, object], event: Event) -> tuple[State, Applied]:
        """Apply one event; returns the new state and what occurred.

        Raises CellError when a cell fails, or has a value that cannot be stored (NaN, an unknown class); Transient and
        Superseded, raised in a cell, as they are. ``state`` is as it was in any case.
        """
        packed = self.shape.pack(state)
        done: Result | None = self.run(packed, (event,), _refuse)
        if done is None:
            done = self._straightly(packed, (event,))
        if done is None:
            return apply_event(self.flow, self.shape, state, event)
        after, cells, occurrences = done
        return self.shape.unpack(after), Applied(occurrences, tuple(cells))

    # --- straight-line code ----------------------------------------------------------------------------------------

    def _first(
        self, state: State, events: Sequence[Event], otherwise: Callable[..., Any] | None = None
    ) -> Any:
        """``run`` as long as there is no code."""
        return (otherwise or self._anew)(state, events)

    def _anew(self, state: Packed, events: Sequence[Event]) -> Result:
        """Apply events that ``run`` does not know how to apply, and put what does in its place."""
        if not events:
            return state, {}, ()
        return self._straightly(state, events) or self._one_by_one(self.shape.unpack(state), events)

    def _straightly(self, state: Packed, events: Sequence[Event]) -> Result | None:
        """Apply events by the code for what the first one gives, or for what any of them gives; None if that fails."""
        if self._cold > 0:
            self._cold -= len(events)
            if self._cold >= 0:
                check_events(self.flow, events)
                return None
        shared = self._run_for(*events, exact=False) if len(events) > 1 else None
        for run in (self._run_for(events[0]), shared):
            if run is not None and run is not self.run:
                done: Result | None = run(state, events, _refuse)
                if done is not None:
                    self.run = run
                    return done
        return None

    def _run_for(self, *events: Event, exact: bool = True) -> Run | None:
        """The code for events that give what these give; for any of the flow's, once there is code for many."""
        check_events(self.flow, events)
        names = frozenset(name for event in events for given in event for name in given)
        if len(self._made) >= SHAPES:
            names, exact = self._givable, False
        return self._straight(names, exact)[0]

    @property
    def _givable(self) -> frozenset[str]:
        """The names that events may give."""
        return frozenset(node.name for node in self.plan if node.kind in _GIVEN and node.name is not None)

    def _straight(self, names: frozenset[str], exact: bool) -> tuple[Run | None, str]:
        if not names <= self._givable:
            return None, ""
        found = self._made.get((names, exact))
        if found is None:
            from reactflow.flow.straight import straight  # and all that writes code: see WORTH

            found = self._made[names, exact] = straight(self.shape, names, exact, self._anew)
        return found

    def _one_by_one(self, state: Mapping[str, object], events: Sequence[Event]) -> Result:
        """Apply each event by itself, and compare the outcomes before the first with those after the last."""
        occurrences: list[tuple[str, object]] = []
        changed: dict[str, None] = {}
        after: State = dict(state)
        for event in events:
            after, applied = self.apply(after, event)
            occurrences += applied.occurrences
            changed.update(dict.fromkeys(applied.changed))
        old, new = Before(self.shape, state), Before(self.shape, after)
        cells: dict[str, Change] = {}
        for name, place in self.plan.names.items():
            if name not in changed:
                continue
            if self.plan.nodes[place].stored is False:
                if state.get(name, UNSET) != after.get(name, UNSET):
                    cells[name] = UNSET, new.checked(place)
            elif not same_value(one := old.checked(place), other := new.checked(place)):
                cells[name] = one, other
        return self.shape.pack(after), cells, tuple(occurrences)

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


def _refuse(state: Packed, events: Sequence[Event]) -> None:
    """What straight-line code calls that was only asked whether it knows how."""


_GIVEN = (Kind.SOURCE, Kind.PULSE)
