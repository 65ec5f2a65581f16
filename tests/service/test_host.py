"""What a trigger delivers is answered as Lambda expects, and what came before, or fails, changes nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import MemoryStore, Service, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import ConfigurationError, Transient, Unfinished
from reactflow.service.host import Host
from reactflow.service.report import Report
from reactflow.testing import (
    dynamodb_event,
    eventbridge_event,
    kinesis_event,
    merged,
    s3_event,
    sample,
    sqs_event,
)
from tests.service.flows import Employee, Photo, Room, fresh, item, rooms, stored, values
from tests.service.recording import Table, check_publications

NOTHING: dict[str, Any] = {"batchItemFailures": []}


def numbers(event: dict[str, Any]) -> list[str]:
    return [
        (one.get("kinesis") or one["dynamodb"]).get("sequenceNumber") or one["dynamodb"]["SequenceNumber"]
        for one in event["Records"]
    ]


def part(event: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    return {"Records": event["Records"][first:last]}


# --- the same records again, in pieces that overlap, one that fails in the middle ---------------------------


def employees(table: Table) -> Service:
    return Service(
        Employee,
        key=("company", "id"),
        inputs=[DynamoDB("employees", keys=("company", "id"))],
        outputs=[row(Employee.label, who=Employee.name, raises=Employee.raises) >> table],
        store=MemoryStore(),
    )


def photos(table: Table, **options: Any) -> Service:
    return Service(
        Photo,
        key=("user", "name"),
        inputs=[
            S3(
                "photos",
                key="in/{user}/{name}.txt",
                fields={"photo": "object", "upload": "object"},
                **options,
            )
        ],
        outputs=[row(Photo.size, uploads=Photo.uploads) >> table],
        store=MemoryStore(),
    )


READINGS = kinesis_event(
    {"room": "r1", "length": 3, "width": 4, "reading": 1},
    {"room": "r2", "width": 2.5, "reading": 10},
    {"room": "r1", "length": 5, "reading": 2},
    {"room": "r1", "divisor": 0, "reading": 4},  # share fails: nothing of this record is applied
    {"room": "r1", "width": "wide"},  # not a number
    b"not JSON",
    {"room": "r1", "width": 1, "reading": 8},  # waits: peak needs the widths in order
    partition="room",
)


def item_of(company: str, number: str, **fields: Any) -> dict[str, Any]:
    return {"company": company, "id": number, **fields}


CHANGES = dynamodb_event(
    (None, item_of("c1", "e1", name="Ann", pay=10)),
    (None, item_of("c1", "e2", name="Bo", pay=20, grade="senior")),
    (item_of("c1", "e1", name="Ann", pay=10), item_of("c1", "e1", name="Ann", pay=11)),
    (item_of("c1", "e1", name="Ann", pay=11), item_of("c1", "e1", name="Ann", pay=13)),  # label fails
    (item_of("c1", "e1", name="Ann", pay=13), item_of("c1", "e1", name=7, pay=14)),  # a name is text
    (item_of("c1", "e2", name="Bo", pay=20, grade="senior"), None),
    (item_of("c1", "e1", name=7, pay=14), item_of("c1", "e1", name="Anna", pay=15)),
    keys=("company", "id"),
)

NOTIFICATIONS = s3_event(
    {"key": "in/ann/a+bü.txt", "size": 5},
    {"key": "in/bo/cat.txt", "size": 7},
    {"key": "in/ann/a+bü.txt", "size": 10},
    {"key": "out/ann/other.txt", "size": 3},  # not for this input
    {"key": "in/ann/a+bü.txt", "size": 20},
    {"key": "in/bo/cat.txt", "event": "ObjectRemoved:Delete"},
)


def check_stream(table: Table, service: Service) -> None:
    assert table.rows == {
        "room=r1": {"room": "r1", "area": 20.0, "share": 20.0, "limit": 20.0, "total": 3},
        "room=r2": {"room": "r2", "area": 2.5, "share": 2.5, "limit": 2.5, "total": 10},
    }
    assert sorted((case.unit or "", case.reason.cell) for case in service.host.open_cases()) == [
        ("", ""), ("room=r1", ""), ("room=r1", "share")
    ]  # fmt: skip
    held = item(service, "room=r1")
    assert (len(held.open_cases), held.held, len(held.waiting)) == (2, True, 1)


def check_table(table: Table, service: Service) -> None:
    assert table.rows == {
        "company=c1,id=e1": {"company": "c1", "id": "e1", "label": "Ann: -50", "who": "Ann", "raises": 2}
    }
    assert len(item(service, "company=c1,id=e1").open_cases) == len(service.host.open_cases()) == 1
    assert len(item(service, "company=c1,id=e1").waiting) == 2


def check_bucket(table: Table, service: Service) -> None:
    assert table.rows == {
        "user=ann,name=a%2Bb%C3%BC": {"user": "ann", "name": "a+bü", "size": 5, "uploads": 3}
    }
    assert service.host.open_cases() == []


CASES = {
    "kinesis": (
        lambda table: rooms(Kinesis("measurements", partition="room"), table),
        READINGS,
        check_stream,
    ),
    "dynamodb": (employees, CHANGES, check_table),
    "s3": (photos, NOTIFICATIONS, check_bucket),
}
PIECES = {
    "whole": [(0, 7)],
    "twice": [(0, 7), (0, 7)],
    "one by one": [(place, place + 1) for place in range(7)],
    "overlapping": [(0, 3), (1, 5), (0, 2), (4, 7), (2, 7)],
    "growing": [(0, last) for last in range(8)],
}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
@pytest.mark.parametrize("made", CASES.values(), ids=CASES)
@pytest.mark.parametrize("is_cold", [False, True], ids=["warm", "cold"])
def test_same_records_in_any_pieces_change_nothing_that_they_should_not(
    made: Any, pieces: Any, is_cold: bool
) -> None:
    make, event, check = made
    table = Table()
    service = make(table)
    for first, last in pieces:
        host = fresh(service) if is_cold else service.host
        assert host.handle(part(event, first, last)) == NOTHING
    check(table, service)
    check_publications([table])
    before = stored(service)
    assert fresh(service).handle(event) == NOTHING
    assert stored(service) == before, "pure duplicates write nothing"


def wrapped_in_messages() -> dict[str, Any]:
    return sqs_event(*(part(NOTIFICATIONS, place, place + 1) for place in range(6)))


def wrapped_by_eventbridge() -> dict[str, Any]:
    return sqs_event(*(eventbridge_event(NOTIFICATIONS, place) for place in range(6)))


@pytest.mark.parametrize("wrap", [wrapped_in_messages, wrapped_by_eventbridge])
def test_notifications_mean_the_same_through_a_queue(wrap: Any) -> None:
    table = Table()
    service = photos(table)
    messages = wrap()
    assert service.handler(messages) == NOTHING
    assert service.handler(part(messages, 2, 6)) == NOTHING
    check_bucket(table, service)


def test_notifications_mean_the_same_straight_from_eventbridge() -> None:
    table = Table()
    service = photos(table)
    for place in (0, 1, 2, 2, 3, 4, 1, 5, 0):
        service.handler(eventbridge_event(NOTIFICATIONS, place))
    check_bucket(table, service)


def test_older_notification_that_comes_late_is_superseded() -> None:
    service = photos(Table())
    reports: list[Report] = []
    host = fresh(service)
    object.__setattr__(host, "listener", reports.append)
    host.handle(part(NOTIFICATIONS, 2, 3))
    host.handle(part(NOTIFICATIONS, 0, 3))
    assert reports[1].fates == {"superseded": 1, "duplicate": 1, "applied": 1, "filtered": 0}


# --- what is answered ---------------------------------------------------------------------------------------


def failing(point: str, times: int = 1) -> Any:
    left = [times]

    def fault(here: str) -> bool:
        if here == point and left[0]:
            left[0] -= 1
            return True
        return False

    return fault


def test_stream_is_told_the_lowest_record_that_is_not_published() -> None:
    table = Table()
    table.fault.append(failing("sink before"))
    service = rooms(Kinesis("measurements", partition="room"), table)
    service.handler(part(READINGS, 0, 0))
    assert service.handler(part(READINGS, 1, 4)) == {
        "batchItemFailures": [{"itemIdentifier": numbers(READINGS)[1]}]
    }
    assert table.rows == {}
    assert service.handler(part(READINGS, 1, 4)) == NOTHING
    assert set(table.rows) == {"room=r1", "room=r2"}


def test_unit_that_cannot_be_published_leaves_others_alone() -> None:
    table = Table()
    table.fault.append(failing("sink in the middle"))
    service = rooms(Kinesis("measurements", partition="room"), table)
    assert service.handler(READINGS) == {"batchItemFailures": [{"itemIdentifier": numbers(READINGS)[0]}]}
    assert set(table.rows) == {"room=r2"}
    assert service.handler(READINGS) == NOTHING
    check_stream(table, service)


def test_queue_is_told_every_message_that_is_not_finished() -> None:
    table = Table()
    table.fault.append(failing("sink in the middle"))
    service = photos(table)
    messages = wrapped_in_messages()
    ids = [message["messageId"] for message in messages["Records"]]
    answer = service.handler(messages)
    assert answer == {"batchItemFailures": [{"itemIdentifier": ids[place]} for place in (0, 2, 4)]}
    assert service.handler({"Records": [messages["Records"][place] for place in (0, 2, 4)]}) == NOTHING
    check_bucket(table, service)


def test_asynchronous_event_that_is_not_finished_is_raised_to_come_again() -> None:
    table = Table()
    table.fault.append(failing("sink before"))
    service = photos(table)
    with pytest.raises(Unfinished, match="3 of 6 records could not be finished"):
        service.handler(NOTIFICATIONS)
    service.handler(NOTIFICATIONS)
    check_bucket(table, service)


@pytest.mark.parametrize("made", CASES.values(), ids=CASES)
def test_empty_batch_is_finished(made: Any) -> None:
    assert made[0](Table()).handler(sample("empty")) == NOTHING


def test_test_event_of_s3_means_nothing() -> None:
    service = photos(Table())
    assert service.handler(sample("s3_test")) == NOTHING
    assert service.handler(sqs_event(sample("s3_test"))) == NOTHING
    assert stored(service) == {}


def test_message_that_is_not_json_is_kept_and_the_queue_goes_on() -> None:
    table = Table()
    service = photos(table)
    messages = merged(sqs_event("not JSON", "not JSON either"), sqs_event(part(NOTIFICATIONS, 0, 1), start=2))
    assert service.handler(messages) == service.handler(messages) == NOTHING
    assert len(table.rows) == 1
    kept = service.host.open_cases()
    assert [case.position[-2:] for case in kept] == ["00", "01"]
    assert "is not JSON" in kept[0].reason.message


def test_notifications_without_a_place_in_order_are_kept_one_by_one() -> None:
    service = photos(Table())
    event = s3_event({"key": "in/ann/a.txt", "sequencer": None}, {"key": "in/ann/b.txt", "sequencer": None})
    service.handler(event)
    service.handler(event)
    kept = service.host.open_cases()
    assert len(kept) == 2
    assert all("has the sequencer null" in case.reason.message for case in kept)


# --- who may send -------------------------------------------------------------------------------------------


def test_record_of_another_stream_is_refused() -> None:
    service = rooms(Kinesis("measurements", partition="room"))
    with pytest.raises(ConfigurationError) as caught:
        service.handler(kinesis_event({"room": "r1", "length": 3}, stream="payments"))
    assert str(caught.value) == (
        "service 'rooms' was handed a record of kinesis/payments, and reads kinesis/measurements: correct the trigger, "
        "or add the input"
    )


def test_record_of_another_account_is_kept_and_changes_nothing() -> None:
    service = rooms(Kinesis("measurements", partition="room", account="999999999999"))
    assert service.handler(kinesis_event({"room": "r1", "length": 3})) == NOTHING
    assert stored(service) == {}
    assert "comes from account '123456789012'" in service.host.open_cases()[0].reason.message


def test_table_whose_items_are_finer_than_units_is_refused_before_anything_is_applied() -> None:
    service = Service(Employee, key="company", inputs=[DynamoDB("employees")], store=MemoryStore())
    with pytest.raises(ConfigurationError, match=r"add .id. to the service.s key"):
        service.handler(CHANGES)
    assert stored(service) == {}
    assert service.host.store.cases("employee") == []


# --- stores and sinks that never work -----------------------------------------------------------------------


class Missing(Table):
    def publish(self, batch: Any) -> list[int]:
        if not self.rows:
            raise ConfigurationError("the table is missing: make it")
        return super().publish(batch)


def test_sink_that_is_missing_loses_nothing() -> None:
    table = Missing()
    service = rooms(Kinesis("measurements", partition="room"), table)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="the table is missing"):
            service.handler(READINGS)
        with pytest.raises(ConfigurationError, match="the table is missing"):
            fresh(service).handle(READINGS)
    table.rows["it is made"] = {}
    assert service.handler(READINGS) == NOTHING
    del table.rows["it is made"]
    check_stream(table, service)


def test_a_case_is_told_of_though_the_delivery_is_refused_for_another_unit() -> None:
    reports: list[Report] = []
    service = rooms(Kinesis("measurements", partition="room"), Missing())
    host = Host(service, MemoryStore(), listener=reports.append)
    event = kinesis_event(
        {"room": "r1", "length": "long"}, {"room": "r2", "length": 1, "width": 2}, partition="room"
    )
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="the table is missing"):
            host.handle(event)
    first, again = reports
    assert (first.fates["quarantined"], len(first.cases), first.unfinished) == (1, 1, {0, 1})
    assert (again.fates["quarantined"], again.fates["duplicate"], again.cases) == (0, 1, ())


class Away(MemoryStore):
    def get(self, service: str, unit: str) -> Any:
        if unit == "room=r1":
            raise Transient("the store is away")
        return super().get(service, unit)


def test_unit_whose_store_is_away_leaves_others_alone() -> None:
    table = Table()
    service = rooms(Kinesis("measurements", partition="room"), table, store=Away())
    assert service.handler(READINGS) == {"batchItemFailures": [{"itemIdentifier": numbers(READINGS)[0]}]}
    assert set(table.rows) == {"room=r2"}


def test_case_that_cannot_be_kept_blocks() -> None:
    class NoQuarantine(MemoryStore):
        def keep(self, case: Any) -> None:
            raise Transient("the quarantine is away")

    service = rooms(Kinesis("measurements", partition="room"), store=NoQuarantine())
    event = kinesis_event({"room": "r1", "width": 1}, b"not JSON", {"room": "r1", "width": 2})
    assert service.handler(event) == {"batchItemFailures": [{"itemIdentifier": numbers(event)[1]}]}
    event = kinesis_event({"room": "r1", "width": "wide"}, start=9)
    assert service.handler(event) == {"batchItemFailures": [{"itemIdentifier": numbers(event)[0]}]}


def test_report_counts_what_became_of_every_record_and_what_feeds_nothing() -> None:
    service = rooms(Kinesis("measurements", partition="room"), Table())
    reports: list[Report] = []
    host = fresh(service)
    object.__setattr__(host, "listener", reports.append)
    host.handle(merged(READINGS, kinesis_event({"room": "r1", "colour": "red"}, start=7)))
    assert reports[0].fates == {"applied": 3, "quarantined": 3, "held": 2, "filtered": 0}
    assert reports[0].ignored == {"colour": 1}
    assert str(reports[0]) == "8 records for 2 units: 3 applied, 2 held, 3 quarantined"
    host.handle(READINGS)
    assert reports[1].fates["duplicate"] == 6
    assert values(service, "room=r1")["total"] == 3


def test_room_is_one_unit_whatever_shard_its_records_come_from() -> None:
    service = rooms(Kinesis("measurements", partition="room"))
    service.handler(kinesis_event({"room": "r1", "reading": 1}))
    service.handler(kinesis_event({"room": "r1", "reading": 2}, shard=1))
    assert values(service, "room=r1")["total"] == 3
    assert len(item(service, "room=r1").marks) == 2
    assert Room.version == item(service, "room=r1").gv
