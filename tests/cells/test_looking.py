from __future__ import annotations

import dis
import gc
import sys
from types import FrameType
from typing import Any

import pytest

from reactflow import Flow, Service, System, cell, derived, effect, fold, folds, graph, pulse
from reactflow.cells.engine import ENGINE
from reactflow.cells.looking import instrumented
from reactflow.errors import DeclarationError
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


def test_a_code_object_is_taken_apart_once_however_many_cells_it_made() -> None:
    source = "".join(f"one{at} = cell({at})\ntwo{at} = one{at} * 2\n" for at in range(300))
    made: dict[str, Any] = {"cell": cell}
    exec(compile(source, "made.py", "exec"), made)
    cells = [one for name, one in made.items() if name.startswith(("one", "two"))]
    taken_apart = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is dis.get_instructions.__code__:
            taken_apart.append(frame)

    sys.setprofile(count)
    try:
        view = graph(*cells)
    finally:
        sys.setprofile(None)
    assert {node.name: node.site for node in view.nodes}["two299"] == "made.py:600"
    assert len(view.nodes) == 600
    # a generator: each step into it is a call of the same frame
    assert len(set(map(id, taken_apart))) == 1


def test_what_has_no_graph_is_refused_with_what_to_write_instead() -> None:
    class Room(Flow):
        length = cell(3.0)

    one = cell(1)
    refused: list[tuple[Any, str]] = [
        (Room, r"not the class Room: write Room\.show\(\)$"),
        (Room(), r"not this Room: call its show\(\)$"),
        (Service(Room, key=()), r"not this Service: call its show\(\)$"),
        (System(), r"not this System: call its graph\(\)$"),
        (3, r"not 3 \(int\): pass the cell itself, as in graph\(area\)$"),
        ([one], r"not a list: pass its cells one by one, graph\(\*cells\)$"),
        ({"one": one}, r"not a dict: pass its cells one by one, graph\(\*cells\.values\(\)\)$"),
    ]
    for thing, said in refused:
        with pytest.raises(DeclarationError, match=r"^graph\(\) takes cells and effects, " + said):
            graph(one, thing)
