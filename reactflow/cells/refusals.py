"""What a cell refuses: what is written by somebody who takes it for its value. Each refusal names cell and remedy.

A cell has no length, items or number, its value may; and Python's ``&`` and ``|`` are not about the truth of a value.
``f"{area}"`` without a format stays allowed: it shows the cell. Type checkers see ``__bool__`` only, so that to them,
too, a cell has nothing of this. There is no ``__call__``: what is callable may be an effect's clean-up.
"""

from __future__ import annotations

from inspect import CO_OPTIMIZED
from typing import TYPE_CHECKING, Any, NoReturn

from reactflow.cells.naming import calling_frame
from reactflow.errors import DeclarationError, ReadOnlyError

_NOT_THERE = ("emit", "get", "set")  # methods that other libraries have


class Refusals:
    """Mixin of ``Readable``: raises TypeError, or AttributeError for a method that is not there."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def name(self) -> str: ...

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"the truth of cell {self.name!r} is not its value's: use .value (or .and_(), .or_(), .not_())"
        )

    if not TYPE_CHECKING:

        def __format__(self, form: str) -> str:
            if not form:
                return str(self)
            raise TypeError(
                f"cell {self.name!r} takes no format {form!r}, its value may: "
                f"use .value, or .map({'{:' + form + '}'!r}.format)"
            )

        def __len__(self) -> NoReturn:
            raise TypeError(f"cell {self.name!r} has no length, its value may: use .value, or .map(len)")

        def __getitem__(self, key: object) -> NoReturn:
            raise _no_items(self)

        def __iter__(self) -> NoReturn:
            raise _no_items(self)

        def __contains__(self, item: object) -> NoReturn:
            raise _no_items(self)

        def __setitem__(self, key: object, *item: object) -> NoReturn:
            raise TypeError(
                f"cell {self.name!r} has no items, and a value that is changed in place tells nobody: "
                "write a new one to .value"
            )

        __delitem__ = __setitem__

        def __float__(self) -> NoReturn:
            raise _no_number(self, "float")

        def __int__(self) -> NoReturn:
            raise _no_number(self, "int")

        def __complex__(self) -> NoReturn:
            raise _no_number(self, "complex")

        def __index__(self) -> NoReturn:
            raise _no_number(self, "int")

        def __trunc__(self) -> NoReturn:
            raise _no_number(self, "math.trunc")

        def __floor__(self) -> NoReturn:
            raise _no_number(self, "math.floor")

        def __ceil__(self) -> NoReturn:
            raise _no_number(self, "math.ceil")

        def __round__(self, digits: int | None = None) -> NoReturn:
            raise _no_number(self, "round" if digits is None else f"lambda value: round(value, {digits})")

        def __and__(self, other: object) -> NoReturn:
            raise _no_operator(self, "&", ".and_()", "and_")

        def __or__(self, other: object) -> NoReturn:
            raise _no_operator(self, "|", ".or_()", "or_")

        def __xor__(self, other: object) -> NoReturn:
            raise _no_operator(self, "^", ".ne()", "xor")

        def __invert__(self) -> NoReturn:
            raise _no_operator(self, "~", ".not_()", "invert")

        __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

        @property
        def set(self) -> NoReturn:
            raise _no_method(self, "set")

        @property
        def emit(self) -> NoReturn:
            raise _no_method(self, "emit")

        @property
        def get(self) -> NoReturn:
            raise AttributeError(f"cell {self.name!r} has no get(): use .value, or .peek()")

        def __dir__(self) -> list[str]:
            mine = type(self)
            return [one for one in super().__dir__() if getattr(mine, one, None) not in _REFUSED]


_REFUSED = [vars(Refusals).get(one) for one in _NOT_THERE]


NOT_BY_US: Any = object()  # what an argument of a constructor is that only our own functions give


def refuse_making(kind: str, makers: str) -> NoReturn:
    """Raise DeclarationError for a class that was called in place of the function that makes its cells."""
    raise DeclarationError(f"{kind}(...) is the type of a cell, for annotations; make one with {makers}")


def refuse_in_flow_body() -> None:
    """Raise DeclarationError for an effect that the body of a flow's class would begin, on what are no live cells."""
    frame = calling_frame(2)
    # only the body of a class or module has its names at hand: those of a function would have to be gathered
    if (
        frame is not None
        and not frame.f_code.co_flags & CO_OPTIMIZED
        and getattr(frame.f_locals, "is_flow_body", False)
    ):
        raise DeclarationError(
            "an effect in the body of a flow's class would run once, for no instance: subscribe on an instance, as in "
            "room.cells.area.subscribe(...)"
        )


def _no_items(cell: Any) -> TypeError:
    return TypeError(
        f"cell {cell.name!r} has no items, its value may: use .value to take one or to go through them, "
        "or .map() with a function that does"
    )


def _no_number(cell: Any, function: str) -> TypeError:
    return TypeError(f"cell {cell.name!r} is no number, its value may be: use .value, or .map({function})")


def _no_operator(cell: Any, symbol: str, method: str, function: str) -> TypeError:
    return TypeError(
        f"cell {cell.name!r} has no {symbol!r}: use {method} for the truth of values, "
        f"or derived() with operator.{function}"
    )


def _no_method(cell: Any, method: str) -> AttributeError:
    if not cell.is_source:
        return ReadOnlyError(f"{cell.name!r} is derived: it changes when its inputs do. Write those instead")
    if cell.is_pulse:
        return AttributeError(f"pulse {cell.name!r} has no {method}(): use .emit()")
    return AttributeError(
        f"cell {cell.name!r} has no {method}(): write to .value"
        + ", or make it a pulse()" * (method == "emit")
    )
