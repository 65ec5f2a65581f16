"""A record that comes too late for its window is counted and told, once a record, whatever fails on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, fold, folds, pulse, row, window
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError, RecordError
from reactflow.service import Host, Publication, Report, Sink
from reactflow.sql import Table as SQLTable
from reactflow.testing import dynamodb_event, kinesis_event, s3_event
from reactflow.testing.events import START
from tests.service.faults import FaultyStore, Script, Trigger
from tests.service.recording import Table, check_publications

NOW = int(START.timestamp())  # when the first record of a made event arrives; each next one a second later


class Minute(Flow):
    celsius: Pulse[float] = pulse()
    readings = fold(celsius, folds.count)
    mean = fold(celsius, folds.mean)


def service(rows: Table, late: Sink | None, keep: str | None = "1h", store: Any = None) -> Service:
    return Service(
        Minute,
        name="minutes",
        key=("sensor", window("1m", on="ts", unit="s", keep=keep, late=late)),
        inputs=[Kinesis("readings", partition="sensor")],
        outputs=[row(Minute.readings, Minute.mean) >> rows],
        store=store if store is not None else MemoryStore(),
    )


def deliver(made: Service, *records: Mapping[str, Any], start: int = 0) -> Report:
    reports: list[Report] = []
    host = Host(made, made.host.store, reports.append)
    host.handle(kinesis_event(*records, stream="readings", partition="sensor", start=start))
    return reports[0]


def reading(seconds_ago: float, celsius: float = 20.0, sensor: str = "s1") -> dict[str, Any]:
    return {"sensor": sensor, "ts": NOW - seconds_ago, "celsius": celsius}


def test_a_late_record_is_counted_and_told_with_its_key_and_its_fields() -> None:
    rows, late = Table("rows"), Table("late")
    made = service(rows, late)
    report = deliver(made, reading(0, 20.0), reading(7200, 99.0))
    assert report.fates == {"applied": 1, "late": 1, "filtered": 0}
    assert rows.rows == {
        "sensor=s1,window=2026-11-23T12:00:00Z": {
            "sensor": "s1", "window": "2026-11-23T12:00:00Z", "readings": 1, "mean": 20.0,
        }
    }  # fmt: skip
    assert late.log == {
        "minutes/late/sensor=s1,window=2026-11-23T10:00:00Z/memory:late/1": {
            "sensor": "s1", "window": "2026-11-23T10:00:00Z",
            "record": {"sensor": "s1", "ts": NOW - 7200, "celsius": 99.0},
            "arrived": "2026-11-23T12:00:01Z", "removal": False,
        }
    }  # fmt: skip
    assert list(made.host.store.cases("minutes")) == []
    assert report.unfinished == frozenset()


def test_a_late_record_that_comes_again_is_a_duplicate_and_not_told_again() -> None:
    late = Table("late")
    made = service(Table("rows"), late)
    deliver(made, reading(7200), reading(7200))
    assert deliver(made, reading(7200), reading(7200)).fates == {"duplicate": 2, "filtered": 0}
    assert [name.rpartition("/")[2] for name in late.log] == ["1", "2"]


def test_without_a_sink_a_late_record_is_counted_and_kept_as_a_case() -> None:
    made = service(Table("rows"), None)
    report = deliver(made, reading(7200))
    assert report.fates == {"late": 1, "filtered": 0}
    (case,) = made.host.open_cases()
    assert (case.reason.kind, case.unit) == ("late", "sensor=s1,window=2026-11-23T10:00:00Z")
    assert "more than 1h before it arrived (2026-11-23T12:00:00Z)" in case.reason.message
    assert "say late= on the window, as in late=Kinesis('late')" in case.reason.message
    assert deliver(made, reading(7200)).fates == {"duplicate": 1, "filtered": 0}
    assert len(made.host.store.cases("minutes")) == 1


@pytest.mark.parametrize(
    ("seconds_ago", "fate"),
    [
        (3600, "applied"), (3600.000001, "late"), (3601, "late"), (0, "applied"), (-3600, "applied"),
        (-3600.000001, "quarantined"), (-(10**9), "quarantined"),
    ],
)  # fmt: skip
def test_late_is_what_is_older_than_keep_when_it_arrives_and_what_is_as_far_ahead_is_a_mistake(
    seconds_ago: float, fate: str
) -> None:
    made = service(Table("rows"), Table("late"))
    assert deliver(made, reading(seconds_ago)).fates == {fate: 1, "filtered": 0}


def test_a_time_far_ahead_is_kept_with_its_reason() -> None:
    made = service(Table("rows"), Table("late"))
    deliver(made, reading(-7200))
    (case,) = made.host.open_cases()
    assert "more than 1h after it arrived (2026-11-23T12:00:00Z) in unit 's': correct the sender's clock" in (
        case.reason.message
    )


def test_without_keep_nothing_is_late_however_old() -> None:
    made = service(Table("rows"), None, keep=None)
    assert deliver(made, reading(10**9), reading(-(10**9))).fates == {"applied": 2, "filtered": 0}


def test_the_arrival_counts_and_not_the_clock() -> None:
    """The same record, read again years later, is what it was."""
    made = service(Table("rows"), Table("late"))
    assert deliver(made, reading(3599), start=0).fates["applied"] == 1
    assert deliver(made, reading(3599), start=1).fates["applied"] == 1
    assert deliver(made, reading(3599), start=2).fates["late"] == 1


def test_a_late_record_leaves_the_row_of_its_window_alone_and_makes_none() -> None:
    class Level(Flow):
        level = cell(1.0)

    rows, late = Table("rows"), Table("late")
    made = Service(
        Level, name="levels", key=("sensor", window("1m", on="ts", unit="s", keep="1h", late=late)),
        inputs=[Kinesis("readings", partition="sensor")], outputs=[Level.level >> rows], store=MemoryStore(),
    )  # fmt: skip
    deliver(made, {"sensor": "s1", "ts": NOW - 7200, "level": 5.0})
    assert rows.rows == {}
    deliver(made, {"sensor": "s1", "ts": NOW, "level": 2.0}, start=1)
    deliver(made, {"sensor": "s1", "ts": NOW, "level": 3.0}, start=3602)
    assert [one["level"] for one in rows.rows.values()] == [2.0]
    assert len(late.log) == 2


def test_a_late_record_whose_fields_are_wrong_is_told_as_it_came() -> None:
    late = Table("late")
    made = service(Table("rows"), late)
    report = deliver(made, {**reading(7200), "celsius": "warm"})
    assert report.fates["late"] == 1
    assert next(iter(late.log.values()))["record"]["celsius"] == "warm"


def test_a_record_without_an_arrival_cannot_be_judged_and_is_kept() -> None:
    made = service(Table("rows"), Table("late"))
    event = kinesis_event(reading(0), stream="readings", partition="sensor")
    del event["Records"][0]["kinesis"]["approximateArrivalTimestamp"]
    made.host.handle(event)
    (case,) = made.host.open_cases()
    assert "does not tell when it arrived" in case.reason.message


def test_a_change_of_a_table_is_judged_by_when_it_was_made() -> None:
    class Item(Flow):
        celsius: Cell[float] = cell()

    rows, late = Table("rows"), Table("late")
    made = Service(
        Item, name="items", key=("sensor", "ts", window("1h", on="ts", keep="1d", late=late)),
        inputs=[DynamoDB("readings", keys=("sensor", "ts"))], outputs=[Item.celsius >> rows], store=MemoryStore(),
    )  # fmt: skip
    old = {"sensor": "s1", "ts": (START - timedelta(days=2)).isoformat(), "celsius": 1.0}
    new = {**old, "ts": START.isoformat(), "celsius": 2.0}
    made.host.handle(
        dynamodb_event((None, old), (None, new), (old, None), table="readings", keys=("sensor", "ts"))
    )
    assert [one["celsius"] for one in rows.rows.values()] == [2.0]
    assert [(one["record"]["celsius"], one["removal"]) for one in late.log.values()] == [
        (1.0, False),
        (1.0, True),
    ]


def test_an_object_is_judged_by_when_it_was_put() -> None:
    from reactflow.aws import S3Object

    class Picture(Flow):
        picture: Cell[S3Object] = cell()
        size = picture.map(lambda one: one.size)

    rows, late = Table("rows"), Table("late")
    made = Service(
        Picture, name="pictures", key=("camera", "at", window("1h", on="at", keep="1d", late=late)),
        inputs=[S3("photos", key="in/{camera}/{at}.jpg")], outputs=[Picture.size >> rows], store=MemoryStore(),
    )  # fmt: skip
    made.host.handle(
        s3_event("in/c1/2026-11-23T11:59:00Z.jpg", "in/c1/2026-11-20T11:59:00Z.jpg", bucket="photos")
    )
    assert [one["window"] for one in rows.rows.values()] == ["2026-11-23T11:00:00Z"]
    (told,) = late.log.values()
    assert told["record"]["object"].key == "in/c1/2026-11-20T11:59:00Z.jpg"


def test_a_key_with_a_field_named_as_what_is_told_is_refused() -> None:
    with pytest.raises(
        BindingError, match="the key's field 'record' is also a column of what is told of late"
    ):
        Service(Minute, key=("record", window("1m", on="ts", keep="1h", late=Table("late"))))


def test_the_sink_of_late_records_is_one_of_what_the_service_writes() -> None:
    from attrs import evolve

    made = service(Table("rows"), Table("late"))
    assert made.writes == ("memory/rows", "memory/late")
    assert evolve(made, outputs=()).writes == ("memory/late",)
    assert evolve(made, name="again").writes == made.writes
    assert any(node.name == "memory/late" for node in made.show().nodes)


class Small(Table):
    """Takes no record with a long text."""

    def confirm(self, publication: Publication) -> None:
        if len(str(publication.values)) > 500:
            raise RecordError(f"{publication.id} is too long: send less")


def test_a_late_record_that_its_sink_can_never_take_is_kept_as_a_case() -> None:
    late = Small("late")
    made = service(Table("rows"), late)
    report = deliver(made, {**reading(7200), "note": "x" * 600}, reading(7200))
    assert report.fates == {"quarantined": 1, "late": 1, "filtered": 0}
    assert [case.reason.message for case in made.host.open_cases()] == [
        "minutes/late/sensor=s1,window=2026-11-23T10:00:00Z/memory:late/1 is too long: send less"
    ]
    assert [name.rpartition("/")[2] for name in late.log] == ["1"]


def test_late_records_go_to_a_sql_table(tmp_path: Path) -> None:
    made = service(Table("rows"), SQLTable(f"sqlite:///{tmp_path}/late.db", "late", create=True))
    deliver(made, reading(7200, 1.5), reading(0))
    deliver(made, reading(7200, 1.5), reading(0))
    with closing(sqlite3.connect(tmp_path / "late.db")) as database:
        ((sensor, start, record, removal),) = database.execute(
            "select sensor, window, record, removal from late"
        ).fetchall()
    assert (sensor, start, removal) == ("s1", "2026-11-23T10:00:00Z", 0)
    assert json.loads(record) == {"sensor": "s1", "ts": NOW - 7200, "celsius": 1.5}


def test_an_item_that_moves_to_another_window_leaves_the_old_one() -> None:
    class Plan(Flow):
        place: Cell[str] = cell()

    rows = Table("rows")
    made = Service(
        Plan, name="plans", key=("id", window("1h", on="at", keep="1d")),
        inputs=[DynamoDB("plans", keys="id")], outputs=[Plan.place >> rows], store=MemoryStore(),
    )  # fmt: skip
    first = {"id": "p1", "at": "2026-11-23T12:30:00Z", "place": "here"}
    then = {"id": "p1", "at": "2026-11-23T13:30:00Z", "place": "there"}
    made.host.handle(dynamodb_event((None, first), table="plans"))
    assert [one["window"] for one in rows.rows.values()] == ["2026-11-23T12:00:00Z"]
    made.host.handle(dynamodb_event((first, then), table="plans", start=1))
    assert [one["window"] for one in rows.rows.values()] == ["2026-11-23T13:00:00Z"]


RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2"]), st.sampled_from([0, 30, 61, 3599, 3700, 7200]), st.integers(1, 5)
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=120, deadline=None)
@given(RECORDS, st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.3]), st.booleans())
def test_each_late_record_is_told_once_and_each_other_counts_once_whatever_fails(
    given_records: Any, seed: int, rate: float, with_sink: bool
) -> None:
    chance = Random(seed)
    script = Script(chance.random() < rate for _ in range(60))
    rows, late = Table("rows"), Table("late")
    rows.fault.append(script)
    late.fault.append(script)
    made = service(rows, late if with_sink else None)
    records = [reading(ago, float(celsius), sensor) for sensor, ago, celsius in given_records]
    event = kinesis_event(*records, stream="readings", partition="sensor")
    trigger = Trigger(made, FaultyStore(script), event["Records"])
    for _ in range(chance.randrange(8)):
        trigger.deliver(chance.randrange(7), chance.randrange(5), chance.randrange(2), chance.random() < 0.2)
    trigger.deliver_rest()
    script.stop()
    last = Host(made, trigger.store)
    last.handle(event)

    is_late = [NOW - one["ts"] + place > 3600 for place, one in enumerate(records)]
    wanted: dict[tuple[str, int], list[float]] = {}
    for one, late_one in zip(records, is_late, strict=True):
        if not late_one:
            wanted.setdefault((one["sensor"], one["ts"] // 60), []).append(one["celsius"])
    assert sorted((one["sensor"], one["readings"], one["mean"]) for one in rows.rows.values()) == sorted(
        (sensor, len(values), sum(values) / len(values)) for (sensor, _), values in wanted.items()
    )
    told = sorted(sorted(one["record"].items()) for one in late.log.values())
    late_records = sorted(
        sorted(one.items()) for one, late_one in zip(records, is_late, strict=True) if late_one
    )
    assert told == (late_records if with_sink else [])
    assert len(last.open_cases()) == (0 if with_sink else len(late_records))
    check_publications([rows, late])
