"""atom: objects with members that can be observed, written in C++; ``a.value`` reads and writes.

It has no derived cells that are pushed: a derived cell is an object whose member an observer of the others sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.loops import ByAttribute


class Atom(ByAttribute):
    """Observers are called at once, in the order in which they came; there is no batch."""

    batch = nullcontext

    def __init__(self) -> None:
        atom: Any = import_module("atom.api")
        self.node: Any = type("Node", (atom.Atom,), {"value": atom.Value()})
        self.kept: list[object] = []

    def source(self, value: Any) -> Node:
        return self.node(value=value)

    def plus_one(self, a: Node) -> Node:
        out = self.node(value=a.value + 1)

        def update(change: Any) -> None:
            out.value = change["value"] + 1

        return self._followed(out, update, a)

    def same(self, a: Node) -> Node:
        out = self.node(value=a.value)

        def update(change: Any) -> None:
            out.value = change["value"]

        return self._followed(out, update, a)

    def tenth(self, a: Node) -> Node:
        out = self.node(value=a.value // 10)

        def update(change: Any) -> None:
            out.value = change["value"] // 10

        return self._followed(out, update, a)

    def plus(self, a: Node, b: Node) -> Node:
        out = self.node(value=a.value + b.value)

        def update(change: object) -> None:
            out.value = a.value + b.value

        return self._followed(out, update, a, b)

    def minus(self, a: Node, b: Node) -> Node:
        out = self.node(value=a.value - b.value)

        def update(change: object) -> None:
            out.value = a.value - b.value

        return self._followed(out, update, a, b)

    def times(self, a: Node, b: Node) -> Node:
        out = self.node(value=a.value * b.value)

        def update(change: object) -> None:
            out.value = a.value * b.value

        return self._followed(out, update, a, b)

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        out = self.node(value=odd.value if flag.value % 2 else even.value)

        def update(change: object) -> None:
            out.value = odd.value if flag.value % 2 else even.value

        return self._followed(out, update, flag, odd, even)

    def total(self, nodes: Sequence[Node]) -> Node:
        out = self.node(value=sum([node.value for node in nodes]))

        def update(change: object) -> None:
            out.value = sum([node.value for node in nodes])

        return self._followed(out, update, *nodes)

    @staticmethod
    def _followed(out: Node, update: Callable[[Any], None], *inputs: Node) -> Node:
        for node in inputs:
            node.observe("value", update)
        return out

    def settle(self, node: Node) -> object:
        """Nothing: a member is set when it is written."""

    def watch(self, node: Node, sink: Sink) -> object:
        def told(change: Any) -> None:
            sink(change["value"])

        node.observe("value", told)
        self.kept.append(node)
        return told

    def look(self, node: Node) -> Any:
        return node.value
