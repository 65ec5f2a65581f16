"""The statements of a function's role: what its edges need, on exactly what they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reactflow import Cell, Flow, Service, System, cell, row, window
from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis, S3Object
from reactflow.deploy.policies import (
    WITHOUT_RESOURCE,
    Statement,
    operator_statements,
    policy_of,
    statements_of,
)
from reactflow.deploy.settings import Settings
from reactflow.deploy.statement import size_of
from reactflow.errors import BindingError, ConfigurationError
from reactflow.service.source import Source
from tests.deploy.tried_services import TRIED

pytest.importorskip("PIL")
HOME = {"AWS::AccountId": "123456789012", "AWS::Region": "eu-west-1", "AWS::Partition": "aws"}


class Room(Flow):
    length: Cell[float] = cell()
    area = length * 2.0


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda found: len(found.read()))


def service(*inputs: Source, outputs: Sequence[Any] = (), store: Any = None, name: str = "rooms") -> Service:
    return Service(Room, name=name, key="room", inputs=inputs, outputs=outputs, store=store)


def photos(prefix: str, **options: Any) -> Service:
    return Service(Photo, name="photos", key="name", inputs=[S3("photos", key=prefix + "{name}", **options)])


def named(statements: Sequence[Statement]) -> dict[str, Statement]:
    made = {one.sid: one.of(HOME) for one in statements}
    assert len(made) == len(statements)
    return made


@pytest.mark.parametrize("name", TRIED)
def test_every_statement_is_exact(name: str, tmp_path: Path) -> None:
    tried = TRIED[name].make(tmp_path)
    for statements in (statements_of(tried, Settings()), operator_statements(System(tried), Settings())):
        assert statements
        assert len({one.sid for one in statements}) == len(statements)
        for one in statements:
            assert re.fullmatch("[A-Za-z0-9]+", one.sid)
            assert not any("*" in action for action in one.actions)
            if "*" in one.resources:
                assert set(one.actions) <= WITHOUT_RESOURCE.keys()
            for resource in one.of(HOME).resources:
                assert resource == "*" or re.match(
                    r"arn:aws:[a-z0-9]+:(eu-west-1)?:(123456789012)?:[^*?]{5}", resource
                )
        plain = json.dumps(policy_of(statements))
        assert size_of(statements) < 4_000
        assert json.loads(plain)["Version"] == "2012-10-17"


def test_names_are_those_of_the_stage() -> None:
    one = service(Kinesis("measurements", partition="room"), outputs=[row(Room.area) >> DynamoDB("areas")])
    settings = Settings(application="house", stage="prod", names={"dynamodb/areas": "Areas"})
    found = named(statements_of(one, settings, function="house-prod-rooms"))
    place = "eu-west-1:123456789012"
    assert found["ReadStreams"].resources == (f"arn:aws:kinesis:{place}:stream/prod-measurements",)
    assert found["WriteRows"].resources == (f"arn:aws:dynamodb:{place}:table/Areas",)
    assert found["WriteRows"].actions == ("dynamodb:DeleteItem", "dynamodb:PutItem")
    assert found["Logs"].resources == (
        f"arn:aws:logs:{place}:log-group:/aws/lambda/house-prod-rooms:log-stream:*",
    )
    assert found["Units"].resources == (f"arn:aws:dynamodb:{place}:table/house-prod-reactflow-state",)
    assert found["Units"].conditions == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ("rooms/*",)}}
    assert found["Owing"].resources == (
        f"arn:aws:dynamodb:{place}:table/house-prod-reactflow-state/index/owing",
    )


def test_the_stream_of_a_table_is_its_own_or_the_one_that_is_told() -> None:
    one = service(DynamoDB("rooms", keys="room"))
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/dev-rooms/stream/2026-11-23T00:00:00.000"
    assert named(statements_of(one, Settings()))["ReadTables"].resources == (
        "arn:aws:dynamodb:eu-west-1:123456789012:table/dev-rooms/stream/*",
    )
    there = Settings(streams={"dynamodb/rooms": arn})
    assert named(statements_of(one, there))["ReadTables"].resources == (arn,)
    (made,) = (
        each for each in statements_of(one, there, streams={"dynamodb/rooms": "${Rooms.StreamArn}"})
        if each.sid == "ReadTables"
    )  # fmt: skip
    assert made.to_json()["Resource"] == [{"Fn::Sub": "${Rooms.StreamArn}"}]


def test_a_bucket_has_to_be_of_this_account_or_of_the_one_that_is_bound() -> None:
    for one, account in (
        (photos("in/"), "123456789012"),
        (photos("in/", account="210987654321"), "210987654321"),
    ):
        found = named(statements_of(one, Settings(existing={"s3/photos"})))
        assert found["ReadObjects"].resources == ("arn:aws:s3:::photos/in/*",)
        assert found["ReadObjects"].conditions == {"StringEquals": {"aws:ResourceAccount": (account,)}}
        assert found["FindObjects"].conditions == {
            "StringEquals": {"aws:ResourceAccount": (account,)}, "StringLike": {"s3:prefix": ("in/*",)}
        }  # fmt: skip


def test_a_stream_of_another_account_is_named_with_it() -> None:
    one = service(Kinesis("measurements", partition="room", account="210987654321"))
    found = named(statements_of(one, Settings(existing={"kinesis/measurements"})))
    assert found["ReadStreams"].resources == ("arn:aws:kinesis:eu-west-1:210987654321:stream/measurements",)


def test_a_store_of_ones_own_is_named_and_memory_needs_nothing() -> None:
    told = Kinesis("measurements", partition="room")
    own = named(statements_of(service(told, store=DynamoDBStore("units")), Settings()))
    assert own["Units"].resources == ("arn:aws:dynamodb:eu-west-1:123456789012:table/dev-units",)
    assert "Units" not in named(statements_of(service(told, store="memory"), Settings()))


def test_what_is_only_called_has_no_units() -> None:
    assert [one.sid for one in statements_of(service(), Settings())] == ["Logs"]


@pytest.mark.parametrize(("keep", "scans"), [("1d", True), (None, False)])
def test_only_windows_that_expire_are_looked_for_and_only_by_their_keys(
    keep: str | None, scans: bool
) -> None:
    minutes = window("1m", on="ts", unit="s", keep=keep)
    one = Service(Room, name="rooms", key=("room", minutes), inputs=[Kinesis("m", order="arrival")])
    found = named(statements_of(one, Settings()))
    assert ("Expiring" in found) is scans
    if scans:
        assert found["Expiring"].conditions == {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": ("pk", "sk")},
            "StringEquals": {"dynamodb:Select": ("SPECIFIC_ATTRIBUTES",)},
        }


def test_what_two_outputs_write_to_one_table_is_said_once() -> None:
    outputs = [
        row(Room.area) >> DynamoDB("a", owns="attributes"),
        row(Room.length) >> DynamoDB("a", owns="attributes"),
    ]
    found = named(statements_of(service(Kinesis("m", partition="room"), outputs=outputs), Settings()))
    assert found["WriteRows"].actions == ("dynamodb:GetItem", "dynamodb:UpdateItem")
    assert len(found["WriteRows"].resources) == 1


@pytest.mark.parametrize(
    ("prefix", "says"),
    [
        ("in*/", r"'\*' has a meaning of its own there"),
        ("in?/", r"'\?' has a meaning of its own there"),
        ("写真/", "'写' cannot stand there"),
        ("in\n/", r"'\\n' cannot stand there"),
    ],
)
def test_a_prefix_that_would_mean_more_in_a_policy_is_refused(prefix: str, says: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"^s3/photos: the keys of .* begin with .*{says}: begin them with"
    ):
        statements_of(photos(prefix), Settings())


@pytest.mark.parametrize("name", ["a*", "a?", "*", "a/b", "${AWS::Region}"])
def test_a_service_whose_name_would_mean_more_in_a_policy_is_refused(name: str) -> None:
    with pytest.raises(BindingError, match="cannot be part of ids: use letters, digits"):
        service(name=name)


@pytest.mark.parametrize("name", ["a*", "a?", "${AWS::Region}", "a:b", "a/b"])
def test_a_resource_whose_name_would_mean_more_in_a_policy_is_refused(name: str) -> None:
    for make in (Kinesis, DynamoDB, S3):
        with pytest.raises(BindingError):
            make(name)
    with pytest.raises(ConfigurationError):
        Settings(names={"kinesis/a": name})


def test_more_than_a_role_takes_is_refused() -> None:
    def streams(number: int) -> Service:
        inputs = [Kinesis(f"{place:0128}", partition="room", order="arrival") for place in range(number)]
        return service(*inputs)

    assert size_of(statements_of(streams(40), Settings())) < 10_240
    with pytest.raises(
        ConfigurationError,
        match=r"service 'rooms': its policy has 1\d,\d{3} characters, and IAM takes 10,240 in one role: read and",
    ):
        statements_of(streams(60), Settings())


def test_a_parameter_without_a_value_is_named() -> None:
    one = Statement("Read", ("s3:GetObject",), ("${Photos.Arn}/*",))
    with pytest.raises(
        ConfigurationError, match=r"'Read' has the parameter \$\{Photos.Arn\}, which has no value"
    ):
        one.of(HOME)
    assert one.of({"Photos.Arn": "arn:aws:s3:::photos"}).resources == ("arn:aws:s3:::photos/*",)
    assert Statement("Read", (), ("${!x}",)).of({}).resources == ("${x}",)
