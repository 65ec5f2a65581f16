from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest

from reactflow import Cell, Derived, Effect, batch, cell, derived, effect, on_cleanup, pulse
from reactflow.cells.engine import ENGINE
from reactflow.cells.looking import instrumented
from reactflow.errors import CellsError, CycleError, DeclarationError
from tests.cells.counting import Counter
from tests.cells.undone import logged


def test_failing_effects_arrive_as_one_group_and_all_others_have_run() -> None:
    ran: list[str] = []
    length = cell(0)

    def fail() -> None:
        if length.value:
            raise ValueError("no")

    effect(fail)
    effect(lambda: ran.append(f"other {length.value}"))
    with pytest.raises(ExceptionGroup, match="1 effect failed") as caught:
        length.value = 1
    assert [type(one) for one in caught.value.exceptions] == [ValueError]
    assert ran == ["other 0", "other 1"]


def test_an_effect_whose_first_run_raises_still_follows_what_it_read() -> None:
    ran: list[int] = []
    length = cell(0)
    with pytest.raises(ZeroDivisionError):
        effect(lambda: ran.append(1 // length.value))
    length.value = 1
    assert ran == [1]


def test_an_effect_that_reads_something_unset_waits() -> None:
    ran: list[int] = []
    height: Cell[int] = cell()
    effect(lambda: ran.append(height.value))
    height.value = 2
    height.unset()
    height.value = 3
    assert ran == [2, 3]


def test_owned_effects_and_clean_ups_end_in_reverse_order() -> None:
    ran: list[str] = []
    outer, inner = cell(0), cell(0)

    def child() -> None:
        ran.append(f"child {inner.value}")
        on_cleanup(lambda: ran.append("child ends"))

    def parent() -> object:
        ran.append(f"parent {outer.value}")
        on_cleanup(lambda: ran.append("first"))
        effect(child)
        on_cleanup(lambda: ran.append("second"))
        return lambda: ran.append("returned")

    stop = effect(parent)
    inner.value = 1
    outer.value = 1
    stop()
    inner.value = outer.value = 2
    ends = ["returned", "second", "child ends", "first"]
    assert ran == ["parent 0", "child 0", "child ends", "child 1", *ends, "parent 1", "child 1", *ends]


def test_an_effect_that_is_about_to_be_stopped_by_its_owner_does_not_recompute_what_it_read() -> None:
    ran: list[int] = []
    number = cell(2)
    inverse = number.map(lambda v: logged(ran, v, 1 / v))

    def parent() -> None:
        if number.value:
            effect(lambda: inverse.value)

    effect(parent)
    number.value = 0
    assert ran == [2]


def test_a_clean_up_that_raises_keeps_neither_the_others_nor_the_effect_from_running() -> None:
    ran: list[str] = []
    length = cell(0)

    def watched() -> object:
        ran.append(f"run {length.value}")
        on_cleanup(lambda: ran.append("other"))
        return lambda: 1 / 0

    stop = effect(watched)
    for value in (1, 2):
        with pytest.raises(ExceptionGroup) as caught:
            length.value = value
        assert [type(one) for one in caught.value.exceptions] == [ZeroDivisionError]
    with pytest.raises(ZeroDivisionError):
        stop()
    assert ran == ["run 0", "other", "run 1", "other", "run 2", "other"]


def test_an_effect_can_stop_itself() -> None:
    ran: list[str] = []
    length = cell(0)

    def once() -> object:
        ran.append(f"run {length.value}")
        if length.value:
            stop()
            effect(lambda: ran.append("made after"))
        return lambda: ran.append("clean")

    stop = effect(once)
    length.value = 1
    length.value = 2
    assert ran == ["run 0", "clean", "run 1", "made after", "clean"]
    assert not length.observers


def test_on_cleanup_outside_an_effect_is_refused() -> None:
    with pytest.raises(CellsError, match="in an effect"):
        on_cleanup(print)
    with pytest.raises(CellsError, match="in an effect"):
        derived(lambda: on_cleanup(print)).value


def test_what_effects_write_and_emit_belongs_to_the_next_event() -> None:
    ran: list[str] = []
    length, limit = cell(1), cell(10)
    alarm = pulse()

    def guard() -> None:
        if length.value > 5:
            limit.value = length.value
            alarm.emit("long")

    effect(guard)
    effect(lambda: ran.append(f"{length.value} of {limit.value}"))
    alarm.subscribe(ran.append)
    length.value = 7
    assert ran == ["1 of 10", "7 of 7", "long"]


def test_effects_that_feed_themselves_stop_with_a_cycle_error_that_names_them() -> None:
    length = cell(0, name="length")
    double = length * 2
    grow = cell(False)

    def growing() -> None:
        if grow.value and double.value >= 0:
            length.value = length.peek() + 1

    effect(growing)
    with pytest.raises(CycleError, match=r"growing -> .*double.*feed themselves.*test_effect.py"):
        grow.value = True
    with pytest.raises(CycleError):
        length.value = 0  # it rests, and follows still
    grow.value = False
    length.value = -5
    assert double.value == -10


def test_a_flow_of_effects_is_collected_with_its_cells() -> None:
    length = cell(1)
    area = length * 2
    area.subscribe(lambda value: None)
    gone = ref(area), ref(length)
    del length, area
    gc.collect()
    assert (gone[0](), gone[1]()) == (None, None)


def test_an_interrupt_in_an_effect_leaves_it_and_the_others_to_the_next_event() -> None:
    ran: list[str] = []
    length, width, interrupt = cell(0), cell(0), [False]

    def interrupted() -> None:
        value = length.value
        if interrupt[0]:
            interrupt[0] = False
            raise KeyboardInterrupt
        ran.append(f"first {value} {width.value}")

    stops = [effect(interrupted), effect(lambda: ran.append(f"second {length.value}"))]
    interrupt[0] = True
    with pytest.raises(KeyboardInterrupt):
        length.value = 1
    assert ENGINE.levels == []
    width.value = 1
    assert ran == ["first 0 0", "second 0", "first 1 1", "second 1"]
    for stop in stops:
        stop()


def test_an_interrupt_in_a_derived_cell_leaves_a_graph_that_works() -> None:
    ran: list[int] = []
    length, interrupt = cell(0), [False]

    def double() -> int:
        if interrupt[0]:
            interrupt[0] = False
            raise KeyboardInterrupt
        return length.value * 2

    doubled = derived(double)
    stop = effect(lambda: ran.append(doubled.value))
    interrupt[0] = True
    with pytest.raises(KeyboardInterrupt):
        length.value = 1
    assert doubled.value == 2
    length.value = 2
    assert ran == [0, 4]
    stop()


def test_an_interrupt_while_an_effect_is_made_leaves_no_effect() -> None:
    length = cell(0)

    def interrupted() -> None:
        length.value
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        effect(interrupted)
    assert not length.observers
    with pytest.raises(KeyboardInterrupt), batch():
        effect(interrupted)
    assert not length.observers


def test_a_fan_out_of_100_000_effects_runs_each_once() -> None:
    length = cell(0)
    double = length * 2
    stops = [effect(lambda: double.value) for _ in range(100_000)]
    with instrumented(Counter()) as counter:
        length.value = 1
    assert (len(counter.effects), set(counter.effects.values())) == (100_000, {1})
    assert counter.runs == counter.visits == {double: 1}
    for stop in stops:
        stop()


def test_a_stopped_effect_keeps_nothing_alive_while_its_handle_lives() -> None:
    source = cell(1)
    double = source * 2
    gone: list[ref[Any]] = [ref(source), ref(double)]

    def watching(of: Derived[int]) -> Callable[[], object]:
        return lambda: of.value

    handles: list[Effect] = [effect(watching(double)), double.subscribe(lambda value: None)]
    for handle in handles:
        handle.stop()
    del source, double
    gc.collect()
    assert (gone[0](), gone[1]()) == (None, None)


def test_a_failing_effect_and_a_failing_cell_say_which_they_are() -> None:
    source = cell(1)
    inverse = derived(lambda value: 1 / value, source)
    doubled = inverse * 2

    def careless() -> None:
        if source.value == 0:
            raise ValueError("zero")

    effect(careless)
    with pytest.raises(ExceptionGroup) as raised:
        source.value = 0
    (error,) = raised.value.exceptions
    assert [note.split(", made")[0] for note in error.__notes__] == ["in the effect 'careless'"]
    for _ in range(2):
        with pytest.raises(ZeroDivisionError) as failed:
            doubled.value
        assert [note.split(", made")[0] for note in failed.value.__notes__] == ["in the cell 'inverse'"]


def test_what_is_no_effect_is_refused_with_the_remedy() -> None:
    area = cell(1)
    with pytest.raises(DeclarationError, match=r"effect\(area\): an effect is a function that reads cells"):
        effect(area)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=r"effect\(3\): an effect is a function without arguments"):
        effect(3)  # type: ignore[arg-type]

    def hi(self: object) -> None: ...

    with pytest.raises(DeclarationError, match=r"it takes self .* subscribe on an instance"):
        effect(hi)  # type: ignore[arg-type]
