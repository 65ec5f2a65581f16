"""Each service runs under the policy that is made of it, and on nothing less."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from botocore.exceptions import ClientError

from reactflow.deploy.policies import Statement, statements_of
from reactflow.deploy.settings import Settings
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from tests.deploy.trial import PARAMETERS, Trial
from tests.deploy.tried_services import TRIED

pytest.importorskip("PIL")

OF_LAMBDA = {
    ("Logs", "logs:CreateLogStream"): "the runtime writes the logs",
    ("Logs", "logs:PutLogEvents"): "the runtime writes the logs",
    ("ReadStreams", "kinesis:DescribeStream"): "Lambda asks for it when the mapping is made",
    ("ListTables", "dynamodb:ListStreams"): "Lambda asks for it when the mapping is made",
    ("TakeMessages", "sqs:GetQueueAttributes"): "Lambda scales by the number of messages",
    ("FindFailures", "s3:ListBucket"): "Lambda asks for it when the mapping is made",
}
"""What only Lambda's own service does, which no trigger on this machine does likewise."""


@pytest.fixture
def tried(
    cloud: Cloud, lambda_cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Trial]:
    return lambda name: Trial(TRIED[name].make(tmp_path), cloud, lambda_cloud, monkeypatch)


@pytest.mark.parametrize("name", TRIED)
def test_a_service_runs_under_its_policy_and_each_action_of_it_is_used(
    name: str, tried: Callable[[str], Trial]
) -> None:
    trial = tried(name)
    used = trial.run(TRIED[name].phases())
    assert actions_of(trial.statements) - used == actions_of(trial.statements) & OF_LAMBDA.keys()


def actions_of(statements: Iterable[Statement]) -> set[tuple[str, str]]:
    return {(one.sid, action) for one in statements for action in one.actions}


def without(statements: Iterable[Statement], sid: str, action: str, place: int) -> list[Statement]:
    """The statements with one action less on one resource of one of them."""
    left: list[Statement] = []
    for one in statements:
        if one.sid != sid:
            left.append(one)
            continue
        others = [each for number, each in enumerate(one.resources) if number != place]
        left.append(evolve(one, actions=tuple(each for each in one.actions if each != action)))
        left.append(evolve(one, actions=(action,), resources=tuple(others)))
    return left


def each_grant() -> list[Any]:
    """Every service with every action on every resource of its policy; those of one service are tried each time."""
    found: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, tried in TRIED.items():
            marks = pytest.mark.slow if name != "thumbnails" else ()
            for one in statements_of(tried.make(Path(folder)), Settings()):
                for action in one.actions:
                    if (one.sid, action) not in OF_LAMBDA:
                        places = range(len(one.resources))
                        found += [pytest.param(name, one.sid, action, place, marks=marks) for place in places]
    return found


@pytest.mark.parametrize(("name", "sid", "action", "place"), each_grant())
def test_without_one_action_on_one_resource_it_fails_with_an_error_that_names_both(
    name: str, sid: str, action: str, place: int, tried: Callable[[str], Trial]
) -> None:
    trial = tried(name)
    (resource,) = (one.of(PARAMETERS).resources[place] for one in trial.statements if one.sid == sid)
    trial.statements = tuple(without(trial.statements, sid, action, place))
    with pytest.raises((ConfigurationError, ClientError)) as caught:
        trial.run(TRIED[name].phases())
    said = str(caught.value)
    assert action in said
    if isinstance(caught.value, ClientError):
        assert sid in ("ReadStreams", "ReadTables", "TakeMessages", "KeepFailures")
        assert resource.partition("*")[0] in said
    elif " or " in said:  # a HEAD, which S3 answers without a word
        assert re.match(r"s3/\w+ \('[\w-]+' on AWS\): s3:GetObject or s3:ListBucket is not allowed\. ", said)
        assert resource.partition("/")[0].rpartition(":")[2] in said
        assert "Allow s3:GetObject and s3:ListBucket on it to the role." in said
    else:
        assert re.match(r"(dynamodb|s3|kinesis)/[\w-]+ \('[\w-]+' on AWS\): ", said)
        assert f": {action} is not allowed. Allow {action} on {resource.partition('*')[0]}" in said
        assert " to the role trial" in said
