"""A function that is configured wrongly: each event fails with what is wrong and how to mend it, and none is lost."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from reactflow.errors import Transient
from reactflow.local.runtime import LambdaRuntime
from reactflow.local.triggers import MemoryStream, StreamTrigger, Triggers, TriggerSettings

CODE = """
import os
from reactflow import Service, row
from reactflow.aws import Kinesis
from reactflow.sql import Table
from tests.faults.bank import Account

database = os.environ["DATABASE"]
accounts = Service(
    Account, name="accounts", key="account", inputs=[Kinesis("deposits", partition="account")],
    outputs=[
        row(Account.balance, Account.deposits) >> Table(database, "balances", create=True),
        row(Account.deposit, balance=Account.balance) >> Table(database, "log", create=True),
    ],
)
"""


ENTRY = "reactflow.aws.entry.handler"
pytestmark = pytest.mark.slow
WRONG = [
    ("REACTFLOW_SERVICE", "", "REACTFLOW_SERVICE is not set: set it to the service that this function is, as module:"),
    ("REACTFLOW_SERVICE", "function", "'function' is not module:name: write function:NAME for NAME in function.py"),
    ("REACTFLOW_SERVICE", "bank:accounts", "there is no module 'bank' in .*: put it into the function's package, or"),
    ("REACTFLOW_SERVICE", "function:account", "function has no 'account' .did you mean 'accounts'?"),
    ("REACTFLOW_SERVICE", "function:Account", "function:Account is the flow Account, and not a service: name"),
    ("REACTFLOW_NAMES", "{", "REACTFLOW_NAMES.*: write an object such as"),
    ("REACTFLOW_NAMES", '{"deposits": "dev"}', "REACTFLOW_NAMES: 'deposits' is no resource: write kinesis/STREAM"),
    ("REACTFLOW_NAMES", '{"kinesis/deposits": "dev"}', "kinesis/deposits"),
    ("REACTFLOW_STATE", "", "REACTFLOW_STATE is not set, and on AWS Lambda state has to outlive .*=dynamodb:TABLE"),
    ("REACTFLOW_STATE", "redis", "REACTFLOW_STATE='redis' names no store: write memory, .* or dynamodb:TABLE"),
    ("REACTFLOW_STATE", "sqlite:/var/s.db", "REACTFLOW_STATE='sqlite:/var/s.db' on AWS Lambda: a file is for one"),
    ("REACTFLOW_STATE", "dynamodb:no table", "'dynamodb:no table' names no store: .* a table's name is"),
    ("REACTFLOW_STATE", "dynamodb:state", "dynamodb/state: there are no credentials for AWS"),
    ("REACTFLOW_MARGIN", "soon", "REACTFLOW_MARGIN='soon' is no time to keep free for committing: say seconds"),
    ("REACTFLOW_LOG", "xml", "REACTFLOW_LOG='xml' is unknown: it is json or off"),
    ("DATABASE", "sqlite:////nowhere/rows.db", "sql/balances: .* unable to open database file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "value", "message"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG]
)
def test_a_wrong_setting_fails_each_try_with_the_remedy_and_when_it_is_mended_every_record_counts_once(
    in_runtime: Callable[..., LambdaRuntime], tmp_path: Path, setting: str, value: str, message: str
) -> None:
    (tmp_path / "function.py").write_text(CODE)
    right = {
        "REACTFLOW_SERVICE": "function:accounts",
        "REACTFLOW_STATE": f"sqlite:{tmp_path / 'state.db'}",
        "DATABASE": f"sqlite:///{tmp_path / 'rows.db'}",
    }
    stream = MemoryStream("deposits", now=lambda: 0.0)
    for account, deposit in [("a", 1), ("b", 10), ("a", 2), ("a", 4)]:
        stream.put(account, json.dumps({"account": account, "deposit": deposit}).encode())
    function = in_runtime(ENTRY, tmp_path, timeout=10, environment={**right, setting: value})
    settings = TriggerSettings(batch_size=3, bisect_batch_on_function_error=False)
    trigger = StreamTrigger(stream, lambda event, context: function(event), settings, function="accounts")
    triggers = Triggers([trigger])
    with pytest.raises(
        Transient, match=f"3 records are waiting.*HandlerFailed: .*ConfigurationError: .*{message}"
    ):
        triggers.run_until_idle(0.1, quiet=0.0)
    assert re.search(rf"\[ERROR\] ConfigurationError: .*{message}", function.logs(until="[ERROR]"))
    assert not (tmp_path / "rows.db").exists()
    function.close()

    function = in_runtime(ENTRY, tmp_path, timeout=10, environment=right)
    triggers.run_until_idle(30, quiet=0.0)
    with sqlite3.connect(tmp_path / "rows.db") as rows:
        balances = rows.execute("SELECT account, balance, deposits FROM balances ORDER BY account").fetchall()
        log = rows.execute("SELECT account, deposit, balance FROM log ORDER BY account, balance").fetchall()
    rows.close()
    assert balances == [("a", 7, 3), ("b", 10, 1)]
    assert log == [("a", 1, 1), ("a", 2, 3), ("a", 4, 7), ("b", 10, 10)]
