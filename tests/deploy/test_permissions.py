"""What is denied fails as it does on AWS; what is not asked, or asked aside, is left alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reactflow.aws import DynamoDBStore
from reactflow.aws.clients import client
from reactflow.deploy.statement import Statement
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.service import Item
from reactflow.testing.permissions import permitted

ANYTHING = ("arn:aws:s3:::*",)


@pytest.fixture
def bucket(cloud: Cloud, unique: Callable[[str], str]) -> str:
    name = unique("b")
    cloud.client("s3").create_bucket(Bucket=name)
    cloud.client("s3").put_object(Bucket=name, Key="in/there", Body=b"1")
    return name


def error_of(call: Callable[[], Any]) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    answer: Any = caught.value.response
    return (
        answer.get("Error", {}).get("Code", ""), answer["ResponseMetadata"]["HTTPStatusCode"],
        answer.get("Error", {}).get("Message", ""),
    )  # fmt: skip


def test_a_call_that_nothing_allows_is_not_sent() -> None:
    with permitted([], role="rooms") as permissions:  # where it was sent, no connection would be made
        code, status, said = error_of(lambda: client("dynamodb").list_tables())
    assert (code, status) == ("AccessDeniedException", 400)
    assert said == (
        "User: arn:aws:sts::123456789012:assumed-role/rooms/rooms is not authorized to perform: dynamodb:ListTables "
        "on resource: * because no identity-based policy allows the dynamodb:ListTables action"
    )
    assert [one.action for one in permissions.denied] == ["dynamodb:ListTables"]
    assert permissions.used == set()


def test_clients_made_before_and_inside_ask_and_afterwards_no_more(cloud: Cloud) -> None:
    there = client("kinesis")
    with permitted([]):
        assert error_of(there.list_streams)[0] == "AccessDeniedException"
        assert error_of(client("sns").list_topics)[0] == "AccessDeniedException"
    assert there.list_streams()["StreamNames"] is not None
    assert client("sns").list_topics()["Topics"] is not None


def test_a_missing_object_is_forbidden_to_whoever_may_not_list_the_bucket(bucket: str) -> None:
    s3 = client("s3")
    read = Statement("Read", ("s3:GetObject",), ANYTHING)
    find = Statement("Find", ("s3:ListBucket",), ANYTHING, {"StringLike": {"s3:prefix": ("in/*",)}})
    with permitted([read]):
        assert s3.head_object(Bucket=bucket, Key="in/there")["ContentLength"] == 1
        assert error_of(lambda: s3.head_object(Bucket=bucket, Key="in/away")) == ("403", 403, "Forbidden")
        code, status, said = error_of(lambda: s3.get_object(Bucket=bucket, Key="in/away"))
        assert (code, status) == ("AccessDenied", 403)
        assert f'to perform: s3:ListBucket on resource: "arn:aws:s3:::{bucket}" because' in said
    with permitted([read, find]) as permissions:
        assert error_of(lambda: s3.get_object(Bucket=bucket, Key="in/away"))[:2] == ("NoSuchKey", 404)
        assert error_of(lambda: s3.get_object(Bucket=bucket, Key="out/away"))[:2] == ("AccessDenied", 403)
    assert permissions.used == {("Read", "s3:GetObject"), ("Find", "s3:ListBucket")}


def test_a_bucket_of_another_account_is_not_the_one_that_is_allowed(bucket: str) -> None:
    own = Statement(
        "Read", ("s3:GetObject",), ANYTHING, {"StringEquals": {"aws:ResourceAccount": ("${AWS::AccountId}",)}}
    )
    with permitted([own]):
        assert client("s3").get_object(Bucket=bucket, Key="in/there")["ContentLength"] == 1
    with permitted([own.of({"AWS::AccountId": "210987654321"})]):
        assert error_of(lambda: client("s3").get_object(Bucket=bucket, Key="in/there"))[1] == 403


def test_a_service_cannot_touch_the_units_of_another(cloud: Cloud, unique: Callable[[str], str]) -> None:
    store = DynamoDBStore(unique("state"))
    arn = store.create()
    own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ("rooms/*",)}}
    every = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
    with permitted([Statement("Units", every, (arn, f"{arn}/index/*"), own)]) as permissions:
        assert store.put("rooms", "room=r1", Item(v=1), 0) is None
        assert store.get("rooms", "room=r1") == Item(v=1)
        assert list(store.pending("rooms", 0)) == []
        assert store.look("rooms", "room=r1", [("doors", "d1")])[1] == {}
        for ask in (
            lambda: store.get("rooms-2", "room=r1"),
            lambda: store.get("room", "s/room=r1"),
            lambda: store.put("halls", "room=rooms/r1", Item(v=1), 0),
            lambda: list(store.pending("halls", 0)),
            lambda: store.look("halls", "room=r1", [("doors", "d1")]),
            lambda: store.cases("halls"),
        ):
            with pytest.raises(ConfigurationError, match=rf"is not allowed\. Allow dynamodb:\w+ on {arn}"):
                ask()
        with pytest.raises(ConfigurationError, match="dynamodb:Scan is not allowed"):
            list(store.units("rooms"))
        with permissions.aside():
            assert list(store.units("rooms")) == ["room=r1"]


def test_a_scan_can_be_held_to_keys(cloud: Cloud, unique: Callable[[str], str]) -> None:
    store = DynamoDBStore(unique("state"))
    arn = store.create()
    only_keys = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ("pk", "sk")},
        "StringEquals": {"dynamodb:Select": ("SPECIFIC_ATTRIBUTES",)},
    }
    with permitted([Statement("Expiring", ("dynamodb:Scan",), (arn,), only_keys)]):
        assert list(store.units("rooms")) == []
        keys = {"Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": "pk"}
        for more in ({}, {"Select": "ALL_ATTRIBUTES"}, {**keys, "ProjectionExpression": "pk, item"}):
            code, _, _ = error_of(partial(client("dynamodb").scan, TableName=store.table, **more))
            assert code == "AccessDeniedException"


def test_what_a_statement_cannot_say_here_is_refused_at_once() -> None:
    own = Statement("Read", ("s3:GetObject",), ("${Photos.Arn}/*",))
    with pytest.raises(ConfigurationError, match="which has no value"), permitted([own]):
        pass
