"""Which inputs a cell has: those of its last run, checked in order; what is explicit never tracks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow import Cell, Derived, batch, cell, derived, effect, untracked
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged


@cold_and_hot
def test_only_the_inputs_of_the_last_run_make_a_derived_cell_run(heat: Heat) -> None:
    ran = Log()
    use, one, other = cell(True), cell(1), cell(10)
    chosen = derived(lambda: logged(ran, "chosen", one.value if use.value else other.value))
    effect(lambda: ran.append(("seen", chosen.value)))
    heat(one, 2, 3)
    heat(other, 20, 30)
    heat(use, False, True)
    for _ in heat.rounds():
        ran.take()
        other.value = 11
        assert ran.take() == []
        use.value = False
        assert ran.take() == ["chosen", ("seen", 11)]
        one.value = 2
        assert ran.take() == []
        other.value = 10
        assert ran.take() == ["chosen", ("seen", 10)]
        one.value = 1
        use.value = True
        assert ran.take() == ["chosen", ("seen", 1)]


@cold_and_hot
def test_only_the_inputs_of_the_last_run_make_an_effect_run(heat: Heat) -> None:
    ran = Log()
    use, one, other = cell(True), cell(1), cell(10)
    effect(lambda: ran.append(one.value if use.value else other.value))
    heat(one, 2, 3)
    heat(other, 20, 30)
    heat(use, False, True)
    for _ in heat.rounds():
        ran.take()
        other.value = 11
        use.value = False
        one.value = 2
        other.value = 10
        one.value = 1
        use.value = True
        assert ran.take() == [11, 10, 1]


@cold_and_hot
def test_a_derived_cell_does_not_recompute_an_input_that_it_no_longer_reaches(heat: Heat) -> None:
    ran = Log()
    number = cell(2)
    inverse = derived(lambda: logged(ran, "inverse", 6) // number.value)
    guarded = derived(lambda: logged(ran, "guarded", inverse.value if number.value > 0 else -1))
    safe = derived(lambda: logged(ran, "safe", inverse.value if number.value else 0))
    effect(lambda: ran.append(("seen", guarded.value, safe.value)))
    heat(number, 1, 2, 3)
    for _ in heat.rounds():
        ran.take()
        number.value = 0  # 6 // 0 is never computed
        assert ran.take() == ["guarded", "safe", ("seen", -1, 0)]
        number.value = 2
        assert ran.take() == ["inverse", "guarded", "safe", ("seen", 3, 3)]
        number.value = 3
        assert ran.take() == ["inverse", "guarded", "safe", ("seen", 2, 2)]
        number.value = 2


@cold_and_hot
def test_an_effect_does_not_recompute_an_input_that_it_no_longer_reaches(heat: Heat) -> None:
    ran = Log()
    number = cell(2)
    inverse = number.map(lambda value: logged(ran, "inverse", 6) // value)
    beyond = derived(lambda: logged(ran, "beyond", inverse.value + 1))
    effect(lambda: ran.append(beyond.value if number.value else "none"))
    heat(number, 1, 2, 3)
    for _ in heat.rounds():
        number.value = 2
        ran.take()
        number.value = 0
        assert ran.take() == ["none"]
        number.value = 3
        assert ran.take() == ["inverse", "beyond", 3]
        number.value = 2
        assert ran.take() == ["inverse", "beyond", 4]


@cold_and_hot
def test_an_unobserved_derived_cell_does_not_recompute_what_it_no_longer_reaches(heat: Heat) -> None:
    ran = Log()
    number = cell(2)
    inverse = number.map(lambda value: logged(ran, "inverse", 6) // value)
    guarded = derived(lambda: inverse.value if number.value else -1)
    assert guarded.value == 3
    heat(number, 1, 2, 3)
    for _ in heat.rounds():
        assert guarded.value == 3
        ran.take()
        number.value = 0
        assert (guarded.value, ran.take()) == (-1, [])
        number.value = 2


@cold_and_hot
def test_a_guard_that_is_itself_derived_is_checked_before_what_it_guards(heat: Heat) -> None:
    ran = Log()
    items: Cell[list[int]] = cell([1, 2])
    is_empty = items.map(lambda value: logged(ran, "is_empty", not value))
    first = items.map(lambda value: logged(ran, "first", value)[0])
    shown = derived(lambda: logged(ran, "shown", "none" if is_empty.value else str(first.value)))
    effect(lambda: ran.append(("seen", shown.value)))
    heat(items, [3], [4, 5])
    for _ in heat.rounds():
        ran.take()
        items.value = []  # first would raise an IndexError
        assert ran.take() == ["is_empty", "shown", ("seen", "none")]
        items.value = [7]
        assert ran.take() == ["is_empty", "first", "shown", ("seen", "7")]
        items.value = [7, 8]
        assert ran.take() == ["is_empty", "first"]
        items.value = [1, 2]
        assert ran.take() == ["is_empty", "first", "shown", ("seen", "1")]


def leave_it_alone(heat: Heat, explicit: bool) -> None:
    ran = Log()
    number = cell(2)
    if explicit:
        inverse = number.map(lambda value: logged(ran, "inverse", 6) // value)
    else:
        inverse = derived(lambda: logged(ran, "inverse", 6) // number.value)
    effect(lambda: ran.append(inverse.value if number.value else "none"))
    heat(number, 1, 2, 3)
    for _ in heat.rounds():
        ran.take()
        number.value = 0  # 6 // 0 is never computed
        assert ran.take() == ["none"]
        number.value = 3
        assert ran.take() == ["inverse", 2]
        number.value = 2
        assert ran.take() == ["inverse", 3]


@cold_and_hot
def test_an_effect_does_not_recompute_a_tracked_cell_that_it_no_longer_reaches(heat: Heat) -> None:
    leave_it_alone(heat, explicit=False)


@cold_and_hot
def test_an_effect_does_not_recompute_an_explicit_cell_that_it_no_longer_reaches(heat: Heat) -> None:
    leave_it_alone(heat, explicit=True)


@cold_and_hot
def test_reads_are_checked_in_order_and_none_after_the_first_that_changed(heat: Heat) -> None:
    ran = Log()
    source = cell(1)
    parity = source.map(lambda value: logged(ran, "parity", value % 2))
    size = source.map(lambda value: logged(ran, "size", value > 99))
    last = source.map(lambda value: logged(ran, "last", value))

    def look() -> int:
        ran.append("look")
        return last.value if (parity.value, size.value) == (1, False) else -1

    looking = derived(look)
    effect(lambda: ran.append(("seen", looking.value)))
    heat(source, 3, 5, 7)
    for _ in heat.rounds():
        ran.take()
        source.value = 3
        assert ran.take() == ["parity", "size", "last", "look", ("seen", 3)]
        source.value = 4  # parity changed: the others are computed where they are reached
        assert ran.take() == ["parity", "look", "size", ("seen", -1)]
        source.value = 1
        assert ran.take() == ["parity", "look", "size", "last", ("seen", 1)]


@cold_and_hot
def test_a_new_input_found_by_a_run_is_followed_and_current(heat: Heat) -> None:
    ran = Log()
    index = cell(0)
    cells = [cell(0, name=f"cell {at}") for at in range(5)]
    doubles = [one * 2 for one in cells]
    chosen = derived(lambda: doubles[index.value].value)
    effect(lambda: ran.append(chosen.value))
    for one in cells:
        heat(one, 1, 2)
    heat(index, 0, 1, 2, 3, 4)
    for _ in heat.rounds():
        ran.take()
        with batch():
            cells[3].value = 5
            index.value = 3
        cells[0].value = 9
        cells[3].value = 6
        with batch():
            index.value = cells[3].value = cells[0].value = 0
        assert ran.take() == [10, 12, 0]


@cold_and_hot
@pytest.mark.parametrize("reads", ["value", "peek", "is_set"])
def test_reads_inside_an_explicit_function_do_not_subscribe(heat: Heat, reads: str) -> None:
    ran = Log()
    length, rate = cell(1), cell(10)
    doubled = rate * 2

    def price(value: int) -> tuple[int, Any]:
        seen: Any = {"value": lambda: doubled.value, "peek": doubled.peek, "is_set": lambda: doubled.is_set}
        return logged(ran, "price", (value, seen[reads]()))

    prices = (derived(price, length), length.map(price))
    effect(lambda: ran.append([one.value for one in prices]))
    heat(rate, 20, 30)
    heat(length, 2, 3)
    for _ in heat.rounds():
        rate.value = 10
        ran.take()
        rate.value = 20
        assert ran.take() == []
        length.value = 2
        now = (2, True if reads == "is_set" else 40)
        assert ran.take() == ["price", "price", [now, now]]
        length.value = 1


@cold_and_hot
def test_an_explicit_function_called_by_a_tracked_one_subscribes_neither(heat: Heat) -> None:
    ran = Log()
    length, rate, hidden = cell(1), cell(10), cell(100)
    inner = length.map(lambda value: value + hidden.value)
    outer = derived(lambda: logged(ran, "outer", inner.value + rate.value))
    effect(lambda: ran.append(outer.value))
    heat(hidden, 200, 300)
    heat(rate, 20, 30)
    heat(length, 2, 3)
    for number in heat.rounds():
        length.value = number + 2
        ran.take()
        hidden.value = 1000 + number
        assert ran.take() == []
        rate.value = 20 + number
        hidden_then = 999 + number if number else 100  # what it was when length was written
        assert ran.take() == ["outer", number + 2 + hidden_then + 20 + number]


@cold_and_hot
def test_what_is_read_untracked_is_nobodys_input(heat: Heat) -> None:
    ran = Log()
    one, two, three, four = cell(1), cell(2), cell(3), cell(4)

    def look() -> int:
        with untracked():
            second = two.value
        return logged(ran, "look", one.value + second + untracked(lambda: three.value) + four.peek())

    looking = derived(look)
    effect(lambda: ran.append(looking.value))
    for source in (one, two, three, four):
        heat(source, 0, 5)
    for _ in heat.rounds():
        ran.take()
        two.value = three.value = four.value = 7
        assert ran.take() == []
        one.value = 2
        assert ran.take() == ["look", 23]
        one.value, two.value, three.value, four.value = 1, 2, 3, 4
        assert ran.take() == ["look", 22]


@cold_and_hot
def test_untracked_and_peek_let_what_they_compute_keep_its_own_inputs(heat: Heat) -> None:
    ran = Log()
    length, tick = cell(1), cell(0)
    double = derived(lambda: logged(ran, "double", length.value * 2))
    effect(lambda: ran.append((tick.value, double.peek(), untracked(lambda: double.value))))
    heat(length, 2, 3)
    heat(tick, 1, 2)
    for _ in heat.rounds():
        tick.value = 0
        ran.take()
        length.value = 5
        assert ran.take() == []
        tick.value = 1
        assert ran.take() == ["double", (1, 10, 10)]
        length.value = 1


@cold_and_hot
def test_a_read_twice_in_a_run_is_one_input_and_gives_the_same_value(heat: Heat) -> None:
    ran = Log()
    length = cell(1)
    square = derived(lambda: logged(ran, "square", length.value * length.value))
    effect(lambda: ran.append(square.value - square.value))
    heat(length, 2, 3)
    for number in heat.rounds():
        ran.take()
        length.value = number + 10
        assert ran.take() == ["square", 0]


@cold_and_hot
def test_what_the_function_catches_it_has_read(heat: Heat) -> None:
    ran = Log()
    number, spare = cell(0), cell(7)
    inverse = number.map(lambda value: 6 // value)

    def careful() -> int:
        try:
            return inverse.value
        except ZeroDivisionError:
            return spare.value

    chosen = derived(careful)
    effect(lambda: ran.append(chosen.value))
    heat(spare, 8, 9)
    heat(number, 1, 0, 2)
    for _ in heat.rounds():
        ran.take()
        spare.value = 8
        number.value = 3
        spare.value = 7
        number.value = 0
        assert ran.take() == [8, 2, 7]


def depending_on(pick: Callable[[int], int]) -> tuple[list[Cell[int]], Derived[int]]:
    """Cells of which each says which one to read next."""
    cells = [cell(pick(at), name=f"c{at}") for at in range(6)]

    def follow() -> int:
        at, steps = 0, 0
        while (after := cells[at].value) > at:
            at, steps = after, steps + 1
        return steps

    return cells, derived(follow)


@cold_and_hot
def test_inputs_that_say_what_the_next_input_is(heat: Heat) -> None:
    ran = Log()
    cells, steps = depending_on(lambda at: min(at + 1, 5))
    effect(lambda: ran.append(steps.value))
    for at, one in enumerate(cells):
        heat(one, 5, at)
    for _ in heat.rounds():
        ran.take()
        cells[1].value = 5
        assert ran.take() == [2]
        cells[2].value = cells[3].value = 0  # not on the way any more
        assert ran.take() == []
        cells[2].value, cells[3].value = 3, 4
        cells[1].value = 2
        assert ran.take() == [5]
