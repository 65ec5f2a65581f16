"""The three example services as a project of its own, deployed by the command line; what goes in and what comes out."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from examples import answers, data
from reactflow.local import Cloud
from reactflow.service.json_writer import write_json
from tests.tools import tool

ROOT = Path(__file__).resolve().parents[2]
STACK = "shop-dev"
SYSTEM = """
from reactflow import System
from examples.climate import climate
from examples.staff import staff
from examples.thumbnails import thumbnails

system = System(climate, staff, thumbnails)
"""
PROJECT = """
[project]
name = "shop"
version = "1"
dependencies = ["reactflow-py", "pillow"]

[tool.reactflow.deploy]
application = "shop"

[tool.reactflow.deploy.environment]
STAFF_DATABASE = "sqlite:///{database}"
"""
SCHEMA = (
    "create table staff (department text, number integer, name text, job text, email text, manager integer, "
    "monthly numeric(12, 2), primary key (department, number))"
)
NUMBERS = ("readings", "mean", "coldest", "warmest", "spread")


class Shop:
    """The project in a folder of its own, and the cloud that it is deployed to."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder, self.cloud = folder, cloud
        self.database = folder / "staff.db"
        (folder / "examples").mkdir()
        for name in ("__init__", "climate", "staff", "thumbnails"):
            shutil.copy(ROOT / "examples" / f"{name}.py", folder / "examples")
        (folder / "shop.py").write_text(SYSTEM)
        (folder / "pyproject.toml").write_text(PROJECT.format(database=self.database))
        with closing(sqlite3.connect(self.database)) as database:
            database.execute(SCHEMA)
            database.commit()

    def reactflow(self, *arguments: str) -> str:
        """Run the command line in the project; its standard output."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))},
            **self.cloud.environment(),
            "REACTFLOW_SAM": str(tool("sam")),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "reactflow", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def change(self, file: str, *pairs: tuple[str, str]) -> None:
        """Change a file of the project, each text for another."""
        text = (self.folder / file).read_text()
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (self.folder / file).write_text(text)

    # --- what is put in ----------------------------------------------------------------------------------------------

    def put_readings(self, readings: Iterable[data.Reading]) -> None:
        records = [{"Data": write_json(one).encode(), "PartitionKey": one["month"]} for one in readings]
        for start in range(0, len(records), 500):
            self.cloud.client("kinesis").put_records(
                StreamName="dev-readings",
                Records=records[start : start + 500],  # type: ignore[arg-type]  # a list of such dicts
            )

    def put_employees(self, history: Iterable[data.TableWrite]) -> None:
        for write in history:
            key = {"department": write.department, "number": write.number}
            if write.employee is None:
                self.table("dev-employees").delete_item(Key=key)
            else:
                self.table("dev-employees").put_item(Item={**key, **write.employee})

    def put_photographs(self, photographs: Iterable[tuple[str, bytes]]) -> None:
        for name, content in photographs:
            self.cloud.client("s3").put_object(Bucket=self.photos, Key=name, Body=content)

    # --- what comes out ----------------------------------------------------------------------------------------------

    @property
    def photos(self) -> str:
        return f"dev-photos-123456789012-{self.cloud.region}"

    def table(self, name: str) -> Any:
        import boto3

        session: Any = boto3.session.Session("local", "local", region_name=self.cloud.region)
        return session.resource("dynamodb", endpoint_url=self.cloud.endpoint).Table(name)

    def climate(self, *columns: str) -> answers.Rows:
        items = self.table("dev-climate").scan()["Items"]
        return {
            (item["station"], item["month"]): {
                name: int(item[name]) if name == "readings" else float(item[name])
                for name in (*NUMBERS, *columns)
                if name in item
            }
            for item in items
        }

    def staff(self) -> answers.Rows:
        with closing(sqlite3.connect(self.database)) as database:
            rows = database.execute(
                "select department, number, name, job, email, manager, monthly from staff"
            ).fetchall()
        return {
            row[:2]: {
                "name": row[2], "job": row[3], "email": row[4], "manager": row[5],
                "monthly": Decimal(str(row[6])).quantize(Decimal("0.01")),
            }
            for row in rows
        }  # fmt: skip

    def thumbnails(self) -> dict[str, tuple[int, int]]:
        from PIL import Image

        s3: Any = self.cloud.client("s3")
        found: dict[str, tuple[int, int]] = {}
        for one in s3.list_objects_v2(Bucket=self.photos, Prefix="thumbnails/").get("Contents", ()):
            try:
                body = s3.get_object(Bucket=self.photos, Key=one["Key"])["Body"].read()
            except s3.exceptions.NoSuchKey:  # deleted by its function since it was listed
                continue
            with Image.open(BytesIO(body)) as image:
                found[one["Key"]] = image.size
        return found

    # --- what is deployed --------------------------------------------------------------------------------------------

    def function(self, service: str) -> dict[str, Any]:
        """The configuration of a deployed function."""
        found: dict[str, Any] = self.cloud.client("lambda").get_function_configuration(
            FunctionName=f"{STACK}-{service}"
        )
        return found

    def mappings(self, service: str = "") -> list[dict[str, Any]]:
        """The event source mappings, of one function or of all."""
        more = {"FunctionName": f"{STACK}-{service}"} if service else {}
        found: list[dict[str, Any]] = self.cloud.client("lambda").list_event_source_mappings(**more)[
            "EventSourceMappings"
        ]
        return found

    def everything(self) -> list[str]:
        """The names of all that there is in the cloud, but the bucket and the stack that sam keeps for itself."""
        return [one for one in self._everything() if "aws-sam-cli-managed" not in one]

    def _everything(self) -> Iterator[str]:
        def client(name: str) -> Any:
            return self.cloud.client(name)

        yield from client("dynamodb").list_tables()["TableNames"]
        yield from client("kinesis").list_streams()["StreamNames"]
        yield from (one["Name"] for one in client("s3").list_buckets()["Buckets"])
        yield from client("sqs").list_queues().get("QueueUrls", ())
        yield from (one["FunctionName"] for one in client("lambda").list_functions()["Functions"])
        yield from (one["UUID"] for one in self.mappings())
        yield from (one["Name"] for one in client("events").list_rules()["Rules"])
        yield from (one["RoleName"] for one in client("iam").list_roles()["Roles"])
        yield from (one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"])
        yield from (one["AlarmName"] for one in client("cloudwatch").describe_alarms()["MetricAlarms"])
        stacks = client("cloudformation").describe_stacks()["Stacks"]
        yield from (one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE")


def until(found: Callable[[], object], wanted: object, seconds: float = 120.0) -> None:
    """Wait until something is found; fails with what is found instead."""
    deadline = time.monotonic() + seconds
    while (seen := found()) != wanted:
        if time.monotonic() > deadline:
            assert seen == wanted
        time.sleep(0.25)  # the deployed functions are called by the cloud, which tells nobody when it is done


def plain(text: str) -> Any:
    """The last line of an output, as JSON."""
    return json.loads(text.strip().splitlines()[-1])
