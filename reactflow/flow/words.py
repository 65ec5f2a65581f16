"""The words of straight-line code (``writer``): what nodes, their values and conditions on them are called in it.

Cells are local variables of their names, changed where Python or the code has another use for the name. ``was_area`` is
what a cell had before the events, ``moved_area`` says that it changed in this one, ``shown_total`` is the value of a
fold whose state is ``total``.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from reactflow.cells import Constant, Kind, folds
from reactflow.flow.ranges import LARGE
from reactflow.flow.reach import Reach, has_own_equality
from reactflow.flow.records import record_of

_OWN = {
    "after", "changed", "tuple", "events", "len", "new", "occurred", "occurrences", "old", "others", "state", "step",
    "writes", "abs", "bool", "float", "int", "str", "Exception",
}  # fmt: skip
_PREFIXES = ("was_", "moved_", "shown_", "self_")
_LITERALS = (bool, int, float, str, type(None))


class Words:
    """The words for the nodes of a plan; ``given`` are words that the code has anyway, ``scope`` all that are bound."""

    def __init__(self, reach: Reach, given: Mapping[str, Any]) -> None:
        self.reach, self.nodes = reach, reach.nodes
        self.scope: dict[str, Any] = dict(given)
        self.words: list[str] = []
        self.words += (self.free(node.name or f"t{place}") for place, node in enumerate(self.nodes))

    def free(self, word: str) -> str:
        """A word that means nothing else."""
        while (
            word in _OWN or word in self.scope or word in self.words
            or keyword.iskeyword(word) or word.startswith(_PREFIXES)
        ):  # fmt: skip
            word = f"{word}_" if not word.startswith(_PREFIXES) else f"of_{word}"
        return word

    def bind(self, word: str, value: object) -> str:
        """A word for a value that the code is given."""
        while word in _OWN or word in self.words or self.scope.get(word, value) is not value:
            word += "_"
        self.scope[word] = value
        return word

    def value(self, place: int) -> str:
        """The word for a node's value: a fold's may be another than its state's."""
        node = self.nodes[place]
        if node.kind is Kind.CHANGES:
            return self.value(node.inputs[0])
        if node.fold is not None and node.fold.result is not folds.count.result:
            return f"shown_{self.words[place]}"
        return self.words[place]

    def argument(self, one: int | Constant, user: str, position: int) -> str:
        if not isinstance(one, Constant):
            return self.value(one)
        value = one.value
        if type(value) in _LITERALS and (type(value) is not float or abs(value) < LARGE):
            text = repr(value)
            return f"({text})" if text.startswith("-") else text
        return self.bind(f"{user}_{position}", value)

    def occurs(self, place: int) -> str:
        """When a pulse occurs, as a condition; "" is always."""
        node = self.nodes[place]
        if node.kind is Kind.CHANGES:
            (source,) = node.inputs
            lacks = f" and {self.value(source)} is not UNSET" if self.reach.optional[source] else ""
            return f"moved_{self.words[source]}{lacks}"
        return "" if self.reach.is_certain[place] else f"{self.words[place]} is not UNSET"

    def moved(self, place: int) -> str:
        """The condition that an input of a node moved in this event; "" is always."""
        found: dict[str, None] = {}
        stack = self.reach.inputs(place)
        while stack:
            one = stack.pop()
            if self.nodes[one].name is None and self.nodes[one].kind is Kind.DERIVED:
                stack.extend(self.reach.inputs(one))
            elif self.reach.always_moves(one):
                return ""
            else:
                found[f"moved_{self.words[one]}"] = None
        return " or ".join(reversed(found))

    def differs(self, place: int, old: str, new: str) -> str:
        """The condition that two values of a node are not the same."""
        if self.reach.hint(place) is None or has_own_equality(self.nodes[place]):
            return f"{new} is not {old} and not {self.record(place, 'same')}({old}, {new})"
        return f"{new} != {old} or {new}.__class__ is not {old}.__class__ or (not {new} and not same({old}, {new}))"

    def record(self, place: int, what: str) -> str:
        """The word for what compares or checks a node's values: of its record class, or in general."""
        record = record_of(kind) if isinstance(kind := self.nodes[place].type, type) else None
        if record is None or has_own_equality(self.nodes[place]):
            return "same" if what == "same" else ""
        return self.bind(f"{what}_{kind.__name__}", getattr(record, what))
