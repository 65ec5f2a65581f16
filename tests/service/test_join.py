"""One unit fed by two inputs of one key: each feeds cells of its own, and no order between them matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from reactflow import Cell, Flow, MemoryStore, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis
from reactflow.errors import BindingError
from reactflow.service import Host
from reactflow.testing import dynamodb_event, kinesis_event
from tests.examples.arriving import interleaved
from tests.service.flows import values
from tests.service.recording import Table, check_publications


class Account(Flow):
    """A table's item, joined with what a stream tells of the same customer."""

    name: Cell[str] = cell()
    limit = cell(100)
    spent: Pulse[int] = pulse()
    visits = cell(0)
    total = fold(spent, folds.sum)
    left = limit - total
    renamed = fold(name.changes(), folds.count)

    @derived
    def line(self) -> str:
        return f"{self.name}: {self.left} after {self.visits}"


def account(table: Table, **options: Any) -> Service:
    return Service(
        Account,
        name="accounts",
        key="customer",
        inputs=[
            DynamoDB("customers", key={"customer": "id"}, fields={"name": "name", "limit": "limit"}),
            Kinesis(
                "purchases", partition="customer", fields={"spent": "amount", "visits": "visit"}, **options
            ),
        ],
        outputs=[row(Account.line, Account.left, Account.total, Account.renamed) >> table],
        store=MemoryStore(),
    )


ANA, ANNA = {"id": "c1", "name": "Ana", "limit": 50}, {"id": "c1", "name": "Anna"}
TABLE: list[Any] = [(None, ANA), (ANA, ANNA), (ANNA, None), (None, {"id": "c1", "name": "Ann", "limit": 70})]
STREAM = [
    {"customer": "c1", "amount": 5, "visit": 1},
    {"customer": "c2", "amount": 7, "visit": 1},
    {"customer": "c1", "amount": 6, "visit": 2},
]


def lanes() -> list[Sequence[dict[str, Any]]]:
    table = dynamodb_event(*TABLE, table="customers", keys="id")["Records"]
    return [table, kinesis_event(*STREAM, stream="purchases", partition="customer")["Records"]]


def test_every_interleaving_of_two_inputs_comes_to_the_same_rows() -> None:
    ends: list[dict[str, Any]] = []
    for arriving in interleaved(lanes()):
        table = Table("rows")
        made = account(table)
        for place, record in enumerate(arriving):
            host = Host(made, made.host.store)
            host.handle({"Records": [record]})
            host.handle({"Records": [arriving[max(0, place - 2)]]})  # one again
        check_publications([table])
        ends.append(table.rows)
    assert len(ends) == 35  # 7! / (4! 3!)
    assert all(end == ends[0] for end in ends)
    assert ends[0] == {
        "customer=c1": {
            "customer": "c1",
            "line": "Ann: 59 after 2",
            "left": 59,
            "total": 11,
            "renamed": 3,
        },
        "customer=c2": {"customer": "c2", "left": 93, "total": 7, "renamed": 0},
    }


def test_an_input_that_goes_takes_its_own_cells_only() -> None:
    table = Table("rows")
    made = account(table)
    for records in (lanes()[1], lanes()[0][:3]):
        made.host.handle({"Records": list(records)})
    assert table.rows["customer=c1"] == {"customer": "c1", "total": 11, "renamed": 2}


def test_a_cell_has_one_feeder_and_the_refusal_says_how_to_say_it() -> None:
    with pytest.raises(
        BindingError,
        match=r"the cell 'name' is fed by kinesis/a and by kinesis/b: say with fields=\{cell: path\} which cells",
    ):
        Service(
            Account,
            key="customer",
            inputs=[Kinesis("a", order="arrival"), Kinesis("b", partition="customer")],
        )


class Level(Flow):
    level = cell(0)
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    peak = fold(reading, folds.max)
    last = fold(reading, folds.last)


LEVEL, READING = {"level": "level"}, {"reading": "level"}


def test_a_cell_may_be_fed_by_two_inputs_whose_arrival_orders_it() -> None:
    sources = [Kinesis(name, fields=LEVEL, order="arrival") for name in ("a", "b")]
    made = Service(Level, key="id", inputs=sources, store=MemoryStore())
    for stream, level in (("a", 1), ("b", 2), ("a", 3)):
        made.host.handle(kinesis_event({"id": "l1", "level": level}, stream=stream, start=level))
    assert values(made, "id=l1")["level"] == 3


def test_a_cell_is_at_its_highest_version_whichever_input_brings_it() -> None:
    for arriving in interleaved(
        [
            kinesis_event(
                {"id": "l1", "level": 1, "at": 1}, {"id": "l1", "level": 4, "at": 4}, stream="a"
            )["Records"],
            kinesis_event(
                {"id": "l1", "level": 2, "at": 2}, {"id": "l1", "level": 3, "at": 3}, stream="b"
            )["Records"],
        ]
    ):  # fmt: skip
        sources = [Kinesis(name, fields=LEVEL, version="at") for name in ("a", "b")]
        made = Service(Level, key="id", inputs=sources, store=MemoryStore())
        for record in arriving:
            made.host.handle({"Records": [record]})
        assert values(made, "id=l1")["level"] == 4


class Readings(Flow):
    reading: Pulse[int] = pulse()
    total = fold(reading, folds.sum)
    peak = fold(reading, folds.max)


def test_a_pulse_may_be_fed_from_two_places_if_its_folds_stand_any_order() -> None:
    sources = [Kinesis(name, fields=READING) for name in ("a", "b")]
    records = [
        kinesis_event({"id": "l1", "level": 5}, {"id": "l1", "level": 2}, stream="a")["Records"],
        kinesis_event({"id": "l1", "level": 4}, stream="b")["Records"],
    ]
    for arriving in interleaved(records):
        made = Service(Readings, key="id", inputs=sources, store=MemoryStore())
        for record in [*arriving, arriving[0]]:
            made.host.handle({"Records": [record]})
        assert (values(made, "id=l1")["total"], values(made, "id=l1")["peak"]) == (11, 5)
    with pytest.raises(BindingError, match="the fold 'last'"):
        Service(
            Level,
            key="id",
            inputs=[Kinesis(name, fields=READING, partition="id") for name in ("a", "b")],
        )


def test_two_inputs_of_one_stream_cannot_both_make_one_record_an_occurrence() -> None:
    once = "the pulse 'reading' is fed by two inputs of kinesis/b, and a record is one event, in which a pulse occurs"
    twice = [Kinesis("b", fields=READING), Kinesis("b", fields={"reading": "other"})]
    with pytest.raises(BindingError, match=once):
        Service(Readings, key="id", inputs=twice)
    with pytest.raises(BindingError, match=once):
        Service(Readings, key="id", inputs=[Kinesis("a", fields=READING), *twice])
    with pytest.raises(BindingError, match=once):
        Service(Readings, key="id", inputs=[evolve(one, version="at") for one in twice])


class Person(Flow):
    name: Cell[str] = cell()


def test_of_two_inputs_of_one_record_the_later_version_of_a_cell_counts() -> None:
    made = Service(
        Person,
        key="customer",
        inputs=[
            Kinesis("names", fields={"name": "shown"}, version="since"),
            Kinesis("names", fields={"name": "legal"}, version="from"),
        ],
        store=MemoryStore(),
    )
    ann = {"customer": "c1", "shown": "Ann", "since": 5, "legal": "Anna", "from": 3}
    made.handler(kinesis_event(ann, stream="names"))
    assert values(made, "customer=c1")["name"] == "Ann"
    made.handler(kinesis_event({**ann, "shown": "Anne", "from": 6}, stream="names", start=1))
    assert values(made, "customer=c1")["name"] == "Anna"


def test_an_input_maps_its_own_fields_to_the_keys_names() -> None:
    table = Table("rows")
    made = account(table)
    (mapped, plain) = made.bound
    assert (mapped.paths, plain.paths) == ({"customer": "id"}, {"customer": "customer"})
    with pytest.raises(BindingError, match="key= speaks of 'client', which is no part of the unit's key"):
        Service(Readings, key="id", inputs=[Kinesis("a", key={"client": "id"})])
