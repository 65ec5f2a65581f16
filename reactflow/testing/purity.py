"""The purity probe: whether everything that a flow computes is a function of its events.

A replay has to come to the same values, so a function of a flow may have no clock, no randomness and no memory, and may
not change what it is given. The probe applies events with every function wrapped: each is called a second time with
copies, and what it was given, and what it reaches besides, is compared before and after. All is then applied again with
independent cells in another order. Clocks and randomness are also looked for in the code, since they may give the same
value twice. It finds what these events bring to light; what is hidden in a library it finds by its effect only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

from attrs import frozen

from reactflow.cells import UNSET, Constant, Failure, Kind, Node, Plan
from reactflow.cells.naming import function_line
from reactflow.errors import DeclarationError, EventError, Transient
from reactflow.flow import Event, Flow, State, same_value
from reactflow.flow.equality import Wider
from reactflow.flow.general import apply_event
from reactflow.flow.hidden import hidden_values
from reactflow.flow.outcomes import Before, Shape
from reactflow.testing.impure import Trouble, content, is_object, seen_in_code


@frozen
class Impurity:
    """One thing that a cell does and may not: which cell, what, and on which line of yours.

    >>> print(Impurity("area", "input", "changes the list that it is given", "rooms.py:12"))
    area at rooms.py:12 changes the list that it is given
    """

    cell: str
    kind: Trouble
    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.cell} at {self.where} {self.what}"


def check_purity(flow: type[Flow], events: Iterable[Event | Mapping[str, object]]) -> tuple[Impurity, ...]:
    """Apply events to a new unit of a flow and say what is not a function of them; nothing if all is.

    An event may be a plain dict, of sources to their values and of pulses to what occurs. An event on which a cell
    fails is left out, as a service would. Raises DeclarationError for what is no event, or none of this flow.

    >>> import random
    >>> from reactflow import Flow, cell
    >>> class Room(Flow):
    ...     length = cell(3.0)
    ...     area = length * 2.0
    ...     noise = length.map(lambda length: length + random.random())
    >>> for found in check_purity(Room, [{"length": 4.0}]):
    ...     print(found.cell, found.kind, found.what)
    noise randomness draws from random.random; let the record bring the number
    """
    if isinstance(events, (Event, Mapping, str)) or not isinstance(events, Iterable):
        raise DeclarationError(
            f"check_purity takes a list of events, not {events!r:.60}: write [{{...}}], or [Event({{...}})]"
        )
    history = [one if isinstance(one, Event) else _event(flow.plan, one) for one in events]
    probe = _Probe(flow)
    one = probe.run(flow.plan, history)
    other = probe.run(_in_another_order(flow.plan), history)
    told = {found.cell for found in probe.found}
    for before, after in zip(one, other, strict=True):
        differing = [name for name in before if not _same(before[name], after.get(name, UNSET))]
        if differing and not told:
            node = flow.plan[differing[0]] if differing[0] in flow.plan.names else None
            what = "has another value when other cells are computed first; what does it share with them?"
            probe.tell(differing[0], "order", what, _line(node.fn, node.where) if node else "")
            break
    return tuple(probe.found)


def _event(plan: Plan, given: object) -> Event:
    if not isinstance(given, Mapping):
        raise DeclarationError(
            f"{given!r:.60} ({type(given).__name__}) is no event: write {{...}}, a dict of cells, or Event({{...}})"
        )
    pulses = {name for name in given if name in plan.names and plan[name].kind is Kind.PULSE}
    return Event(
        {name: value for name, value in given.items() if name not in pulses},
        {name: given[name] for name in pulses},
    )


class _Probe:
    """What is found, while functions are called through ``call``."""

    def __init__(self, flow: type[Flow]) -> None:
        self.flow = flow
        self.found: dict[Impurity, None] = {}
        for node in flow.plan:
            for fn in _functions_of(node):
                self.look(node, fn)

    def tell(self, cell: str, kind: Trouble, what: str, where: str) -> None:
        """Note one thing, once a cell and kind."""
        if not any((known.cell, known.kind) == (cell, kind) for known in self.found):
            self.found[Impurity(cell, kind, what, where)] = None

    def look(self, node: Node, fn: Callable[..., Any]) -> None:
        """Note what the code of a function says."""
        for kind, what, where in seen_in_code(fn):
            self.tell(_title(node), kind, what, where)

    def run(self, plan: Plan, events: Iterable[Event]) -> list[dict[str, object]]:
        """The outcomes after each event, in the order of a plan."""
        shape = Shape(Plan(tuple(self._wrapped(node) for node in plan.nodes), plan.names), self.flow.codec)
        state: State = self.flow.step().initial()
        history = []
        for event in events:
            outcomes: dict[str, object] = {}
            try:
                state, applied = apply_event(self.flow.__name__, shape, state, event)
                outcomes.update(applied.occurrences)
            except (EventError, Transient) as error:
                outcomes[str(getattr(error, "cell", ""))] = Failure(error)
            before = Before(shape, state)
            for name, where in plan.names.items():
                if not plan.nodes[where].is_pulse:
                    outcomes[name] = before.checked(where)
            history.append(outcomes)
        return history

    def _wrapped(self, node: Node) -> Node:
        fold = node.fold
        if fold is not None:
            return replace(
                node,
                fold=replace(
                    fold, add=partial(self.call, node, fold.add), result=partial(self.call, node, fold.result)
                ),
            )
        return node if node.fn is None else replace(node, fn=partial(self.call, node, node.fn))

    def call(self, node: Node, fn: Callable[..., Any], *given: Any) -> Any:
        """Call a function of the user's twice, and look at what it was given and what it reaches."""
        copies = [_copy(one) for one in given]
        kept = [_copy(one) for one in given]
        reached = [(hidden, value, content(value)) for hidden, value in hidden_values(fn)]
        result = _outcome(fn, given)
        title, where = _title(node), _line(fn, node.where)
        for own, copy in zip(given, kept, strict=True):
            if not _same(own, copy):
                self.tell(
                    title,
                    "input",
                    f"changes the {type(own).__name__} that it is given; make a new one",
                    where,
                )
        after = dict(hidden_values(fn))
        for hidden, value, number in reached:
            now = after.get(hidden, value)
            if content(value) != number:
                name = f"argument {hidden.name} of a partial" if hidden.name.isdigit() else hidden.name
                kind = "class" if isinstance(value, type) else type(value).__name__
                what = f"changes {name}, a {kind} that outlives the event; fold a pulse instead"
                self.tell(title, "global", what, hidden.place)
            elif now is not value and not _same(now, value):
                what = f"assigns {hidden.name}, which outlives the event; fold a pulse instead"
                self.tell(title, "global", what, hidden.place)
        again = _outcome(fn, copies)
        if not _same(result, again):
            self.look(node, fn)  # anew: what is imported when it is first used is there now
        if not _same(result, again) and not any(one.cell == title for one in self.found):
            others = ", ".join(dict.fromkeys(hidden.name for hidden, value, _ in reached if is_object(value)))
            what = (
                f"makes {_shown(result)} and then {_shown(again)} of the same inputs; "
                f"{f'look at {others}' if others else 'what else does it look at?'}"
            )
            self.tell(title, "result", what, where)
        if type(result) is Failure:
            raise result.error
        return result


def _outcome(fn: Callable[..., Any], given: Iterable[Any]) -> Any:
    try:
        return fn(*given)
    except Exception as error:
        return Failure(error)


def _same(one: object, other: object) -> bool:
    if type(one) is Failure and type(other) is Failure:
        return (type(one.error), str(one.error)) == (type(other.error), str(other.error))
    return same_value(one, other) or (one != one and other != other)


def _copy(value: Any) -> Any:
    try:
        return deepcopy(value)
    except Exception:  # it cannot be copied, and so not be compared either
        return value


def _shown(outcome: object) -> str:
    return f"{type(outcome.error).__name__}" if type(outcome) is Failure else f"{outcome!r:.40}"


def _title(node: Node) -> str:
    return node.name or "an unnamed cell"


def _line(fn: object, otherwise: str) -> str:
    return (function_line(fn) if callable(fn) else "") or otherwise


def _functions_of(node: Node) -> Iterator[Callable[..., Any]]:
    fold = node.fold
    equal = node.equal.equal if isinstance(node.equal, Wider) else None
    for fn in (node.fn, equal) if fold is None else (fold.add, fold.merge, fold.result, equal):
        if fn is not None:
            yield fn


# --- another order ------------------------------------------------------------------------------------------


def _in_another_order(plan: Plan) -> Plan:
    """The same plan with what may come later first: inputs still come before what needs them."""
    waits = [len(node.inputs) for node in plan.nodes]
    ready = [where for where, number in enumerate(waits) if not number]
    order: list[int] = []
    while ready:
        here = ready.pop()
        order.append(here)
        for where, node in enumerate(plan.nodes):
            if here in node.inputs:
                waits[where] -= 1
                if not waits[where]:
                    ready.append(where)
    new = {old: where for where, old in enumerate(order)}
    nodes = [
        replace(
            plan.nodes[old],
            inputs=tuple(new[one] for one in plan.nodes[old].inputs),
            arguments=tuple(
                one if isinstance(one, Constant) else new[one] for one in plan.nodes[old].arguments
            ),
        )
        for old in order
    ]
    return Plan(tuple(nodes), {name: new[old] for name, old in plan.names.items()})
