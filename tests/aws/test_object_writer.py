"""What can never be an object is refused before it is published."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow.aws import S3
from reactflow.errors import ConfigurationError, RecordError
from tests.aws.publications import publication


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
