"""Pulses: occurrences, which have a value only while one event is applied. Each one counts; none is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from reactflow.cells.cell import FlowLike
from reactflow.cells.derived import EXPLICIT, Derived
from reactflow.cells.engine import ENGINE, THREAD
from reactflow.cells.event import emit
from reactflow.cells.readable import Readable
from reactflow.cells.semantics import UNSET, changed_value
from reactflow.errors import DeclarationError

T = TypeVar("T")


class Pulse(Readable[T]):
    """A pulse that is emitted: ``reading.emit(5.0)``, at most once in an event."""

    __slots__ = ()
    kind = "pulse"

    def __init__(self, name: str | None) -> None:
        super().__init__(name, None)
        self.is_pulse = True

    @property
    def value(self) -> T:
        """The occurrence of the event being applied; raises Unset when there is none."""
        return self._read()  # type: ignore[no-any-return]  # outcomes are untyped: emit() put a T there

    def emit(self, value: T) -> None:
        """Let it occur, as an event of its own or as part of the batch around it.

        Raises OccurrenceError for a second occurrence in one event. Emitted in an effect, it belongs to the next event.
        """
        emit(self, value)

    def _current(self) -> object:
        reads = THREAD.reads
        if reads is not None:
            reads.setdefault(self, self.version)
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
    """The pulse of a cell's changes: occurs when the cell has another value than before the event."""

    __slots__ = ()

    def compute(self) -> object:
        """The new value if the cell differs from what it was when the event began."""
        (source,) = self.inputs
        base = ENGINE.base(source)
        return changed_value(None, source.outcome, base is not None and base.version != source.version)


def changes_of(source: Readable[T], name: str | None) -> Derived[T]:
    """The pulse of a cell's changes; raises DeclarationError for a pulse, which is one already."""
    if source.is_pulse:
        raise DeclarationError(
            f"{source.name!r} is a pulse: each occurrence counts already, use it without .changes()"
        )
    made: Changes[T] = Changes(_same, (source,), EXPLICIT, None, name)
    made.is_pulse = True
    return made


def _same(value: Any) -> Any:
    return value
