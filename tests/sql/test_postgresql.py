"""What only a real PostgreSQL shows: rivals that wait for each other, lost connections, its own types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from reactflow.errors import RecordError, Transient
from reactflow.service.sink import Publication
from reactflow.sql import Table
from reactflow.sql.engines import engine
from tests.sql.changes import change
from tests.sql.conftest import Database

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def together(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run so many at once, all begun at one moment."""
    gate = Barrier(count)

    def run(place: int) -> Any:
        gate.wait()
        return work(place)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def until_written(table: Table, batch: list[Publication]) -> None:
    """Publish as the outbox does: again what failed, and all of it when the database was busy."""
    for _ in range(200):
        try:
            failed = table.publish(batch)
        except Transient:
            continue
        if not failed:
            return
        batch = [batch[place] for place in failed]
    raise AssertionError("it is never written")


def write_own(tables: list[Table], batches: list[list[Publication]], place: int) -> None:
    until_written(tables[place], batches[place])


def serializable(database: Database) -> None:
    name = sa.engine.make_url(database.url).database
    database(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")


def end_connection_at(table: Table, database: Database, beginning: str) -> list[int]:
    """Have the server end the sink's connection once, when a statement that begins so is about to run."""
    ended: list[int] = []

    def end(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(beginning) and not ended:
            ended.append(connection.connection.driver_connection.info.backend_pid)
            database(f"SELECT pg_terminate_backend({ended[0]})")

    event.listen(engine(table.url), "before_cursor_execute", end)
    return ended


@pytest.mark.parametrize("is_serializable", [False, True])
def test_of_two_writers_of_one_row_the_later_number_stays(database: Database, is_serializable: bool) -> None:
    if is_serializable:
        serializable(database)
    tables = [Table(f"{database.url}&application_name=w{place}", "employees") for place in range(2)]
    for round in range(10):
        first, second = 2 * round + 1, 2 * round + 2
        numbers = [(second, first), (first, second)][round % 2]
        changes = [[change(n, {"name": f"{n}"})] for n in numbers]
        together(partial(write_own, tables, changes), 2)
        assert database("SELECT name FROM employees") == [(f"{second}",)]
        assert database("SELECT n FROM reactflow_numbers") == [(second,)]
    for table in tables:
        engine(table.url).dispose()


@pytest.mark.parametrize("is_serializable", [False, True])
def test_many_writers_of_many_rows_and_removals_end_at_the_last(
    database: Database, is_serializable: bool
) -> None:
    if is_serializable:
        serializable(database)
    table = database.table()
    units = [f"e{place}" for place in range(5)]

    def work(place: int) -> None:
        for n in range(1 + place, 41, 4):
            kind: Any = "removal" if n % 8 == 0 else "row"
            batch = [
                change(n, {} if kind == "removal" else {"name": f"{n}"}, kind, id=unit) for unit in units
            ]
            until_written(table, batch if place % 2 else batch[::-1])

    together(work, 4)
    assert database("SELECT DISTINCT n FROM reactflow_numbers") == [(40,)]
    assert database("SELECT id FROM employees") == []  # the 40th is a removal
    until_written(table, [change(39, {"name": "late"}, id=unit) for unit in units])
    assert database("SELECT id FROM employees") == []


def test_writers_that_make_the_same_tables_at_once(database: Database) -> None:
    tables = [Table(f"{database.url}&application_name=m{place}", "made", create=True) for place in range(4)]
    together(lambda place: until_written(tables[place], [change(1, {f"c{place}": place}, id=f"e{place}")]), 4)
    assert sorted(database.columns("made")) == ["c0", "c1", "c2", "c3", "id"]
    assert database("SELECT count(*), sum(coalesce(c0, c1, c2, c3)) FROM made") == [(4, 6)]
    for table in tables:
        engine(table.url).dispose()


def test_a_circle_of_writers_is_broken_and_tried_again(database: Database, employees: Table) -> None:
    for id in ("a", "b"):
        employees.publish([change(1, {"name": "first"}, id=id)])
    other = sa.create_engine(database.url, poolclass=sa.NullPool)
    with ThreadPoolExecutor(1) as pool, other.connect() as connection:
        connection.exec_driver_sql("SET deadlock_timeout = '60s'")  # so that the other one is chosen
        connection.exec_driver_sql("UPDATE employees SET note = 'x' WHERE id = 'b'")
        written = pool.submit(
            until_written, employees, [change(2, {"name": "second"}, id=id) for id in ("a", "b")]
        )
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
        while not database(waits):
            assert not written.done()
        connection.exec_driver_sql("UPDATE employees SET note = 'x' WHERE id = 'a'")
        connection.commit()
        written.result(60)
    assert database("SELECT id, name, note FROM employees ORDER BY id") == [
        ("a", "second", "x"),
        ("b", "second", "x"),
    ]


def test_a_lost_connection_is_transient_and_the_next_write_finds_another(
    database: Database, employees: Table
) -> None:
    employees.publish([change(1, {"name": "ann"})])
    database(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    assert employees.publish([change(2, {"name": "bob"})]) == [], (
        "a connection that died while it was idle is replaced"
    )

    ended = end_connection_at(employees, database, "UPDATE employees")
    with pytest.raises(Transient, match=r"sql/employees is busy or away \(.*terminating connection"):
        employees.publish([change(3, {"name": "cy"})])
    assert len(ended) == 1
    assert database("SELECT name FROM employees") == [("bob",)]
    assert employees.publish([change(3, {"name": "cy"})]) == []
    assert database("SELECT name FROM employees") == [("cy",)]


def test_a_server_that_is_away_is_transient(database: Database) -> None:
    away = database.url.replace("host=", "host=/nowhere")
    with pytest.raises(Transient, match=r"sql/employees is busy or away"):
        Table(away, "employees").publish([change(1, {"name": "ann"})])


def test_the_row_and_its_number_move_in_one_transaction(database: Database, employees: Table) -> None:
    employees.publish([change(1, {"name": "ann"})])

    ended = end_connection_at(employees, database, "DELETE FROM employees")
    with pytest.raises(Transient):
        employees.publish([change(2, kind="removal")])
    assert len(ended) == 1
    assert database("SELECT e.name, n.n FROM employees e, reactflow_numbers n") == [("ann", 1)]
    assert employees.publish([change(2, kind="removal")]) == []
    assert database("SELECT n, (SELECT count(*) FROM employees) FROM reactflow_numbers") == [(2, 0)]


def test_a_rival_that_is_first_with_a_lower_number_hides_no_later_one(
    database: Database, employees: Table
) -> None:
    employees.publish([change(1, {"name": "bob"}, id="e8")])
    came: list[int] = []

    def come_first(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT reactflow_numbers") and not came:
            came.append(8)
            assert employees.publish([change(8, {"name": "older"})]) == []

    event.listen(engine(employees.url), "before_cursor_execute", come_first)
    assert employees.publish([change(9, {"name": "newer"})]) == []
    assert came == [8]
    assert database("SELECT name FROM employees WHERE id = 'e7'") == [("newer",)]


def test_values_keep_their_kinds(database: Database) -> None:
    database(
        "CREATE TABLE kinds (id TEXT PRIMARY KEY, naive TIMESTAMP, at TIMESTAMPTZ, j JSONB, u UUID, d NUMERIC, b BYTEA)"
    )
    at = dt.datetime(2026, 11, 23, 13, tzinfo=dt.timezone(dt.timedelta(hours=5)))
    number = Decimal("12345678901234567890123.4567890123456789012345")
    values = {"naive": at, "at": at, "j": {"a": [1, None]}, "d": number, "b": b"\x00\xff"}
    table = database.table("kinds")
    assert table.publish([change(1, {**values, "u": "059f36b4-87a3-44ab-83d2-000000000001"})]) == []
    utc = at.astimezone(dt.UTC).replace(tzinfo=None)
    assert database("SELECT naive, at, j, d, b FROM kinds") == [
        (utc, at, {"a": [1, None]}, number, b"\x00\xff")
    ]
    assert database("SELECT u::text FROM kinds") == [("059f36b4-87a3-44ab-83d2-000000000001",)]
    for column, value in (("j", {"a": "\x00"}), ("naive", "soon"), ("u", "7"), ("d", "many"), ("b", "text")):
        with pytest.raises(RecordError, match=f"column '{column}'"):
            table.confirm(change(2, {column: value}))
