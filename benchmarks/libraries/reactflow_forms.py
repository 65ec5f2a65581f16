"""reactflow in its two forms: inputs that are named, and inputs that are found by running the function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.functions import choose, plus_one, same, tenth, total
from benchmarks.libraries.library import Node, Sink
from benchmarks.libraries.tracked import ReadsAttribute
from benchmarks.loops import ByAttribute
from reactflow import batch, cell, derived, effect


class _Reactflow(ByAttribute):
    batch = staticmethod(batch)

    def __init__(self) -> None:
        self.kept: list[object] = []

    def source(self, value: Any) -> Node:
        return cell(value)

    def settle(self, node: Node) -> object:
        """Nothing: no depth is too deep."""

    def watch(self, node: Node, sink: Sink) -> object:
        self.kept.append(stop := effect(lambda: sink(node.value)))
        return stop


class Explicit(_Reactflow):
    """``derived(plus_one, a)``, ``length * width``."""

    def plus_one(self, a: Node) -> Node:
        return derived(plus_one, a)

    def same(self, a: Node) -> Node:
        return derived(same, a)

    def tenth(self, a: Node) -> Node:
        return derived(tenth, a)

    def plus(self, a: Node, b: Node) -> Node:
        return a + b

    def minus(self, a: Node, b: Node) -> Node:
        return a - b

    def times(self, a: Node, b: Node) -> Node:
        return a * b

    def choose(self, flag: Node, odd: Node, even: Node) -> Node:
        return derived(choose, flag, odd, even)

    def total(self, nodes: Sequence[Node]) -> Node:
        return derived(total, *nodes)

    def look(self, node: Node) -> Any:
        return node.value


class Tracked(ReadsAttribute, _Reactflow):
    """``derived(lambda: a.value + 1)``."""

    @staticmethod
    def make(fn: Callable[[], Any]) -> Node:
        return derived(fn)
