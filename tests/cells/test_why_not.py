from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactflow import batch, cell, derived, effect, explaining, fold, folds, pulse, why_not
from reactflow.cells import Readable
from reactflow.errors import DeclarationError


def ignore(_: object) -> None:
    pass


def lines(thing: Any, source: Readable[Any] | None = None) -> list[str]:
    return str(why_not(thing, source)).splitlines()


def at(line: int) -> str:
    return f"test_why_not.py:{line}"


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_it_names_the_cell_that_came_to_an_equal_value() -> None:
    length = cell(3.0)
    area = length * 4.0
    big = derived(lambda: area.value > 5.0, name="big")
    made = this_line() - 1
    label = big.map(str)
    stop = label.subscribe(ignore)
    length.value = 5.0
    here = this_line() - 1
    expected = f"  big ran and came to an equal value, True (compared with ==), made at {at(made)}"
    when = f"when length was set to 5.0 at {at(here)}"
    assert lines(label) == [f"label ('True') did not change {when}", expected]
    assert lines(stop) == [f"subscription of label did not run {when}", expected]
    assert lines(big) == [f"big (True) did not change {when}", expected]
    answer = why_not(label)
    assert [(one.kind, one.cell) for one in answer.reasons] == [("equal", "big")]
    assert [node.name for node in answer.graph.nodes] == ["length", "area", "big"]
    assert not answer.did_change
    stop()


def test_it_names_the_equal_that_compared() -> None:
    def close(old: float, new: float) -> bool:
        return abs(old - new) < 1.0

    length = cell(3.0)
    rough = derived(lambda value: value * 2, length, equal=close)
    made = this_line() - 1
    stop = rough.subscribe(ignore)
    length.value = 3.1
    assert lines(rough)[1:] == [
        f"  rough ran and came to an equal value, 6.0 (compared with equal=close), made at {at(made)}"
    ]
    stop()


def test_it_is_right_after_a_hot_loop() -> None:
    length = cell(3.0)
    big = length > 2.0
    label = big.map(str)
    stop = label.subscribe(ignore)
    for number in range(200):
        length.value = number + 3.0
    assert lines(label)[0] == "label ('True') did not change when length was set to 202.0 (line not known)"
    assert [one.kind for one in why_not(label).reasons] == ["equal"]
    assert [one.kind for one in why_not(length).reasons] == ["changed"]
    length.value = 0.0
    assert [one.kind for one in why_not(label).reasons] == ["changed"]
    stop()


def test_unset_and_failed_inputs_are_named() -> None:
    width, height, length = cell(4.0), cell(), cell(0.0)
    volume = width * height
    rate = width / length
    percent = rate * 100
    stop = effect(lambda: (volume.is_set, percent.is_set))
    width.value = 5.0
    here = this_line() - 1
    assert lines(volume) == [
        f"volume (unset) did not change when width was set to 5.0 at {at(here)}",
        "  volume is unset, as height has no value",
    ]
    assert lines(percent) == [
        (
            "percent (failed with ZeroDivisionError: float division by zero) did not change "
            f"when width was set to 5.0 at {at(here)}"
        ),
        "  rate ran and failed as before, with ZeroDivisionError: float division by zero",
    ]
    assert [one.kind for one in why_not(stop).reasons] == ["failed", "unset"]
    stop()


def test_an_effect_that_waits_for_a_value_says_so() -> None:
    length, height = cell(3.0), cell()
    shown = effect(lambda: (height.value, length.value))
    length.value = 5.0
    assert lines(shown) == [
        f"shown did not run when length was set to 5.0 at {at(this_line() - 2)}",
        (
            "  shown does not depend on length now: it mentions it, and its last run read height (unset), "
            "but not length (or with peek(), which does not subscribe)"
        ),
    ]
    shown()


def test_a_condition_that_keeps_a_source_from_being_read_is_named_with_what_was_read() -> None:
    flag, length, width = cell(False), cell(3.0), cell(4.0)
    price = derived(lambda: width.value if flag.value else length.value)
    double = price * 2
    stop = double.subscribe(ignore)
    width.value = 9.0
    expected = [
        f"double (6.0) did not change when width was set to 9.0 at {at(this_line() - 2)}",
        (
            "  price does not depend on width now: it mentions it, and its last run read flag (False), length (3.0), "
            "but not width (or with peek(), which does not subscribe)"
        ),
    ]
    assert lines(double, width) == expected
    assert lines(double) == expected
    stop()


def test_an_explicit_function_that_reads_what_it_was_not_given_is_found_out() -> None:
    length, width = cell(3.0), cell(4.0)
    area = length.map(lambda value: value * width.peek())
    stop = area.subscribe(ignore)
    width.value = 9.0
    assert lines(area)[1:] == [
        (
            "  area does not depend on width: its function mentions it, but area has its inputs given, length (3.0). "
            "Give width as an input"
        )
    ]
    stop()


def test_what_is_not_downstream_is_said() -> None:
    length, width, flag = cell(3.0), cell(4.0), cell(True)
    area = length * 2
    choice = derived(lambda: flag.value)
    width.value = 9.0
    here = this_line() - 1
    assert lines(area, width) == [
        f"area (6.0) did not change when width was set to 9.0 at {at(here)}",
        "  area does not depend on width, nor does anything that it depends on",
    ]
    assert lines(choice, width)[1:] == [
        (
            "  choice does not depend on width, nor does anything that it depends on. "
            "What finds its inputs by reading them did not read it: choice read flag (True)"
        )
    ]


def test_a_cell_that_nobody_observes_is_computed_when_it_is_read() -> None:
    length = cell(3.0)
    area = length * 2
    assert area.value == 6.0
    length.value = 5.0
    when = f"when length was set to 5.0 at {at(this_line() - 1)}"
    assert lines(area) == [
        f"area (10.0) did not change {when}",
        "  nobody observes area: it was not read since, and is computed when it is read, as now",
    ]
    assert lines(area) == [f"area (10.0) did change {when}", "  it did: why(area) tells on which way"]


def test_an_open_batch_and_a_stopped_effect_are_named() -> None:
    length = cell(3.0)
    shown = effect(lambda: length.value)
    with batch():
        length.value = 5.0
        assert [(one.kind, one.words) for one in why_not(shown).reasons] == [
            ("batch", "a batch is open: shown runs when it ends, if something that it reads is another then")
        ]
    shown()
    assert lines(shown) == ["shown did not run", "  shown was stopped"]


def test_what_was_not_written_or_with_an_equal_value_is_no_change() -> None:
    rooms = cell(["hall"])
    made = this_line() - 1
    count = rooms.map(len)
    reading = pulse()
    total = fold(reading, folds.max)
    rooms.value.append("kitchen")
    in_place = "rooms holds a list: changed in place, it is the same object, and that is no change"
    assert lines(rooms) == [
        "rooms (['hall', 'kitchen']) did not change",
        (
            f"  rooms was not written since it was made at {at(made)}; a write of an equal value is no change, and "
            f"leaves no trace. {in_place}"
        ),
    ]
    assert lines(count)[1:] == [
        f"  nothing that count depends on was written since it was made at {at(made + 2)}. {in_place}"
    ]
    assert lines(total, reading)[1:] == [f"  reading has not occurred since it was made at {at(made + 3)}"]
    with explaining():
        rooms.value = rooms.value
    assert lines(count)[-1] == f"  rooms was given an equal value at {at(this_line() - 1)}: that is no change"


def test_a_fold_that_stays_the_same_took_its_step() -> None:
    reading = pulse()
    peak = fold(reading, folds.max)
    made = this_line() - 1
    reading.emit(5)
    reading.emit(3)
    assert lines(peak) == [
        f"peak (5) did not change when reading occurred at {at(this_line() - 2)}",
        f"  peak took its step and came to an equal value, 5 (compared with ==), made at {at(made)}",
    ]


def test_what_happened_then_is_not_known_after_a_later_change_unless_it_was_recorded() -> None:
    length, width = cell(3.0), cell(4.0)
    least = derived(min, length, width, name="least")
    twice = least * 2
    stop = twice.subscribe(ignore)
    width.value = 5.0
    length.value = 4.0
    assert lines(twice, width) == [
        f"twice (8.0) did not change when width was set to 5.0 at {at(this_line() - 3)}",
        "  least has changed since, so what it did then is not known any more",
        "  (with explaining(): keeps every write, line and run, also in a loop)",
    ]
    with explaining():
        width.value = 6.0
        length.value = 4.5
    assert [one.kind for one in why_not(twice, width).reasons] == ["equal"]
    stop()


def test_what_is_no_cell_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^why_not\(\) takes a cell or an effect, not 3 \(int\)"):
        why_not(3)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(DeclarationError, match=r"^why_not\(\) takes a cell or an effect, not 3 \(int\)"):
        why_not(cell(1), 3)  # type: ignore[arg-type]  # that is the point


FUNCTIONS: list[Callable[[int, int], int]] = [min, max, lambda a, b: a * b % 3, lambda a, b: int(a > b)]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=6),
    st.booleans(),
)
def test_every_reason_is_a_cell_that_stayed_equal_though_an_input_of_it_changed(
    shape: list[tuple[int, int, int]], history: list[tuple[int, int]], recorded: bool
) -> None:
    sources = [cell(1, name="s0"), cell(1, name="s1")]
    nodes: list[Any] = list(sources)
    for place, (one, other, what) in enumerate(shape):
        a, b = nodes[one % len(nodes)], nodes[other % len(nodes)]
        nodes.append(derived(FUNCTIONS[what], a, b, name=f"d{place}"))
    by_name = {one.name: one for one in nodes}
    stops = [one.subscribe(ignore) for one in nodes[2:]]
    log = explaining()
    if recorded:
        log.start()
    for number, value in history:
        old = {one: one.value for one in nodes}
        sources[number].value = value
        changed = {one for one in nodes if one.value != old[one]}
        if sources[number] not in changed:
            continue
        for node in nodes[2:]:
            answer = why_not(node, sources[number])
            if node in changed:
                assert [one.kind for one in answer.reasons] == ["changed"]
                continue
            assert not answer.did_change
            assert answer.reasons
            for reason in answer.reasons:
                assert reason.kind in ("equal", "not downstream")
                if reason.kind == "equal":
                    stayed = by_name[reason.cell]
                    assert stayed not in changed
                    assert changed & set(stayed.inputs)
    log.stop()
    for stop in stops:
        stop()
