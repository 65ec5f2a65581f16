"""Template cells: what a flow's class shows. They say what there is; only an instance has values.

A cell of a class body is frozen in place: its class becomes one that refuses every read and write, and that gives an
instance's own value when it is looked up on one. Operators and ``.map`` still work, for the bodies of subclasses. A
template is never computed, subscribed to or written.
"""

from __future__ import annotations

from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from reactflow.cells.cell import Cell, write_refused
from reactflow.cells.derived import Derived
from reactflow.cells.fold import FoldCell
from reactflow.cells.members import Members
from reactflow.cells.node import NEVER, Node
from reactflow.cells.pulse import Changes, Pulse
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET
from reactflow.errors import DeclarationError, ReadOnlyError, TemplateError

_OWNERS: WeakKeyDictionary[Readable[Any], str] = WeakKeyDictionary()


class Template:
    """Mixin of the frozen classes: every read, write and subscription is refused with the way out."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TemplateError(_refusal(self))

    value = property(_refuse, _refuse, _refuse, "Not there: a template has no value.")
    is_set = property(_refuse)
    _current = _read = peek = emit = unset = subscribe = pipe = bind = _refuse

    def _settle_for_display(self) -> None:
        """Nothing to compute."""

    def __repr__(self) -> str:
        return f"<template {_title(self)}>"

    def _repr_html_(self) -> str:
        return f"<code>{_title(self)}</code> (a template)"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        live: Any = _live(self, instance)
        return self if live is None else live.value

    def __set__(self, instance: Any, value: Any) -> None:
        live = _live(self, instance)
        if isinstance(live, Cell):
            live.value = value
        elif live is None:
            self._refuse()
        elif isinstance(live, Pulse):
            raise ReadOnlyError(f"{live.name!r} is a pulse: let it occur with .cells.{live.name}.emit(value)")
        else:
            raise write_refused(live)

    def __delete__(self, instance: Any) -> None:
        live = _live(self, instance)
        if isinstance(live, Cell):
            live.unset()
        elif live is None:
            self._refuse()
        else:
            raise write_refused(live)


class TemplateCell(Template, Cell[Any]):
    """A source cell of a flow's class."""

    __slots__ = ()


class TemplatePulse(Template, Pulse[Any]):
    """A pulse of a flow's class."""

    __slots__ = ()


class TemplateMembers(Template, Members[Any]):
    """Members of a flow's class."""

    __slots__ = ()

    def put(self, id: str, value: Any) -> NoReturn:
        """Refused: a template has no contributions."""
        self._refuse()

    def remove(self, id: str) -> NoReturn:
        """Refused, as putting is."""
        self._refuse()

    def items(self) -> NoReturn:
        """Refused, as putting is."""
        self._refuse()


class TemplateDerived(Template, Derived[Any]):
    """A derived cell of a flow's class."""

    __slots__ = ()

    def compute(self) -> NoReturn:
        """Refused: what is derived from a template outside its class has no value."""
        self._refuse()


class TemplateChanges(Template, Changes[Any]):
    """A cell's changes in a flow's class."""

    __slots__ = ()

    def compute(self) -> NoReturn:
        """Refused, as for any derived template."""
        self._refuse()


class TemplateFold(Template, FoldCell[Any]):
    """A fold of a flow's class."""

    __slots__ = ()

    def compute(self) -> NoReturn:
        """Refused, as for any derived template."""
        self._refuse()


_FROZEN: dict[type, type] = {
    Cell: TemplateCell,
    Pulse: TemplatePulse,
    Members: TemplateMembers,
    Derived: TemplateDerived,
    Changes: TemplateChanges,
    FoldCell: TemplateFold,
}


def freeze(cell: Readable[Any], flow: str, name: str | None) -> None:
    """Make a cell a template of a flow, in place; ``name`` is None for an unnamed intermediate."""
    if isinstance(cell, Members):
        cell.let_go()
    if isinstance(cell, FoldCell):
        from reactflow.cells.engine import ENGINE

        ENGINE.unobserve(cell.inputs[0], cell.link)
        behind: list[Node] = [*cell.inputs]
        while behind:  # what it observed counts as read just now, which it is not any more
            one = behind.pop()
            if isinstance(one, Derived) and one.checked != NEVER:
                one.checked = NEVER
                behind.extend(one.inputs)
    frozen = _FROZEN.get(type(cell))
    if frozen is None:
        raise DeclarationError(
            f"{flow}.{name or cell.name}: a {type(cell).__name__} cannot be part of a flow"
        )
    cell.__class__ = frozen  # the layouts are one: the frozen classes add no slot
    cell.outcome = UNSET
    if isinstance(cell, Derived):
        cell.seen, cell.checked = None, NEVER  # whoever asks makes it compute, which is refused
    if name is not None:
        cell.given_name = name
        _OWNERS[cell] = flow


def is_template(cell: object) -> bool:
    """Whether a cell belongs to a flow's class.

    >>> from reactflow import Flow, cell
    >>> class Room(Flow):
    ...     length = cell(0.0)
    >>> is_template(Room.length), is_template(Room().cells.length)
    (True, False)
    """
    return isinstance(cell, Template)


def owner_of(cell: Readable[Any]) -> str:
    """The name of the flow that a template belongs to, empty for an unnamed one.

    >>> from reactflow import Flow, cell
    >>> class Room(Flow):
    ...     length = cell(0.0)
    >>> owner_of(Room.length)
    'Room'
    """
    return _OWNERS.get(cell, "")


def _live(template: Any, instance: Any) -> Readable[Any] | None:
    """The instance's own cell for a template; None on the class and on objects that are no flow."""
    if instance is None:
        return None
    cells = instance.__dict__.get("cells")
    return None if cells is None else vars(cells).get(template.given_name)


def _title(cell: Any) -> str:
    owner = owner_of(cell)
    return f"{owner}.{cell.name}" if owner else str(cell.name)


def _refusal(cell: Any) -> str:
    owner = owner_of(cell)
    if owner:
        return f"{_title(cell)} is a template; make {owner}()"
    return f"{_title(cell)!r} is part of a flow's class, which has no values; make an instance of the flow"
