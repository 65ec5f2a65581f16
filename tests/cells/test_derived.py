from __future__ import annotations

import gc
import math
from collections.abc import Callable
from typing import Any, assert_type
from weakref import ref

import pytest

from reactflow import Cell, Derived, Unset, batch, cell, derived, effect, untracked
from reactflow.cells.looking import instrumented
from reactflow.errors import DeclarationError, ReadOnlyError
from tests.cells.counting import Counter
from tests.cells.undone import logged


def test_a_diamond_runs_each_cell_once_and_its_observer_sees_no_glitch() -> None:
    ran: list[str] = []
    top = cell(1, name="top")
    left = top.map(lambda v: logged(ran, "left", v + 1))
    right = top.map(lambda v: logged(ran, "right", v * 10))
    seen: list[tuple[int, int]] = []
    effect(lambda: seen.append((left.value, right.value)))
    ran.clear()
    top.value = 2
    assert ran == ["left", "right"]
    assert seen == [(2, 10), (3, 20)]


def test_what_nobody_observes_runs_on_read_and_once() -> None:
    ran: list[int] = []
    length = cell(1)
    double = length.map(lambda v: logged(ran, v, v * 2))
    length.value = 2
    length.value = 3
    assert ran == []
    assert (double.value, double.value, ran) == (6, 6, [3])


def test_an_equal_outcome_stops_propagation() -> None:
    ran: list[Any] = []
    length = cell(1)
    parity = length.map(lambda v: v % 2)
    text = parity.map(lambda v: logged(ran, v, str(v)))
    effect(lambda: ran.append(text.value))
    length.value = 3
    length.value = 4
    assert ran == [1, "1", 0, "0"]


class Array:
    """Compares like an array: element by element."""

    def __init__(self, *values: int) -> None:
        self.values = values

    def __eq__(self, other: object) -> Any:
        assert isinstance(other, Array)
        return [one == two for one, two in zip(self.values, other.values, strict=True)]

    __hash__ = None  # type: ignore[assignment]


def test_a_comparison_that_gives_no_bool_or_raises_counts_as_a_change() -> None:
    ran: list[int] = []
    array: Cell[Array] = cell(Array(1, 2))
    effect(lambda: ran.append(len(array.value.values)))
    array.value = Array(1, 2)
    array.value = Array(1, 2, 3)  # comparing raises: the lengths differ
    same = array.peek()
    array.value = same
    assert ran == [2, 2, 3]


def test_equal_says_what_is_no_change_and_what_it_reads_is_nobodys_input() -> None:
    ran: list[float] = []
    tolerance = cell(0.1)
    length = cell(1.0)
    about = derived(lambda: length.value, equal=lambda a, b: abs(a - b) < tolerance.value)
    effect(lambda: ran.append(about.value))
    length.value = 1.05
    length.value = 2.0
    tolerance.value = 5.0
    assert ran == [1.0, 2.0]


def test_an_input_that_is_no_longer_reached_is_never_recomputed() -> None:
    ran: list[tuple[int, int]] = []

    def divide(one: int, other: int) -> float:
        ran.append((one, other))
        return one / other

    total, number = cell(6), cell(2)
    mean = derived(divide, total, number)
    safe = derived(lambda: mean.value if number.value else 0.0)
    guarded = derived(lambda: safe.value if number.value > 0 else -1.0)
    assert guarded.value == 3.0
    stop = effect(lambda: guarded.value)
    number.value = 0
    assert (guarded.value, ran) == (-1.0, [(6, 2)])
    stop()


def test_tracked_inputs_are_those_of_the_last_run() -> None:
    ran: list[str] = []
    use, one, other = cell(True), cell("one"), cell("other")
    chosen = derived(lambda: one.value if use.value else other.value)
    effect(lambda: ran.append(chosen.value))
    other.value = "another"
    use.value = False
    one.value = "first"
    assert ran == ["one", "another"]


def test_explicit_inputs_and_map_never_track() -> None:
    length, rate = cell(1), cell(10)
    price = length.map(lambda v: v * rate.value)
    ran: list[int] = []
    effect(lambda: ran.append(price.value))
    rate.value = 20
    length.value = 2
    assert ran == [10, 40]


def test_peek_and_untracked_read_without_subscribing() -> None:
    one, two, three = cell(1), cell(2), cell(3)
    ran: list[tuple[int, int, int]] = []

    def look() -> None:
        with untracked():
            second = two.value
        ran.append((one.value, second, untracked(lambda: three.value)))

    effect(look)
    two.value = three.value = 9
    one.value = 5
    assert ran == [(1, 2, 3), (5, 9, 9)]


def test_a_derived_that_raises_stores_its_exception_and_recovers() -> None:
    length = cell(0)
    inverse = length.map(lambda v: 1 / v)
    beyond = inverse.map(lambda v: v + 1)
    sibling = length.map(lambda v: v + 1)
    with pytest.raises(ZeroDivisionError):
        beyond.value
    assert sibling.value == 1
    length.value = 2
    assert beyond.value == 1.5


def test_a_failure_again_in_the_same_words_is_no_change() -> None:
    ran: list[str] = []
    length = cell(0)

    def refuse(value: int) -> int:
        raise ValueError("even" if value % 2 == 0 else "odd")

    stop = length.map(refuse).subscribe(print, lambda error: ran.append(str(error)))
    length.value = 2
    length.value = 3
    stop()
    assert ran == ["even", "odd"]


def test_unset_names_what_is_missing() -> None:
    height: Cell[float] = cell(name="height")
    depth: Cell[float] = cell(name="depth")
    area = height * depth
    ran: list[float] = []
    tripled = derived(lambda: ran.append(area.value * 3), name="tripled")
    with pytest.raises(Unset, match="'tripled' is unset: write height, depth first") as caught:
        tripled.value
    assert caught.value.missing == ("height", "depth")
    height.value = 2.0
    with pytest.raises(Unset, match="write depth first"):
        area.value
    depth.value = 2.0
    tripled.value
    assert ran == [12.0]
    del height.value
    assert not area.is_set


def test_writing_in_a_derived_is_refused() -> None:
    length = cell(1, name="length")
    bad = derived(lambda: setattr(length, "value", 2), name="bad")
    worse = derived(lambda: effect(lambda: None), name="worse")
    with pytest.raises(ReadOnlyError, match="'bad' is derived and writes 'length'"):
        bad.value
    with pytest.raises(ReadOnlyError, match="'worse' is derived and makes an effect"):
        worse.value

    def batching() -> None:
        with batch():
            pass

    with pytest.raises(ReadOnlyError, match="opens a batch"):
        derived(batching).value


def test_a_derived_cell_cannot_be_written() -> None:
    length = cell(1.0, name="length")
    area = length * 2.0
    with pytest.raises(ReadOnlyError, match="'area' is derived: it changes when its inputs do"):
        area.value = 3.0  # type: ignore[assignment]  # that is what it refuses


def test_an_unobserved_derived_is_collected_and_an_observed_one_after_its_effect_stopped() -> None:
    length = cell(1)
    lazy = length.map(lambda v: v + 1)
    lazy.value
    gone = ref(lazy)
    del lazy
    assert gone() is None
    watched = length.map(lambda v: v + 1).map(lambda v: v + 1)
    gone = ref(watched)
    stop = watched.subscribe(lambda value: None)
    del watched
    gc.collect()
    assert gone() is not None
    stop()
    del stop
    gc.collect()
    assert gone() is None
    assert not length.observers


def test_the_three_forms_have_types() -> None:
    length, width = cell(3.0), cell(4.0)
    assert_type(derived(math.hypot, length, width), Derived[float])
    assert_type(length.map("{:.1f}".format), Derived[str])

    @derived
    def cost() -> int:
        return 3

    assert_type(cost, Derived[int])
    assert_type(cost.value, int)
    assert_type(derived(name="x")(lambda: 3).value, int)
    assert (derived(math.hypot, length, width).value, cost.value, cost.name) == (5.0, 3, "cost")


def test_what_is_no_cell_is_refused_as_an_input() -> None:
    with pytest.raises(DeclarationError, match="3 is not a cell; put constants into the function"):
        derived(max, 3)  # type: ignore[call-overload]
    with pytest.raises(DeclarationError, match="the first argument is the function"):
        derived(3)  # type: ignore[call-overload]


@pytest.mark.parametrize("tracked", [False, True], ids=["explicit", "tracked"])
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_chain_of_100_000_cells_needs_no_recursion(tracked: bool, warm: bool) -> None:
    size = 100_000
    source = cell(0)
    last: Any = source
    chain = []
    for _ in range(size):
        last = plus_one(last) if tracked else last.map(lambda v: v + 1)
        chain.append(last)
        if warm:
            last.value
    with instrumented(Counter()) as counter:
        assert last.value == size
    assert len(counter.visits) == (0 if warm else size)
    stop = last.subscribe(lambda value: None)
    with instrumented(Counter()) as counter:
        source.value = 1
    assert (len(counter.visits), set(counter.visits.values()), len(counter.runs)) == (size, {1}, size)
    assert set(counter.runs.values()) == {1}
    assert last.value == size + 1
    stop()


def plus_one(one: Any) -> Derived[int]:
    return derived(lambda: one.value + 1)


@pytest.mark.parametrize("make", [lambda a, b: a + b, lambda a, b: derived(lambda: a.value + b.value)])
def test_a_layered_graph_is_walked_once_not_once_a_path(make: Callable[[Any, Any], Any]) -> None:
    source = cell(1)
    one: Any = source.map(lambda v: v)
    other: Any = source.map(lambda v: v)
    for _ in range(40):  # 2 ** 40 paths
        one, other = make(one, other), make(other, one)
    last = make(one, other)
    assert last.value == 2**41
    effect(lambda: last.value)
    with instrumented(Counter()) as counter:
        source.value = 2
    assert len(counter.visits) == 2 + 80 + 1
    assert set(counter.visits.values()) == set(counter.runs.values()) == {1}


def test_a_function_without_inputs_that_needs_arguments_is_refused_with_its_line_and_the_remedy() -> None:
    class Room:
        def area(self, width: float) -> float:
            return width

    def keyed(*, width: float) -> float:
        return width

    one: Any = lambda width, height=2.0: width * height  # noqa: E731  # it has to have no name
    for fn in (one, keyed, Room().area):
        with pytest.raises(
            DeclarationError, match=r"takes width \(test_derived.py:\d+\).* derived\(fn, width\)"
        ):
            derived(fn)
    with pytest.raises(DeclarationError, match="it takes width"):
        derived(equal=max)(keyed)
    height = cell(2.0)
    assert derived(lambda height=height: height.value).value == 2.0
    assert derived(one, height).value == 4.0
