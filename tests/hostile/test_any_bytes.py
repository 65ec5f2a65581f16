"""Every decoder gives a value or the error that it declares, whatever bytes, JSON or typed attributes it is handed."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import window
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.aws.attribute_values import read_item
from reactflow.aws.host import open_event
from reactflow.aws.key_template import KeyTemplate
from reactflow.errors import ConfigurationError, RecordError, StateError
from reactflow.service.decoding import decode_value, short
from reactflow.service.envelope import Envelope
from reactflow.service.item import Item
from reactflow.service.json_reader import MEMBERS, NESTING, SIZE, read_json, read_object
from reactflow.service.key import Key
from reactflow.service.quarantine import Case, Reason, plain
from reactflow.service.source import Record, Source
from reactflow.testing import sample, samples
from tests.hostile.changed import (
    NUMBERS,
    PLAIN,
    SHAPES,
    SILENT,
    TEXTS,
    any_data,
    as_json,
    changed,
    changed_bytes,
    nested,
    tried,
)
from tests.hostile.everything import SENT, Box, Color, Everything


def size_of(value: object) -> tuple[int, int]:
    """How deep a value is, and how many members it has."""
    deepest = members = 0
    waiting = [(value, 0)]
    while waiting:
        here, depth = waiting.pop()
        if isinstance(here, (dict, list)):
            deepest = max(deepest, depth + 1)
            members += len(here)
            waiting += [(each, depth + 1) for each in (here.values() if isinstance(here, dict) else here)]
    return deepest, members


@given(any_data(SENT))
def test_any_data_is_an_object_within_the_limits_or_refused(data: bytes) -> None:
    found, refused = tried(lambda: read_object(data, "a record"), RecordError)
    if found is None:
        assert refused.startswith("a record")
        return
    deepest, members = size_of(found)
    assert len(data) <= SIZE
    assert deepest <= NESTING
    assert members <= MEMBERS
    assert found.keys() == dict(json.loads(data, object_pairs_hook=list)).keys()
    json.dumps(found, default=str, allow_nan=False).encode()  # no NaN and no half of a pair is in it


STRANGE = st.lists(
    st.sampled_from(['"', "\\", "{", "}", "[", "]", ",", ":", "a", "\\u", "\\ud800", "1", " "]), max_size=40
)


@given(STRANGE.map("".join))
def test_any_brackets_are_read_as_json_reads_them_or_refused(text: str) -> None:
    found, refused = tried(lambda: read_json(text, "a record"), RecordError)
    assert refused.startswith("a record") or found == json.loads(text)


# no reader makes a NaN that signals
DECIMALS = st.decimals().filter(lambda number: not number.is_snan())
TYPES: list[Any] = [
    int, float, str, bool, bytes, Decimal, None, Any, dt.date, dt.datetime, dt.time, dt.timedelta, uuid.UUID,
    Color, Box,
    list[float], dict[str, int], tuple[int, str], tuple[float, ...], frozenset[str], set[int], int | None, float | str,
    Literal["S", 1], dict[str, list[Box | None]], list[Any], object, dict[int, str], list[list[list[int]]],
]  # fmt: skip


@pytest.mark.parametrize("wanted", TYPES, ids=str)
@given(value=PLAIN | DECIMALS | st.binary(max_size=4) | st.sampled_from([frozenset({1}), frozenset({"a"})]))
def test_any_value_fits_a_type_or_is_refused(wanted: Any, value: object) -> None:
    found, refused = tried(lambda: decode_value(value, wanted, "field 'a'", field="a"), RecordError)
    if refused:
        assert refused.startswith("field 'a'")
        assert len(refused) < 1000
    elif type(wanted) is type:
        assert isinstance(found, wanted)


@given(PLAIN | NUMBERS | SHAPES | st.binary())
def test_any_value_is_shown_shortly_and_kept_as_plain_data(value: object) -> None:
    assert len(short(value)) <= 80
    kept = plain(value)
    json.dumps(kept, allow_nan=False)
    assert plain(kept) == kept


ATTRIBUTES = st.recursive(
    st.sampled_from(["S", "N", "B", "BOOL", "NULL", "X", ""]).flatmap(
        lambda kind: PLAIN.map(lambda value: {kind: value})
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda made: {"L": made})
        | st.dictionaries(TEXTS, inner, max_size=3).map(lambda made: {"M": made})
        | st.lists(TEXTS | NUMBERS.map(str), max_size=3).flatmap(
            lambda made: st.sampled_from(["SS", "NS", "BS"]).map(lambda kind: {kind: made})
        )
    ),
    max_leaves=8,
)


@given(PLAIN | st.dictionaries(TEXTS, ATTRIBUTES, max_size=4))
def test_any_item_is_read_or_refused(item: object) -> None:
    found, refused = tried(lambda: read_item(item, "an item"), RecordError)
    if found is None:
        assert refused.startswith("an item")
    else:
        assert isinstance(item, dict)
        assert found.keys() == item.keys()


KEYS = [
    Key.of("id"),
    Key.of({"id": int}),
    Key.of({"id": dt.date}),
    Key.of(("id", window("1m", on="at", unit="s"))),
]
KEYS += [Key.of(("id", window("1d", on="at")))]


@pytest.mark.parametrize("key", KEYS, ids=str)
@given(id=PLAIN, at=PLAIN | DECIMALS | st.datetimes(timezones=st.timezones()) | st.datetimes())
def test_any_value_is_a_key_or_refused(key: Key, id: object, at: object) -> None:
    unit, refused = tried(lambda: key.read({"id": id, "at": at}, {}), RecordError)
    if unit is None:
        assert refused != SILENT
        assert len(refused) < 1000
    else:
        assert len(unit.text.encode("ascii")) <= 1024
        assert key.decode(unit.text) == unit.values


@pytest.mark.parametrize("text", ["in/{name}", "{a:path}-{b:path}.jpg", "{n:int}/{day:date}/{rest:path}"])
@given(
    key=TEXTS | st.text() | st.from_regex(r"(0|-?[0-9]{1,40})/[0-9]{4}-[0-9]{2}-[0-9]{2}/.+", fullmatch=True)
)
def test_any_key_is_of_a_template_or_not(text: str, key: str) -> None:
    template = KeyTemplate(text)
    found = template.parse(key)
    if found is not None and len(key) <= 200 and all(len(str(value)) for value in found.values()):
        written, refused = tried(lambda: template.format(found), ConfigurationError)
        assert template.parse(written) == found if written else "half of a surrogate pair" in refused


SOURCES: list[Source] = [
    Kinesis("measurements", partition="room"),
    DynamoDB("employees", keys=("department", "number")),
    S3("photos", key="in/{user}/{name}"),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.resource)
@given(data=st.data(), name=st.sampled_from([name for name in samples() if "version_removed" not in name]))
def test_any_record_is_read_or_refused_by_every_source(
    source: Source, data: st.DataObject, name: str
) -> None:
    event = sample(name)
    raw = event["Records"][0] if event.get("Records") else event
    raw = data.draw(
        changed(raw) | st.dictionaries(st.sampled_from(["kinesis", "dynamodb", "s3", "detail"]), PLAIN)
    )
    if "s3" in raw:  # of one version that is gone S3 itself would be asked
        raw["eventName"] = data.draw(
            st.sampled_from(["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"])
        )
    raw.pop("detail-type", None)
    record = Record(raw, source.resource, receipt="r1")
    for read in (source.decode, source.lane, source.position):
        _, refused = tried(partial(read, record), RecordError)
        assert refused != SILENT
        assert len(refused) < 5000


@given(PLAIN | st.sampled_from(samples()).map(sample).flatmap(changed))
def test_any_event_is_opened_or_refused(event: object) -> None:
    records, refused = tried(lambda: open_event(event), ConfigurationError)
    assert refused != SILENT
    assert all(isinstance(one.raw, dict) for one in records or ())


CLOUD_EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "a/b/c/d/1", "source": "/a", "type": "reactflow.row", "sequence": "1", "hops": 1,
    "data": {}, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}  # fmt: skip


@given(changed(CLOUD_EVENT) | st.dictionaries(st.sampled_from([*CLOUD_EVENT]), PLAIN))
def test_any_envelope_is_read_or_refused(sent: dict[str, Any]) -> None:
    assert Envelope.is_one(sent) in (True, False)
    found, refused = tried(lambda: Envelope.from_json(sent), RecordError)
    assert refused != SILENT
    assert len(refused) < 1000
    if found is not None:
        assert found.place is None or len(found.place[1]) == 20
        assert Envelope.from_json(found.to_json()) == found


# -- what a store gives back, which others may have written to --------------------------------------------------------

STEP = Everything.step()
ITEM = Item(
    v=3, gv=STEP.version, marks={"kinesis/s/0": "0001"}, numbers={"a": 2}, open_cases=["c"],
    cells=STEP.codec.encode(STEP.initial()),
)  # fmt: skip
CASE = Case(
    service="s", lane="l", position="1", reason=Reason(kind="record", message="m"), record={"a": nested(100)}
)


@given(changed_bytes(ITEM.to_bytes()) | changed(json.loads(ITEM.to_bytes())).map(as_json) | st.binary())
def test_any_stored_item_is_read_or_refused(data: bytes) -> None:
    item, refused = tried(lambda: Item.from_bytes(data, "id=e1"), StateError)
    if item is not None:
        _, refused = tried(lambda: STEP.read(item.cells, item.gv), StateError)
    assert refused != SILENT


@given(changed_bytes(ITEM.cells) | changed(json.loads(ITEM.cells)).map(as_json) | st.binary())
def test_any_stored_state_is_read_or_refused(data: bytes) -> None:
    _, refused = tried(lambda: STEP.read(data, STEP.version), StateError)
    assert refused != SILENT


@given(changed_bytes(CASE.to_bytes()) | changed(json.loads(CASE.to_bytes())).map(as_json) | st.binary())
def test_any_stored_case_is_read_or_refused(data: bytes) -> None:
    case, refused = tried(lambda: Case.from_bytes(data), StateError)
    assert refused != SILENT
    assert case is None or Case.from_bytes(case.to_bytes()) == case
