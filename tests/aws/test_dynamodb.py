"""DynamoDB as a source (records as Lambda delivers them) and as a sink (against the embedded cloud)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import Flow, Pulse, Service, pulse
from reactflow.aws import DynamoDB, Kinesis
from reactflow.aws.host import open_event
from reactflow.aws.row_writer import RowWriter
from reactflow.errors import BindingError, ConfigurationError, RecordError
from reactflow.service.source import Message, Record
from reactflow.testing.events import dynamodb_event, sample
from tests.aws.publications import publication

if TYPE_CHECKING:
    from reactflow.local.cloud import Cloud

EMPLOYEES = DynamoDB("employees", keys=("company", "id"))
KEYS = {"company": "acme", "id": 7}


def only(event: dict[str, Any]) -> Record:
    (record,) = open_event(event)
    return record


def decoded(event: dict[str, Any], source: DynamoDB = EMPLOYEES) -> Message:
    message = source.decode(only(event))
    assert message is not None
    return message


def test_a_recorded_insert_is_read_exactly() -> None:
    records = open_event(sample("dynamodb"))
    message = EMPLOYEES.decode(records[0])
    assert message is not None
    assert message.new == {
        **KEYS,
        "name": "Zoë Müller",
        "salary": 12345678901234567890123456789012345678,
        "photo": b"\x00\xff\x10",
        "skills": {"a", "b"},
        "scores": {1, Decimal("2.5")},
        "keys": {b"\x01", b"\x02"},
        "address": {"city": "Ulm", "lines": ["x", 1, True, None]},
        "active": True,
        "left": None,
        "rate": Decimal("0.1"),
    }
    assert (message.old, message.old_known) == (None, True)
    happened = [EMPLOYEES.decode(record) for record in records]
    assert [(m.new is not None, m.old is not None) for m in happened if m] == [
        (True, False),
        (True, True),
        (True, False),
        (False, True),
    ]


def test_a_removal_has_its_old_image_or_only_its_key() -> None:
    known = decoded(sample("dynamodb_remove"))
    assert (known.new, known.old_known) == (None, True)
    assert known.old is not None
    assert known.old["name"] == "Zoë Müller"
    unknown = decoded(sample("dynamodb_remove_without_old_image"))
    assert (unknown.new, unknown.old, unknown.old_known) == (None, KEYS, False)


def test_what_time_to_live_deletes_is_removed_like_any_other() -> None:
    message = decoded(sample("dynamodb_ttl"))
    assert (message.new, message.old_known) == (None, True)


def test_a_stream_without_new_images_is_refused_unless_only_keys_are_wanted() -> None:
    with pytest.raises(RecordError, match="set StreamViewType NEW_AND_OLD_IMAGES") as caught:
        decoded(sample("dynamodb_keys_only"))
    assert caught.value.key_fields == KEYS
    of_keys = DynamoDB("employees", fields={"company": "company"})
    assert decoded(sample("dynamodb_keys_only"), of_keys).new == KEYS


@pytest.mark.parametrize("view", ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_a_change_tells_the_old_image_only_where_the_view_has_it(view: str) -> None:
    event = dynamodb_event(({"id": "e7", "pay": 1}, {"id": "e7", "pay": 2}), view=view)
    message = decoded(event, DynamoDB("employees"))
    assert message.new == {"id": "e7", "pay": 2}
    assert message.old_known == (view == "NEW_AND_OLD_IMAGES")
    assert message.old == ({"id": "e7", "pay": 1} if message.old_known else None)


def test_the_lane_is_the_item_and_its_text_is_injective() -> None:
    def lane(item: dict[str, Any], keys: tuple[str, ...] = ("a", "b")) -> str:
        return DynamoDB("t").lane(only(dynamodb_event((None, item), table="t", keys=keys)))

    assert lane({"a": "x", "b": "y"}) == lane({"b": "y", "a": "x", "other": 1})
    different: list[dict[str, Any]] = [
        {"a": 'x","b', "b": "y"},
        {"a": "x", "b": 'b","y'},
        {"a": "1", "b": "2"},
        {"a": 1, "b": "2"},
    ]
    assert len({lane(item) for item in different}) == len(different)
    written = [
        Record({"dynamodb": {"Keys": {"a": {"N": text}}}}, "dynamodb/t") for text in ("100", "1E2", "100.0")
    ]
    assert len({DynamoDB("t").lane(record) for record in written}) == 1


@given(st.integers(0, 10**40 - 1), st.integers(0, 10**40 - 1))
def test_positions_order_as_the_numbers_do(one: int, other: int) -> None:
    first, second = (
        EMPLOYEES.position(Record({"dynamodb": {"SequenceNumber": str(number)}}, "dynamodb/employees"))
        for number in (one, other)
    )
    assert (first < second) == (one < other)
    assert len(first) == len(second) == 40


def test_a_unit_is_one_lane_when_the_key_holds_the_primary_key() -> None:
    assert EMPLOYEES.unit_is_one_lane(["company", "id"])
    assert not EMPLOYEES.unit_is_one_lane(["company"])
    assert DynamoDB("employees", keys="nr", key={"id": "nr"}).unit_is_one_lane(["id"])
    assert DynamoDB("employees").unit_is_one_lane(["company"])


def test_a_table_that_is_finer_than_the_unit_is_found_on_its_first_record() -> None:
    record = open_event(sample("dynamodb"))[0]
    DynamoDB("employees").confirm_unit(record, ["company", "id"])
    DynamoDB("employees", version="changed").confirm_unit(record, ["company"])
    with pytest.raises(ConfigurationError, match=r"primary key has 'id', which is no part of the unit's key"):
        DynamoDB("employees").confirm_unit(record, ["company"])


def test_what_is_no_record_of_a_stream_is_refused() -> None:
    for raw, says in (
        ({}, "has no part 'dynamodb'"),
        ({"dynamodb": {}}, "keys is null, not an item"),
        ({"dynamodb": {"Keys": {"id": {"S": "1"}}}, "eventName": "UPSERT"}, "eventName is 'UPSERT'"),
    ):
        with pytest.raises(RecordError, match=says):
            EMPLOYEES.decode(Record(raw, "dynamodb/employees"))
    with pytest.raises(BindingError, match="owns='row' is unknown"):
        DynamoDB("areas", owns="row")  # type: ignore[arg-type]
    with pytest.raises(BindingError, match="is no primary key"):
        DynamoDB("areas", keys=("a", "b", "c"))


# -- sink, against the embedded cloud ---------------------------------------------------------------------------------


@pytest.fixture
def table(cloud: Cloud, unique: Callable[[str], str]) -> Callable[..., DynamoDB]:
    """Makes a table with these key attributes (text), partition key first, and its sink."""

    def make(*keys: str, **options: Any) -> DynamoDB:
        name = unique("areas")
        cloud.client("dynamodb").create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": "RANGE" if place else "HASH"}
                for place, key in enumerate(keys)
            ],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        return DynamoDB(name, **options)

    return make


def rows(cloud: Cloud, sink: DynamoDB) -> list[dict[str, Any]]:
    from reactflow.aws.attribute_values import read_item

    items = cloud.client("dynamodb").scan(TableName=sink.table, ConsistentRead=True)["Items"]
    return [read_item(item, "a row") for item in items]


def shown(cloud: Cloud, sink: DynamoDB) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if not name.startswith("_")} for row in rows(cloud, sink)
    ]


def test_a_late_write_of_an_old_value_changes_nothing(cloud: Cloud, table: Callable[..., DynamoDB]) -> None:
    sink = table("room")
    assert sink.publish([publication(2, {"area": 12.5})]) == []
    assert sink.publish([publication(1, {"area": 99.0})]) == []
    assert sink.publish([publication(2, {"area": 98.0})]) == []
    (row,) = rows(cloud, sink)
    assert (row["area"], row["_n"]) == (Decimal("12.5"), 2)
    assert row["_event"]["id"] == "rooms/area/room=r1/test/2"
    assert sink.publish([publication(3, {"note": None})]) == []
    assert shown(cloud, sink) == [{"room": "r1", "note": None}]


def test_a_late_removal_removes_nothing_and_one_in_time_removes_the_row(
    cloud: Cloud, table: Callable[..., DynamoDB]
) -> None:
    sink = table("room")
    sink.publish([publication(5, {"area": 12.5})])
    assert sink.publish([publication(4, kind="removal")]) == []
    assert len(rows(cloud, sink)) == 1
    assert sink.publish([publication(6, kind="removal")]) == []
    assert sink.publish([publication(6, kind="removal")]) == []
    assert rows(cloud, sink) == []


def test_values_of_every_kind_are_kept_exactly(cloud: Cloud, table: Callable[..., DynamoDB]) -> None:
    sink = table("room")
    values = {
        "n": 12345678901234567890123456789012345678,
        "d": Decimal("0.10"),
        "b": b"\x00\xff",
        "s": frozenset({"x", "y"}),
        "l": [1, {"deep": [True, None]}],
    }
    assert sink.publish([publication(1, values)]) == []
    assert shown(cloud, sink) == [{"room": "r1", **values}]


def test_the_primary_key_is_one_or_two_key_fields_or_the_key_s_text(
    cloud: Cloud, table: Callable[..., DynamoDB]
) -> None:
    two, three, alone = table("a", "b"), table("unit"), table("unit")
    two.publish([publication(1, {"x": 1}, key={"a": "p", "b": "q"})])
    assert shown(cloud, two) == [{"a": "p", "b": "q", "x": 1}]
    three.publish([publication(1, {"x": 1}, key={"a": "p", "b": "q", "c": 3})])
    assert shown(cloud, three) == [{"a": "p", "b": "q", "c": 3, "x": 1, "unit": "a=p,b=q,c=3"}]
    alone.publish([publication(1, {"x": 1}, key={})])
    assert shown(cloud, alone) == [{"unit": "()", "x": 1}]


def test_each_occurrence_is_an_item_and_is_written_once(cloud: Cloud, table: Callable[..., DynamoDB]) -> None:
    sink = table(*DynamoDB("log").key_attributes(["room"], is_log=True))
    log = [publication(n, {"size": n}, kind="occurrence") for n in (1, 2, 3)]
    assert sink.publish(log) == []
    assert sink.publish(log[:2]) == []
    assert sorted((row["_id"], row["size"]) for row in rows(cloud, sink)) == [
        (f"rooms/area/room=r1/test/{n}", n) for n in (1, 2, 3)
    ]


def test_a_shared_row_keeps_what_others_wrote(cloud: Cloud, table: Callable[..., DynamoDB]) -> None:
    sink = table("room", owns="attributes")
    cloud.client("dynamodb").put_item(TableName=sink.table, Item={"room": {"S": "r1"}, "owner": {"S": "ann"}})
    sink.publish([publication(1, {"area": 12, "limit": 20})])
    sink.publish([publication(1, {"peak": 7}, output="peak")])
    assert shown(cloud, sink) == [{"room": "r1", "owner": "ann", "area": 12, "limit": 20, "peak": 7}]
    sink.publish([publication(3, {"area": 13})])
    assert sink.publish([publication(2, {"area": 99, "limit": 99})]) == []
    assert shown(cloud, sink) == [{"room": "r1", "owner": "ann", "area": 13, "peak": 7}]
    sink.publish([publication(4, kind="removal")])
    sink.publish([publication(3, {"area": 99})])
    assert shown(cloud, sink) == [{"room": "r1", "owner": "ann", "peak": 7}]


def test_our_own_rows_are_read_back_without_bookkeeping_and_with_their_cause(
    cloud: Cloud, table: Callable[..., DynamoDB]
) -> None:
    from reactflow.aws.attribute_values import write_item

    sink = table("room")
    sink.publish([publication(1, {"area": 12.5})])
    (row,) = cloud.client("dynamodb").scan(TableName=sink.table)["Items"]
    record = Record(
        {
            "eventName": "INSERT",
            "dynamodb": {"Keys": {"room": {"S": "r1"}}, "NewImage": dict(row), "SequenceNumber": "1"},
        },
        sink.resource,
    )
    message = sink.decode(record)
    assert message is not None
    assert message.new == {"room": "r1", "area": Decimal("12.5")}
    assert message.cause is not None
    assert (message.cause.id, message.cause.hops) == ("rooms/area/room=r1/test/1", 1)
    # Somebody else's change of the row leaves our envelope there, but it is not the cause of it.
    changed = {**row, "area": write_item({"a": 1}, "x")["a"]}
    by_another = Record(
        {
            "eventName": "MODIFY",
            "dynamodb": {**record.raw["dynamodb"], "NewImage": changed, "OldImage": dict(row)},
        },
        sink.resource,
    )
    message = sink.decode(by_another)
    assert message is not None
    assert message.cause is None


def test_one_row_that_cannot_be_kept_does_not_keep_back_the_others(
    cloud: Cloud, table: Callable[..., DynamoDB]
) -> None:
    sink = table("room")
    batch = [publication(1, {"area": float("nan")}, key={"room": "bad"})]
    batch += [publication(1, {"area": n}, key={"room": f"r{n}"}) for n in range(20)]
    with pytest.raises(ConfigurationError, match="row rooms/area/room=bad/test/1, attribute 'area' is nan"):
        sink.publish(batch)
    assert len(rows(cloud, sink)) == 20


def test_a_missing_table_and_a_wrong_key_are_named_with_the_remedy(
    cloud: Cloud, table: Callable[..., DynamoDB]
) -> None:
    with pytest.raises(ConfigurationError, match="dynamodb/nowhere does not exist in us-east-1: create it"):
        DynamoDB("nowhere").publish([publication(1, {"area": 1})])
    with pytest.raises(ConfigurationError, match=r"dynamodb:PutItem was refused \(ValidationException\)"):
        table("other").publish([publication(1, {"area": 1})])
    for keys, says in (
        (("room",), "leaves out 'line'"),
        (("hall",), "its key 'hall' is no field of the unit's key"),
    ):
        with pytest.raises(BindingError, match=says):
            RowWriter("areas", keys).check(["room", "line"])


def test_log_whose_key_does_not_tell_occurrences_apart_is_refused() -> None:
    class Room(Flow):
        reading: Pulse[int] = pulse()

    def log(*keys: str) -> Service:
        outputs = [Room.reading >> DynamoDB("log", keys=keys)]
        return Service(Room, key="room", inputs=[Kinesis("measurements")], outputs=outputs)

    with pytest.raises(BindingError, match=r"only the first would be kept: make '_id' the sort key"):
        log("room")
    assert log("room", "_id").writes == ("dynamodb/log",)


# -- what can never be written ----------------------------------------------------------------------------------------


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"area": 1e200},
            r"attribute 'area' is 1E\+200, and DynamoDB keeps 1E-130 to 9.99E\+125: publish it as text",
        ),
        ({"area": float("nan")}, "attribute 'area' is nan"),
        ({"area": Decimal("sNaN")}, "attribute 'area' is sNaN"),
        ({"n": 10**38 + 1}, "attribute 'n' is a number of 39 digits"),
        ({"n": 10**400}, "and DynamoDB keeps 1E-130"),
        ({"text": "x" * 410_000}, r"the item has 410\d\d\d bytes, and 409600 are the most"),
        ({"text": "x\ud800"}, "attribute 'text' holds half of a surrogate pair"),
        ({"deep": nested(33)}, "is nested deeper than 32 levels"),
    ],
)
@pytest.mark.parametrize("owns", [None, "attributes"])
def test_what_can_never_be_an_item_is_refused_before_it_is_published(
    owns: Any, values: dict[str, Any], says: str
) -> None:
    sink = DynamoDB("areas", owns=owns)
    with pytest.raises(RecordError, match="dynamodb/areas, row rooms/area/room=r1/test/1") as caught:
        sink.confirm(publication(1, values))
    caught.match(says)
    with pytest.raises(ConfigurationError, match=says):
        sink.publish([publication(1, values)])


@pytest.mark.parametrize("owns", [None, "attributes"])
@pytest.mark.parametrize("kind", ["row", "removal", "occurrence"])
def test_what_can_be_an_item_is_not_refused(owns: Any, kind: Any) -> None:
    DynamoDB("areas", owns=owns).confirm(publication(10**17, {"area": 12.5, "deep": nested(32)}, kind=kind))


def test_a_key_that_is_empty_or_too_long_is_refused_before_it_is_published() -> None:
    with pytest.raises(
        RecordError, match="the key attribute 'room' is '' with 0 bytes, and it has 1 to 2048"
    ):
        DynamoDB("areas").confirm(publication(1, key={"room": ""}))
    with pytest.raises(RecordError, match=r"the key attribute '_id' is .*, and it has 1 to 1024"):
        DynamoDB("log").confirm(publication(1, key={"room": "x" * 1015}, kind="occurrence"))
