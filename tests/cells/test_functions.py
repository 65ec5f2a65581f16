"""What is known of a tracked function without running it: which cells it always reads, and when that cannot be told."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from types import SimpleNamespace
from typing import Any

import pytest

from reactflow import Cell, cell, derived, pulse
from reactflow.cells.fast import WARM_WRITES
from reactflow.cells.fast_paths import fast_paths
from reactflow.cells.functions import plain_of
from tests.cells.hot import _switched_on as _switched_on
from tests.cells.live import check

Made = Callable[[list[Any]], Callable[[], Any]]
Act = Callable[[list[Any]], object]
A: Any = cell(1)
B: Any = cell(2)
LISTED: list[Any] = [A, B]
SCALE = 3


def twice(value: int) -> int:
    return value * 2


def value_of(one: Any) -> Any:
    return one.value


def told(make: Made, *acts: Act) -> list[object]:
    """What an observer and a lazy reader are told of a tracked function of three cells, of which the first gets hot."""
    cells: list[Any] = [cell(1), cell(2), cell(3)]
    tracked = derived(make(cells))
    lazy = derived(make(cells))
    seen: list[object] = []
    stop = tracked.subscribe(seen.append, lambda error: seen.append(repr(error)))

    def read() -> None:
        try:
            seen.append(("lazy", lazy.value))
        except Exception as error:
            seen.append(("lazy", repr(error)))

    for value in range(WARM_WRITES + 6):
        for one in cells[:2]:
            one.value = value % 7 + 1
            read()
    for act in acts:
        act(cells)
        for place, one in enumerate(cells):
            one.value = 10 + place
            read()
            one.value = 20 + place
            read()
    stop()
    check([*cells, tracked, lazy])
    return seen


def check_alike(make: Made, *acts: Act) -> None:
    """Hold the fast paths against the engine."""
    with fast_paths(False):
        expected = told(make, *(acts or (len,)))
    assert told(make, *(acts or (len,))) == expected


# --- functions that are seen through -------------------------------------------------------------------------------


def of_closures(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: a.value * 10 + b.value


def of_one_read_twice(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: a.value + b.value + a.value


def of_defaults(cells: list[Any]) -> Callable[[], Any]:
    def both(one: Any = cells[0], *, other: Any = cells[1]) -> Any:
        return one.value - other.value

    return both


def of_globals(cells: list[Any]) -> Callable[[], Any]:
    global A, B
    A, B, _ = cells
    return lambda: A.value + B.value * SCALE


def of_builtins(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: max(a.value, b.value, 5) + math.hypot(a.value, b.value) + round(math.pi * abs(b.value))


def of_a_sum(cells: list[Any]) -> Callable[[], Any]:
    listed = cells[:2]
    return lambda: sum(one.value for one in listed)


def of_a_list(cells: list[Any]) -> Callable[[], Any]:
    return lambda: [one.value for one in cells]


def of_a_sum_of_a_global_list(cells: list[Any]) -> Callable[[], Any]:
    LISTED[:] = cells[:2]
    return lambda: max(one.value for one in LISTED) + cells_end.value


cells_end: Cell[int] = cell(7)


def of_a_default_list(cells: list[Any]) -> Callable[[], Any]:
    def total(listed: list[Any] = cells) -> Any:
        return sum([one.value for one in listed]) + len("four")

    return total


def of_a_tuple(cells: list[Any]) -> Callable[[], Any]:
    listed = tuple(cells)
    return lambda: sorted(one.value % 5 for one in listed)


def of_text(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: f"{a.value}:{b.value:3}" + str(a.value)[0]


PLAIN = [
    of_closures, of_one_read_twice, of_defaults, of_globals, of_builtins, of_a_sum, of_a_list,
    of_a_sum_of_a_global_list, of_a_default_list, of_a_tuple, of_text,
]  # fmt: skip


@pytest.mark.parametrize("make", PLAIN)
def test_what_always_reads_the_same_is_seen_through_and_comes_to_the_same(make: Made) -> None:
    cells = [cell(1), cell(2), cell(3)]
    fn = make(cells)
    plain = plain_of(fn)
    assert plain is not None
    assert plain.fn() == fn()
    found: list[Any] = []
    probe = derived(fn)
    probe.value
    found = [*dict.fromkeys(plain.reads)]
    assert found == [*probe.inputs]
    check_alike(make)


@pytest.mark.parametrize("make", PLAIN)
def test_an_input_that_is_unset_or_fails_or_is_written_with_another_type_comes_to_the_same(
    make: Made,
) -> None:
    def unset(cells: list[Any]) -> None:
        del cells[1].value

    def text(cells: list[Any]) -> None:
        cells[0].value = "text"

    check_alike(make, unset, text)


# --- functions that are not ----------------------------------------------------------------------------------------


def of_an_attribute_of_a_value(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: a.value.real + b.value


def of_a_function_of_ours(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: twice(a.value) + value_of(b)


def of_any(cells: list[Any]) -> Callable[[], Any]:
    return lambda: any(one.value > 3 for one in cells)


def of_all(cells: list[Any]) -> Callable[[], Any]:
    return lambda: all(one.value > 3 for one in cells)


def of_next(cells: list[Any]) -> Callable[[], Any]:
    return lambda: next(one.value for one in cells)


def of_a_generator_that_is_kept(cells: list[Any]) -> Callable[[], Any]:
    return lambda: len(list(zip((one.value for one in cells), "ab", strict=False)))


def of_a_condition_in_a_loop(cells: list[Any]) -> Callable[[], Any]:
    return lambda: sum(one.value for one in cells if one.value % 2)


def of_a_walrus(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: (found := a.value) + b.value + found


def of_a_nested_function(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: (lambda: a.value)() + b.value


def of_an_object(cells: list[Any]) -> Callable[[], Any]:
    self = SimpleNamespace(value=10, one=cells[0])
    b = cells[1]
    return lambda: self.value + b.value + self.one.value


def of_a_variable_of_that_name(cells: list[Any]) -> Callable[[], Any]:
    value, other, _ = cells
    return lambda: value.value + other.value


def of_a_branch(cells: list[Any]) -> Callable[[], Any]:
    a, b, c = cells
    return lambda: b.value if a.value > 3 else c.value


def of_or(cells: list[Any]) -> Callable[[], Any]:
    a, b, c = cells
    return lambda: (a.value > 3 and b.value) or c.value


def of_a_subscript(cells: list[Any]) -> Callable[[], Any]:
    return lambda: cells[0].value + cells[1].value


def of_a_dict(cells: list[Any]) -> Callable[[], Any]:
    named = dict(zip("abc", cells, strict=True))
    return lambda: sum(one.value for one in named.values())


def of_a_peek(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: a.value + b.peek()


def of_is_set(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: (a.is_set, b.value)


def of_getattr(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: a.value + getattr(b, "value")  # noqa: B009  # what it is about


def of_map(cells: list[Any]) -> Callable[[], Any]:
    return lambda: sum(map(value_of, cells))


def of_a_reduction(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: reduce(operator.add, (a.value, b.value))


def of_a_loop(cells: list[Any]) -> Callable[[], Any]:
    def total() -> int:
        result = 0
        for one in cells:
            result += one.value
            if result > 8:
                break
        return result

    return total


def of_a_try(cells: list[Any]) -> Callable[[], Any]:
    a, b, c = cells

    def guarded() -> Any:
        try:
            return 10 // (a.value - 4)
        except ZeroDivisionError:
            return b.value + c.value

    return guarded


def of_a_loop_in_a_loop(cells: list[Any]) -> Callable[[], Any]:
    return lambda: sum(sum(other.value * one.value for other in cells) for one in cells)


def of_a_derivation_inside(cells: list[Any]) -> Callable[[], Any]:
    a, b, _ = cells
    return lambda: (a + b).value


OTHERS = [
    of_an_attribute_of_a_value, of_a_function_of_ours, of_any, of_all, of_next, of_a_generator_that_is_kept,
    of_a_condition_in_a_loop, of_a_walrus, of_a_nested_function, of_an_object, of_a_branch,
    of_or, of_a_subscript, of_a_dict, of_a_peek, of_is_set, of_getattr, of_map, of_a_reduction, of_a_loop, of_a_try,
    of_a_loop_in_a_loop, of_a_derivation_inside,
]  # fmt: skip


@pytest.mark.parametrize("make", OTHERS)
def test_what_may_read_something_else_is_not_seen_through_and_comes_to_the_same(make: Made) -> None:
    assert plain_of(make([cell(1), cell(2), cell(3)])) is None
    check_alike(make)


def test_a_variable_named_value_comes_to_the_same() -> None:
    check_alike(of_a_variable_of_that_name)


def test_pulses_and_what_is_no_function_are_not_seen_through() -> None:
    press = pulse()
    assert plain_of(lambda: press.value) is None
    assert plain_of(A.peek) is None
    assert plain_of(lambda: 5) is None
    assert plain_of(lambda: twice(A.value)) is None
    assert plain_of(lambda: A.value + abs(B.value)) is not None
