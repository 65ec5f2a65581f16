"""The two tables that a SQL sink needs: the user's, as it is found, and ``reactflow_numbers``, made when missing.

A table is looked at once a process and kept; when it does not have what a row needs, it is looked at again
before anything is refused, for its owner may have changed it meanwhile.
"""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any

from attrs import define

from reactflow.errors import ConfigurationError
from reactflow.sql.columns import column_type

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Dialect, Table

    from reactflow.service.sink import Publication

NUMBERS = "reactflow_numbers"
ID = "_id"
OUTPUT_ROOM, UNIT_ROOM = 255, 500  # characters: together what MySQL can index

_kept: dict[tuple[object, ...], Tables] = {}
_lock = threading.Lock()


@define
class Tables:
    """The tables of one sink, as far as they have been looked at."""

    name: str
    schema: str | None
    _target: Table | None = None
    _is_fresh: bool = False
    _numbers: Table | None = None

    @property
    def target(self) -> Table:
        """The user's table."""
        assert self._target is not None, "prepare() comes first"
        return self._target

    @property
    def is_there(self) -> bool:
        """Whether the user's table was found or made."""
        return self._target is not None

    def forget(self) -> None:
        """Look at the user's table again before it is used next."""
        self._is_fresh = False

    def expected(
        self, name: str, value: object, publication: Publication, dialect: Dialect, *, create: bool
    ) -> Column[Any] | None:
        """The column that a value goes into: as it was last seen, or as it would be made; None if neither is known."""
        import sqlalchemy as sa

        target = self._target
        if target is not None and name in target.c:
            return target.c[name]
        if not create:
            return None
        is_key = target is None and name in _made_keys(publication)
        return sa.Column(name, column_type(value, is_key=is_key).dialect_impl(dialect))

    @property
    def numbers(self) -> Table:
        """The side table with the numbers."""
        if self._numbers is None:
            self._numbers = _numbers_table(self.schema)
        return self._numbers

    def prepare(
        self, connection: Connection, publication: Publication, *, create: bool, destination: str
    ) -> None:
        """See to it that both tables are there with the columns of a row.

        Raises ConfigurationError for a table or column that is missing and may not be made.
        """
        if self._numbers is None:
            numbers = _numbers_table(self.schema)
            numbers.create(connection, checkfirst=True)
            connection.commit()  # it stays, also when the row that it was made for is refused
            self._numbers = numbers
        wanted = columns_of(publication)
        if self._is_fresh and self._target is not None and all(name in self._target.c for name in wanted):
            return
        found = self._find(connection)
        if found is None and create and publication.kind == "removal":
            self._target = None
            return  # nothing was ever written, and a removal does not tell the columns
        if found is None:
            if not create:
                raise ConfigurationError(
                    f"{destination}: there is no table {self.name!r} in the database: create it with the columns "
                    f"{', '.join(wanted)}, or let create=True make it"
                )
            _make(self.name, self.schema, wanted, publication).create(connection, checkfirst=True)
            found = self._find(connection)
        missing = [name for name in wanted if found is None or name not in found.c]
        if missing and create:
            for name in missing:
                _add_column(connection, self.name, self.schema, name, wanted[name])
            found = self._find(connection)
            missing = []
        if missing:
            there = list(found.c.keys()) if found is not None else []
            more = " (text, unique: it tells occurrences apart)" if missing[0] == ID else ""
            raise ConfigurationError(
                f"{destination} has no column {missing[0]!r}{more}; it has {', '.join(there)}: add it, rename it "
                "in row(...), or let create=True add it"
            )
        self._target, self._is_fresh = found, True

    def _find(self, connection: Connection) -> Table | None:
        import sqlalchemy as sa
        from sqlalchemy.exc import NoSuchTableError

        try:
            return sa.Table(self.name, sa.MetaData(), schema=self.schema, autoload_with=connection)
        except NoSuchTableError:
            return None


def columns_of(publication: Publication) -> dict[str, Any]:
    """What the columns of a row are to hold; of a removal only those that find the row."""
    wanted = {**({} if publication.kind == "removal" else publication.values), **publication.key}
    if publication.kind == "occurrence":
        wanted[ID] = publication.id
    return wanted


def _made_keys(publication: Publication) -> set[str]:
    """The primary key of a table that is made from this row."""
    return {ID} if publication.kind == "occurrence" else set(publication.key)


def within(text: str, room: int) -> str:
    """A text, or where there is no room for it the SHA-256 of it."""
    return text if len(text) <= room else hashlib.sha256(text.encode()).hexdigest()


def tables_of(url: str, name: str, schema: str | None) -> Tables:
    """The tables of a sink, kept for the process."""
    known = (url, name, schema, os.getpid())
    with _lock:
        return _kept.setdefault(known, Tables(name, schema))


def _numbers_table(schema: str | None) -> Table:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql

    def text(length: int) -> Any:
        # The unit's text tells "a" from "A"; MySQL's own comparison of text does not.
        exact = mysql.VARCHAR(length, collation="utf8mb4_bin")
        return sa.String(length).with_variant(exact, "mysql", "mariadb")

    return sa.Table(
        NUMBERS,
        sa.MetaData(),
        sa.Column("output", text(OUTPUT_ROOM), primary_key=True),
        sa.Column("unit", text(UNIT_ROOM), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        schema=schema,
    )


def _make(name: str, schema: str | None, wanted: dict[str, Any], publication: Publication) -> Table:
    import sqlalchemy as sa

    keys = _made_keys(publication)
    ordered = [*publication.key, *(name for name in wanted if name not in publication.key)]
    columns = [
        sa.Column(
            each,
            column_type(wanted[each], is_key=each in keys),
            primary_key=each in keys,
            autoincrement=False,
        )
        for each in ordered
    ]
    return sa.Table(name, sa.MetaData(), *columns, schema=schema)


def _add_column(connection: Connection, table: str, schema: str | None, name: str, value: object) -> None:
    import sqlalchemy as sa

    dialect = connection.dialect
    quote = dialect.identifier_preparer
    column: sa.Column[Any] = sa.Column(name, column_type(value))
    where = quote.format_table(sa.Table(table, sa.MetaData(), schema=schema))
    kind = column.type.compile(dialect=dialect)
    statement = f"ALTER TABLE {where} ADD COLUMN {quote.format_column(column)} {kind}"
    connection.exec_driver_sql(statement)
