"""What events that give some cells can reach in a plan, and what has to be done about it in each of them.

This is all that straight-line code (``straight``) has to know of a plan before a word of it is written: which nodes are
reached and which values are needed, what may be unset, what values are like (``ranges``), what has to be computed for
every event and what once after the last, and who has to know whether something moved.
"""

from __future__ import annotations

from reactflow.cells import Constant, Kind, Node, folds
from reactflow.cells.operators import SYMBOLS
from reactflow.flow.equality import same_value
from reactflow.flow.outcomes import Shape, is_built_in
from reactflow.flow.ranges import Range, is_number, range_of_constant, range_of_operator, range_of_type

_CLASSES: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}


def symbol_of(node: Node) -> str:
    """The operator that a node's function is, empty for any other function."""
    try:
        return SYMBOLS.get(node.fn, "") if node.fn is not None else ""
    except TypeError:  # it cannot be hashed
        return ""


def has_own_equality(node: Node) -> bool:
    """Whether the flow says when the node's values are equal."""
    return node.equal is not None and node.equal is not same_value


class Reach:
    """What events reach that give the cells named in ``given``: all of them each time (``exact``), or any of them.

    All lists are by the place of a node in the plan; ``needed`` are the places that code is written for, in order.
    """

    def __init__(self, shape: Shape, given: frozenset[str], exact: bool) -> None:
        self.nodes, self.given, self.exact = shape.nodes, given, exact
        self.was_optional = shape.lacks  # it may be unset before the events
        self.range: list[Range | None] = []
        self.is_total: list[bool] = []  # computing it can neither raise nor leave its range
        self.reached: list[bool] = []
        self.optional: list[bool] = []  # it may be unset after an event
        self.is_certain: list[bool] = []  # a pulse that occurs in every event
        for place, node in enumerate(self.nodes):
            self._know(place, node)
        self.needed = self._needed()
        self.kept = shape.kept
        self.each = self._each()
        self.flagged = self._flagged()

    @property
    def is_possible(self) -> bool:
        """Whether straight-line code can be written: not where a cell that is not stored is looked at."""
        return not any(self.nodes[place].stored is False for place in self.needed)

    @property
    def is_spread(self) -> bool:
        """Whether code takes the whole state apart, or only what it needs of it."""
        return len(self.kept) <= max(16, 4 * sum(place in self.needed for place in self.kept))

    @property
    def tells(self) -> bool:
        """Whether a named pulse may occur."""
        return any(self.nodes[one].is_pulse and self.nodes[one].name for one in self.needed)

    def starts_as_it_was(self, place: int) -> bool:
        """Whether code looks at what a node had before the events, or may leave it there."""
        node = self.nodes[place]
        stays = has_own_equality(node) or (node.kind is Kind.SOURCE and not self.exact)
        return stays or (place in self.each and (place in self.flagged or self.is_call(place)))

    def inputs(self, place: int) -> list[int]:
        """The inputs of a node that are reached."""
        return [one for one in self.nodes[place].inputs if self.reached[one]]

    def pulses(self, place: int) -> list[int]:
        """The inputs of a node that are pulses."""
        return [one for one in self.nodes[place].inputs if self.nodes[one].is_pulse]

    def missing(self, place: int) -> list[int]:
        """The inputs of a node that may be unset, pulses aside."""
        return [
            one for one in self.nodes[place].inputs if not self.nodes[one].is_pulse and self.optional[one]
        ]

    def leaves(self, place: int) -> list[int]:
        """The named cells without which a derived cell is unset, those in between left out; none if it never is.

        A fold that is not needed otherwise ends the search: what it shows is not known without running it.
        """
        found: dict[int, None] = {}
        stack = [place] if self.nodes[place].kind is Kind.DERIVED and self.was_optional[place] else []
        while stack:
            for one in self.nodes[stack.pop()].inputs:
                if self.nodes[one].name is None:
                    stack.append(one)
                elif self.was_optional[one]:
                    found[one] = None
        is_known = all(self.nodes[one].fold is None or one in self.needed for one in found)
        return [*found] if is_known else []

    def is_call(self, place: int) -> bool:
        """Whether a node is a named cell whose function is called: only if an input moved."""
        node = self.nodes[place]
        return (
            node.kind is Kind.DERIVED and not node.is_pulse and node.name is not None and not symbol_of(node)
        )

    def adds_ints(self, place: int) -> bool:
        """Whether a fold is a sum of what is known to be int: its state is what it shows."""
        node = self.nodes[place]
        known = self.range[node.inputs[0]] if node.fold is folds.sum else None
        return known is not None and known.kind == "int"

    def is_shown_late(self, place: int) -> bool:
        """Whether what a fold shows is made once, after the last event: it cannot fail, and nobody looks before.

        A sum cannot get out of what floats hold when its parts and what it starts from are within the range.
        """
        node = self.nodes[place]
        if node.fold is None or not is_built_in(node.fold) or node.fold.result is folds.count.result:
            return False
        if node.fold in (folds.sum, folds.mean) and not is_number(self.range[node.inputs[0]]):
            return False
        if self.adds_ints(place):  # it has to be made anyway
            return False
        return not any(place in self.nodes[one].inputs and self.reached[one] for one in self.each)

    def always_moves(self, place: int) -> bool:
        """Whether a source is taken to have moved: to compare it costs more than it saves."""
        node = self.nodes[place]
        is_watched = any(one.kind is Kind.CHANGES and place in one.inputs for one in self.nodes)
        is_plain = self.range[place] is None and not has_own_equality(node) and not is_watched
        return node.kind is Kind.SOURCE and self.exact and is_plain

    def hint(self, place: int) -> str | None:
        """The class that a node's values most likely have, if it is a plain one."""
        node = self.nodes[place]
        if node.fold is folds.count or self.adds_ints(place):
            return "int"
        known = self.range[place] or range_of_type(node.type)
        return known.kind if known is not None else None

    # --- finding out -----------------------------------------------------------------------------------------------

    def _know(self, place: int, node: Node) -> None:
        """All that is known of a node when its inputs are known."""
        reached = any(self.reached[one] for one in node.inputs)
        known = range_of_type(node.type)
        is_total = optional = is_certain = False
        if node.kind is Kind.SOURCE:
            reached = node.name in self.given
            optional = self.was_optional[place] and not (reached and self.exact)
        elif node.kind is Kind.PULSE:
            reached = node.name in self.given
            is_certain = self.exact
        elif node.kind is Kind.CHANGES:
            known = self.range[node.inputs[0]]
        elif node.fold is not None:
            known = None
            steps = is_built_in(node.fold) and reached and self.is_certain[node.inputs[0]]
            optional = self.was_optional[place] and not steps
        else:
            known, is_total = self._range(node)
            optional = any(self.optional[one] for one in node.inputs)
            if node.is_pulse:
                pulses = [one for one in node.inputs if self.nodes[one].is_pulse]
                reached = all(self.reached[one] for one in pulses)
                is_sure = all(self.is_certain[one] for one in pulses)
                is_certain = bool(symbol_of(node)) and not optional and is_sure
                optional = False
        if known is not None and node.name is not None and not reached:
            known = range_of_type(_CLASSES[known.kind])  # it comes from the state, and is held to that
        self.range.append(None if has_own_equality(node) else known)
        self.is_total.append(is_total and not has_own_equality(node))
        self.reached.append(reached)
        self.optional.append(optional)
        self.is_certain.append(is_certain)

    def _range(self, node: Node) -> tuple[Range | None, bool]:
        symbol = symbol_of(node)
        if not symbol:
            return None, False
        operands = [
            range_of_constant(one.value) if isinstance(one, Constant) else self.range[one]
            for one in node.arguments
        ]
        last = node.arguments[-1]
        return range_of_operator(symbol, operands, last if isinstance(last, Constant) else None)

    def _needed(self) -> list[int]:
        """The named nodes that are reached, and all that these are computed from."""
        needed: set[int] = set()
        stack = [
            place for place, node in enumerate(self.nodes) if self.reached[place] and node.name is not None
        ]
        while stack:
            place = stack.pop()
            if place not in needed:
                needed.add(place)
                if self.reached[place] or self.nodes[place].name is None:
                    stack.extend(self.nodes[place].inputs)
        return sorted(needed)

    def _each(self) -> set[int]:
        """What has to be done in every event: what counts, compares or can fail, and what that looks at."""
        found: set[int] = set()
        for place in reversed(self.needed):
            node = self.nodes[place]
            if self.reached[place] and (node.is_pulse or not self.is_total[place] or place in found):
                found.add(place)
                found.update(self.inputs(place))
        return found

    def _flagged(self) -> set[int]:
        """What has to say whether it moved in an event: what ``changes()`` and calls look at."""
        found: set[int] = set()
        for place in reversed(self.needed):
            node = self.nodes[place]
            is_passed_on = place in found and node.name is None and node.kind is Kind.DERIVED
            is_asked = self.is_call(place) and not any(self.always_moves(one) for one in self.inputs(place))
            looks = node.kind is Kind.CHANGES or (is_asked and place in self.each)
            if self.reached[place] and (looks or is_passed_on):
                found.update(one for one in self.inputs(place) if not self.nodes[one].is_pulse)
        return found
