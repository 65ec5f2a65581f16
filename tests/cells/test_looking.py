from __future__ import annotations

import gc

from reactflow import cell, derived, effect, fold, folds, graph, pulse
from reactflow.cells.engine import ENGINE
from reactflow.cells.looking import instrumented
from tests.cells.counting import Counter


def test_a_graph_shows_what_is_computed_from_what_with_states() -> None:
    length, height = cell(3.0), cell(name="height")
    area = length * 2.0
    volume = area * height
    wrong = derived(lambda: 1 / 0, name="wrong")
    both = derived(lambda: (wrong.is_set, volume.is_set))
    stop = effect(lambda: both.value)
    view = graph(volume, title="rooms")
    shown = {node.name: (node.kind, node.state, node.value) for node in view.nodes}
    assert shown == {
        "volume": ("derived", "unset", "unset"),
        "area": ("derived", "value", "6.0"),
        "length": ("cell", "value", "3.0"),
        "height": ("cell", "unset", "unset"),
        "both": ("derived", "value", "(False, False)"),
        "wrong": ("derived", "error", "ZeroDivisionError: division by zero"),
        "stop": ("effect", "", ""),
    }
    names = {node.id: node.name for node in view.nodes}
    assert {(names[one], names[other]) for one, other in view.edges} == {
        ("length", "area"), ("area", "volume"), ("height", "volume"), ("volume", "both"), ("wrong", "both"),
        ("both", "stop"),
    }  # fmt: skip
    stop()


def test_a_graph_shows_folds_and_pulses() -> None:
    reading = pulse()
    total = fold(reading, folds.sum)
    changes = total.changes()
    view = {node.name: (node.kind, node.detail) for node in graph(changes).nodes}
    gc.collect()
    assert view == {"changes": ("pulse", "changes"), "total": ("fold", "sum"), "reading": ("pulse", "")}


def test_an_instrument_hears_of_writes_visits_runs_and_effects_and_only_while_it_listens() -> None:
    length = cell(1)
    double = length * 2
    stop = effect(lambda: double.value)
    with instrumented(Counter()) as counter:
        length.value = 2
        length.value = 2
    length.value = 3
    assert (counter.visits, counter.runs, counter.effects) == ({double: 1}, {double: 1}, {stop: 1})
    assert ENGINE.instrument is None
    stop()
