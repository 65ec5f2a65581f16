"""The resources of a stack as frozen values: what is made, what is there already, who is told of what.

They can be printed for a person (``lines``) and as plain data (``data``); a template is made from nothing else. Texts
with ``${`` in them are for ``Fn::Sub``. Nothing here decides anything, nor asks AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import Attribute, asdict, field, frozen

from reactflow.deploy.naming import logical_id
from reactflow.deploy.statement import Statement
from reactflow.local.triggers.settings import QueueSettings, TriggerSettings

Statistic = Literal["Sum", "Maximum"]
PERIOD = 300  # seconds over which an alarm's metric is taken


@frozen(kw_only=True)
class Function:
    """The Lambda function of a service; ``environment`` is for ``Fn::Sub``, ``given`` are the user's own variables."""

    service: str
    name: str
    target: str
    python: str
    architecture: str
    memory: int
    timeout: int
    concurrency: int
    log_days: int
    environment: Mapping[str, str] = field(factory=dict)
    given: Mapping[str, str] = field(factory=dict)
    statements: tuple[Statement, ...] = ()

    def lines(self) -> Iterator[str]:
        """The function for a person."""
        at_a_time = f", at most {self.concurrency} at a time" if self.concurrency else ""
        yield (
            f"function {self.name} runs {self.target}: {self.memory} MB, {self.timeout} s{at_a_time}, logs kept "
            f"{self.log_days} days"
        )
        for one in self.statements:
            yield f"  may {' '.join(one.actions)} on {' '.join(one.resources)}"


@frozen(kw_only=True)
class Stream:
    """A Kinesis stream; 0 shards are as many as it needs."""

    resource: str
    name: str
    shards: int
    hours: int
    is_there: bool

    def lines(self) -> Iterator[str]:
        """The stream for a person."""
        shards = f"{self.shards} shards" if self.shards else "on demand"
        made = "is there already" if self.is_there else f"{shards}, encrypted"
        yield f"stream {self.name} for {self.resource}: {made}, keeps records for {self.hours} h"


@frozen(kw_only=True)
class Table:
    """A DynamoDB table; ``schema`` is what ``create_table`` takes, ``stream_arn`` is given of one that is there."""

    resource: str
    name: str
    schema: Mapping[str, Any]
    is_read: bool
    is_there: bool
    stream_arn: str = ""

    def lines(self) -> Iterator[str]:
        """The table for a person."""
        key = ", ".join(part["AttributeName"] for part in self.schema["KeySchema"])
        stream = ", its changes are told" if self.is_read else ""
        made = "is there already" if self.is_there else "encrypted, can be restored to any moment of 35 days"
        yield f"table {self.name} for {self.resource}: key ({key}){stream}, {made}"


@frozen(kw_only=True)
class Bucket:
    """An S3 bucket; after ``days`` objects are removed, 0 for never."""

    resource: str
    name: str
    is_read: bool
    is_there: bool
    days: int = 0

    @property
    def is_versioned(self) -> bool:
        """Whether it keeps versions: those that records speak of, or that somebody overwrote."""
        return self.is_read or self.days > 0

    def lines(self) -> Iterator[str]:
        """The bucket for a person."""
        kept = f", objects are kept {self.days} days" if self.days and not self.is_there else ""
        told = ", its changes are told" if self.is_read else ""
        versions = ", versions" if self.is_versioned else ""
        made = "is there already" if self.is_there else f"private, encrypted{versions}"
        yield f"bucket {self.name} for {self.resource}: {made}{kept}{told}"


@frozen(kw_only=True)
class SourceMapping:
    """Base of what tells a service of a resource."""

    service: str
    resource: str

    @property
    def id(self) -> str:
        """The id of the event source mapping in the template."""
        return logical_id("Mapping", self.service, self.resource)


@frozen(kw_only=True)
class StreamMapping(SourceMapping):
    """A stream, or a table's, is read for a service; ``source`` is the ARN, for ``Fn::Sub``."""

    source: str
    settings: TriggerSettings

    @property
    def is_table(self) -> bool:
        """Whether it is a table's."""
        return self.resource.startswith("dynamodb/")

    def lines(self) -> Iterator[str]:
        """The mapping for a person."""
        with_ = self.settings
        side_by_side = f", {with_.parallelization_factor} side by side" * (with_.parallelization_factor > 1)
        hours = with_.maximum_record_age_in_seconds / 3600
        filters = [f"    only {text}" for text in with_.filter_criteria.patterns]
        yield (
            f"{self.service} is told of {self.resource}: {with_.batch_size} records a batch{side_by_side}, given up "
            f"into the quarantine after {hours:.3g} h"
        )
        yield from filters


@frozen(kw_only=True)
class QueueMapping(SourceMapping):
    """A bucket's events go by a rule into a queue, which is read for a service.

    ``keys`` are the rules of EventBridge of which an object's key has to meet one; none, and all keys count.
    """

    bucket: str
    rule: str
    queue: str
    dead_letters: str
    keys: tuple[Mapping[str, str] | str, ...]
    accounts: tuple[str, ...]
    visibility: int
    receives: int
    settings: QueueSettings

    def lines(self) -> Iterator[str]:
        """The mapping for a person."""
        said = [
            one if isinstance(one, str) else " ".join(f"{k} {v!r}" for k, v in one.items())
            for one in self.keys
        ]
        keys = f", of keys: {', or '.join(said)}" if said else ""
        yield (
            f"{self.service} is told of {self.resource}{keys}: by the rule {self.rule} and the queue {self.queue}, "
            f"given up into {self.dead_letters} after {self.receives} tries"
        )


@frozen(kw_only=True)
class Schedule:
    """The sweeper's: what is called every minute, with a constant input."""

    service: str
    name: str

    def lines(self) -> Iterator[str]:
        """The schedule for a person."""
        yield f"{self.service} is swept every minute by the rule {self.name}"


@frozen(kw_only=True)
class Alarm:
    """An alarm when a metric reaches ``threshold`` in each of the last ``periods``; dimensions are for ``Fn::Sub``."""

    name: str
    id: str
    about: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Statistic
    threshold: float
    periods: int = 1

    def lines(self) -> Iterator[str]:
        """The alarm for a person."""
        yield f"alarm {self.name}: {self.about}"


@frozen(kw_only=True)
class Resources:
    """All that a stack has. ``keeps_data`` tells whether data stay when it is deleted, ``notes`` what is to be done by
    hand; ``operator`` is what somebody may do who looks at units and cases, and decides on them.
    """

    stack: str
    application: str
    stage: str
    keeps_data: bool
    alarms_to: str
    functions: tuple[Function, ...]
    mappings: tuple[StreamMapping | QueueMapping, ...]
    schedules: tuple[Schedule, ...]
    streams: tuple[Stream, ...]
    tables: tuple[Table, ...]
    buckets: tuple[Bucket, ...]
    quarantine: Bucket | None
    alarms: tuple[Alarm, ...]
    operator: tuple[Statement, ...]
    notes: tuple[str, ...]

    @property
    def all_buckets(self) -> tuple[Bucket, ...]:
        """The buckets, with that of what triggers give up: there is one where streams are read."""
        return self.buckets if self.quarantine is None else (*self.buckets, self.quarantine)

    def lines(self) -> list[str]:
        """Everything for a person, one thing a line."""
        data = "stay when it is deleted" if self.keeps_data else "go when it is deleted"
        groups: Sequence[Sequence[Any]] = (
            self.functions, self.mappings, self.schedules, self.streams, self.tables, self.all_buckets, self.alarms,
        )  # fmt: skip
        found = [f"stack {self.stack}: its data {data}"]
        found += [line for group in groups for one in group for line in one.lines()]
        found += [
            f"operator may {' '.join(one.actions)} on {' '.join(one.resources)}" for one in self.operator
        ]
        return [*found, *(f"to do: {note}" for note in self.notes)]

    def data(self) -> dict[str, Any]:
        """Everything as plain data, such as JSON holds."""

        def is_public(attribute: Attribute[Any], value: object) -> bool:
            return not attribute.name.startswith("_")

        return asdict(self, filter=is_public)
