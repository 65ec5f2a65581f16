"""S3 as a source (notifications as Lambda delivers them) and as a sink (against the embedded cloud)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.aws import S3, S3Object
from reactflow.aws.host import open_event
from reactflow.aws.object_writer import envelope_text, read_envelope_text
from reactflow.errors import BindingError, ConfigurationError, RecordError, Superseded, Transient
from reactflow.service.source import Message, Record
from reactflow.testing.events import eventbridge_event, s3_event, sample
from tests.aws.publications import publication

if TYPE_CHECKING:
    from reactflow.local.cloud import Cloud

TEXTS = S3("photos", key="in/{name}.txt")


def only(event: dict[str, Any]) -> Record:
    (record,) = open_event(event)
    return record


def decoded(event: dict[str, Any], source: S3 = TEXTS) -> Message:
    message = source.decode(only(event))
    assert message is not None
    return message


# -- source -----------------------------------------------------------------------------------------------------------


def test_a_key_is_decoded_once_in_a_notification_and_not_at_all_in_eventbridge() -> None:
    raw = only(sample("s3_put")).raw["s3"]["object"]["key"]
    assert raw == "in/a+b%C3%BC.txt"
    message = decoded(sample("s3_put"))
    assert message.new is not None
    assert message.new["name"] == "a bü"
    assert message.new["object"].key == "in/a bü.txt"
    literal = eventbridge_event(s3_event("in/a+b%C3%BC.txt"))
    message = decoded(literal)
    assert message.new is not None
    assert message.new["object"].key == "in/a+b%C3%BC.txt"


def test_a_put_holds_the_object_in_exactly_its_version() -> None:
    message = decoded(sample("s3_put_version"))
    assert message.new is not None
    thing = message.new["object"]
    raw = only(sample("s3_put_version")).raw["s3"]["object"]
    assert (thing.bucket, thing.key) == ("photos", "in/a+b ü.txt")
    assert (thing.version_id, thing.etag, thing.size) == (raw["versionId"], raw["eTag"], raw["size"])
    plain = decoded(sample("s3_put_plus"), S3(only(sample("s3_put_plus")).resource.removeprefix("s3/")))
    assert plain.new is not None
    assert plain.new["object"].version_id is None


@pytest.mark.parametrize("name", ["s3_removed", "s3_delete_marker", "eventbridge_delete_marker"])
def test_a_delete_is_a_removal_of_the_key_s_fields(name: str) -> None:
    message = decoded(sample(name))
    assert (message.new, message.old_known) == (None, False)
    assert message.old is not None
    assert set(message.old) == {"name"}


def test_both_forms_say_the_same() -> None:
    for happened in ("ObjectCreated:Put", "ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated"):
        direct = s3_event({"key": "in/a b.txt", "event": happened})
        record, bridged = only(direct), only(eventbridge_event(direct))
        one, other = TEXTS.decode(record), TEXTS.decode(bridged)
        assert one is not None
        assert other is not None
        assert (one.new is None, one.old, one.time) == (other.new is None, other.old, other.time)
        assert TEXTS.lane(record) == TEXTS.lane(bridged)
        assert TEXTS.position(record) == TEXTS.position(bridged)
        assert bridged.account == "123456789012"


def test_objects_of_other_keys_are_not_for_this_input() -> None:
    assert TEXTS.decode(only(s3_event("in/deeper/a.txt"))) is None
    assert TEXTS.decode(only(s3_event("out/a.txt"))) is None
    assert S3("photos").decode(only(s3_event("out/a.txt"))) is not None


@given(st.integers(0, 2**72), st.integers(0, 2**72))
def test_sequencers_of_one_length_order_as_numbers_do(one: int, other: int) -> None:
    first, second = (
        TEXTS.position(only(s3_event({"key": "k", "sequencer": f"{number:019X}"}))) for number in (one, other)
    )
    assert (first < second) == (one < other)


def test_a_shorter_sequencer_is_padded_on_the_right() -> None:
    def position(sequencer: Any) -> str:
        return TEXTS.position(only(s3_event({"key": "k", "sequencer": sequencer})))

    assert position("617f08299329d189") == position("617F08299329D18900")
    assert position("617F08299329D189") < position("617F08299329D18901")
    assert position("617F08299329D189FF") < position("617F08299329D19")
    for wrong in ("", "xyz", None, "A" * 65):
        with pytest.raises(RecordError, match="has no place in the order of its key"):
            position(wrong)


def test_keys_that_are_not_utf_8_are_refused_and_never_taken_for_one_another() -> None:
    for key in ("in/%FF.txt", "in/%FE.txt"):
        event = s3_event("in/x.txt")
        event["Records"][0]["s3"]["object"]["key"] = key
        for ask in (TEXTS.decode, TEXTS.lane, TEXTS.position):
            with pytest.raises(
                RecordError, match=f"has the key '{key}', which is not text in UTF-8"
            ) as caught:
                ask(only(event))
            assert caught.value.field == "s3.object.key"


def test_the_version_of_the_event_s_form_is_never_looked_at() -> None:
    event = s3_event("in/a.txt")
    event["Records"][0]["eventVersion"] = "3.7"
    assert decoded(event).new is not None


def test_the_contract_and_the_lane_are_those_of_one_key() -> None:
    assert (TEXTS.contract.ordered, TEXTS.contract.skips, TEXTS.contract.replaces) == (False, True, True)
    assert TEXTS.lane(only(s3_event("in/a b.txt"))) == "s3/photos/in/a b.txt"
    assert TEXTS.unit_is_one_lane(["name"])
    assert not S3("photos", key="in/{user}/{name}.txt").unit_is_one_lane(["user"])
    assert TEXTS.key_paths(["name", "user"]) == {"name": "name"}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, "neither 's3' nor 'detail'"),
        ({"s3": {}, "eventName": "ObjectCreated:Put"}, "does not tell its key"),
        (
            {"s3": {"object": {"key": "k"}}, "eventName": "ObjectRestore:Post"},
            "is 'ObjectRestore:Post': only",
        ),
        ({"detail": {"object": {"key": "k"}}, "detail-type": "Object Tags Added"}, "only 'Object Created'"),
    ],
)
def test_what_is_no_change_of_an_object_is_refused(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordError, match=says):
        TEXTS.decode(Record(raw, "s3/photos"))


def test_only_cells_of_objects_are_fed_by_default() -> None:
    from reactflow.aws.s3 import _is_of_objects

    assert _is_of_objects(S3Object)
    assert _is_of_objects(S3Object | None)
    assert _is_of_objects("S3Object | None")
    assert not _is_of_objects(str)
    assert not _is_of_objects("MyS3Objects")
    assert not _is_of_objects(None)


def test_an_output_inside_the_input_meets_it() -> None:
    from reactflow.service.meeting import meet

    for key in ("in/{name}.png", "in/small/{name}.txt", "{name}.txt", "i{name}"):
        assert meet(S3("photos", key=key).reach, TEXTS.reach)
    assert not meet(S3("photos", key="out/{name}.txt").reach, TEXTS.reach)
    assert not meet(S3("other", key="in/{name}.txt").reach, TEXTS.reach)


# -- reading, against the embedded cloud ------------------------------------------------------------------------------


@pytest.fixture
def bucket(cloud: Cloud, unique: Callable[[str], str]) -> Callable[..., str]:
    def make(*, versioned: bool = False) -> str:
        name = unique("photos")
        cloud.client("s3").create_bucket(Bucket=name)
        if versioned:
            cloud.client("s3").put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"}
            )
        return name

    return make


def put(cloud: Cloud, bucket: str, key: str, body: bytes) -> S3Object:
    answer = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    version = answer.get("VersionId")
    return S3Object(bucket, key, version_id=version, etag=answer["ETag"].strip('"'), size=len(body))


def test_an_object_without_versions_is_read_unless_it_was_replaced_or_is_gone(
    cloud: Cloud, bucket: Callable[..., str]
) -> None:
    name = bucket()
    first = put(cloud, name, "in/a b+ü.txt", b"first")
    assert first.read() == b"first"
    second = put(cloud, name, "in/a b+ü.txt", b"second")
    assert second.read() == b"second"
    with pytest.raises(Superseded, match="is gone or was replaced: a later record tells of it"):
        first.read()
    cloud.client("s3").delete_object(Bucket=name, Key="in/a b+ü.txt")
    with pytest.raises(Superseded):
        second.read()


def test_a_version_is_read_for_as_long_as_it_is_there(cloud: Cloud, bucket: Callable[..., str]) -> None:
    name = bucket(versioned=True)
    first = put(cloud, name, "k", b"first")
    put(cloud, name, "k", b"second")
    assert first.version_id
    assert first.read() == b"first"
    cloud.client("s3").delete_object(Bucket=name, Key="k")
    assert first.read() == b"first"
    cloud.client("s3").delete_object(Bucket=name, Key="k", VersionId=first.version_id)
    with pytest.raises(Superseded):
        first.read()


def test_no_more_than_max_bytes_is_read(cloud: Cloud, bucket: Callable[..., str]) -> None:
    from attrs import evolve

    thing = put(cloud, bucket(), "k", b"x" * 100)
    assert len(evolve(thing, max_bytes=100).read()) == 100
    with pytest.raises(RecordError, match="has 100 bytes or more, and 99 are the most: raise max_bytes="):
        evolve(thing, max_bytes=99).read()
    with pytest.raises(RecordError, match="has 100 bytes or more"):
        evolve(thing, max_bytes=99, size=None).read()  # the record did not tell: the answer does
    with pytest.raises(RecordError, match="or more, and 99 are the most"):
        evolve(thing, max_bytes=99, size=5).read()


def test_a_missing_bucket_is_named(cloud: Cloud) -> None:
    with pytest.raises(ConfigurationError, match="s3/nowhere-at-all does not exist"):
        S3Object("nowhere-at-all", "k", etag="x").read()


def test_a_server_that_is_away_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(Transient, match=r"s3/photos could not be reached \(EndpointConnectionError\)"):
        S3Object("photos", "k", etag="x").read()


def test_after_one_version_is_deleted_for_good_the_current_one_counts(
    cloud: Cloud, bucket: Callable[..., str]
) -> None:
    name = bucket(versioned=True)
    source = S3(name)
    first = put(cloud, name, "k", b"first")
    second = put(cloud, name, "k", b"second")

    def deleted(version: str | None) -> Message | None:
        cloud.client("s3").delete_object(Bucket=name, Key="k", VersionId=str(version))
        event = s3_event({"key": "k", "event": "ObjectRemoved:Delete", "version_id": version}, bucket=name)
        return source.decode(only(event))

    message = deleted(first.version_id)
    assert message is not None
    assert message.new is not None
    assert message.new["object"].version_id == second.version_id
    message = deleted(second.version_id)
    assert message is not None
    assert message.new is None


# -- sink, against the embedded cloud ---------------------------------------------------------------------------------


def found(cloud: Cloud, bucket: str) -> dict[str, bytes]:
    s3 = cloud.client("s3")
    listed: Any = s3.list_objects_v2(Bucket=bucket)
    keys = [each["Key"] for each in listed.get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def test_a_late_write_of_an_old_value_changes_nothing(cloud: Cloud, bucket: Callable[..., str]) -> None:
    name = bucket()
    sink = S3(name, key="out/{room}.txt")
    assert sink.publish([publication(2, {"label": "new"}, bare="label")]) == []
    assert sink.publish([publication(1, {"label": "old"}, bare="label")]) == []
    assert sink.publish([publication(2, {"label": "again"}, bare="label")]) == []
    assert found(cloud, name) == {"out/r1.txt": b"new"}
    head = cloud.client("s3").head_object(Bucket=name, Key="out/r1.txt")
    assert (head["Metadata"]["n"], head["ContentType"]) == ("2", "text/plain")
    assert read_envelope_text(head["Metadata"]["event"])["id"] == "rooms/area/room=r1/test/2"
    assert sink.publish([publication(1, kind="removal")]) == []
    assert found(cloud, name) == {"out/r1.txt": b"new"}
    assert sink.publish([publication(3, kind="removal")]) == []
    assert sink.publish([publication(3, kind="removal")]) == []
    assert found(cloud, name) == {}


def test_of_two_rivals_the_later_value_stays(
    cloud: Cloud, bucket: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from reactflow.aws.object_writer import ObjectWriter

    name = bucket()
    sink = S3(name, key="out/{room}.txt")
    look = ObjectWriter._look

    def overtaken_by(rival: int) -> None:
        def looked(self: ObjectWriter, key: str) -> Any:
            seen = look(self, key)
            monkeypatch.setattr(ObjectWriter, "_look", look)
            sink.publish([publication(rival, {"label": f"{rival}"}, bare="label")])
            return seen

        monkeypatch.setattr(ObjectWriter, "_look", looked)

    for rival, mine, stays in ((2, 1, b"2"), (3, 4, b"4")):
        overtaken_by(rival)
        assert sink.publish([publication(mine, {"label": f"{mine}"}, bare="label")]) == []
        assert found(cloud, name) == {"out/r1.txt": stays}
    overtaken_by(6)
    assert sink.publish([publication(5, kind="removal")]) == []
    assert found(cloud, name) == {"out/r1.txt": b"6"}


def test_a_row_is_json_and_bytes_are_bytes(cloud: Cloud, bucket: Callable[..., str]) -> None:
    name = bucket()
    S3(name, key="row/{room}.json").publish([publication(1, {"area": 12.5, "tags": {"b", "a"}})])
    S3(name, key="thumb/{room}.jpg").publish([publication(1, {"t": b"\xff\xd8"}, bare="t")])
    S3(name, key="custom/{room}", content_type="image/webp").publish(
        [publication(1, {"t": b"RIFF"}, bare="t")]
    )
    objects = found(cloud, name)
    assert json.loads(objects["row/r1.json"]) == {"room": "r1", "area": 12.5, "tags": ["a", "b"]}
    assert objects["thumb/r1.jpg"] == b"\xff\xd8"
    s3 = cloud.client("s3")
    kinds = {key: s3.head_object(Bucket=name, Key=key)["ContentType"] for key in objects}
    assert kinds == {
        "row/r1.json": "application/json",
        "thumb/r1.jpg": "image/jpeg",
        "custom/r1": "image/webp",
    }


def test_each_occurrence_is_an_object_and_is_written_once(cloud: Cloud, bucket: Callable[..., str]) -> None:
    name = bucket()
    sink = S3(name, key="log/{room}")
    log = [publication(n, {"size": n}, kind="occurrence") for n in (1, 2)]
    assert sink.publish([*log, *log]) == []
    assert sorted(found(cloud, name)) == [f"log/r1/rooms%2Farea%2Froom%3Dr1%2Ftest%2F{n}" for n in (1, 2)]


def test_keys_with_any_character_are_written_and_read_back(cloud: Cloud, bucket: Callable[..., str]) -> None:
    name = bucket()
    sink = S3(name, key="out/{room}.txt")
    assert sink.publish([publication(1, {"t": "x"}, key={"room": "a+b%C3%BC ü&?#"}, bare="t")]) == []
    assert found(cloud, name) == {"out/a+b%C3%BC ü&?#.txt": b"x"}


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_an_envelope_in_metadata_is_ascii_and_within_its_room(subject: str) -> None:
    text = envelope_text(
        {"specversion": "1.0", "id": "a/b/c/d/1", "subject": subject, "data": {"x": subject * 50}}
    )
    assert text.isascii()
    assert len(text) <= 1900
    assert " " not in text
    assert read_envelope_text(text)["specversion"] == "1.0"


def test_a_template_names_one_object_a_unit() -> None:
    sink = S3("photos", key="out/{user}/{name}.jpg")
    sink.check(["user", "name"], None)  # type: ignore[arg-type]
    with pytest.raises(BindingError, match=r"leaves out \{size\}, so that two units would write one object"):
        sink.check(["user", "name", "size"], None)  # type: ignore[arg-type]
    with pytest.raises(BindingError, match=r"has \{name\}, which is no field of the unit's key \(user\)"):
        sink.check(["user"], None)  # type: ignore[arg-type]


def test_a_missing_bucket_of_a_sink_is_named_with_the_remedy(cloud: Cloud) -> None:
    with pytest.raises(ConfigurationError, match="s3/nowhere-at-all does not exist in us-east-1: create it"):
        S3("nowhere-at-all", key="out/{room}").publish([publication(1, {"t": "x"}, bare="t")])
