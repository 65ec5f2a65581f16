"""The bank on the embedded cloud, with its accounts as a function in Lambda's runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from reactflow.aws import DynamoDBStore
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.provision import StreamNeeded, provision
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import Delivery, TriggerSettings
from tests.faults.bank import Ledger, Names, bank
from tests.runtime import points

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

    def run(self, deposits: int, script: dict[int | str, str], *, seconds: float = 100.0) -> list[str]:
        """Put deposits on the stream, deliver them while this goes wrong; returns why deliveries failed."""
        points.write_script(self.folder, script)
        self.heard.clear()
        self.ledger.deposit(self.cloud, self.names, Random(len(script)), deposits, accounts=4)
        self.host.run_until_idle(seconds)
        return [delivery.reason for delivery in self.heard if delivery.outcome == "failed"]

    def check(self) -> None:
        """The tables hold each deposit once, in order, and no unit owes or waits for anything."""
        self.ledger.check(self.cloud, self.names)
        assert self.store.cases("accounts") == []
        for unit in self.store.units("accounts"):
            item = self.store.get("accounts", unit)
            assert item is not None
            assert (item.open_cases, item.waiting, item.held) == ((), (), False)
