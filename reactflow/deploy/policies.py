"""What a service may do on AWS: the statements of its function's role, from the edges that it declares and no others.

Each statement names the actions that the function's own calls take, or that Lambda takes in its name to read its
triggers, and exactly the resources that they are on. Physical names come from the settings; account, region and
partition are pseudo parameters, so that texts with ``${`` are for ``Fn::Sub``. It must not ask AWS for anything.

What needs no statement: keys of KMS that AWS owns or manages (``aws/kinesis``, ``aws/dynamodb``, ``aws/s3``), which
whoever may use the stream, table or bucket may use through it; a queue of dead letters, which SQS itself fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from attrs import evolve

from reactflow.aws import S3, DynamoDB, DynamoDBStore, Kinesis
from reactflow.aws.state_layout import OWING, PARTITION, RANKED, SORT
from reactflow.deploy.settings import QUARANTINE, STATE, Settings
from reactflow.deploy.statement import Conditions, size_of
from reactflow.deploy.statement import Statement as Statement
from reactflow.deploy.statement import policy_of as policy_of
from reactflow.errors import ConfigurationError
from reactflow.local.needs import queue_of
from reactflow.service import Service, System
from reactflow.service.output import Output

LONGEST: Final = 10_240  # characters of all policies in a role, white space not counted: a limit of IAM
FAILURES: Final = "aws/lambda/"  # under which Lambda keeps what a trigger gave up
OWN: Final = "${AWS::AccountId}"

WITHOUT_RESOURCE: Final[Mapping[str, str]] = {
    "dynamodb:ListStreams": (
        "Lambda asks for it of a role that reads a table's stream; it tells names of streams and nothing in them"
    ),
}
"""The actions that take no resource, so that ``*`` stands for it, and why they are needed: there are no others."""

_READ_STREAM: Final = (
    "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
    "kinesis:ListShards",
)  # fmt: skip
_READ_TABLE: Final = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_TAKE_MESSAGES: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
_UNITS: Final = ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem")
_QUERY: Final = ("dynamodb:Query",)
_ONLY_KEYS: Final[Conditions] = {
    "ForAllValues:StringEquals": {"dynamodb:Attributes": (PARTITION, SORT)},
    "StringEquals": {"dynamodb:Select": ("SPECIFIC_ATTRIBUTES",)},
}
_LOGS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")

Takes: TypeAlias = Mapping[str, tuple[str, ...]]
"""The name of a statement -> the actions in it."""


def statements_of(
    service: Service,
    settings: Settings,
    *,
    function: str | None = None,
    streams: Mapping[str, str] | None = None,
    queues: Mapping[str, str] | None = None,
) -> tuple[Statement, ...]:
    """What the role of a service's function may do.

    ``function`` is the function's name (default: the stack's and the service's). ``streams`` and ``queues`` give the
    ARNs of tables' streams and of the queues of buckets' notifications, by resource, as texts for ``Fn::Sub``
    (``{"dynamodb/staff": "${Staff.StreamArn}"}``); without, a table's stream is ``stream/*`` of the very table, unless
    the settings give its ARN, and a queue is that of ``needs.queue_of``, after the stage's prefix.

    Raises ConfigurationError for a prefix of keys that cannot stand in a policy, and for more than IAM takes.

    >>> from examples.climate import climate
    >>> for one in statements_of(climate, Settings()):
    ...     print(one.sid, *one.actions)
    Logs logs:CreateLogStream logs:PutLogEvents
    ReadStreams kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards
    KeepFailures s3:PutObject
    FindFailures s3:ListBucket
    Units dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem
    Owing dynamodb:Query
    WriteRows dynamodb:PutItem
    """  # noqa: E501  # what a line shows is one statement
    name = function or f"{settings.stack}-{service.name}"
    log_streams = f"log-group:/aws/lambda/{name}:log-stream:*"  # of which Lambda makes the names
    made = [
        Statement("Logs", _LOGS, (_arn("logs", log_streams),)),
        *_triggers(service, settings, streams or {}, queues or {}),
        *_state([service], settings, (OWING,)),
        *_objects_read([service], settings),
        *_outputs([service], settings),
    ]
    return _checked(made, f"service {service.name!r}")


def operator_statements(system: System, settings: Settings) -> tuple[Statement, ...]:
    """What somebody may do who looks at units and cases, and redrives or skips them: a role of its own.

    A redrive does what the function does but for its triggers: it reads and writes units, reads objects and publishes.
    Beside, it lists and reads what triggers gave up. Raises ConfigurationError as ``statements_of`` does.

    >>> from examples.climate import climate
    >>> [one.sid for one in operator_statements(System(climate), Settings())]
    ['Units', 'Cases', 'ReadFailures', 'FindFailures', 'WriteRows']
    """
    services = list(system.services.values())
    made = [
        *_state(services, settings, ()),
        *_failures(services, settings, "Read", ("s3:GetObject",)),
        *_objects_read(services, settings),
        *_outputs(services, settings),
    ]
    return _checked(made, "the operator of the system")


# -- triggers ------------------------------------------------------------------------------------------------


def _triggers(
    service: Service, settings: Settings, streams: Mapping[str, str], queues: Mapping[str, str]
) -> list[Statement]:
    kinesis, tables, taken = list[str](), list[str](), list[str]()
    for one in service.bound:
        source, account = one.source, one.source.account or OWN
        if isinstance(source, Kinesis):
            kinesis.append(_arn("kinesis", f"stream/{settings.physical(source.resource)}", account))
        elif isinstance(source, DynamoDB):
            any_stream = f"table/{settings.physical(source.resource)}/stream/*"
            known = streams.get(source.resource) or settings.streams.get(source.resource)
            tables.append(known or _arn("dynamodb", any_stream, account))
        elif isinstance(source, S3):
            named = f"{settings.prefix}{queue_of(service, source)}"
            taken.append(queues.get(source.resource) or _arn("sqs", named))
    made = [
        *_statement("ReadStreams", _READ_STREAM, kinesis),
        *_statement("ReadTables", _READ_TABLE, tables),
        *_statement("ListTables", ("dynamodb:ListStreams",) if tables else (), ["*"]),
        *_statement("TakeMessages", _TAKE_MESSAGES, taken),
    ]
    return [*made, *_failures([service], settings, "Keep", ("s3:PutObject",))]


def _failures(
    services: Sequence[Service], settings: Settings, verb: str, actions: tuple[str, ...]
) -> list[Statement]:
    """Of the bucket for what triggers gave up, the part that Lambda writes to; queues have dead letters instead."""
    if not any(isinstance(one.source, (Kinesis, DynamoDB)) for service in services for one in service.bound):
        return []
    bucket = settings.physical(f"s3/{QUARANTINE}")
    takes: Takes = {f"{verb}Failures": actions, "FindFailures": ("s3:ListBucket",)}
    made = _of_prefix(bucket, FAILURES, takes, OWN)
    # Lambda tries whether the bucket can be written to, and does not say that it names a prefix then
    return made if verb == "Read" else [made[0], evolve(made[1], conditions=made[0].conditions)]


# -- units ---------------------------------------------------------------------------------------------------


def _state(services: Sequence[Service], settings: Settings, indexes: tuple[str, ...]) -> list[Statement]:
    """Rows of the tables of units that begin with a service's name and a slash, which no name holds.

    The function asks ``indexes``, of units that owe changes, an operator the table itself, for cases; who has members
    asks the index of contributions, also where only a later version of the flow has a fold that needs them in order.
    """
    found: dict[str, list[Service]] = {}
    for service in services:
        store = service.store
        if service.bound and (
            store is None or isinstance(store, DynamoDBStore)
        ):  # else it has no units there
            table = STATE if store is None else store.table
            found.setdefault(settings.physical(f"dynamodb/{table}"), []).append(service)
    made: list[Statement] = []
    for table, users in found.items():
        arn = _arn("dynamodb", f"table/{table}")
        own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": tuple(f"{one.name}/*" for one in users)}}
        gathers = (RANKED,) if any(one.member_folds for one in users) else ()
        asked = [f"{arn}/index/{index}" for index in (*indexes, *gathers)]
        made += _statement("Units", _UNITS, [arn], own)
        made += _statement("Owing" if indexes else "Cases", _QUERY, asked if indexes else [arn, *asked], own)
        if indexes and any(_expires(one) for one in users):
            made += _statement("Expiring", ("dynamodb:Scan",), [arn], _ONLY_KEYS)
    return made


def _expires(service: Service) -> bool:
    """Whether units of old windows are looked for: a scan has no leading keys, so it is held to names of units."""
    return service.key.window is not None and service.key.window.keep is not None


# -- objects, rows and records -------------------------------------------------------------------------------


def _objects_read(services: Sequence[Service], settings: Settings) -> list[Statement]:
    made: list[Statement] = []
    for source in (one.source for service in services for one in service.bound):
        if isinstance(source, S3):
            takes = {
                "ReadObjects": ("s3:GetObject", "s3:GetObjectVersion"),
                "FindObjects": ("s3:ListBucket",),
            }
            bucket, prefix = settings.physical(source.resource), _prefix(source)
            made += _of_prefix(bucket, prefix, takes, source.account or OWN)
    return made


def _outputs(services: Sequence[Service], settings: Settings) -> list[Statement]:
    """What the sinks call; nothing is removed by an output of which no row can ever be gone."""
    put: dict[str, set[str]] = {}
    rows: dict[str, set[str]] = {}
    made: list[Statement] = []
    for service, output in ((one, output) for one in services for output in one.outputs):
        sink = output.sink
        if isinstance(sink, Kinesis):
            put[_arn("kinesis", f"stream/{settings.physical(sink.destination)}")] = {"kinesis:PutRecords"}
        elif isinstance(sink, DynamoDB):
            table = _arn("dynamodb", f"table/{settings.physical(sink.destination)}")
            rows.setdefault(table, set()).update(_row_actions(service, output, shared=sink.owns is not None))
        elif isinstance(sink, S3):
            takes: Takes = {"WriteObjects": ("s3:PutObject",)}
            if not output.pulse:
                removes = ("s3:DeleteObject",) * can_remove(service, output)
                takes = {
                    "WriteObjects": (*removes, "s3:GetObject", "s3:PutObject"),
                    "FindObjects": ("s3:ListBucket",),
                }
            bucket, prefix = settings.physical(sink.destination), _prefix(sink)
            made += _of_prefix(bucket, prefix, takes, sink.account or OWN)
    for sid, found in (("PutRecords", put), ("WriteRows", rows)):
        for arn, actions in found.items():
            made += _statement(sid, tuple(sorted(actions)), [arn])
    return made


def _row_actions(service: Service, output: Output, *, shared: bool) -> tuple[str, ...]:
    if output.pulse:
        return ("dynamodb:PutItem",)
    if shared:
        return ("dynamodb:GetItem", "dynamodb:UpdateItem")
    return ("dynamodb:PutItem", *(("dynamodb:DeleteItem",) if can_remove(service, output) else ()))


def can_remove(service: Service, output: Output) -> bool:
    """Whether a row of an output can ever be gone: what feeds its unit can be taken away, or it is keyed by a cell.

    >>> from examples.climate import climate
    >>> can_remove(climate, climate.outputs[0])
    False
    """
    return not output.pulse and bool(service.fed or output.by)


def _prefix(place: S3) -> str:
    """The text that all keys of a template begin with; raises ConfigurationError for one that a policy cannot say."""
    prefix = place.template.prefix
    wild = [text for text in ("${", "*", "?") if text in prefix]
    strange = [char for char in prefix if not " " <= char <= "\xff" or char == "\x7f"]
    if wild or strange:
        meaning = "has a meaning of its own there" if wild else "cannot stand there"
        raise ConfigurationError(
            f"{place.resource}: the keys of {place.key!r} begin with {prefix!r}, which has to stand in a policy, and "
            f"{(wild or strange)[0]!r} {meaning}: begin them with letters, digits, '-' and '/'"
        )
    return prefix


def _of_prefix(bucket: str, prefix: str, takes: Takes, account: str) -> list[Statement]:
    """Statements on the objects under a prefix, and on finding whether one is there; the bucket is of an account.

    Without ``s3:ListBucket`` on its key, S3 says of an object that is missing that it is forbidden.
    """
    arn = f"arn:${{AWS::Partition}}:s3:::{bucket}"
    owned = {"StringEquals": {"aws:ResourceAccount": (account,)}}
    found = {**owned, "StringLike": {"s3:prefix": (f"{prefix}*",)}}
    made: list[Statement] = []
    for sid, actions in takes.items():
        is_list = actions == ("s3:ListBucket",)
        made += _statement(
            sid, actions, [arn if is_list else f"{arn}/{prefix}*"], found if is_list else owned
        )
    return made


# -- all of them ---------------------------------------------------------------------------------------------


def _arn(service: str, place: str, account: str = OWN) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:{account}:{place}"


def _statement(
    sid: str, actions: tuple[str, ...], resources: Sequence[str], conditions: Conditions | None = None
) -> list[Statement]:
    if not actions or not resources:
        return []
    return [Statement(sid, actions, tuple(dict.fromkeys(resources)), conditions or {})]


def _checked(statements: Sequence[Statement], whose: str) -> tuple[Statement, ...]:
    """The statements with those joined that differ in their resources only, each with a name of its own."""
    joined: dict[tuple[str, ...], Statement] = {}
    for one in statements:
        like = (one.sid, *one.actions, repr(one.conditions))
        there = joined.get(like)
        both = one.resources if there is None else (*there.resources, *one.resources)
        joined[like] = evolve(one, resources=tuple(dict.fromkeys(both)))
    made: list[Statement] = []
    for one in joined.values():
        number = 1 + sum(1 for other in made if other.sid.rstrip("0123456789") == one.sid)
        made.append(evolve(one, sid=one.sid if number == 1 else f"{one.sid}{number}"))
    if (size := size_of(made)) > LONGEST:
        raise ConfigurationError(
            f"{whose}: its policy has {size:,} characters, and IAM takes {LONGEST:,} in one role: read and write fewer "
            "streams, tables and prefixes in one service, or give them shorter names"
        )
    return tuple(made)
