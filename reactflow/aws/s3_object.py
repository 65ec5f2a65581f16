"""An object in S3 as a value: which one, in which version, and how to read exactly that.

It promises that ``read`` gives the bytes of this very version or an error, never those of another. It must
not be held to be small: nothing is read before ``read``, and never more than ``max_bytes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from reactflow.aws.clients import client, error_code, error_status, speaking
from reactflow.aws.names import home_account, physical
from reactflow.errors import ConfigurationError, RecordError, Superseded, Transient

MAX_BYTES = 64 << 20
_CHUNK = 1 << 20
_GONE = frozenset(
    {"NoSuchKey", "NoSuchVersion", "PreconditionFailed", "MethodNotAllowed", "404", "412", "405"}
)


@frozen
class S3Object:
    """One version of an object: what a cell holds that an S3 bucket feeds.

    ``size`` is in bytes. ``content_type`` and ``metadata`` are as far as the record told; S3's notifications tell
    neither. ``owner`` is the account that the bucket has to belong to, where it is known.

    >>> photo = S3Object("photos", "in/ann/cat.jpg", etag="5d41402abc4b2a76b9719d911017c592", size=5)
    >>> photo.key
    'in/ann/cat.jpg'
    """

    bucket: str
    key: str
    version_id: str | None = None
    etag: str = ""
    size: int | None = None
    content_type: str = ""
    metadata: Mapping[str, str] = field(factory=dict)
    max_bytes: int = MAX_BYTES
    owner: str = ""

    def read(self) -> bytes:
        """The bytes of exactly this version.

        Raises Superseded when it is gone or was replaced, RecordError when it has more than ``max_bytes`` bytes,
        Transient when S3 is away, ConfigurationError when reading is not allowed.
        """
        self._refuse(self.size or 0)
        resource = f"s3/{self.bucket}"
        try:
            with speaking(resource, "s3:GetObjectVersion" if self._versioned else "s3:GetObject"):
                answer = client("s3").get_object(**self._which())
        except (ConfigurationError, Transient) as error:
            said = error.__cause__ or error
            if error_code(said) in _GONE or (
                error_status(said) in (404, 405, 412) and error_code(said) != "NoSuchBucket"
            ):
                raise Superseded(
                    f"s3/{self.bucket}/{self.key} (version {self.version_id or self.etag}) is gone or was "
                    "replaced: a later record tells of it"
                ) from error
            raise
        length = answer.get("ContentLength")
        with speaking(resource, "s3:GetObject"):
            return self._read_within(answer["Body"], length)

    def _read_within(self, body: Any, length: int | None) -> bytes:
        from urllib3.exceptions import HTTPError  # comes with botocore, whose clients pass its errors on

        parts: list[bytes] = []
        got = 0
        try:
            self._refuse(length or 0)
            while chunk := body.read(_CHUNK):
                parts.append(chunk)
                got += len(chunk)
                self._refuse(got)
        except (HTTPError, OSError) as error:
            raise Transient(
                f"s3/{self.bucket}/{self.key} broke off after {got} bytes: tried again later"
            ) from error
        finally:
            body.close()
        if length is not None and got != length:
            raise Transient(
                f"s3/{self.bucket}/{self.key} broke off after {got} of {length} bytes: tried again later"
            )
        return b"".join(parts)

    @property
    def _versioned(self) -> bool:
        # "null" is the version of what was put before versioning, or while it is suspended, and can be replaced.
        return bool(self.version_id) and self.version_id != "null"

    def _which(self) -> dict[str, str]:
        which = {"Bucket": physical(f"s3/{self.bucket}"), "Key": self.key}
        if self._versioned:
            which["VersionId"] = str(self.version_id)
        elif self.etag:
            which["IfMatch"] = self.etag
        if owner := self.owner or home_account():
            which["ExpectedBucketOwner"] = owner
        return which

    def _refuse(self, size: int) -> None:
        if size > self.max_bytes:
            raise RecordError(
                f"s3/{self.bucket}/{self.key} has {max(size, self.size or 0)} bytes or more, and "
                f"{self.max_bytes} are the most: raise max_bytes= of the S3 input, or put smaller objects"
            )
