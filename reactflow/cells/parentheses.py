"""Functions that make a ``with`` block: without their parentheses, they say that these are missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NoReturn, TypeVar, cast

from reactflow.errors import DeclarationError

F = TypeVar("F", bound=Callable[..., Any])


class _MakesBlock:
    """A function that is told from what it returns."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        update_wrapper(self, fn)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._fn(*given, **named)

    def __enter__(self) -> NoReturn:
        name = getattr(self, "__name__", "")
        raise DeclarationError(f"'with {name}:' lacks its parentheses: write 'with {name}():'")

    def __exit__(self, *_: object) -> None: ...

    def __repr__(self) -> str:
        return repr(self._fn)


def makes_block(fn: F) -> F:
    """Decorate a function whose result is used with ``with``.

    >>> from reactflow import snapshot
    >>> with snapshot:
    ...     pass
    Traceback (most recent call last):
    reactflow.errors.DeclarationError: 'with snapshot:' lacks its parentheses: write 'with snapshot():'
    """
    return cast("F", _MakesBlock(fn))
