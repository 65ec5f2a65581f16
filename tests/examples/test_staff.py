"""The table of employees in SQL: its whole history, delivered in pieces and twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples import answers, data
from reactflow import MemoryStore
from reactflow.service.host import Host
from reactflow.testing import dynamodb_event

SCHEMA = (
    "create table staff (department text, number integer, name text, job text, email text, manager integer, "
    "monthly numeric(12, 2), primary key (department, number))"
)
NAMES = ("name", "job", "email", "manager", "monthly")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with the table that the company has."""
    path = tmp_path / "staff.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(SCHEMA)
        database.commit()
    return path


def service_on(file: Path) -> Any:
    """The example's service, writing to a database of the test's own."""
    from attrs import evolve

    from examples.staff import staff
    from reactflow.sql import Table

    (output,) = staff.outputs
    return evolve(staff, outputs=[evolve(output, sink=Table(f"sqlite:///{file}", "staff"))])


def changes(writes: list[data.TableWrite]) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """The history as a stream tells it: what the item was before each write, and after."""
    items: dict[tuple[str, int], dict[str, Any]] = {}
    found: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = []
    for write in writes:
        key = (write.department, write.number)
        before = items.pop(key, None)
        after: dict[str, Any] | None = None
        if write.employee is not None:
            after = {"department": write.department, "number": write.number, **write.employee}
            items[key] = after
        if before != after:  # a write that changes nothing is not in the stream
            found.append((before, after))
    return found


def rows_of(file: Path) -> answers.Rows:
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(f"select department, number, {', '.join(NAMES)} from staff").fetchall()
    found: answers.Rows = {}
    for row in rows:
        values = dict(zip(NAMES, row[2:], strict=True))
        found[row[:2]] = values | {"monthly": Decimal(str(values["monthly"])).quantize(Decimal("0.01"))}
    return found


def test_the_sql_table_is_the_table_after_its_whole_history(file: Path) -> None:
    host = Host(service_on(file), MemoryStore())
    history = data.employees()
    told = changes(history)
    for start in range(0, len(told), 17):
        # eight records of each piece come again in the next one
        piece = dynamodb_event(*told[start : start + 25], keys=("department", "number"), start=start)
        assert host.handle(piece) == {"batchItemFailures": []}
    assert rows_of(file) == answers.staff(history)


def test_an_item_whose_number_is_text_is_kept_aside_and_writes_nothing(file: Path) -> None:
    host = Host(service_on(file), MemoryStore())
    wrong = {"department": "sales", "number": "seven", "name": "Ana"}
    assert host.handle(dynamodb_event((None, wrong), keys=("department", "number"))) == {
        "batchItemFailures": []
    }
    assert rows_of(file) == {}
    assert len(host.store.cases("staff")) == 1
