"""``Flow``: a set of named cells taken as a template.

The class is the declaration, an instance is a live graph of its own, ``Room.step()`` is the same as a pure function.
All of them are made from the one plan that the class body declares; what is wrong with it is refused when the class is
made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Never, NoReturn, Self, SupportsIndex, TypeVar

from reactflow.cells import Cell, Kind, Plan, Readable
from reactflow.cells.naming import is_ours
from reactflow.cells.readable import current_outcome, shown
from reactflow.errors import DeclarationError, ReadOnlyError
from reactflow.flow.codec import Codec
from reactflow.flow.declaration import (
    RESERVED,
    collect,
    in_order_of_use,
    lower_methods,
    make_plan,
    refuse_constants,
    refuse_live,
)
from reactflow.flow.declared import declared_types
from reactflow.flow.fingerprint import fingerprint
from reactflow.flow.flowtype import FlowType, no_cell, unknown
from reactflow.flow.migration import Migration, check_migrations
from reactflow.flow.slips import check_defaults, check_slips, plain_attribute
from reactflow.flow.step import Step
from reactflow.flow.template import freeze, is_template

if TYPE_CHECKING:
    from reactflow.cells import GraphView

R = TypeVar("R")


class _OfClass(Generic[R]):
    """A value made once for each class, when it is first asked for."""

    def __init__(self, make: Callable[[type[Flow]], R]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, instance: object, owner: type[Flow]) -> R:
        found: R | None = vars(owner).get(self.name)
        if found is None:
            found = self.make(owner)
            setattr(owner, self.name, found)
        return found


class Cells:
    """The live cells of one instance, as attributes: ``room.cells.area``."""

    __slots__ = ("__dict__", "_flow_name")

    def __init__(self, flow: str, cells: Mapping[str, Readable[Any]]) -> None:
        self._flow_name = flow
        self.__dict__.update(cells)

    def __getattr__(self, name: str) -> Any:
        raise no_cell(self, self._flow_name, name, self.__dict__)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_flow_name":
            object.__setattr__(self, name, value)
            return
        if name not in self.__dict__:
            raise no_cell(self, self._flow_name, name, self.__dict__)
        raise ReadOnlyError(
            f"{self._flow_name}.cells.{name} is the cell itself; write its value: .cells.{name}.value = ..."
        )

    def __delattr__(self, name: str) -> None:
        raise ReadOnlyError(f"{self._flow_name}.cells.{name} cannot be taken out of its flow's instance")

    def __iter__(self) -> Iterator[Readable[Any]]:
        return iter(self.__dict__.values())

    def __dir__(self) -> list[str]:
        return list(self.__dict__)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))


class _Show:
    """``show()`` of a class and of an instance.

    >>> from reactflow import cell
    >>> class Room(Flow):
    ...     length = cell(3.0)
    >>> print(Room().show().text())
    Room
    length  cell  3.0 ...
    """

    def __get__(self, instance: Flow | None, owner: type[Flow]) -> Callable[[], GraphView]:
        def show() -> GraphView:
            from reactflow.cells.looking import graph

            if instance is not None:
                return graph(*list(instance.cells), title=owner.__name__)  # type: ignore[call-overload]  # Cells iterates
            return _without_values(graph(*live_cells(owner.plan), title=owner.__name__))

        return show


class Flow(metaclass=FlowType):
    """Base of every flow: declare cells in the body of a subclass.

    A cell's name is its attribute. Its type is its annotation's (``height: Cell[float] = cell()``) or its default's. A
    method under ``@derived`` is a derived cell of what it reads through ``self``. ``Room(length=3.0)`` makes a live
    instance; each has cells of its own, all of which are kept up to date. ``migrations`` say how stored state of
    earlier versions is taken over; ``class Room(Flow, revision=1)`` is a version of its own of a flow that otherwise is
    as it once was.

    Raises DeclarationError when the class is made and its body cannot work, CycleError when cells depend on themselves.

    >>> from reactflow import Flow, cell, derived, fold, folds
    >>> class Room(Flow):
    ...     length = cell(0.0)
    ...     width = cell(0.0)
    ...     area = length * width
    ...     peak = fold(area.changes(), folds.max)
    ...
    ...     @derived
    ...     def label(self) -> str:
    ...         return f"{self.area:.1f} m2"
    >>> room = Room(length=3.0, width=4.0)
    >>> room.length = 5.0
    >>> room.area, room.label, room.peak
    (20.0, '20.0 m2', 20.0)
    >>> room
    Room(length=5.0, width=4.0; area=20.0, peak=20.0, label='20.0 m2')
    """

    _cells: ClassVar[dict[str, Readable[Any]]] = {}
    _types: ClassVar[dict[str, Any]] = {}
    _revision: ClassVar[int] = 0
    migrations: ClassVar[Sequence[Migration]] = ()

    if TYPE_CHECKING:
        plan: ClassVar[Plan]
        codec: ClassVar[Codec]
        version: ClassVar[str]
        _made_step: ClassVar[Step]

        @property
        def cells(self) -> type[Self]:
            """The live cells: what the class shows as templates, of this instance."""
            ...

        @classmethod
        def show(cls) -> GraphView:
            """The graph, to be drawn: of the class its plan, of an instance its cells with their values."""
            ...

    @property
    def __is_flow__(self) -> bool:
        return True

    # --- the class ------------------------------------------------------------------------------------------

    def __init_subclass__(cls, *, revision: int = 0, **options: Any) -> None:
        super().__init_subclass__(**options)
        cells = collect(cls, Flow)
        own = {name: one for name, one in cells.items() if not is_template(one)}
        frame = sys._getframe(1)
        while (is_ours(frame) or frame.f_globals.get("__name__") == "abc") and frame.f_back is not None:
            frame = frame.f_back
        check_slips(cls, own)
        refuse_constants(cls, own, frame)
        refuse_live(cls, own, frame)
        lower_methods(cls, own, cells)
        inherited = {
            name: kind for base in cls.__bases__ for name, kind in getattr(base, "_types", {}).items()
        }
        scope = {} if frame.f_code.co_name == "<module>" else frame.f_locals
        types, is_complete = declared_types(cls, cells, scope, inherited)
        plan = make_plan(cls.__name__, cells, types)
        check_defaults(cls.__name__, plan, [name for name, one in own.items() if isinstance(one, Cell)])
        for name, one in own.items():
            freeze(one, cls.__name__, name)
        for one in in_order_of_use(own.values()):
            if not is_template(one):
                freeze(one, cls.__name__, None)
        cls._cells = cells
        cls._revision = revision
        cls._types = types if is_complete else inherited
        if is_complete:
            cls._plan = plan  # type: ignore[attr-defined]  # where ``plan`` looks first
        check_migrations(cls.__name__, vars(cls).get("migrations", ()), plan, cells)

    @classmethod
    def step(cls) -> Step:
        """The flow as a pure function ``(state, events) -> (state, changes)``, made once.

        >>> from reactflow import Flow, cell
        >>> class Room(Flow):
        ...     length = cell(3.0)
        ...     area = length * 4.0
        >>> Room.step().initial()
        {'length': 3.0, 'area': 12.0}
        """
        return cls._made_step

    @classmethod
    def of(
        cls,
        cells: Mapping[str, Readable[Any]] | None = None,
        /,
        *,
        name: str = "Flow",
        **named: Readable[Any],
    ) -> type[Any]:
        """Lift live cells into a flow: what you tried in a notebook, as a template. The cells stay as they are.

        Sources start from their defaults. Raises DeclarationError for a tracked cell, or for a source or fold that the
        given cells need and that is not given.

        >>> from reactflow import Flow, cell
        >>> length, width = cell(3.0), cell(4.0)
        >>> area = length * width
        >>> Room = Flow.of(length=length, width=width, area=area, name="Room")
        >>> Room(length=5.0)
        Room(length=5.0, width=4.0; area=20.0)
        """
        given = {**_by_name(cells), **named}
        for key, one in given.items():
            if not key.isidentifier() or iskeyword(key) or key in RESERVED:
                raise DeclarationError(
                    f"Flow.of: {key!r} cannot be the name of a cell; call it something else, such as {key}_"
                )
            if not isinstance(one, Readable):
                raise DeclarationError(
                    f"Flow.of({key}=...): {one!r} is not a cell; pass the cell itself, not its value"
                )
            if is_template(one):
                raise DeclarationError(
                    f"Flow.of({key}=...): {one!r} belongs to a flow already; inherit from that flow"
                )
        plan = Plan.of(given)
        made = live_cells(plan)
        frame = sys._getframe(1)
        body = {key: made[place] for key, place in plan.names.items()}
        ordered = {key: body[key] for key in given}
        return type(name, (cls,), {**ordered, "__module__": frame.f_globals.get("__name__", __name__)})

    if not TYPE_CHECKING:
        show = _Show()

        @_OfClass
        def plan(cls):  # noqa: N805  # called with the class
            """The nodes of the flow, named ones by name."""
            types, _ = declared_types(cls, cls._cells, {}, cls._types)
            return make_plan(cls.__name__, cls._cells, types)

        @_OfClass
        def codec(cls):  # noqa: N805  # as above
            """The canonical encoding of the flow's state."""
            types = {
                node.name or f"#{place}": node.type
                for place, node in enumerate(cls.plan)
                if node.type is not None
            }
            defaults = [node.default for node in cls.plan]
            zeros = [node.fold.zero for node in cls.plan if node.fold is not None]
            return Codec(types, [*defaults, *zeros])

        @_OfClass
        def version(cls):  # noqa: N805  # as above
            """A hash of what every cell is computed from: another plan, or another function, is another version."""
            return fingerprint(cls.plan, cls.codec, cls._revision)

        @_OfClass
        def _made_step(cls):  # noqa: N805  # as above
            return Step(cls)

    # --- an instance ----------------------------------------------------------------------------------------

    def __init__(self, *nameless: Never, **values: Any) -> None:
        flow = type(self)
        plan = flow.plan
        given: tuple[object, ...] = nameless
        for value in given:
            raise DeclarationError(
                f"{flow.__name__}({shown(value)}): say which cell the value is for, as in "
                f"{flow.__name__}({next(iter(plan.names), 'length')}={shown(value)})"
            )
        for name, value in values.items():
            _check_given(flow, plan, name, value)
        live = live_cells(plan, values)
        named = {name: live[plan.names[name]] for name in flow._cells}
        vars(self)["cells"] = Cells(flow.__name__, named)
        vars(self)["_keeper"] = kept_up_to_date(named.values())

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            if any(name in vars(base) for base in type(self).__mro__):  # it is there: raise what it raised
                return object.__getattribute__(self, name)
            raise no_cell(self, type(self).__name__, name, type(self)._cells)

        def __setattr__(self, name, value):
            if name not in type(self)._cells:
                raise ReadOnlyError(unknown(type(self).__name__, name, type(self)._cells))
            object.__setattr__(self, name, value)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"a {name} that lives is not copied or pickled: make another with its values, as in "
            f"{name}({', '.join(f'{one}=room.{one}' for one in list(self._cells)[:1])})"
        )

    def __repr__(self) -> str:
        sources: list[str] = []
        computed: list[str] = []
        for name, one in vars(self.cells).items():
            if isinstance(one, Readable) and not one.is_pulse:
                (sources if isinstance(one, Cell) else computed).append(
                    f"{name}={shown(current_outcome(one))}"
                )
        return f"{type(self).__name__}({', '.join(sources)}{'; ' if sources and computed else ''}{', '.join(computed)})"

    def _repr_html_(self) -> str:
        from html import escape

        rows = [
            f"<tr><td>{escape(name)}</td><td>{'pulse' if one.is_pulse else one.kind}</td>"
            f"<td>{escape(shown(current_outcome(one)))}</td></tr>"
            for name, one in vars(self.cells).items()
            if isinstance(one, Readable)
        ]
        head = f"<caption>{escape(type(self).__name__)}</caption><tr><th>cell</th><th>kind</th><th>value</th></tr>"
        return f"<table>{head}{''.join(rows)}</table>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def live_cells(plan: Plan, values: Mapping[str, Any] | None = None) -> list[Readable[Any]]:
    """Live cells of a plan's nodes, in its order."""
    from reactflow.cells.live import instantiate  # a service has templates only

    return instantiate(plan, values)


def kept_up_to_date(cells: Iterable[Readable[Any]]) -> object:
    """What keeps cells up to date as long as it is held."""
    from reactflow.cells.effect import Keeper  # as above

    return Keeper(tuple(cells))


def _without_values(view: GraphView) -> GraphView:
    from dataclasses import replace

    return replace(view, nodes=tuple(replace(node, state="", value="") for node in view.nodes))


def _by_name(cells: object) -> Mapping[str, Any]:
    if cells is None:
        return {}
    if not isinstance(cells, Mapping):
        raise DeclarationError(f"Flow.of({cells!r}): give each cell its name, as in Flow.of(length=length)")
    return cells


def _check_given(kind: type, plan: Plan, name: str, value: object) -> None:
    flow = kind.__name__
    if name not in plan.names:
        raise DeclarationError(plain_attribute(kind, name) or unknown(flow, name, list(plan.names)))
    node = plan[name]
    if node.kind is Kind.SOURCE:
        if isinstance(value, Readable):
            raise DeclarationError(
                f"{flow}({name}={value.name}): {value.name!r} is a cell, not a value: give its .value, or make "
                f"{flow}() and follow it: .cells.{name}.bind({value.name})"
            )
        return
    if node.kind is Kind.PULSE:
        raise DeclarationError(
            f"{flow}({name}=...): {name!r} is a pulse; make {flow}(), then let it occur: .cells.{name}.emit()"
        )
    sources = [one.name for one in plan.nodes if one.kind is Kind.SOURCE and one.name]
    raise DeclarationError(
        f"{flow}({name}=...): {name!r} is derived; give its sources instead: {', '.join(sources)}"
    )
