"""Objects in an S3 bucket: each is written only over a lower number, an occurrence is written once.

The number and the envelope are in the object's metadata (``n``, ``event``). Every write names the version of
which the number was read (If-Match) or that there is none (If-None-Match), so that of two rivals one is told,
and looks again. After a removal nothing is left to compare with: a late write may bring an object back, until
it is looked at again.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from attrs import frozen

from reactflow.aws.clients import client, error_code, error_status, speaking
from reactflow.aws.key_template import LONGEST_KEY, KeyTemplate
from reactflow.aws.names import home_account, physical
from reactflow.aws.publishing import write_each
from reactflow.errors import ConfigurationError, ReactflowError, Transient
from reactflow.service.decoding import short
from reactflow.service.sink import Publication
from reactflow.service.writable import encoding, json_bytes

_RIVALS = 8  # how often an object may change under our hands before the record is given back
_METADATA_MOST = 2_048  # bytes: what S3 allows for all of an object's own metadata, names included
_METADATA_ROOM = 1_900  # bytes of it for the envelope
# all printable characters of ASCII but the space, % and the backslash
_PLAIN = "!#$&'()*+,-./:;<=>?@[]^_`{|}~\""


@frozen
class ObjectWriter:
    """Writes the publications of one bucket."""

    bucket: str
    template: KeyTemplate
    content_type: str | None = None
    owner: str | None = None

    @property
    def destination(self) -> str:
        return f"s3/{self.bucket}"

    def object_key(self, publication: Publication) -> str:
        """The key of the object: the template, for an occurrence with its id at the end."""
        try:
            key = self.template.format(publication.key)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.destination}, object of {publication.id}: {error}") from error
        if publication.kind != "occurrence":
            return key
        key = f"{key}/{quote(publication.id, safe='')}"
        if len(key.encode()) > LONGEST_KEY:
            raise ConfigurationError(
                f"{self.destination}: the key of the occurrence {publication.id} has {len(key.encode())} bytes, "
                f"and {LONGEST_KEY} are the most: use a shorter key or template"
            )
        return key

    def encode(self, publication: Publication) -> tuple[str, dict[str, Any]]:
        """The key of the object and the arguments of the call that writes it, none for a removal.

        Raises ConfigurationError for what can never be an object.
        """
        what = f"{self.destination}, object of {publication.id}"
        with encoding(what):
            key = self.object_key(publication)
            if publication.kind == "removal":
                return key, {}
            body, kind = body_of(publication, key, what)
            metadata = {"n": str(publication.n), "event": envelope_text(publication.envelope)}
        size = sum(len(name) + len(text) for name, text in metadata.items())  # all of it is ASCII
        if size > _METADATA_MOST:
            raise ConfigurationError(
                f"{what}: its metadata has {size} bytes, and {_METADATA_MOST} are the most: the envelope there holds "
                f"{short(publication.envelope.get('source'))} and {short(publication.envelope.get('type'))}: name the "
                "service and the output shorter"
            )
        return key, {"Body": body, "ContentType": self.content_type or kind, "Metadata": metadata}

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        """Write all; return the indices of those to be tried again."""
        return write_each(batch, self._place, self._write)

    def _place(self, publication: Publication) -> str:
        return repr(sorted(publication.key.items()))

    def _write(self, publication: Publication) -> None:
        key, content = self.encode(publication)
        if publication.kind == "occurrence":
            self._put_once(key, content)
            return
        for _ in range(_RIVALS):
            etag, stored = self._look(key)
            if stored is not None and stored >= publication.n:
                return  # something newer is there
            if publication.kind == "removal":
                if etag is None or self._delete(key, etag):
                    return
            elif self._put(key, content, **({"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag})):
                return
        raise Transient(
            f"{self.destination}/{key} was changed by others {_RIVALS} times meanwhile: tried again later"
        )

    def _look(self, key: str) -> tuple[str | None, int | None]:
        """The version that is there, and the number on it."""
        try:
            with speaking(self.destination, "s3:GetObject or s3:ListBucket"):
                head = client("s3").head_object(**self._which(key))
        except ConfigurationError as error:
            said = error.__cause__ or error
            if error_status(said) == 404 and error_code(said) != "NoSuchBucket":
                return None, None  # a bucket that is missing is told by the write that follows
            raise
        n = head.get("Metadata", {}).get("n", "")
        return head["ETag"], int(n) if n.isascii() and n.isdigit() else None

    def _put_once(self, key: str, content: Mapping[str, Any]) -> None:
        """Write an object unless it is there; a conflict does not say that it is."""
        for _ in range(_RIVALS):
            with _lost() as lost, speaking(self.destination, "s3:PutObject"):
                client("s3").put_object(**self._which(key), IfNoneMatch="*", **content)
            if not lost.is_conflict:
                return
        raise Transient(f"{self.destination}/{key} met others {_RIVALS} times: tried again later")

    def _put(self, key: str, content: Mapping[str, Any], **condition: str) -> bool:
        with _lost() as lost, speaking(self.destination, "s3:PutObject"):
            client("s3").put_object(**self._which(key), **condition, **content)
        return not lost

    def _delete(self, key: str, etag: str) -> bool:
        with _lost() as lost, speaking(self.destination, "s3:DeleteObject"):
            client("s3").delete_object(**self._which(key), IfMatch=etag)
        return not lost

    def _which(self, key: str) -> dict[str, str]:
        owner = self.owner or home_account()
        belongs = {"ExpectedBucketOwner": owner} if owner else {}
        return {"Bucket": physical(self.destination), "Key": key, **belongs}


class _lost:  # noqa: N801 - reads as a word where it is used
    """Notes that a condition did not hold, rather than raising."""

    def __init__(self) -> None:
        self.happened = False
        self.is_conflict = False  # with another call that was under way: it says nothing of what is there

    def __bool__(self) -> bool:
        return self.happened

    def __enter__(self) -> _lost:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        said = error.__cause__ or error if isinstance(error, ReactflowError) else None
        if said is None:
            return False
        # If-Match on an object that has gone meanwhile is a 404 with NoSuchKey.
        self.is_conflict = error_code(said) in ("ConditionalRequestConflict", "409")
        codes = ("PreconditionFailed", "412", "NoSuchKey")
        self.happened = self.is_conflict or error_code(said) in codes or error_status(said) == 412
        return self.happened


def body_of(publication: Publication, key: str, what: str) -> tuple[bytes, str]:
    """The bytes of an object and their content type: a value bound alone as it is, all else as JSON."""
    value: Any = publication.values
    if publication.bare:
        value = publication.values.get(publication.bare)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value), mimetypes.guess_type(key)[0] or "application/octet-stream"
        if isinstance(value, str):
            return value.encode(), mimetypes.guess_type(key)[0] or "text/plain; charset=utf-8"
    return json_bytes(value, what), "application/json"


def envelope_text(envelope: Mapping[str, Any]) -> str:
    """An envelope as the text of a metadata header: ASCII, no spaces, at most 1,900 bytes.

    The data is the object itself and is left out; so are, where there is no room, the longest of the texts that only
    tell more.

    >>> envelope_text({"specversion": "1.0", "id": "rooms/label/é/s3:out/1", "data": {"area": 1}})
    '{"id":"rooms/label/%5Cu00e9/s3:out/1","specversion":"1.0"}'
    """
    kept = {
        name: value for name, value in envelope.items() if name not in ("data", "previous", "datacontenttype")
    }
    while True:
        text = quote(json.dumps(kept, separators=(",", ":"), sort_keys=True, default=str), safe=_PLAIN)
        more = [
            name for name in ("correlationid", "causationid", "traceparent", "subject", "id") if name in kept
        ]
        if len(text) <= _METADATA_ROOM or not more:
            return text
        del kept[more[0]]


def read_envelope_text(text: str) -> Any:
    """The plain envelope of a metadata header; raises ValueError."""
    return json.loads(unquote(text))
