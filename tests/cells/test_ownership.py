"""What effects own: the effects that they make and their clean-ups, ended in reverse order before the next run."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Effect, batch, cell, derived, effect, on_cleanup, pulse
from reactflow.errors import CellsError, ReadOnlyError
from tests.cells.heat import Heat, Log, cold_and_hot
from tests.cells.undone import logged, undone


def noisy(ran: Log, name: str, *inside: Any) -> Effect:
    """An effect that logs its run and its end, and does something in between."""

    def run() -> Any:
        ran.append(f"{name} runs")
        for one in inside:
            one()
        return lambda: ran.append(f"{name} ends")

    return effect(run)


@cold_and_hot
def test_what_an_effect_made_ends_in_reverse_order_before_it_runs_again(heat: Heat) -> None:
    ran = Log()
    source = cell(0)
    stop = noisy(
        ran,
        "parent",
        lambda: source.value,
        lambda: noisy(ran, "first", lambda: noisy(ran, "grandchild")),
        lambda: on_cleanup(lambda: ran.append("cleaned")),
        lambda: noisy(ran, "second"),
    )
    heat(source, 1, 2)
    ends = ["parent ends", "second ends", "cleaned", "first ends", "grandchild ends"]
    begins = ["parent runs", "first runs", "grandchild runs", "second runs"]
    for number in heat.rounds():
        ran.take()
        source.value = number + 1
        entries = ran.take()
        # an effect's own clean-up was returned after it made the others, so it comes first
        assert entries == [*ends, *begins]
    stop()
    assert ran.take() == ends


@cold_and_hot
def test_an_owned_effect_follows_its_own_inputs_while_its_owner_rests(heat: Heat) -> None:
    ran = Log()
    outer, inner = cell(0), cell(0)
    noisy(ran, "parent", lambda: outer.value, lambda: noisy(ran, "child", lambda: inner.value))
    heat(inner, 1, 2)
    heat(outer, 1, 2)
    for number in heat.rounds():
        ran.take()
        inner.value = number + 1
        assert ran.take() == ["child ends", "child runs"]
        with batch():
            inner.value = -1
            outer.value = number + 1
        assert ran.take() == ["parent ends", "child ends", "parent runs", "child runs"]


@cold_and_hot
def test_a_stopped_effect_never_runs_again_and_stopping_twice_does_nothing(heat: Heat) -> None:
    ran = Log()
    source = cell(0)
    double = derived(lambda: logged(ran, "double", source.value * 2))
    stop = noisy(ran, "effect", lambda: double.value)
    heat(source, 1, 2)
    ran.take()
    stop()
    stop.stop()
    stop.dispose()
    assert ran.take() == ["effect ends"]
    for number in heat.rounds():
        source.value = number + 1
        assert ran.take() == []


def test_an_effect_stopped_by_one_that_runs_before_it_does_not_run_in_that_event() -> None:
    ran = Log()
    source = cell(0)
    stops: list[Effect] = []

    def stop_them() -> None:
        if source.value:
            for one in stops:
                one.stop()

    effect(stop_them)
    stops.append(noisy(ran, "stopped", lambda: source.value))
    noisy(ran, "other", lambda: source.value)
    ran.take()
    source.value = 1
    assert ran.take() == ["stopped ends", "other ends", "other runs"]


def test_a_clean_up_may_read_and_write_and_nothing_of_it_is_followed() -> None:
    ran = Log()
    source, written, read = cell(0), cell(0), cell(0)

    def run() -> Any:
        ran.append(("run", source.value))

        def clean() -> None:
            ran.append(("clean", read.value))
            written.value = written.peek() + 1

        return clean

    stop = effect(run)
    written.subscribe(lambda value: ran.append(("written", value)))
    ran.take()
    read.value = 5
    assert ran.take() == []
    source.value = 1
    assert ran.take() == [("clean", 5), ("run", 1), ("written", 1)]
    stop()
    assert ran.take() == [("clean", 5), ("written", 2)]


def test_a_clean_up_that_is_registered_twice_runs_twice_and_only_for_its_run() -> None:
    ran = Log()
    source = cell(0)

    def run() -> None:
        if not source.value:
            clean = lambda: ran.append("clean")  # noqa: E731
            on_cleanup(clean)
            on_cleanup(clean)

    stop = effect(run)
    source.value = 1
    source.value = 2
    stop()
    assert ran.take() == ["clean", "clean"]


def test_an_effect_that_returns_something_else_has_no_clean_up() -> None:
    source = cell(0)
    stop = effect(lambda: source.value + 1)
    source.value = 1
    stop()


def test_writing_emitting_batching_and_making_effects_in_a_derived_cell_is_refused_with_its_name() -> None:
    length, reading = cell(1, name="length"), pulse(name="reading")

    def batching() -> None:
        with batch():
            pass

    refused: dict[str, tuple[Any, str]] = {
        "writes": (lambda: setattr(length, "value", 2), "'writes' is derived and writes 'length'"),
        "takes": (length.unset, "'takes' is derived and writes 'length'"),
        "emits": (lambda: reading.emit(1), "'emits' is derived and writes 'reading'"),
        "makes": (lambda: effect(lambda: None), "'makes' is derived and makes an effect"),
        "subscribes": (lambda: length.subscribe(print), "'subscribes' is derived and makes an effect"),
        "batches": (batching, "'batches' is derived and opens a batch"),
    }
    for name, (fn, said) in refused.items():
        for made in (derived(fn, name=name), length.map(lambda _, fn=fn: fn(), name=name)):  # type: ignore[misc]
            with pytest.raises(ReadOnlyError, match=said):
                made.value
    assert length.value == 1


@cold_and_hot
def test_writing_in_a_derived_cell_is_refused_also_where_an_effect_reads_it_or_a_function_of_it_does(
    heat: Heat,
) -> None:
    ran = Log()
    source, other = cell(0), cell(0, name="other")

    def meddle(value: int) -> int:
        if value < 0:
            other.value = value
        return value

    explicit = source.map(meddle, name="explicit")
    tracked = derived(lambda: meddle(source.value), name="tracked")
    for one in (explicit, tracked):
        one.subscribe(ran.append, lambda error: ran.append(str(error).split(":")[0]))
    other.subscribe(lambda value: ran.append(("other", value)))
    heat(source, 1, 2)
    for _ in heat.rounds():
        ran.take()
        source.value = -1
        assert ran.take() == [
            "'explicit' is derived and writes 'other'",
            "'tracked' is derived and writes 'other'",
        ]
        source.value = 0
        assert ran.take() == [0, 0]


def test_on_cleanup_is_refused_where_no_effect_runs() -> None:
    source = cell(0)
    late: list[Any] = []
    effect(lambda: late.append(lambda: on_cleanup(print)))
    for attempt in (
        lambda: on_cleanup(print),
        lambda: source.map(lambda _: on_cleanup(print)).value,
        late[0],
    ):
        with pytest.raises(CellsError, match="in an effect"):
            attempt()


def test_an_effect_made_in_a_batch_that_is_undone_stays_and_follows() -> None:
    ran = Log()
    source = cell(1)
    stops: list[Effect] = []
    with undone():
        source.value = 2
        stops.append(effect(lambda: ran.append(source.value)))
    assert ran.take()[0] == 2
    source.value = 3
    assert ran.take() == [3]
    stops[0]()
