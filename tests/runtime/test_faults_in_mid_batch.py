"""A function that times out, dies or answers too much in mid-batch: nothing is lost by it, and nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from reactflow.aws import DynamoDBStore
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.provision import StreamNeeded, provision
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import Delivery, TriggerSettings
from tests.faults.bank import Ledger, Names, bank
from tests.runtime import points

pytestmark = pytest.mark.slow
TIMEOUT = 5
CODE = """
import os
from tests.faults.bank import Names, bank
from tests.runtime import points

points.install()
handler = points.answering(bank(Names.of(os.environ["BANK"])).services["accounts"].handler)
"""


class Bank:
    """The bank with its accounts in the runtime, and its audit in this process."""

    def __init__(
        self,
        cloud: Cloud,
        stem: str,
        folder: Path,
        in_runtime: Callable[..., LambdaRuntime],
        **environment: str,
    ) -> None:
        self.cloud, self.names, self.folder = cloud, Names.of(stem), folder
        self.ledger = Ledger()
        self.store = DynamoDBStore(f"{stem}-state")
        self.heard: list[Delivery] = []
        (folder / "function.py").write_text(CODE)
        self.runtime = in_runtime(
            "function.handler",
            folder,
            name="accounts",
            timeout=TIMEOUT,
            environment={
                **cloud.environment(),
                "REACTFLOW_STATE": f"dynamodb:{stem}-state",
                "BANK": stem,
                "FAULTS": str(folder),
                **environment,
            },
        )
        provision(cloud, [StreamNeeded(self.names.stream, 1)])
        points.write_script(folder, {})
        self.host = LocalHost(
            bank(self.names),
            cloud,
            store=lambda service: self.store,
            settings=TriggerSettings(batch_size=20),
            delivered=self.heard.append,
            handlers={"accounts": self.runtime},
        )

    def run(self, deposits: int, script: dict[int | str, str]) -> list[str]:
        """Put deposits on the stream, deliver them while this goes wrong; returns why deliveries failed."""
        points.write_script(self.folder, script)
        self.heard.clear()
        self.ledger.deposit(self.cloud, self.names, Random(len(script)), deposits, accounts=4)
        self.host.run_until_idle(100.0)
        return [delivery.reason for delivery in self.heard if delivery.outcome == "failed"]

    def check(self) -> None:
        """The tables hold each deposit once, in order, and no unit owes or waits for anything."""
        self.ledger.check(self.cloud, self.names)
        assert self.store.cases("accounts") == []
        for unit in self.store.units("accounts"):
            item = self.store.get("accounts", unit)
            assert item is not None
            assert (item.open_cases, item.waiting, item.held) == ((), (), False)


@pytest.fixture
def running(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, in_runtime: Callable[..., LambdaRuntime]
) -> Bank:
    return Bank(cloud, unique("b"), tmp_path, in_runtime)


def test_a_function_that_dies_at_a_point_in_mid_batch_starts_anew_and_ends_right(running: Bank) -> None:
    reasons = running.run(30, {3: "exit", 20: "kill", 45: "exit", 70: "kill", 100: "kill"})
    said = points.happened(running.folder)
    assert len(said) == 5, said
    assert sorted(reason.rpartition(": ")[2] for reason in reasons) == ["exit status 3"] * 2 + ["killed"] * 3
    assert all(reason.startswith("Crashed: function accounts (function.handler)") for reason in reasons)
    running.check()
    assert running.run(10, {}) == []
    running.check()


def test_a_function_that_times_out_in_mid_batch_is_ended_and_what_it_had_done_counts_once(
    running: Bank,
) -> None:
    reasons = running.run(24, {18: "sleep"})
    said = points.happened(running.folder)
    assert len(said) == 1, said
    (reason,) = [one for one in reasons if "imed" in one]
    assert reason == (
        "TimedOut: function accounts (function.handler): Task timed out after 5.00 seconds: give it more time (its "
        "timeout is 5 s), or smaller batches"
    )
    running.check()


def test_an_answer_of_7_mb_fails_the_batch_after_all_of_it_was_done_and_the_next_try_does_nothing_twice(
    running: Bank,
) -> None:
    running.run(1, {})
    (reason,) = running.run(10, {"answer": "large"})
    assert reason == (
        "TooLarge: function accounts (function.handler): the answer is too large: Response payload size exceeded "
        "maximum allowed payload size (6291556 bytes). Answer with less, or with where it is kept"
    )
    assert len(points.happened(running.folder)) == 1
    running.check()
