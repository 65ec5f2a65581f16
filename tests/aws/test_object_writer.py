"""What can never be an object is refused before it is published; a write that meets another is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from reactflow.aws import S3
from reactflow.aws.clients import client
from reactflow.errors import ConfigurationError, RecordError
from tests.aws.publications import publication

if TYPE_CHECKING:
    from reactflow.local.cloud import Cloud


@pytest.mark.parametrize("kind", ["row", "removal", "occurrence"])
def test_a_key_that_the_template_cannot_hold_is_refused_before_it_is_published(kind: Any) -> None:
    sink = S3("photos", key="out/{room}.txt")
    refused = publication(1, {"label": "x"}, key={"room": "a/b"}, kind=kind)
    with pytest.raises(
        RecordError,
        match=r"s3/photos, object of rooms/area/room=a%2Fb/test/1: .*Use \{name:path\} for text with",
    ):
        sink.confirm(refused)
    with pytest.raises(ConfigurationError, match="cannot be written as"):
        sink.publish([refused])
    sink.confirm(publication(1, {"label": "x"}, kind=kind))


def test_a_body_that_cannot_be_encoded_is_refused_before_it_is_published() -> None:
    sink = S3("photos", key="out/{room}.txt")
    with pytest.raises(
        RecordError, match="object of rooms/area/room=r1/test/1 holds half of a surrogate pair"
    ):
        sink.confirm(publication(1, {"label": "x\ud800"}, bare="label"))
    with pytest.raises(RecordError, match=r"object of .*: inf at area has no form in JSON"):
        sink.confirm(publication(1, {"area": float("inf")}))


def test_metadata_that_s3_has_no_room_for_is_refused_before_it_is_published() -> None:
    from attrs import evolve

    sink = S3("photos", key="out/{room}.txt")
    change = publication(1, {"label": "x"})
    sink.confirm(evolve(change, envelope={**change.envelope, "subject": "é" * 5000}))  # it is left out
    with pytest.raises(RecordError, match=r"its metadata has 3\d\d\d bytes, and 2048 are the most"):
        sink.confirm(evolve(change, envelope={**change.envelope, "source": "/" + "s" * 3000}))


class _Body(BytesIO):
    """A body as botocore reads it."""

    def stream(self, amount: int = 1024) -> Iterator[bytes]:
        yield self.read()


def test_occurrence_that_meets_a_removal_is_written_all_the_same(
    cloud: Cloud, unique: Callable[[str], str]
) -> None:
    s3, name = cloud.client("s3"), unique("log")
    s3.create_bucket(Bucket=name)
    conflicts = [1]

    def conflict(**_: Any) -> AWSResponse | None:
        """What S3 answers, and the emulator never does, when an object is removed while it is written."""
        if not conflicts:
            return None
        conflicts.pop()
        body = b"<Error><Code>ConditionalRequestConflict</Code><Message>as told</Message></Error>"
        return AWSResponse(f"{cloud.endpoint}/{name}", 409, HTTPHeaders(), _Body(body))

    events = client("s3").meta.events
    events.register("before-send.s3.PutObject", conflict)
    try:
        sink = S3(name, key="log/{room}")
        assert sink.publish([publication(1, {"size": 1}, kind="occurrence")]) == []
        assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 1
        conflicts[:] = [1] * 8
        assert sink.publish([publication(2, {"size": 2}, kind="occurrence")]) == [0], "for now"
    finally:
        events.unregister("before-send.s3.PutObject", conflict)
