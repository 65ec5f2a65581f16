"""Outputs: what a service tells the outside, and where.

``row(Room.area, limit=Room.peak) >> sink`` is one row or object for each unit, the latest values; a row with a pulse is
a log, every occurrence with the other columns as they were then. What is said here is only the declaration; which
changes are due is found in ``outbox``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reactflow.cells import Readable
from reactflow.errors import BindingError, DeclarationError
from reactflow.service.contracts import check_name
from reactflow.service.decoding import short
from reactflow.service.sink import Sink

if TYPE_CHECKING:
    from reactflow.flow import Flow


@frozen
class Row:
    """Columns by the name that the outside sees; ``name`` is the output's, part of every id that it publishes."""

    columns: tuple[tuple[str | None, Readable[Any]], ...]
    name: str | None = None
    is_bare: bool = False

    def __repr__(self) -> str:
        if self.is_bare:
            return self.columns[0][1].name
        parts = [one.name if column is None else f"{column}={one.name}" for column, one in self.columns]
        parts += [f"name={self.name!r}"] if self.name else []
        return f"row({', '.join(parts)})"

    @classmethod
    def bare(cls, cell: Readable[Any]) -> Row:
        """One cell alone, as in ``Room.area >> sink``."""
        return cls(((None, _cell(cell, "an output")),), is_bare=True)


def row(*cells: Readable[Any], name: str | Readable[Any] | None = None, **renamed: Readable[Any]) -> Row:
    """Several cells of a flow as the columns of one row; ``row(Room.area, limit=Room.peak)`` renames the second.

    The key's fields are always part of the row. ``name`` is the output's, part of every id that it publishes (default:
    its first column); give one that stays when columns come and go. A cell given as ``name=`` is a column of that name.
    Raises DeclarationError when something is not a cell.

    >>> from reactflow import cell, row
    >>> length = cell(3.0)
    >>> [column for column, _ in row(length, long=length > 2.0).columns]
    [None, 'long']
    """
    if name is not None and not isinstance(name, str):
        renamed, name = {"name": name, **renamed}, None
    columns: list[tuple[str | None, Readable[Any]]] = [(None, _cell(one, "row(...)")) for one in cells]
    columns += [(column, _cell(one, f"row({column}=...)")) for column, one in renamed.items()]
    if not columns:
        raise DeclarationError("row() has no columns: name the cells to write, as in row(Room.area)")
    return Row(tuple(columns), name)


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

    def __repr__(self) -> str:
        return f"{self.row!r} >> {self.sink.destination}"

    @property
    def bare(self) -> str:
        """The column that was bound alone, else empty."""
        return next(iter(self.cells)) if self.row.is_bare else ""

    def bind(self, flow: type[Flow], key_names: tuple[str, ...]) -> Output:
        """The output within a service of ``flow``: columns found by name. Raises BindingError with the remedy."""
        names = {id(getattr(flow, name)): name for name in flow.plan.names}
        cells: dict[str, str] = {}
        for column, one in self.row.columns:
            name = names.get(id(one))
            if name is None:
                raise BindingError(_foreign(one, flow, self.sink))
            column = column or name
            if column in cells or column in key_names:
                what = (
                    "a field of the key, which is part of every row"
                    if column in key_names
                    else "already a column"
                )
                raise BindingError(
                    f"the output to {self.sink.destination} has the column {column!r} twice, it is {what}: "
                    f"rename it, as in row({column}_2={flow.__name__}.{name})"
                )
            cells[column] = name
        pulse = self._pulse(flow, cells)
        name = check_name(self.row.name or next(iter(cells)), "the output's name")
        bound = Output(self.row, self.sink, name, cells, pulse)
        self.sink.check(key_names, bound)
        return bound

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
