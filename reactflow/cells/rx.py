"""At home in ReactiveX: a cell where an Observable is expected, and an Observable that feeds a cell.

A cell tells its value on subscription, if it has one, and each new one; a pulse tells each occurrence. Neither
completes. A failure of a cell is told as ``on_error``, which by the rules of ReactiveX ends that subscription. What is
derived from several cells is never told half new. ``reactivex`` is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from reactflow.cells.event import emit, write
from reactflow.cells.given import called, runs_later, takes_other
from reactflow.cells.semantics import Failure
from reactflow.errors import DeclarationError

if TYPE_CHECKING:
    from reactflow.cells.readable import Readable


class Disposable(Protocol):
    """What ends a subscription."""

    def dispose(self) -> None:
        """End it."""
        ...


class Observer(Protocol):
    """What ReactiveX hands to ``subscribe``: three functions in one object."""

    def on_next(self, value: Any, /) -> None:
        """Take a value."""
        ...

    def on_error(self, error: Exception, /) -> None:
        """Take the error that ends the subscription."""
        ...


def callbacks(
    node: Readable[Any], on_value: Any, on_error: Any
) -> tuple[Callable[[Any], object], Callable[[Exception], object] | None]:
    """The functions of a subscription, given as functions or as an observer. Raises DeclarationError for others."""
    on_next = getattr(on_value, "on_next", None)
    if callable(on_next):
        return on_next, on_value.on_error
    for fn, takes in ((on_value, "the value"), (on_error, "the error")):
        if fn is not None:
            _check_told(node, fn, takes)
    return on_value or (lambda _: None), on_error


def _check_told(node: Readable[Any], fn: Any, takes: str) -> None:
    if callable(fn) and not runs_later(fn) and not takes_other(fn, 1):
        return
    what = f"{node.name}.subscribe({called(fn)})"
    if not callable(fn):
        raise DeclarationError(f"{what}: give a function of {takes}, as in {node.name}.subscribe(print)")
    if fault := runs_later(fn):
        raise DeclarationError(f"{what}: {fault}; give a plain function, and start there what takes time")
    raise DeclarationError(f"{what}: {takes_other(fn, 1)}, and is called with {takes}")


def piped(node: Readable[Any], operators: tuple[Callable[[Any], Any], ...]) -> Any:
    """A cell as an Observable, put through operators of ReactiveX."""
    import reactivex

    def subscribe(observer: Any, scheduler: Any = None) -> Any:
        return node.subscribe(observer)

    return reactivex.create(subscribe).pipe(*operators)


def bind_cell(node: Any, observable: Any) -> Disposable:
    """Write what an Observable tells into a cell; its error becomes the cell's. Raises DeclarationError for others."""
    _check_observable(node, observable)
    subscription: Disposable = observable.subscribe(
        lambda value: write(node, value), lambda error: write(node, Failure(error))
    )
    return subscription


def bind_pulse(node: Any, observable: Any) -> Disposable:
    """Let a pulse occur with each value that an Observable tells; its error is raised where it arises.

    Raises DeclarationError for what is no Observable.
    """
    _check_observable(node, observable)
    subscription: Disposable = observable.subscribe(lambda value: emit(node, value))
    return subscription


def _check_observable(node: Any, observable: Any) -> None:
    if not callable(getattr(observable, "subscribe", None)):
        raise DeclarationError(
            f"{node.name}.bind({observable!r}): give an Observable, or a cell; to write a value, "
            + (f"{node.name}.emit(...)" if node.is_pulse else f"{node.name}.value = ...")
        )
