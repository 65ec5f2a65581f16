"""What goes wrong with one unit, one record or one sink stops no other, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import frozen

from reactflow import Cell, Flow, MemoryStore, Service, cell, derived, row
from reactflow.aws import S3, Kinesis, S3Object
from reactflow.errors import ConfigurationError, MissingExtra
from reactflow.service import Publication
from reactflow.testing import kinesis_event, s3_event, sqs_event
from tests.service.flows import item, stored, values
from tests.service.recording import Table

SOURCE = Kinesis("measurements", partition="room")
NOTHING: dict[str, Any] = {"batchItemFailures": []}


class Ratio(Flow):
    other = cell(0)
    divisor = cell(0)

    @derived(stored=False)
    def share(self) -> float:
        return 1 / self.divisor


def ratios(table: Table, flow: type[Flow] = Ratio, *cells: Any) -> Service:
    return Service(
        flow, name="ratios", key="room", inputs=[SOURCE], store=MemoryStore(),
        outputs=[row(*cells or (Ratio.other, Ratio.share)) >> table],
    )  # fmt: skip


def send(service: Service, *records: Any, start: int = 0) -> Any:
    return service.handler(kinesis_event(*records, partition="room", start=start))


def test_cell_that_is_not_stored_and_fails_on_the_defaults_is_left_out_of_the_row() -> None:
    table = Table()
    service = ratios(table)
    assert send(service, {"room": "r1", "other": 1}, {"room": "r2", "divisor": 2}) == NOTHING
    assert table.rows == {
        "room=r1": {"room": "r1", "other": 1},
        "room=r2": {"room": "r2", "other": 0, "share": 0.5},
    }
    assert send(service, {"room": "r1", "divisor": 4}, start=2) == NOTHING
    assert table.rows["room=r1"] == {"room": "r1", "other": 1, "share": 0.25}


class Stumbling(MemoryStore):
    """A store with a fault that nobody thought of, at one unit."""

    def put(self, service: str, unit: str, item: Any, expected_v: int, contributions: Any = ()) -> Any:
        if unit == "room=r1":
            raise KeyError("nobody thought of this")
        return super().put(service, unit, item, expected_v, contributions)


def test_unexpected_error_holds_up_its_own_unit_only(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(Ratio, key="room", inputs=[SOURCE], store=Stumbling())
    event = kinesis_event({"room": "r1", "other": 1}, {"room": "r2", "other": 2}, partition="room")
    first = event["Records"][0]["kinesis"]["sequenceNumber"]
    assert service.handler(event) == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert list(stored(service)) == ["room=r2"]
    assert "service ratio, unit room=r1: unexpected error" in caplog.text
    assert "nobody thought of this" in caplog.text


@frozen(eq=False)
class Broken(Table):
    def publish(self, batch: Sequence[Publication]) -> list[int]:
        raise ZeroDivisionError("a fault of the sink")


def test_unexpected_error_of_a_sink_holds_up_its_own_changes_only(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    service = Service(
        Ratio, key="room", inputs=[SOURCE], store=MemoryStore(),
        outputs=[Ratio.other >> Broken("broken"), row(Ratio.other, name="second") >> table],
    )  # fmt: skip
    answer = send(service, {"room": "r1", "other": 1})
    assert len(answer["batchItemFailures"]) == 1
    assert table.rows == {"room=r1": {"room": "r1", "other": 1}}
    assert "memory/broken: unexpected error" in caplog.text


# --- what is not installed or not set ------------------------------------------------------------------------

installed: list[str] = []


class Reader(Flow):
    level = cell(0)

    @derived
    def decoded(self) -> int:
        if self.level == 7 and not installed:
            raise MissingExtra("this cell", "a library", "aws")
        return self.level * 2


def test_cell_that_lacks_a_library_fails_the_delivery_and_loses_nothing() -> None:
    installed.clear()
    table = Table()
    service = ratios(table, Reader, Reader.decoded)
    event = [{"room": "r1", "level": 1}, {"room": "r1", "level": 7}, {"room": "r2", "level": 3}]
    with pytest.raises(MissingExtra, match="this cell needs a library: pip install"):
        send(service, *event)
    assert service.host.open_cases() == []
    assert table.rows == {"room=r2": {"room": "r2", "decoded": 6}}, "the other units go on"
    installed.append("the library")
    assert send(service, *event) == NOTHING
    assert table.rows == {"room=r1": {"room": "r1", "decoded": 14}, "room=r2": {"room": "r2", "decoded": 6}}
    assert item(service, "room=r2").v == 1


# --- records of another source -------------------------------------------------------------------------------


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda photo: photo.size or 0)


def photos() -> Service:
    return Service(Photo, key="name", inputs=[S3("photos", key="in/{name}")], store=MemoryStore())


def test_foreign_record_in_a_queue_is_put_away_by_itself() -> None:
    service = photos()
    good, foreign = s3_event({"key": "in/a", "size": 5}), s3_event("in/b", "in/c", bucket="other")
    assert service.handler(sqs_event(good, foreign)) == NOTHING
    assert values(service, "name=a")["size"] == 5
    cases = service.host.open_cases()
    assert [(case.unit, case.reason.kind) for case in cases] == [(None, "record")] * 2
    assert cases[0].reason.message == (
        "service 'photo' was handed a record of s3/other, and reads s3/photos: correct the trigger, or add the input"
    )
    service.handler(sqs_event(good, foreign))
    assert len(service.host.open_cases()) == 2, "the same records make the same cases"


def test_delivery_of_foreign_records_alone_is_refused() -> None:
    foreign = s3_event("in/b", bucket="other")
    with pytest.raises(ConfigurationError, match=r"handed a record of s3/other"):
        photos().handler(sqs_event(foreign, foreign))
    both = {"Records": [*s3_event("in/a")["Records"], *foreign["Records"]]}
    with pytest.raises(ConfigurationError, match=r"handed a record of s3/other"):
        photos().handler(both)
