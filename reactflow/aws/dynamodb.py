"""DynamoDB: a table's stream as a source, and a table as a sink.

As a source it promises order within an item, duplicates possible, every change present; a record holds the
whole item, so that an attribute that is not there has no value. As a sink it keeps a row at the last value:
one that is older than what is there changes nothing. It must not read the table when it decodes: a record is
all it knows.

The attributes of our own bookkeeping (``_n``, ``_event``, ``_id``) are never shown as fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from reactflow.aws.attribute_values import read_item, read_number
from reactflow.aws.names import check_name
from reactflow.aws.origin import check_origin, named
from reactflow.aws.row_writer import EVENT, UNIT, RowWriter, is_bookkeeping
from reactflow.aws.stream import StreamSource, padded
from reactflow.errors import BindingError, ConfigurationError, RecordError
from reactflow.service.decoding import short
from reactflow.service.options import as_names, names
from reactflow.service.sink import Publication, Sink
from reactflow.service.source import Contract, Message, Record, moment
from reactflow.service.writable import refusing

if TYPE_CHECKING:
    from reactflow.service.envelope import Envelope
    from reactflow.service.output import Output

NUMBER_WIDTH = 40  # digits: the longest sequence number of a stream
_FEW = 32  # columns of a row that is not measured before it is written
_SHORT = 1000  # characters of a text in it


@frozen
class DynamoDB(StreamSource, Sink):
    """A DynamoDB table, by name.

    ``keys`` names the attributes of its primary key, partition key first. ``key`` says where parts of the unit's key
    are found, when not at their own names. ``owns="attributes"`` makes the sink touch only what it writes, for rows
    that it shares with others. ``region`` refuses records of any other region. The other options are those of every
    source.

    **As a source.** Without ``keys`` the table is taken to have one item a unit, as it is when the unit's key is the
    table's primary key; with ``keys`` that is checked when the service is made. Each record shows its key attributes,
    and ``confirm_unit`` compares them with the unit's key. With ``version``, which orders the writes of several items,
    a unit is taken to have one item only if ``keys`` says so.

    **As a sink**, a row's primary key is the unit's key fields if there are one or two, with the attributes' own names;
    otherwise the attribute ``unit`` (text) holds the key's text. An occurrence of a pulse is an item of its own: its
    partition key is the key field if there is one, else ``unit``, and its sort key is ``_id`` (text). ``keys`` says
    otherwise where a table was made otherwise; it must tell units apart.

    ============================  ==================================  ==================
    the output                    partition key                       sort key
    ============================  ==================================  ==================
    a cell, key of 1 field        that field                          none
    a cell, key of 2 fields       the first                           the second
    a cell, any other key         ``unit``                            none
    a pulse, key of 1 field       that field                          ``_id``
    a pulse, any other key        ``unit``                            ``_id``
    ============================  ==================================  ==================

    >>> DynamoDB("employees", keys=("department", "number")).unit_is_one_lane(["department", "number"])
    True
    """

    table: str
    keys: tuple[str, ...] | None = field(default=None, kw_only=True, converter=as_names, validator=names)
    owns: Literal["attributes"] | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_name("DynamoDB", self.table)
        if self.owns not in (None, "attributes"):
            raise BindingError(
                f'dynamodb/{self.table}: owns={self.owns!r} is unknown: leave it out, or owns="attributes"'
            )
        if self.keys is not None and not 1 <= len(self.keys) <= 2:
            raise BindingError(
                f"dynamodb/{self.table}: keys={self.keys!r} is no primary key: name its one or two attributes"
            )

    @property
    def resource(self) -> str:
        return f"dynamodb/{self.table}"

    @property
    def destination(self) -> str:
        return f"dynamodb/{self.table}"

    @property
    def contract(self) -> Contract:
        return Contract(ordered=True, skips=False, replaces=True)

    def unit_is_one_lane(self, key_names: Sequence[str]) -> bool:
        """Whether a unit is one item: every attribute of the primary key is found in the unit's key.

        Without ``keys`` nothing is known against it, so True: the first record that shows otherwise is refused by
        ``confirm_unit``. With ``version``, which makes that no mistake, it is not known.
        """
        if self.keys is None:
            return self.version is None
        return set(self.keys) <= self.paths_in(key_names)

    def confirm_unit(self, record: Record, key_names: Sequence[str]) -> None:
        """Refuse a table whose items are finer than units, where nothing orders them: raises ConfigurationError."""
        if self.keys is not None or self.version is not None or self.order is not None:
            return
        item_keys = set(_dynamodb(record).get("Keys") or ())
        finer = sorted(item_keys - self.paths_in(key_names))
        if finer:
            raise ConfigurationError(
                f"{named(record)}: the table's primary key has {finer[0]!r}, which is no part of the unit's key, so "
                f"that several items would feed one unit in no order: say keys= on the input, if all that they feed "
                f"stands any order, add {finer[0]!r} to the service's key, or say what orders them with version= or "
                'order="arrival"'
            )

    # -- source -------------------------------------------------------------------------------------------------------

    def decode(self, record: Record) -> Message | None:
        check_origin(self, record, self.region)
        part = _dynamodb(record)
        what = named(record, str(part.get("SequenceNumber", "")))
        keys = _shown(read_item(part.get("Keys"), f"{what}, keys"))
        time = moment(part.get("ApproximateCreationDateTime"))
        try:
            return self._message(record, part, keys, time, what)
        except RecordError as error:
            error.key_fields = error.key_fields or keys
            raise

    def _message(
        self, record: Record, part: Mapping[str, Any], keys: dict[str, Any], time: datetime | None, what: str
    ) -> Message:
        happened = record.raw.get("eventName")
        if happened not in ("INSERT", "MODIFY", "REMOVE"):
            raise RecordError(f"{what}: eventName is {short(happened)}, not INSERT, MODIFY or REMOVE")
        old_image, new_image = part.get("OldImage"), part.get("NewImage")
        old_all = None if old_image is None else read_item(old_image, f"{what}, old image")
        old = None if old_all is None else _shown(old_all)
        if happened == "REMOVE":
            # Without an old image only the key is left of what was there. TTL deletes are deletes like any other.
            return Message(new=None, old=keys if old is None else old, old_known=old is not None, time=time)
        if new_image is None:
            new = self._of_keys_only(part, keys, what)
            return Message(new=new, old=old, old_known=old is not None or happened == "INSERT", time=time)
        new_all = read_item(new_image, f"{what}, new image")
        new = _shown(new_all)
        cause = _cause(new_all, old_all, new)
        return Message(
            new=new, old=old, old_known=old is not None or happened == "INSERT", time=time, cause=cause
        )

    def _of_keys_only(self, part: Mapping[str, Any], keys: dict[str, Any], what: str) -> dict[str, Any]:
        """What a stream without new images tells: enough only for an input that takes nothing but the keys."""
        if self.fields is not None and all(path.partition(".")[0] in keys for path in self.fields.values()):
            return keys
        raise RecordError(
            f"{what} has no new image (the stream's view is {short(part.get('StreamViewType'))}), so its values "
            "are not known: set StreamViewType NEW_AND_OLD_IMAGES on the table, or bind only key attributes with "
            "fields="
        )

    def lane(self, record: Record) -> str:
        """The table and the item's key, in a text that is the same however DynamoDB writes the key's numbers."""
        keys = _dynamodb(record).get("Keys")
        if not isinstance(keys, Mapping) or not keys:
            raise RecordError(f"{named(record)} does not tell its keys, but {short(keys)}")
        parts: list[list[str]] = []
        for name in sorted(keys):
            typed = keys[name]
            if not isinstance(typed, Mapping) or len(typed) != 1:
                raise RecordError(
                    f"{named(record)}, key {name!r} is {short(typed)}, not one typed value", field=str(name)
                )
            ((kind, value),) = typed.items()
            parts.append([str(name), str(kind), _number_text(value) if kind == "N" else str(value)])
        lane = f"{self.resource}/{json.dumps(parts, ensure_ascii=False, separators=(',', ':'))}"
        if not lane.isascii():
            try:
                lane.encode()
            except UnicodeEncodeError:
                raise RecordError(
                    f"{named(record)} has the keys {short(keys)}, which hold half of a surrogate pair"
                ) from None
        return lane

    def position(self, record: Record) -> str:
        """The sequence number, in 40 digits."""
        return padded(_dynamodb(record).get("SequenceNumber"), NUMBER_WIDTH, record)

    @property
    def retention(self) -> int:
        """A stream keeps a change for 24 hours."""
        return 2

    # -- sink ---------------------------------------------------------------------------------------------------------

    def key_attributes(self, key_names: Sequence[str], *, is_log: bool = False) -> tuple[str, ...]:
        """The primary key that the sink's table has to have, partition key first; ``is_log`` for a pulse's table.

        >>> DynamoDB("log").key_attributes(["room"], is_log=True)
        ('room', '_id')
        """
        return self._writer().key_attributes(key_names, is_log=is_log)

    @property
    def forgets(self) -> bool:
        """True: a row that is gone has no number any more, and one that is shared may not have been there yet."""
        return True

    def check(self, key_names: Sequence[str], output: Output) -> None:
        self._writer().check(key_names, is_log=bool(output.pulse))

    def confirm(self, publication: Publication) -> None:
        with refusing():
            self._writer().encode(publication)

    def is_certain(self, columns: Mapping[str, Any]) -> bool:
        """True for few plain values, well within the range of DynamoDB's numbers and the size of an item."""
        if len(columns) > _FEW or UNIT in columns:
            return False
        for value in columns.values():
            kind = value.__class__
            if kind is float:
                if value and not 1e-120 < abs(value) < 1e120:
                    return False
            elif kind is int:
                if not -(10**30) < value < 10**30:
                    return False
            elif kind is str:
                if len(value) > _SHORT or not value.isascii():
                    return False
            elif kind is not bool and value is not None:
                return False
        return True

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        return self._writer().publish(batch)

    def _writer(self) -> RowWriter:
        return RowWriter(self.table, self.keys, shared=self.owns == "attributes")


def _dynamodb(record: Record) -> Mapping[str, Any]:
    part = record.raw.get("dynamodb")
    if not isinstance(part, Mapping):
        raise RecordError(f"{named(record)} has no part 'dynamodb': it is not a record of a DynamoDB stream")
    return part


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if not is_bookkeeping(name)}


def _cause(
    new: Mapping[str, Any], old: Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> Envelope | None:
    """The envelope that came with this very change: one that stood there before belongs to an earlier change."""
    for name, value in new.items():
        fresh = old is None or old.get(name) != value
        if not (name.startswith(EVENT) and is_bookkeeping(name) and fresh):
            continue
        from reactflow.service.envelope import Envelope  # items of others have none

        if Envelope.is_one(value):
            return Envelope.from_json({**value, "data": fields})
    return None


def _number_text(text: object) -> str:
    try:
        number = read_number(text)
    except ValueError:
        return str(text)
    return str(number if isinstance(number, int) else format(number.normalize(), "f"))
