"""A table of a SQL database as a sink: one row a unit, kept at the last value.

The number of the last change is kept beside the table, in ``reactflow_numbers``, and moves in the same
transaction as the row. It outlives the row: a late write of an old value changes nothing, after a removal
too. Written with portable statements only (update, then insert), it works on SQLite, PostgreSQL, MySQL and
whatever else SQLAlchemy speaks to. It must not touch a column that the output never wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reactflow.errors import BindingError, ConfigurationError, ReactflowError, Transient
from reactflow.service.key import Key
from reactflow.service.sink import Publication, Sink
from reactflow.service.writable import refusing
from reactflow.sql.columns import check_driver, fitted, unknown_column
from reactflow.sql.engines import Rival, engine, speaking
from reactflow.sql.schema import ID, OUTPUT_ROOM, UNIT_ROOM, Tables, columns_of, tables_of, within

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Connection

    from reactflow.service.output import Output

_RIVALS = 5  # how often another writer may be first at the same row before the record is given back


@frozen
class Table(Sink):
    """A table of a SQL database, by the database's URL and its name.

    The unit's key fields and the row's columns are the table's columns, by their names; ``row(pay=Employee.salary)``
    renames one. The key's columns should be the table's primary key. An occurrence of a pulse is a row of its own, with
    its id in the column ``_id`` (text, unique), and is written once.

    The table has to exist, since its owner decides on types, indexes and rights. ``create=True`` makes it from the
    first row instead, and adds a column when a first value for it comes: for development and demonstrations. The
    side table ``reactflow_numbers`` is always made when it is not there.

    ``schema`` is that of the database, if it has several. The URL may hold a password and is never shown.

    >>> Table("sqlite:///staff.db", "employees").destination
    'sql/employees'
    """

    url: str = field(repr=False)
    name: str
    schema: str | None = field(default=None, kw_only=True)
    create: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.name:
            raise BindingError(
                f"Table(..., {self.name!r}): a table has a name: write that of the table there is"
            )

    @property
    def destination(self) -> str:
        return f"sql/{self.name}" if self.schema is None else f"sql/{self.schema}.{self.name}"

    def check(self, key_names: Sequence[str], output: Output) -> None:
        if not key_names:
            raise BindingError(
                f"{self.destination}: a row is found by the unit's key, and key=() has no fields: give the service "
                "a key, or write to DynamoDB or S3"
            )

    def confirm(self, publication: Publication) -> None:
        """Refuse what the table's columns can never take, as far as they are known: raises RecordError.

        They are from the first row on that this process writes; with ``create=True`` those that would be made count
        until then. Before, only what no column could take is refused.
        """
        try:
            dialect = engine(self.url).dialect
        except ConfigurationError:
            return  # no fault of the event's: publishing tells of it
        what = f"{self.destination}, row {publication.id}"
        tables = tables_of(self.url, self.name, self.schema)
        with refusing():
            for name, value in columns_of(publication).items():
                column = tables.expected(name, value, publication, dialect, create=self.create)
                if column is None:
                    fitted(value, unknown_column(name), what, dialect)
                else:
                    check_driver(fitted(value, column, what, dialect), column, what, dialect)

    def publish(self, batch: Sequence[Publication]) -> list[int]:
        """Write all in one transaction; if that fails, each in its own, so that one does not keep back another.

        Raises Transient when the database is away or busy, ConfigurationError for what will not work (after all else
        has been written).
        """
        if not batch:
            return []
        try:
            self._write(batch)
            return []
        except (ConfigurationError, Rival):
            pass  # some of them, or rivals: find out which, one by one
        failed: list[int] = []
        broken: ConfigurationError | None = None
        behind: set[str] = set()  # units of which an earlier one failed: what is later must not overtake it
        for index, publication in enumerate(batch):
            unit = _unit(publication)
            try:
                if unit in behind:
                    failed.append(index)
                else:
                    self._write_alone(publication)
            except Transient:
                failed.append(index)
                behind.add(unit)
            except ConfigurationError as error:
                broken = broken or error
                behind.add(unit)
        if broken is not None:
            raise broken
        return failed

    def _write_alone(self, publication: Publication) -> None:
        for attempt in range(_RIVALS):
            try:
                return self._write([publication])
            except Rival as error:
                if attempt + 1 == _RIVALS and error.passes:
                    raise Transient(f"{self.destination} is busy ({error}): tried again later") from error
                if attempt + 1 == _RIVALS:
                    # Again and again: no rival, but a rule of the table, such as a column that must not be empty.
                    raise ConfigurationError(
                        f"{self.destination}, row {publication.id}: the table refuses it ({error}): correct the row or "
                        "the table's rules"
                    ) from error

    def _write(self, batch: Sequence[Publication]) -> None:
        from sqlalchemy.exc import IntegrityError

        # Rivals that take rows in one order cannot wait for each other in a circle.
        ordered = sorted(batch, key=lambda publication: (_unit(publication), publication.n))
        tables = tables_of(self.url, self.name, self.schema)
        try:
            with speaking(self.url, self.destination), engine(self.url).connect() as connection:
                for publication in ordered:
                    tables.prepare(connection, publication, create=self.create, destination=self.destination)
                connection.commit()
                with connection.begin():
                    for publication in ordered:
                        _Writing(connection, tables, publication, self.destination).write()
        except IntegrityError as error:
            tables.forget()
            raise Rival(str(error.orig)) from error
        except ReactflowError:
            tables.forget()  # what was made is undone, and its owner may correct it while this process lives
            raise


@frozen
class _Writing:
    """One publication, written inside a transaction."""

    connection: Connection
    tables: Tables
    publication: Publication
    destination: str

    def write(self) -> None:
        if self.publication.kind == "occurrence":
            self._log()
            return
        before = self._claim()
        if before is None:
            return  # something newer is there, or was and has been removed
        if self.publication.kind == "removal":
            if self.tables.is_there:
                self.connection.execute(self.tables.target.delete().where(*self._this_row()))
            return
        self._upsert(before)

    def _claim(self) -> list[str] | None:
        """Take the number forward; None if it is not lower, else the columns that were written before.

        Updating first takes the lock of the row (on SQLite, of the database), so that nothing moves until the end.
        """
        numbers, publication = self.tables.numbers, self.publication
        service, name = publication.id.split("/", 2)[:2]
        output, unit = (
            within(f"{service}/{name}/{self.destination}", OUTPUT_ROOM),
            within(_unit(publication), UNIT_ROOM),
        )
        here = (numbers.c.output == output, numbers.c.unit == unit)
        columns = [] if publication.kind == "removal" else sorted(publication.values)
        forward = numbers.update().where(*here, numbers.c.n < publication.n).values(n=publication.n)
        if not self.connection.execute(forward).rowcount:
            there = self.connection.execute(numbers.select().where(*here)).first()
            if there is None:
                first = {"output": output, "unit": unit, "n": publication.n, "columns": json.dumps(columns)}
                self.connection.execute(numbers.insert().values(first))
                return []
            # a lower number is that of a rival, which was not there yet when it was to be taken forward
            if there.n >= publication.n or not self.connection.execute(forward).rowcount:
                return None
        before = self.connection.execute(numbers.select().where(*here)).one()
        self.connection.execute(numbers.update().where(*here).values(columns=json.dumps(columns)))
        return list(json.loads(before.columns))

    def _upsert(self, before: list[str]) -> None:
        target, key = self.tables.target, self.publication.key
        values = {name: self._fitted(name, value) for name, value in self.publication.values.items()}
        # What was written before and has no value now is emptied; columns of others are left alone.
        emptied = {name: None for name in before if name not in values and name in target.c}
        changes = {name: value for name, value in {**values, **emptied}.items() if name not in key}
        if changes:
            found = self.connection.execute(target.update().where(*self._this_row()).values(changes)).rowcount
        else:
            found = self._exists(*self._this_row())
        if not found:
            self.connection.execute(target.insert().values(values))

    def _log(self) -> None:
        target, publication = self.tables.target, self.publication
        if not self._exists(target.c[ID] == publication.id):
            values = {name: self._fitted(name, value) for name, value in publication.values.items()}
            self.connection.execute(target.insert().values({**values, ID: publication.id}))

    def _exists(self, *where: ColumnElement[bool]) -> bool:
        import sqlalchemy as sa

        here = sa.select(sa.literal(1)).select_from(self.tables.target).where(*where)
        return self.connection.execute(here).first() is not None

    def _this_row(self) -> list[ColumnElement[bool]]:
        return [
            self._column(name) == self._fitted(name, value) for name, value in self.publication.key.items()
        ]

    def _fitted(self, name: str, value: object) -> Any:
        what = f"{self.destination}, row {self.publication.id}"
        return fitted(value, self._column(name), what, self.connection.dialect)

    def _column(self, name: str) -> Column[Any]:
        column: Column[Any] = self.tables.target.c[name]
        return column


def _unit(publication: Publication) -> str:
    kinds: Mapping[str, type] = {name: type(value) for name, value in publication.key.items()}
    return Key.of(kinds).unit(*publication.key.values()).text
