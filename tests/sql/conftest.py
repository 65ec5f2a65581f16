"""The databases that the tests of the SQL sink run on: SQLite, and a real PostgreSQL where a server is installed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import frozen

from reactflow.sql import Table
from reactflow.sql.engines import engine
from tests.sql.postgres import cluster, programs


@frozen
class Database:
    """A database with nothing in it but the table ``employees``; called with a statement, it gives the rows."""

    url: str
    _engine: sa.Engine

    @property
    def name(self) -> str:
        return self._engine.dialect.name

    def __call__(self, statement: str) -> list[tuple[Any, ...]]:
        with self._engine.begin() as connection:
            done = connection.exec_driver_sql(statement)
            return [tuple(row) for row in done] if done.returns_rows else []

    def table(self, name: str = "employees", **options: Any) -> Table:
        return Table(self.url, name, **options)

    def columns(self, table: str) -> Sequence[str]:
        return [column["name"] for column in sa.inspect(self._engine).get_columns(table)]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL. Without a server: skipped, unless REACTFLOW_NEEDS_POSTGRESQL."""
    found = programs()
    if found is None and os.environ.get("REACTFLOW_NEEDS_POSTGRESQL"):
        pytest.fail("there is no PostgreSQL here, and REACTFLOW_NEEDS_POSTGRESQL says that it is needed")
    if found is None:
        pytest.skip("no PostgreSQL is installed here")
    with cluster(found) as url:
        yield url


_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/staff.db"
    else:
        base = request.getfixturevalue("postgresql")
        name = f"db{next(_numbers)}"
        maker = sa.create_engine(base, isolation_level="AUTOCOMMIT")
        with maker.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        maker.dispose()
        url = base.replace("/postgres?", f"/{name}?")
    made = Database(url, sa.create_engine(url, poolclass=sa.NullPool))
    made("CREATE TABLE employees (id TEXT PRIMARY KEY, name TEXT, pay NUMERIC, note TEXT DEFAULT 'none')")
    yield made
    engine(url).dispose()


@pytest.fixture
def employees(database: Database) -> Table:
    return database.table()
