"""Runs AWS's `sam`, which uploads the package and has CloudFormation make, change or delete the stack.

It is asked for nothing that a person would have to answer, and its lines are passed on as they come. What it cannot do
is told in one line, with the reason that CloudFormation gave. It must not decide what is deployed: that is in the
folder that was built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from reactflow.aws.clients import client, error_code, speaking
from reactflow.deploy.plan import check_settled, deletion, deployed_template, stack_status
from reactflow.deploy.settings import Settings
from reactflow.errors import ConfigurationError, MissingExtra

TEMPLATE: Final = "template.json"
Told = Callable[[str], object]


def find_sam() -> Path:
    """The `sam` to run: what REACTFLOW_SAM names, else the one on the PATH. Raises ConfigurationError without one."""
    named = os.environ.get("REACTFLOW_SAM", "")
    found = shutil.which(named or "sam")
    if found:
        return Path(found).absolute()
    if named:
        raise ConfigurationError(
            f"REACTFLOW_SAM is {named!r}, and no program is there: correct it, or unset it"
        )
    raise ConfigurationError(
        "there is no sam, which deploys: pip install aws-sam-cli in an environment of its own, and put it on the PATH "
        "or set REACTFLOW_SAM to it"
    )


def deploy(build: Path, settings: Settings, *, bucket: str = "", told: Told | None = None) -> None:
    """Deploy what was built in a folder (template.json and what it names), and wait until it is done.

    ``bucket`` is where the package is uploaded; without one sam makes a bucket of its own for the account and region.
    ``told`` hears each line of sam (default: standard error). Raises ConfigurationError when there is no sam, or
    the stack cannot be deployed; a stack that could not be changed is as it was before.
    """
    if not (build / TEMPLATE).is_file():
        raise ConfigurationError(f"there is no {build / TEMPLATE}: build first")
    sam, region = find_sam(), _region()
    _clear(settings.stack)
    arguments = [
        "deploy", "--template-file", TEMPLATE, "--stack-name", settings.stack, "--region", region, "--use-json",
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "--no-confirm-changeset",
        "--no-fail-on-empty-changeset", "--no-progressbar",
        *(("--s3-bucket", bucket, "--s3-prefix", settings.stack) if bucket else ("--resolve-s3",)),
        "--tags", f"reactflow:application={settings.application}", f"reactflow:stage={settings.stage}",
    ]  # fmt: skip
    code, last = _run(sam, arguments, build, told)
    if code:
        why = _why(settings.stack) or last or f"sam ended with {code}"
        raise ConfigurationError(f"stack {settings.stack} could not be deployed: {why}")


def delete(settings: Settings, *, told: Told | None = None) -> tuple[str, ...]:
    """Delete a stack with all that it does not keep, also the objects in its buckets, and wait until it is done.

    Returns the ids of the resources that stay on AWS. Raises ConfigurationError when there is no such stack, no sam, or
    it cannot be deleted: one that is being changed, is protected, or was made by others is left as it is.
    """
    sam, region = find_sam(), _region()
    deletion(settings.stack)
    template = deployed_template(settings.stack)
    if template is None:
        _take_away(settings.stack)
        return ()
    resources: Mapping[str, Any] = template.get("Resources", {})
    kept = tuple(id for id, one in resources.items() if one.get("DeletionPolicy", "Delete") != "Delete")
    for id, one in resources.items():
        if one["Type"] == "AWS::S3::Bucket" and id not in kept:
            _empty(settings.stack, id)
    arguments = ["delete", "--stack-name", settings.stack, "--region", region, "--no-prompts"]
    with tempfile.TemporaryDirectory(
        prefix="reactflow-"
    ) as empty:  # settings of sam may name another account
        code, last = _run(sam, arguments, Path(empty), told)
    if code:
        why = _why(settings.stack) or last or f"sam ended with {code}"
        raise ConfigurationError(f"stack {settings.stack} could not be deleted: {why}")
    return kept


def _run(sam: Path, arguments: list[str], folder: Path, told: Told | None) -> tuple[int, str]:
    """Run sam and pass its lines on; its exit code, and its last line that speaks of an error."""
    tell = told or (lambda line: sys.stderr.write(f"{line}\n"))
    environment = {
        **os.environ,
        "SAM_CLI_TELEMETRY": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
    environment.pop("PYTHONPATH", None)  # ours is for this Python, sam has one of its own
    last = ""
    with subprocess.Popen(
        [str(sam), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tell(line.rstrip("\n"))
            if line.strip().startswith("Error:") or "Error: " in line:
                last = line.strip()
    return process.returncode, " ".join(last.partition("Error: ")[2].split()) or last


def _region() -> str:
    try:
        import boto3
    except ImportError as error:
        raise MissingExtra("reactflow.deploy", "boto3", "aws") from error
    region = os.environ.get("AWS_REGION") or boto3.session.Session().region_name
    if not region:
        raise ConfigurationError("no region is set: set AWS_REGION, for example to us-east-1")
    return str(region)


def _clear(stack: str) -> None:
    """Take away what is left of a stack that could not be made: it holds nothing, and cannot be deployed over.

    Raises ConfigurationError while somebody else deploys.
    """
    status = stack_status(stack)
    check_settled(stack, status)
    if status == "ROLLBACK_COMPLETE":
        _take_away(stack)
    elif status == "ROLLBACK_FAILED":
        raise ConfigurationError(
            f"stack {stack} could not be made, and what it had made could not be taken away ({status}): delete that by "
            "hand, a protected table after aws dynamodb update-table --no-deletion-protection-enabled, then the stack"
        )
    elif status == "DELETE_FAILED":
        raise ConfigurationError(
            f"stack {stack} was deleted in part ({status}): delete it again by reactflow deploy --delete, then deploy"
        )
    elif status == "UPDATE_ROLLBACK_FAILED":
        raise ConfigurationError(
            f"stack {stack} could be neither changed nor taken back ({status}): see why in its events, mend that, and "
            f"go on by aws cloudformation continue-update-rollback --stack-name {stack}"
        )


def _take_away(stack: str) -> None:
    """Delete a stack that holds nothing, and wait until it is done."""
    cloudformation = client("cloudformation")
    with speaking(f"cloudformation/{stack}", "cloudformation:DeleteStack"):
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)


def _why(stack: str) -> str:
    """The first failure of the last change of a stack, as CloudFormation tells of it; empty when it tells of none."""
    reasons: list[str] = []
    try:
        pages = client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
        for event in _of_last_change(pages):
            reason = str(event.get("ResourceStatusReason", ""))
            if str(event.get("ResourceStatus", "")).endswith("_FAILED") and "cancelled" not in reason:
                reasons.append(
                    f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}): {' '.join(reason.split())}"
                )
    except Exception:  # it is asked after a failure, which is told in any case
        return ""
    return reasons[-1] if reasons else ""


def _of_last_change(pages: Any) -> Iterator[Mapping[str, Any]]:
    """The events of a stack back to the one with which its last change began, the last first."""
    for page in pages:
        for event in page["StackEvents"]:
            yield event
            if event.get("ResourceType") == "AWS::CloudFormation::Stack" and str(event.get("ResourceStatus")) in (
                "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS",
            ):  # fmt: skip
                return


def _empty(stack: str, id: str) -> None:
    """Delete the objects of a stack's bucket with all their versions: CloudFormation deletes empty buckets only."""
    with speaking(f"cloudformation/{stack}", "cloudformation:DescribeStackResource"):
        found = client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=id)
    detail = found["StackResourceDetail"]
    bucket = str(detail.get("PhysicalResourceId", ""))
    if not bucket or detail.get("ResourceStatus") == "DELETE_COMPLETE":
        return
    owner = str(detail["StackId"]).split(":")[4]  # a name that has become free may be somebody else's by now
    s3 = client("s3")
    with speaking(f"s3/{bucket}", "s3:DeleteObjectVersion"):
        try:
            for page in s3.get_paginator("list_object_versions").paginate(
                Bucket=bucket, ExpectedBucketOwner=owner
            ):
                listed = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]
                if objects:
                    s3.delete_objects(
                        Bucket=bucket,
                        Delete={"Objects": objects, "Quiet": True},
                        ExpectedBucketOwner=owner,
                    )
        except Exception as error:
            if error_code(error) != "NoSuchBucket":
                raise
