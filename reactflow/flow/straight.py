"""Straight-line code: the events of one unit applied by Python that was written for them.

From a plan, and the names that events give, this module writes the text of a function ``(state, events) -> (state,
changes)``: sources are read from each event, what they reach (``reach``) is computed in the plan's order, operators are
written out, functions are called directly. What cannot fail and is seen by no fold and no pulse is computed once, after
the last event. A cell that was not reached is not even looked at.

The code knows the ordinary case alone. At anything else (a value that is taken away, one that cannot be stored, a
function that raises, a cell that has had no value before) it raises, nothing has happened, and the events are applied
in the general way (``general``). So no rule of semantics is stated here: what this code leaves undone, the other does.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from reactflow.cells import UNSET, Constant, Kind, Node, folds
from reactflow.cells.semantics import Failure, same
from reactflow.flow.equality import same_value
from reactflow.flow.events import DEFAULT, Change, Changes, Event
from reactflow.flow.methods import Method
from reactflow.flow.outcomes import Shape
from reactflow.flow.ranges import LARGE
from reactflow.flow.reach import Reach, has_own_equality, is_built_in, symbol_of

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec

Run = Callable[[Mapping[str, object], "list[Event] | tuple[Event, ...]"], "tuple[dict[str, object], Changes]"]

_OWN = frozenset(
    "after changed events len new occurred occurrences old state step writes abs bool float int str tuple".split()
)
_PREFIXES = ("was_", "moved_", "shown_", "self_")
_LITERALS = (bool, int, float, str, type(None))


class Unusual(Exception):  # noqa: N818  # no error: it says that the general way has to be taken
    """Leaves straight-line code."""


def straight(shape: Shape, given: frozenset[str], exact: bool) -> tuple[Run | None, str]:
    """The function for events that give these cells, and its text; None where there is none.

    ``exact`` says that each event gives all of them, else any.
    """
    reach = Reach(shape, given, exact)
    if not reach.is_possible:
        return None, ""
    text, scope = _Writer(reach, shape.codec).text()
    exec(compile(text, "<step>", "exec"), scope)  # our own text: names in it are identifiers, values are bound
    run: Run = scope["step"]
    return run, text


class _Writer:
    """Writes one function."""

    def __init__(self, reach: Reach, codec: Codec) -> None:
        self.reach, self.nodes = reach, reach.nodes
        self.scope: dict[str, Any] = {
            "DEFAULT": DEFAULT, "LARGE": LARGE, "UNSET": UNSET, "Unusual": Unusual, "same": same_value,
            "is_same": same, "change": partial(tuple.__new__, Change), "Changes": Changes,
            "new_self": object.__new__, **_checks(codec), "default": partial(_default, reach),
        }  # fmt: skip
        self.words: list[str] = []
        for place, node in enumerate(self.nodes):
            self.words.append(self._free(node.name or f"t{place}"))
        self.views: dict[type, str] = {}
        self.lines: list[str] = []
        self.condition = ""  # under which the last lines stand

    # --- words -----------------------------------------------------------------------------------------------------

    def _free(self, word: str) -> str:
        """A word that means nothing else."""
        while (
            word in _OWN or word in self.scope or word in self.words
            or keyword.iskeyword(word) or word.startswith(_PREFIXES)
        ):  # fmt: skip
            word = f"{word}_" if not word.startswith(_PREFIXES) else f"of_{word}"
        return word

    def _bind(self, word: str, value: object) -> str:
        """A word for a value that the code is given."""
        while word in _OWN or word in self.words or self.scope.get(word, value) is not value:
            word += "_"
        self.scope[word] = value
        return word

    def _value(self, place: int) -> str:
        """The word for a node's value: a fold's may be another than its state's."""
        node = self.nodes[place]
        if node.kind is Kind.CHANGES:
            return self._value(node.inputs[0])
        if node.fold is not None and node.fold.result is not folds.count.result:
            return f"shown_{self.words[place]}"
        return self.words[place]

    def _argument(self, one: int | Constant, user: str, position: int) -> str:
        if not isinstance(one, Constant):
            return self._value(one)
        value = one.value
        if type(value) in _LITERALS and (type(value) is not float or abs(value) < LARGE):
            text = repr(value)
            return f"({text})" if text.startswith("-") else text
        return self._bind(f"{user}_{position}", value)

    def _occurs(self, place: int) -> str:
        """When a pulse occurs, as a condition; "" is always."""
        node = self.nodes[place]
        if node.kind is Kind.CHANGES:
            (source,) = node.inputs
            lacks = f" and {self._value(source)} is not UNSET" if self.reach.optional[source] else ""
            return f"moved_{self.words[source]}{lacks}"
        return "" if self.reach.is_certain[place] else f"{self.words[place]} is not UNSET"

    def _moved(self, place: int) -> str:
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

    def _differs(self, place: int, old: str, new: str) -> str:
        """The condition that two values of a node are not the same."""
        if self.reach.hint(place) is None or has_own_equality(self.nodes[place]):
            return f"{new} is not {old} and not same({old}, {new})"
        return f"{new} != {old} or {new}.__class__ is not {old}.__class__ or (not {new} and not same({old}, {new}))"

    # --- the text --------------------------------------------------------------------------------------------------

    def text(self) -> tuple[str, dict[str, Any]]:
        """The text of the function, and what its words stand for."""
        needed, reach = self.reach.needed, self.reach
        self._load()
        self._line(1, "for writes, occurrences in events:")
        self._refuse_others()
        for place in needed:
            if place in reach.each:
                self._in_event(place)
        for place in needed:
            if reach.reached[place] and place not in reach.each:
                self._assign(1, place, self.words[place])
        self._finish()
        views = [f"    {word} = new_self({word}_class)" for word in self.views.values()]
        return "\n".join(["def step(state, events):", *views, *self.lines]) + "\n", self.scope

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
        """Read from the state what the events do not give."""
        reach = self.reach
        kept = [place for place in reach.needed if self.nodes[place].name is not None and not self.nodes[place].is_pulse]
        if self._tells:
            self._line(1, "occurred = []")
        for place in kept:
            node, word = self.nodes[place], self.words[place]
            if node.fold is not None:
                shown = self._value(place)
                self._line(1, f'{word} = state["{node.name}"]')
                if shown != word:
                    self._line(1, f"{shown} = {self._bind(f'show_{word}', node.fold.result)}({word})")
                self._line(1, f"was_{word} = {shown}")
                continue
            found = f'state.get("{node.name}", UNSET)' if reach.was_optional[place] else f'state["{node.name}"]'
            names = [f"was_{word}"] if reach.reached[place] else [word]
            if reach.reached[place] and self._starts_as_it_was(place):
                names.insert(0, word)
            self._line(1, f"{' = '.join(names)} = {found}")
            if word in names and reach.range[place] is not None:
                self._hold(1, place, word, "raise Unusual", reach.was_optional[place])
        for place in kept:
            self._refuse_failed(place)
        for place in reach.needed:
            node = self.nodes[place]
            if not reach.reached[place] and node.name is None and not node.is_pulse:
                self._assign(1, place, self.words[place])

    @property
    def _tells(self) -> bool:
        """Whether a named pulse may occur."""
        return any(self.nodes[one].is_pulse and self.nodes[one].name for one in self.reach.needed)

    def _starts_as_it_was(self, place: int) -> bool:
        """Whether the code looks at what a node had, or may leave it there."""
        node, reach = self.nodes[place], self.reach
        stays = has_own_equality(node) or (node.kind is Kind.SOURCE and not reach.exact)
        return stays or (place in reach.each and (place in reach.flagged or reach.is_call(place)))

    def _refuse_failed(self, place: int) -> None:
        """A cell without a value, though all that it needs has one, has failed before: the general way knows why."""
        reach = self.reach
        if self.nodes[place].kind is not Kind.DERIVED or not reach.was_optional[place]:
            return
        leaves: dict[int, None] = {}
        stack = [*self.nodes[place].inputs]
        while stack:
            one = stack.pop()
            if self.nodes[one].name is None:
                stack.extend(self.nodes[one].inputs)
            elif reach.was_optional[one]:
                leaves[one] = None
        for one in leaves:
            if one not in reach.needed and self.nodes[one].fold is None:
                self._line(1, f'was_{self.words[one]} = state.get("{self.nodes[one].name}", UNSET)')
            elif one not in reach.needed:
                return  # a fold far away, of which it is not known what it shows: a rare case, and no harm
        is_set = " and ".join(f"{self._before(one)} is not UNSET" for one in leaves)
        self._line(1, f"if {self._before(place)} is UNSET and {is_set}:")
        self._line(2, "raise Unusual")

    def _before(self, place: int) -> str:
        is_left = place in self.reach.needed and not self.reach.reached[place] and self.nodes[place].fold is None
        return self.words[place] if is_left else f"was_{self.words[place]}"

    def _refuse_others(self) -> None:
        """An event that gives anything else is for other code."""
        tests = []
        for word, kind in (("writes", Kind.SOURCE), ("occurrences", Kind.PULSE)):
            names = [node.name for node in self.nodes if node.kind is kind and node.name in self.reach.given]
            if not names:
                tests.append(word)
            elif self.reach.exact:
                tests.append(f"len({word}) != {len(names)}")
            else:
                tests.append(f"not {word}.keys() <= {self._bind(f'known_{word}', frozenset(names))}")
        self._line(2, f"if {' or '.join(tests)}:")
        self._line(3, "raise Unusual")

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
            condition = self._moved(place) if self.reach.is_call(place) else ""
            if compares and condition:
                self._line(2, f"moved_{self.words[place]} = False")
            indent = self._under(condition)
            self._assign(indent, place, "new" if compares else self.words[place])
            if compares:
                self._move(indent, place)

    def _read(self, place: int, node: Node) -> None:
        word, indent = self.words[place], 2
        compares = has_own_equality(node) or (place in self.reach.flagged and not self.reach.always_moves(place))
        if not self.reach.exact:
            if compares:
                self._line(2, f"moved_{word} = False")
            self._line(2, f'if "{node.name}" in writes:')
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
            self._line(2, f'{word} = occurrences.get("{node.name}", UNSET)')
        self._hold(self._under(self._occurs(place)), place, word, "raise Unusual")
        self._tell(place, node)

    def _occur(self, place: int, node: Node) -> None:
        """A derived pulse, or the changes of a cell."""
        reach, word = self.reach, self.words[place]
        if node.kind is Kind.DERIVED:
            conditions = [self._occurs(one) for one in reach.pulses(place)]
            conditions += [f"{self._value(one)} is not UNSET" for one in reach.missing(place)]
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
            indent = self._under(self._occurs(place))
            self._line(indent, f'occurred.append(("{node.name}", {self._value(place)}))')

    def _accumulate(self, place: int, node: Node) -> None:
        word, shown, source, fold = self.words[place], self._value(place), node.inputs[0], node.fold
        assert fold is not None
        is_flagged = place in self.reach.flagged
        if is_flagged:
            self._line(2, f"moved_{word} = False")
        indent = self._under(self._occurs(source))
        if is_flagged:
            self._line(indent, f"old = {shown}")
        if fold is folds.count:
            self._line(indent, f"{word} += 1")
        else:
            is_known = self.nodes[source].name is not None or self.reach.range[source] is not None
            is_sound = is_built_in(fold) and is_known  # it keeps what has been checked
            self._line(indent, f"{word} = {self._bind(f'add_{word}', fold.add)}({word}, {self._value(source)})")
            if not is_sound:
                self._line(indent, f"check({word})")
            if shown != word:
                self._line(indent, f"{shown} = show_{word}({word})")
            if shown != word and fold in (folds.sum, folds.mean):
                self._line(indent, f"check({shown})")  # it may be larger than what there is
            elif shown != word and not is_sound:
                self._line(indent, f"if {shown} is not UNSET:")
                self._line(indent + 1, f"check({shown})")
        if is_flagged:
            self._line(indent, f"moved_{word} = {self._differs(place, 'old', shown)}")

    def _move(self, indent: int, place: int) -> None:
        """Take a new value, and say whether it is another."""
        node, word = self.nodes[place], self.words[place]
        if has_own_equality(node):
            equal = self._bind(f"equal_{word}", node.equal)
            self._line(indent, f"moved_{word} = not is_same({equal}, {word}, new)")
            self._line(indent, f"if moved_{word}:")
            self._line(indent + 1, f"{word} = new")
        else:
            self._line(indent, f"moved_{word} = {self._differs(place, word, 'new')}")
            self._line(indent, f"{word} = new")

    # --- values ----------------------------------------------------------------------------------------------------

    def _assign(self, indent: int, place: int, target: str) -> None:
        """Compute a derived cell, unless an input of it is unset."""
        missing = [f"{self._value(one)} is UNSET" for one in self.reach.missing(place)]
        if missing:
            self._line(indent, f"if {' or '.join(missing)}:")
            self._line(indent + 1, f"{target} = UNSET")
            self._line(indent, "else:")
            indent += 1
        self._compute(indent, place, target)
        if self.nodes[place].name is not None or self.reach.range[place] is not None:
            self._check(indent, place, target)

    def _compute(self, indent: int, place: int, target: str) -> None:
        node, word = self.nodes[place], self.words[place]
        symbol, fn = symbol_of(node), node.fn
        if isinstance(fn, Method):
            view = self.views.setdefault(fn.view, f"self_{len(self.views) or ''}")
            self.scope[f"{view}_class"] = fn.view
            for name, one in zip(fn.inputs, node.arguments, strict=True):
                self._line(indent, f"{view}.{name} = {self._argument(one, word, 0)}")
            self._line(indent, f"{target} = {self._bind(f'{word}_of', fn.function)}({view})")
            return
        words = [self._argument(one, word, position) for position, one in enumerate(node.arguments)]
        if symbol and symbol != "abs" and len(words) == 2:
            text = f"{words[0]} {symbol} {words[1]}"
        elif symbol and symbol != "abs" and len(words) == 1:
            text = f"{symbol} {words[0]}"
        else:
            text = f"{symbol or self._bind(f'{word}_of', fn)}({', '.join(words)})"
        self._line(indent, f"{target} = {text}")

    def _hold(self, indent: int, place: int, word: str, otherwise: str, may_be_unset: bool = False) -> None:
        """Hold a value that comes from outside to the range of its type."""
        known = self.reach.range[place]
        if known is None:
            self._line(indent, f"check({word})")
            return
        tests = f"{word}.__class__ is not {known.kind}"
        if known.kind in ("int", "float"):
            tests += f" or not -LARGE < {word} < LARGE"
        self._line(indent, f"if {word} is not UNSET and ({tests}):" if may_be_unset else f"if {tests}:")
        self._line(indent + 1, otherwise)
        if known.kind == "str" and not may_be_unset:
            self._line(indent, f"if not {word}.isascii():")
            self._line(indent + 1, f"check({word})")

    def _check(self, indent: int, place: int, word: str) -> None:
        """See to it that a computed value can be stored, where that is not certain."""
        known, hint = self.reach.range[place], self.reach.hint(place)
        if self.reach.is_total[place]:
            self._line(indent, "pass") if self.lines[-1].endswith(":") else None
        elif known is not None:
            self._line(indent, f"if not -LARGE < {word} < LARGE:")
            self._line(indent + 1, "raise Unusual")
        elif hint is None or has_own_equality(self.nodes[place]):
            self._line(indent, f"check({word})")
        else:
            further = {"float": f" or not -LARGE < {word} < LARGE", "str": f" or not {word}.isascii()"}
            self._line(indent, f"if {word}.__class__ is not {hint}{further.get(hint, '')}:")
            self._line(indent + 1, f"check_simple({word})")

    def _finish(self) -> None:
        """Gather the new state, and what is another than before."""
        reach = self.reach
        self._line(1, "changed = {}")
        entries, optional = "", []
        for place in reach.needed:
            node, word = self.nodes[place], self.words[place]
            if not reach.reached[place] or node.name is None or node.is_pulse:
                continue
            self._line(1, f"if {self._differs(place, f'was_{word}', self._value(place))}:")
            self._line(2, f'changed["{node.name}"] = change((was_{word}, {self._value(place)}))')
            if reach.optional[place] and node.fold is None:
                optional.append(place)
            else:
                entries += f', "{node.name}": {word}'
        self._line(1, f"after = {{**state{entries}}}")
        for place in optional:
            self._line(1, f"if {self.words[place]} is not UNSET:")
            self._line(2, f'after["{self.nodes[place].name}"] = {self.words[place]}')
            self._line(1, f'elif was_{self.words[place]} is not UNSET:')
            self._line(2, f'del after["{self.nodes[place].name}"]')
        self._line(1, f"return after, Changes(changed, {'tuple(occurred)' if self._tells else '()'})")


# --- what the code calls -------------------------------------------------------------------------------------------


def _default(reach: Reach, place: int, value: object) -> object:
    """What a source gets that is written otherwise than its type says: its default, or the general way has to see it."""
    node = reach.nodes[place]
    if value is not DEFAULT or node.default is UNSET:
        raise Unusual
    known = reach.range[place]
    if known is not None and type(node.default).__name__ != known.kind:
        raise Unusual
    return deepcopy(node.default)


def _checks(codec: Codec) -> dict[str, Callable[[Any], None]]:
    """``check`` raises for a value that cannot be stored; ``check_simple`` also for one that is no plain scalar."""

    def check_simple(value: Any) -> None:
        kind = value.__class__
        if kind is float:
            if value - value != 0:
                raise Unusual
        elif kind is str:
            value.encode()
        elif kind is not int and kind is not bool and value is not None:
            raise Unusual

    def check(value: Any) -> None:
        kind = value.__class__
        if kind is str or kind is float or kind is int:
            check_simple(value)
        elif value is UNSET or kind is Failure:
            raise Unusual
        else:
            codec.to_plain(value)

    return {"check": check, "check_simple": check_simple}
