"""The text of straight-line code (``straight``): what events reach in a plan (``reach``), as one Python function.

What cells are called in it is said in ``words``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reactflow.cells import Kind, Node, folds
from reactflow.flow.methods import Method
from reactflow.flow.outcomes import is_built_in
from reactflow.flow.ranges import LARGE
from reactflow.flow.reach import Reach, has_own_equality, symbol_of
from reactflow.flow.words import Words


class Writer(Words):
    """Writes one function."""

    def __init__(self, reach: Reach, given: Mapping[str, Any]) -> None:
        super().__init__(reach, given)
        self.views: dict[type, str] = {}
        self.viewed: set[tuple[str, str]] = set()  # what a view has been given in this event already
        self.lines: list[str] = []
        self.condition = ""  # under which the last lines stand

    def text(self) -> tuple[str, dict[str, Any]]:
        """The text of the function, and what its words stand for."""
        reach = self.reach
        self._load()
        self._line(1, "for writes, occurrences in events:")
        self._refuse_others()
        for place in (one for one in reach.needed if one in reach.each):
            self._in_event(place)
        if not reach.exact:
            self._line(2, "if others:")
            self._line(3, "raise Unusual")
        for place in (one for one in reach.needed if reach.reached[one]):
            if place not in reach.each:
                self._assign(1, place, self.words[place])
            elif reach.is_shown_late(place):
                self._line(1, f"{self.value(place)} = show_{self.words[place]}({self.words[place]})")
        self._finish()
        lines = [f"    {word} = new_self({word}_class)" for word in self.views.values()] + self.lines
        start = ["def step(state, events, otherwise=otherwise):", "    try:"]
        end = ["    except Exception:", "        return otherwise(state, events)", ""]
        return "\n".join(start + [f"    {line}" for line in lines] + end), self.scope

    def _line(self, indent: int, text: str) -> None:
        if indent < 3:
            self.condition = ""
        self.lines.append("    " * indent + text)

    def _under(self, condition: str) -> int:
        """The indent of what happens in an event, under a condition."""
        if condition and condition != self.condition:
            self._line(2, f"if {condition}:")
            self.condition = condition
        return 3 if condition else 2

    def _load(self) -> None:
        """Take from the state what the events do not give."""
        reach = self.reach
        if reach.tells:
            self._line(1, "occurred = []")
        self._line(1, "if state.__class__ is not tuple:")
        self._line(2, "raise Unusual")
        if reach.is_spread:
            words = [self._before(place, of_fold="") for place in reach.kept]
            if words:
                self._line(1, f"{', '.join(words)}{',' * (len(words) == 1)} = state")
        for place in (one for one in reach.kept if one in reach.needed):
            node, word = self.nodes[place], self.words[place]
            if not reach.is_spread:
                self._line(1, f"{self._before(place, of_fold='')} = state[{reach.kept.index(place)}]")
            if node.fold is not None:
                shown = self.value(place)
                if shown != word:
                    self._line(1, f"{shown} = {self.bind(f'show_{word}', node.fold.result)}({word})")
                self._line(1, f"was_{word} = {shown}")
                if reach.is_shown_late(place) and node.fold in (folds.sum, folds.mean):
                    self._line(1, f"if {shown} is not UNSET and not {-LARGE} < {shown} < {LARGE}:")
                    self._line(2, "raise Unusual")
                continue
            if reach.reached[place] and reach.starts_as_it_was(place):
                self._line(1, f"{word} = was_{word}")
            if reach.range[place] is not None and (not reach.reached[place] or reach.starts_as_it_was(place)):
                self._hold(1, place, word, "raise Unusual", reach.was_optional[place])
        for place in reach.needed:
            self._refuse_failed(place)
        for place in reach.needed:
            node = self.nodes[place]
            if not reach.reached[place] and node.name is None and not node.is_pulse:
                self._assign(1, place, self.words[place])

    def _refuse_failed(self, place: int) -> None:
        """A cell without a value, though all that it needs has one, has failed before: the general way knows why."""
        leaves = self.reach.leaves(place) if self.nodes[place].name is not None else []
        for one in leaves:
            if one not in self.reach.needed and not self.reach.is_spread:
                self._line(1, f"{self._before(one)} = state[{self.reach.kept.index(one)}]")
        if leaves:
            is_set = " and ".join(f"{self._before(one)} is not UNSET" for one in leaves)
            self._line(1, f"if {self._before(place)} is UNSET and {is_set}:")
            self._line(2, "raise Unusual")

    def _before(self, place: int, of_fold: str = "was_") -> str:
        """The word for what a cell had before the events, or for the state of a fold."""
        if self.nodes[place].fold is not None:
            return of_fold + self.words[place]
        return f"was_{self.words[place]}" if self.reach.reached[place] else self.words[place]

    def _refuse_others(self) -> None:
        """An event that gives anything else is for other code."""
        tests = []
        for word, kind in (("writes", Kind.SOURCE), ("occurrences", Kind.PULSE)):
            count = sum(node.kind is kind and node.name in self.reach.given for node in self.nodes)
            if self.reach.exact and count:
                tests.append(f"len({word}) != {count}")
            elif not count:
                tests.append(word)
        if tests:
            self._line(2, f"if {' or '.join(tests)}:")
            self._line(3, "raise Unusual")
        if not self.reach.exact:
            self._line(2, "others = len(writes) + len(occurrences)")

    # --- one node in an event --------------------------------------------------------------------------------------

    def _in_event(self, place: int) -> None:
        node = self.nodes[place]
        if node.kind is Kind.SOURCE:
            self._read(place, node)
        elif node.kind is Kind.PULSE:
            self._receive(place, node)
        elif node.kind is Kind.FOLD:
            self._accumulate(place, node)
        elif node.is_pulse:
            self._occur(place, node)
        else:
            compares = (place in self.reach.flagged and node.name is not None) or has_own_equality(node)
            condition = self.moved(place) if self.reach.is_call(place) else ""
            if compares and condition:
                self._line(2, f"moved_{self.words[place]} = False")
            indent = self._under(condition)
            self._assign(indent, place, "new" if compares else self.words[place])
            if compares:
                self._move(indent, place)

    def _read(self, place: int, node: Node) -> None:
        word, indent = self.words[place], 2
        compares = has_own_equality(node) or (
            place in self.reach.flagged and not self.reach.always_moves(place)
        )
        if not self.reach.exact:
            if compares:
                self._line(2, f"moved_{word} = False")
            self._line(2, f'if "{node.name}" in writes:')
            self._line(3, "others -= 1")
            indent = 3
        new = "new" if compares else word
        self._line(indent, f'{new} = writes["{node.name}"]')
        if self.reach.range[place] is None:
            self._line(indent, f"if {new} is DEFAULT:")
            self._line(indent + 1, f"{new} = default({place}, {new})")
        self._hold(indent, place, new, f"{new} = default({place}, {new})")
        if compares:
            self._move(indent, place)

    def _receive(self, place: int, node: Node) -> None:
        word = self.words[place]
        if self.reach.exact:
            self._line(2, f'{word} = occurrences["{node.name}"]')
        else:
            self._line(2, f"{word} = UNSET")
            self._line(2, f'if "{node.name}" in occurrences:')
            self._line(3, "others -= 1")
            self._line(3, f'{word} = occurrences["{node.name}"]')
        self._hold(self._under(self.occurs(place)), place, word, "raise Unusual")
        self._tell(place, node)

    def _occur(self, place: int, node: Node) -> None:
        """A derived pulse, or the changes of a cell."""
        reach, word = self.reach, self.words[place]
        if node.kind is Kind.DERIVED:
            conditions = [self.occurs(one) for one in reach.pulses(place)]
            conditions += [f"{self.value(one)} is not UNSET" for one in reach.missing(place)]
            condition = " and ".join(dict.fromkeys(one for one in conditions if one))
            if condition:
                self._line(2, f"{word} = UNSET")
            indent = self._under(condition)
            self._compute(indent, place, word)
            if node.name is not None and not symbol_of(node):
                self._line(indent, f"if {word} is not UNSET:")
                indent += 1
            if node.name is not None or reach.range[place] is not None:
                self._check(indent, place, word)
        self._tell(place, node)

    def _tell(self, place: int, node: Node) -> None:
        """Note the occurrence of a named pulse."""
        if node.name is not None:
            indent = self._under(self.occurs(place))
            self._line(indent, f'occurred.append(("{node.name}", {self.value(place)}))')

    def _accumulate(self, place: int, node: Node) -> None:
        word, shown, source, fold = self.words[place], self.value(place), node.inputs[0], node.fold
        assert fold is not None
        reach, is_flagged = self.reach, place in self.reach.flagged
        if is_flagged:
            self._line(2, f"moved_{word} = False")
        indent = self._under(self.occurs(source))
        if is_flagged:
            self._line(indent, f"old = {shown}")
        if fold is folds.count:
            self._line(indent, f"{word} += 1")
        else:
            is_known = self.nodes[source].name is not None or reach.range[source] is not None
            is_sound = is_built_in(fold) and is_known  # it keeps what has been checked
            add = f"{word} = {self.bind(f'add_{word}', fold.add)}({word}, {self.value(source)})"
            if reach.adds_ints(place):
                self._line(indent, f'if {word}[0] == "int":')
                self._line(indent + 1, f"{shown} = {word}[1] + {self.value(source)}")
                self._line(indent + 1, f'{word} = "int", {shown}, 0')
                self._line(indent, "else:")
                indent += 1
            self._line(indent, add)
            if not is_sound:
                self._line(indent, f"check({word})")
            if shown != word and not reach.is_shown_late(place):
                self._line(indent, f"{shown} = show_{word}({word})")
                if fold in (folds.sum, folds.mean):  # it may be larger than what there is
                    self._line(indent, f"{'check_simple' if reach.adds_ints(place) else 'check'}({shown})")
                elif not is_sound:
                    self._line(indent, f"if {shown} is not UNSET:")
                    self._line(indent + 1, f"check({shown})")
            indent -= reach.adds_ints(place)
        if is_flagged:
            self._line(indent, f"moved_{word} = {self.differs(place, 'old', shown)}")

    def _move(self, indent: int, place: int) -> None:
        """Take a new value, and say whether it is another."""
        node, word = self.nodes[place], self.words[place]
        if has_own_equality(node):
            equal = self.bind(f"equal_{word}", node.equal)
            self._line(indent, f"moved_{word} = not is_same({equal}, {word}, new)")
            self._line(indent, f"if moved_{word}:")
            self._line(indent + 1, f"{word} = new")
        else:
            self._line(indent, f"moved_{word} = {self.differs(place, word, 'new')}")
            self._line(indent, f"{word} = new")

    # --- values ----------------------------------------------------------------------------------------------------

    def _assign(self, indent: int, place: int, target: str) -> None:
        """Compute a derived cell, unless an input of it is unset."""
        missing = [f"{self.value(one)} is UNSET" for one in self.reach.missing(place)]
        if missing:
            self._line(indent, f"if {' or '.join(missing)}:")
            self._line(indent + 1, f"{target} = UNSET")
            self._line(indent, "else:")
            indent += 1
        self._compute(indent, place, target)
        if self.nodes[place].name is not None or self.reach.range[place] is not None:
            self._check(indent, place, target)
        else:  # what has no name need not be stored
            self._line(indent, f"if {target} is UNSET:")
            self._line(indent + 1, "raise Unusual")

    def _compute(self, indent: int, place: int, target: str) -> None:
        node, word = self.nodes[place], self.words[place]
        symbol, fn = symbol_of(node), node.fn
        if isinstance(fn, Method):
            view = self.views.setdefault(fn.view, f"self_{len(self.views) or ''}")
            self.scope[f"{view}_class"] = fn.view
            for name, one in zip(fn.inputs, node.arguments, strict=True):
                if (view, name) not in self.viewed:
                    self._line(indent, f"{view}.{name} = {self.argument(one, word, 0)}")
                if indent == 2:  # in every event
                    self.viewed.add((view, name))
            self._line(indent, f"{target} = {self.bind(f'{word}_of', fn.function)}({view})")
            return
        words = [self.argument(one, word, position) for position, one in enumerate(node.arguments)]
        if symbol and symbol != "abs" and len(words) == 2:
            text = f"{words[0]} {symbol} {words[1]}"
        elif symbol and symbol != "abs" and len(words) == 1:
            text = f"{symbol} {words[0]}"
        else:
            text = f"{symbol or self.bind(f'{word}_of', fn)}({', '.join(words)})"
        self._line(indent, f"{target} = {text}")

    def _hold(self, indent: int, place: int, word: str, otherwise: str, may_be_unset: bool = False) -> None:
        """Hold a value that comes from outside to the range of its type."""
        known = self.reach.range[place]
        if known is None:
            self._check_general(indent, place, word)
            return
        tests = f"{word}.__class__ is not {known.kind}"
        if known.kind in ("int", "float"):
            tests += f" or not {-LARGE} < {word} < {LARGE}"
        self._line(indent, f"if {word} is not UNSET and ({tests}):" if may_be_unset else f"if {tests}:")
        self._line(indent + 1, otherwise)
        if known.kind == "str" and not may_be_unset:
            self._line(indent, f"if not {word}.isascii():")
            self._line(indent + 1, f"check({word})")

    def _check_general(self, indent: int, place: int, word: str) -> None:
        """See to it that a value of no plain class can be stored."""
        if fits := self.record(place, "fits"):
            self._line(indent, f"if not {fits}({word}):")
        self._line(indent + bool(fits), f"check({word})")

    def _check(self, indent: int, place: int, word: str) -> None:
        """See to it that a computed value can be stored, where that is not certain."""
        known, hint = self.reach.range[place], self.reach.hint(place)
        if self.reach.is_total[place]:
            self._line(indent, "pass") if self.lines[-1].endswith(":") else None
        elif known is not None:
            self._line(indent, f"if not {-LARGE} < {word} < {LARGE}:")
            self._line(indent + 1, "raise Unusual")
        elif hint is None or has_own_equality(self.nodes[place]):
            self._check_general(indent, place, word)
        else:
            further = {"float": f" or not {-LARGE} < {word} < {LARGE}", "str": f" or not {word}.isascii()"}
            self._line(indent, f"if {word}.__class__ is not {hint}{further.get(hint, '')}:")
            self._line(indent + 1, f"check_simple({word})")

    def _finish(self) -> None:
        """Gather the new state, and what is another than before."""
        reach = self.reach
        self._line(1, "changed = {}")
        moved = [place for place in reach.kept if reach.reached[place]]
        for place in moved:
            node, was, value = self.nodes[place], f"was_{self.words[place]}", self.value(place)
            self._line(1, f"if {self.differs(place, was, value)}:")
            self._line(2, f'changed["{node.name}"] = {was}, {value}')
        after = f"({', '.join(self.words[place] for place in reach.kept)}{',' * (len(reach.kept) == 1)})"
        if not reach.is_spread:
            after = "tuple(after)"
            self._line(1, "after = [*state]")
            for place in moved:
                self._line(1, f"after[{reach.kept.index(place)}] = {self.words[place]}")
        self._line(1, f"return {after}, changed, {'tuple(occurred)' if reach.tells else '()'}")
