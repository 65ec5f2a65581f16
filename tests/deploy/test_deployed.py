"""The three example services, deployed by sam to an AWS on this machine, and working there.

Its event source mappings fall short of AWS's in places (what a function reports as failed is lost, say), so the last
test hands their part to the triggers of reactflow, with the settings that were deployed and the code that was deployed,
in the real runtime of Lambda.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import answers, data
from reactflow.local import Cloud
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import (
    DynamoDBTrigger,
    KinesisTrigger,
    QueueSettings,
    S3Trigger,
    Triggers,
    TriggerSettings,
)
from tests.deploy.shop import STACK, Shop, until
from tests.tools import tool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The project, on a cloud of its own: what one test leaves behind must not be counted by another."""
    pytest.importorskip("ministack")
    tool("sam")
    with Cloud.start() as cloud:
        (tmp_path / "shop").mkdir()
        yield Shop(tmp_path / "shop", cloud)


def hotter(rows: answers.Rows) -> answers.Rows:
    return {key: {**row, "swing": row["spread"] * 1.8} for key, row in rows.items()}


def test_services_are_deployed_work_go_on_when_changed_and_leave_nothing(shop: Shop) -> None:
    told = shop.reactflow("deploy", "shop:system", "--yes")
    assert f"stack {STACK} is deployed" in told
    assert "nothing changes" in shop.reactflow("deploy", "shop:system", "--plan")

    readings, history = data.readings(every=12), data.employees()
    begun = [one for at, one in enumerate(readings) if at % 4 < 2]  # of both stations, in all months
    rest = [one for at, one in enumerate(readings) if at % 4 >= 2]
    shop.put_readings(begun)
    shop.put_employees(history[:120])
    shop.put_photographs(data.photographs()[:4] + data.broken_photographs())
    until(shop.climate, answers.climate(begun))
    until(shop.staff, answers.staff(history[:120]))
    until(shop.thumbnails, answers.thumbnails(data.photographs()[:4]))

    shop.change(
        "examples/climate.py",
        ("    spread = warmest - coldest\n", "    spread = warmest - coldest\n    swing = spread * 1.8\n"),
        ("Month.warmest, Month.spread)", "Month.warmest, Month.spread, Month.swing)"),
    )
    plan = shop.reactflow("deploy", "shop:system", "--plan").splitlines()
    assert plan[:3] == [f"~ function {STACK}-{name}: code" for name in ("climate", "staff", "thumbnails")]
    assert plan[3:] == [f"stack {STACK}: 3 changed"]
    shop.reactflow("deploy", "shop:system", "--yes")
    shop.put_readings(rest)
    shop.put_employees(history[120:])
    shop.put_photographs(data.photographs()[4:])
    until(lambda: shop.climate("swing"), hotter(answers.climate(readings)))
    until(shop.staff, answers.staff(history))
    until(shop.thumbnails, answers.thumbnails(data.photographs()))

    for name, _ in data.photographs():
        shop.cloud.client("s3").delete_object(Bucket=shop.photos, Key=name)
    until(shop.thumbnails, {})

    told = shop.reactflow("deploy", "shop:system", "--delete", "--yes", "--allow-loss")
    assert f"stack {STACK} is deleted" in told
    assert shop.everything() == []


@pytest.fixture
def deployed(shop: Shop) -> Shop:
    """The project, deployed, without the cloud's own event source mappings."""
    shop.reactflow("deploy", "shop:system", "--yes")
    for mapping in shop.mappings():
        shop.cloud.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    return shop


class AnswerLost(Exception):
    """The work was done, and the trigger never heard of it."""


class Function:
    """A deployed function in the real runtime; now and then its answer is lost, or it starts cold."""

    def __init__(self, shop: Shop, service: str, code: Path) -> None:
        configuration = shop.function(service)
        self.arn = str(configuration["FunctionArn"])
        self.runtime = LambdaRuntime(
            configuration["Handler"],
            code,
            name=configuration["FunctionName"],
            timeout=configuration["Timeout"],
            memory_size=configuration["MemorySize"],
            environment={
                **shop.cloud.environment(),
                **configuration["Environment"]["Variables"],
                "PYTHONPATH": str(code),
            },
            emulator=tool("sam"),
        )
        self.calls = 0

    def __call__(self, event: Any, context: Any) -> Any:
        self.calls += 1
        if self.calls % 5 == 0:
            self.runtime.cool()
        answer = self.runtime(event, context)
        if self.calls % 3 == 1:
            raise AnswerLost("the answer did not arrive")
        return answer


@pytest.fixture
def in_runtime(deployed: Shop, tmp_path: Path) -> Iterator[Callable[[str], Function]]:
    """The functions of the stack in the real runtime, with the package that was uploaded."""
    with zipfile.ZipFile(deployed.folder / ".reactflow" / "build" / "dev" / "code.zip") as archive:
        archive.extractall(tmp_path / "task")
    made: list[Function] = []

    def make(service: str) -> Function:
        made.append(Function(deployed, service, tmp_path / "task"))
        return made[-1]

    yield make
    for one in made:
        one.runtime.close()


def test_deployed_functions_in_the_real_runtime_lose_and_double_nothing(
    deployed: Shop, in_runtime: Callable[[str], Function]
) -> None:
    cloud = deployed.cloud
    climate, staff, thumbnails = map(in_runtime, ("climate", "staff", "thumbnails"))
    (of_stream,), (of_table,), (of_queue,) = map(deployed.mappings, ("climate", "staff", "thumbnails"))
    settings = TriggerSettings.from_aws(of_stream)
    assert settings.failures_bucket == f"{STACK}-quarantine-123456789012-{cloud.region}"
    triggers = Triggers(
        [
            KinesisTrigger(cloud, "dev-readings", climate, settings, function=climate.arn),
            DynamoDBTrigger(
                cloud, "dev-employees", staff, TriggerSettings.from_aws(of_table), function=staff.arn
            ),
            S3Trigger(
                cloud,
                deployed.photos,
                thumbnails,
                QueueSettings(batch_size=of_queue["BatchSize"], timeout=60),
                queue=of_queue["EventSourceArn"].rpartition(":")[2],
                form="queue",
                function=thumbnails.arn,
            ),
        ],
        listener=lambda delivery: None,
    )
    readings, history = data.readings(every=12), data.employees()
    deployed.put_readings(readings)
    deployed.put_employees(history)
    deployed.put_photographs(data.photographs())
    triggers.run_until_idle(200)
    assert min(climate.calls, staff.calls, thumbnails.calls) >= 2  # the first answer of each was lost
    assert deployed.climate() == answers.climate(readings)
    assert deployed.staff() == answers.staff(history)
    assert deployed.thumbnails() == answers.thumbnails(data.photographs())
