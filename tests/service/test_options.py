"""Options of sources, sinks and systems that were meant otherwise: refused where they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reactflow import Cell, Flow, Service, System, cell, members, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError, DeclarationError


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width


async def later(fields: object) -> bool:
    raise AssertionError("never run")


sources: list[Callable[..., Any]] = [
    lambda **options: Kinesis("measurements", **options),
    lambda **options: DynamoDB("rooms", **options),
    lambda **options: S3("photos", **options),
]


@pytest.mark.parametrize("make", sources, ids=["Kinesis", "DynamoDB", "S3"])
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("where", 3, r"\(where=3\): give a function of the fields, as in where=lambda fields: "),
        ("where", "length > 3", r"\(where='length > 3'\): give a function"),
        ("where", lambda: True, r"\(where=<lambda>\): it takes nothing .*, and is called with the fields"),
        ("where", later, r"\(where=later\): it is async .*; give a plain function"),
        (
            "fields",
            ["length"],
            r"\(fields=\['length'\]\): say which path in a record feeds which cell, as in ",
        ),
        ("fields", {"length"}, r"\(fields=\{'length'\}\): say which path"),
        ("fields", "length", r"\(fields='length'\): say which path"),
        ("fields", {"length": 3}, r"\(fields=\.\.\.\) has 3 where a name is meant: "),
        ("fields", {Room.length: "l"}, r"\(fields=\.\.\.\) has the cell 'length' where a name is meant: "),
        ("version", 3, r"\(version=3\): it is text, as in version='updated_at'$"),
        ("version", "", r"\(version=''\): it is text"),
        ("account", 123456789012, r"\(account=123456789012\): it is text, as in account='123456789012'$"),
        ("region", 1, r"\(region=1\): it is text"),
    ],
)
def test_an_option_of_another_kind_is_refused_by_every_source(
    make: Callable[..., Any], option: str, value: object, words: str
) -> None:
    with pytest.raises(BindingError, match=rf"^(Kinesis|DynamoDB|S3){words}"):
        make(**{option: value})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda one: Kinesis("s", partition=one(3)),
            r"^Kinesis\(partition=3\): it is text, as in partition='room'",
        ),
        (lambda one: Kinesis("s", partition=one(["room"])), r"^Kinesis\(partition=\['room'\]\): it is text"),
        (
            lambda one: Kinesis("s", key=one("room")),
            r"^Kinesis\(key='room'\): say where a part of the unit's key is",
        ),
        (lambda one: DynamoDB("rooms", keys=one(3)), r"^DynamoDB\(keys=3\): give names, as in keys="),
        (lambda one: DynamoDB("rooms", keys=one((3,))), r"^DynamoDB\(keys=\(3,\)\): give names"),
        (lambda one: DynamoDB("rooms", keys=("a", "a")), r"^DynamoDB\(keys=\('a', 'a'\)\): name each once$"),
        (lambda one: S3("photos", key=one(3)), r"^S3\(key=3\): it is text, as in key='in/"),
        (lambda one: S3("photos", max_bytes=one("1")), r"^S3\(max_bytes='1'\): it is a whole number from 1$"),
        (lambda one: S3("photos", max_bytes=0), r"^S3\(max_bytes=0\): it is a whole number from 1$"),
        (lambda one: S3("photos", content_type=one(3)), r"^S3\(content_type=3\): it is text"),
        (
            lambda one: Service(Room, key="room", hops=one("3")),
            r"^Service\(hops='3'\): it is a whole number from 1$",
        ),
        (lambda one: Service(Room, key="room", hops=0), r"^Service\(hops=0\): it is a whole number from 1$"),
        (lambda one: Service(Room, key="room", name=one(3)), r"^the service's name 3 cannot be part of ids"),
    ],
)
def test_an_option_of_another_kind_is_refused(make: Callable[[Any], object], words: str) -> None:
    def as_given(value: object) -> Any:
        return value

    with pytest.raises(BindingError, match=words):
        make(as_given)


def test_what_is_meant_as_an_option_is_taken() -> None:
    fields = {"length": "size.length", "width": ""}

    def large(fields: Mapping[str, Any], least: float = 3.0) -> bool:
        return bool(fields["length"] > least)

    source = Kinesis("s", fields=fields, where=large, key={"room": "id"})
    fields["height"] = "h"
    assert source.fields == {"length": "size.length", "width": ""}
    assert DynamoDB("rooms", keys="room").keys == ("room",)
    assert DynamoDB("rooms", keys=["room", "floor"]).keys == ("room", "floor")


def test_what_a_system_cannot_be_made_of_is_named() -> None:
    rooms = Service(Room, key="room", inputs=[Kinesis("measurements", partition="room")])
    made: Any = System
    with pytest.raises(BindingError, match=r"^System\(3\): it is no service; give services one by one"):
        made(3)
    with pytest.raises(
        BindingError, match=r"^System\(\[<service room.*: it is no service; give services one by one"
    ):
        made([rooms])
    with pytest.raises(
        BindingError, match=r"^System\(Room\): it is a class, .* make Service\(Room, \.\.\.\)$"
    ):
        made(Room)
    for cycles in (3, "room", ["room"], [rooms], [3]):
        with pytest.raises(BindingError, match=r'cycles=.* as in cycles=\[\("rooms", "floors"\)\]$'):
            made(rooms, cycles=cycles)


def bound(kind: type[Flow], key: Any, fields: dict[str, str] | None = None) -> Service:
    part = next(iter(key)) if isinstance(key, dict) else key
    return Service(kind, key=key, inputs=[Kinesis("measurements", partition=part, fields=fields)])


class Numbered(Flow):
    room = cell(0)
    length = cell(0.0)


class Priced(Flow):
    room: Cell[Decimal | None] = cell(None)


class Named(Flow):
    room = cell("")


class Dated(Flow):
    room: Cell[date | None] = cell(None)


class Listed(Flow):
    room: Cell[list[int]] = cell([])


@pytest.mark.parametrize(
    ("kind", "key", "types"),
    [
        (Numbered, "room", ("str", "int")),
        (Priced, "room", ("str", "Decimal")),
        (Named, {"room": int}, ("int", "str")),
        (Dated, {"room": int}, ("int", "date")),
        (Numbered, {"room": date}, ("date", "int")),
    ],
)
def test_a_cell_of_another_type_than_the_key_whose_field_it_is_is_refused(
    kind: type[Flow], key: Any, types: tuple[str, str]
) -> None:
    with pytest.raises(
        BindingError,
        match=rf"the field 'room' of kinesis/measurements is the key's 'room', of type {types[0]}, and feeds the cell "
        rf"'room', which is {types[1]}: no record could be both",
    ):
        bound(kind, key)


def test_a_cell_of_the_keys_type_may_be_fed_by_its_field() -> None:
    for kind, key in (
        (Named, "room"),
        (Numbered, {"room": int}),
        (Priced, {"room": int}),
        (Dated, {"room": date}),
    ):
        bound(kind, key)
    bound(Dated, "room")  # the text of a date
    bound(Numbered, "room", {"room": "number"})  # another field


def test_a_cell_that_takes_nothing_but_none_is_refused() -> None:
    class Bare(Flow):
        size = cell(None)

    with pytest.raises(
        BindingError, match=r"'size' takes nothing but None, .* size: Cell\[float \| None\] = cell\(N"
    ):
        bound(Bare, "room")


def test_a_row_goes_to_a_sink_and_members_are_named_as_others_name_them() -> None:
    areas: Any = "areas"
    with pytest.raises(
        DeclarationError, match=r"^row\(area\) >> 'areas': a row is written to a sink, as in row\("
    ):
        _ = row(Room.area) >> areas
    assert (row(Room.area) >> DynamoDB("areas")).sink == DynamoDB("areas")
    loose: Any = members
    with pytest.raises(DeclarationError, match=r'^members\(area\): .* as in members\("room", "area"\)$'):
        loose(Room.area, "area")
