"""snarfx: observables after MobX's; ``a.get()`` reads, ``a.set(3)`` writes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.libraries.library import Node, Sink
from benchmarks.libraries.tracked import ReadsGet
from benchmarks.loops import ByCall


class Snarfx(ReadsGet, ByCall):
    """An effect is a reaction: a function that is tracked, and one that is told its value."""

    def __init__(self) -> None:
        self.snarfx: Any = import_module("snarfx")
        self.make = self.snarfx.Computed
        self.batch = self.snarfx.transaction
        self.kept: list[object] = []

    def source(self, value: Any) -> Node:
        return self.snarfx.Observable(value)

    def settle(self, node: Node) -> object:
        return node.get()

    def watch(self, node: Node, sink: Sink) -> object:
        self.kept.append(made := self.snarfx.reaction(node.get, sink))
        return made

    def writer(self, source: Node) -> Callable[[Any], object]:
        write: Callable[[Any], object] = source.set
        return write

    def reader(self, node: Node) -> Callable[[], Any]:
        read: Callable[[], Any] = node.get
        return read
