"""A SQL table ends at the last value, whatever is written late, twice or by two at once."""

from __future__ import annotations

import datetime as dt
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactflow.errors import BindingError, ConfigurationError, RecordError, Transient
from reactflow.sql import Table
from reactflow.sql.engines import engine, speaking
from tests.sql.changes import Kind, change
from tests.sql.conftest import Database

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def rows(database: Database) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = database("SELECT id, name, pay FROM employees ORDER BY id")
    return found


def test_a_late_write_of_an_old_value_changes_nothing(database: Database, employees: Table) -> None:
    assert employees.publish([change(2, {"name": "new"})]) == []
    assert employees.publish([change(1, {"name": "old"})]) == []
    assert employees.publish([change(2, {"name": "again"})]) == []
    assert rows(database) == [("e7", "new", None)]


def test_a_late_write_after_a_removal_changes_nothing(database: Database, employees: Table) -> None:
    employees.publish([change(1, {"name": "ann"})])
    assert employees.publish([change(3, kind="removal")]) == []
    assert rows(database) == []
    assert employees.publish([change(2, {"name": "late"})]) == []
    assert rows(database) == []
    assert employees.publish([change(4, {"name": "back"})]) == []
    assert employees.publish([change(3, kind="removal")]) == []
    assert rows(database) == [("e7", "back", None)]
    assert database("SELECT n FROM reactflow_numbers") == [(4,)]


@pytest.mark.parametrize("length", [497, 498, 501, 1000, 1021])  # of the key; its text has three more
def test_a_long_key_finds_its_row_and_its_number_again(
    database: Database, employees: Table, length: int
) -> None:
    id = "x" * length
    for n, name in ((1, "first"), (3, "third"), (2, "late"), (3, "again")):
        assert employees.publish([change(n, {"name": name}, id=id)]) == []
    assert rows(database) == [(id, "third", None)]
    assert employees.publish([change(5, kind="removal", id=id)]) == []
    assert employees.publish([change(4, {"name": "late"}, id=id)]) == []
    assert rows(database) == []
    assert database("SELECT n FROM reactflow_numbers") == [(5,)]


changes = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from(["e1", "e2"]), st.sampled_from(["row", "removal"])),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes, st.integers(1, 4))
def test_whatever_order_changes_come_in_the_last_one_stays(
    database: Database, employees: Table, history: list[tuple[int, str, Kind]], size: int
) -> None:
    database("DELETE FROM employees")
    database("DROP TABLE IF EXISTS reactflow_numbers")
    from reactflow.sql.schema import _kept

    _kept.clear()
    # one number has one content
    content: dict[tuple[int, str], Kind] = {(n, unit): kind for n, unit, kind in history}
    batch = [
        change(n, {"name": f"{n}"} if content[n, unit] == "row" else {}, content[n, unit], id=unit)
        for n, unit, _ in history
    ]
    for at in range(0, len(batch), size):
        assert employees.publish(batch[at : at + size]) == []
    last = {unit: max(n for n, other in content if other == unit) for _, unit in content}
    assert rows(database) == sorted(
        (unit, f"{n}", None) for unit, n in last.items() if content[n, unit] == "row"
    )


def test_an_attribute_that_is_unset_is_emptied_and_columns_of_others_are_left(
    database: Database, employees: Table
) -> None:
    employees.publish([change(1, {"name": "ann", "pay": Decimal("10.5")})])
    database("UPDATE employees SET note = 'by hand'")
    employees.publish([change(2, {"name": "ann"})])
    assert database("SELECT * FROM employees") == [("e7", "ann", None, "by hand")]


def test_two_outputs_count_by_themselves(database: Database, employees: Table) -> None:
    employees.publish([change(5, {"name": "ann"}), change(1, {"pay": 10}, output="pay")])
    assert rows(database) == [("e7", "ann", 10)]


def test_the_whole_batch_is_one_transaction(employees: Table) -> None:
    from sqlalchemy import event

    commits: list[int] = []
    listener = lambda connection: commits.append(1)  # noqa: E731
    employees.publish([change(1, {"name": "first"})])
    event.listen(engine(employees.url), "commit", listener)
    try:
        employees.publish([change(1, {"name": f"{n}"}, id=f"x{n}") for n in range(50)])
    finally:
        event.remove(engine(employees.url), "commit", listener)
    assert len(commits) <= 2  # looking at the tables, and the rows


def test_rivals_end_at_the_last_value(database: Database, employees: Table) -> None:
    employees.publish([change(1, {"name": "1"}, id="other")])

    def write(n: int) -> list[int]:
        for _ in range(50):
            try:
                return employees.publish([change(n, {"name": f"{n}"})])
            except Transient:
                continue
        return [0]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(write, [3, 9, 1, 7, 5, 2, 8, 4, 6])) == [[]] * 9
    assert ("e7", "9", None) in rows(database)


def test_a_composite_key_finds_its_row(database: Database) -> None:
    database(
        "CREATE TABLE staff (company TEXT, id INTEGER, day DATE, name TEXT, PRIMARY KEY (company, id, day))"
    )
    table = database.table("staff")
    for n, name in ((1, "ann"), (2, "bob")):
        table.publish([change(n, {"name": name}, company="a", id=7, day=dt.date(2026, 11, 23))])
    table.publish([change(1, {"name": "eve"}, company="a", id=8, day=dt.date(2026, 11, 23))])
    day = "2026-11-23" if database.name == "sqlite" else dt.date(2026, 11, 23)
    assert database("SELECT * FROM staff ORDER BY id") == [
        ("a", 7, day, "bob"),
        ("a", 8, day, "eve"),
    ]


def test_occurrences_are_rows_of_their_own_and_written_once(database: Database) -> None:
    database("CREATE TABLE log (_id TEXT PRIMARY KEY, id TEXT, size INTEGER)")
    table = database.table("log")
    log = [change(n, {"size": n * 10}, kind="occurrence") for n in (1, 2)]
    assert table.publish(log) == []
    assert table.publish(log) == []
    assert [row[1:] for row in database("SELECT * FROM log ORDER BY _id")] == [("e7", 10), ("e7", 20)]
    with pytest.raises(
        ConfigurationError, match=r"no column '_id' \(text, unique: it tells occurrences apart\)"
    ):
        Table(table.url, "employees").publish([change(1, {"name": "x"}, kind="occurrence")])


# -- making the table -------------------------------------------------------------------------------------------------


def test_with_create_the_table_is_made_from_its_rows(database: Database) -> None:
    table = database.table("made", create=True)
    assert table.publish([change(1, kind="removal")]) == []
    values = {
        "n": 2**40,
        "f": 0.5,
        "d": Decimal("12345678901234567890.10"),
        "b": b"\x00",
        "t": True,
        "x": None,
    }
    at = dt.datetime(2026, 11, 23, 13, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    values |= {"day": dt.date(2026, 11, 23), "at": at}
    table.publish([change(2, {**values, "l": [1, {"a": Decimal("0.10")}]})])
    table.publish([change(1, {"late column": "y", "f": 1.5}, id="e8")])
    assert database.columns("made") == ["id", *values, "l", "late column"]
    found = database('SELECT n, f, d, b, t, x, day, at, l, "late column" FROM made ORDER BY id')
    number, is_there, day, time, items = (
        (Decimal("12345678901234567890.10"), True, dt.date(2026, 11, 23), at, [1, {"a": 0.1}])
        if database.name == "postgresql"
        else ("12345678901234567890.10", 1, "2026-11-23", "2026-11-23 12:00:00.000000", '[1, {"a": 0.1}]')
    )
    assert found == [
        (2**40, 0.5, number, b"\x00", is_there, None, day, time, items, None),
        (None, 1.5, None, None, None, None, None, None, None, "y"),
    ]


def test_containers_and_dates_fit_columns_of_text(database: Database, employees: Table) -> None:
    employees.publish([change(1, {"name": {"b": 1, "a": Decimal("0.10")}, "note": dt.date(2026, 11, 23)})])
    assert database("SELECT name, note FROM employees") == [('{"a":0.10,"b":1}', "2026-11-23")]


# -- errors -----------------------------------------------------------------------------------------------------------


def test_a_missing_table_or_column_is_named_with_the_remedy(database: Database, employees: Table) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Table(employees.url, "nowhere").publish([change(1, {"name": "ann"})])
    assert (
        "sql/nowhere: there is no table 'nowhere' in the database: create it with the columns id, name, or let "
        "create=True make it"
    ) in str(caught.value)
    with pytest.raises(ConfigurationError, match="has no column 'phone'; it has id, name, pay, note: add it"):
        employees.publish([change(1, {"phone": "1"})])
    database("ALTER TABLE employees ADD COLUMN phone TEXT")
    assert employees.publish([change(1, {"phone": "1"})]) == []


def test_one_row_that_is_refused_does_not_keep_back_the_others(database: Database, employees: Table) -> None:
    database("CREATE UNIQUE INDEX one_name ON employees (name)")
    batch = [
        change(1, {"name": "ann"}, id="a"),
        change(1, {"name": "ann"}, id="b"),
        change(1, {"name": "cy"}, id="c"),
    ]
    with pytest.raises(ConfigurationError, match=r"row sync/staff/id=b/.*the table refuses it"):
        employees.publish(batch)
    assert [row[0] for row in rows(database)] == ["a", "c"]


def test_after_a_refused_row_no_later_one_of_its_unit_overtakes(database: Database) -> None:
    database("CREATE TABLE strict (_id TEXT PRIMARY KEY, id TEXT, size INTEGER CHECK (size < 100))")
    table = database.table("strict")
    with pytest.raises(ConfigurationError):
        table.publish(
            [change(n, {"size": size}, kind="occurrence") for n, size in ((1, 1), (2, 200), (3, 3))]
        )
    assert database("SELECT size FROM strict") == [(1,)]


@ON_SQLITE
def test_a_locked_database_is_transient(database: Database, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/staff.db?timeout=0.01"
    table = Table(url, "employees")
    table.publish([change(1, {"name": "ann"})])
    with closing(sqlite3.connect(tmp_path / "staff.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            Transient, match=r"sql/employees is busy or away \(database is locked\): tried again later"
        ):
            table.publish([change(2, {"name": "bob"})])
        other.execute("ROLLBACK")
    assert table.publish([change(2, {"name": "bob"})]) == []
    engine(url).dispose()


def test_a_password_is_in_no_text() -> None:
    table = Table("postgresql+nodriver://ann:s3cr3t@host/db", "employees")
    assert "s3cr3t" not in repr(table)
    for url in (table.url, "::s3cr3t::", "sqlite+what://s3cr3t/x"):
        with pytest.raises(ConfigurationError) as caught:
            Table(url, "employees").publish([change(1, {"name": "x"})])
        error: BaseException | None = caught.value
        while error is not None:
            assert "s3cr3t" not in str(error)
            error = error.__cause__ or error.__context__
    from sqlalchemy import exc

    with pytest.raises(Transient) as spoken, speaking("postgresql://ann:s3cr3t@host/db", "sql/t"):
        raise exc.OperationalError("select", {}, Exception("could not connect with s3cr3t"))
    assert "could not connect with ***" in str(spoken.value)


def test_a_table_without_a_key_is_refused() -> None:
    with pytest.raises(BindingError, match=r"key=\(\) has no fields: give the service a key"):
        Table("sqlite://", "areas").check([], None)  # type: ignore[arg-type]


def test_an_unusable_path_is_no_transient_failure(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unable to open database file"):
        Table(f"sqlite:///{tmp_path}/missing/x.db", "t").publish([change(1, {"name": "x"})])


# -- what can never be written ----------------------------------------------------------------------------------------


def test_a_number_that_no_column_takes_is_refused_before_it_is_published(tmp_path: Path) -> None:
    table = Table(f"sqlite:///{tmp_path}/new.db", "made", create=True)
    with pytest.raises(
        RecordError,
        match=r"sql/made, row sync/staff/id=e7/sql:employees/1, column 'n' has room for whole numbers of 63 bits.*"
        r"the value is 1000000000000000000000000000000: make the column numeric or text",
    ):
        table.confirm(change(1, {"n": 10**30}))
    table.confirm(change(1, {"n": 2**63 - 1}))
    assert not (tmp_path / "new.db").exists()  # nothing was asked
    assert table.publish([change(1, {"n": 2**63 - 1})]) == []
    with pytest.raises(RecordError, match="column 'm' has room for whole numbers of 63 bits"):
        table.confirm(change(2, {"m": -(2**63) - 1}))  # a column that would be added


def test_what_a_column_takes_is_known_from_the_first_row_on(database: Database) -> None:
    database(
        "CREATE TABLE typed (id TEXT PRIMARY KEY, n BIGINT, t TEXT, x NUMERIC, day DATE, must TEXT NOT NULL)"
    )
    table = database.table("typed")
    table.confirm(change(1, {"n": 10**30}))  # it may be a column of text
    row = {"n": 1, "t": "a", "x": 1, "day": dt.date(2026, 11, 23), "must": "be"}
    assert table.publish([change(1, row)]) == []
    table.confirm(change(2, {**row, "t": 10**30, "x": 10**30}))
    assert table.publish([change(2, {**row, "t": 10**30, "x": 10**30})]) == []
    whole = 1e30 if database.name == "sqlite" else Decimal(10**30)
    assert database("SELECT t, x FROM typed") == [(str(10**30), whole)]
    wrong: list[tuple[str, Any, str]] = [
        ("n", 10**30, "column 'n' has room for whole numbers of 63 bits"),
        (
            "n",
            Decimal("1.5"),
            "column 'n' holds whole numbers, and the value is 1.5: make it a numeric column",
        ),
        ("n", Decimal("Infinity"), "column 'n' cannot be written"),
        ("day", "today", "column 'day' is DATE and does not take 'today'"),
        ("must", None, "column 'must' must not be empty, and the value is null"),
    ]
    for name, value, says in wrong:
        refused = change(3, {**row, name: value})
        with pytest.raises(RecordError, match=says):
            table.confirm(refused)
        with pytest.raises(ConfigurationError):
            table.publish([refused])
        with pytest.raises(RecordError, match=says):  # a failure does not make it forget
            table.confirm(refused)
    table.confirm(change(4, kind="removal"))


def test_what_no_database_takes_is_refused_before_anything_is_known_of_the_table(employees: Table) -> None:
    for value, says in (
        ("a\ud800", "column 'name' holds half of a surrogate pair"),
        ({"deep": [float("nan")]}, r"column 'name': nan at deep\[0\] has no form in JSON"),
    ):
        with pytest.raises(RecordError, match=says):
            employees.confirm(change(1, {"name": value}))


def test_a_database_that_cannot_be_asked_for_is_no_fault_of_an_event() -> None:
    Table("::nonsense::", "employees").confirm(change(1, {"name": "ann"}))


def test_a_table_without_a_name_is_refused() -> None:
    with pytest.raises(BindingError, match=r"Table\(\.\.\., ''\): a table has a name"):
        Table("sqlite://", "")
