from __future__ import annotations

import re

from reactflow import Flow, cell, derived, effect, fold, folds, pulse

at_module = cell(0)


class Holder:
    in_class = cell(0)

    def __init__(self) -> None:
        self.attribute = cell(0)


def test_a_name_is_looked_up_where_the_value_was_stored() -> None:
    local = cell(1)
    area = local * 2
    reading = pulse()
    latest = reading.hold(0)
    first, second = cell(1), cell(2)
    one, two, three, four = cell(1), cell(2), cell(1) + cell(2), cell(4)
    chained = again = cell(3)
    print(walrus := cell(5))
    doubled = derived(lambda: local.value * 2)
    names = [
        one.name
        for one in (
            at_module, Holder.in_class, Holder().attribute, local, area, reading, latest, first, second, one, two,
            three, four, chained, again, walrus, doubled,
        )
    ]  # fmt: skip
    assert names == [
        "at_module", "in_class", "attribute", "local", "area", "reading", "latest", "first", "second", "one", "two",
        "three", "four", "chained", "chained", "walrus", "doubled",
    ]  # fmt: skip


def test_a_decorated_function_gives_its_name_and_name_wins() -> None:
    @derived
    def cost() -> int:
        return 1

    @derived(equal=lambda a, b: a == b)
    def price() -> int:
        return 1

    def total() -> int:
        return 1

    named = cell(1, name="given")
    assert (cost.name, price.name, named.name, [derived(total)][0].name) == (
        "cost",
        "price",
        "given",
        "total",
    )
    stop = effect(lambda: None)
    assert (stop.name, effect(total).name, effect(total, name="mine").name) == ("stop", "total", "mine")


def test_what_is_not_stored_is_called_by_its_place() -> None:
    cells = [cell(number) for number in range(2)]
    inner = cell(1) * cell(2)
    left = inner.inputs[0]
    for one in (*cells, left, [derived(lambda: 1)][0]):
        assert re.fullmatch(r"test_names\.py:\d+", one.name), one.name
    assert cells[0].where == cells[0].name


def test_names_are_found_only_when_they_are_shown() -> None:
    one = cell(1)
    assert one.given_name is None
    assert one.site is not None
    assert one.site.code is test_names_are_found_only_when_they_are_shown.__code__
    assert repr(one) == "<cell one: 1>"


def test_names_in_tuples_are_found_wherever_stores_are_fused() -> None:
    length, width = cell(3.0), cell(4.0)
    height = cell(2.0)
    floor, wall = length * width, height * length
    _, volume = 1, floor * height
    first = second = length + width
    holder = Holder()
    holder.attribute, last = cell(1), cell(2)
    pair = (cell(1), cell(2))  # in a tuple that has a name of its own
    names = [one.name for one in (length, width, height, floor, wall, volume, first, second, last)]
    assert names == ["length", "width", "height", "floor", "wall", "volume", "first", "first", "last"]
    assert holder.attribute.name == "attribute"
    assert all(re.fullmatch(r"test_names\.py:\d+", one.name) for one in pair)


def test_a_name_is_what_was_given_else_the_attribute_in_a_flow_else_the_variable_else_the_place() -> None:
    class Room(Flow):
        length = cell(3.0)
        width = cell(4.0, name="given")
        area = length * width

        @derived
        def cost(self) -> float:
            return self.area * 2

    local = cell(1)
    given = cell(1, name="mine")
    (placed,) = [cell(1) for _ in range(1)]
    room = Room()
    assert [node.name for node in (room.cells.length, room.cells.area, room.cells.cost)] == [
        "length", "area", "cost",
    ]  # fmt: skip
    assert (local.name, given.name) == ("local", "mine")
    assert re.fullmatch(r"test_names\.py:\d+", placed.name)


def test_every_kind_of_node_has_a_name_and_a_place() -> None:
    source = cell(1)
    reading = pulse()
    total = fold(reading, folds.sum)
    latest = reading.hold(0)
    double = source * 2
    text = source.map(str)
    tracked = derived(lambda: source.value)
    changed = source.changes()
    nodes = [source, reading, total, latest, double, text, tracked, changed]
    assert [one.name for one in nodes] == [
        "source", "reading", "total", "latest", "double", "text", "tracked", "changed",
    ]  # fmt: skip
    assert [source.changes()][0].name == "source.changes()"
    first = test_every_kind_of_node_has_a_name_and_a_place.__code__.co_firstlineno
    assert [one.where for one in nodes] == [f"test_names.py:{first + at + 1}" for at in range(8)]
    stop = source.subscribe(lambda value: None)
    assert stop.name == "subscription of source"
    stop()
