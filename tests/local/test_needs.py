"""What services need of a cloud: each thing once, and a table's primary key from whoever says it."""

from __future__ import annotations

import pytest

from reactflow import Cell, Flow, Service, cell, pulse, row
from reactflow.aws import S3, DynamoDB, Kinesis, S3Object
from reactflow.errors import ConfigurationError
from reactflow.local.needs import LONGEST_QUEUE, needs_of, queue_of
from reactflow.local.provision import BucketNeeded, StreamNeeded, TableNeeded


class Room(Flow):
    length = cell(0.0)
    area = length * 2.0
    seen = pulse()


class Photo(Flow):
    photo: Cell[S3Object] = cell()


def room(name: str, key: object = "room", inputs: object = (), outputs: object = ()) -> Service:
    return Service(Room, name=name, key=key, inputs=inputs, outputs=outputs)


def test_a_stream_is_needed_once_by_whoever_writes_and_reads_it() -> None:
    writer = room(
        "writer", inputs=[Kinesis("m", partition="room")], outputs=[row(Room.area) >> Kinesis("areas")]
    )
    reader = room("reader", inputs=[Kinesis("areas", partition="room", fields={"length": "area"})])
    assert needs_of([writer, reader], shards=3) == [StreamNeeded("m", 3), StreamNeeded("areas", 3)]


def test_a_table_that_is_read_has_a_stream_and_the_key_of_the_unit() -> None:
    service = room("rooms", key={"house": str, "floor": int}, inputs=[DynamoDB("rooms")])
    assert needs_of([service]) == [TableNeeded("rooms", "house", "floor", types={"floor": "N"}, stream=True)]


def test_the_writer_says_what_the_key_of_a_table_is_whoever_comes_first() -> None:
    writer = room(
        "writer", inputs=[Kinesis("m", partition="room")], outputs=[row(Room.area) >> DynamoDB("areas")]
    )
    reader = room("reader", key="house", inputs=[DynamoDB("areas", fields={"length": "area"})])
    for services in ([writer, reader], [reader, writer]):
        (table,) = [need for need in needs_of(services) if isinstance(need, TableNeeded)]
        assert table == TableNeeded("areas", "room", stream=True)


def test_two_services_that_say_otherwise_of_a_table_are_refused() -> None:
    one = room("one", inputs=[Kinesis("m", partition="room")], outputs=[row(Room.area) >> DynamoDB("areas")])
    other = room(
        "other",
        key="floor",
        inputs=[Kinesis("n", partition="floor")],
        outputs=[row(Room.area) >> DynamoDB("areas")],
    )
    with pytest.raises(
        ConfigurationError, match=r"dynamodb/areas: for service 'one' its primary key is \(room\)"
    ):
        needs_of([one, other])


def test_a_table_whose_key_nobody_can_tell_is_asked_for() -> None:
    with pytest.raises(
        ConfigurationError, match=r"what is the primary key of dynamodb/rooms\? Say DynamoDB\("
    ):
        needs_of([room("all", key=(), inputs=[DynamoDB("rooms")])])


def test_a_bucket_that_is_read_and_written_tells_the_queue_of_its_reader() -> None:
    service = Service(Photo, name="photos", key="name", inputs=[S3("photos", key="in/{name}")])
    writer = room(
        "pages",
        inputs=[Kinesis("m", partition="room")],
        outputs=[Room.area >> S3("photos", key="out/{room}")],
    )
    (bucket,) = [need for need in needs_of([writer, service]) if isinstance(need, BucketNeeded)]
    assert bucket.versioned
    assert [(told.queue, told.prefix) for told in bucket.notify] == [("reactflow-photos-photos", "in/")]


def test_queues_of_long_names_are_told_apart() -> None:
    source = S3("b" * 63, key="in/{name}")
    services = [Service(Photo, name="p" * 60 + end, key="name", inputs=[source]) for end in "ab"]
    queues = {queue_of(service, source) for service in services}
    assert len(queues) == 2
    assert all(len(queue) <= LONGEST_QUEUE for queue in queues)
