from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import pytest

from reactflow import Flow, batch, cell, derived, effect, explaining, fold, folds, pulse, why
from reactflow.cells.explaining import Explaining
from reactflow.errors import DeclarationError


def ignore(_: object) -> None:
    pass


def lines(thing: Any) -> list[str]:
    """What is said."""
    return str(why(thing)).splitlines()


def at(line: int) -> str:
    return f"test_why.py:{line}"


def undo(_: object) -> None:
    raise ZeroDivisionError


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_it_names_the_write_its_line_and_the_way() -> None:
    length, width = cell(3.0), cell(4.0)
    area = length * width
    made = this_line() - 1
    label = area.map("{:.1f} m2".format)
    stop = label.subscribe(ignore)
    length.value = 5.0
    here = this_line() - 1
    answer = why(label)
    assert str(answer) == (
        f"label = '20.0 m2', because length was set to 5.0 at {at(here)}\n  length -> area -> label"
    )
    (write,) = answer.writes
    assert (write.name, write.outcome, write.line, write.event) == ("length", 5.0, at(here), answer.event)
    assert (answer.cell, answer.outcome, answer.verdict, answer.is_complete) == (
        "label",
        "20.0 m2",
        "changed",
        True,
    )
    assert answer.paths == (("length", "area", "label"),)
    assert {node.name: node.site for node in answer.graph.nodes} == {
        "length": at(made - 1), "area": at(made), "label": at(made + 2),
    }  # fmt: skip
    assert lines(length) == [f"length = 5.0, because it was set at {at(here)}"]
    stop()


def test_it_names_all_writes_of_a_batch_and_all_ways() -> None:
    length, width = cell(3.0), cell(4.0)
    half, twice = length / 2, length * 2
    total = derived(lambda a, b, c: a + b + c, half, twice, width, name="total")
    stop = total.subscribe(ignore)
    with batch():
        length.value = 10.0
        width.value = 1.0
    here = this_line() - 1
    assert lines(total) == [
        f"total = 26.0, because length was set to 10.0 at {at(here - 1)}",
        f"  and width was set to 1.0 at {at(here)}",
        "  length -> half -> total",
        "  length -> twice -> total",
        "  width -> total",
    ]
    assert len(why(total).graph.edges) == 5
    stop()


def test_a_write_that_was_undone_or_written_back_in_its_batch_is_not_named() -> None:
    length, width = cell(3.0), cell(4.0)
    area = length * width
    stop = area.subscribe(ignore)
    length.value = 5.0
    here = this_line() - 1
    with suppress(ZeroDivisionError), batch():
        length.value = 7.0
        undo(area.value)
    with batch():
        width.value = 9.0
        length.value = 8.0
        area.value
        width.value, length.value = 4.0, 5.0
    expected = [f"area = 20.0, because length was set to 5.0 at {at(here)}", "  length -> area"]
    assert lines(area) == expected
    assert lines(length) == [f"length = 5.0, because it was set at {at(here)}"]
    stop()


def test_what_was_never_written_is_as_it_was_made() -> None:
    length, height = cell(3.0), cell()
    area = length * 2
    made = this_line() - 1
    volume = area * height
    reading = pulse()
    total = fold(reading, folds.sum)
    assert [lines(one) for one in (length, area, volume, height, reading, total)] == [
        [f"length = 3.0: not changed since it was made at {at(made - 1)}"],
        [f"area = 6.0: not changed since it was made at {at(made)}"],
        [f"volume is unset: not changed since it was made at {at(made + 2)}", "  height has no value"],
        [f"height is unset: not changed since it was made at {at(made - 1)}"],
        [f"reading has not occurred since it was made at {at(made + 3)}"],
        [f"total = 0: not changed since it was made at {at(made + 4)}"],
    ]


def test_unset_and_failed_cells_say_what_made_them_so_and_where_it_was_raised() -> None:
    width, height = cell(4.0), cell(2.0)
    rate = derived(lambda: 1 / width.value)
    made = this_line() - 1
    percent = rate * 100
    volume = width * height
    stops = [percent.is_set, effect(lambda: (percent.is_set, volume.is_set))]
    del height.value
    here = this_line() - 1
    assert lines(volume) == [
        f"volume is unset, because the value of height was taken away at {at(here)}",
        "  height -> volume",
        "  height has no value",
    ]
    width.value = 0
    here = this_line() - 1
    assert lines(percent) == [
        f"percent failed with ZeroDivisionError: division by zero, because width was set to 0 at {at(here)}",
        "  width -> rate -> percent",
        f"  raised in rate at {at(made)}",
    ]
    assert len(stops) == 2


def test_folds_and_pulses_say_what_occurred() -> None:
    reading = pulse()
    double = reading.map(lambda value: value * 2)
    total = fold(double, folds.sum)
    reading.emit(5.0)
    reading.emit(3.0)
    here = this_line() - 1
    assert lines(total) == [
        f"total = 16.0, because reading occurred at {at(here)}",
        "  reading -> double -> total",
    ]
    assert lines(double) == [
        f"double occurred last because reading occurred at {at(here)}",
        "  reading -> double",
    ]
    assert lines(reading) == [f"reading occurred at {at(here)}"]
    with explaining():
        reading.emit(4.0)
        here = this_line() - 1
    assert lines(total)[0] == f"total = 24.0, because reading occurred with 4.0 at {at(here)}"


def test_effects_say_why_they_ran_last() -> None:
    length, width = cell(3.0), cell(4.0)
    area = length * width
    length.value = 5.0
    shown = effect(lambda: area.value)
    made = this_line() - 1
    assert lines(shown) == [f"shown has run when it was made at {at(made)}, and not since"]
    width.value = 2.0
    here = this_line() - 1
    assert lines(shown) == [
        f"shown ran last because width was set to 2.0 at {at(here)}",
        "  width -> area -> shown",
    ]
    shown()
    assert lines(shown) == ["shown was stopped"]


def test_what_an_effect_writes_is_a_cause_of_its_own_event() -> None:
    length, copy, other = cell(3.0), cell(0.0), cell(1.0)
    both = copy + other
    seen = both.subscribe(ignore)
    write = effect(lambda: setattr(copy, "value", length.value))
    here = this_line() - 1
    with batch():
        length.value, other.value = 5.0, 2.0
    assert lines(both) == [f"both = 7.0, because copy was set to 5.0 at {at(here)}", "  copy -> both"]
    with explaining():
        length.value = 6.0
    assert lines(both)[0] == f"both = 8.0, because copy was set to 6.0 at {at(here)} in the effect write"
    seen()
    write()


def test_a_cell_that_nobody_observes_says_what_may_have_counted_too() -> None:
    length, width = cell(3.0), cell(4.0)
    area = length * width
    assert area.value == 12.0
    length.value = 5.0
    width.value = 2.0
    here = this_line() - 1
    answer = why(area)
    assert str(answer).splitlines() == [
        f"area = 10.0, because width was set to 2.0 at {at(here)}",
        "  width -> area",
        "  area was computed when it was read, so this may have counted too:",
        f"    length was set to 5.0 at {at(here - 1)}",
        "  (with explaining(): keeps every write, line and run, also in a loop)",
    ]
    assert not answer.is_complete
    assert [one.name for one in answer.also] == ["length"]
    with explaining():
        area.value
        length.value = 1.0
        width.value = 8.0
        area.value
        again = this_line() - 2
    assert lines(area) == [
        f"area = 8.0, because length was set to 1.0 at {at(again - 1)}",
        f"  and width was set to 8.0 at {at(again)}",
        "  length -> area",
        "  width -> area",
    ]


def test_an_input_that_moved_since_without_a_change_hides_the_cause_until_it_is_recorded() -> None:
    length = cell(3.0)
    is_big = length > 4.0
    stop = is_big.subscribe(ignore)
    length.value = 5.0
    length.value = 6.0
    assert lines(is_big) == [
        "is_big = True: which write made it change is not known any more",
        "  length has changed again since, and is_big came to an equal outcome",
        "  (with explaining(): keeps every write, line and run, also in a loop)",
    ]
    with explaining():
        length.value = 1.0
        here = this_line() - 1
        length.value = 2.0
    assert lines(is_big) == [
        f"is_big = False, because length was set to 1.0 at {at(here)}",
        "  length -> is_big",
    ]
    stop()


def test_a_tracked_cell_that_reads_something_else_now_names_what_made_it_do_so() -> None:
    flag, length, width = cell(False), cell(3.0), cell(4.0)
    price = derived(lambda: width.value if flag.value else length.value)
    stop = price.subscribe(ignore)
    width.value = 9.0
    flag.value = True
    here = this_line() - 1
    assert lines(price) == [
        f"price = 9.0, because flag was set to True at {at(here)}",
        "  flag -> price",
    ]
    stop()


def test_a_write_inside_a_flow_is_named_by_the_line_that_made_it() -> None:
    class Room(Flow):
        length = cell(3.0)
        area = length * 2.0

    room = Room()
    room.length = 5.0
    here = this_line() - 1
    assert lines(room.cells.area) == [
        f"area = 10.0, because length was set to 5.0 at {at(here)}",
        "  length -> area",
    ]


def test_a_way_of_thousands_of_cells_is_shown_by_its_ends() -> None:
    start = cell(0)
    end: Any = start
    for _ in range(3_000):
        end = end + 1
    end.given_name = "end"
    stop = end.subscribe(ignore)
    start.value = 1
    said = lines(end)
    assert said[0].startswith("end = 3001, because start was set to 1 at ")
    assert "cells) -> " in said[1]
    assert said[1].startswith("  start -> ")
    assert said[1].endswith(" -> end")
    stop()


def test_a_notebook_gets_the_words_and_a_picture() -> None:
    length = cell("<b>")
    label = length.map(str.upper)
    length.value = "<i>"
    bundle = why(label)._repr_mimebundle_()
    assert bundle["text/plain"] == str(why(label))
    assert "&lt;I&gt;" in bundle["text/html"]
    assert "<img " in bundle["text/html"]
    assert set(why(label)._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert repr(why(label)) == f"<why {why(label).headline}>"


def test_a_log_is_bounded_and_can_be_started_and_stopped() -> None:
    length = cell(0)
    log = explaining(keep=3)
    log.start()
    log.start()
    for number in range(10):
        length.value = number
    log.stop()
    length.value = 99
    assert repr(log) == "<explaining: 3 of at most 3 records>"
    with pytest.raises(DeclarationError, match=r"^explaining\(keep=0\): keep at least one record$"):
        explaining(keep=0)
    assert isinstance(log, Explaining)


def test_what_is_no_cell_is_refused_with_what_to_write_instead() -> None:
    class Room(Flow):
        length = cell(3.0)

    refused: list[tuple[Any, str]] = [
        (3, r"not 3 \(int\): give the cell itself, why\(area\)$"),
        (Room, r"not the class Room: give a cell, why\(area\)$"),
        (Room(), r"not this Room: give one of its cells, why\(room\.cells\.area\)$"),
    ]
    for thing, said in refused:
        with pytest.raises(DeclarationError, match=r"^why\(\) takes a cell or an effect, " + said):
            why(thing)
