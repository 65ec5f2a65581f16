"""From a system to the resources of its stack: which there have to be, what they are named, who is told of what.

Everything follows from what the services' bindings say and the settings of the stage. What AWS would refuse is refused
here, with the remedy. It must not ask AWS for anything, nor know how a template is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.aws.state_layout import definition
from reactflow.deploy.alarms import alarms_of
from reactflow.deploy.filters import item_patterns, object_keys, unfiltered
from reactflow.deploy.functions import function_of, keeps_units, state_of
from reactflow.deploy.naming import (
    LONGEST_QUEUE,
    LONGEST_RULE,
    LONGEST_STACK,
    check_physical,
    logical_id,
    plain,
    stack_name,
)
from reactflow.deploy.policies import operator_statements
from reactflow.deploy.resources import (
    Bucket,
    Function,
    QueueMapping,
    Resources,
    Schedule,
    Stream,
    StreamMapping,
    Table,
)
from reactflow.deploy.settings import QUARANTINE, STATE, Settings
from reactflow.errors import ConfigurationError
from reactflow.local.needs import needs_of
from reactflow.local.provision import BucketNeeded, StreamNeeded, TableNeeded
from reactflow.local.triggers.settings import QueueSettings, TriggerSettings
from reactflow.service import Service, System
from reactflow.service.suggest import suggestion

OF_RETENTION: Final = (
    0.8  # of the time that records are kept: what is older is given up, while it is there yet
)
TABLE_HOURS: Final = 24  # for which every table's stream keeps changes
MOST_READERS: Final = 2  # of a table's stream at a time
MOST_AGE: Final = 604_800  # seconds: the most that AWS takes as the age of a record
TRIED: Final = int(
    OF_RETENTION * 24 * 3600
)  # seconds for which a message is tried, as a record of a stream is
QUARANTINE_DAYS: Final = 90


def list_resources(system: System, settings: Settings, targets: Mapping[str, str]) -> Resources:
    """All that the stack of a system has; ``targets`` says where each service is found, as ``module:attribute``.

    Raises ConfigurationError, with the remedy, for a service without a target, for a name that AWS would not take or
    that two things would have, for a table that is there already, is read, and of which no stream is known, for units
    that are kept where no function finds them, and for a password among the variables.

    >>> from examples.climate import climate
    >>> found = list_resources(
    ...     System(climate), Settings(application="house"), {"climate": "examples.climate:climate"}
    ... )
    >>> for line in found.lines()[:2]:
    ...     print(line)
    stack house-dev: its data go when it is deleted
    function house-dev-climate runs examples.climate:climate: 512 MB, 60 s, logs kept 30 days
    """
    return _Listing(system, settings, targets).resources()


class _Listing:
    def __init__(self, system: System, settings: Settings, targets: Mapping[str, str]) -> None:
        self.services = list(system.services.values())
        self.system, self.settings, self.targets = system, settings, targets
        self.needs = {one.resource: one for one in needs_of(self.services, shards=max(settings.shards, 1))}
        if len(settings.stack) > LONGEST_STACK:
            raise ConfigurationError(
                f"the stack's name {settings.stack!r} has {len(settings.stack)} characters, and AWS takes "
                f"{LONGEST_STACK}: shorten application= or stage="
            )
        for own in (f"dynamodb/{STATE}", f"s3/{QUARANTINE}"):
            if own in self.needs:
                raise ConfigurationError(
                    f"{own} is reactflow's own: read and write something of another name"
                )

    def resources(self) -> Resources:
        """All of it."""
        settings = self.settings
        tables = [self._table(one) for one in self.needs.values() if isinstance(one, TableNeeded)]
        tables += self._state_tables()
        self.tables = {one.resource: one for one in tables}
        mappings = [mapping for service in self.services for mapping in self._mappings(service)]
        functions = [self._function(one, mappings) for one in self.services]
        streams = [self._stream(one) for one in self.needs.values() if isinstance(one, StreamNeeded)]
        buckets = [self._bucket(one.resource, is_read=one.versioned) for one in self.needs.values()
                   if isinstance(one, BucketNeeded)]  # fmt: skip
        quarantine = None
        if any(isinstance(one, StreamMapping) for one in mappings):
            quarantine = self._bucket(f"s3/{QUARANTINE}", is_read=False, days=QUARANTINE_DAYS)
        for kind in (streams, tables, [*buckets, *([quarantine] if quarantine else [])]):
            _check_once([(one.resource, one.name) for one in kind])
        _check_once([(f"service {one.service}", one.name) for one in functions])
        alarms = [
            alarm
            for function in functions
            for alarm in alarms_of(
                function,
                [one for one in mappings if one.service == function.service],
                settings.stack,
            )
        ]
        return Resources(
            stack=settings.stack, application=settings.application, stage=settings.stage,
            keeps_data=settings.keep_data, alarms_to=settings.alarms_to, functions=tuple(functions),
            mappings=tuple(mappings), schedules=tuple(self._schedule(one) for one in self.services if keeps_units(one)),
            streams=tuple(streams), tables=tuple(tables), buckets=tuple(buckets), quarantine=quarantine,
            alarms=tuple(alarms), operator=operator_statements(self.system, settings), notes=tuple(self._notes()),
        )  # fmt: skip

    def _function(self, service: Service, mappings: Sequence[StreamMapping | QueueMapping]) -> Function:
        target = self.targets.get(service.name)
        if target is None:
            raise ConfigurationError(
                f"service {service.name!r}: nothing says where it is found: bind it to a name in its module"
            )
        own = [one for one in mappings if one.service == service.name]
        return function_of(service, self.settings, target, {*self.needs, *self.tables}, own)

    def _schedule(self, service: Service) -> Schedule:
        name = stack_name(self.settings.stack, service.name, suffix=".sweep", longest=LONGEST_RULE)
        return Schedule(service=service.name, name=name)

    # -- who is told of what ------------------------------------------------------------------------------------------

    def _mappings(self, service: Service) -> Iterator[StreamMapping | QueueMapping]:
        for resource, inputs in service.inputs_of.items():
            sources = [one.source for one in inputs]
            if isinstance(self.needs.get(resource), BucketNeeded):
                yield self._queue(service, resource, [one for one in sources if isinstance(one, S3)])
            elif isinstance(self.needs.get(resource), TableNeeded):
                table = self.tables[resource]
                keys = _key_types(table) if any(isinstance(one, DynamoDB) and one.keys for one in sources) or (
                    not table.is_there) else {}  # fmt: skip
                patterns = item_patterns(service, resource, keys) if self.settings.filters else ()
                source = table.stream_arn or f"${{{logical_id('Table', resource)}.StreamArn}}"
                yield self._of_stream(service, resource, source, TABLE_HOURS, filter_criteria=patterns)
            else:
                streams = [one for one in sources if isinstance(one, Kinesis)]
                # one that an input does not expect would be too many, one less is none too few
                factor = min(one.parallelization_factor for one in streams)
                account = next((one.account for one in streams if one.account), "${AWS::AccountId}")
                source = f"${{{logical_id('Stream', resource)}.Arn}}"
                if resource in self.settings.existing:
                    place = f"stream/{self.settings.physical(resource)}"
                    source = f"arn:${{AWS::Partition}}:kinesis:${{AWS::Region}}:{account}:{place}"
                hours = self.settings.stream_hours
                yield self._of_stream(service, resource, source, hours, parallelization_factor=factor)

    def _of_stream(
        self, service: Service, resource: str, source: str, hours: int, **more: Any
    ) -> StreamMapping:
        settings = TriggerSettings(
            maximum_record_age_in_seconds=min(int(hours * 3600 * OF_RETENTION), MOST_AGE), **more
        )
        return StreamMapping(service=service.name, resource=resource, source=source, settings=settings)

    def _queue(self, service: Service, resource: str, sources: Sequence[S3]) -> QueueMapping:
        named = partial(stack_name, self.settings.stack, service.name, resource.partition("/")[2])
        visibility = max(
            60, 6 * self.settings.timeout
        )  # as Lambda wants it, for messages that wait for their turn
        return QueueMapping(
            service=service.name, resource=resource, bucket=self.settings.physical(resource),
            rule=named(longest=LONGEST_RULE),
            queue=named(longest=LONGEST_QUEUE),
            dead_letters=named(suffix="_dead", longest=LONGEST_QUEUE),
            keys=object_keys(sources), accounts=tuple(sorted({one.account or "${AWS::AccountId}" for one in sources})),
            visibility=visibility, receives=min(1000, max(10, TRIED // visibility)), settings=QueueSettings(),
        )  # fmt: skip

    # -- what holds data ----------------------------------------------------------------------------------------------

    def _physical(self, resource: str) -> str:
        name = self.settings.physical(resource)
        if resource not in self.settings.existing:
            check_physical(resource, name)
        return name

    def _stream(self, need: StreamNeeded) -> Stream:
        there = need.resource in self.settings.existing
        return Stream(
            resource=need.resource, name=self._physical(need.resource), shards=self.settings.shards,
            hours=self.settings.stream_hours, is_there=there,
        )  # fmt: skip

    def _table(self, need: TableNeeded) -> Table:
        there = need.resource in self.settings.existing
        arn = self.settings.streams.get(need.resource, "") if there else ""
        if need.stream and there and not arn:
            raise ConfigurationError(
                f"{need.resource} is there already and is read: say the ARN of its stream, as in streams = "
                f'{{ "{need.resource}" = "arn:aws:dynamodb:..." }} (aws dynamodb describe-table tells it as '
                "LatestStreamArn; the stream has to show NEW_AND_OLD_IMAGES)"
            )
        keys = [name for name in (need.partition, need.sort) if name]
        for name in keys:
            if len(plain(name, f"the key of {need.resource}").encode()) > 255:
                raise ConfigurationError(
                    f"{need.resource}: its key {name[:40]!r}... is longer than 255 bytes"
                )
        schema = {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [
                {"AttributeName": name, "KeyType": kind}
                for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": need.types.get(name, "S")} for name in keys
            ],
        }
        return Table(
            resource=need.resource, name=self._physical(need.resource), schema=schema, is_read=need.stream,
            is_there=there, stream_arn=arn,
        )  # fmt: skip

    def _state_tables(self) -> list[Table]:
        found = dict.fromkeys(state_of(one) for one in self.services if keeps_units(one))
        for resource in found:
            if resource in self.needs:
                raise ConfigurationError(
                    f"{resource} keeps the units of a service: read and write another table"
                )
        return [
            Table(
                resource=one, name=self._physical(one), schema=definition(), is_read=False,
                is_there=one in self.settings.existing,
            )
            for one in found
        ]  # fmt: skip

    def _bucket(self, resource: str, *, is_read: bool, days: int = 0) -> Bucket:
        there = resource in self.settings.existing
        return Bucket(
            resource=resource, name=self._physical(resource), is_read=is_read, is_there=there, days=days
        )

    # -- what is left to do -------------------------------------------------------------------------------------------

    def _notes(self) -> Iterator[str]:
        settings = self.settings
        states = {state_of(one) for one in self.services if keeps_units(one)}
        known = {*self.needs, *states, f"s3/{QUARANTINE}"}
        for setting, said in (
            ("names", settings.names),
            ("existing", settings.existing),
            ("streams", settings.streams),
        ):
            for resource in sorted(set(said) - known):
                yield f"{setting} speaks of {resource!r}, which nothing reads or writes{suggestion(resource, known)}"
        for need in self.needs.values():
            if isinstance(need, BucketNeeded) and need.versioned and need.resource in settings.existing:
                yield (
                    f"{need.resource} is there already: have {settings.physical(need.resource)} keep versions and "
                    "send its events to EventBridge (its Properties say both)"
                )
        yield from self._notes_on_readers()
        for service in self.services:
            for output in service.outputs:
                if output.sink.destination.startswith("sql/"):
                    yield (
                        f"{service.name} writes {output.sink.destination}: the URL of its database is not in the "
                        "template; have the module read it from a variable, and give that in environment = as a "
                        "reference, such as {{resolve:secretsmanager:NAME}}"
                    )
            for resource in service.inputs_of if settings.filters else ():
                table = self.tables.get(resource)
                if table is not None and (why := unfiltered(service, resource, _key_types(table))):
                    yield f"{service.name} is told of every change of {resource}, filters or not: {why}"

    def _notes_on_readers(self) -> Iterator[str]:
        told = Counter(one for service in self.services for one in service.inputs_of if one in self.tables)
        for resource, number in told.items():
            if number > MOST_READERS:
                yield (
                    f"{number} services are told of {resource}: AWS has room for {MOST_READERS} readers of a table's "
                    "stream, and slows more of them down; have one pass its changes on to a stream of Kinesis"
                )
        of_accounts = {
            (one.resource, account)
            for service in self.services
            for one in service.bound
            if (account := one.source.account)
        }
        for resource, account in sorted(of_accounts):
            if resource not in self.settings.existing:
                yield (
                    f"{resource} is bound to the account {account}, and would be made in that of the stack: if that is "
                    "another one, list it in existing ="
                )
                continue
            passed_on = " and have its events sent on to the event bus of this account" * resource.startswith(
                "s3/"
            )
            yield (
                f"{resource} is bound to the account {account}: if the stack is in another one, let the functions' "
                f"roles read it by its policy{passed_on}"
            )


def _key_types(table: Table) -> dict[str, str]:
    """The types of a table's key, by attribute."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.schema["AttributeDefinitions"]}
    return {one["AttributeName"]: types[one["AttributeName"]] for one in table.schema["KeySchema"]}


def _check_once(named: Sequence[tuple[str, str]]) -> None:
    """Refuse one name for two things."""
    for name, number in Counter(name for _, name in named).items():
        if number > 1:
            both = " and ".join(resource for resource, each in named if each == name)
            raise ConfigurationError(f"{both} would both be named {name!r}: give one another name in names =")
