"""Filters leave out only what would have changed nothing and been no case."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactflow import Cell, Flow, Pulse, Service, cell, fold, folds, members, pulse, row, window
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.deploy.filters import LONGEST_RULE, MOST, item_patterns, object_keys, unfiltered
from reactflow.errors import BindingError
from reactflow.local.triggers.filters import FilterCriteria
from reactflow.service import MemoryStore
from reactflow.testing import dynamodb_event
from tests.service.recording import Table

# -- objects ----------------------------------------------------------------------------------------------------------


def passes(key: str, rules: tuple[Mapping[str, str] | str, ...]) -> bool:
    """Whether EventBridge would hand over an object of this key."""

    def meets(rule: Mapping[str, str] | str) -> bool:
        if isinstance(rule, str):
            return key == rule
        ((kind, text),) = rule.items()
        if kind == "wildcard":
            parts = re.split(r"(\\\\|\\\*|\*)", text)
            known = {"*": ".*", "\\*": r"\*", "\\\\": r"\\"}
            return (
                re.fullmatch("".join(known.get(part, re.escape(part)) for part in parts), key, re.DOTALL)
                is not None
            )
        return key.startswith(text) if kind == "prefix" else key.endswith(text)

    return not rules or any(map(meets, rules))


LITERAL = st.text("ab/*\\. ü", max_size=3)
TEMPLATES = st.lists(
    st.tuples(
        LITERAL, st.sampled_from(("{user}", "{user:path}", "{user:int}", "{user}-{day:date}", "")), LITERAL
    )
    .map("".join)
    .filter(bool),
    min_size=1,
    max_size=3,
)


@given(TEMPLATES, st.lists(LITERAL | st.sampled_from(("7", "x", "7-2026-11-25")), max_size=5).map("".join))
@example(["in/{user}.jpg"], "in/.jpg")
@example(["a*{user}\\"], "a*b\\")
@example(["x", "{user}/b"], "a/b")
@example(["\\{user}.x"], "\\b.x")
def test_an_object_that_is_left_out_has_no_key_of_any_template(templates: list[str], key: str) -> None:
    sources = [S3("photos", key=template) for template in templates]
    rules = object_keys(sources)
    if any(source.template.parse(key) is not None for source in sources):
        assert passes(key, rules)


def test_the_rules_say_the_beginning_and_the_end() -> None:
    assert object_keys([S3("p", key="in/{user}/{name}.jpg")]) == ({"wildcard": "in/*.jpg"},)
    assert object_keys([S3("p", key="in/{user}")]) == ({"prefix": "in/"},)
    assert object_keys([S3("p", key="{user}.jpg")]) == ({"suffix": ".jpg"},)
    assert object_keys([S3("p", key="index.json")]) == ("index.json",)
    assert object_keys([S3("p", key="in/{user}"), S3("p")]) == ()
    assert not passes("out/a.jpg", object_keys([S3("p", key="in/{user}/{name}.jpg")]))


def test_rules_that_would_be_too_long_say_less() -> None:
    long = [S3("p", key=f"{number}/{{user}}{'x' * 400}") for number in range(8)]
    assert object_keys(long) == tuple({"prefix": f"{number}/"} for number in range(8))
    longer = [S3("p", key=f"{number}{'x' * 400}/{{user}}") for number in range(8)]
    assert object_keys(longer) == ()
    assert LONGEST_RULE < 2048


# -- changes of items -------------------------------------------------------------------------------------------------


class Staff(Flow):
    """One employee: two cells, one of them deep in the item, and an occurrence."""

    name: Cell[str] = cell()
    floor: Cell[int | None] = cell()
    raised: Pulse[int] = pulse()
    raises = fold(raised, folds.sum)


FIELDS = {"name": "name", "floor": "seat.floor", "raised": "ra${AWS::Region}ise"}
KEYS = {"dept": "S", "id": "S"}


def staff(table: Table | None = None) -> Service:
    outputs = [row(Staff.name, Staff.floor, Staff.raises) >> table] if table is not None else []
    source = DynamoDB("staff", keys=("dept", "id"), fields=FIELDS)
    return Service(Staff, key=("dept", "id"), inputs=[source], outputs=outputs, store=MemoryStore())


def criteria() -> FilterCriteria:
    return FilterCriteria(item_patterns(staff(), "dynamodb/staff", KEYS))


OTHER = st.dictionaries(
    st.sampled_from(("color", "tags", "n")), st.one_of(st.integers(0, 3), st.just([1]), st.just({"x": 1}))
)
SCALAR = st.one_of(
    st.text("ab", max_size=2),
    st.integers(-2, 2),
    st.none(),
    st.booleans(),
    st.just(b"x"),
    st.just({"a", "b"}),
)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "name": SCALAR,
        "seat": SCALAR | st.fixed_dictionaries({}, optional={"floor": SCALAR, "room": st.integers(0, 3)}),
        FIELDS["raised"]: SCALAR,
    },
)
HISTORY = st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.tuples(ITEM, OTHER)), max_size=8)


def changes(history: list[Any]) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """What a table tells of such a history: items before and after."""
    there: dict[str, dict[str, Any]] = {}
    told = []
    for name, item in history:
        before = there.pop(name, None)
        after = None if item is None else {"dept": "d", "id": name, **item[0], **item[1]}
        if after is not None:
            there[name] = after
        if before != after:
            told.append((before, after))
    return told


def told(records: list[Any], *, filtered: bool) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The rows, and the positions of cases with their reasons, after these records."""
    table = Table()
    service = staff(table)
    accepts = criteria().accepts
    kept = [record for record in records if not filtered or accepts(record)]
    for record in kept:
        assert service.handler({"Records": [record]}) == {"batchItemFailures": []}
    assert isinstance(service.store, MemoryStore)
    return table.rows, sorted(
        (case.position, case.reason.message) for case in service.store.cases(service.name)
    )


@given(HISTORY)
@example([("a", ({}, {"color": 1})), ("a", None)])
@example([("a", ({"name": 3}, {}))])
@example([("a", ({"name": "x"}, {})), ("a", ({}, {"color": 2})), ("a", None)])
@example([("a", ({"seat": {"room": 1}}, {})), ("a", ({"seat": {"floor": 1}}, {}))])
def test_an_item_that_is_left_out_would_have_changed_nothing_and_been_no_case(history: list[Any]) -> None:
    records = (
        dynamodb_event(*changes(history), table="staff", keys=("dept", "id"))["Records"]
        if changes(history)
        else []
    )
    assert told(records, filtered=True) == told(records, filtered=False)


def left_out(before: Any, after: Any, view: str = "NEW_AND_OLD_IMAGES", **keys: Any) -> bool:
    key = {"dept": "d", "id": "a", **keys}
    images = [None if one is None else {**key, **one} for one in (before, after)]
    (record,) = dynamodb_event((images[0], images[1]), table="staff", keys=("dept", "id"), view=view)[
        "Records"
    ]
    return not criteria().accepts(record)


def test_items_of_another_kind_are_left_out_and_removals_arrive() -> None:
    assert left_out(None, {"color": "red"})
    assert left_out({"color": "red"}, {"color": "blue"})
    assert left_out({"color": "red"}, None)
    assert left_out(None, {"seat": {"room": 3}})
    assert not left_out({"name": "Ann"}, None)
    assert not left_out({"name": "Ann"}, {"color": "red"})
    assert not left_out(None, {"seat": {"floor": 2}})
    assert not left_out(None, {FIELDS["raised"]: 1})


def test_a_value_of_the_wrong_type_arrives_to_become_a_case() -> None:
    for value in (3, True, None, b"x", {"a"}):
        assert not left_out(None, {"name": value})
    assert not left_out(None, {"seat": "by the window"})
    assert not left_out(None, {"color": 1}, id=7)
    assert not left_out(None, {"color": 1}, view="KEYS_ONLY")


def test_a_list_or_map_where_a_text_is_meant_is_what_no_pattern_finds() -> None:
    assert left_out(None, {"name": []})
    assert left_out(None, {"name": {"first": "Ann"}})


def test_nothing_of_a_name_in_a_pattern_is_left_for_a_template_to_replace() -> None:
    texts = item_patterns(staff(), "dynamodb/staff", KEYS)
    assert len(texts) == MOST
    assert not any("${" in text for text in texts)
    assert any("ra${AWS::Region}ise" in json.dumps(json.loads(text)) for text in texts)


class Kept(Flow):
    """A cell with a default, one of any type, and one of text."""

    size = cell(0.0)
    anything: Cell[Any] = cell()
    name: Cell[str] = cell()
    happened: Pulse[str] = pulse()


class Floor(Flow):
    """Members, of which items are."""

    rooms = members("room", "area")
    total = rooms.sum()


def reason(
    *inputs: Any, key: Any = "id", flow: type[Flow] = Kept, keys: Mapping[str, str] | None = None
) -> str:
    service = Service(flow, key=key, inputs=inputs)
    return unfiltered(service, "dynamodb/staff", {"id": "S"} if keys is None else keys)


def of_staff(**options: Any) -> DynamoDB:
    return DynamoDB("staff", **{"fields": {"name": "name"}, "keys": ("id",), **options})


def test_where_a_record_without_any_field_would_matter_there_is_no_filter() -> None:
    assert reason(of_staff()) == ""
    assert "where=" in reason(of_staff(where=lambda fields: True))
    assert "forbid" in reason(of_staff(extra="forbid"))
    assert "version" in reason(of_staff(version="at"))
    assert "default" in reason(of_staff(fields={"size": "size"}))
    assert "list or a map" in reason(of_staff(fields={"anything": "x"}))
    assert "several inputs" in reason(of_staff(), of_staff(fields={"anything": "x"}))
    assert "primary key" in reason(of_staff(), keys={"pk": "S"})
    assert "primary key" in reason(of_staff(), keys={})
    assert "no text" in reason(of_staff(), key={"id": int}, keys={"id": "N"})
    assert "time" in reason(of_staff(), key=("id", window("1m", on="ts", unit="s")))
    assert "no cell that keeps" in reason(of_staff(fields={"happened": "x"}))
    assert "members" in reason(of_staff(fields=None), flow=Floor)
    assert "begins with $" in reason(of_staff(fields={"name": "$or"}))


def test_a_cell_that_a_stream_feeds_too_is_not_filtered() -> None:
    try:
        found = reason(of_staff(order="arrival"), Kinesis("names", fields={"name": "name"}, order="arrival"))
    except BindingError:
        pytest.skip("no service takes one cell from two sources")
    assert "another input" in found
