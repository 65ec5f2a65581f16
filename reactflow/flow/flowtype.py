"""The class of flow classes: what is declared stays as it is, and a wrong name is told at once.

A flow's cells, and what its methods read, are fixed when its class is made. Setting one on the class later would leave
instances, plan and step as they were, so it is refused. Nothing here is seen by type checkers, which know it already.
"""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING, Any

from reactflow.cells import Cell, Readable
from reactflow.cells.nearest import nearest
from reactflow.errors import TemplateError
from reactflow.flow.declaration import RESERVED
from reactflow.flow.slips import Body, refuse_class_maker


class FlowType(ABCMeta):
    """The metaclass of ``Flow``: an ABCMeta, so that a flow may have abstract parents too.

    >>> from reactflow import Flow, cell
    >>> class Room(Flow):
    ...     length = cell(0.0)
    >>> Room.lenght
    Traceback (most recent call last):
    AttributeError: Room has no cell 'lenght'; did you mean 'length'?
    >>> Room.length = 5.0
    Traceback (most recent call last):
    reactflow.errors.TemplateError: Room.length is a template; make Room() and write to its length
    """

    if not TYPE_CHECKING:

        @classmethod
        def __prepare__(mcs, name, bases, **options):  # noqa: N804  # a metaclass
            return Body()

        def __getattr__(cls, name):
            if name == "cells":
                raise AttributeError(
                    f"{cls.__name__}.cells: only an instance has cells that live; make {cls.__name__}(), or take the "
                    f"templates by name, as in {cls.__name__}.{next(iter(cls._cells), 'area')}",
                    obj=cls,
                )
            if name in RESERVED:  # it is there, and raised an AttributeError of its own: raise that one
                return type.__getattribute__(cls, name)
            if name.startswith("_"):
                raise AttributeError(f"{cls.__name__} has no attribute {name!r}", name=name, obj=cls)
            raise no_cell(cls, cls.__name__, name, vars(cls).get("_cells", ()))

        def __setattr__(cls, name, value):
            _refuse_change(cls, name, value)
            super().__setattr__(name, value)

        def __delattr__(cls, name):
            _refuse_change(cls, name, None)
            super().__delattr__(name)


def _refuse_change(flow: Any, name: str, value: object) -> None:
    """Refuse to set or delete what a flow's class has fixed, and a name that is nearly a cell's."""
    title = f"{flow.__name__}.{name}"
    cells: dict[str, Readable[Any]] = getattr(flow, "_cells", {})
    if name in cells:
        write = f" and write to its {name}" if isinstance(cells[name], Cell) else ""
        raise TemplateError(f"{title} is a template; make {flow.__name__}(){write}")
    refuse_class_maker(flow.__name__, name)
    if name.startswith("_"):
        return
    if name in RESERVED:
        raise TemplateError(f"{title}: {name!r} is a name of Flow itself and stays as it is")
    if isinstance(value, Readable):
        raise TemplateError(
            f"{title} comes too late: the cells of {flow.__name__} are fixed; declare {name!r} in the class body, "
            f"or in a subclass: class More({flow.__name__})"
        )
    for base in flow.__mro__:
        if name in vars(base).get("_members", {}):
            raise TemplateError(
                f"{title} is read by a method of {base.__name__}, which is fixed with its class; make {name!r} a "
                "cell if it has to change"
            )
    if not hasattr(flow, name) and nearest(name, cells):
        raise TemplateError(unknown(flow.__name__, name, cells))


def unknown(flow: str, name: str, names: Any) -> str:
    """What to say when a flow has no cell of a name."""
    close = nearest(name, names)
    known = [one for one in names if not one.startswith("_")]
    hint = f"did you mean {close!r}?" if close else f"it has {', '.join(known) or 'none'}"
    return f"{flow} has no cell {name!r}; {hint}"


def no_cell(owner: object, flow: str, name: str, names: Any) -> AttributeError:
    """The error of asking a flow, or its cells, for a name that is none."""
    # with the owner but without the name, Python adds no guess of its own to ours
    return AttributeError(unknown(flow, name, names), obj=owner)
