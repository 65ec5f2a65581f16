"""A store in one SQLite file, for one machine: durable, and shared by several processes at once.

Each write is a transaction of its own that is on the disk when it returns. The file says which version of the
schema it has; a file of another program is refused, never touched.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from reactflow.errors import ConfigurationError, Transient, Unreadable
from reactflow.service.contribution import Contribution
from reactflow.service.item import Item
from reactflow.service.quarantine import Case
from reactflow.service.stores.store import Now, encode_for_put

SCHEMA_VERSION: Final = 3
_PASSING: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_CONTRIBUTIONS: Final = """
CREATE TABLE contributions (
    service TEXT NOT NULL, unit TEXT NOT NULL, members TEXT NOT NULL, key TEXT NOT NULL, rank TEXT,
    content BLOB NOT NULL, PRIMARY KEY (service, unit, members, key)) WITHOUT ROWID;
CREATE INDEX ranked ON contributions (service, unit, members, rank, key) WHERE rank IS NOT NULL
"""
# of a unit that owes changes, when it was last written
_OWING: Final = """
CREATE TABLE owing (
    service TEXT NOT NULL, unit TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (service, unit)) WITHOUT ROWID;
CREATE INDEX idle ON owing (service, since)
"""
_SCHEMA: Final = f"""
CREATE TABLE reactflow_schema (version INTEGER NOT NULL);
INSERT INTO reactflow_schema VALUES ({SCHEMA_VERSION});
CREATE TABLE units (
    service TEXT NOT NULL, unit TEXT NOT NULL, v INTEGER NOT NULL, item BLOB NOT NULL, PRIMARY KEY (service, unit));
CREATE TABLE cases (
    number INTEGER PRIMARY KEY, service TEXT NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL, UNIQUE (service, id));
{_CONTRIBUTIONS};
{_OWING}
"""


class SQLiteStore:
    """Keeps units and cases in the file ``path``, made when missing; waits ``timeout`` seconds for a rival. ``now`` is
    its clock.

    One connection serves all threads of a process, one after the other; a process that was forked opens its
    own. Raises ConfigurationError, naming the file, when it is not a store of reactflow or cannot be opened; its
    folder has to be there.
    """

    in_flight = 1

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 10.0, now: Now = time.time) -> None:
        self.path = Path(path)
        self._now = now
        self._timeout = timeout
        self._inherited: list[sqlite3.Connection] = []
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._process = os.getpid()
        if str(path) in ("", ":memory:"):
            raise ConfigurationError(
                f"SQLiteStore({str(path)!r}) would not last: use MemoryStore(), or name a file"
            )
        with self._errors():
            self._connection = self._open()

    def __del__(self) -> None:
        self.close()

    def get(self, service: str, unit: str) -> Item | None:
        """See ``Store.get``."""
        with self._use() as connection:
            row = connection.execute(_SELECT, (service, unit)).fetchone()
        return None if row is None else self._read(service, unit, row)

    def look(
        self, service: str, unit: str, names: Collection[tuple[str, str]]
    ) -> tuple[Item | None, dict[tuple[str, str], Contribution]]:
        """See ``Store.look``."""
        with self._use() as connection, _transaction(connection, "DEFERRED"):  # reads see one moment inside
            row = connection.execute(_SELECT, (service, unit)).fetchone()
            rows = [
                (name, connection.execute(_SELECT_CONTRIBUTION, (service, unit, *name)).fetchone())
                for name in names
            ]
        found = {name: Contribution.from_bytes(*name, *each) for name, each in rows if each is not None}
        return None if row is None else self._read(service, unit, row), found

    def ranked(
        self, service: str, unit: str, members: str, *, highest: bool, limit: int
    ) -> list[Contribution]:
        """See ``Store.ranked``."""
        select = _SELECT_HIGHEST if highest else _SELECT_LOWEST
        with self._use() as connection:
            rows = connection.execute(select, (service, unit, members, limit)).fetchall()
        return [Contribution.from_bytes(members, *row) for row in rows]

    def put(
        self,
        service: str,
        unit: str,
        item: Item,
        expected_v: int,
        contributions: Sequence[Contribution] = (),
    ) -> Item | None:
        """See ``Store.put``."""
        data = encode_for_put(unit, item, expected_v, contributions)
        with self._use() as connection, _transaction(connection):
            row = connection.execute(_SELECT, (service, unit)).fetchone()
            if (row[0] if row else 0) == expected_v:
                connection.execute("REPLACE INTO units VALUES (?, ?, ?, ?)", (service, unit, item.v, data))
                if item.owes:
                    connection.execute("REPLACE INTO owing VALUES (?, ?, ?)", (service, unit, self._now()))
                else:
                    connection.execute("DELETE FROM owing WHERE service = ? AND unit = ?", (service, unit))
                connection.executemany(
                    "REPLACE INTO contributions VALUES (?, ?, ?, ?, ?, ?)",
                    [(service, unit, *one.name, one.rank, one.to_bytes()) for one in contributions],
                )
                return None
        return self._read(service, unit, row) if row else Item()

    def units(self, service: str) -> Iterator[str]:
        """See ``Store.units``."""
        with self._use() as connection:
            rows = connection.execute(
                "SELECT unit FROM units WHERE service = ? ORDER BY unit", (service,)
            ).fetchall()
        return iter([unit for (unit,) in rows])

    def pending(self, service: str, idle: float) -> Iterator[str]:
        """See ``Store.pending``."""
        select = "SELECT unit FROM owing WHERE service = ? AND since <= ? ORDER BY since"
        with self._use() as connection:
            rows = connection.execute(select, (service, self._now() - idle)).fetchall()
        return iter([unit for (unit,) in rows])

    def keep(self, case: Case) -> None:
        """See ``Store.keep``."""
        with self._use() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO cases (service, id, content) VALUES (?, ?, ?)",
                (case.service, case.id, case.to_bytes()),
            )

    def cases(self, service: str) -> list[Case]:
        """See ``Store.cases``."""
        with self._use() as connection:
            select = "SELECT content FROM cases WHERE service = ? ORDER BY number"
            rows = connection.execute(select, (service,)).fetchall()
        return [Case.from_bytes(content) for (content,) in rows]

    def case(self, service: str, id: str) -> Case | None:
        """See ``Store.case``."""
        select = "SELECT content FROM cases WHERE service = ? AND id = ?"
        with self._use() as connection:
            row = connection.execute(select, (service, id)).fetchone()
        return None if row is None else Case.from_bytes(row[0])

    def forget(self, service: str, ids: Collection[str]) -> None:
        """See ``Store.forget``."""
        with self._use() as connection, _transaction(connection):
            connection.executemany(
                "DELETE FROM cases WHERE service = ? AND id = ?", [(service, id) for id in ids]
            )

    def close(self) -> None:
        """See ``Store.close``; a later call of anything else opens the file again."""
        if self._process == os.getpid():
            with self._lock:
                if self._connection is not None:
                    self._connection.close()
                self._connection = None

    def _read(self, service: str, unit: str, row: Sequence[Any]) -> Item:
        v, data = row
        try:
            item = Item.from_bytes(data, unit)
        except Unreadable as error:
            raise Unreadable(f"{self.path}, service {service!r}: {error}") from error
        if item.v != v:
            raise Unreadable(
                f"{self.path}, service {service!r}: unit {unit!r} has version {v} and says {item.v}"
            )
        return item

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone."""
        if self._process != os.getpid():
            # Forked: the parent's connection must be neither used nor closed here, and its lock may be held.
            self._inherited += [self._connection] if self._connection else []
            self._connection, self._lock, self._process = None, threading.Lock(), os.getpid()
        with self._lock, self._errors():
            if self._connection is None:
                self._connection = self._open()
            yield self._connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as ours: what may pass, and what will not."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _PASSING:
                raise Transient(f"the store {self.path} cannot be used now: {error}") from error
            remedy = "name a file that SQLiteStore may make, or one that it made"
            raise ConfigurationError(f"the store {self.path} cannot be used: {error}; {remedy}") from error

    def _open(self) -> sqlite3.Connection:
        if not self.path.parent.is_dir():
            raise ConfigurationError(
                f"the store {self.path} cannot be made: there is no folder {self.path.parent}; make it, or name a file "
                "in one that is there"
            )
        connection = sqlite3.connect(
            self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            self._check_schema(connection)
            _use_wal(connection, self._timeout)
            # what is acknowledged has to outlive the machine's power
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        """Make the tables in a new file; refuse a file that has others, before anything of it is changed."""
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if not tables:
            with _transaction(connection):  # a rival may have been faster: looked at again inside
                if not connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone():
                    for statement in _SCHEMA.split(";"):
                        connection.execute(statement)
        elif "reactflow_schema" not in tables:
            shown = ", ".join(sorted(tables)[:3])
            raise ConfigurationError(
                f"{self.path} is another program's database (it has {shown}): name another file"
            )
        (version,) = connection.execute("SELECT version FROM reactflow_schema").fetchone() or (0,)
        if version in (1, 2):
            version = self._take_over(connection)
        if version != SCHEMA_VERSION:
            raise ConfigurationError(
                f"{self.path} has schema version {version}, and this reactflow reads {SCHEMA_VERSION}: "
                "use the reactflow that made it, or name another file"
            )

    def _take_over(self, connection: sqlite3.Connection) -> int:
        """Add what the file of an earlier version does not have: contributions, and which units owe changes."""
        with _transaction(connection):
            (version,) = connection.execute("SELECT version FROM reactflow_schema").fetchone()
            missing = {1: f"{_CONTRIBUTIONS};{_OWING}", 2: _OWING}.get(version)
            if missing is None:  # a rival was faster
                return int(version)
            for statement in missing.split(";"):
                connection.execute(statement)
            for service, unit, data in connection.execute("SELECT service, unit, item FROM units"):
                with suppress(Unreadable):  # an item that cannot be read is told of when it is used
                    if Item.from_bytes(data, unit).owes:
                        connection.execute("INSERT INTO owing VALUES (?, ?, 0)", (service, unit))
            connection.execute("UPDATE reactflow_schema SET version = ?", (SCHEMA_VERSION,))
        return SCHEMA_VERSION


_SELECT: Final = "SELECT v, item FROM units WHERE service = ? AND unit = ?"

_SELECT_CONTRIBUTION: Final = (
    "SELECT rank, content FROM contributions WHERE service = ? AND unit = ? AND members = ? AND key = ?"
)
_SELECT_LOWEST: Final = (
    "SELECT key, rank, content FROM contributions WHERE service = ? AND unit = ? AND members = ? AND rank IS NOT NULL "
    "ORDER BY rank, key LIMIT ?"
)
_SELECT_HIGHEST: Final = _SELECT_LOWEST.replace("rank, key", "rank DESC, key DESC")


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Turn on the write-ahead log, once a file: SQLite does not wait for a rival here, so this does."""
    deadline = time.monotonic() + timeout
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)  # the rival is done in a few milliseconds, and nothing tells of it
