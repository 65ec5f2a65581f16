"""``reactflow event``: a real event, as Lambda delivers it, of records that are written on the command line.

It promises the same bytes for the same call: it reads no clock (unless ``--at now``) and touches no AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from reactflow.cli.answers import json_line, json_text
from reactflow.cli.records import check_fields, partition_key, read_record, told_with, written
from reactflow.errors import ConfigurationError

event = typer.Typer(
    no_args_is_help=True,
    help="""Print an event as Lambda delivers it.

    \b
    reactflow event kinesis measurements '{"room": "a", "length": 3}' > event.json
    """,
)

Records = Annotated[
    list[str], typer.Argument(metavar="RECORD...", help="JSON objects; - reads them, one a line")
]
Start = Annotated[
    int,
    typer.Option(
        min=0, metavar="N", help="how many came before: a later event has higher numbers than an earlier"
    ),
]
At = Annotated[
    str,
    typer.Option(
        metavar="TIME",
        help="when the first came: now, or a time [default: 2026-11-23T12:00:00Z]; each comes a second later",
        show_default=False,
    ),
]
OneLine = Annotated[bool, typer.Option("--json", help="in one line, as `reactflow replay` takes it")]


class View(StrEnum):
    """What a table's stream shows of a change."""

    new_and_old = "NEW_AND_OLD_IMAGES"
    new = "NEW_IMAGE"
    old = "OLD_IMAGE"
    keys = "KEYS_ONLY"


class Form(StrEnum):
    """How word of an object comes to Lambda."""

    direct = "direct"
    sqs = "sqs"
    eventbridge = "eventbridge"
    eventbridge_sqs = "eventbridge-sqs"


@event.command()
def kinesis(
    stream: Annotated[str, typer.Argument(metavar="STREAM")],
    records: Records,
    partition: Annotated[
        str,
        typer.Option(
            help="the field that is the partition key [default: the first]",
            metavar="FIELD",
            show_default=False,
        ),
    ] = "",
    shard: Annotated[int, typer.Option(help="the shard they come from", min=0, metavar="N")] = 0,
    start: Start = 0,
    at: At = "",
    as_json: OneLine = False,
) -> None:
    """Print an event of a Kinesis stream.

    \b
    reactflow event kinesis measurements '{"room": "a", "length": 3}' '{"room": "b", "length": 4}'
    reactflow event kinesis measurements '{"length": 3, "room": "a"}' --partition room --at now
    """
    _print(
        kinesis_made(stream, written(records), partition=partition, shard=shard, start=start, at=_time(at)),
        as_json,
    )


@event.command()
def dynamodb(
    table: Annotated[str, typer.Argument(metavar="TABLE")],
    items: Annotated[
        list[str],
        typer.Argument(
            metavar="ITEM...", help="items as they are now, or were when --removed; - reads lines"
        ),
    ],
    keys: Annotated[
        str,
        typer.Option(
            help="the attributes of the primary key [default: the first]",
            metavar="NAME,NAME",
            show_default=False,
        ),
    ] = "",
    old: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ITEM", help="the item as it was before; once for each ITEM, null for a new one"
        ),
    ] = None,
    is_removed: Annotated[bool, typer.Option("--removed", help="the items were deleted")] = False,
    is_ttl: Annotated[
        bool, typer.Option("--ttl", help="the items were deleted by the table's time to live")
    ] = False,
    view: Annotated[View, typer.Option(help="what the stream shows")] = View.new_and_old,
    start: Start = 0,
    at: At = "",
    as_json: OneLine = False,
) -> None:
    """Print an event of the stream of a DynamoDB table.

    \b
    reactflow event dynamodb orders '{"id": "o1", "price": 10.10}'
    reactflow event dynamodb orders '{"id": "o1", "price": 12}' --old '{"id": "o1", "price": 10.10}'
    reactflow event dynamodb orders '{"id": "o1", "price": 12}' --removed
    """
    made = dynamodb_made(
        table, written(items), keys=keys, old=old or [], is_removed=is_removed, is_ttl=is_ttl, view=view.value,
        start=start, at=_time(at),
    )  # fmt: skip
    _print(made, as_json)


@event.command()
def s3(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET")],
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="keys of objects, as they are; - reads lines")
    ],
    form: Annotated[
        Form,
        typer.Option(
            help="how it comes: `reactflow build` has it come by eventbridge-sqs, `reactflow dev` by sqs"
        ),
    ] = Form.direct,
    is_deleted: Annotated[bool, typer.Option("--deleted", help="the objects were deleted")] = False,
    is_marker: Annotated[
        bool, typer.Option("--marker", help="the same in a bucket with versions: a delete marker was made")
    ] = False,
    version: Annotated[
        str,
        typer.Option(
            "--version-id", metavar="ID", help="the version, in a bucket with versions", show_default=False
        ),
    ] = "",
    size: Annotated[int, typer.Option(min=0, metavar="BYTES", help="the size")] = 5,
    etag: Annotated[
        str, typer.Option(metavar="ETAG", help="the entity tag [default: one of the key]", show_default=False)
    ] = "",
    start: Start = 0,
    at: At = "",
    as_json: OneLine = False,
) -> None:
    """Print an event of an S3 bucket.

    \b
    reactflow event s3 photos in/ana/cat.jpg | reactflow invoke photos:thumbnails
    reactflow event s3 photos in/ana/cat.jpg --deleted --form eventbridge-sqs
    """
    made = s3_made(
        bucket, written(keys), form=form, is_deleted=is_deleted, is_marker=is_marker, version=version, size=size,
        etag=etag, start=start, at=_time(at),
    )  # fmt: skip
    _print(made, as_json)


def kinesis_made(
    stream: str,
    records: Sequence[str],
    *,
    partition: str = "",
    shard: int = 0,
    start: int = 0,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event that a trigger of a stream would deliver for these records, digit for digit.

    Raises ConfigurationError for a record that is not an object, or lacks the partition key.

    >>> kinesis_made("measurements", ['{"room": "a", "length": 3}'])["Records"][0]["kinesis"]["partitionKey"]
    'a'
    """
    from reactflow.testing import kinesis_event

    parts: list[str] = []
    for text in records:
        with told_with(text):
            parts.append(partition_key(read_record(text), partition))
    made = kinesis_event(*records, stream=stream, shard=shard, start=start, at=at)
    for record, part in zip(made["Records"], parts, strict=True):
        record["kinesis"]["partitionKey"] = part
    return made


def dynamodb_made(
    table: str,
    items: Sequence[str],
    *,
    keys: str = "",
    old: Sequence[str] = (),
    is_removed: bool = False,
    is_ttl: bool = False,
    view: str = View.new_and_old.value,
    start: int = 0,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event that a trigger of a table's stream would deliver for these changes.

    Raises ConfigurationError for an item that is not an object or lacks its key, and for old items that do not fit.

    >>> dynamodb_made("orders", ['{"id": "o1"}'], is_ttl=True)["Records"][0]["userIdentity"]["principalId"]
    'dynamodb.amazonaws.com'
    """
    from reactflow.testing import dynamodb_event

    if old and (is_removed or is_ttl):
        raise ConfigurationError(
            "--old is of an item that was changed: with --removed or --ttl, ITEM is the old one"
        )
    if old and len(old) != len(items):
        raise ConfigurationError(
            f"--old is given {len(old)} times for {len(items)} items: give it once for each ITEM, in the same order, "
            "null for one that is new"
        )
    names = [one for one in keys.split(",") if one]
    after: list[dict[str, Any]] = []
    before: list[dict[str, Any] | None] = []
    for place, text in enumerate(items):
        with told_with(text):
            after.append(one := read_record(text))
            names = names or [next(iter(one))]
            check_fields(one, names)
            was = None if not old or old[place].strip() == "null" else read_record(old[place])
            before.append(was)
            for name in names if was is not None else ():
                if was is not None and was.get(name) != one[name]:
                    raise ConfigurationError(
                        f"--old has another key, {name} = {was.get(name)!r} and not {one[name]!r}: a change keeps it"
                    )
    changes = (
        [(one, None) for one in after] if is_removed or is_ttl else list(zip(before, after, strict=True))
    )
    return dynamodb_event(*changes, table=table, keys=names, view=view, start=start, ttl=is_ttl, at=at)


def s3_made(
    bucket: str,
    keys: Sequence[str],
    *,
    form: Form = Form.direct,
    is_deleted: bool = False,
    is_marker: bool = False,
    version: str = "",
    size: int = 5,
    etag: str = "",
    start: int = 0,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event by which Lambda hears of these objects. Raises ConfigurationError for several in one of EventBridge.

    >>> s3_made("photos", ["in/a b.jpg"])["Records"][0]["s3"]["object"]["key"]
    'in/a+b.jpg'
    >>> s3_made("photos", ["in/a b.jpg"], form=Form.eventbridge)["detail"]["object"]["key"]
    'in/a b.jpg'
    """
    from reactflow.testing import eventbridge_event, s3_event, sqs_event

    if form is Form.eventbridge and len(keys) != 1:
        raise ConfigurationError(
            f"EventBridge tells of one object an event, and there are {len(keys)}: name one, or --form eventbridge-sqs"
        )
    about: dict[str, Any] = {"size": size, **({"etag": etag} if etag else {}), "version_id": version or None}
    if is_marker:
        about |= {"event": "ObjectRemoved:DeleteMarkerCreated", "version_id": version or "marker"}
    elif is_deleted:
        about |= {"event": "ObjectRemoved:Delete"}
    made = s3_event(*({"key": key, **about} for key in keys), bucket=bucket, start=start, at=at)
    if form is Form.direct:
        return made
    if form is Form.eventbridge:
        return eventbridge_event(made)
    places = range(len(keys))
    if form is Form.sqs:
        return sqs_event(*({"Records": [made["Records"][place]]} for place in places), start=start)
    return sqs_event(*(eventbridge_event(made, place) for place in places), start=start)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    if text == "now":
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"--at {text} is no time: write now, or one such as 2026-11-23T12:00:00Z"
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _print(made: Mapping[str, Any], in_one_line: bool) -> None:
    print(json_line(made) if in_one_line else json_text(made))
