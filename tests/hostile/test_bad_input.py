"""Each kind of bad input through each source that can carry it: a clear reason in quarantine, and no harm beside it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.service import Case
from reactflow.service.quarantine import plain
from reactflow.testing import dynamodb_event, eventbridge_event, kinesis_event, merged, s3_event, sqs_event
from tests.hostile.changed import as_delivered, nested
from tests.hostile.everything import Watched, everything, photos
from tests.hostile.measured import measured

MIB = 1 << 20
GOOD = {"id": "good", "number": 7, "ratio": 3.5, "text": "good", "reading": 1}


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.json", b"0" * (16 * MIB))
    return made.getvalue()


def within(text: str) -> bytes:
    return b'{"id": "e1", ' + text.encode() + b"}"


BAD: dict[str, tuple[bytes, str]] = {
    "too deep": (within('"anything": ' + "[" * 65 + "]" * 65), "is nested deeper than 64: send it flatter"),
    "much too deep": (b"[" * MIB, "is nested deeper than 64: send it flatter"),
    "much too deep in objects": (b'{"a":' * 200_000, "is nested deeper than 64: send it flatter"),
    "too long": (within('"text": "' + "x" * MIB + '"'), "1048576 are the most: send a reference"),
    "too many members": (within('"anything": [' + "1," * 20_000 + "1]"), "more than 10000 members: split it"),
    "a name twice": (within('"number": 1, "number": 2'), "the name 'number' stands twice in one object"),
    "a name twice inside": (within('"anything": {"a": 1, "a": 2}'), "the name 'a' stands twice in one object"),
    "NaN": (within('"ratio": NaN'), "NaN is no JSON: leave the field out"),
    "an infinity": (within('"ratio": -Infinity'), "-Infinity is no JSON: leave the field out"),
    "a huge integer": (within('"number": ' + "9" * 500_000), "has more than 4300 digits"),
    "a huge exponent": (within('"exact": 1e999999999'), "has more than 4300 digits"),
    "a huge fraction": (within('"exact": 0.' + "1" * 500_000), "has more than 4300 digits"),
    "half of a surrogate pair": (within('"text": "\\ud800"'), "holds half of a surrogate pair"),
    "bytes that are no text": (b"\xff\xfe\x00{}", "it is not text in UTF-8 (byte 0"),
    "text without an end": (b'{"' + b'\\"' * 500_000 + b"[" * 65, "is not JSON: Unterminated string"),
    "a million quotation marks": (b'{"a": [' + b'"",' * 300_000, "more than 10000 members"),
    "nothing": (b"", "is not JSON: Expecting value at character 0"),
    "no object": (b"[1, 2]", "is JSON, but an array and not an object"),
    "a gzip bomb": (gzip.compress(b"0" * (16 * MIB)), "is compressed with gzip, and is not unpacked here"),
    "a zip bomb": (zipped(), "it is not text in UTF-8"),
}  # fmt: skip


def check(watched: Watched, event: Any, size: int, says: str) -> Case:
    """Deliver good, bad, good; returns the case of the bad one."""
    event = as_delivered(event)
    # the event, its data as bytes and as text, and a copy in quarantine, each up to four bytes a character
    report = measured(lambda: watched.deliver(event), 24 * size + 8 * MIB)
    assert (report.fates["applied"], report.fates["quarantined"]) == (2, 1)
    ((case, *more),) = [watched.cases().values()]
    assert more == []
    assert says in case.reason.message
    assert case.reason.kind == "record"
    assert len(case.reason.message) < 1000
    return case


def check_good(watched: Watched) -> None:
    shown = watched.rows.rows["id=good"]
    assert (shown["square"], shown["half"], shown["loud"], shown["total"]) == (49, 0.5, "GOOD", 2)


@pytest.mark.parametrize("what", BAD)
def test_bad_data_in_a_stream(what: str) -> None:
    data, says = BAD[what]
    watched = everything(Kinesis("measurements", partition="id"))
    event = kinesis_event(GOOD, data, GOOD, partition="id")
    case = check(watched, event, len(data), says)
    assert base64.b64decode(case.record["kinesis"]["data"]) == data, "it is kept as it came"
    assert case.reason.message.startswith(
        f"kinesis/measurements, record {event['Records'][1]['kinesis']['sequenceNumber']}"
    )
    check_good(watched)


QUEUED = {what: (data.decode(), says) for what, (data, says) in BAD.items() if data.isascii()}
NOTE = s3_event({"key": "in/good", "size": 4})


@pytest.mark.parametrize("what", QUEUED)
def test_bad_data_in_a_queue(what: str) -> None:
    body, says = QUEUED[what]
    watched = photos(S3("photos", key="in/{name}"))
    event = sqs_event(NOTE, body, s3_event({"key": "in/other", "size": 5}))
    case = check(watched, event, len(body), says)
    assert case.record["body"] == body
    assert case.reason.message.startswith(f"sqs/notifications, message {event['Records'][1]['messageId']}")
    assert {unit: row["size"] for unit, row in watched.rows.rows.items()} == {
        "name=good": 25,
        "name=other": 20,
    }


TYPED: dict[str, tuple[Any, str]] = {
    "too deep": ({"L": [{"L": [{"L": []}]}]}, ""),
    "too many members": ({"L": [{"N": "1"}] * 10_001}, "it has more than 10000 members: keep it flatter or smaller"),
    "NaN": ({"N": "NaN"}, "'NaN' is not a number"),
    "an infinity": ({"N": "Infinity"}, "'Infinity' is not a number"),
    "a huge integer": ({"N": "9" * 500_000}, "is not a number"),
    "a huge exponent": ({"N": "1e999999999"}, "'1e999999999' is not a number"),
    "bytes that are none": ({"B": "%%%"}, "attribute 'anything': "),
    "half of a surrogate pair": ({"S": "\ud800"}, "field 'anything' of dynamodb/items"),
    "two kinds at once": ({"S": "a", "N": "1"}, "not one typed value"),
    "no kind": ({}, "not one typed value"),
}  # fmt: skip


def too_deep() -> Any:
    made: Any = {"N": "1"}
    for _ in range(70):
        made = {"L": [made]}
    return made


@pytest.mark.parametrize("what", TYPED)
def test_bad_data_in_a_table(what: str) -> None:
    value, says = TYPED[what]
    if what == "too deep":
        value, says = too_deep(), "it is nested deeper than 64: keep it flatter or smaller"
    watched = everything(DynamoDB("items", keys="id"))
    event = dynamodb_event((None, GOOD), (None, {"id": "e1"}), (GOOD, GOOD), table="items")
    event["Records"][1]["dynamodb"]["NewImage"]["anything"] = value
    case = check(watched, event, len(json.dumps(value)), says)
    assert case.unit == "id=e1", "its key could be read"
    assert case.record == plain(as_delivered(event["Records"][1]))
    check_good(watched)


# -- keys of objects --------------------------------------------------------------------------------------------------

OPAQUE = [
    "../../etc/passwd", "/etc/passwd", "..", ".", "a\x00b", "a\nb", "%2e%2e%2f", "${AWS::Region}", "{name}", "a+b c",
    "\u202eevil",
    "*", "a" * 1000, "con", "a=b,c=d", "s3://other/x", "'; DROP TABLE rows; --",
]  # fmt: skip
REFUSED = {
    "%FF": "is not text in UTF-8: name objects in UTF-8",
    "%ED%A0%80": "is not text in UTF-8: name objects in UTF-8",
    "a" * 1022: "with 1025 bytes, and a key has 1 to 1024",
    "%C3%A9" * 511: "with 1025 bytes, and a key has 1 to 1024",
    "a" * 100_000: "bytes, and a key has 1 to 1024",
}


@pytest.mark.parametrize("way", ["direct", "queue", "bridged", "bridged in a queue"])
@pytest.mark.parametrize("key", OPAQUE)
def test_odd_key_is_decoded_once_and_is_opaque_from_then_on(key: str, way: str) -> None:
    watched = photos(S3("photos", key="in/{name:path}"))
    event = s3_event({"key": f"in/{key}", "size": 4})
    if "bridged" in way:
        event = eventbridge_event(event)
    watched.deliver(sqs_event(event) if "queue" in way else event)
    ((unit, item),) = watched.stored().items()
    assert watched.service.bound[0].key.decode(unit) == (key,)
    state = watched.service.step.read(watched.store.get("photos", unit).cells, watched.service.flow.version)  # type: ignore[union-attr]  # it is stored
    assert state["photo"].key == f"in/{key}"  # type: ignore[attr-defined]  # it is an S3Object
    assert watched.cases() == {}
    assert item


@pytest.mark.parametrize("way", ["direct", "queue"])
@pytest.mark.parametrize("key", REFUSED, ids=lambda key: key[:12])
def test_key_that_no_object_can_have_is_refused(key: str, way: str) -> None:
    watched = photos(S3("photos", key="in/{name:path}"))
    odd = s3_event({"key": "in/x", "size": 4}, start=1)
    odd["Records"][0]["s3"]["object"]["key"] = f"in/{key}"
    good, other = NOTE, s3_event({"key": "in/other", "size": 5}, start=2)
    event = sqs_event(good, odd, other) if way == "queue" else merged(good, odd, other)
    case = check(watched, event, len(key), REFUSED[key])
    assert case.reason.field == "s3.object.key"
    assert {unit: row["size"] for unit, row in watched.rows.rows.items()} == {
        "name=good": 25,
        "name=other": 20,
    }


@pytest.mark.parametrize(
    "key", ["a" * 1025, "é" * 200, "\ud800", 7, None, True, ["a"], 1.5, nested(3)], ids=repr
)
def test_key_of_a_unit_that_cannot_be_one_is_refused(key: Any) -> None:
    watched = everything(Kinesis("measurements", order="arrival"))
    event = kinesis_event(GOOD, json.dumps({"id": key, "number": 1}), GOOD)
    says = "half of a surrogate pair" if key == "\ud800" else "the key"
    case = check(watched, event, 2000, says)
    assert case.unit is None
    check_good(watched)


def test_huge_integer_within_the_limit_stays_exact_and_one_that_is_computed_is_the_cells_failure() -> None:
    watched = everything(Kinesis("measurements", partition="id"))
    digits = "9" * 1300
    sent = [f'{{"id": "e1", "number": {digits}}}', f'{{"id": "e1", "number": {"9" * 4300}}}']
    event = kinesis_event(*sent)
    for record in event["Records"]:
        record["kinesis"]["partitionKey"] = "e1"
    report = measured(lambda: watched.deliver(as_delivered(event)), 16 * MIB)
    assert (report.fates["applied"], report.fates["quarantined"]) == (1, 1)
    assert watched.rows.rows["id=e1"]["square"] == int(digits) ** 2
    (case,) = watched.cases().values()
    assert "cannot be written (Exceeds the limit (4300 digits)" in case.reason.message
