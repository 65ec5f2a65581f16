"""Names in a stage: code and stored things have logical names, AWS is called by physical ones."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import Cell, Flow, MemoryStore, Service, cell, row
from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis, S3Object
from reactflow.aws.clients import standing_in
from reactflow.aws.host import open_event
from reactflow.aws.names import ACCOUNT, SETTING, Names, logical, physical, shown
from reactflow.errors import ConfigurationError, RecordError
from reactflow.service import Host
from reactflow.service.item import Item
from reactflow.testing import dynamodb_event, kinesis_event, s3_event
from reactflow.testing.events import eventbridge_event, sqs_event

STAGE = {
    "kinesis/measurements": "dev-measurements",
    "dynamodb/areas": "dev-areas",
    "s3/photos": "dev-photos-123456789012",
}
NAME = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=6)
RESOURCE = st.tuples(st.sampled_from(["kinesis", "dynamodb", "s3"]), NAME).map("/".join)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setenv(SETTING, json.dumps(STAGE))
    return STAGE


class Room(Flow):
    length = cell(0.0)
    area = length * 2.0


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda found: len(found.read()))


class Recording:
    """Answers as AWS would, as far as it is asked here, and keeps what it was asked."""

    def __init__(self, **answers: object) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers = answers

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> object:
            self.asked.append(arguments)
            answer = self.answers.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@given(st.dictionaries(RESOURCE, NAME), RESOURCE)
def test_a_resource_is_found_again_by_its_physical_name(told: dict[str, str], other: str) -> None:
    places = [(resource.partition("/")[0], name) for resource, name in told.items()]
    if len(set(places)) < len(places):
        with pytest.raises(ConfigurationError, match="give each its own"):
            Names(told)
        return
    names = Names(told)
    for resource in told:
        kind, _, name = resource.partition("/")
        assert names.logical(kind, names.physical(resource)) == name
    kind, _, name = other.partition("/")
    if other not in told and (kind, name) not in places:
        assert names.logical(kind, names.physical(other)) == name == names.physical(other)


@given(st.dictionaries(RESOURCE, NAME), st.sampled_from(["kinesis", "s3"]), NAME, NAME)
def test_two_things_on_aws_never_have_one_logical_name(
    told: dict[str, str], kind: str, one: str, other: str
) -> None:
    try:
        names = Names(told)
    except ConfigurationError:
        return
    assert (names.logical(kind, one) == names.logical(kind, other)) == (one == other)


def test_without_the_setting_a_name_is_its_own() -> None:
    assert physical("kinesis/measurements") == logical("kinesis", "measurements") == "measurements"
    assert shown("s3/photos/in/cat.jpg") == "s3/photos/in/cat.jpg"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "REACTFLOW_NAMES is not JSON"),
        ('["a"]', "is no object of JSON: write an object such as"),
        ('{"a": "b", "a": "c"}', "a name stands twice in it"),
        ('{"measurements": "dev"}', "'measurements' is no resource: write kinesis/STREAM"),
        ('{"kinesis/m": 7}', "'kinesis/m' is 7, which can be no name on AWS"),
        ('{"kinesis/m": "a b"}', "'kinesis/m' is 'a b', which can be no name on AWS"),
        ('{"kinesis/a": "c", "kinesis/b": "c"}', "'c' is the name of kinesis/a and of kinesis/b"),
    ],
)
def test_a_wrong_setting_is_told_by_its_name(text: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, text)
    with pytest.raises(ConfigurationError) as caught:
        physical("kinesis/m")
    assert says in str(caught.value)
    assert "REACTFLOW_NAMES" in str(caught.value)


def test_records_of_every_form_carry_logical_names(stage: Mapping[str, str]) -> None:
    bucket = stage["s3/photos"]
    told = eventbridge_event(s3_event("in/a.jpg", bucket=bucket))
    events = [
        (kinesis_event({"room": "r1"}, stream="dev-measurements"), "kinesis/measurements"),
        (dynamodb_event((None, {"id": "1"}), table="dev-areas"), "dynamodb/areas"),
        (s3_event("in/a.jpg", bucket=bucket), "s3/photos"),
        (sqs_event(s3_event("in/a.jpg", bucket=bucket)), "s3/photos"),
        (told, "s3/photos"),
        (sqs_event(told), "s3/photos"),
    ]
    assert [open_event(event)[0].resource for event, _ in events] == [logical for _, logical in events]


@pytest.mark.usefixtures("stage")
def test_a_stream_that_is_called_as_ours_is_in_code_is_another() -> None:
    rooms = Service(Room, key="room", inputs=[Kinesis("measurements", partition="room")], store=MemoryStore())
    with pytest.raises(ConfigurationError, match=r"a record of kinesis/measurements \(on AWS\), and reads"):
        rooms.handler(kinesis_event({"room": "r1"}, stream="measurements", partition="room"))


def test_a_stage_leaves_no_trace_in_what_is_stored_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = Service(
        Room,
        key="room",
        inputs=[Kinesis("measurements", partition="room")],
        outputs=[row(Room.area) >> DynamoDB("areas")],
    )
    found: list[tuple[object, Any]] = []
    for name in ("measurements", "dev-measurements"):
        if name != "measurements":
            monkeypatch.setenv(SETTING, json.dumps(STAGE))
        store, table = MemoryStore(), Recording()
        event = kinesis_event({"room": "r1", "length": 2}, stream=name, partition="room")
        with standing_in({"dynamodb": table}):
            Host(rooms, store, clock=lambda: 0.0).handle(event)
        (asked,) = table.asked
        assert asked.pop("TableName") == ("areas" if name == "measurements" else "dev-areas")
        found.append((store.get("room", "room=r1"), asked))
    assert found[0] == found[1]
    assert "kinesis/measurements" in str(found[0][0])


@pytest.mark.usefixtures("stage")
def test_objects_are_read_from_the_bucket_of_the_stage() -> None:
    class Body:
        def __init__(self) -> None:
            self.rest = [b"photo"]

        def read(self, size: int) -> bytes:
            return self.rest.pop() if self.rest else b""

        def close(self) -> None: ...

    photos = Service(Photo, key="name", inputs=[S3("photos", key="in/{name}.jpg")], store=MemoryStore())
    bucket = Recording(get_object={"Body": Body(), "ContentLength": 5})
    with standing_in({"s3": bucket}):
        photos.handler(s3_event("in/cat.jpg", bucket=STAGE["s3/photos"]))
    assert [asked["Bucket"] for asked in bucket.asked] == [STAGE["s3/photos"]]
    item = photos.host.store.get("photo", "name=cat")
    assert item is not None
    assert STAGE["s3/photos"] not in item.cells.decode()


def test_the_table_of_state_may_be_named_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, '{"dynamodb/state": "dev-state"}')
    for name in ("state", "dev-state"):
        table = Recording()
        with standing_in({"dynamodb": table}):
            DynamoDBStore(name).put("rooms", "room=r1", Item(v=1), 0)
        assert table.asked[0]["TableName"] == "dev-state"


@pytest.mark.usefixtures("stage")
def test_an_error_names_a_thing_in_both_ways() -> None:
    from botocore.exceptions import ClientError

    missing = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "PutItem")
    rooms = Service(
        Room,
        key="room",
        inputs=[Kinesis("measurements", partition="room")],
        outputs=[row(Room.area) >> DynamoDB("areas")],
        store=MemoryStore(),
    )
    event = kinesis_event({"room": "r1", "length": 2}, stream="dev-measurements", partition="room")
    with (
        standing_in({"dynamodb": Recording(put_item=missing)}),
        pytest.raises(ConfigurationError, match=r"^dynamodb/areas \('dev-areas' on AWS\) does not exist"),
    ):
        rooms.handler(event)


@pytest.mark.parametrize("where", [None, bool])  # read quickly, and with care
def test_a_record_of_another_account_is_put_away(where: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCOUNT, "999999999999")
    rooms = Service(Room, key="room", inputs=[Kinesis("measurements", partition="room", where=where)])
    host = Host(rooms, MemoryStore())
    host.handle(kinesis_event({"room": "r1", "length": 2}, partition="room"))
    (case,) = host.open_cases()
    assert (
        "comes from account '123456789012', and the input is bound to '999999999999'" in case.reason.message
    )


def test_an_input_may_be_bound_to_another_account_than_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCOUNT, "999999999999")
    source = Kinesis("measurements", partition="room", account="123456789012")
    host = Host(Service(Room, key="room", inputs=[source]), MemoryStore())
    host.handle(kinesis_event({"room": "r1", "length": 2}, partition="room"))
    assert host.open_cases() == []


def test_a_bucket_has_to_belong_to_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCOUNT, "999999999999")
    bucket = Recording(get_object=RecordError("asked"))
    for photo, owner in ((S3Object("photos", "a"), "999999999999"), (S3Object("p", "a", owner="1"), "1")):
        with standing_in({"s3": bucket}), pytest.raises(RecordError, match="asked"):
            photo.read()
        assert bucket.asked.pop()["ExpectedBucketOwner"] == owner


def test_what_is_no_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCOUNT, "dev")
    with pytest.raises(ConfigurationError, match="REACTFLOW_ACCOUNT='dev' is no account of AWS"):
        Service(Room, key="room", inputs=[Kinesis("measurements", partition="room")])
