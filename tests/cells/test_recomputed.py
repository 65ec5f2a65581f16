from __future__ import annotations

import sys

import numpy as np

from reactflow import cell, derived, effect, fold, folds, profiled, pulse
from reactflow.cells.engine import ENGINE
from reactflow.cells.profiled import ProfileRow


def ignore(_: object) -> None:
    pass


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_runs_without_a_change_are_counted_and_the_input_that_made_them_is_named() -> None:
    seconds = cell(0)
    minute = seconds.map(lambda value: value // 60)
    made = this_line() - 1
    label = minute.map("minute {}".format)
    stop = label.subscribe(ignore)
    with profiled() as report:
        for number in range(1, 121):
            seconds.value = number
    assert report.rows == (
        ProfileRow("minute", "derived", f"test_recomputed.py:{made}", 120, 118, 0, (("seconds", 118),)),
        ProfileRow("label", "derived", f"test_recomputed.py:{made + 2}", 2, 0),
        ProfileRow("subscription of label", "effect", f"test_recomputed.py:{made + 3}", 2, 0),
    )
    assert [row.waste for row in report.rows] == [118, 0, 0]
    width = len(f"test_recomputed.py:{made}")
    assert str(report).splitlines() == [
        f"cell                   kind     {'made at':{width}}  runs  unchanged  same content",
        f"minute                 derived  test_recomputed.py:{made}   120        118",
        f"label                  derived  test_recomputed.py:{made + 2}     2          0",
        f"subscription of label  effect   test_recomputed.py:{made + 3}     2",
        "minute: give seconds an equal=, or read something coarser, such as seconds.map(...), in between",
    ]
    assert repr(report) == "<profile: 124 runs, 118 of them without need>"
    assert "<td>minute</td>" in report._repr_html_()
    stop()


def test_a_value_that_only_looks_changed_is_found_out() -> None:
    scale = cell(1.0)
    points = scale.map(lambda _: np.zeros(3))
    total = points.map(lambda one: one + 1)
    stop = total.subscribe(ignore)
    with profiled() as report:
        for number in range(5):
            scale.value = number + 2.0
    assert [(row.name, row.runs, row.unchanged, row.alike) for row in report.rows] == [
        ("points", 5, 0, 5),
        ("total", 5, 0, 5),
        ("subscription of total", 5, 0, 0),
    ]
    assert [row.remedy for row in report.rows] == [
        "points: give it an equal= that compares what it holds, else each run counts as a change",
        "total: give it an equal= that compares what it holds, else each run counts as a change",
        "",
    ]
    stop()


def test_a_tracked_cell_names_the_input_that_moved() -> None:
    length, width = cell(3), cell(4)
    most = derived(lambda: max(length.value, width.value), name="most")
    stop = most.subscribe(ignore)
    with profiled() as report:
        length.value = 1
        length.value = 2
        width.value = 5
    (row, _) = report.rows
    assert (row.name, row.runs, row.unchanged, row.causes) == ("most", 3, 2, (("length", 2),))
    stop()


def test_pulses_and_folds_count_each_occurrence_and_need_no_remedy() -> None:
    reading = pulse()
    rounded = reading.map(round)
    peak = fold(rounded, folds.max)
    with profiled() as report:
        for value in (5.0, 3.0, 5.0):
            reading.emit(value)
    assert [(row.name, row.kind, row.runs, row.unchanged, row.remedy) for row in report.rows] == [
        ("peak", "fold", 3, 2, ""),
        ("rounded", "pulse", 3, 0, ""),
    ]
    assert peak.value == 5


def test_a_report_listens_beside_another_and_only_inside_its_block() -> None:
    length = cell(0)
    shown = effect(lambda: length.value)
    with profiled() as outer:
        length.value = 1
        with profiled() as inner:
            length.value = 2
        length.value = 3
    length.value = 4
    assert [[row.runs for row in one.rows] for one in (outer, inner)] == [[3], [1]]
    assert ENGINE.instrument is None
    with profiled() as nothing:
        pass
    assert str(nothing) == "nothing was computed"
    shown()
