"""Pulses: occurrences, which have a value only while one event is applied. Each one counts; none is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, overload

from reactflow.cells.cell import FlowLike
from reactflow.cells.derived import EXPLICIT, Derived, kind_found
from reactflow.cells.doing import DOING
from reactflow.cells.engine import ENGINE
from reactflow.cells.event import emit
from reactflow.cells.node import LAZY, NEVER, STALE, Node, versions_seen
from reactflow.cells.readable import Readable
from reactflow.cells.refusals import NOT_BY_US, refuse_making
from reactflow.cells.semantics import UNSET, Equal, changed_value
from reactflow.errors import DeclarationError, ReadOnlyError

if TYPE_CHECKING:
    from reactflow.cells.rx import Disposable

T = TypeVar("T")


class Pulse(Readable[T]):
    """A pulse that is emitted: ``reading.emit(5.0)``, at most once in an event."""

    __slots__ = ("written_at",)
    kind = "pulse"
    is_source = True

    def __init__(self, name: str | None = NOT_BY_US) -> None:
        if name is NOT_BY_US:
            refuse_making("Pulse", "pulse()")
        super().__init__(name, None)
        self.is_pulse = True
        self.written_at = None

    @property
    def value(self) -> T:
        """The occurrence of the event being applied; raises Unset when there is none."""
        return self._read()  # type: ignore[no-any-return]  # outcomes are untyped: emit() put a T there

    @value.setter
    def value(self, value: Never) -> None:
        raise ReadOnlyError(f"{self.name!r} is a pulse: it is not written but occurs, with .emit()")

    def emit(self, value: T) -> None:
        """Let it occur, as an event of its own or as part of the batch around it.

        Raises OccurrenceError for a second occurrence in one event. Emitted in an effect, it belongs to the next event.
        """
        emit(self, value)

    def bind(self, observable: Any) -> Disposable:
        """Let the pulse occur with each value of an Observable of ReactiveX; its error is raised where it arises.

        Returns the subscription; ``dispose()`` ends it.

        >>> from reactflow import fold, folds, pulse
        >>> import reactivex
        >>> reading = pulse()
        >>> total = fold(reading, folds.sum)
        >>> subscription = reading.bind(reactivex.of(5.0, 5.0, 5.0))
        >>> total.value
        15.0
        """
        from reactflow.cells.rx import bind_pulse  # of ReactiveX, which a service does without

        return bind_pulse(self, observable)

    def _current(self) -> object:
        if DOING.track is not None:
            DOING.track(self)
        return self.outcome

    if TYPE_CHECKING:  # in the body of a flow; a pulse of an instance is emitted through its cells

        @overload
        def __get__(self, instance: None, owner: type, /) -> Self: ...
        @overload
        def __get__(self, instance: FlowLike, owner: type | None = None, /) -> T: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None, /) -> Self: ...
        def __get__(self, instance: object, owner: type | None = None, /) -> Any: ...


def pulse(*, name: str | None = None) -> Pulse[Any]:
    """Make a pulse.

    >>> from reactflow import Pulse, fold, folds
    >>> reading: Pulse[float] = pulse()
    >>> total = fold(reading, folds.sum)
    >>> for _ in range(3):
    ...     reading.emit(5.0)
    >>> total.value
    15.0
    """
    return Pulse(name)


class Changes(Derived[T]):
    """The pulse of a cell's changes: occurs when the cell has another value than before the event.

    What a lazy cell was before is not known, so changes are followed from the moment that something observes them, and
    are looked at in every event from then on. ``memory`` is the version of the cell when the last event ended.
    """

    __slots__ = ("memory",)
    is_eager = True

    def __init__(self, source: Node, name: str | None, equal: Equal | None = None) -> None:
        super().__init__(_itself, (source,), EXPLICIT, equal, name)
        self.is_pulse = self.kind_is_known = True
        self.memory = NEVER

    def _unnamed(self) -> str:
        return f"{self.inputs[0].name}.changes()"

    def compute(self) -> object:
        """The new value if the cell is not what it was when the event began."""
        (source,) = self.inputs
        if self.state == LAZY:
            self.memory = source.version
        elif not ENGINE.levels:  # left stale by an interrupt: outside events nothing occurs
            return UNSET
        else:
            ENGINE.compared.append(self)
        return changed_value(None, source.outcome, self.memory != source.version)

    def settle(self) -> None:
        """Find out whether the cell changed, if anybody still wants to know."""
        if self.state == STALE:
            ENGINE.refresh(self)

    def rebase(self) -> None:
        """The event is over: its value is what the next one is compared with."""
        seen = versions_seen(self.inputs, self.seen)
        if seen is not None:
            (self.memory,) = seen


def changes_of(source: Readable[T], name: str | None) -> Derived[T]:
    """The pulse of a cell's changes; raises DeclarationError for a pulse, which is one already."""
    if kind_found(source):
        raise DeclarationError(
            f"{source.name!r} is a pulse: each occurrence counts already, use it without .changes()"
        )
    made: Changes[T] = Changes(source, name)
    return made


def _itself(value: Any) -> Any:
    return value
