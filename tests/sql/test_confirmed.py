"""What a table confirms, it writes: a change that is let through never turns out to be one that cannot be written."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import uuid
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reactflow.errors import RecordError
from reactflow.sql import Table
from tests.sql.changes import change
from tests.sql.conftest import Database

BOTH = {
    "text": "TEXT", "short": "VARCHAR(5)", "fixed": "CHAR(3)", "small": "SMALLINT", "int": "INTEGER", "big": "BIGINT",
    "number": "NUMERIC", "money": "NUMERIC(7,2)", "real": "REAL", "double": "DOUBLE PRECISION", "bool": "BOOLEAN",
    "day": "DATE", "naive": "TIMESTAMP", "time": "TIME", "json": "JSON",
}  # fmt: skip
POSTGRESQL = {
    "at": "TIMESTAMP WITH TIME ZONE", "jsonb": "JSONB", "bytes": "BYTEA", "uuid": "UUID", "span": "INTERVAL",
}  # fmt: skip


class Color(enum.Enum):
    RED = "red"
    TWO = 2


TEXTS = st.text(max_size=8) | st.sampled_from(
    ["", "1", "-1.5", "true", "2026-11-23", "2026-11-23T12:00:00Z", "12:30:00", "today", "\x00", "a\x00b", "\ud800",
     "x" * 300,     "1e400", "NaN", "[1]", "{bad", "059f36b4-87a3-44ab-83d2-000000000001", "6   "]
)  # fmt: skip
NUMBERS: st.SearchStrategy[Any] = (
    st.integers()
    | st.floats()
    | st.decimals().filter(lambda number: not number.is_snan())
    | st.sampled_from([2**15, 2**31, 2**63, 10**38, 10**400, 10**4000, 1e308, 1e39, 3.5e38, 5e-324])
    | st.sampled_from(
        [Decimal("99999.995"), Decimal("1E+400"), Decimal("1E-400"), Decimal("1E+200000"), Decimal("-0.005")]
    )
)
OTHERS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.binary(max_size=4)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from([Color.RED, Color.TWO, frozenset({1}), (1, "a"), uuid.UUID(int=0)])
)
VALUES = st.recursive(
    TEXTS | NUMBERS | OTHERS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)
numbers = itertools.count(2)


def table_of(database: Database, columns: dict[str, str]) -> Table:
    said = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    if not database(f"SELECT 1 WHERE EXISTS ({exists(database)})"):
        database(f"CREATE TABLE typed (id TEXT PRIMARY KEY, {said})")
        assert database.table("typed").publish([change(1, dict.fromkeys(columns))]) == []
    return database.table("typed")


def exists(database: Database) -> str:
    if database.name == "sqlite":
        return "SELECT 1 FROM sqlite_master WHERE name = 'typed'"
    return "SELECT 1 FROM pg_tables WHERE tablename = 'typed'"


def check(table: Table, values: dict[str, Any]) -> None:
    one = change(next(numbers), values)
    try:
        table.confirm(one)
    except RecordError:
        return
    assert table.publish([one]) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_confirmed_is_written(database: Database, data: st.DataObject) -> None:
    columns = BOTH if database.name == "sqlite" else {**BOTH, **POSTGRESQL}
    table = table_of(database, columns)
    check(
        table,
        {
            name: data.draw(VALUES)
            for name in data.draw(st.sets(st.sampled_from([*columns]), min_size=1, max_size=2))
        },
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, VALUES)
@example("\x00", Decimal("-NaN"))
@example(Decimal("NaN7"), Decimal("-NaN12"))
def test_what_is_confirmed_is_written_into_a_table_that_is_made_of_it(
    database: Database, first: Any, second: Any
) -> None:
    table = database.table(f"made{next(numbers)}", create=True)
    check(table, {"value": first})
    check(table, {"value": second})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS | st.integers() | st.dates())
def test_what_is_confirmed_as_a_key_is_written(database: Database, key: Any) -> None:
    for kind in ("TEXT", "VARCHAR(5)", "BIGINT", "DATE"):
        name = f"by_{kind[:4].lower()}"
        database(f"CREATE TABLE IF NOT EXISTS {name} (id {kind} PRIMARY KEY, n INTEGER)")
        table = database.table(name)
        first = dt.date(2026, 11, 25) if kind == "DATE" else 1
        assert table.publish([change(next(numbers), {"n": 0}, id=first)]) == []
        for values in ({"n": 1}, {"n": 2}):
            one = change(next(numbers), values, id=key)
            try:
                table.confirm(one)
            except RecordError:
                break
            assert table.publish([one]) == []
