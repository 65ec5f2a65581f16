"""What sam is asked to do, and what is said when it cannot: the real sam, on an AWS on this machine."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reactflow.aws.clients import standing_in
from reactflow.deploy import sam
from reactflow.deploy.plan import deployed_template
from reactflow.deploy.settings import Settings
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from tests.tools import tool

SETTINGS = Settings(application="small")
PHOTOS = {
    "Type": "AWS::S3::Bucket",
    "Properties": {"BucketName": "small-photos", "VersioningConfiguration": {"Status": "Enabled"}},
}
KEPT = {
    "Type": "AWS::SQS::Queue",
    "DeletionPolicy": "Retain",
    "Properties": {"QueueName": "small-kept"},
}
REFUSED = {  # by the AWS on this machine: it knows no such alarm
    "Type": "AWS::CloudWatch::Alarm",
    "DependsOn": ["Photos"],
    "Properties": {
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": [{"Id": "m"}],
    },
}


def ignored(line: str) -> None:
    """Hears sam's lines."""


def written(folder: Path, **resources: Any) -> Path:
    about = {"AWSTemplateFormatVersion": "2010-09-09", "Description": "small, stage dev: made by reactflow"}
    template = {**about, "Resources": resources}
    (folder / sam.TEMPLATE).write_text(json.dumps(template))
    return folder


@pytest.fixture(scope="module")
def cloud_of_ours() -> Iterator[Cloud]:
    pytest.importorskip("ministack")
    with Cloud.start() as cloud, cloud.exported():
        yield cloud


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sam of `scripts/tools`."""
    monkeypatch.setenv("REACTFLOW_SAM", str(tool("sam")))


def test_without_sam_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REACTFLOW_SAM", raising=False)
    with pytest.raises(
        ConfigurationError, match=r"there is no sam, which deploys: pip install aws-sam-cli in an"
    ):
        sam.find_sam()
    monkeypatch.setenv("REACTFLOW_SAM", "/nowhere/sam")
    with pytest.raises(ConfigurationError, match=r"REACTFLOW_SAM is '/nowhere/sam', and no program is there"):
        sam.find_sam()


def test_sam_is_found_on_the_path_or_where_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sam").write_text("#!/bin/sh\n")
        (tmp_path / folder / "sam").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path / "one"))
    monkeypatch.delenv("REACTFLOW_SAM", raising=False)
    assert sam.find_sam() == tmp_path / "one" / "sam"
    monkeypatch.setenv("REACTFLOW_SAM", str(tmp_path / "other" / "sam"))
    assert sam.find_sam() == tmp_path / "other" / "sam"


def test_what_was_not_built_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no .*template.json: build first"):
        sam.deploy(tmp_path, SETTINGS)


def test_a_stack_that_could_not_be_taken_back_is_not_deployed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a table that is protected leaves it; the AWS on this machine takes everything back."""
    monkeypatch.setattr(sam, "stack_status", lambda stack: "ROLLBACK_FAILED")
    with pytest.raises(
        ConfigurationError, match=r"small-dev could not be made.*no-deletion-protection-enabled"
    ):
        sam._clear(SETTINGS.stack)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("DELETE_FAILED", r"was deleted in part .*: delete it again by reactflow deploy --delete"),
        ("UPDATE_ROLLBACK_FAILED", r"neither changed nor taken back .*continue-update-rollback --stack-name small"),
        ("UPDATE_IN_PROGRESS", r"is being changed .*: wait until that is done"),
    ],
)  # fmt: skip
def test_a_stack_in_a_state_that_takes_no_change_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, status: str, message: str
) -> None:
    monkeypatch.setattr(sam, "stack_status", lambda stack: status)
    with pytest.raises(ConfigurationError, match=message):
        sam._clear(SETTINGS.stack)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"StackStatus": "UPDATE_IN_PROGRESS"}, r"is being changed .UPDATE_IN_PROGRESS.: wait"),
        (
            {"StackStatus": "UPDATE_COMPLETE", "EnableTerminationProtection": True},
            r"is protected from deletion: .*--no-enable-termination-protection --stack-name small-dev",
        ),
    ],
)
def test_the_buckets_of_a_stack_that_may_not_be_deleted_are_left_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: dict[str, Any], message: str
) -> None:
    """No client is there: whatever else were asked of AWS would fail."""
    (tmp_path / "sam").write_text("#!/bin/sh\n")
    (tmp_path / "sam").chmod(stat.S_IRWXU)
    monkeypatch.setenv("REACTFLOW_SAM", str(tmp_path / "sam"))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("reactflow.deploy.plan.described", lambda stack: found)
    with standing_in({}), pytest.raises(ConfigurationError, match=message):
        sam.delete(SETTINGS, told=ignored)


@pytest.mark.slow
def test_a_stack_that_others_made_is_neither_planned_nor_deleted(cloud_of_ours: Cloud, real: None) -> None:
    cloudformation = cloud_of_ours.client("cloudformation")
    body = json.dumps({"Resources": {"Photos": PHOTOS}})
    cloudformation.create_stack(StackName="theirs-dev", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="theirs-dev")
    cloud_of_ours.client("s3").put_object(Bucket="small-photos", Key="a", Body=b"one")
    with pytest.raises(
        ConfigurationError, match=r"theirs-dev was not made by reactflow: choose another application or stage"
    ):
        sam.delete(Settings(application="theirs"), told=ignored)
    assert cloud_of_ours.client("s3").list_objects_v2(Bucket="small-photos")["KeyCount"] == 1
    sam._empty("theirs-dev", "Photos")
    cloudformation.delete_stack(StackName="theirs-dev")


@pytest.mark.slow
def test_a_stack_that_fails_is_told_by_its_reason_and_can_be_deployed_when_mended(
    cloud_of_ours: Cloud, real: None, tmp_path: Path
) -> None:
    heard: list[str] = []
    with pytest.raises(
        ConfigurationError,
        match=r"^stack small-dev could not be deployed: Refused \(AWS::CloudWatch::Alarm\): .*not supported",
    ):
        sam.deploy(written(tmp_path, Photos=PHOTOS, Refused=REFUSED), SETTINGS, told=heard.append)
    assert any("CREATE_FAILED" in line for line in heard)

    sam.deploy(written(tmp_path, Photos=PHOTOS, Kept=KEPT), SETTINGS, told=ignored)
    template = deployed_template("small-dev")
    assert template is not None
    assert template["Resources"]["Photos"]["Properties"] == PHOTOS["Properties"]

    sam.deploy(tmp_path, SETTINGS, told=heard.append)
    assert any("No changes to deploy" in line for line in heard)

    s3: Any = cloud_of_ours.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket="small-photos", Key="a", Body=body)
    s3.delete_object(Bucket="small-photos", Key="a")
    assert sam.delete(SETTINGS, told=ignored) == ("Kept",)
    assert deployed_template("small-dev") is None
    assert "small-photos" not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert cloud_of_ours.client("sqs").get_queue_url(QueueName="small-kept")
    with pytest.raises(
        ConfigurationError, match=r"there is no stack small-dev in us-east-1: nothing to delete"
    ):
        sam.delete(SETTINGS, told=ignored)


@pytest.mark.slow
def test_the_objects_of_a_bucket_are_deleted_with_all_their_versions(
    cloud_of_ours: Cloud, tmp_path: Path
) -> None:
    """As AWS wants it before it deletes a bucket; the AWS on this machine does not."""
    s3, cloudformation = cloud_of_ours.client("s3"), cloud_of_ours.client("cloudformation")
    body = (written(tmp_path, Photos=PHOTOS) / sam.TEMPLATE).read_text()
    cloudformation.create_stack(StackName="emptied", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="emptied")
    for content in (b"one", b"two"):
        s3.put_object(Bucket="small-photos", Key="a", Body=content)
    s3.delete_object(Bucket="small-photos", Key="a")
    sam._empty("emptied", "Photos")
    listed = s3.list_object_versions(Bucket="small-photos")
    assert (listed.get("Versions", []), listed.get("DeleteMarkers", [])) == ([], [])
    cloudformation.delete_stack(StackName="emptied")
