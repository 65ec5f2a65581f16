"""A table's stream and a bucket's notifications, to functions in Lambda's runtime that die in between."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import Delivery, TriggerSettings
from reactflow.service import Service
from reactflow.testing.events import eventbridge_event
from tests.runtime import points
from tests.runtime.drawn import imported

pytestmark = pytest.mark.slow

STAFF = """
from decimal import Decimal
from reactflow import Cell, Flow, Service, cell, row
from reactflow.aws import DynamoDB
from reactflow.sql import Table
from tests.runtime import points

points.install()

class Employee(Flow):
    name: Cell[str] = cell()
    salary: Cell[Decimal] = cell()
    monthly = salary.map(lambda yearly: round(yearly / 12, 2))

service = Service(
    Employee, name="staff", key={{"department": str, "number": int}},
    inputs=[DynamoDB("{stem}-staff", keys=("department", "number"))],
    outputs=[row(Employee.name, Employee.monthly) >> Table("sqlite:///{folder}/rows.db", "staff", create=True)],
)
handler = points.answering(service.handler)
"""
MIRRORED = """
from reactflow import Cell, Flow, Service, cell
from reactflow.aws import S3, S3Object
from tests.runtime import points

points.install()

class Mirrored(Flow):
    text: Cell[S3Object] = cell()
    back = text.map(lambda text: text.read()[::-1])

service = Service(
    Mirrored, name="mirrors", key=("user", "name"), inputs=[S3("{stem}", key="in/{{user}}/{{name}}")],
    outputs=[Mirrored.back >> S3("{stem}", key="out/{{user}}/{{name}}", content_type="text/plain")],
)
handler = points.answering(service.handler)
"""
Handler = Callable[[Any, Any], object]


class Running:
    """A service on the embedded cloud, as a function in the runtime, and what became of its deliveries."""

    def __init__(
        self,
        text: str,
        cloud: Cloud,
        stem: str,
        folder: Path,
        in_runtime: Callable[..., LambdaRuntime],
        script: dict[int | str, str],
    ) -> None:
        self.folder, self.heard = folder, list[Delivery]()
        path = folder / f"{stem.replace('-', '_')}.py"
        path.write_text(text.format(stem=stem, folder=folder))
        service: Service = imported(path).service
        state = f"sqlite:{folder / 'state.db'}"
        environment = {**cloud.environment(), "REACTFLOW_STATE": state, "FAULTS": str(folder)}
        function = in_runtime(f"{path.stem}.handler", folder, timeout=10, environment=environment)
        points.write_script(folder, script)
        self.host = LocalHost(
            [service],
            cloud,
            settings=TriggerSettings(batch_size=4, backoff=0.0),
            delivered=self.heard.append,
            around=as_of_eventbridge,
            handlers={service.name: function},
        )

    def run(self) -> list[str]:
        """Deliver all; returns the faults that were made."""
        self.host.run_until_idle(100)
        return [line.partition(" ")[2] for line in points.happened(self.folder)]

    @property
    def failed(self) -> int:
        return sum(delivery.outcome == "failed" for delivery in self.heard)


def as_of_eventbridge(handler: Handler) -> Handler:
    """A handler whose queue gets the events of EventBridge, as in a deployed stack, where the bucket sends its own."""

    def handle(event: Any, context: Any) -> object:
        for message in event["Records"]:
            if message["eventSource"] == "aws:sqs" and "Records" in (body := json.loads(message["body"])):
                message["body"] = json.dumps(eventbridge_event(body))
        return handler(event, context)

    return handle


def test_a_table_is_in_sync_with_another_whose_function_dies_before_and_behind_its_commits(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, in_runtime: Callable[..., LambdaRuntime]
) -> None:
    stem = unique("t")
    script: dict[int | str, str] = {"before put": "kill", "after put": "kill", "answer": "large", 9: "exit"}
    running = Running(STAFF, cloud, stem, tmp_path, in_runtime, script)
    table, name = cloud.client("dynamodb"), f"{stem}-staff"
    for number in range(12):
        key = key_of(number)
        item = {**key, "name": {"S": f"n{number}"}, "salary": {"N": str(number)}}
        table.put_item(TableName=name, Item=item)
    table.delete_item(TableName=name, Key=key_of(9))
    made = running.run()
    assert running.failed == len(made) == 4, made
    expected = {(f"d{n % 2}", n % 5): (f"n{n}", round(n / 12, 2)) for n in range(12)}
    del expected["d1", 4]  # the ninth
    with closing(sqlite3.connect(tmp_path / "rows.db")) as rows:
        found = {
            row[:2]: row[2:] for row in rows.execute("SELECT department, number, name, monthly FROM staff")
        }
    assert {key: (name, float(monthly)) for key, (name, monthly) in found.items()} == expected


def test_objects_have_what_is_made_of_them_though_their_function_dies_before_and_behind_its_commits(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, in_runtime: Callable[..., LambdaRuntime]
) -> None:
    stem = unique("o")
    script: dict[int | str, str] = {
        "after GetObject": "exit", "before put": "kill", "after put": "kill", "after PutObject": "kill",
    }  # fmt: skip
    running = Running(MIRRORED, cloud, stem, tmp_path, in_runtime, script)
    s3 = cloud.client("s3")
    for number in range(9):
        s3.put_object(Bucket=stem, Key=f"in/ann b/ü+{number % 6}.txt", Body=f"text {number}".encode())
    made = running.run()
    assert running.failed == len(made) == 4, made
    assert [line.rpartition(" ")[0] for line in made] == [
        "after GetObject",
        "before put",
        "after put",
        "after PutObject",
    ]
    assert written(s3, stem) == {
        f"out/ann b/ü+{number % 6}.txt": f"text {number}".encode()[::-1] for number in range(3, 9)
    }
    for number in range(3):
        s3.delete_object(Bucket=stem, Key=f"in/ann b/ü+{number}.txt")
    points.write_script(tmp_path, {"after DeleteObject": "kill"})
    assert running.run() == ["1 after DeleteObject kill".partition(" ")[2]]
    assert sorted(written(s3, stem)) == [f"out/ann b/ü+{number}.txt" for number in range(3, 6)]


def key_of(number: int) -> dict[str, Any]:
    return {"department": {"S": f"d{number % 2}"}, "number": {"N": str(number % 5)}}


def written(s3: Any, bucket: str) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}
