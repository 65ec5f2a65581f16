"""The quick way to read gives what the careful way gives, or nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactflow import Flow, Pulse, Service, cell, fold, folds, pulse
from reactflow.aws import Kinesis
from reactflow.errors import RecordError
from reactflow.service.binding import Input, UnitEvent
from reactflow.service.source import Record


class Everything(Flow):
    """A source of each type that is read quickly, and a pulse."""

    size = cell(0.0)
    count = cell(0)
    name = cell("")
    fine = cell(True)
    reading: Pulse[float] = pulse()
    total = fold(reading, folds.sum)


def bound(flow: type[Flow] = Everything, *, key: object = "room", **options: Any) -> Input:
    service = Service(flow, key=key, inputs=[Kinesis("measurements", partition="room", **options)])
    return service.bound[0]


ORDINARY = bound()


def record(data: bytes, *, sent: str = "r1", number: str = "17") -> Record:
    raw = {
        "kinesis": {
            "data": b64encode(data).decode(),
            "partitionKey": sent,
            "sequenceNumber": number,
            "approximateArrivalTimestamp": 1_795_435_200.5,
        },
        "eventID": f"shardId-000000000003:{number}",
    }
    return Record(raw, "kinesis/measurements", "stream", number)


def carefully(one: Input, given: Record) -> tuple[UnitEvent, str, str, float] | str:
    """What decoding, binding, lane and position give; the message when they refuse."""
    try:
        message = one.source.decode(given)
        assert message is not None
        assert message.time is not None
        (event,) = one.events(message)
        return event, one.source.lane(given), one.source.position(given), message.time.timestamp()
    except RecordError as error:
        return str(error)


def values(read: object) -> str:
    """The values of cells as text, which shows their types, and the sign of zero."""
    assert isinstance(read, tuple)
    return repr((dict(read[0].event.writes), dict(read[0].event.occurrences)))


def check(data: bytes, *, sent: str = "r1", one: Input = ORDINARY) -> bool:
    """Hold the quick way to the careful one; returns whether it gave anything."""
    assert one.reader is not None
    quick = one.reader(record(data, sent=sent))
    if quick is None:
        return False
    careful = carefully(one, record(data, sent=sent))
    assert quick == careful
    assert values(quick) == values(careful)
    return True


@pytest.mark.parametrize(
    "data",
    [
        b'{"room":"r1"}',
        b'{"room":"r1","size":3.123,"count":4,"name":"b\\u00e4d","fine":false,"reading":-2}',
        b' {"room": "r1", "size": 7.123456789012345}\n',
        b'{"size":1e3,"room":"r1"}',
        b'{"size":-0,"room":"r1"}',
        b'{"size":-0.0,"room":"r1"}',
        b'{"room":"r1","name":"10:30"}',
        b'{"room":"r1","unknown":[1,{}],"size":2.0}',
        '{"room":"r1","name":"böse"}'.encode(),
    ],
)
def test_what_is_ordinary_is_read_quickly(data: bytes) -> None:
    assert check(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff{}",
        b'{"size":3.0}',
        b'{"room":"r2"}',
        b'{"room":null}',
        b'{"room":"r1","size":"3"}',
        b'{"room":"r1","size":null}',
        b'{"room":"r1","size":NaN}',
        b'{"room":"r1","size":1e400}',
        b'{"room":"r1","size":1e-400}',
        b'{"room":"r1","size":3.10000000000000000001}',
        b'{"room":"r1","size":9007199254740993}',
        b'{"room":"r1","count":3.0}',
        b'{"room":"r1","count":true}',
        b'{"room":"r1","size":1,"size":2}',
        b'{"room":"r1","size":1,"size" :2}',
        b'{"room":"r1","other":{"a":1,"a":2}}',
        b'{"room":"r1","other":[{"a":1}]}',
        b'{"room":"r1","name":"\\ud800"}',
        b'{"room":"r1"} x',
        b'{"room":"r1","specversion":"1.0"}',
        b'{"room":"r1","other":' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"room":"r1","other":' + b"[" * 3000 + b"]" * 3000 + b"}",
    ],
)
def test_what_is_not_is_left_to_a_careful_reader(data: bytes) -> None:
    assert not check(data)


def test_inputs_whose_records_mean_more_have_no_quick_way() -> None:
    assert bound(where=lambda fields: True).reader is None
    assert bound(version="count").reader is None
    assert bound(account="123456789012").reader is None
    assert bound(fields={"size": "inner.size"}).reader is None
    assert bound(fields={"name": "label", "size": "label"}).reader is None
    assert bound(fields={"name": "specversion"}).reader is None


@pytest.mark.parametrize("name", ['say "x"', "a\\b", "a\nb"])
def test_a_field_whose_name_has_to_be_escaped_has_no_quick_way(name: str) -> None:
    one = bound(fields={"name": name})
    assert one.reader is None
    (event,) = one.events(one.source.decode(record(json.dumps({"room": "r1", name: "x"}).encode())))  # type: ignore[arg-type]  # it is a message
    assert event.event.writes == {"name": "x"}


def test_a_field_may_feed_several_cells_and_be_the_key() -> None:
    class Named(Flow):
        room = cell("")
        name = cell("")

    one = bound(Named, fields={"room": "room", "name": "room"})
    assert check(b'{"room":"r1"}', one=one)
    two = bound(Named, key={"room": str, "floor": int})
    assert check(b'{"room":"r1","floor":3}', one=two)
    assert not check(b'{"room":"r1","floor":3.0}', one=two)
    assert not check(b'{"room":"r1","floor":true}', one=two)


def test_fields_that_feed_nothing_are_told_or_forbidden() -> None:
    assert ORDINARY.reader is not None
    read = ORDINARY.reader(record(b'{"room":"r1","extra":1,"more":"a:b"}'))
    assert read is not None
    assert read[0].ignored == {"extra", "more"}
    strict = bound(extra="forbid")
    assert check(b'{"room":"r1","name":"a:b"}', one=strict)
    assert not check(b'{"room":"r1","extra":1}', one=strict)


NUMBERS = st.one_of(
    st.floats().map(repr),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
)
TEXTS = st.one_of(st.text(), st.sampled_from(["r1", "a:b", '":', "specversion"]))
VALUES = st.one_of(
    NUMBERS,
    TEXTS.map(json.dumps),
    TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ["null", "true", "false", "[]", "{}", '[{"a":1}]', '{"a":{"a":1}}', "NaN", "-0", "01", "1."]
    ),
)
NAMES = st.one_of(st.sampled_from(["room", "size", "count", "name", "fine", "reading"]), st.text(max_size=3))
SPACES = st.sampled_from(["", "", "", " ", "\n", "\t "])


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """JSON objects of fields that feed cells and others, mostly with the key; maybe not quite JSON."""
    members = draw(st.lists(st.tuples(NAMES.map(json.dumps), VALUES), max_size=6))
    if draw(st.integers(0, 9)):
        members.insert(draw(st.integers(0, len(members))), ('"room"', '"r1"'))
    parts = (f"{name}{draw(SPACES)}:{draw(SPACES)}{value}" for name, value in members)
    text = draw(SPACES) + "{" + f"{draw(SPACES)},{draw(SPACES)}".join(parts) + "}" + draw(SPACES)
    return text.encode("utf-8", "surrogatepass")


@given(documents())
@example(b'{"room":"r1","size":0e5}')
def test_any_object_means_the_same_to_both(data: bytes) -> None:
    check(data)


@given(documents(), st.data())
def test_any_bytes_mean_the_same_to_both(data: bytes, more: st.DataObject) -> None:
    place = more.draw(st.integers(0, len(data)))
    put = more.draw(st.binary(max_size=3))
    check(data[:place] + put + data[place + more.draw(st.integers(0, 3)) :])
