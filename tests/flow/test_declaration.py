"""Class bodies that cannot work: refused when the class is made, with the line and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from reactflow.cells import (
    Cell,
    Derived,
    Fold,
    Pulse,
    cell,
    derived,
    fold,
    folds,
    pulse,
)
from reactflow.errors import CycleError, DeclarationError
from reactflow.flow import Flow


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    height: Cell[float] = cell()
    area = length * width
    peak = fold(area.changes(), folds.max)
    reading: Pulse[float] = pulse()
    total = fold(reading, folds.sum)
    LIMIT = 10.0

    @derived
    def label(self) -> str:
        return f"{self.area:.1f} m2{' (large)' if self.is_large() else ''}"

    def is_large(self) -> bool:
        return self.area > self.LIMIT


def line(fn: Callable[..., Any], offset: int = 0) -> str:
    return f"test_declaration.py:{fn.__code__.co_firstlineno + offset}"


# --- refusals at class creation -----------------------------------------------------------------------------

LIVE = cell(2.0)


def tracked() -> Any:
    class Bad(Flow):
        length = cell(1.0)
        twice = derived(lambda: LIVE.value)


def self_passed_on() -> Any:
    class Bad(Flow):
        length = cell(1.0)

        @derived
        def text(self) -> str:
            return repr(self)


def no_reads() -> Any:
    class Bad(Flow):
        length = cell(1.0)

        @derived
        def text(self) -> str:
            return "x"


def reserved() -> Any:
    class Bad(Flow):
        step = cell(1.0)  # type: ignore[assignment]


def reserved_helper() -> Any:
    class Bad(Flow):
        def show(self) -> None:  # type: ignore[override]
            pass


def redefined() -> Any:
    class Bad(Room):
        length = cell(1.0)


def redefined_by_a_constant() -> Any:
    class Bad(Room):
        length = 1.0


def helper_replaced() -> Any:
    class Bad(Room):
        def is_large(self) -> bool:
            return True


def constant_replaced() -> Any:
    class Bad(Room):
        LIMIT = 20.0


def live_cell() -> Any:
    class Bad(Flow):
        length = LIVE


def live_input() -> Any:
    class Bad(Flow):
        twice = LIVE * 2


def live_in_a_lambda() -> Any:
    class Bad(Flow):
        length = cell(1.0)
        scaled = length.map(lambda value: value * LIVE.value)


def live_in_a_method() -> Any:
    class Bad(Flow):
        length = cell(1.0)

        @derived
        def scaled(self) -> float:
            return self.length * LIVE.value


def live_in_a_fold() -> Any:
    class Bad(Flow):
        reading: Pulse[float] = pulse()
        total: Derived[float] = fold(reading, Fold(0.0, lambda state, value: state + value * LIVE.value))


def live_instance() -> Any:
    room = Room()

    class Bad(Flow):
        length = cell(1.0)
        scaled = length.map(lambda value: value * room.area)


def other_flow() -> Any:
    class Bad(Flow):
        twice = Room.area * 2


def unnamed_fold() -> Any:
    class Bad(Flow):
        reading: Pulse[float] = pulse()
        twice = fold(reading, folds.sum) * 2


def changes_of_unnamed() -> Any:
    class Bad(Flow):
        length = cell(1.0)
        peak = fold((length * 2).changes(), folds.max)


def changes_of_unstored() -> Any:
    class Bad(Flow):
        length = cell(1.0)
        thumb = derived(str, length, stored=False)
        last = fold(thumb.changes(), folds.last)


def equal_of_unstored() -> Any:
    class Bad(Flow):
        length = cell(1.0)
        thumb = derived(str, length, stored=False, equal=lambda old, new: True)


def equal_of_a_fold() -> Any:
    class Bad(Flow):
        reading: Pulse[float] = pulse()
        total = fold(reading, folds.sum, equal=lambda old, new: True)


def cells_of_no_flow() -> Any:
    class Mixin:
        length = cell(1.0)

    class Bad(Mixin, Flow):
        pass


def internal_name() -> Any:
    class Bad(Flow):
        _plan = cell(1.0)


def only_declared() -> Any:
    class Bad(Flow):
        height: Cell[float]


def two_names() -> Any:
    class Bad(Flow):
        length = cell(1.0)
        same = length


def stored_pulse() -> Any:
    class Bad(Flow):
        reading: Pulse[float] = pulse()
        twice = derived(abs, reading, stored=False)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        tracked,
        r"Bad\.twice is tracked \({3}\): what it reads is only known by running it\. In a flow, name its inputs",
    ),
    (
        self_passed_on,
        r"Bad\.text passes self on at {6}, so that its inputs cannot be found; read cells as self\.<name>",
    ),
    (no_reads, r"Bad\.text reads no cell at {4}, so it never changes; read one as self\.<name>"),
    (reserved, r"Bad\.step: 'step' is a name of Flow itself; call it something else, such as step_"),
    (reserved_helper, r"Bad\.show: 'show' is a name of Flow itself"),
    (redefined, r"Bad\.length redefines the cell 'length' of Room; give it another name"),
    (redefined_by_a_constant, r"Bad\.length redefines the cell 'length' of Room"),
    (
        helper_replaced,
        r"Bad\.is_large replaces what a method of Room reads; give it another name, or make 'is_large' a cell",
    ),
    (constant_replaced, r"Bad\.LIMIT replaces what a method of Room reads"),
    (
        live_cell,
        r"Bad\.length is the live cell 'LIVE' \(test_declaration\.py:\d+\); .*Flow\.of\(length=LIVE, name='Bad'\)",
    ),
    (live_input, r"source cell 'LIVE' \(test_declaration\.py:\d+\) is used but has no name of its own"),
    (
        live_in_a_lambda,
        r"Bad\.scaled reaches the live 'LIVE' at {3}, which is no input of it; make 'LIVE' a cell of the flow",
    ),
    (live_in_a_method, r"Bad\.scaled reaches the live 'LIVE' at {6}"),
    (live_in_a_fold, r"Bad\.total reaches the live 'LIVE' at {3}"),
    (live_instance, r"Bad\.scaled reaches the live 'room' at {5}"),
    (
        other_flow,
        r"Bad\.twice uses Room\.area, a cell of another flow; inherit from Room, or connect the two as services",
    ),
    (unnamed_fold, r"the fold of 'reading' .*{3}.* has no name of its own"),
    (
        changes_of_unnamed,
        r"Bad: \.changes\(\) at {3} is of a cell without a name, .*; give it one: name = \.\.\., then name\.",
    ),
    (
        changes_of_unstored,
        r"Bad\.thumb is not stored, so it has no \.changes\(\) \({4}\); declare it with stored=True",
    ),
    (equal_of_unstored, r"Bad\.thumb has equal= but is not stored"),
    (equal_of_a_fold, r"Bad\.total has equal= \({3}\), but a flow keeps what a fold accumulates"),
    (cells_of_no_flow, r"Mixin\.length is a cell, but Mixin is no flow; write class Mixin\(Flow\)"),
    (internal_name, r"Bad\._plan: '_plan' is a name of Flow itself; call it something else, such as _plan_"),
    (only_declared, r"Bad\.height is only declared; write height: Cell\[float\] = cell\(\)"),
    (two_names, r"'length' and 'same' are the same cell"),
    (stored_pulse, r"Bad\.twice is a pulse, which is never stored"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[make.__name__ for make, _ in REFUSED])
def test_a_wrong_class_body_is_refused_with_the_line_and_the_remedy(
    make: Callable[[], Any], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        make()
    wanted = re.sub(r"\{(\d)\}", lambda found: re.escape(line(make, int(found[1]))), message)
    assert re.search(wanted, str(caught.value)), str(caught.value)


def test_cells_that_depend_on_themselves_are_a_cycle_with_its_path_and_line() -> None:
    def make() -> Any:
        class Bad(Flow):
            length = cell(1.0)

            @derived
            def area(self) -> float:
                return self.cost * self.length

            double = area * 2

            @derived
            def cost(self) -> float:
                return (
                    self.length
                    + self.double
                )  # fmt: skip

    with pytest.raises(CycleError) as caught:
        make()
    assert caught.value.path == ("area", "cost", "double", "area")
    told = f"Bad: area -> cost -> double -> area; 'double' reads 'area' at {line(make, 8)}. A cell of a flow cannot"
    assert str(caught.value).startswith(told)


def test_a_method_that_reads_itself_is_a_cycle() -> None:
    with pytest.raises(
        CycleError, match=r"Bad: area -> area; 'area' reads 'area' at test_declaration\.py:\d+"
    ):

        class Bad(Flow):
            @derived
            def area(self) -> float:
                return self.area + 1


def test_a_refused_class_leaves_live_cells_alone() -> None:
    with pytest.raises(DeclarationError):
        live_cell()
    assert LIVE.value == 2.0


@pytest.mark.parametrize("written", ["Cell[int]", "Cell[list[int]]", "Cell", "Pulse[float]"])
def test_an_annotation_that_is_no_text_is_shown_as_it_is_written(written: str) -> None:
    source = f"from reactflow import Cell, Flow, Pulse\nclass Bad(Flow):\n    y: {written}\n"
    maker = "pulse" if written.startswith("Pulse") else "cell"
    message = rf"^Bad\.y is only declared; write y: {re.escape(written)} = {maker}\(\)$"
    with pytest.raises(DeclarationError, match=message):
        exec(compile(source, "bad.py", "exec", dont_inherit=True), {"__name__": "bad"})
