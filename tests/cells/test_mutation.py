from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reactflow import Flow, MutationWarning, batch, cell, derived, development, effect
from reactflow.cells.cell import Cell
from reactflow.cells.content import ITEMS, fingerprint, kind_of_mutable
from reactflow.cells.derived import Derived
from reactflow.cells.engine import ENGINE
from reactflow.cells.readable import Readable
from reactflow.errors import ConfigurationError

Caught = list[warnings.WarningMessage]


@dataclass
class Door:
    width: float


@pytest.fixture
def caught() -> Iterator[Caught]:
    with development(), warnings.catch_warnings(record=True, action="always") as found:
        yield found


def said(caught: Caught) -> list[str]:
    """The warnings so far, without the lines, and forget them."""
    words = [str(one.message) for one in caught]
    assert all(one.category is MutationWarning for one in caught)
    assert all(one.filename == __file__ for one in caught)
    caught.clear()
    return words


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_a_list_that_was_appended_to_is_named_with_what_to_write(caught: Caught) -> None:
    rooms = cell(["hall"])
    made = this_line() - 1
    count = rooms.map(len)
    assert count.value == 1
    rooms.value.append("kitchen")
    assert count.value == 1
    assert caught[0].lineno == this_line() - 1
    assert said(caught) == [
        (
            f"'rooms' (made at test_mutation.py:{made}) holds a list that was changed in place: nothing that reads "
            "it was told. Write a new one: rooms.value = [*rooms.value, x]"
        )
    ]
    assert count.value == 1
    assert said(caught) == []  # once
    rooms.value = [*rooms.value, "bath"]
    assert count.value == 3
    assert said(caught) == []


MUTATIONS: list[tuple[Any, Callable[[Any], object], str]] = [
    ([1], lambda value: value.append(2), "a list"),
    ([[1], {"a": [2]}], lambda value: value[1]["a"].append(3), "a list"),
    ({"a": 1}, lambda value: value.update(a=2), "a dict"),
    ({1}, lambda value: value.add(2), "a set"),
    (bytearray(b"a"), lambda value: value.extend(b"b"), "a bytearray"),
    (deque([1]), lambda value: value.append(2), "a deque"),
    (array("d", [1.0]), lambda value: value.append(2.0), "an array"),
    (([1], 2), lambda value: value[0].append(3), "a tuple"),
    (np.zeros(3), lambda value: value.__setitem__(0, 1.0), "an ndarray"),
    (np.zeros((200, 200))[::2, ::3], lambda value: value.__setitem__((99, 5), 1.0), "an ndarray"),
    (np.array([[1], "b"], dtype=object), lambda value: value[0].append(2), "an ndarray"),
    (Door(1.0), lambda value: setattr(value, "width", 2.0), "a Door"),
    ({"door": Door(1.0)}, lambda value: setattr(value["door"], "width", 2.0), "a dict"),
]


@pytest.mark.parametrize(("value", "change", "kind"), MUTATIONS, ids=[kind for _, _, kind in MUTATIONS])
def test_every_kind_of_value_is_noticed(
    caught: Caught, value: Any, change: Callable[[Any], object], kind: str
) -> None:
    one, other = cell(None), cell(0)
    one.value = value
    other.value = 1
    assert said(caught) == []
    change(value)
    other.value = 2
    (words,) = said(caught)
    assert f"holds {kind} that was changed in place" in words


def test_it_is_noticed_at_the_end_of_an_event_and_when_the_changed_value_is_written_again(
    caught: Caught,
) -> None:
    rooms, other = cell(["hall"]), cell(0)
    rooms.value.append("kitchen")
    other.value = 1
    assert len(said(caught)) == 1
    rooms.value.append("bath")
    rooms.value = rooms.value
    assert len(said(caught)) == 1
    with batch():
        rooms.value.append("attic")
    assert len(said(caught)) == 1
    rooms.value.append("cellar")
    assert rooms.peek()[-1] == "cellar"
    assert len(said(caught)) == 1


def test_a_derived_value_that_its_reader_changes_is_named_as_one(caught: Caught) -> None:
    rooms = cell(["hall", "bath"])
    ordered = rooms.map(sorted)
    made = this_line() - 1
    ordered.value.append("kitchen")
    assert len(ordered.value) == 3
    assert said(caught) == [
        (
            f"'ordered' (made at test_mutation.py:{made}) holds a list that was changed in place after it was "
            "computed: who reads it gets that, and nothing was told. Change a copy: [*ordered.value, x]"
        )
    ]


def test_a_value_that_several_cells_hold_is_told_of_once_and_of_its_source(caught: Caught) -> None:
    rooms = cell(["hall"])
    same = derived(lambda: rooms.value)
    shown = effect(lambda: same.value)
    rooms.value.append("kitchen")
    assert same.value == ["hall", "kitchen"]
    (words,) = said(caught)
    assert words.startswith("'rooms' ")
    shown()


def test_a_function_that_changes_its_input_is_noticed_and_does_not_fail_for_it(caught: Caught) -> None:
    rooms = cell(["hall", "bath"])
    first = derived(lambda: (rooms.value.sort(), rooms.value[0])[1])
    stop = first.subscribe(lambda value: None)
    rooms.value = ["hall", "attic"]
    assert first.value == "attic"
    assert len(said(caught)) >= 1
    stop()


def test_cells_of_a_flow_are_noticed_too(caught: Caught) -> None:
    class House(Flow):
        rooms = cell(["hall"])
        count = rooms.map(len)

    house = House()
    house.rooms.append("kitchen")
    assert house.count == 1
    (words,) = said(caught)
    assert words.startswith("'rooms' ")


def test_what_cannot_be_changed_in_place_is_never_told_of(caught: Caught) -> None:
    for value in (
        1,
        1.5,
        float("nan"),
        "a",
        b"a",
        None,
        (1, (2, "a")),
        frozenset({1}),
        len,
        int,
        SimpleNamespace(),
    ):
        one = cell(value)
        other = one.map(lambda given: given)
        assert other.value is one.value
    assert said(caught) == []
    assert kind_of_mutable(SimpleNamespace()) == ""


def test_a_cell_that_is_gone_is_forgotten(caught: Caught) -> None:
    from reactflow.cells.development import _WATCH

    rooms = cell(["hall"])
    assert rooms.value == ["hall"]
    before = len(_WATCH[0].known)
    del rooms
    gc.collect()
    assert len(_WATCH[0].known) == before - 1


def is_listened_to() -> bool:
    return ENGINE.instrument is not None


def test_off_it_leaves_no_trace() -> None:
    before = Cell.__dict__["value"], Derived.__dict__["value"], Readable._read, ENGINE.instrument
    with development() as mode:
        assert repr(mode) == "<development mode on>"
        assert Cell.__dict__["value"] is not before[0]
        with development(False):
            assert not is_listened_to()
        assert is_listened_to()
    assert (Cell.__dict__["value"], Derived.__dict__["value"], Readable._read, ENGINE.instrument) == before
    development(True)
    development(True)
    development(False)
    assert (Cell.__dict__["value"], Derived.__dict__["value"], Readable._read, ENGINE.instrument) == before
    given: Any = 1
    with pytest.raises(ConfigurationError, match=r"^development\(1\): give True or False$"):
        development(given)


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("1", "True"),
        ("on", "True"),
        ("0", "False"),
        ("", "False"),
        ("maybe", "REACTFLOW_DEV='maybe': give 1"),
    ],
)
def test_the_environment_switches_it_on_and_what_is_neither_is_refused(given: str, printed: str) -> None:
    program = (
        "try:\n import reactflow\n from reactflow.cells.engine import ENGINE\n print(ENGINE.instrument is not None)\n"
        "except Exception as error:\n print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"REACTFLOW_DEV": given, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(printed), done.stderr


def test_a_data_frame_is_known_by_its_labels_and_columns(
    caught: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=Frame))
    rooms, other = cell(Frame({"area": np.array([12.0, 20.0])})), cell(0)
    other.value = 1
    assert rooms.value.shape == (2, 1)
    rooms.value.data["area"][0] = 13.0
    other.value = 2
    (words,) = said(caught)
    assert "holds a Frame that was changed in place" in words
    rooms.value.data["height"] = np.array([2.0, 2.5])
    other.value = 3
    assert len(said(caught)) == 1


def test_a_real_data_frame_is_noticed(caught: Caught) -> None:
    pandas = pytest.importorskip("pandas")
    rooms, other = cell(None), cell(0)
    rooms.value = frame = pandas.DataFrame({"area": [12.0, 20.0], "name": ["hall", "bath"]})
    other.value = 1
    assert said(caught) == []
    changes: list[Callable[[], object]] = [
        lambda: frame.__setitem__("height", 2.5),
        lambda: frame.loc.__setitem__((0, "area"), 1.0),
        lambda: setattr(frame, "columns", ["m2", "name", "height"]),
        lambda: frame.pop("name"),
    ]
    for number, change in enumerate(changes):
        change()
        other.value = number + 2
        assert len(said(caught)) == 1


class Frame:
    """As much of a data frame as is looked at."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    @property
    def shape(self) -> tuple[int, int]:
        return len(next(iter(self.data.values()))), len(self.data)

    @property
    def index(self) -> Any:
        return SimpleNamespace(to_numpy=lambda: np.arange(self.shape[0]))

    @property
    def columns(self) -> Any:
        return SimpleNamespace(to_numpy=lambda: np.array(list(self.data)))

    @property
    def iloc(self) -> Any:
        return self

    def __getitem__(self, where: tuple[slice, int]) -> Any:
        column = list(self.data.values())[where[1]]
        return SimpleNamespace(to_numpy=lambda: column)


def test_the_cost_of_a_fingerprint_is_bounded_and_what_is_beyond_may_be_missed() -> None:
    long: list[Any] = [0] * (ITEMS * 3)
    before = fingerprint(long)
    long[-1] = 1
    assert fingerprint(long) == before
    long.append(1)
    assert fingerprint(long) != before
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert fingerprint(deep) == fingerprint([deep[0]])
    loop: list[Any] = [1]
    loop.append(loop)
    assert fingerprint(loop) == fingerprint(loop)
    large = np.zeros(5_000_000)
    before = fingerprint(large)
    large[0] = 1.0
    assert fingerprint(large) != before
    assert fingerprint({1, 2}) == fingerprint({2, 1})
    assert fingerprint([1]) != fingerprint([1.0]) != fingerprint([True])
    del deep
