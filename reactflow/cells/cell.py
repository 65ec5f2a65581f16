"""Source cells: what is written."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, overload, runtime_checkable

from reactflow.cells.doing import DOING, EVENT
from reactflow.cells.event import write
from reactflow.cells.fast import cold, slow
from reactflow.cells.given import check_equal
from reactflow.cells.naming import Site
from reactflow.cells.readable import Readable
from reactflow.cells.refusals import NOT_BY_US, refuse_making
from reactflow.cells.semantics import UNSET, Equal, Failure, says_same
from reactflow.errors import DeclarationError, ReadOnlyError

if TYPE_CHECKING:
    from reactflow.cells.rx import Disposable

T = TypeVar("T")


@runtime_checkable
class FlowLike(Protocol):
    """An object whose class has cells as its attributes and which shows their values: a flow's instance."""

    @property
    def __is_flow__(self) -> bool:
        """Always true; what tells a flow's instance from any other object."""
        ...


_PLAIN = {int, float, str, bool, type(None)}  # defaults that need no look


class Cell(Readable[T]):
    """A cell that is written: ``cell.value = 5.0`` propagates at once, or when the batch around it ends."""

    __slots__ = ("default", "heat", "joint", "put", "written_at")
    is_source = True

    def __init__(
        self, default: Any = UNSET, equal: Equal | None = NOT_BY_US, name: str | None = None
    ) -> None:
        if equal is NOT_BY_US:
            refuse_making("Cell", "cell(3.0), or cell() for one that is unset")
        Readable.__init__(self, name, equal)
        self.default = default
        self.outcome = default
        self.written_at: tuple[int, Site | None] | None = None  # the version of its last write, and its line
        self.heat = 0  # writes since the last attempt at a program
        self.put: Callable[[Any, Any], None] | None = cold  # how it is written, see `fast`
        self.joint: Any = None  # what is known of batches that begin with it, see `batch`

    @property
    def value(self) -> T:
        """The value now; raises Unset if there is none. Reading in a tracked derived cell or an effect subscribes."""
        track = DOING.track
        if track is not None:
            track(self)
        outcome = self.outcome
        if outcome is UNSET or outcome.__class__ is Failure:
            # a failure is one of an Observable that feeds it
            self.explain(outcome)
        return outcome  # type: ignore[no-any-return]  # slots are untyped: the constructor put a T there

    @value.setter
    def value(self, value: T) -> None:
        put = self.put
        if put is not None:
            put(self, value)
            return
        # from here on: nobody observes it, and it has been written often
        old = self.outcome
        if value is old:
            return
        try:
            if (same := old == value) is not False and old is not UNSET and (same is True or says_same(same)):
                return
        except Exception:  # a comparison that raises counts as a change
            pass
        doing = DOING
        if doing.rest and not self.observers:  # no call from here on: nobody else gets a turn
            doing.last_version = self.version = now = doing.epoch
            doing.epoch = now + EVENT
            self.outcome = value
        else:
            slow(self, value)

    @value.deleter
    def value(self) -> None:
        write(self, UNSET)

    def bind(self, observable: Any) -> Disposable:
        """Feed the cell from an Observable of ReactiveX: each value is written, an error becomes the cell's own.

        Returns the subscription; ``dispose()`` ends it.

        >>> from reactflow import cell
        >>> from reactivex.subject import Subject
        >>> readings = Subject()
        >>> length = cell(3.0)
        >>> subscription = length.bind(readings)
        >>> readings.on_next(5.0)
        >>> length.value
        5.0
        """
        from reactflow.cells.rx import bind_cell  # of ReactiveX, which a service does without

        return bind_cell(self, observable)

    def unset(self) -> None:
        """Take the value away: what is derived from this cell becomes unset too. The same as ``del cell.value``."""
        write(self, UNSET)

    def _current(self) -> object:
        if DOING.track is not None:
            DOING.track(self)
        return self.outcome

    def unplan(self) -> bool:
        """Go back to being written through the engine: what is downstream has changed."""
        joint = self.joint
        if joint is not None:
            joint.program = None
        if self.put is cold:
            return joint is not None
        self.put, self.heat = cold, 0
        return True

    if TYPE_CHECKING:  # in the body of a flow: the class shows the cell, an instance its value

        @overload
        def __get__(self, instance: None, owner: type, /) -> Self: ...
        @overload
        def __get__(self, instance: FlowLike, owner: type | None = None, /) -> T: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None, /) -> Self: ...
        def __get__(self, instance: object, owner: type | None = None, /) -> Any: ...
        def __set__(self, instance: FlowLike, value: T, /) -> None: ...


@overload
def cell(*, equal: Equal | None = None, name: str | None = None) -> Cell[Any]: ...
@overload
def cell(default: T, *, equal: Equal | None = None, name: str | None = None) -> Cell[T]: ...
def cell(default: Any = UNSET, *, equal: Equal | None = None, name: str | None = None) -> Cell[Any]:
    """Make a source cell; without a default it is unset until it is written.

    A mutable default (list, dict, set, bytearray) is copied. ``equal(old, new)`` says when a new value is no change; by
    default the same object or ``==``. Raises DeclarationError when ``equal`` cannot compare two values, or a default is
    a cell.

    >>> length, width = cell(3.0), cell(4.0)
    >>> area = length * width
    >>> length.value = 5.0
    >>> area.value
    20.0
    """
    if equal is None and type(default) in _PLAIN:
        return Cell(default, None, name)
    check_equal(equal)
    if isinstance(default, Readable):
        raise DeclarationError(
            f"cell({default.name}): a default is a value, and this is a cell; use it directly or .map()"
        )
    if isinstance(default, (list, dict, set, bytearray)):
        default = deepcopy(default)
    return Cell(default, equal, name)


def write_refused(node: Readable[Any]) -> ReadOnlyError:
    """The error of writing what is computed."""
    return ReadOnlyError(f"{node.name!r} is derived: it changes when its inputs do. Write those instead")
