"""Rows: which columns they have, what they are called, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Cell, Flow, Pulse, Service, cell, derived, pulse, row
from reactflow.aws import Kinesis
from reactflow.errors import BindingError, DeclarationError
from tests.service.recording import Table


class Person(Flow):
    name: Cell[str] = cell()
    age = cell(0)
    hello: Pulse[str] = pulse()
    bye: Pulse[str] = pulse()

    @derived
    def face(self) -> bytes:
        return self.name.encode()


def bound(output: Any) -> Any:
    return Service(Person, key="id", inputs=[Kinesis("people", partition="id")], outputs=[output]).outputs[0]


def test_columns_are_called_like_their_cells_or_as_they_are_told() -> None:
    output = bound(row(Person.age, years=Person.age) >> Table())
    assert output.cells == {"age": "age", "years": "age"}
    assert (output.name, output.bare, output.pulse) == ("age", "", "")


def test_output_is_shown_as_it_is_written() -> None:
    assert repr(row(Person.age, called=Person.name)) == "row(age, called=name)"
    assert repr(bound(row(Person.age, name="people") >> Table())) == "row(age, name='people') >> memory/rows"
    assert repr(Person.age >> Table()) == "age >> memory/rows"


def test_cell_alone_is_bare() -> None:
    output = bound(Person.age >> Table())
    assert (output.name, output.bare) == ("age", "age")


def test_name_is_a_column_when_it_is_a_cell_and_the_output_s_when_it_is_text() -> None:
    assert bound(row(name=Person.age) >> Table()).cells == {"name": "age"}
    assert bound(row(Person.age, name="people") >> Table()).name == "people"


def test_row_with_a_pulse_is_a_log() -> None:
    assert bound(row(Person.hello, Person.age) >> Table()).pulse == "hello"


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (lambda: row(Person.hello, Person.bye), "has the pulses hello, bye: a log is of one pulse"),
        (lambda: row(Person.age, age=Person.name), "has the column 'age' twice, it is already a column"),
        (lambda: row(id=Person.name), "a field of the key, which is part of every row"),
        (
            lambda: row(Person.hello, Person.face),
            "'face' is not stored .* cannot be part of the log of 'hello'",
        ),
        (lambda: row(Person.age, name="a/b"), "the output's name 'a/b' cannot be part of ids"),
    ],
)
def test_wrong_row_is_refused_with_the_remedy(output: Any, says: str) -> None:
    with pytest.raises(BindingError, match=says):
        bound(output() >> Table())


def test_empty_row_is_refused() -> None:
    with pytest.raises(DeclarationError, match="row\\(\\) has no columns"):
        row()


def test_two_outputs_of_one_name_to_one_place_are_refused() -> None:
    table = Table()
    with pytest.raises(BindingError, match="two outputs named 'age' to memory/rows"):
        Service(Person, key="id", outputs=[Person.age >> table, row(Person.age, Person.name) >> table])
