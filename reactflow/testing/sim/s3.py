"""S3 in memory: the buckets of a run with their notifications, and the client that the real sink and objects use.

It keeps every version for ever, so that what looks on can still read what is gone for everybody else.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from reactflow.errors import Transient
from reactflow.testing.events import s3_event
from reactflow.testing.sim.baton import Baton
from reactflow.testing.sim.chaos import Chaos
from reactflow.testing.sim.dynamodb import refusal

_SEQUENCER = 0x0055AED6DCD90281


@frozen
class Version:
    """One version of an object."""

    id: str
    etag: str
    body: bytes
    metadata: Mapping[str, str]


@define(eq=False)
class Bucket:
    """A bucket: the versions there are, those there were, and whom it tells."""

    name: str
    is_versioned: bool
    objects: dict[str, Version] = field(factory=dict)
    history: dict[tuple[str, str], Version] = field(factory=dict)
    listeners: list[tuple[tuple[str, ...], Callable[[dict[str, Any]], None]]] = field(factory=list)


class SimS3:
    """All buckets of a run."""

    def __init__(self, chaos: Chaos, baton: Baton) -> None:
        self.buckets: dict[str, Bucket] = {}
        self._chaos, self._baton = chaos, baton
        self._count = 0
        self._read: dict[tuple[object, str, str, str], Version | None] = {}

    def make(self, name: str, is_versioned: bool) -> Bucket:
        """A new bucket."""
        bucket = self.buckets[name] = Bucket(name, is_versioned)
        return bucket

    def put(self, name: str, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Put an object, and tell of it."""
        bucket = self.buckets[name]
        self._count += 1
        etag = hashlib.md5(body + str(self._count).encode(), usedforsecurity=False).hexdigest()
        version = Version(f"v{self._count}" if bucket.is_versioned else "", etag, body, dict(metadata or {}))
        bucket.objects[key] = version
        bucket.history[key, version.id] = bucket.history[key, etag] = version
        self._tell(bucket, key, {"size": len(body), "etag": etag, "version_id": version.id or None})

    def delete(self, name: str, key: str) -> None:
        """Delete an object, and tell of it."""
        bucket = self.buckets[name]
        bucket.objects.pop(key, None)
        self._count += 1
        event = "DeleteMarkerCreated" if bucket.is_versioned else "Delete"
        about = {"version_id": f"v{self._count}"} if bucket.is_versioned else {}
        self._tell(bucket, key, {"event": f"ObjectRemoved:{event}", **about})

    def _tell(self, bucket: Bucket, key: str, about: dict[str, Any]) -> None:
        sequencer = f"{_SEQUENCER + self._count:016X}"
        if self._chaos.strikes("sequencer", key):
            sequencer = (sequencer + "A0").lower()
        given = {
            "key": key,
            "sequencer": sequencer,
            **{name: value for name, value in about.items() if value is not None},
        }
        raw = s3_event(given, bucket=bucket.name, start=self._count)["Records"][0]
        self._chaos.say(f"s3/{bucket.name} {raw['eventName']} {key} {sequencer}")
        for prefixes, tell in bucket.listeners:
            if key.startswith(prefixes):
                tell(raw)

    # --- what boto3's client does, with boto3's names ---------------------------------------------------------------

    def head_object(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """What is there now."""
        self._chaos.boundary(f"HeadObject {Bucket}/{Key}")
        there = self.buckets[Bucket].objects.get(Key)
        if there is None:
            raise refusal("404", "Not Found", 404)
        return {"ETag": f'"{there.etag}"', "Metadata": dict(there.metadata), "ContentLength": len(there.body),
                "VersionId": there.id or None}  # fmt: skip

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **more: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """Put an object, on a condition."""
        self._before(Bucket, Key, more)
        self.put(Bucket, Key, Body, more.get("Metadata"))
        self._after(Bucket)
        return {}

    def delete_object(self, *, Bucket: str, Key: str, **more: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """Delete an object, on a condition."""
        self._before(Bucket, Key, more)
        if Key in self.buckets[Bucket].objects:
            self.delete(Bucket, Key)
        self._after(Bucket)
        return {}

    def get_object(self, *, Bucket: str, Key: str, **more: Any) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """The bytes of one version, or of what has this ETag now."""
        chaos, bucket = self._chaos, self.buckets[Bucket]
        wanted = more.get("VersionId") or str(more.get("IfMatch", "")).strip('"')
        memory = (self._baton.current, Bucket, Key, wanted)
        if chaos.looks_on:
            found = self._read[memory] if memory in self._read else bucket.history.get((Key, wanted))
        else:
            chaos.boundary(f"GetObject {Bucket}/{Key}")
            if chaos.strikes("sink", f"s3/{Bucket} is away"):
                raise Transient("simulated: the bucket is away")
            if chaos.strikes("replaced", Key) and Key in bucket.objects:
                self.put(Bucket, Key, bucket.objects[Key].body)
            there = bucket.objects.get(Key)
            is_there = "VersionId" in more or (there is not None and there.etag == wanted)
            found = self._read[memory] = bucket.history.get((Key, wanted)) if is_there else None
        if found is None:
            raise refusal("NoSuchKey", "gone, or replaced", 404)
        return {"Body": io.BytesIO(found.body), "ContentLength": len(found.body), "ETag": f'"{found.etag}"'}

    def forget(self, task: object) -> None:
        """Forget what a task has read."""
        for one in [one for one in self._read if one[0] is task]:
            del self._read[one]

    def _before(self, name: str, key: str, more: Mapping[str, Any]) -> None:
        chaos = self._chaos
        chaos.boundary(f"before a write to s3/{name}/{key}")
        if chaos.strikes("sink", f"s3/{name} is away"):
            raise Transient("simulated: the bucket is away")
        there = self.buckets[name].objects.get(key)
        if "IfNoneMatch" in more and there is not None:
            raise refusal("PreconditionFailed", "it is there", 412)
        if "IfMatch" in more and (there is None or there.etag != str(more["IfMatch"]).strip('"')):
            raise refusal("PreconditionFailed", "it is another", 412)

    def _after(self, name: str) -> None:
        self._chaos.boundary(f"after a write to s3/{name}")
        if self._chaos.strikes("sink", f"s3/{name} stored it, and its answer is lost"):
            raise Transient("simulated: the answer is lost")
