"""What nobody observes: it runs on a read, keeps what it computed, and goes away with its last reference."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import pytest

from reactflow import Cell, Derived, batch, cell, derived, effect, fold, folds, pulse
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged

FORMS: dict[str, Callable[[Any], Derived[Any]]] = {
    "operator": lambda one: one * 2,
    "map": lambda one: one.map(lambda value: value * 2),
    "explicit": lambda one: derived(lambda value: value * 2, one),
    "tracked": lambda one: derived(lambda: one.value * 2),
    "tracked, of tracked": lambda one: derived(lambda: derived(lambda: one.value).value * 2),
}


@pytest.fixture(autouse=True, scope="module")
def _collections_look_at_this_module_only() -> Iterator[None]:
    """What was there before is left out: a collection takes a fraction of the time."""
    gc.freeze()
    yield
    gc.unfreeze()


every_form = pytest.mark.parametrize("form", FORMS)


@cold_and_hot
def test_writes_run_nothing_that_nobody_observes_and_reads_run_it_once(heat: Heat) -> None:
    ran = Log()
    length, width = cell(1), cell(1)
    double = length.map(lambda value: logged(ran, "double", value * 2))
    area = derived(lambda: logged(ran, "area", double.value * width.value))
    heat(length, 2, 3)
    heat(width, 2, 3)
    assert ran.take() == []
    for number in heat.rounds():
        length.value = number + 2
        width.value = 7
        width.value = 8
        assert ran.take() == []
        assert (area.value, area.value, double.value) == (
            16 * (number + 2),
            16 * (number + 2),
            2 * (number + 2),
        )
        assert ran.take() == ["double", "area"]
        width.value = 9
        assert (area.value, ran.take()) == (18 * (number + 2), ["area"])


@cold_and_hot
def test_what_was_computed_is_kept_whatever_else_is_written(heat: Heat) -> None:
    ran = Log()
    length, other, reading = cell(1), cell(0), pulse()
    double = length.map(lambda value: logged(ran, "double", value * 2))
    tracked = derived(lambda: logged(ran, "tracked", length.value * 3))
    heat(other, 1, 2)
    assert (double.value, tracked.value) == (2, 3)
    ran.take()
    for number in heat.rounds():
        other.value = number
        reading.emit(number)
        length.value = 1
        assert (double.value, tracked.value, ran.take()) == (2, 3, [])


@cold_and_hot
def test_an_equal_outcome_stops_propagation_also_where_nobody_observes(heat: Heat) -> None:
    ran = Log()
    length = cell(1)
    parity = length.map(lambda value: logged(ran, "parity", value % 2))
    text = parity.map(lambda value: logged(ran, "text", str(value)))
    assert text.value == "1"
    heat(length, 3, 5)
    for number in heat.rounds():
        ran.take()
        length.value = 2 * number + 3
        assert (text.value, ran.take()) == ("1", ["parity"])


@cold_and_hot
def test_a_cell_is_lazy_again_when_its_last_observer_has_stopped(heat: Heat) -> None:
    ran = Log()
    length = cell(1)
    double = derived(lambda: logged(ran, "double", length.value * 2))
    triple = double.map(lambda value: logged(ran, "triple", value * 3))
    heat(length, 2, 3)
    for _ in heat.rounds():
        stops = [effect(lambda: triple.value), effect(lambda: triple.value)]
        length.value = 5
        stops[0]()
        ran.take()
        length.value = 6
        assert ran.take() == ["double", "triple"]
        stops[1]()
        assert (triple.value, ran.take()) == (36, [])
        length.value = 7
        assert ran.take() == []
        assert (triple.value, ran.take()) == (42, ["double", "triple"])


@cold_and_hot
def test_a_cell_that_an_effect_does_not_read_any_more_is_lazy_again(heat: Heat) -> None:
    ran = Log()
    use, length = cell(True), cell(1)
    double = length.map(lambda value: logged(ran, "double", value * 2))
    effect(lambda: ran.append(double.value if use.value else "none"))
    heat(length, 2, 3)
    for number in heat.rounds():
        use.value = True
        ran.take()
        length.value = number + 10
        use.value = False
        length.value = number + 20
        assert ran.take() == ["double", 2 * number + 20, "none"]


@every_form
@cold_and_hot
def test_a_derived_cell_that_nobody_has_is_collected_though_its_source_stays(heat: Heat, form: str) -> None:
    source = cell(1)
    made = FORMS[form](source)
    beyond = FORMS[form](made)
    heat(source, 2, 3)
    assert (made.value, beyond.value) == (2, 4)
    gone = ref(made), ref(beyond)
    del made, beyond
    gc.collect()
    assert [one() for one in gone] == [None, None]
    source.value = 5


@every_form
@cold_and_hot
def test_a_derived_cell_is_collected_after_its_effect_stopped_though_its_source_stays(
    heat: Heat, form: str
) -> None:
    source = cell(1)
    made = FORMS[form](FORMS[form](source))
    gone = ref(made)
    stop = made.subscribe(lambda value: None)
    heat(source, 2, 3)
    del made
    gc.collect()
    assert gone() is not None
    stop()
    source.value = 9
    source.value = 10
    gc.collect()
    assert gone() is None


def collected_without_another_write(heat: Heat, form: str) -> bool:
    source = cell(1)
    made = FORMS[form](FORMS[form](source))
    gone = ref(made)
    stop = made.subscribe(lambda value: None)
    heat(source, 2, 3)
    stop()
    del made
    gc.collect()
    return gone() is None


@pytest.mark.parametrize("form", [form for form in FORMS if "tracked" in form])
@cold_and_hot
def test_a_tracked_cell_is_collected_after_its_effect_stopped_without_another_write(
    heat: Heat, form: str
) -> None:
    assert collected_without_another_write(heat, form)


@pytest.mark.parametrize("form", [form for form in FORMS if "tracked" not in form])
@cold_and_hot
def test_an_explicit_cell_is_collected_after_its_effect_stopped_without_another_write(
    heat: Heat, form: str
) -> None:
    assert collected_without_another_write(heat, form)


@cold_and_hot
def test_an_observed_cell_keeps_its_sources_and_its_effect_without_a_handle(heat: Heat) -> None:
    ran = Log()
    source = cell(1)

    def follow(one: Derived[int]) -> None:
        effect(lambda: ran.append(one.value))

    follow(source * 2)
    gc.collect()
    heat(source, 2, 3)
    ran.take()
    source.value = 5
    assert ran.take() == [10]


@every_form
@cold_and_hot
def test_a_graph_with_effects_is_collected_as_a_whole(heat: Heat, form: str) -> None:
    def watched() -> tuple[Cell[int], ref[Any]]:
        source = cell(1)
        made = FORMS[form](source)
        effect(lambda: made.value)
        made.subscribe(lambda value: None)
        return source, ref(made)

    source, made = watched()
    gone = ref(source), made
    heat(source, 2, 3)
    gc.collect()
    assert made() is not None
    del source
    gc.collect()
    assert [one() for one in gone] == [None, None]


@cold_and_hot
def test_the_values_that_were_written_are_not_kept(heat: Heat) -> None:
    class Value:
        pass

    source: Cell[Value] = cell(Value())
    same = source.map(lambda value: value)
    tracked = derived(lambda: same.value)
    effect(lambda: [tracked.value].clear())
    heat(source, Value(), Value())
    source.value = Value()  # the default is kept: it belongs to the cell
    old: list[ref[Value]] = []
    for _ in heat.rounds():
        old.append(ref(source.peek()))
        with batch():
            source.value = Value()
            source.value = Value()
    gc.collect()
    assert {one() for one in old} == {None}


def test_what_changed_inputs_lets_go_of_those_that_it_had() -> None:
    index = cell(0)
    doubles: list[Derived[int] | None] = [cell(at) * 2 for at in range(3)]

    def choose() -> int:
        one = doubles[index.value]
        assert one is not None
        return one.value

    chosen = derived(choose)
    stop = chosen.subscribe(lambda value: None)
    gone = [ref(one) for one in doubles if one is not None]
    index.value = 1
    doubles[0] = None
    gc.collect()
    assert [one() is None for one in gone] == [True, False, False]
    stop()


def test_pulses_and_what_follows_them_are_collected() -> None:
    reading, length = pulse(), cell(1)
    made = [
        reading.map(lambda value: value), fold(reading, folds.sum), reading.hold(0), length.changes(),
        fold(length.changes(), folds.count),
    ]  # fmt: skip
    reading.emit(1)
    length.value = 2
    gone = [ref(one) for one in made]
    made.clear()
    gc.collect()
    reading.emit(2)
    length.value = 3
    assert [one() for one in gone] == [None] * 5
