"""Outputs: what a service tells the outside, and where.

``row(Room.area, limit=Room.peak) >> sink`` is one row or object for each unit, the latest values; a row with a pulse is
a log, every occurrence with the other columns as they were then. What is said here is only the declaration; which
changes are due is found in ``outbox``.

``row(Room.area, by=Room.building) >> sink`` keys what is written by the value of a cell, and by the unit's own key:
when that value changes, what stood under the old one is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_args

from attrs import field, frozen

from reactflow.cells import Readable
from reactflow.errors import BindingError, DeclarationError
from reactflow.service.contracts import check_name
from reactflow.service.decoding import short
from reactflow.service.key import Key
from reactflow.service.sink import Sink

if TYPE_CHECKING:
    from reactflow.flow import Flow

LATE: Final = (
    "late record"  # in place of a pulse's name, of the output that tells of them; no cell is named so
)

By: TypeAlias = Readable[Any] | Sequence[Readable[Any]] | Mapping[str, Readable[Any]]
Columns: TypeAlias = tuple[tuple[str | None, Readable[Any]], ...]
"""Cells, each with the name that it has outside, None for its own."""


@frozen
class Row:
    """Columns by the name that the outside sees; ``name`` is the output's, part of every id that it publishes.

    ``by`` are the cells whose values come before the unit's key in the key of what is written.
    """

    columns: Columns
    name: str | None = None
    is_bare: bool = False
    by: Columns = ()

    def __repr__(self) -> str:
        if self.is_bare:
            return self.columns[0][1].name
        parts = [one.name if column is None else f"{column}={one.name}" for column, one in self.columns]
        parts += [f"name={self.name!r}"] if self.name else []
        keys = [one.name if column is None else f"{column!r}: {one.name}" for column, one in self.by]
        shown = ", ".join(keys)
        if any(column is not None for column, _ in self.by):
            shown = f"{{{shown}}}"
        elif len(keys) > 1:
            shown = f"({shown})"
        parts += [f"by={shown}"] if keys else []
        return f"row({', '.join(parts)})"

    def __rshift__(self, sink: object) -> Output:
        if isinstance(sink, Sink):
            return sink.__rrshift__(self)
        raise DeclarationError(
            f"{self!r} >> {short(sink)}: a row is written to a sink, as in {self!r} >> DynamoDB('areas')"
        )

    @classmethod
    def bare(cls, cell: Readable[Any]) -> Row:
        """One cell alone, as in ``Room.area >> sink``."""
        return cls(((None, _cell(cell, "an output")),), is_bare=True)


def row(
    *cells: Readable[Any], name: str | Readable[Any] | None = None, by: By = (), **renamed: Readable[Any]
) -> Row:
    """Several cells of a flow as the columns of one row; ``row(Room.area, limit=Room.peak)`` renames the second.

    The key's fields are always part of the row. ``name`` is the output's, part of every id that it publishes (default:
    its first column); give one that stays when columns come and go. A cell given as ``name=`` is a column of that name.

    ``by`` is a cell, several, or a mapping ``{name outside: cell}`` (of str, int or date): what is written is keyed by
    its value first, and then by the unit's key. When it changes, the row under the old value is removed and one under
    the new value written; while it is unset or None there is no row. Of a pulse, it says where each occurrence goes.

    Raises DeclarationError when something is not a cell.

    >>> from reactflow import cell, row
    >>> length = cell(3.0)
    >>> [column for column, _ in row(length, long=length > 2.0).columns]
    [None, 'long']
    >>> building = cell("b1")
    >>> [one.value for _, one in row(length, by=building).by]
    ['b1']
    """
    if name is not None and not isinstance(name, str):
        renamed, name = {"name": name, **renamed}, None
    columns: list[tuple[str | None, Readable[Any]]] = [(None, _cell(one, "row(...)")) for one in cells]
    columns += [(column, _cell(one, f"row({column}=...)")) for column, one in renamed.items()]
    if not columns:
        raise DeclarationError("row() has no columns: name the cells to write, as in row(Room.area)")
    return Row(tuple(columns), name, by=_by(by))


def _by(by: By) -> Columns:
    if isinstance(by, Mapping):
        return tuple((column, _cell(one, f"row(..., by={{{column!r}: ...}})")) for column, one in by.items())
    cells = (by,) if isinstance(by, (Readable, str)) or not isinstance(by, Sequence) else by
    return tuple((None, _cell(one, "row(..., by=...)")) for one in cells)


def _cell(value: object, where: str) -> Readable[Any]:
    if not isinstance(value, Readable):
        raise DeclarationError(
            f"{where} takes a cell of the flow's class, as in Room.area, not the value {short(value)}"
        )
    return value


@frozen
class Output:
    """A row bound to a sink, by itself or, with ``cells``, within a service."""

    row: Row
    sink: Sink
    name: str = ""
    cells: Mapping[str, str] = field(factory=dict)  # column -> cell of the flow
    pulse: str = ""  # the cell of the pulse column, if there is one
    by: Mapping[str, str] = field(
        factory=dict
    )  # field of the key -> cell of the flow, before the unit's own fields

    def __repr__(self) -> str:
        return f"{self.row!r} >> {self.sink.destination}"

    @property
    def bare(self) -> str:
        """The column that was bound alone, else empty."""
        return next(iter(self.cells)) if self.row.is_bare else ""

    def bind(self, flow: type[Flow], key_names: tuple[str, ...]) -> Output:
        """The output within a service of ``flow``: columns found by name. Raises BindingError with the remedy."""
        by = self._named(self.row.by, flow, key_names, ())
        for column, name in by.items():
            _check_by(flow, column, name, self.sink)
        key_names = (*by, *key_names)
        cells = self._named(self.row.columns, flow, key_names, by)
        pulse = self._pulse(flow, cells)
        name = check_name(self.row.name or next(iter(cells)), "the output's name")
        bound = Output(self.row, self.sink, name, cells, pulse, by)
        self.sink.check(key_names, bound)
        return bound

    def _named(
        self, columns: Columns, flow: type[Flow], key_names: Sequence[str], by: Collection[str]
    ) -> dict[str, str]:
        """The names of cells by column; raises BindingError for a column that is there twice."""
        names = {id(getattr(flow, name)): name for name in flow.plan.names}
        cells: dict[str, str] = {}
        for column, one in columns:
            name = names.get(id(one))
            if name is None:
                raise BindingError(_foreign(one, flow, self.sink))
            if flow.plan[name].gathered is not None:
                raise BindingError(
                    f"the output to {self.sink.destination} has the members {flow.__name__}.{name}, of which no cell "
                    f"holds all: write what is kept of them, as in total = {name}.sum() and {flow.__name__}.total"
                )
            column = column or name
            if column in cells or column in key_names:
                what = "a field of the key, which is part of every row"
                if column in by:
                    what = "what by= keys the row by, which is part of it"
                elif column not in key_names:
                    what = "already a column"
                raise BindingError(
                    f"the output to {self.sink.destination} has the column {column!r} twice, it is {what}: "
                    f"rename it, as in row({column}_2={flow.__name__}.{name})"
                )
            cells[column] = name
        return cells

    def _pulse(self, flow: type[Flow], cells: Mapping[str, str]) -> str:
        """The pulse that makes the output a log, or nothing."""
        pulses = [name for name in cells.values() if flow.plan[name].is_pulse]
        if len(pulses) > 1:
            raise BindingError(
                f"the output to {self.sink.destination} has the pulses {', '.join(pulses)}: a log is of one pulse, so "
                "bind each to an output of its own"
            )
        unstored = [name for name in cells.values() if flow.plan[name].stored is False]
        if pulses and unstored:
            raise BindingError(
                f"{unstored[0]!r} is not stored (stored=False, the default for bytes) and cannot be part of the log of "
                f"{pulses[0]!r}: what it was at an occurrence would be lost. Write it to an output of its own"
            )
        return "".join(pulses)


def _check_by(flow: type[Flow], column: str, name: str, sink: Sink) -> None:
    """Refuse a cell whose values cannot be part of a key: raises BindingError."""
    node = flow.plan[name]
    said = f"the output to {sink.destination} is keyed by={flow.__name__}.{name}"
    if node.is_pulse:
        raise BindingError(
            f"{said}, a pulse, which has no value between its occurrences: key it by a cell, such as "
            f"{flow.__name__}.{name}.hold()"
        )
    if node.stored is False:
        raise BindingError(
            f"{said}, which is not stored, so that its old value is not known: say stored=True"
        )
    kinds = [one for one in get_args(node.type) or (node.type,) if one not in (NoneType, None, Any)]
    if unfit := [one for one in kinds if one not in (str, int, date)]:
        shown = getattr(unfit[0], "__name__", str(unfit[0]))
        raise BindingError(
            f"{said} ({shown}), and a key is of str, int or date: derive a cell that is, as its name"
        )
    Key.of(column)  # a name that a key can have


def _foreign(one: Readable[Any], flow: type[Flow], sink: Sink) -> str:
    """What to say of something that is no named cell of the flow."""
    known = ", ".join(f"{flow.__name__}.{name}" for name in flow.plan.names)
    if one.given_name is None and one.site is not None and not one.site.name:
        return (
            f"the output to {sink.destination} has an expression (made at {one.where}), and only named cells are "
            f"written: name it in the class {flow.__name__}, as in total = ..., and write {flow.__name__}.total"
        )
    return (
        f"the output to {sink.destination} has {one.name!r}, which is not a cell of the class {flow.__name__}: "
        f"write one of {known}"
    )
