"""Who looks at cases and units has a role of its own: the commands run under it, and on nothing less."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from attrs import evolve
from botocore.exceptions import ClientError

from reactflow import Cell, Flow, Service, System, cell, row
from reactflow.aws import DynamoDB
from reactflow.cli.quarantine import decided, listed, shown
from reactflow.cli.units import unit_shown
from reactflow.deploy.policies import Statement, operator_statements
from reactflow.deploy.settings import QUARANTINE, Settings
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.service import Host
from reactflow.testing.permissions import permitted
from tests.deploy.trial import Trial, rows

HIS_OWN = ("ReadFailures", "FindFailures")
"""What an operator looks at without a command of reactflow, and so is told of in the words of AWS."""


class Sign(Flow):
    name: Cell[str] = cell()
    floor: Cell[str] = cell()
    size: Cell[int] = cell(1)


signs = Service(
    Sign, name="signs", key="room", inputs=[DynamoDB("plates", keys="room")],
    outputs=[row(Sign.name, by=Sign.floor) >> DynamoDB("signs")],
)  # fmt: skip
mended = evolve(signs, inputs=[DynamoDB("plates", keys="room", fields={"name": "name", "floor": "floor"})])
HALL = {"room": "r1", "name": "hall", "floor": "1"}


@pytest.fixture
def trial(cloud: Cloud, lambda_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """A service with two cases, and a batch that Lambda has put away."""
    made = Trial(signs, cloud, lambda_cloud, monkeypatch)
    wrong = {**HALL, "floor": "2", "size": "big"}
    phases = [rows("plates", HALL), rows("plates", wrong, {**wrong, "room": "r2"})]
    made.run(phases, releases=False)
    return made


def operate(trial: Trial, statements: Sequence[Statement]) -> set[tuple[str, str]]:
    """Every command, by somebody who has these statements; returns which of them were used, and by what."""
    host, s3 = Host(mended, trial.store), trial.lambda_cloud.client("s3")
    with permitted(statements, clients=[s3], role="operator") as permissions:
        cases = {one["unit"]: one["id"] for one in json.loads(listed(host, as_json=True))}
        first, second = cases["room=r1"], cases["room=r2"]
        assert "'big'" in shown(host, first, as_json=False)
        assert "floor = '1'" in unit_shown(host, "r1", as_json=False)
        assert decided(host, "redrive", [first], as_json=False)[1] == 0
        assert "floor = '2'" in unit_shown(host, "r1", as_json=False)
        assert decided(host, "skip", [second], as_json=False)[1] == 0
        bucket = trial.named(f"s3/{QUARANTINE}")
        kept = s3.list_objects_v2(Bucket=bucket, Prefix="aws/lambda/").get("Contents", [])
        assert s3.get_object(Bucket=bucket, Key=kept[0].get("Key", ""))["Body"].read()
    return permissions.used


def actions(statements: Sequence[Statement]) -> set[tuple[str, str]]:
    return {(one.sid, action) for one in statements for action in one.actions}


def test_each_command_runs_under_the_role_and_each_action_of_it_is_used(trial: Trial) -> None:
    statements = operator_statements(System(signs), trial.settings)
    assert operate(trial, statements) == actions(statements)


@pytest.mark.parametrize(("sid", "action"), sorted(actions(operator_statements(System(signs), Settings()))))
def test_without_one_action_a_command_fails_with_an_error_that_names_it(
    sid: str, action: str, trial: Trial
) -> None:
    left = [
        evolve(one, actions=tuple(each for each in one.actions if (one.sid, each) != (sid, action)))
        for one in operator_statements(System(signs), trial.settings)
    ]
    with pytest.raises(ClientError if sid in HIS_OWN else ConfigurationError, match=action) as caught:
        operate(trial, left)
    if sid not in HIS_OWN:
        assert f": {action} is not allowed. Allow {action} on arn:aws:" in str(caught.value)
        assert str(caught.value).endswith(" to the role operator")
