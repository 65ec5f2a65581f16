"""From bindings and settings to resources: what there has to be, what it is named, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from examples.staff import staff
from examples.thumbnails import thumbnails
from reactflow import Cell, Flow, Service, System, cell, row
from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis, S3Object
from reactflow.deploy.listing import list_resources
from reactflow.deploy.resources import QueueMapping, StreamMapping
from reactflow.deploy.settings import Settings
from reactflow.errors import ConfigurationError
from reactflow.service import MemoryStore
from tests.deploy.stacks import EXAMPLES, example, listed
from tests.deploy.systems import arn_of


class Room(Flow):
    """A room with a length."""

    length = cell(0.0)
    name: Cell[str] = cell()


def rooms(*inputs: Any, outputs: Any = (), **options: Any) -> Service:
    given = inputs or (Kinesis("measurements", partition="room"),)
    return Service(Room, **{"key": "room", "name": "rooms", **options}, inputs=given, outputs=outputs)


READS = """\
stack thumbnails-dev: its data go when it is deleted
function thumbnails-dev-thumbnails runs examples.thumbnails:thumbnails: 512 MB, 60 s, logs kept 30 days
thumbnails is told of s3/photos, of keys: prefix 'in/': by the rule thumbnails-dev-thumbnails-photos and the queue \
thumbnails-dev-thumbnails-photos, given up into thumbnails-dev-thumbnails-photos_dead after 192 tries
thumbnails is swept every minute by the rule thumbnails-dev-thumbnails.sweep
table thumbnails-dev-reactflow-state for dynamodb/reactflow-state: key (pk, sk), encrypted, can be restored to any \
moment of 35 days
bucket dev-photos-${AWS::AccountId}-${AWS::Region} for s3/photos: private, encrypted, versions, its changes are told"""


def test_a_stack_reads_well() -> None:
    lines = example("thumbnails").lines()
    assert "\n".join(line for line in lines if not line.startswith(("  may", "operator", "alarm"))) == READS


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_listed_as_plain_data_too(name: str) -> None:
    found = example(name)
    data = json.loads(json.dumps(found.data()))
    assert [one["service"] for one in data["functions"]] == list(EXAMPLES[name].services)
    given_up = (data["quarantine"] or {}).get("name", "")
    assert given_up.startswith(f"{name}-dev-quarantine-") is (name not in ("greetings", "thumbnails"))


def test_a_function_is_told_where_its_service_and_its_units_are_and_what_things_are_named() -> None:
    (function,) = listed(
        rooms(outputs=[row(Room.length) >> DynamoDB("lengths")]), application="house"
    ).functions
    names = json.loads(function.environment["REACTFLOW_NAMES"])
    assert function.environment["REACTFLOW_SERVICE"] == "app:rooms"
    assert function.environment["REACTFLOW_STATE"] == "dynamodb:house-dev-reactflow-state"
    assert names == {
        "dynamodb/lengths": "dev-lengths",
        "dynamodb/reactflow-state": "house-dev-reactflow-state",
        "kinesis/measurements": "dev-measurements",
    }


def test_two_applications_of_a_stage_have_tables_of_units_of_their_own() -> None:
    names = {listed(rooms(), application=name).tables[0].name for name in ("house", "garden")}
    assert len(names) == 2


def test_a_stream_is_given_up_on_while_its_records_are_there_yet() -> None:
    for hours, age in ((24, 69_120), (168, 483_840), (8760, 604_800)):
        (mapping,) = listed(rooms(), stream_hours=hours).mappings
        assert isinstance(mapping, StreamMapping)
        assert mapping.settings.maximum_record_age_in_seconds == age
        assert mapping.settings.maximum_retry_attempts == -1
        assert mapping.settings.bisect_batch_on_function_error


def test_somebody_is_told_at_half_of_the_time_and_before_anything_is_given_up() -> None:
    for hours, late in ((24, 12), (48, 24), (8760, 105)):
        found = listed(rooms(), stream_hours=hours)
        (mapping,) = found.mappings
        assert isinstance(mapping, StreamMapping)
        (alarm,) = [one for one in found.alarms if one.metric == "IteratorAge"]
        assert alarm.threshold == late * 3_600_000
        assert alarm.threshold < mapping.settings.maximum_record_age_in_seconds * 1000


def test_the_shortest_of_a_services_streams_says_when() -> None:
    feeds: tuple[dict[str, Any], ...] = ({"fields": {"length": "l"}}, {"fields": {"name": "n"}})
    inputs = (
        Kinesis("measurements", partition="room", **feeds[0]),
        DynamoDB("rooms", keys="room", **feeds[1]),
    )
    (alarm,) = [one for one in listed(rooms(*inputs), stream_hours=168).alarms if one.metric == "IteratorAge"]
    assert alarm.threshold == 12 * 3_600_000


def test_somebody_is_told_when_what_was_given_up_could_not_be_kept() -> None:
    (alarm,) = [one for one in listed(rooms()).alarms if one.metric == "DestinationDeliveryFailures"]
    assert alarm.dimensions == {"FunctionName": "app-dev-rooms"}
    assert not any(one.metric == "DestinationDeliveryFailures" for one in listed(thumbnails).alarms)


def test_batches_are_side_by_side_as_all_inputs_of_a_stream_allow() -> None:
    feeds: tuple[dict[str, Any], ...] = ({"fields": {"length": "l"}}, {"fields": {"name": "n"}})
    inputs = [
        Kinesis("measurements", partition="room", parallelization_factor=factor, **more)
        for factor, more in zip((4, 2), feeds, strict=True)
    ]
    (mapping,) = listed(rooms(*inputs)).mappings
    assert isinstance(mapping, StreamMapping)
    assert mapping.settings.parallelization_factor == 2


def test_a_stream_of_records_is_never_filtered() -> None:
    (mapping,) = listed(rooms(), filters=True).mappings
    assert mapping.settings.filter_criteria.patterns == ()


def test_a_message_is_tried_as_long_as_a_record_of_a_stream_is() -> None:
    for timeout in (1, 60, 900):
        (mapping,) = listed(thumbnails, timeout=timeout).mappings
        assert isinstance(mapping, QueueMapping)
        assert mapping.visibility >= 6 * timeout
        assert 16 <= mapping.visibility * mapping.receives / 3600 <= 20


def test_what_is_there_already_is_referred_to() -> None:
    found = listed(
        rooms(), existing=["kinesis/measurements"], names={"kinesis/measurements": "acme.readings"}
    )
    (stream,), (mapping,) = found.streams, found.mappings
    assert stream.is_there
    there = listed(
        rooms(), existing=["s3/reactflow-quarantine"], names={"s3/reactflow-quarantine": "given-up"}
    )
    assert "bucket given-up for s3/reactflow-quarantine: is there already" in there.lines()
    assert isinstance(mapping, StreamMapping)
    assert (
        mapping.source
        == "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/acme.readings"
    )


def test_a_table_that_is_there_and_read_needs_the_arn_of_its_stream() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^dynamodb/employees is there already and is read: .* streams = "
    ):
        listed(staff, existing=["dynamodb/employees"])
    there = {
        "existing": ["dynamodb/employees"],
        "streams": {"dynamodb/employees": arn_of("dynamodb/employees")},
    }
    (mapping,) = listed(staff, **there).mappings
    assert isinstance(mapping, StreamMapping)
    assert mapping.source == arn_of("dynamodb/employees")


def test_what_is_left_to_do_by_hand_is_said() -> None:
    (note,) = listed(thumbnails, existing=["s3/photos"]).notes
    assert "EventBridge" in note
    assert "photos" in note
    (note,) = listed(staff).notes
    assert "sql/staff" in note
    assert "secretsmanager" in note
    (note,) = listed(rooms(), names={"kinesis/measurments": "x"}).notes
    assert "kinesis/measurements" in note


def test_what_another_account_has_to_do_is_said() -> None:
    other = "999999999999"
    bound = rooms(Kinesis("measurements", partition="room", account=other))
    (note,) = listed(bound).notes
    assert note.startswith(
        f"kinesis/measurements is bound to the account {other}, and would be made in that of the"
    )
    (note,) = listed(bound, existing=["kinesis/measurements"]).notes
    assert note.endswith("let the functions' roles read it by its policy")

    class Photo(Flow):
        photo: Cell[S3Object] = cell()

    photos = Service(Photo, name="photos", key="name", inputs=[S3("photos", key="in/{name}", account=other)])
    notes = listed(photos, existing=["s3/photos"]).notes
    assert any("event bus of this account" in note for note in notes)


def test_more_readers_than_a_tables_stream_has_room_for_are_told_of() -> None:
    readers = [rooms(DynamoDB("rooms", keys="room"), name=f"rooms{number}") for number in range(3)]
    assert listed(*readers[:2]).notes == ()
    (note,) = listed(*readers).notes
    assert note.startswith("3 services are told of dynamodb/rooms: AWS has room for 2 readers")


def test_a_service_without_inputs_keeps_nothing_and_is_not_swept() -> None:
    found = listed(Service(Room, key=(), name="called"))
    assert (found.tables, found.schedules, found.mappings) == ((), (), ())
    assert "REACTFLOW_STATE" not in found.functions[0].environment


def test_a_service_may_keep_its_units_in_a_table_of_its_own() -> None:
    found = listed(rooms(store=DynamoDBStore("units")))
    assert [one.resource for one in found.tables] == ["dynamodb/units"]
    assert found.functions[0].environment["REACTFLOW_STATE"] == "dynamodb:dev-units"


@pytest.mark.parametrize(
    ("service", "settings", "message"),
    [
        (rooms(store=MemoryStore()), {}, "keeps its units in .* leave store= out"),
        (rooms(DynamoDB("reactflow-state", keys=("room",))), {}, "reactflow's own"),
        (
            rooms(DynamoDB("units", keys=("room",)), store=DynamoDBStore("units")),
            {},
            "keeps the units of a service",
        ),
        (rooms(), {"environment": {"URL": "postgresql://me:secret@db/x"}}, "URL holds a password"),
        (rooms(), {"environment": {"A_B": "${AWS::Region}"}}, "which a template would replace"),
        (rooms(), {"environment": {"REACTFLOW_STATE": "memory"}}, "cannot be set"),
        (rooms(), {"environment": {"AWS_LAMBDA_X": "1"}}, "cannot be set"),
        (rooms(), {"environment": {"X": "y"}}, "cannot be set"),
        (rooms(), {"environment": {"LONG": "y" * 4096}}, "Lambda takes 4096"),
        (rooms(), {"application": "a" * 64, "stage": "b" * 64, "prefix": "x"}, "AWS takes 128"),
        (rooms(Kinesis("a" * 126, partition="room")), {}, "would be made as"),
        (
            rooms(DynamoDB("t", keys=("room", "${x}"), order="arrival")),
            {"prefix": "abc-"},
            "a template would replace",
        ),
        (
            rooms(DynamoDB("t", keys=("room", "x" * 256), order="arrival")),
            {"prefix": "abc-"},
            "longer than 255 bytes",
        ),
        (
            rooms(outputs=[row(Room.length) >> DynamoDB("x"), row(Room.name) >> DynamoDB("y")]),
            {"names": {"dynamodb/x": "same", "dynamodb/y": "same"}},
            "would both be named 'same'",
        ),
        (
            rooms(S3("photos", key="{room}", fields={"name": "room"})),
            {"names": {"s3/photos": "UPPER"}},
            "small letters",
        ),
    ],
)
def test_what_cannot_be_deployed_is_refused_with_the_remedy(
    service: Service, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        listed(service, **settings)
    assert "\n" not in str(caught.value)
    assert "secret@" not in str(caught.value)


def test_a_service_that_no_module_names_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="service 'rooms': nothing says where it is found"):
        list_resources(System(rooms()), Settings(), {})
