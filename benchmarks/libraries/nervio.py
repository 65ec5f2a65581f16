"""nervio: signals after Solid's, safe for threads; ``a.value`` reads and writes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.libraries.tracked import ReadsAttribute
from benchmarks.loops import ByAttribute


class Nervio(ReadsAttribute, ByAttribute):
    """Every cell is computed once while the graph is built, as its manual advises for deep ones."""

    def __init__(self) -> None:
        self.nervio: Any = import_module("nervio")
        self.make = self.nervio.computed
        self.batch = self.nervio.batch

    def source(self, value: Any) -> Node:
        return self.nervio.signal(value)

    def settle(self, node: Node) -> object:
        return node.value

    def watch(self, node: Node, sink: Sink) -> object:
        return self.nervio.effect(lambda: sink(node.value))
