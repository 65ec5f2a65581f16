"""A service is a frozen value that is complete when it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from reactflow import Flow, MemoryStore, Service, cell, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError, ConfigurationError
from reactflow.service import SQLiteStore
from reactflow.service.stores import open_store
from reactflow.testing import kinesis_event
from tests.service.recording import Table


class Room(Flow):
    length = cell(0.0)
    double = length * 2


SOURCE = Kinesis("measurements", partition="room")


def test_name_is_the_flow_s_unless_given() -> None:
    assert Service(Room, key="room").name == "room"
    assert Service(Room, key="room", name="rooms").name == "rooms"


def test_one_input_or_output_alone_is_a_list_of_one() -> None:
    service = Service(Room, key="room", inputs=SOURCE, outputs=Room.double >> Table())
    assert (len(service.inputs), len(service.outputs)) == (1, 1)


def test_what_it_reads_and_writes_is_told_from_outside() -> None:
    service = Service(
        Room, key="room", name="rooms", inputs=[SOURCE],
        outputs=[row(Room.double) >> DynamoDB("areas"), Room.double >> S3("files", key="out/{room}.json")],
    )  # fmt: skip
    assert service.reads == ("kinesis/measurements",)
    assert service.writes == ("dynamodb/areas", "s3/files/out/")
    assert repr(service) == "<service rooms: kinesis/measurements -> Room -> dynamodb/areas, s3/files/out/>"


def test_service_without_inputs_or_outputs_reads_well() -> None:
    assert repr(Service(Room, key="room", inputs=SOURCE)) == "<service room: kinesis/measurements -> Room>"
    assert repr(Service(Room, key="room")) == "<service room: Room>"


def test_store_may_be_given_by_its_name(tmp_path: Path) -> None:
    assert isinstance(Service(Room, key="room", store="memory").store, MemoryStore)
    store = Service(Room, key="room", store=f"sqlite:{tmp_path}/x.db").store
    assert isinstance(store, SQLiteStore)
    assert store.path == tmp_path / "x.db"
    assert Service(Room, key="room", store=store).store is store


def test_service_is_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Service(Room, key="room").name = "other"  # type: ignore[misc]


def test_units_of_services_that_share_a_store_do_not_meet() -> None:
    store = MemoryStore()
    one, other = (
        Service(Room, key="room", name=name, inputs=[SOURCE], store=store) for name in ("one", "other")
    )
    one.handler(kinesis_event({"room": "r1", "length": 3}))
    assert list(store.units("one")) == ["room=r1"]
    assert list(store.units("other")) == []
    assert other.handler(kinesis_event({"room": "r1", "length": 3})) == {"batchItemFailures": []}


def test_state_in_memory_is_refused_on_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "rooms")
    monkeypatch.delenv("REACTFLOW_STATE", raising=False)
    with pytest.raises(
        ConfigurationError,
        match=r"REACTFLOW_STATE is not set, .* kept in a table, REACTFLOW_STATE=dynamodb:TABLE",
    ):
        Service(Room, key="room", inputs=[SOURCE]).handler(kinesis_event())


def test_file_that_several_instances_would_share_is_refused_on_lambda(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "rooms")
    monkeypatch.setenv("REACTFLOW_STATE", "sqlite:/mnt/shared/x.db")
    service = Service(Room, key="room", inputs=[SOURCE])
    with pytest.raises(ConfigurationError) as caught:
        service.handler(kinesis_event())
    assert str(caught.value) == (
        "REACTFLOW_STATE='sqlite:/mnt/shared/x.db' on AWS Lambda: a file is for one machine, and state that several "
        "instances of a function share is kept in a table, REACTFLOW_STATE=dynamodb:TABLE. Only to try it out, with "
        "state that is lost with each instance, memory or sqlite:/tmp/x.db"
    )
    monkeypatch.setenv("REACTFLOW_STATE", "memory")
    assert service.handler(kinesis_event()) == {"batchItemFailures": []}


def test_who_named_the_wrong_store_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTFLOW_STATE", "postgres")
    with pytest.raises(ConfigurationError, match=r"^REACTFLOW_STATE='postgres' names no store"):
        open_store()
    with pytest.raises(ConfigurationError, match=r"^'postgres' names no store"):
        open_store("postgres")


@pytest.mark.parametrize(
    "event", [None, [], {}, {"Records": [{"eventSource": "aws:ses"}]}, {"detail-type": "x", "detail": {}}]
)
def test_event_of_another_kind_is_refused(event: Any) -> None:
    with pytest.raises(ConfigurationError):
        Service(Room, key="room", inputs=[SOURCE], store=MemoryStore()).handler(event)


def test_output_into_the_prefix_that_is_read_is_refused() -> None:
    class Photo(Flow):
        size = cell(0)

    source = S3("photos", key="in/{name}.jpg", fields={"size": "object.size"})
    Service(Photo, key="name", inputs=[source], outputs=[Photo.size >> S3("photos", key="out/{name}.json")])
    with pytest.raises(
        BindingError, match="'photo' writes s3/photos/in/small/ and reads s3/photos/in/: it would feed"
    ):
        Service(
            Photo,
            key="name",
            inputs=[source],
            outputs=[Photo.size >> S3("photos", key="in/small/{name}.json")],
        )


@pytest.mark.parametrize("default", [float("nan"), object(), 1j])
def test_a_flow_whose_start_cannot_be_stored_is_refused(default: Any) -> None:
    class Strange(Flow):
        a = cell(default)
        n = cell(0)

    with pytest.raises(BindingError, match=r"cannot be stored as it starts.*another default"):
        Service(Strange, name="strange", key="room", inputs=[Kinesis("m", order="arrival")])


@pytest.mark.parametrize(("option", "value"), [("extra", "forbidden"), ("order", "arival")])
def test_a_misspelled_option_of_a_source_is_refused(option: str, value: str) -> None:
    given: dict[str, Any] = {option: value}
    with pytest.raises(BindingError, match=rf"Kinesis\({option}='{value}'\): it is "):
        Kinesis("m", partition="room", **given)
