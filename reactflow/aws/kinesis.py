"""Kinesis: a stream as a source and as a sink.

As a source it promises order within a shard, duplicates possible, every record present; a record is a patch:
what it does not hold stays as it is. The data of a record is one JSON object, or a CloudEvent of another
service of ours. As a sink it writes CloudEvents, the records of one unit in order. It must not look into what
the fields mean.
"""

from __future__ import annotations

import base64
import binascii
from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reactflow.aws.names import check_name, home_account
from reactflow.aws.origin import check_origin, named
from reactflow.aws.stream import StreamSource, padded
from reactflow.errors import BindingError, RecordError
from reactflow.service.decoding import ABSENT, read_path, short
from reactflow.service.json_reader import DIGITS, SIZE, read_object, read_quickly
from reactflow.service.options import text
from reactflow.service.quick import quick_reader
from reactflow.service.sink import Publication, Sink
from reactflow.service.source import Contract, Message, Reader, Record, moment

if TYPE_CHECKING:
    from reactflow.aws.kinesis_writer import StreamWriter
    from reactflow.service.binding import Input, UnitEvent
    from reactflow.service.envelope import Envelope
    from reactflow.service.output import Output

NUMBER_WIDTH = 129  # digits: the longest sequence number that the service's own pattern allows
PART_WIDTH = 10  # digits of the place inside an aggregated record
_AGGREGATED = b"\xf3\x89\x9a\xc2"  # how records packed by the Kinesis Producer Library begin
_GZIP = b"\x1f\x8b"
_CONTRACT = Contract(ordered=True, skips=False, replaces=False)
_ONLY_PART = f".{0:0>{PART_WIDTH}}"  # the first record inside an aggregated one
_TIME = "approximateArrivalTimestamp"
_LONGEST_KEY = 256  # characters of a partition key


@frozen
class Kinesis(StreamSource, Sink):
    """A Kinesis stream, by name.

    ``partition`` names the field that the stream is partitioned by; it is checked on each record, and a unit whose key
    holds that field is sure to be in one ordered lane. ``key`` says where parts of the unit's key are found, when not
    at their own names (``{"order": "id"}``). ``region`` refuses records of any other region. The other options are
    those of every source. ``parallelization_factor`` is the trigger's, the most that it had while records may come
    again: from 2 on the batches of one shard are delivered side by side, and a unit whose key does not hold the
    partition key counts the records of each partition key for themselves.

    As a sink, a record's partition key is the value of ``partition``, else the unit's key: the bare value of a key with
    one field, the key's text otherwise.

    >>> Kinesis("measurements", partition="room").resource
    'kinesis/measurements'
    """

    stream: str
    partition: str | None = field(default=None, kw_only=True, validator=text("room"))
    parallelization_factor: int = field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_name("Kinesis", self.stream)
        factor: object = self.parallelization_factor
        if type(factor) is not int or not 1 <= factor <= 10:
            raise BindingError(
                f"{self.resource}: parallelization_factor={factor!r} is not a number from 1 to 10"
            )

    @property
    def resource(self) -> str:
        return f"kinesis/{self.stream}"

    @property
    def destination(self) -> str:
        return f"kinesis/{self.stream}"

    @property
    def contract(self) -> Contract:
        return _CONTRACT

    def unit_is_one_lane(self, key_names: Sequence[str]) -> bool:
        """True when the partition field is part of the key: then all records of a unit have one partition key."""
        return self.partition is not None and self.partition in self.paths_in(key_names)

    # -- source -------------------------------------------------------------------------------------------------------

    def decode(self, record: Record) -> Message | None:
        check_origin(self, record, self.region)
        part = _kinesis(record)
        plain = _quickly(part)
        if plain is None:
            what = _what(record, part)
            plain = read_object(_data(part, what), what)
        cause = None
        fields: Mapping[str, Any] = plain
        if "specversion" in plain and (cause := _cause(plain, record, part)) is not None:
            fields = cause.data
        self._check_partition(fields, part, record)
        time = moment(part.get(_TIME))
        if cause is not None and cause.is_removal:
            return Message(new=None, old=fields, old_known=False, time=time, cause=cause)
        return Message(new=fields, time=time, cause=cause)

    @property
    def has_few_lanes(self) -> bool:
        """True: as many as shards."""
        return True

    def part_of_lane(self, record: Record) -> str:
        """The partition key, where batches of one shard are delivered side by side."""
        return "" if self.parallelization_factor == 1 else str(_kinesis(record).get("partitionKey", ""))

    def reader(self, bound: Input) -> Reader | None:
        quick = quick_reader(bound, self.partition)
        if self.parallelization_factor > 1 and not self.unit_is_one_lane(bound.lane_names):
            return None
        if quick is None or self.account is not None or self.region is not None:
            return None
        prefix, home = f"{self.resource}/", home_account() or ""

        def reader(record: Record) -> tuple[UnitEvent, str, str, float | None] | None:
            raw, number = record.raw, record.receipt
            part, name = raw.get("kinesis"), raw.get("eventID")
            if not isinstance(part, dict) or not isinstance(name, str):
                return None
            text, sent, time = part.get("data"), part.get("partitionKey"), part.get(_TIME)
            shard, colon, _ = name.partition(":")
            if not (
                shard and colon and number.isdigit() and number.isascii() and len(number) <= NUMBER_WIDTH
            ):
                return None
            if home and record.account != home:
                return None
            if not isinstance(text, str) or len(text) > DIGITS or time.__class__ is not float:
                return None
            if not isinstance(sent, str) or not 0 < len(sent) <= _LONGEST_KEY:
                return None
            try:
                event = quick.read(a2b_base64(text, strict_mode=True), sent)
            except ValueError:
                return None
            return event and (event, prefix + shard, number.zfill(NUMBER_WIDTH) + _ONLY_PART, time)

        return reader

    def lane(self, record: Record) -> str:
        """The stream and the shard; the shard stands before the colon of the event's id."""
        name = record.raw.get("eventID", "")
        shard, colon, _ = (name if type(name) is str else str(name)).partition(":")
        if not colon or not shard:
            raise RecordError(
                f"{named(record)} does not tell its shard: eventID is {short(record.raw.get('eventID'))}, and "
                "should be 'shardId-...:sequence number'"
            )
        return f"{self.resource}/{shard}"

    def position(self, record: Record) -> str:
        """The sequence number in 129 digits, and the place inside an aggregated record (always the first, for now)."""
        return padded(_kinesis(record).get("sequenceNumber"), NUMBER_WIDTH, record) + _ONLY_PART

    def _check_partition(self, fields: Mapping[str, Any], part: Mapping[str, Any], record: Record) -> None:
        if self.partition is None:
            return
        sent = part.get("partitionKey")
        value = read_path(fields, self.partition)
        if type(value) is str and value == sent and 0 < len(value) <= _LONGEST_KEY:
            return
        from reactflow.aws.kinesis_writer import partition_key  # of what is no text: its writer knows
        from reactflow.service.json_writer import as_text

        what = _what(record, part)
        if value is ABSENT or value is None:
            raise RecordError(
                f"{what}: the field {self.partition!r} that the stream is partitioned by is "
                f"{'missing' if value is ABSENT else 'null'}: send it in every record, or bind without "
                "partition=",
                field=self.partition,
                key_fields=dict(fields),
            )
        if partition_key(as_text(value)) != sent:
            raise RecordError(
                f"{what}: the field {self.partition!r} is {short(value)}, but the record was sent with the "
                f"partition key {short(sent)}: send it with its {self.partition} as partition key, or bind "
                "without partition=",
                field=self.partition,
                key_fields=dict(fields),
            )

    # -- sink ---------------------------------------------------------------------------------------------------------

    def check(self, key_names: Sequence[str], output: Output) -> None:
        if self.partition is not None and "." in self.partition:
            raise BindingError(
                f"{self.destination}: partition={self.partition!r} goes into a nested value, and a row has "
                "none: partition by a field of the key"
            )

    def confirm(self, publication: Publication) -> None:
        from reactflow.service.writable import refusing

        with refusing():
            self._writer.record(publication)

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        return self._writer.publish(batch)

    @property
    def _writer(self) -> StreamWriter:
        from reactflow.aws.kinesis_writer import StreamWriter  # who only reads does without

        return StreamWriter(self.stream, self.partition)


def _kinesis(record: Record) -> Mapping[str, Any]:
    part = record.raw.get("kinesis")
    if type(part) is dict:
        return part
    if not isinstance(part, Mapping):
        raise RecordError(f"{named(record)} has no part 'kinesis': it is not a record of a Kinesis trigger")
    return part


def _what(record: Record, part: Mapping[str, Any]) -> str:
    """How errors name a record of Kinesis."""
    return named(record, str(part.get("sequenceNumber", "")))


def _cause(plain: Mapping[str, Any], record: Record, part: Mapping[str, Any]) -> Envelope | None:
    """The envelope of a record that another service has written, None for any other record."""
    from reactflow.service.envelope import Envelope  # records of others have none

    if not Envelope.is_one(plain):
        return None
    try:
        return Envelope.from_json(plain)
    except RecordError as error:
        raise RecordError(f"{_what(record, part)}: {error}", field=error.field) from error


def _quickly(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields of a record in which nothing is unusual; None for one that is to be read with care."""
    text = part.get("data")
    if type(text) is not str or len(text) > 2 * DIGITS:
        return None
    try:
        return read_quickly(a2b_base64(text, strict_mode=True))
    except ValueError:
        return None


def _data(part: Mapping[str, Any], what: str) -> bytes:
    text = part.get("data")
    if not isinstance(text, str):
        raise RecordError(f"{what} has no data, but {short(text)}")
    if len(text) > SIZE * 4 // 3 + 4:
        raise RecordError(
            f"{what} has about {len(text) * 3 // 4} bytes, and {SIZE} are the most: send a reference"
        )
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RecordError(f"{what} has data that is not base64: {short(text)}") from None
    if data.startswith(_AGGREGATED):
        raise RecordError(
            f"{what} holds several records packed by the Kinesis Producer Library, which is not read yet: set "
            "AggregationEnabled=false in the producer"
        )
    if data.startswith(_GZIP):
        raise RecordError(
            f"{what} is compressed with gzip, and is not unpacked here: send it as it is, or put it into S3 and send "
            "its key"
        )
    return data
