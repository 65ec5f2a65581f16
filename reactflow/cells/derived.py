"""Derived cells: what is computed from other cells, in three forms.

*Explicit*: a plain function of inputs that are named (operators and ``.map`` make these); it never tracks. *Tracked*: a
function without arguments; its inputs are the cells that its last run read. *Method*: a function of ``self`` in the
body of a flow, which finds its inputs without running it; outside a flow it cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, overload

from reactflow.cells.cell import FlowLike, write_refused
from reactflow.cells.doing import DOING
from reactflow.cells.engine import ENGINE
from reactflow.cells.fast import planned
from reactflow.cells.functions import needed_by
from reactflow.cells.given import called, check_equal, is_sound, runs_later, takes_other
from reactflow.cells.naming import function_line
from reactflow.cells.node import CLEAN, LAZY, Computed, Node
from reactflow.cells.operators import made_by
from reactflow.cells.pulls import LOOKS
from reactflow.cells.readable import Readable, current_outcome
from reactflow.cells.refusals import NOT_BY_US, refuse_making
from reactflow.cells.semantics import UNSET, Equal, Failure, evaluate, run
from reactflow.errors import DeclarationError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

TRACKED = "tracked"
EXPLICIT = "explicit"
METHOD = "method"


class Derived(Readable[T_co], Computed):
    """A cell computed from other cells: lazily when nobody observes it, else before any effect runs."""

    __slots__ = (
        "arguments", "checked", "fn", "form", "formers", "get", "inputs", "kind_is_known", "reads", "seen",
        "state", "stored",
    )  # fmt: skip
    kind = "derived"

    def __init__(
        self,
        fn: Callable[..., Any],
        arguments: tuple[Any, ...] = (),
        form: str = NOT_BY_US,
        equal: Equal | None = None,
        name: str | None = None,
        stored: bool | None = None,
    ) -> None:
        if form is NOT_BY_US:
            refuse_making("Derived", "derived(fn, a, b), @derived, .map() or an operator")
        Readable.__init__(self, name, equal)
        self.fn = fn
        self.arguments = arguments
        self.form = form
        self.stored = stored
        self.formers = None
        self.reads = ()
        self.kind_is_known = form != TRACKED
        self.inputs: tuple[Node, ...] = arguments
        if len(arguments) != 1 or not isinstance(arguments[0], Node):
            found = dict.fromkeys([one for one in arguments if isinstance(one, Node)])
            if len(found) != len(arguments):
                self.inputs = tuple(found)
        for one in self.inputs:
            if one.is_pulse:
                self.is_pulse = True
            if not one.kind_is_known:
                self.kind_is_known = False
        self.seen: tuple[int, ...] | int | None = None
        self.state = LAZY
        self.checked = -1
        self.get: Callable[[Any], object] = LOOKS[0]  # how it is read when it may be behind, see `pulls`

    @property
    def tracked(self) -> bool:  # type: ignore[override]  # of other computed nodes a slot
        """Whether its inputs are what its last run read."""
        return self.form is TRACKED

    @property
    def name(self) -> str:
        """What the cell is called: ``name=``, the variable it was stored to, its function, or ``file:line``."""
        called = getattr(self.fn, "__name__", "<lambda>")
        if self.given_name is not None or self.form == EXPLICIT or called == "<lambda>":
            return super().name
        return (self.site and self.site.name) or str(called)

    @property
    def value(self) -> T_co:
        """The value now; raises Unset if an input is missing, and what the function raised if it failed."""
        doing = DOING
        track = doing.track
        if track is not None:
            track(self)
        if self.state == CLEAN or self.checked is doing.epoch:
            outcome = self.outcome
        else:
            outcome = self.get(self)
        if outcome is UNSET or outcome.__class__ is Failure:
            self.explain(outcome)
        return outcome  # type: ignore[no-any-return]  # outcomes are untyped: the function gave a T

    @value.setter
    def value(self, value: Never) -> None:
        raise write_refused(self)

    def _current(self) -> object:
        if DOING.track is not None:
            DOING.track(self)
        return ENGINE.current(self)

    def bring_up_to_date(self) -> None:
        """Have the engine compute it first, if it has to be."""
        ENGINE.current(self)

    def unplan(self) -> bool:
        """Forget that it is part of a region, or the code of its cone."""
        if self.get is LOOKS[0]:
            return False
        is_planned, self.get = self.get is planned, LOOKS[0]
        return is_planned

    def compute(self) -> object:
        """Run the function once on what its inputs have now."""
        if self.form == TRACKED:
            return run(self.fn, ())
        if self.form == METHOD:
            return Failure(
                DeclarationError(
                    f"{self.name!r} takes self: it belongs into the body of a flow class ({function_line(self.fn)}). "
                    "Outside a flow, read the cells by their names."
                )
            )
        return evaluate(self.fn, [one.outcome if isinstance(one, Node) else one for one in self.arguments])

    if TYPE_CHECKING:  # in the body of a flow: the class shows the cell, an instance its value

        @overload
        def __get__(self, instance: None, owner: type, /) -> Self: ...
        @overload
        def __get__(self, instance: FlowLike, owner: type | None = None, /) -> T_co: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None, /) -> Self: ...
        def __get__(self, instance: object, owner: type | None = None, /) -> Any: ...
        def __set__(self, instance: FlowLike, value: Never, /) -> None: ...


def kind_found(source: Readable[Any]) -> bool:
    """Whether a cell is a pulse. What depends on tracked cells is brought up to date first: their reads tell."""
    if not source.kind_is_known:
        current_outcome(source)
    return source.is_pulse


def may_be_pulse(source: Readable[Any]) -> bool:
    """Whether a cell is a pulse, or a method of a flow, of which only the flow knows (and refuses what is not)."""
    return kind_found(source) or (isinstance(source, Derived) and source.form == METHOD)


def explicit(
    fn: Callable[..., Any], arguments: tuple[Any, ...], *, equal: Equal | None = None, name: str | None = None
) -> Derived[Any]:
    """A derived cell of arguments that are cells, or constants."""
    return Derived(fn, arguments, EXPLICIT, equal, name)


made_by(explicit)


@overload
def derived(
    *, equal: Equal | None = None, name: str | None = None, stored: bool | None = None
) -> Callable[[Callable[..., T]], Derived[T]]: ...
@overload
def derived(
    fn: Callable[[A], T],
    one: Readable[A],
    /,
    *,
    equal: Equal | None = None,
    name: str | None = None,
    stored: bool | None = None,
) -> Derived[T]: ...
@overload
def derived(
    fn: Callable[[A, B], T],
    one: Readable[A],
    two: Readable[B],
    /,
    *,
    equal: Equal | None = None,
    name: str | None = None,
    stored: bool | None = None,
) -> Derived[T]: ...
@overload
def derived(
    fn: Callable[[A, B, C], T],
    one: Readable[A],
    two: Readable[B],
    three: Readable[C],
    /,
    *,
    equal: Equal | None = None,
    name: str | None = None,
    stored: bool | None = None,
) -> Derived[T]: ...
@overload
def derived(
    fn: Callable[..., T],
    /,
    *inputs: Readable[Any],
    equal: Equal | None = None,
    name: str | None = None,
    stored: bool | None = None,
) -> Derived[T]: ...
def derived(
    fn: Callable[..., Any] | None = None,
    /,
    *inputs: Readable[Any],
    equal: Equal | None = None,
    name: str | None = None,
    stored: bool | None = None,
) -> Any:
    """Make a derived cell.

    ``derived(fn, a, b)`` calls ``fn`` with the values of its inputs. ``derived(fn)``, also as a decorator, tracks: the
    inputs are the cells that the last run read. In a flow's body, a decorated method's inputs are the cells that it
    reads through ``self``. ``equal(old, new)`` says when a new value is no change. ``stored=False`` keeps the value out
    of a flow's stored state; it is computed again when needed.

    Raises DeclarationError when an input is not a cell, or the function cannot be called with their values, or computes
    nothing when it is called (``async def``, ``yield``).

    >>> from reactflow import cell
    >>> import math
    >>> length, width = cell(3.0), cell(4.0)
    >>> derived(math.hypot, length, width).value
    5.0
    >>> @derived
    ... def cost() -> float:
    ...     return length.value * 2.5
    >>> cost.value
    7.5
    """
    if fn is None:
        return lambda decorated: derived(decorated, equal=equal, name=name, stored=stored)
    if not callable(fn):
        raise DeclarationError(
            f"derived({fn!r}): the first argument is the function; write derived(fn, *cells)"
        )
    if equal is not None:
        check_equal(equal)
    is_right = is_sound(fn, len(inputs))
    if is_right and not inputs:
        return Derived(fn, (), TRACKED, equal, name, stored)
    if not is_right and (fault := runs_later(fn)):
        raise DeclarationError(
            f"derived({called(fn)}): {fault}. A cell is computed at once: give a plain function that returns the value"
        )
    if inputs:
        for one in inputs:
            if not isinstance(one, Readable):
                raise DeclarationError(
                    f"derived({called(fn)}, ...): {one!r} is not a cell; put constants into the function"
                    + ", and give cells one by one: derived(fn, a, b)" * isinstance(one, (list, tuple))
                )
        if not is_right and (fault := takes_other(fn, len(inputs))):
            names = ", ".join(str(one.name) for one in inputs)
            raise DeclarationError(
                f"derived({called(fn)}, {names}): {fault}, and is called with the values of {names}"
            )
        return Derived(fn, inputs, EXPLICIT, equal, name, stored)
    if _takes_self(fn):
        return Derived(fn, (), METHOD, equal, name, stored)
    needed = needed_by(fn)
    if needed:
        raise DeclarationError(
            f"derived({called(fn)}): it takes {', '.join(needed)} ({function_line(fn)}), and without inputs it is "
            f"called without arguments. Name its inputs, derived(fn, {', '.join(needed)}), or have it read cells: "
            f"{needed[0]}.value. (In the body of a flow, the parameter is called self.)"
        )
    return Derived(fn, (), TRACKED, equal, name, stored)


def _takes_self(fn: object) -> bool:
    if not isinstance(fn, FunctionType):
        return False
    code = fn.__code__
    return code.co_argcount > 0 and code.co_varnames[0] == "self" and not fn.__defaults__
