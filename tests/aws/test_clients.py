"""Clients are made once, and what botocore says becomes what it means for us."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reactflow.aws.clients import client, each_client, speaking
from reactflow.errors import ConfigurationError, InternalError, MissingExtra, ReactflowError, Transient


def answered(code: str, status: int = 400, message: str = "no") -> Exception:
    from botocore.exceptions import ClientError

    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "PutItem",
    )


def meaning(error: Exception) -> ReactflowError:
    with pytest.raises(ReactflowError) as caught, speaking("dynamodb/areas", "dynamodb:PutItem"):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ProvisionedThroughputExceededException", 400),
        ("ThrottlingException", 400),
        ("SlowDown", 503),
        ("SomethingNew", 500),
        ("SomethingNew", 429),
        ("RequestTimeout", 400),
    ],
)
def test_what_may_pass_is_transient(code: str, status: int) -> None:
    assert type(meaning(answered(code, status))) is Transient


def test_a_server_that_cannot_be_reached_is_transient() -> None:
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

    for kind in (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError):
        assert type(meaning(kind(endpoint_url="http://x"))) is Transient


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        ("ResourceNotFoundException", 400, "dynamodb/areas does not exist in us-east-1: create it"),
        ("NoSuchBucket", 404, "dynamodb/areas does not exist"),
        (
            "AccessDeniedException",
            400,
            "dynamodb:PutItem is not allowed. Allow dynamodb:PutItem on it to the role",
        ),
        ("403", 403, "dynamodb:PutItem is not allowed"),
        ("ExpiredToken", 403, "does not accept the credentials (ExpiredToken). Renew them"),
        ("ValidationException", 400, "dynamodb:PutItem was refused (ValidationException): no"),
    ],
)
def test_what_will_not_pass_names_the_resource_and_the_remedy(code: str, status: int, says: str) -> None:
    error = meaning(answered(code, status))
    assert type(error) is ConfigurationError
    assert says in str(error)
    assert str(error).startswith("dynamodb/areas")


DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/dev-rooms/f is not authorized to perform: {} on resource: {} because "
    "no identity-based policy allows the {} action"
)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (
            DENIED.format(
                "dynamodb:UpdateItem", "arn:aws:dynamodb:eu-west-1:1:table/a", "dynamodb:UpdateItem"
            ),
            "dynamodb:UpdateItem is not allowed. Allow dynamodb:UpdateItem on arn:aws:dynamodb:eu-west-1:1:table/a to",
        ),
        (
            DENIED.format("s3:ListBucket", '"arn:aws:s3:::photos"', "s3:ListBucket"),
            "s3:ListBucket is not allowed. Allow s3:ListBucket on arn:aws:s3:::photos to",
        ),
        ("Forbidden", "dynamodb:PutItem is not allowed. Allow dynamodb:PutItem on it to"),
    ],
)
def test_what_aws_does_not_allow_is_said_as_exactly_as_aws_says_it(message: str, says: str) -> None:
    role = " dev-rooms" if "role" in message else ""
    said = str(meaning(answered("AccessDeniedException", message=message)))
    assert said == f"dynamodb/areas: {says} the role{role}"


def test_clients_are_seen_that_are_there_and_that_are_made_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    before = client("sqs")
    begun, ended = list[Any](), list[Any]()
    with each_client(begun.append, ended.append):
        monkeypatch.setenv("AWS_REGION", "eu-west-2")  # a setting for which no client was made before
        made = client("sqs")
        client("sqs")
    assert before in begun
    assert begun.count(made) == 1
    assert ended == begun


def test_missing_credentials_say_what_to_set() -> None:
    from botocore.exceptions import NoCredentialsError

    assert "Set AWS_ACCESS_KEY_ID" in str(meaning(NoCredentialsError()))


def test_other_errors_pass_through() -> None:
    for error in (KeyError("x"), InternalError("x"), Transient("x")):
        with pytest.raises(type(error)) as caught, speaking("s3/photos", "s3:GetObject"):
            raise error
        assert caught.value is error


def test_one_client_is_made_for_all_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client("sqs"), range(32)))
    assert len({id(each) for each in made}) == 1


def test_another_setting_makes_another_client(monkeypatch: pytest.MonkeyPatch) -> None:
    before = client("sqs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:7")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    after = client("sqs")
    assert after is not before
    assert (after.meta.endpoint_url, after.meta.region_name) == ("http://127.0.0.1:7", "eu-central-1")


def test_a_region_that_is_not_set_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ConfigurationError, match=r"sqs: no region is set\. Set AWS_REGION"):
        client("sqs")


def test_a_missing_boto3_says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setenv("AWS_REGION", "eu-west-3")  # a setting for which no client was made before
    with pytest.raises(MissingExtra, match=r"reactflow.aws needs boto3: pip install 'reactflow-py\[aws\]'"):
        client("sqs")


def test_importing_aws_and_sql_loads_neither_boto3_nor_sqlalchemy() -> None:
    code = (
        "import sys, reactflow.aws, reactflow.aws.host, reactflow.sql, reactflow.testing.events;"
        "print(sorted({'boto3', 'botocore', 'sqlalchemy', 'urllib3'} & set(sys.modules)))"
    )
    out: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
