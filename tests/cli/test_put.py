"""Putting records into the embedded cloud: digit for digit, and all or nothing when one is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reactflow.cli.put import put_into
from reactflow.cli.records import partition_key, read_record, written
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.local.provision import BucketNeeded, StreamNeeded, TableNeeded, provision

Unique = Callable[[str], str]


def records_of(cloud: Cloud, stream: str) -> list[tuple[str, bytes]]:
    kinesis = cloud.client("kinesis")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [(one.get("PartitionKey", ""), one.get("Data", b"")) for one in found]


def test_a_record_arrives_as_it_was_written(cloud: Cloud, unique: Unique) -> None:
    stream = unique("numbers")
    provision(cloud, [StreamNeeded(stream)])
    text = '{"z": "a",  "n": 12345678901234567890.123456789012345678, "e": 1e2}'
    assert put_into(cloud.endpoint, "kinesis", stream, [text]) == {
        "resource": f"kinesis/{stream}", "put": 1, "deleted": 0,
    }  # fmt: skip
    assert records_of(cloud, stream) == [("a", text.encode())]


def test_the_partition_key_is_the_field_that_is_named(cloud: Cloud, unique: Unique) -> None:
    stream = unique("parts")
    provision(cloud, [StreamNeeded(stream)])
    put_into(cloud.endpoint, "kinesis", stream, ['{"a": "1", "n": 7}'], partition="n")
    assert [key for key, _ in records_of(cloud, stream)] == ["7"]


def test_nothing_is_put_when_one_record_is_wrong(cloud: Cloud, unique: Unique) -> None:
    stream = unique("wrong")
    provision(cloud, [StreamNeeded(stream)])
    with pytest.raises(ConfigurationError, match="is not an object: write one such as"):
        put_into(cloud.endpoint, "kinesis", stream, ['{"a": "1"}', "[1]"])
    assert records_of(cloud, stream) == []


def test_an_item_keeps_its_digits(cloud: Cloud, unique: Unique) -> None:
    table = unique("items")
    provision(cloud, [TableNeeded(table, "id")])
    put_into(cloud.endpoint, "dynamodb", table, ['{"id": "o1", "price": 10.1234567890123456789}'])
    item = cloud.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "o1"}}).get("Item", {})
    assert item["price"] == {"N": "10.1234567890123456789"}


def test_a_file_is_put_and_deleted(cloud: Cloud, unique: Unique, tmp_path: Path) -> None:
    bucket, file = unique("files"), tmp_path / "a.txt"
    file.write_bytes(b"\x00text")
    provision(cloud, [BucketNeeded(bucket)])
    key = "in/a=b ü.txt"
    assert put_into(cloud.endpoint, "s3", bucket, [f"{key}={file}"])["put"] == 1
    assert cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"\x00text"
    assert put_into(cloud.endpoint, "s3", bucket, [f"{key}="])["deleted"] == 1
    assert cloud.client("s3").list_objects_v2(Bucket=bucket).get("Contents", []) == []


@pytest.mark.parametrize("source", ["kinesis", "dynamodb", "s3"])
def test_a_place_that_is_not_there_is_named(cloud: Cloud, source: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    record = f"k={tmp_path / 'a'}" if source == "s3" else '{"id": "a"}'
    with pytest.raises(ConfigurationError, match=f"{source}/not-there at http.*: there is none"):
        put_into(cloud.endpoint, source, "not-there", [record])


def test_an_item_without_its_key_is_refused_in_the_words_of_the_cloud(cloud: Cloud, unique: Unique) -> None:
    table = unique("keyless")
    provision(cloud, [TableNeeded(table, "id")])
    with pytest.raises(ConfigurationError, match="Missing the key id"):
        put_into(cloud.endpoint, "dynamodb", table, ['{"price": 1}'])


def test_an_empty_partition_key_is_told_as_what_it_is_and_nothing_is_put(
    cloud: Cloud, unique: Unique
) -> None:
    stream = unique("empty")
    provision(cloud, [StreamNeeded(stream)])
    with pytest.raises(ConfigurationError, match=r"^record 2: the field 'room', the partition key, is empty"):
        put_into(cloud.endpoint, "kinesis", stream, written(['{"room": "a"}', '{"room": ""}']))
    assert records_of(cloud, stream) == []


def test_what_the_cloud_refuses_is_told_with_its_record_and_how_many_were_put(
    cloud: Cloud, unique: Unique
) -> None:
    table = unique("third")
    provision(cloud, [TableNeeded(table, "id")])
    records = written(['{"id": "a"}', '{"id": "b"}', '{"price": 1}'])
    with pytest.raises(
        ConfigurationError, match=r", record 3: .*Missing the key id.*; 2 before it were put$"
    ):
        put_into(cloud.endpoint, "dynamodb", table, records)
    assert cloud.client("dynamodb").scan(TableName=table)["Count"] == 2


def test_what_the_client_refuses_is_not_taken_for_silence(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    with pytest.raises(ConfigurationError, match="Invalid bucket name") as refused:
        put_into(cloud.endpoint, "s3", "a bucket", [f"k={tmp_path / 'a'}"])
    assert "nothing answers" not in str(refused.value)
    assert len(str(refused.value)) < 500


PAGE = b"<!doctype html>\n<html><body><h1>It works</h1></body></html>"


@pytest.mark.parametrize(
    ("status", "source"),
    [(200, "kinesis"), (404, "kinesis"), (501, "kinesis"), (200, "dynamodb"), (404, "dynamodb"), (404, "s3")],
)
def test_the_page_of_another_server_is_not_printed(status: int, source: str, tmp_path: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        do_PUT = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    (tmp_path / "a").write_text("a")
    record = f"k={tmp_path / 'a'}" if source == "s3" else '{"id": "a"}'
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(ConfigurationError, match="another server answers, and no AWS") as refused:
                put_into(f"http://127.0.0.1:{server.server_port}", source, "m", [record])
        finally:
            server.shutdown()
            thread.join()
    assert "<" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["x", "{}", "3", '{"a": NaN}', '{"a": Infinity}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write"):
        read_record(text)


@pytest.mark.parametrize("text", ["cat.jpg", "=cat.jpg", "in/cat.jpg=not-there.jpg"])
def test_what_is_no_file_of_a_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not KEY=FILE|cannot be read"):
        put_into("http://127.0.0.1:9", "s3", "photos", [text])


def test_a_record_without_its_partition_field_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no field 'room', which is to be its key: it has length"):
        partition_key({"length": 3}, "room")
