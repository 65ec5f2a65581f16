"""S3: a bucket's notifications as a source, and a bucket as a sink.

As a source it promises next to nothing, as S3 does: duplicates, any order, intermediate versions skipped; the
last version wins by its sequencer. The cell holds an ``S3Object``, which reads exactly the version that the
record speaks of. As a sink it keeps one object a unit at the last value. A key is decoded once, here, and
opaque from then on.

Two facts decide the code. The notification form has its keys form-encoded (``a+b%C3%BC``), the form of
EventBridge has them as they are. Sequencers are hexadecimal text of differing length and compare after the
shorter one is padded with zeros on the right, for one key only.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from attrs import field, frozen

from reactflow.aws.clients import client, error_code, error_status, speaking
from reactflow.aws.key_template import LONGEST_KEY, KeyTemplate
from reactflow.aws.names import check_name, home_account, physical
from reactflow.aws.object_writer import ObjectWriter
from reactflow.aws.origin import check_origin, named
from reactflow.aws.s3_object import MAX_BYTES, S3Object
from reactflow.errors import BindingError, ConfigurationError, RecordError
from reactflow.service.decoding import short
from reactflow.service.options import count, text
from reactflow.service.sink import Publication, Sink
from reactflow.service.source import Contract, Message, Record, Source
from reactflow.service.writable import refusing

if TYPE_CHECKING:
    from reactflow.cells import Plan
    from reactflow.service.output import Output

SEQUENCER_WIDTH = 64  # characters; those that S3 sends have 16 to 18
_HEX = re.compile(r"[0-9A-Fa-f]+")


@frozen
class _Told:
    """What both forms of a notification tell, in one form."""

    # "put", "deleted", or "version deleted": one version is gone, and another may be current now
    happened: str
    key: str
    version_id: str | None
    etag: str
    size: int | None
    sequencer: object
    time: str


@frozen
class S3(Source, Sink):
    """An S3 bucket, by name, with the template of the keys of its objects.

    ``key`` is a template such as ``in/{user}/{name}.jpg``: its fields are the record's fields, by their names, and may
    be the unit's key; objects of any other key are not for this input. ``max_bytes`` is the most that
    ``S3Object.read`` reads. ``account`` has to own the bucket. ``region`` refuses records of any other region.
    Without ``fields=``, every cell of type S3Object is fed with the object.

    As a sink, ``key`` makes the object's key from the unit's key, and ``content_type`` is set on each object (else it
    follows from the value: bytes by the key's extension, text, or JSON). A cell bound alone is written as it is (bytes,
    text), anything else and every row as JSON. An occurrence of a pulse is an object of its own, named by the template,
    ``/`` and the occurrence's id.

    >>> S3("photos", key="in/{user}/{name}.jpg").resource
    's3/photos'
    """

    bucket: str
    key: str = field(default="{key:path}", kw_only=True, validator=text("in/{user}/{name}.jpg"))
    max_bytes: int = field(default=MAX_BYTES, kw_only=True, validator=count)
    content_type: str | None = field(default=None, kw_only=True, validator=text("image/jpeg"))
    region: str | None = field(default=None, kw_only=True, validator=text("eu-west-1"))
    template: KeyTemplate = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_name("S3", self.bucket)
        object.__setattr__(self, "template", KeyTemplate(self.key))

    @property
    def resource(self) -> str:
        return f"s3/{self.bucket}"

    @property
    def destination(self) -> str:
        return f"s3/{self.bucket}"

    @property
    def reach(self) -> str:
        """The part of the bucket that the template's keys are in: what stands before its first field."""
        return f"{self.resource}/{self.template.prefix}"

    @property
    def contract(self) -> Contract:
        return Contract(ordered=False, skips=True, replaces=True)

    def key_paths(self, names: Sequence[str]) -> Mapping[str, str]:
        """The template's fields, by their names; a part of the key that it lacks is the binding's to refuse."""
        return {name: name for name in names if name in self.template.kinds}

    def feeds(self, plan: Plan) -> Mapping[str, str]:
        """The cells of type S3Object, from the object; or those that ``fields=`` names."""
        if self.fields is not None:
            return self.fields
        from reactflow.cells import Kind  # the ground floor's names, needed only when a service is made

        sources = (node for node in plan.nodes if node.name and node.kind in (Kind.SOURCE, Kind.PULSE))
        return {str(node.name): "object" for node in sources if _is_of_objects(node.type)}

    def unit_is_one_lane(self, key_names: Sequence[str]) -> bool:
        """True when every field of the template is part of the key: then a unit is one object."""
        return set(self.template.kinds) <= set(key_names)

    # -- source -------------------------------------------------------------------------------------------------------

    def decode(self, record: Record) -> Message | None:
        check_origin(self, record, self.region)
        told = _told(record)
        fields = self.template.parse(told.key)
        if fields is None:
            return None
        if told.happened == "put":
            found: S3Object | None = self._object(told, record)
        elif told.happened == "deleted":
            found = None
        else:
            found = self._current(told, record)
        time = _time(told.time)
        if found is None:
            return Message(new=None, old=fields, old_known=False, time=time)
        return Message(new={**fields, "object": found}, time=time)

    def lane(self, record: Record) -> str:
        """The bucket and the object's key: sequencers order one key only."""
        return f"{self.resource}/{_told(record).key}"

    def position(self, record: Record) -> str:
        """The sequencer, padded with zeros on the right to 64 characters.

        >>> event = {
        ...     "eventName": "ObjectCreated:Put",
        ...     "s3": {"object": {"key": "a", "sequencer": "0055aed6dcd90281e5"}},
        ... }
        >>> S3("photos").position(Record(event, "s3/photos"))[:20]
        '0055AED6DCD90281E500'
        """
        sequencer = _told(record).sequencer
        fits = isinstance(sequencer, str) and _HEX.fullmatch(sequencer) and len(sequencer) <= SEQUENCER_WIDTH
        if not isinstance(sequencer, str) or not fits:
            raise RecordError(
                f"{named(record)} has the sequencer {short(sequencer)}, so that it has no place in the order of "
                "its key: it should be hexadecimal, as S3 itself sends it"
            )
        return f"{sequencer.upper():0<{SEQUENCER_WIDTH}}"

    def _object(self, told: _Told, record: Record) -> S3Object:
        return S3Object(
            self.bucket,
            told.key,
            version_id=told.version_id,
            etag=told.etag,
            size=told.size,
            max_bytes=self.max_bytes,
            owner=self.account or record.account,
        )

    def _current(self, told: _Told, record: Record) -> S3Object | None:
        """What is there after one version was deleted for good: it may have been any, so S3 has to be asked."""
        which = {"Bucket": physical(self.resource), "Key": told.key}
        owner = self.account or record.account
        if belongs := owner or home_account():
            which["ExpectedBucketOwner"] = belongs
        try:
            with speaking(self.resource, "s3:GetObject or s3:ListBucket"):
                head = client("s3").head_object(**which)
        except ConfigurationError as error:
            said = error.__cause__ or error
            if error_status(said) in (404, 405) and error_code(said) != "NoSuchBucket":
                return None
            raise
        return S3Object(
            self.bucket,
            told.key,
            version_id=head.get("VersionId"),
            etag=str(head.get("ETag", "")).strip('"'),
            size=head.get("ContentLength"),
            max_bytes=self.max_bytes,
            owner=owner,
        )

    @property
    def retention(self) -> int:
        """A queue keeps a notification for 14 days at most."""
        return 15

    # -- sink ---------------------------------------------------------------------------------------------------------

    @property
    def forgets(self) -> bool:
        """True: an object that is gone has no number any more."""
        return True

    def check(self, key_names: Sequence[str], output: Output) -> None:
        """Refuse a template that does not name one object a unit: its fields are exactly those of the unit's key."""
        fields = set(self.template.kinds)
        if unknown := sorted(fields - set(key_names)):
            raise BindingError(
                f"{self.destination}: the key template {self.key!r} has {{{unknown[0]}}}, which is no field of "
                f"the unit's key ({', '.join(key_names) or 'none'}): an object keeps its name, so only key "
                "fields can be in it"
            )
        if missing := sorted(set(key_names) - fields):
            raise BindingError(
                f"{self.destination}: the key template {self.key!r} leaves out {{{missing[0]}}}, so that two "
                "units would write one object: add it"
            )

    def confirm(self, publication: Publication) -> None:
        with refusing():
            self._writer().encode(publication)

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        return self._writer().publish(batch)

    def _writer(self) -> ObjectWriter:
        return ObjectWriter(self.bucket, self.template, self.content_type, self.account)


def _is_of_objects(declared: object) -> bool:
    if isinstance(declared, str):
        return re.search(r"\bS3Object\b", declared) is not None
    return declared is S3Object or any(_is_of_objects(each) for each in typing.get_args(declared))


def _told(record: Record) -> _Told:
    raw = record.raw
    if isinstance(raw.get("s3"), Mapping):
        return _of_notification(raw, named(record))
    if isinstance(raw.get("detail"), Mapping):
        return _of_eventbridge(raw, named(record))
    raise RecordError(f"{named(record)} has neither 's3' nor 'detail': it is no notification of S3")


def _of_notification(raw: Mapping[str, Any], what: str) -> _Told:
    thing = raw["s3"].get("object")
    happened = str(raw.get("eventName", "")).removeprefix("s3:")
    if not isinstance(thing, Mapping) or not isinstance(thing.get("key"), str):
        raise RecordError(f"{what} does not tell its key: s3.object is {short(thing)}")
    version = thing.get("versionId") or None
    if happened.startswith("ObjectCreated:"):
        kind = "put"
    elif happened in ("ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:DeleteMarkerCreated"):
        kind = "deleted"
    elif happened in ("ObjectRemoved:Delete", "LifecycleExpiration:Delete"):
        kind = "deleted" if version in (None, "null") else "version deleted"
    else:
        raise RecordError(
            f"{what} is {happened!r}: only ObjectCreated and ObjectRemoved mean something here; take it out of "
            "the bucket's notification configuration"
        )
    return _Told(
        kind,
        _key(thing["key"], what, is_encoded=True),
        None if version is None else str(version),
        str(thing.get("eTag") or "").strip('"'),
        _size(thing.get("size")),
        thing.get("sequencer"),
        str(raw.get("eventTime", "")),
    )


def _of_eventbridge(raw: Mapping[str, Any], what: str) -> _Told:
    detail = raw["detail"]
    thing = detail.get("object")
    happened = raw.get("detail-type")
    if not isinstance(thing, Mapping) or not isinstance(thing.get("key"), str):
        raise RecordError(f"{what} does not tell its key: detail.object is {short(thing)}")
    version = thing.get("version-id") or None
    if happened == "Object Created":
        kind = "put"
    elif happened == "Object Deleted":
        marker = detail.get("deletion-type") == "Delete Marker Created"
        kind = "deleted" if marker or version in (None, "null") else "version deleted"
    else:
        raise RecordError(
            f"{what} is {short(happened)}: only 'Object Created' and 'Object Deleted' mean something here; "
            "narrow the rule"
        )
    return _Told(
        kind,
        _key(thing["key"], what, is_encoded=False),
        None if version is None else str(version),
        str(thing.get("etag") or "").strip('"'),
        _size(thing.get("size")),
        thing.get("sequencer"),
        str(raw.get("time", "")),
    )


def _key(told: str, what: str, *, is_encoded: bool) -> str:
    """The object's key; one that S3 itself could not have is refused, for it would be part of a lane."""
    try:
        # one that is not UTF-8 would read like others
        key = unquote_plus(told, errors="strict") if is_encoded else told
        size = len(key.encode())
    except UnicodeError:
        raise RecordError(
            f"{what} has the key {short(told)}, which is not text in UTF-8: name objects in UTF-8",
            field="s3.object.key",
        ) from None
    if not 0 < size <= LONGEST_KEY:
        raise RecordError(
            f"{what} has the key {short(key)} with {size} bytes, and a key has 1 to {LONGEST_KEY}",
            field="s3.object.key",
        )
    return key


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
