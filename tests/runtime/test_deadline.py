"""Work that is longer than a timeout: by the real time that is left, it goes on in the next invocation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import Delivery, MemoryStream, StreamTrigger, Triggers, TriggerSettings

CODE = """
import os, time
from reactflow import Flow, Pulse, Service, fold, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.sql import Table

def looked_up(amount):
    time.sleep(0.1)  # stands for a slow service
    return amount

class Account(Flow):
    deposit: Pulse[int] = pulse()
    slow = deposit.map(looked_up)
    balance = fold(slow, folds.sum)

handler = Service(
    Account, name="accounts", key="account", inputs=[Kinesis("deposits", partition="account")],
    outputs=[row(Account.balance) >> Table(os.environ["DATABASE"], "balances", create=True)],
).handler
"""


@pytest.mark.slow
def test_a_batch_that_takes_longer_than_the_timeout_is_done_in_parts_and_nothing_is_ever_ended_by_force(
    in_runtime: Callable[..., LambdaRuntime], tmp_path: Path
) -> None:
    (tmp_path / "function.py").write_text(CODE)
    function = in_runtime(
        "function.handler",
        tmp_path,
        timeout=3,
        environment={
            "REACTFLOW_STATE": f"sqlite:{tmp_path / 'state.db'}",
            "DATABASE": f"sqlite:///{tmp_path / 'rows.db'}",
        },
    )
    stream = MemoryStream("deposits", now=lambda: 0.0)
    for number in range(50):  # five seconds of work
        account = f"a{number % 2}"
        stream.put(account, json.dumps({"account": account, "deposit": number}).encode())
    function({"Records": []})  # the start is not what is measured
    heard: list[Delivery] = []
    Triggers(
        [StreamTrigger(stream, function, TriggerSettings(backoff=0.0), function="accounts")],
        listener=heard.append,
    ).run_until_idle(60)
    assert "failed" not in {delivery.outcome for delivery in heard}, "\n".join(map(str, heard))
    assert heard[0].outcome == "partly"
    assert all(delivery.seconds < 3 for delivery in heard)
    with sqlite3.connect(tmp_path / "rows.db") as rows:
        found = rows.execute("SELECT account, balance FROM balances ORDER BY account").fetchall()
    rows.close()
    assert found == [("a0", sum(range(0, 50, 2))), ("a1", sum(range(1, 50, 2)))]
