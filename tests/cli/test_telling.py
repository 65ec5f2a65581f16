"""What `reactflow dev` tells of a delivery: whose the records are, what of them was ignored, names that people read."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from reactflow import Flow, Service, cell
from reactflow.aws import Kinesis
from reactflow.cli.event import kinesis_made
from reactflow.cli.telling import Telling, case_name, headline, unit_name
from reactflow.dashboard import Feed
from reactflow.service.host import Host
from reactflow.service.key import Key
from reactflow.service.quarantine import Case, Reason
from reactflow.service.report import Report
from reactflow.service.stores import MemoryStore
from reactflow.service.telemetry import hashed


class Room(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width


rooms = Service(Room, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")])


class Told:
    """A service on a store, and the lines that are told of what it does."""

    def __init__(self, *services: Service) -> None:
        self.out = StringIO()
        self.telling = Telling(
            Console(file=self.out, width=200, highlight=False, soft_wrap=True), "memory", lambda: None
        )
        self.telling.feed = Feed()
        self.hosts = [
            Host(one, MemoryStore(), lambda report, one=one: self.telling.report(one, report))  # type: ignore[misc]
            for one in services or (rooms,)
        ]

    def put(self, *records: str) -> list[str]:
        """Deliver records to all services; returns the lines that were told of them."""
        self.out.seek(0)
        self.out.truncate()
        for host in self.hosts:
            host.handle(kinesis_made("measurements", records))
        return self.out.getvalue().splitlines()


def case_of(unit: str | None) -> Case:
    reason = Reason(kind="record", message="wrong")
    return Case(
        service="rooms", unit=unit, lane="kinesis/m/shardId-000000000012", position="1", reason=reason
    )


def test_records_of_no_unit_are_counted_apart_from_those_of_a_unit() -> None:
    lines = Told().put(
        '{"room": "r1", "length": 1}', '{"room": "r1", "length": 2}',
        '{"room": "r1", "length": "x"}', '{"room": "r1", "length": "y"}', '{"room": null}',
    )  # fmt: skip
    (line,) = [one for one in lines if "5 records" in one]
    assert line.startswith("rooms       5 records, 4 for room=r1 and 1 of no unit: ")
    assert "3 in quarantine" in line
    assert "2 applied" in line


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report(1, {"quarantined": 1}, cases=(case_of(None),)), "1 record of no unit: in quarantine"),
        (
            Report(4, {"applied": 2, "filtered": 1, "quarantined": 1}, (case_of(None),), (), ("room=a",)),
            "4 records, 2 for room=a and 1 of no unit: ",
        ),
        (
            Report(2, {"filtered": 1, "quarantined": 1}, cases=(case_of(None),)),
            "2 records, 1 of no unit: ",
        ),
        (
            Report(1, {"quarantined": 1}, (case_of("room=a"),), (), ("room=a",)),
            "1 record for room=a: in quar",
        ),
        (Report(0, {}), "0 records: "),
    ],
)
def test_a_headline_adds_up(report: Report, said: str) -> None:
    assert headline(report, Key.of("room")).startswith(said)


def test_a_mistyped_field_is_told_once_with_what_it_may_have_been() -> None:
    told = Told()
    lines = told.put('{"room": "a", "lenght": 3}')
    (note,) = [one for one in lines if one.startswith("note")]
    assert note == (
        "note        field 'lenght' feeds no cell (did you mean 'length'?): ignored; "
        'extra="forbid" on the input puts such records in quarantine instead'
    )
    assert "field 'lenght' feeds no cell" in told.telling.feed.state()["last"][0]["message"]  # type: ignore[union-attr]
    lines = told.put('{"room": "a", "lenght": 3, "colour": "red"}')
    assert [one for one in lines if one.startswith("note")] == [
        "note        field 'colour' feeds no cell: ignored"
    ]
    assert not any(one.startswith("note") for one in told.put('{"room": "b", "lenght": 3, "colour": 1}'))


def test_a_field_that_is_named_as_a_derived_cell_is_told_as_that() -> None:
    lines = Told().put('{"room": "a", "area": 3}')
    assert any("field 'area' feeds no cell, Room computes it: ignored" in one for one in lines)


def test_each_service_is_told_of_its_own_ignored_fields() -> None:
    long = Service(
        Room, name="long", key="room",
        inputs=[Kinesis("measurements", partition="room", fields={"length": "lenght"})],
    )  # fmt: skip
    lines = Told(rooms, long).put('{"room": "a", "lenght": 3, "width": 1}')
    notes = [one for one in lines if one.startswith("note")]
    assert len(notes) == 2
    assert "'lenght'" in notes[0]
    assert "'width'" in notes[1]


def test_no_end_of_new_field_names_is_told() -> None:
    record = ", ".join(f'"f{number}": 1' for number in range(100))
    lines = Told().put(f'{{"room": "a", {record}}}')
    assert sum(one.startswith("note") for one in lines) == 20


def test_keys_are_shown_by_their_plain_values() -> None:
    lines = Told().put('{"room": "a/b ü", "length": 3}', '{"room": "c/d", "length": "x"}')
    assert any("2 records for room=a/b ü; room=c/d: " in one for one in lines)
    assert any(one.startswith("quarantine  room=c/d: field 'length'") for one in lines)
    assert "%2F" not in "".join(lines)


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("room", "room=a%2Fb", "room=a/b"),
        (("dept", "emp"), "dept=a%2Cb,emp=", "dept='a,b',emp=''"),
        ("room", "room=%1B%5B31m", "room='\\x1b[31m'"),
        ((), "()", "()"),
        ("room", "hall=1", "hall=1"),
    ],
)
def test_a_unit_is_shown_so_that_it_cannot_be_misread(key: Any, text: str, shown: str) -> None:
    assert unit_name(Key.of(key), text) == shown


@pytest.mark.parametrize(
    ("lane", "position", "shown"),
    [
        ("kinesis/m/shardId-000000000012", "0" * 34 + "1795422", "kinesis/m/shardId-12@1795422"),
        ("kinesis/m/shardId-000000000000", "0", "kinesis/m/shardId-0@0"),
        ("s3/photos", "0017" + "0" * 12, "s3/photos@17…"),
    ],
)
def test_a_case_is_named_without_leading_zeros(lane: str, position: str, shown: str) -> None:
    reason = Reason(kind="record", message="wrong")
    assert case_name(Case(service="rooms", lane=lane, position=position, reason=reason)) == shown


def test_a_long_position_keeps_both_its_ends() -> None:
    reason = Reason(kind="record", message="wrong")
    position = "49590338271490256608559692538361571095921575989136588898"
    name = case_name(
        Case(service="rooms", lane="kinesis/m/shardId-000000000000", position=position, reason=reason)
    )
    assert name == "kinesis/m/shardId-0@495903382714…989136588898"


def test_the_page_gets_a_case_with_its_whole_and_its_short_name() -> None:
    told = Told()
    told.put('{"room": "a", "length": "x"}')
    assert told.telling.feed is not None
    (case,) = told.telling.feed.state()["cases"]
    assert "shardId-0000" in case["id"]
    assert "shardId-0@" in case["short"]
    assert case["unit"] == "room=a"


def test_a_case_is_told_as_the_commands_name_it_and_where_its_service_keeps_it() -> None:
    told = Told()
    told.telling.states["rooms"] = "sqlite:state.db"
    lines = told.put('{"room": "a", "length": "three"}')
    (case,) = told.hosts[0].open_cases()
    kept = next(line for line in lines if "kept in" in line)
    assert kept.split() == ["kept", "in", "sqlite:state.db", "as", f"{hashed(case.id)},", case_name(case)]
    assert "or see `reactflow quarantine`" in lines[-1]


def test_of_a_case_in_memory_no_command_is_told() -> None:
    lines = Told().put('{"room": "a", "length": "three"}')
    assert any("kept in memory as " in line for line in lines)
    assert not any("reactflow quarantine" in line for line in lines)
