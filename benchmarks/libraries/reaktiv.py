"""reaktiv: signals after Angular's; ``a()`` reads, ``a.set(3)`` writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from operator import eq
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.libraries.tracked import ReadsCall
from benchmarks.loops import ByCall


class Reaktiv(ReadsCall, ByCall):
    """Every cell is computed once while the graph is built: a cold chain would be too deep."""

    def __init__(self) -> None:
        self.reaktiv: Any = import_module("reaktiv")
        self.make = partial(self.reaktiv.computed, equal=eq)  # its own test is `is`: cuts off small integers
        self.batch = self.reaktiv.batch
        self.kept: list[object] = []

    def source(self, value: Any) -> Node:
        return self.reaktiv.signal(value)

    def settle(self, node: Node) -> object:
        return node()

    def watch(self, node: Node, sink: Sink) -> object:
        def told() -> None:
            sink(node())

        self.kept.append(made := self.reaktiv.effect(told))
        return made

    def writer(self, source: Node) -> Callable[[Any], object]:
        write: Callable[[Any], object] = source.set
        return write

    def reader(self, node: Node) -> Callable[[], Any]:
        read: Callable[[], Any] = node
        return read
