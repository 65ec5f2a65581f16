"""What a source may do is held against what a flow tolerates, before the first event."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from reactflow import Cell, Flow, Members, Pulse, Service, cell, fold, folds, members, pulse
from reactflow.aws import S3, DynamoDB, Kinesis, S3Object
from reactflow.errors import BindingError
from reactflow.service.contracts import check_name


class Levels(Flow):
    level = cell(0.0)


class Counts(Flow):
    reading: Pulse[float] = pulse()
    total = fold(reading, folds.sum)
    highest = fold(reading.map(abs), folds.max)


class Latest(Flow):
    reading: Pulse[float] = pulse()
    latest = fold(reading, folds.last)


class Held(Flow):
    reading: Pulse[float] = pulse()
    level = reading.hold(0.0)


class Earliest(Flow):
    reading: Pulse[int] = pulse()
    earliest = fold(reading, folds.first)


class Peak(Flow):
    level = cell(0.0)
    peak = fold(level.changes(), folds.max)


class Scaled(Flow):
    reading: Pulse[float] = pulse()
    factor = cell(1.0)
    total = fold(reading * factor, folds.sum)


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    uploaded: Pulse[S3Object] = pulse()
    uploads = fold(uploaded, folds.count)


def bind(flow: type[Flow], *sources: Any, key: Any = "id") -> Service:
    return Service(flow, key=key, inputs=sources)


class Rooms(Flow):
    rooms: Members[float] = members("room", "area")
    total = rooms.sum()
    most = fold(total.changes(), folds.max)


PHOTOS = {"photo": "object", "uploaded": "object"}


@pytest.mark.parametrize(
    ("flow", "source", "key"),
    [
        (Levels, Kinesis("s", partition="id"), "id"),
        (Levels, Kinesis("s", partition="nr", key={"id": "nr"}), "id"),
        (Levels, Kinesis("s", version="at"), "id"),
        (Levels, Kinesis("s", order="arrival"), "id"),
        (Counts, Kinesis("s"), "id"),
        (Latest, Kinesis("s", partition="id"), "id"),
        (Latest, Kinesis("s", order="arrival"), "id"),
        (Peak, Kinesis("s", partition="id"), ("site", "id")),
        (Scaled, Kinesis("s", partition="id"), "id"),
        (Peak, DynamoDB("t", keys=("id", "part")), ("id", "part")),
        (Peak, DynamoDB("t", keys="id", version="at"), "id"),
        (Latest, DynamoDB("t", version="at", order="arrival"), "id"),
        (Rooms, Kinesis("t", partition="id"), "id"),
        (Levels, DynamoDB("t", keys=("id", "part"), version="at"), "id"),
        (Photo, S3("b", key="in/{id}", fields=PHOTOS), "id"),
        (Photo, S3("b", key="in/{id}/{name}", order="arrival"), "id"),
    ],
)
def test_source_that_fits_is_taken(flow: type[Flow], source: Any, key: Any) -> None:
    assert bind(flow, source, key=key).bound


@pytest.mark.parametrize(
    ("flow", "source", "says"),
    [
        (Levels, Kinesis("s"), "may come in several lanes"),
        (Levels, Kinesis("s", partition="site"), "may come in several lanes"),
        (Levels, DynamoDB("t", keys=("id", "part")), "may come in several lanes"),
        (Latest, Kinesis("s"), r"the fold 'latest' \(last\) is not commutative"),
        (Peak, Kinesis("s", version="at"), "the fold 'peak' depends on the cell 'level'"),
        (Scaled, Kinesis("s", fields={"reading": "r"}), "the fold 'total' depends on the cell 'factor'"),
        (Photo, S3("b", key="in/{id}/{name}"), "several objects feed one unit"),
        (Peak, DynamoDB("t", version="at"), "the fold 'peak' depends on the cell 'level'"),
        (Latest, DynamoDB("t", version="at"), r"the fold 'latest' \(last\) is not commutative"),
        (Rooms, DynamoDB("t"), "the fold 'most' depends on the cell 'total', and dynamodb/t is not ordered"),
        (
            Rooms,
            Kinesis("t", partition="room"),
            "the fold 'most' depends on the cell 'total', and kinesis/t is not",
        ),
    ],
)
def test_source_that_makes_results_depend_on_chance_is_refused(
    flow: type[Flow], source: Any, says: str
) -> None:
    with pytest.raises(BindingError, match=says):
        bind(flow, source)


class Area(Flow):
    length = cell(1.0)
    width = cell(1.0)
    area = length * width
    peak = fold(area.changes(), folds.max)
    spread = fold(length.changes(), folds.max)


LENGTHS, WIDTHS = {"length": "length"}, {"width": "width"}


def test_fold_that_needs_one_order_is_fed_from_one_place_or_by_arrival() -> None:
    inputs = [Kinesis("a", partition="id", fields=LENGTHS), DynamoDB("b", fields=WIDTHS)]
    with pytest.raises(
        BindingError,
        match=r"the fold 'peak' depends on the cell 'length', and is fed by kinesis/a and by dynamodb/b, which have no",
    ):
        bind(Area, *inputs)
    with pytest.raises(BindingError, match="no order among each other"):
        bind(Area, inputs[0], DynamoDB("b", fields=WIDTHS, order="arrival"))
    bind(
        Area,
        Kinesis("a", partition="id", fields=LENGTHS, order="arrival"),
        DynamoDB("b", fields=WIDTHS, order="arrival"),
    )
    same = [Kinesis("a", partition="id", fields=LENGTHS), Kinesis("a", partition="id", fields=WIDTHS)]
    assert bind(Area, *same).bound, "two inputs of one stream are one lane"


@pytest.mark.parametrize(
    ("flow", "source", "says"),
    [
        (
            Levels,
            Kinesis("s", partition="room"),
            r"^kinesis/s: partition='room' is not part of the key \(rom\), so",
        ),
        (
            Latest,
            Kinesis("s", partition="room"),
            r"one unit \(partition='room' is not part of the key \(rom\)\): 1",
        ),
        (
            Levels,
            DynamoDB("t", keys=("rom", "day")),
            r"^dynamodb/t: keys='day' is not part of the key \(rom\), so",
        ),
    ],
)
def test_option_that_names_no_field_of_the_key_is_named_first(
    flow: type[Flow], source: Any, says: str
) -> None:
    with pytest.raises(BindingError, match=says):
        bind(flow, source, key="rom")


def test_cell_has_one_feeder_unless_versions_order_its_writes() -> None:
    bind(Levels, Kinesis("s", version="at"), DynamoDB("t", version="at"))
    with pytest.raises(BindingError, match="'level' is fed by kinesis/s and by dynamodb/t"):
        bind(Levels, Kinesis("s", version="at"), DynamoDB("t"))


@pytest.mark.parametrize("name", ["", "my rooms", "räume", "a/b", "1st", "x" * 65])
def test_name_that_cannot_be_part_of_ids_is_refused(name: str) -> None:
    with pytest.raises(BindingError, match="cannot be part of ids"):
        check_name(name)


class Plot(Flow):
    length = cell(0.0)
    width = cell(0.0)
    area = length * width
    peak = fold(area.changes(), folds.max)


class Sizes(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda photo: photo.size)
    peak = fold(size.changes(), folds.max)


class Largest(Flow):
    photo: Pulse[S3Object] = pulse()
    peak = fold(photo.map(lambda photo: photo.size), folds.max)


def test_a_fold_over_state_from_two_streams_is_refused_with_four_events_and_remedies() -> None:
    streams = [Kinesis("a", partition="id", fields=LENGTHS), Kinesis("b", partition="id", fields=WIDTHS)]
    with pytest.raises(
        BindingError,
        match=r"\(length=2\.0, length=4\.0, width=2\.0, width=1\.0 give 8\.0, and length=2\.0, width=2\.0, width=1\.0, "
        r"length=4\.0 give 4\.0\)\. Fold a pulse .*, feed it by one of them alone, or say order=",
    ):
        bind(Plot, *streams)


@pytest.mark.parametrize("order", [None, "arrival"])
def test_a_fold_over_changes_of_what_s3_feeds_is_refused_and_one_of_a_field_is_accepted(order: Any) -> None:
    photos = S3("b", key="in/{id}", fields={"photo": "object"}, order=order)
    with pytest.raises(
        BindingError, match=r"s3/b may skip values in between.* give 4, and .* give .*Fold a pulse"
    ):
        bind(Sizes, photos)
    assert bind(Largest, photos).bound


def test_contributions_that_come_in_another_order_are_shown_each_contributor_in_its_own() -> None:
    with pytest.raises(
        BindingError,
        match=r"\(rooms=x1:1\.0, rooms=x2:1\.0, rooms=x1:3\.0, rooms=x1:2\.0 give 4\.0, and rooms=x1:1\.0, "
        r"rooms=x1:3\.0, rooms=x1:2\.0, rooms=x2:1\.0 give 3\.0\)\. Fold a pulse .*, or leave the fold out: ",
    ):
        bind(Rooms, DynamoDB("t"))


class Amounts(Flow):
    reading: Pulse[Decimal] = pulse()
    latest = fold(reading, folds.last)


class Perhaps(Flow):
    reading: Pulse[float | None] = pulse()
    latest = fold(reading, folds.last)


class Times(Flow):
    reading: Pulse[datetime] = pulse()
    latest = fold(reading, folds.last)


@pytest.mark.parametrize(
    ("flow", "shown"),
    [
        (Amounts, r"Decimal\('1'\), reading=Decimal\('3'\) give Decimal\('3'\)"),
        (Perhaps, r"1\.0, reading=3\.0 give 3\.0"),
        (Times, r"datetime\.datetime\(2026, 1, 1, .* give datetime\.datetime\(2026, 1, 3"),
    ],
)
def test_a_counter_example_is_made_of_values_of_the_type_of_the_pulse(flow: type[Flow], shown: str) -> None:
    with pytest.raises(BindingError, match=rf"\(reading={shown}"):
        bind(flow, DynamoDB("t", keys=("id", "part")))


def test_a_fold_by_arrival_is_told_of_the_fold_by_version() -> None:
    remedy = r"Use folds\.last_by\(\.\.\.\), which goes by a version in the record, not by the arrival, say partition="
    with pytest.raises(BindingError, match=remedy):
        bind(Latest, Kinesis("s"))
    with pytest.raises(BindingError, match=r"\(hold\) is not commutative.* Use folds\.last_by"):
        bind(Held, Kinesis("s"))
    with pytest.raises(BindingError, match=r"\(first\) is not commutative.* Use folds\.first_by"):
        bind(Earliest, S3("b", key="in/{id}", fields={"reading": "object.size"}))


def test_a_fold_that_many_streams_feed_is_refused_with_few_events() -> None:
    streams = [Kinesis(f"s{number}", partition="id") for number in range(40)]
    with pytest.raises(
        BindingError, match=r"kinesis/s38 and by kinesis/s39, .* \((reading=\d\.0,? ){4}give "
    ):
        bind(Latest, *streams)
