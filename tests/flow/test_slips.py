"""What was meant to be a cell of a flow and is none, and what an instance is given in place of values."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import attrs
import pytest

from reactflow import (
    Cell,
    Effect,
    Flow,
    Pulse,
    cell,
    derived,
    effect,
    fold,
    members,
    pulse,
)
from reactflow.errors import DeclarationError

ran: list[object] = []
loose: Any = cell


def made(**body: Any) -> type[Any]:
    """A flow with these attributes."""
    return type("Room", (Flow,), {"width": cell(1.0), "__module__": __name__, **body})


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (cell, r"cell itself, .* write length = cell\(0\.0\)$"),
        (Cell, r"Cell itself, .* write length = cell\(0\.0\)$"),
        (pulse, r"pulse itself, .* write length = pulse\(\)$"),
        (Pulse, r"Pulse itself, .* write length = pulse\(\)$"),
        (fold, r"fold itself, .* write length = fold\("),
        (members, r"members itself, .* write length = members\("),
        (derived, r"derived itself, .* write length = derived\("),
        (effect, r"effect itself, .* write a method under @derived$"),
    ],
)
def test_what_makes_a_cell_and_was_not_called_is_refused(value: object, remedy: str) -> None:
    with pytest.raises(DeclarationError, match=rf"^Room\.length is {remedy}"):
        made(length=value)


def test_a_comma_behind_a_cell_and_a_list_of_cells_are_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"^Room\.length is a tuple that holds cells: take the comma away$"
    ):
        made(length=(cell(0.0),))
    for sides in ([cell(1.0), cell(2.0)], {"a": cell(1.0)}, {cell(1.0)}, (cell(1.0), cell(2.0))):
        with pytest.raises(DeclarationError, match=r"holds cells: give each cell a name of its own$"):
            made(sides=sides)


def test_lists_of_other_things_and_of_the_flows_own_cells_stay() -> None:
    class Room(Flow):
        length = cell(1.0)
        width = cell(2.0)
        sides = (length, width)
        NAMES = ("length", "width")
        around = sum(sides, 0)

    class More(Room):
        twice = [Room.length, Room.width]

    assert Room(length=2.0).around == 4.0
    assert More().NAMES == ("length", "width")


def test_an_effect_in_the_body_of_a_flow_is_refused_before_it_runs() -> None:
    words = (
        r"^an effect in the body of a flow's class would run once, for no instance: subscribe on an instance"
    )
    with pytest.raises(DeclarationError, match=words):

        class Room(Flow):
            length = cell(1.0)
            effect(lambda: ran.append("ran"))

    with pytest.raises(DeclarationError, match=words):

        class Hall(Flow):
            length = cell(1.0)
            length.subscribe(ran.append)

    assert ran == []


def test_an_effect_made_elsewhere_is_no_part_of_a_flow_and_may_be_part_of_another_class() -> None:
    class Plain:
        stop = effect(lambda: ran.append("plain"))

    assert ran.pop() == "plain"
    assert isinstance(Plain.stop, Effect)
    with pytest.raises(DeclarationError, match=r"^Room\.shown is an effect, of which a flow has none"):
        made(shown=Plain.stop)
    Plain.stop.stop()


def test_other_makers_of_classes_are_refused() -> None:
    class Room(Flow):
        length = cell(1.0)

    with pytest.raises(
        DeclarationError, match=r"^Room is a flow, which makes its own instances: leave out @data"
    ):
        dataclass(Room)
    for slots in (True, False):
        with pytest.raises(DeclarationError, match=r"leave out attrs$"):
            attrs.define(Room, slots=slots)
    assert Room(length=2.0).length == 2.0


class Kind(Enum):
    SMALL = "small"


def of_text() -> None:
    class Room(Flow):
        size: Cell[int] = loose("x")


def of_none() -> None:
    class Room(Flow):
        size: Cell[float] = loose(None)


def of_truth() -> None:
    class Room(Flow):
        size: Cell[int] = loose(True)


def of_items() -> None:
    class Room(Flow):
        size: Cell[list[int]] = loose(["x"])


def of_a_type() -> None:
    class Room(Flow):
        size = cell(int)


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (of_text, r"annotated as Cell\[int\], and its default is 'x': .* annotate it as Cell\[str\]$"),
        (
            of_none,
            r"default is None: leave the default out, .* = cell\(\), or allow it: Cell\[float \| None\]$",
        ),
        (of_truth, r"annotated as Cell\[int\], and its default is True: "),
        (of_items, r"annotated as Cell\[list\[int\]\], and its default is \['x'\]: "),
        (of_a_type, r"has the type int for a default: write size: Cell\[int\] = cell\(\)"),
    ],
)
def test_a_default_of_another_type_than_annotated_is_refused(declare: Callable[[], None], words: str) -> None:
    with pytest.raises(DeclarationError, match=rf"^Room\.size .*{words}"):
        declare()


def test_defaults_of_the_annotated_types_are_taken() -> None:
    class Room(Flow):
        size: Cell[float] = cell(0)
        note: Cell[str | None] = cell(None)
        kind: Cell[Kind] = cell(Kind.SMALL)
        side: Cell[Literal["a", "b"]] = cell("a")
        later: Cell[Unknown] = cell(3)  # type: ignore[name-defined]  # noqa: F821  # what only a type checker sees
        names: Cell[dict[str, list[int]]] = cell({"a": [1]})

    assert (Room().size, Room().note, Room().later) == (0, None, 3)


def test_what_an_instance_cannot_be_given_is_told_with_the_remedy() -> None:
    class Room(Flow):
        length = cell(1.0)
        HEIGHT = 2.5

    made: Any = Room
    width = cell(2.0)
    with pytest.raises(
        DeclarationError, match=r"^Room\(3\.0\): say which cell .* as in Room\(length=3\.0\)$"
    ):
        made(3.0)
    with pytest.raises(DeclarationError, match=r"^Room\(length=width\): .* \.cells\.length\.bind\(width\)$"):
        made(length=width)
    with pytest.raises(
        DeclarationError, match=r"^Room\.HEIGHT is 2\.5, which is no cell: write HEIGHT = cell\(2\.5\)"
    ):
        made(HEIGHT=3.0)
    of: Any = Flow.of
    with pytest.raises(DeclarationError, match=r"give each cell its name, as in Flow\.of\(length=length\)$"):
        of(width)


@pytest.mark.parametrize("double", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_instance_is_not_copied_since_its_cells_would_be_shared_or_lost(
    double: Callable[[Any], Any],
) -> None:
    class Room(Flow):
        length = cell(1.0)

    with pytest.raises(
        TypeError, match=r"^a Room that lives is not copied .* as in Room\(length=room\.length\)$"
    ):
        double(Room())
