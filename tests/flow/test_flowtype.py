"""What a flow's class refuses after it is made, and what it says to a wrong name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import pytest

from reactflow import row
from reactflow.cells import cell, derived, pulse
from reactflow.errors import DeclarationError, TemplateError
from reactflow.flow import Flow


class Room(Flow):
    length = cell(0.0)
    width = cell(4.0)
    area = length * width
    reading: Any = pulse()
    LIMIT = 20.0
    comment = "nobody reads it"

    @derived
    def is_large(self) -> bool:
        return self.area > self.LIMIT


class Hall(Room):
    height = cell(3.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: setattr(Room, "length", 5), r"^Room\.length is a template; make Room\(\) and write to its length$"),
        (lambda: setattr(Hall, "length", 5), r"^Hall\.length is a template; make Hall\(\) and write to its length$"),
        (lambda: setattr(Room, "area", 5), r"^Room\.area is a template; make Room\(\)$"),
        (lambda: delattr(Room, "length"), r"^Room\.length is a template"),
        (lambda: setattr(Room, "extra", cell(0)), r"^Room\.extra comes too late: .* in a subclass: class More\(Room\)"),
        (lambda: setattr(Room, "LIMIT", 5), r"^Room\.LIMIT is read by a method of Room"),
        (lambda: setattr(Hall, "LIMIT", 5), r"^Hall\.LIMIT is read by a method of Room"),
        (lambda: setattr(Room, "lenght", 5), r"^Room has no cell 'lenght'; did you mean 'length'\?$"),
        (lambda: setattr(Room, "plan", 5), r"^Room\.plan: 'plan' is a name of Flow itself"),
    ],
)  # fmt: skip
def test_what_a_class_declared_stays_as_it_is(change: Callable[[], None], said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        change()
    room = Hall(length=5.0)
    room.length = 6.0
    assert (room.area, room.is_large, Room.plan["length"].default) == (24.0, True, 0.0)


def test_what_is_no_part_of_the_flow_may_be_set() -> None:
    Room.comment = "somebody does"
    Room.__doc__ = "A room."
    assert (Room.comment, Room.__doc__) == ("somebody does", "A room.")


@pytest.mark.parametrize("ask", [lambda: Room.aera, lambda: row(Room.aera), lambda: Hall().aera])  # type: ignore[attr-defined]
def test_a_wrong_name_gets_the_right_one(ask: Callable[[], Any]) -> None:
    with pytest.raises(
        AttributeError, match=r"^(Room|Hall) has no cell 'aera'; did you mean 'area'\?$"
    ) as refused:
        ask()
    assert refused.value.name is None, "with a name Python would add a guess of its own"


def test_what_only_an_instance_has_is_said_to_be_its() -> None:
    with pytest.raises(
        AttributeError, match=r"Room\.cells: only an instance has cells that live; make Room\(\)"
    ):
        _ = Room.cells
    assert not hasattr(Room, "_nothing")
    assert not hasattr(Room, "__wrapped__")


def test_an_attribute_error_of_a_cells_function_reaches_the_reader_as_it_is() -> None:
    class Wrong(Flow):
        n = cell(1)
        bad = n.map(lambda n: n.nothing)  # type: ignore[attr-defined]

        @property
        def helper(self) -> Any:
            return self.n.nothing  # type: ignore[attr-defined]

    wrong = Wrong()
    for name in ("bad", "helper"):
        with pytest.raises(AttributeError, match="'int' object has no attribute 'nothing'"):
            getattr(wrong, name)


def test_a_flow_may_have_an_abstract_parent() -> None:
    class Titled(ABC):
        @abstractmethod
        def title(self) -> str: ...

    class Named(Flow, Titled):
        name = cell("x")

        def title(self) -> str:
            return self.name.upper()

    assert Named(name="hall").title() == "HALL"
    live = cell(1)
    with pytest.raises(DeclarationError, match=r"Taken\.n is the live cell 'live'"):

        class Taken(Flow):
            n = live


def test_a_value_taken_in_the_class_body_is_refused_as_it_would_never_change() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"^One reads x\.value in its class body at test_flowtype\.py:\d+, .* itself: x \+ 1, or .* self\.x$",
    ):

        class One(Flow):
            x = cell(1)
            y = x.value + 1

    with pytest.raises(DeclarationError, match=r"Two calls x\.peek\(\) in its class body"):

        class Two(Flow):
            x = cell(1)
            y = x.peek() + 1

    with pytest.raises(DeclarationError, match=r"Three reads x\.is_set in its class body"):

        class Three(Flow):
            x = cell(1)
            y = 1 if x.is_set else 2


def test_a_value_of_something_else_is_no_cells() -> None:
    class Rate:
        value = 3.0

    class Fine(Flow):
        rate = Rate()
        n = cell(rate.value)
        m = n.map(lambda n: n + Rate.value)

    assert Fine().m == 6.0
