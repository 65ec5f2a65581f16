"""The live graph with the methods of ``model.Model``, and a check of the engine's invariants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactflow.cells import UNSET, Fold, Pulse, Readable, cell, derived, fold, pulse
from reactflow.cells.batch import batch
from reactflow.cells.derived import explicit
from reactflow.cells.doing import DOING, LOCK, Doing
from reactflow.cells.effect import Effect, Keeper, effect
from reactflow.cells.engine import ENGINE
from reactflow.cells.node import CLEAN, STALE, Computed, Link, Node, versions_seen
from reactflow.cells.readable import current_outcome
from tests.cells.model import Boom, Spec, World, same_parity, seen


class Live:
    """The engine, driven like the model."""

    def __init__(self) -> None:
        self.nodes: list[Readable[Any]] = []
        self.effects: dict[str, Effect] = {}
        self.batches: list[Any] = []
        self.keepers: list[Keeper] = []
        self.logged: list[tuple[object, ...]] = []

    def add(self, spec: Spec, default: object = UNSET) -> None:
        inputs = [self.nodes[one] for one in spec.inputs]
        fn: Any = spec.fn
        made: Readable[Any]
        if spec.kind == "cell":
            made = cell(default, equal=same_parity if spec.parity else None)
        elif spec.kind == "pulse":
            made = pulse()
        elif spec.kind == "changes":
            made = inputs[0].changes()
        elif spec.kind == "fold":
            made = fold(inputs[0], Fold(spec.zero, fn))
        elif spec.live is not None:
            made = derived(spec.live(*inputs))
        elif spec.kind == "tracked":
            made = derived(lambda: fn(self, *spec.inputs))
        else:
            made = explicit(fn, tuple(inputs))
        self.nodes.append(made)

    def look(self, node: int) -> Any:
        return seen(self.nodes[node]._current())

    def read(self, node: int) -> Any:
        return self.nodes[node].value  # type: ignore[attr-defined]  # every kind of cell has one

    def write(self, node: int, value: object) -> None:
        self.nodes[node].value = value  # type: ignore[attr-defined]  # a source cell

    def emit(self, node: int, value: object) -> None:
        one = self.nodes[node]
        assert isinstance(one, Pulse)
        one.emit(value)

    def begin(self) -> None:
        self.batches.append(batch())
        self.batches[-1].__enter__()

    def end(self, *, fails: bool) -> None:
        error = Boom() if fails else None
        self.batches.pop().__exit__(type(error) if error else None, error, None)

    def keep(self, node: int) -> None:
        self.keepers.append(Keeper((self.nodes[node],)))

    def log(self, *entry: object) -> None:
        self.logged.append(entry)

    def make_effect(self, label: str, program: Callable[[World], None]) -> None:
        def named() -> None:
            program(self)

        def made(one: Effect) -> None:
            self.effects[label] = one

        start(named, label, made)

    def outcomes(self) -> list[Any]:
        return [seen(current_outcome(one)) for one in self.nodes]


def start(fn: Callable[[], None], label: str, made: Callable[[Effect], None]) -> None:
    """Make an effect, and hand it over even if its first run raises."""
    first: list[bool] = []

    def watched() -> None:
        if not first:
            assert DOING.owner is not None
            first.append(True)
            made(DOING.owner)
        fn()

    effect(watched, name=label)


def check(nodes: list[Any]) -> None:
    """Hold the engine to its invariants, between events."""
    engine = ENGINE
    assert (engine.levels, engine.path, engine.in_effects) == ([], {}, False)
    assert (engine.queue, engine.eager, engine.occurred, engine.compared) == ({}, {}, [], [])
    left = {name: value for name in Doing.__slots__ if (value := getattr(DOING, name)) is not None}
    assert set(left) == {"depth", "epoch", "last_version", "rest", "waiting"}, left
    assert (DOING.depth, LOCK.depth) == (0, 0)
    found: dict[Node, None] = {}
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node is None or node in found:
            continue
        found[node] = None
        stack += node.inputs
        for one in node.observers or ():
            observer = one() if type(one) is Link else one
            stack.append(observer)
            assert observer is None or node in engine.followed(observer), (observer, node)
    for node in found:
        assert not node.is_pulse or node.outcome is UNSET, node
        if node.state == STALE:  # only what is followed by those alone that do not read it now
            for one in node.observers or ():
                assert node not in one.inputs or one.state == STALE, node
            continue
        if isinstance(node, Computed) and node.state == CLEAN:
            for one in engine.followed(node):
                assert {node, getattr(node, "link", None)} & set(one.observers or ()), (node, one)
            if not node.is_root:
                assert node.observers, node
            if node.seen is not None:
                assert versions_seen(node.inputs, node.seen) == tuple(one.version for one in node.inputs), (
                    node
                )
