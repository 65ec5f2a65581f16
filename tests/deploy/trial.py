"""A service on the embedded cloud, in a stage of its own, under the policy of its function or what is left of it.

What the world does (putting records, rows and objects) and what an operator did before is allowed; what the function
does, and what Lambda does for its triggers, asks the policy.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import evolve

from reactflow import Service
from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis
from reactflow.aws.host import open_event
from reactflow.deploy.policies import Statement, statements_of
from reactflow.deploy.settings import QUARANTINE, STATE, Settings
from reactflow.local import Cloud
from reactflow.local.cloud import ACCOUNT, REGION
from reactflow.local.needs import needs_of, queue_of
from reactflow.local.provision import BucketNeeded, Need, provision
from reactflow.local.triggers import DynamoDBTrigger, KinesisTrigger, S3Trigger, Triggers, TriggerSettings
from reactflow.service import Case, Host
from reactflow.service.caseid import case_id
from reactflow.service.quarantine import Reason
from reactflow.service.source import Record
from reactflow.testing.permissions import permitted

Phase = Callable[["Trial"], None]
_numbers = itertools.count(1)
PARAMETERS = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}


class Trial:
    """One service in a stage of its own: its resources have physical names that no other stage has."""

    def __init__(
        self, service: Service, cloud: Cloud, lambda_cloud: Cloud, patch: pytest.MonkeyPatch
    ) -> None:
        number = next(_numbers)
        self.service, self.world = service, cloud
        self.lambda_cloud = lambda_cloud  # whose clients ask the policy
        self.settings = Settings(application=f"a{number}", stage=f"p{number}")
        self.statements = statements_of(service, self.settings)
        self.now = 1_900_000_000.0
        self._patch = patch
        self._provide()
        self.store = DynamoDBStore(STATE, now=lambda: self.now)
        self.store.create()
        self.host, self.rival = (Host(service, self.store, clock=lambda: self.now) for _ in range(2))
        self._taken: list[Any] = []
        self._triggers = [self._trigger(one.source, self._take) for one in service.bound]
        self._records: list[Record] = []

    def named(self, resource: str) -> str:
        """What a resource is called in this stage."""
        return Statement("", (), (self.settings.physical(resource),)).of(PARAMETERS).resources[0]

    def _provide(self) -> None:
        needs = needs_of([self.service])
        names = {need.resource: self.named(need.resource) for need in needs}
        names |= {f"dynamodb/{STATE}": self.named(f"dynamodb/{STATE}")}
        provision(self.world, [self._physical(need) for need in needs])
        provision(self.world, [BucketNeeded(self.named(f"s3/{QUARANTINE}"))])
        self._patch.setenv("REACTFLOW_NAMES", json.dumps(names))
        self._patch.setenv("REACTFLOW_ACCOUNT", ACCOUNT)

    def _physical(self, need: Need) -> Need:
        named = evolve(need, name=self.named(need.resource))
        if isinstance(named, BucketNeeded):
            told = [evolve(one, queue=self.settings.prefix + one.queue) for one in named.notify]
            return evolve(named, notify=tuple(told))
        return named

    def _trigger(self, source: object, handler: Any, **settings: Any) -> Any:
        name = self.service.name
        if isinstance(source, Kinesis):
            stream = self.named(source.resource)
            return KinesisTrigger(
                self.lambda_cloud, stream, handler, TriggerSettings(**settings), function=name
            )
        if isinstance(source, DynamoDB):
            table = self.named(source.resource)
            return DynamoDBTrigger(
                self.lambda_cloud, table, handler, TriggerSettings(**settings), function=name
            )
        assert isinstance(source, S3)
        queue = self.settings.prefix + queue_of(self.service, source)
        made = S3Trigger(self.lambda_cloud, self.named(source.resource), handler, queue=queue, form="queue")
        made.open()  # it is told the name of a queue, and Lambda its ARN
        return made

    def _take(self, event: Any, context: object) -> None:
        self._taken.append(event)

    def run(self, phases: Sequence[Phase], *, releases: bool = True) -> set[tuple[str, str]]:
        """Run the phases under the policy; returns each statement's name with each of its actions that was used.

        With ``releases``, the first record comes once more, as one that waited behind a case.
        """
        clients = [self.lambda_cloud.client(name) for name in ("kinesis", "dynamodbstreams", "sqs", "s3")]
        with permitted(self.statements, clients=clients, role="trial") as permissions:
            self._run(phases)
            with permissions.aside():
                if releases:
                    self._release()
            for _ in range(2):
                self.now += self.host.longest + 200
                self.host.sweep(60.0)
            self.host.expire()
            self._give_up()
        return permissions.used

    def _run(self, phases: Sequence[Phase]) -> None:
        """Each phase, what its triggers bring, and all of that twice, by two processes."""
        for phase in phases:
            phase(self)
            Triggers(self._triggers).run_until_idle(quiet=0.01)
            events, self._taken = self._taken, []
            assert events
            for event in events:
                self.host.handle(event)
                self.rival.handle(event)
                self._records += open_event(event)
            self.now += 1

    def _release(self) -> None:
        """A record that waited behind a case which an operator has dealt with."""
        (arrival, *_) = self.host.read(0, self._records[0])
        unit = arrival.event.unit
        id = case_id(arrival.lane, arrival.position)
        self.store.keep(
            Case(
                service=self.service.name,
                unit=unit.text,
                lane=arrival.lane,
                position=arrival.position,
                reason=Reason(kind="held", message="waits"),
                record=arrival.record.raw,
                resource=arrival.record.resource,
                account=arrival.record.account,
                region=arrival.record.region,
            )
        )
        item = self.store.get(self.service.name, unit.text)
        assert item is not None
        assert self.store.put(self.service.name, unit.text, item.next(waiting=(id,)), item.v) is None

    def _give_up(self) -> None:
        """A record that the function never takes, which Lambda puts into the quarantine."""

        def failing(event: object, context: object) -> None:
            raise RuntimeError("never")

        sources = [one.source for one in self.service.bound if isinstance(one.source, (Kinesis, DynamoDB))]
        for source in sources[:1]:
            given_up = f"arn:aws:s3:::{self.named(f's3/{QUARANTINE}')}"
            trigger = self._trigger(source, failing, on_failure=given_up, maximum_retry_attempts=0)
            Triggers([trigger]).run_until_idle(quiet=0.01)


# -- what the world does ------------------------------------------------------------------------------------------


def records(stream: str, partition: str, *values: Any) -> Phase:
    """Records in a stream, partitioned by a field."""

    def phase(trial: Trial) -> None:
        for value in values:
            plain = value if isinstance(value, dict) else json.loads(value)
            of = plain["data"] if "specversion" in plain else plain
            trial.world.client("kinesis").put_record(
                StreamName=trial.named(f"kinesis/{stream}"),
                Data=json.dumps(plain).encode(),
                PartitionKey=str(of[partition]),
            )

    return phase


def rows(table: str, *items: dict[str, Any], gone: Sequence[dict[str, Any]] = ()) -> Phase:
    """Items in a table, and those that are taken out by their keys."""
    from reactflow.testing.events import typed_attributes

    def phase(trial: Trial) -> None:
        name, dynamodb = trial.named(f"dynamodb/{table}"), trial.world.client("dynamodb")
        for item in items:
            dynamodb.put_item(TableName=name, Item=typed_attributes(item))
        for key in gone:
            dynamodb.delete_item(TableName=name, Key=typed_attributes(key))

    return phase


def objects(
    bucket: str, *there: tuple[str, bytes], gone: Sequence[str] = (), versions: Sequence[str] = ()
) -> Phase:
    """Objects in a bucket; those that are deleted, and those of which the latest version is deleted for good."""

    def phase(trial: Trial) -> None:
        name, s3 = trial.named(f"s3/{bucket}"), trial.world.client("s3")
        for key, content in there:
            s3.put_object(Bucket=name, Key=key, Body=content)
        for key in gone:
            s3.delete_object(Bucket=name, Key=key)
        for key in versions:
            found = s3.list_object_versions(Bucket=name, Prefix=key)["Versions"]
            latest = next(one for one in found if one.get("IsLatest"))
            s3.delete_object(Bucket=name, Key=key, VersionId=latest.get("VersionId", ""))

    return phase


def together(*phases: Phase) -> Phase:
    """Several things at once."""

    def phase(trial: Trial) -> None:
        for one in phases:
            one(trial)

    return phase
