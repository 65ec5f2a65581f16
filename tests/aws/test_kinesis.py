"""Kinesis as a source (records as Lambda delivers them) and as a sink (against the embedded cloud)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.aws import Kinesis
from reactflow.aws.host import open_event
from reactflow.errors import BindingError, ConfigurationError, RecordError
from reactflow.service.cloudevent import REMOVAL, ROW
from reactflow.service.source import Message, Record
from reactflow.testing.events import kinesis_event, sample
from tests.aws.publications import publication

if TYPE_CHECKING:
    from reactflow.local.cloud import Cloud

MEASUREMENTS = Kinesis("measurements", partition="room")


def records(*data: Any, **options: Any) -> list[Record]:
    return open_event(kinesis_event(*data, **options))


def decoded(data: Any, source: Kinesis = MEASUREMENTS, **options: Any) -> Message:
    message = source.decode(records(data, **options)[0])
    assert message is not None
    return message


def numbered(number: str) -> Record:
    return Record({"kinesis": {"sequenceNumber": number}}, "kinesis/measurements")


def test_a_record_is_a_patch_with_exact_decimals_and_its_time() -> None:
    message = decoded({"room": "r1", "length": Decimal("3.10")})
    assert message.new == {"room": "r1", "length": Decimal("3.10")}
    assert (message.old, message.old_known, message.cause) == (None, False, None)
    assert message.time == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert not MEASUREMENTS.contract.replaces
    assert MEASUREMENTS.contract.ordered


def test_the_lane_is_stream_and_shard_and_positions_grow() -> None:
    first, second = records({"room": "r1"}, {"room": "r2"}, shard=6)
    assert (
        MEASUREMENTS.lane(first) == "kinesis/measurements/shardId-000000000006" == MEASUREMENTS.lane(second)
    )
    assert MEASUREMENTS.position(first) < MEASUREMENTS.position(second)


@given(st.integers(0, 10**129 - 1), st.integers(0, 10**129 - 1))
def test_positions_order_as_the_numbers_do(one: int, other: int) -> None:
    first, second = (MEASUREMENTS.position(numbered(str(number))) for number in (one, other))
    assert (first < second) == (one < other)
    assert len(first) == len(second)


def test_a_number_of_56_digits_is_not_compared_as_raw_text() -> None:
    assert MEASUREMENTS.position(numbered("99")) < MEASUREMENTS.position(numbered("1" + "0" * 55))
    with pytest.raises(RecordError, match="sequence number 'x1': it should be digits"):
        MEASUREMENTS.position(numbered("x1"))


def test_a_record_that_is_not_json_is_refused_with_its_number() -> None:
    good, bad, also_good = open_event(sample("kinesis_not_json"))
    assert MEASUREMENTS.decode(good) is not None
    assert MEASUREMENTS.decode(also_good) is not None
    with pytest.raises(RecordError) as caught:
        MEASUREMENTS.decode(bad)
    assert f"kinesis/measurements, record {bad.receipt} is not JSON" in str(caught.value)


def test_the_recorded_samples_are_read() -> None:
    stream = Kinesis("measurements")
    lanes = {stream.lane(record) for record in open_event(sample("kinesis_two_shards"))}
    assert len(lanes) == 2
    first = stream.decode(open_event(sample("kinesis_recorded"))[0])
    assert first is not None
    assert first.new == {"room": "kitchen", "length": Decimal("3.0"), "width": Decimal("4.0")}


def test_the_partition_field_is_checked_on_each_record() -> None:
    with pytest.raises(
        RecordError, match="'room' is 'r1', but the record was sent with the partition key '3'"
    ) as caught:
        decoded({"room": "r1", "length": 3}, partition="length")
    assert caught.value.key_fields == {"room": "r1", "length": 3}
    with pytest.raises(RecordError, match="the field 'room' that the stream is partitioned by is missing"):
        decoded({"length": 3})
    with pytest.raises(RecordError, match="'room' that the stream is partitioned by is null"):
        decoded({"room": None}, partition="room")
    assert decoded({"line": 7}, Kinesis("measurements", partition="line")).new == {"line": 7}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xf3\x89\x9a\xc2rest", "AggregationEnabled=false"),
        (b'{"room": "r1", "room": "r2"}', "the name 'room' stands twice"),
        (b"[" * 100_000, "nested deeper than 64"),
        (b'{"specversion": "1.0", "type": "reactflow.row", "source": "/a"}', "the CloudEvent has no 'id'"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_no_crash(data: bytes, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        decoded(data)


def test_data_that_is_not_base64_or_too_large_is_refused() -> None:
    for data, says in (
        ("%%%", "not base64"),
        ("A" * 2_000_000, "1048576 are the most"),
        (None, "has no data"),
    ):
        record = Record({"kinesis": {"data": data}}, "kinesis/measurements")
        with pytest.raises(RecordError, match=says):
            MEASUREMENTS.decode(record)


def test_records_of_another_stream_account_or_region_are_refused() -> None:
    record = records({"room": "r1"})[0]
    for source, says in (
        (
            Kinesis("other"),
            "comes from resource 'kinesis/measurements', and the input is bound to 'kinesis/other'",
        ),
        (Kinesis("measurements", account="999999999999"), "comes from account '123456789012'"),
        (Kinesis("measurements", region="eu-central-1"), "comes from region 'us-east-1'"),
    ):
        with pytest.raises(RecordError, match=says):
            source.decode(record)
    assert Kinesis("measurements", account="123456789012", region="us-east-1").decode(record) is not None


def test_an_event_of_ours_is_opened_and_its_removal_is_one() -> None:
    row = publication(3, {"area": 12.5})
    message = decoded(row.envelope, Kinesis("measurements"))
    assert message.new == {"room": "r1", "area": Decimal("12.5")}
    assert message.cause is not None
    assert (message.cause.id, message.cause.type, message.cause.hops) == (row.id, ROW, 1)
    gone = decoded(publication(4, kind="removal").envelope, Kinesis("measurements"))
    assert (gone.new, gone.old, gone.old_known) == (None, {"room": "r1"}, False)
    assert gone.cause is not None
    assert gone.cause.type == REMOVAL


def test_a_unit_is_one_lane_when_its_key_holds_the_partition_field() -> None:
    assert MEASUREMENTS.unit_is_one_lane(["room"])
    assert MEASUREMENTS.unit_is_one_lane(["room", "line"])
    assert not MEASUREMENTS.unit_is_one_lane(["line"])
    assert not Kinesis("measurements").unit_is_one_lane(["room"])
    assert Kinesis("orders", partition="id", key={"order": "id"}).unit_is_one_lane(["order"])
    with pytest.raises(BindingError, match="key= speaks of 'orders', which is no part of the unit's key"):
        Kinesis("orders", key={"orders": "id"}).key_paths(["order"])


# -- sink, against the embedded cloud ---------------------------------------------------------------------------------


def stored(cloud: Cloud, stream: str) -> list[dict[str, Any]]:
    kinesis = cloud.client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        at = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records: list[Any] = list(kinesis.get_records(ShardIterator=at)["Records"])
        for record in records:
            found.append({"key": record["PartitionKey"], **json.loads(record["Data"])})
    return found


def test_records_of_a_unit_are_written_in_order(cloud: Cloud, unique: Callable[[str], str]) -> None:
    stream = unique("areas")
    cloud.client("kinesis").create_stream(StreamName=stream, ShardCount=2)
    cloud.client("kinesis").get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    batch = [
        publication(n, {"area": n * 1.5}, key={"room": room})
        for n in range(1, 6)
        for room in ("r1", "r2", "r3")
    ]
    assert Kinesis(stream).publish(batch) == []
    for room in ("r1", "r2", "r3"):
        mine = [record for record in stored(cloud, stream) if record["key"] == room]
        assert [record["sequence"] for record in mine] == ["1", "2", "3", "4", "5"]
        assert mine[0]["data"] == {"room": room, "area": 1.5}
        assert mine[0]["id"] == f"rooms/area/room={room}/test/1"


class Refusing:
    """A stream that refuses the n-th record of a request, as a throttled shard does."""

    def __init__(self, refuse: set[str]) -> None:
        self.refuse = refuse
        self.requests: list[list[str]] = []

    def put_records(self, **request: Any) -> dict[str, Any]:
        ids = ["/".join(json.loads(record["Data"])["id"].split("/")[2::2]) for record in request["Records"]]
        self.requests.append(ids)
        code = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"}
        return {"Records": [code if one in self.refuse else {"SequenceNumber": "1"} for one in ids]}


def test_after_a_refused_record_no_later_one_of_its_unit_overtakes(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Refusing({"room=r1/2"})
    monkeypatch.setattr("reactflow.aws.kinesis_writer.client", lambda name: service)
    batch = [publication(n, {"area": n}, key={"room": room}) for n in (1, 2, 3) for room in ("r1", "r2")]
    failed = Kinesis("areas").publish(batch)
    assert [batch[index].id.split("/")[2] + "/" + str(batch[index].n) for index in failed] == [
        "room=r1/2",
        "room=r1/3",
    ]
    assert service.requests == [["room=r1/1", "room=r2/1"], ["room=r1/2", "room=r2/2"], ["room=r2/3"]]


def test_requests_hold_at_most_500_records(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Refusing(set())
    monkeypatch.setattr("reactflow.aws.kinesis_writer.client", lambda name: service)
    batch = [publication(1, {"area": 1}, key={"room": f"r{number}"}) for number in range(1200)]
    assert Kinesis("areas").publish(batch) == []
    assert [len(request) for request in service.requests] == [500, 500, 200]


def test_a_record_that_is_too_large_is_named_and_the_others_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Refusing(set())
    monkeypatch.setattr("reactflow.aws.kinesis_writer.client", lambda name: service)
    batch = [publication(1, {"text": "x" * 1_100_000}), publication(1, {"text": "y"}, key={"room": "r2"})]
    with pytest.raises(ConfigurationError, match="the record rooms/area/room=r1/test/1 has 1100"):
        Kinesis("areas").publish(batch)
    assert service.requests == [["room=r2/1"]]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"text": "x" * 1_100_000},
            r"has 1100\d\d\d bytes with its partition key, and 1048576 are the most: publish",
        ),
        ({"text": "x\ud800"}, "holds half of a surrogate pair"),
        ({"level": float("nan")}, r"nan at data\.level has no form in JSON: leave the cell unset"),
        ({"n": 10**5000}, "cannot be written"),
    ],
)
def test_what_can_never_be_a_record_is_refused_before_it_is_published(
    values: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecordError, match=f"kinesis/areas: the record rooms/area/room=r1/test/1:? {says}"):
        Kinesis("areas").confirm(publication(1, values))
    Kinesis("areas").confirm(publication(1, {"text": "x" * 1_000_000}))
    Kinesis("areas").confirm(publication(2, kind="removal"))


def test_a_record_without_its_partition_field_is_refused_before_it_is_published() -> None:
    with pytest.raises(RecordError, match="has no 'floor' to be partitioned by: add it to the row"):
        Kinesis("areas", partition="floor").confirm(publication(1, {"floor": None}))


def test_the_partition_key_is_what_the_receiver_checks() -> None:
    from reactflow.aws.kinesis_writer import partition_key

    long = "é" * 300
    data = base64.b64encode(json.dumps({"room": long}).encode()).decode()
    raw = {"kinesis": {"data": data, "partitionKey": partition_key(long), "sequenceNumber": "1"}}
    assert MEASUREMENTS.decode(Record(raw, "kinesis/measurements")) is not None


def test_a_missing_stream_is_named_with_the_remedy(cloud: Cloud) -> None:
    with pytest.raises(
        ConfigurationError, match="kinesis/nowhere does not exist in us-east-1: create it, or correct"
    ):
        Kinesis("nowhere").publish([publication(1, {"area": 1.0})])
