"""Whatever comes in a delivery, no exception escapes, nothing is lost, and the records beside it are applied."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import MemoryStore, SQLiteStore
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.local import Cloud
from reactflow.service.stores import Store
from reactflow.testing import (
    dynamodb_event,
    eventbridge_event,
    kinesis_event,
    merged,
    s3_event,
    sample,
    samples,
    sqs_event,
)
from tests.hostile.changed import PLAIN, TEXTS, any_data, as_json, changed, changed_bytes
from tests.hostile.everything import (
    SENT,
    Watched,
    check_declared,
    check_nothing_is_lost,
    everything,
    photos,
)

GOOD = {"id": "good", "number": 7, "ratio": 3.5, "text": "good"}


def sqlite() -> Store:
    return SQLiteStore(Path(tempfile.mkdtemp()) / "state.db")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path))
        yield


def is_untouched(watched: Watched) -> bool:
    """Whether the good record that came before and after the bad ones was applied."""
    shown = watched.rows.rows["id=good"]
    return (shown["square"], shown["half"], shown["loud"], shown["total"]) == (49, 0.5, "GOOD", 2)


# -- streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", [MemoryStore, sqlite])
@given(data=st.lists(any_data(SENT), min_size=1, max_size=3), key=TEXTS | st.just("good"))
def test_any_data_in_a_stream(store: Callable[[], Store], data: list[bytes], key: str) -> None:
    event = kinesis_event({**GOOD, "reading": 1}, *data, {**GOOD, "reading": 1})
    for record in event["Records"][1:-1]:
        record["kinesis"]["partitionKey"] = key
    watched = everything(Kinesis("measurements", order="arrival"), store)
    check_nothing_is_lost(watched, event)
    assert is_untouched(watched) or any(b"good" in one for one in data)


@given(data=st.lists(any_data(SENT), min_size=1, max_size=3), key=TEXTS)
def test_any_data_in_a_stream_that_is_partitioned_by_a_field(data: list[bytes], key: str) -> None:
    event = kinesis_event({**GOOD, "reading": 1}, *data, {**GOOD, "reading": 1}, partition="id")
    for record in event["Records"][1:-1]:
        record["kinesis"]["partitionKey"] = key
    watched = everything(Kinesis("measurements", partition="id", extra="forbid"))
    check_nothing_is_lost(watched, event)
    assert is_untouched(watched)


CHANGE: dict[str, Any] = {
    "specversion": "1.0", "id": "rooms/area/id=e1/kinesis:measurements/1", "source": "/rooms", "type": "reactflow.row",
    "subject": "id=e1", "time": "2026-11-23T12:00:00Z", "sequence": "1", "hops": 1, "data": SENT,
}  # fmt: skip


@given(changed(CHANGE), st.sampled_from(["reactflow.row", "reactflow.removal", "reactflow.occurrence"]))
def test_any_change_of_another_service(sent: dict[str, Any], kind: str) -> None:
    data = as_json({**sent, "type": kind} if "type" in sent else sent)
    event = kinesis_event({**GOOD, "reading": 1}, data, {**GOOD, "reading": 1})
    watched = everything(Kinesis("measurements", order="arrival"))
    check_nothing_is_lost(watched, event)
    assert is_untouched(watched) or b"good" in data


# -- tables -----------------------------------------------------------------------------------------------------------


def items() -> dict[str, Any]:
    """Three changes of a table, the one in the middle with an attribute of every kind."""
    kinds = {**SENT, "data": b"\x00\xff", "tags": {"x", "y"}, "anything": {"n": {1, 2}, "b": {b"a"}, "m": {}}}
    return dynamodb_event(
        (None, {**GOOD, "reading": 1}),
        ({**kinds, "number": 2}, kinds),
        ({**GOOD, "reading": 1}, {**GOOD, "reading": 1}),
        table="items",
    )


IMAGES = ["NewImage", "OldImage", "Keys"]


@given(
    data=st.data(), image=st.sampled_from(IMAGES), happened=st.sampled_from(["INSERT", "MODIFY", "REMOVE"])
)
def test_any_item_of_a_table(data: st.DataObject, image: str, happened: str) -> None:
    event = data.draw(changed(items(), ("Records", 1, "dynamodb", image)))
    event["Records"][1]["eventName"] = happened
    watched = everything(DynamoDB("items", keys="id"))
    check_nothing_is_lost(watched, event, most=2)
    assert is_untouched(watched)


# -- buckets ----------------------------------------------------------------------------------------------------------

GOOD_NOTE = s3_event({"key": "in/ann/good", "size": 4})
NOTE = s3_event({"key": "in/ann/a+bü", "size": 7, "version_id": "v1"}, start=1)
HAPPENED = [
    "ObjectCreated:Put",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "ObjectRestore:Post",
]
KEYS = TEXTS | st.text(max_size=8) | st.sampled_from(["%FF", "%C3%BC+", "a%2Fb", "%2e%2e", "%ED%A0%80"])


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A real one, since S3 is asked what is current after one version was deleted for good."""
    pytest.importorskip("ministack")
    with Cloud.start() as cloud, cloud.exported():
        cloud.client("s3").create_bucket(Bucket="photos")
        yield "photos"


def by_name(bucket: str, store: Callable[[], Store] = MemoryStore) -> Watched:
    return photos(S3(bucket, key="in/{user}/{name:path}"), ("user", "name"), store)


def by_user(bucket: str, store: Callable[[], Store] = MemoryStore) -> Watched:
    """Its units have objects of any name, so that the names are in their marks."""
    return photos(S3(bucket, key="in/{user}/{name:path}", order="arrival"), "user", store)


@st.composite
def odd_notes(draw: st.DrawFn, bridged: bool) -> dict[str, Any]:
    """A notification of which the object, or just its key, is anything."""
    note = {
        "Records": [{**copy.deepcopy(NOTE["Records"][0]), "eventName": draw(st.sampled_from(HAPPENED[:3]))}]
    }
    event: Any = eventbridge_event(note) if bridged else note
    within = ("detail", "object") if bridged else ("Records", 0, "s3", "object")
    if draw(st.booleans()):
        event = draw(changed(event, within))
    else:
        thing = event["detail"]["object"] if bridged else event["Records"][0]["s3"]["object"]
        thing["key"] = f"in/{draw(st.sampled_from(['ann', 'bo', '..']))}/{draw(KEYS)}"
    if not bridged and draw(st.booleans()):
        event["Records"][0]["eventName"] = draw(st.sampled_from(HAPPENED))
    made: dict[str, Any] = event
    return made


@pytest.mark.parametrize("made", [by_name, by_user])
@pytest.mark.parametrize("store", [MemoryStore, sqlite])
@given(data=st.data())
def test_any_notification_of_a_bucket(
    bucket: str, made: Callable[..., Watched], store: Callable[[], Store], data: st.DataObject
) -> None:
    event = merged(GOOD_NOTE, data.draw(odd_notes(bridged=False)), GOOD_NOTE)
    watched = made(bucket, store)
    check_nothing_is_lost(watched, event)
    assert made is by_user or watched.rows.rows["user=ann,name=good"]["size"] == 25


@pytest.mark.parametrize("made", [by_name, by_user])
@given(data=st.data())
def test_any_event_of_eventbridge(bucket: str, made: Callable[..., Watched], data: st.DataObject) -> None:
    event = data.draw(odd_notes(bridged=True))
    check_nothing_is_lost(made(bucket), event)


# -- queues -----------------------------------------------------------------------------------------------------------


def bodies() -> st.SearchStrategy[str]:
    """The body of a message: any text, or a real one with something changed."""
    real = [as_json(NOTE), as_json(eventbridge_event(NOTE)), as_json(sample("s3_test"))]
    text = st.sampled_from(real).flatmap(changed_bytes).map(lambda data: data.decode(errors="replace"))
    noted = st.booleans().flatmap(lambda bridged: odd_notes(bridged=bridged))
    whole = st.sampled_from([NOTE, eventbridge_event(NOTE)]).flatmap(changed)
    return st.text(max_size=30) | text | (noted | whole).map(lambda event: as_json(event).decode())


@pytest.mark.parametrize("store", [MemoryStore, sqlite])
@given(st.lists(bodies(), min_size=1, max_size=3))
def test_any_message_of_a_queue(bucket: str, store: Callable[[], Store], sent: list[str]) -> None:
    event = sqs_event(GOOD_NOTE, *sent, GOOD_NOTE)
    watched = by_name(bucket, store)
    check_nothing_is_lost(watched, event)
    assert watched.rows.rows["user=ann,name=good"]["size"] == 25


# -- events of any form -----------------------------------------------------------------------------------------------


@given(data=st.data(), name=st.sampled_from(samples()))
def test_any_event_is_handled_or_refused_as_a_whole(bucket: str, data: st.DataObject, name: str) -> None:
    event = data.draw(changed(sample(name)) | PLAIN)
    for watched in (
        everything(Kinesis("measurements", order="arrival")),
        everything(DynamoDB("employees", key={"id": "employee"}, order="arrival")),
        by_user(bucket),
    ):
        check_declared(watched, event)
