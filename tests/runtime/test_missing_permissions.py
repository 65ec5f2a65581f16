"""A permission that the role of a function lacks: named with the remedy, and nothing is lost until it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reactflow.errors import Transient
from reactflow.local import Cloud
from reactflow.local.runtime import LambdaRuntime
from tests.aws.proxy import Proxy
from tests.runtime.running import Bank

pytestmark = pytest.mark.slow


def denied(operation: str, resource: str) -> dict[str, str]:
    """What AWS answers to a call that no policy allows."""
    return {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "message": f"User: arn:aws:sts::123456789012:assumed-role/accounts/accounts is not authorized to perform: "
        f"{operation} on resource: {resource} because no identity-based policy allows the {operation} action",
    }


def test_each_permission_that_is_taken_away_is_named_and_when_it_is_given_all_is_as_if_it_never_lacked(
    cloud: Cloud, unique: Callable[[str], str], tmp_path: Path, in_runtime: Callable[..., LambdaRuntime]
) -> None:
    proxy = Proxy(cloud.endpoint)
    with proxy.running():
        running = Bank(cloud, unique("p"), tmp_path, in_runtime, AWS_ENDPOINT_URL=proxy.endpoint)
        names, state = running.names, running.store.table
        running.run(5, {})
        for operation, resource, action in (
            ("PutItem", state, f"dynamodb/{state}: dynamodb:PutItem"),
            ("PutItem", names.balances, f"dynamodb/{names.balances}: dynamodb:PutItem"),
            ("PutItem", names.log, f"dynamodb/{names.log}: dynamodb:PutItem"),
            ("PutRecords", names.edge, f"kinesis/{names.edge}: kinesis:PutRecords"),
            ("GetItem", state, f"dynamodb/{state}: dynamodb:GetItem"),
        ):
            running.runtime.cool()  # a warm one reads nothing

            def fault(called: str, *, operation: str = operation, resource: str = resource) -> Any:
                arguments = proxy.calls[-1][1]
                told = arguments.get("TableName") or arguments.get("StreamName")
                return denied(operation, resource) if (called, told) == (operation, resource) else None

            proxy.fault = fault
            said = f"{action} is not allowed. Allow {action.rpartition(': ')[2]} on it to the role"
            with pytest.raises(
                Transient, match=f"HandlerFailed: function accounts .*: ConfigurationError: {said}"
            ):
                running.run(6, {}, seconds=0.5)
            assert f"[ERROR] ConfigurationError: {said}" in running.runtime.logs(until=said)
            proxy.fault = lambda called: None
            running.host.run_until_idle(60)
            running.check()
