"""Operators of cells: ``length * width`` is a derived cell.

Arithmetic and the order comparisons build derived cells; so do the methods for what Python keeps for itself (``eq``,
``and_`` ...). ``==`` and ``hash`` stay identity, so that cells can be members of sets and keys. ``>>`` is not here: it
binds an output to a sink.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from reactflow.cells.derived import Derived

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def logical_and(one: Any, other: Any) -> Any:
    """``one and other``."""
    return one and other


def logical_or(one: Any, other: Any) -> Any:
    """``one or other``."""
    return one or other


SYMBOLS: dict[Callable[..., Any], str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.matmul: "@",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
    operator.neg: "-",
    operator.pos: "+",
    operator.abs: "abs",
    operator.not_: "not",
    logical_and: "and",
    logical_or: "or",
}
"""The operators that cells know, with what a picture writes for them."""


_IDENTITY = {"equal", "not_equal"}  # == and != of a cell are not about its value
_OF_NUMPY: dict[str, Callable[..., Any]] = {
    "equal": operator.is_, "not_equal": operator.is_not, "add": operator.add, "subtract": operator.sub,
    "multiply": operator.mul, "divide": operator.truediv, "floor_divide": operator.floordiv,
    "remainder": operator.mod, "power": operator.pow, "matmul": operator.matmul, "less": operator.lt,
    "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
}  # fmt: skip
"""What numpy calls the operators, when an array or a number of its own is on the left."""


# derived cells are readable, and readable cells have operators
_maker: list[Callable[..., Derived[Any]]] = []


def made_by(maker: Callable[..., Derived[Any]]) -> None:
    """Say what makes derived cells; `derived` does."""
    _maker[:] = [maker]


def _derive(fn: Callable[..., Any], *arguments: object) -> Derived[Any]:
    return _maker[0](fn, arguments)


class Operators(Generic[T_co]):
    """Mixin of ``Readable``: every operator returns a derived cell of the operands' values.

    int and int stay int, a float makes it float; the operators of other types are typed as Any.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        __array_ufunc__ = None  # an array on the left leaves the operation to the cell
    else:

        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            """What an array or a function of numpy does with a cell: an operator is the cell's, all else is refused."""
            name = ufunc.__name__
            if method == "__call__" and not options and name in _OF_NUMPY:
                made = _OF_NUMPY[name]
                return made(*inputs) if name in _IDENTITY else _derive(made, *inputs)
            names = [str(one.name) for one in (*inputs, self) if isinstance(one, Operators)]
            said = f"numpy.{name}"
            remedy = (
                f".map({said})" if len(inputs) == 1 else f"derived({said}, {', '.join(names[:-1] or names)})"
            )
            raise TypeError(
                f"{said} takes values, and {names[0] if names else 'one'!r} is a cell: use .value, or {remedy}"
            )

    __pandas_priority__ = 10_000  # so do a frame and a series, whose own is a few thousand

    # --- arithmetic: int with int is int, else numbers are float, else it is not known ---------------------

    @overload
    def __add__(self: Operators[int], other: Operators[int] | int) -> Derived[int]: ...
    @overload
    def __add__(self: Operators[float], other: Operators[float] | float) -> Derived[float]: ...
    @overload
    def __add__(self: Operators[str], other: Operators[str] | str) -> Derived[str]: ...
    @overload
    def __add__(self, other: Any) -> Derived[Any]: ...
    def __add__(self, other: Any) -> Derived[Any]:
        return _derive(operator.add, self, other)

    @overload
    def __radd__(self: Operators[int], other: int) -> Derived[int]: ...
    @overload
    def __radd__(self: Operators[float], other: float) -> Derived[float]: ...
    @overload
    def __radd__(self: Operators[str], other: str) -> Derived[str]: ...
    @overload
    def __radd__(self, other: Any) -> Derived[Any]: ...
    def __radd__(self, other: Any) -> Derived[Any]:
        return _derive(operator.add, other, self)

    @overload
    def __sub__(self: Operators[int], other: Operators[int] | int) -> Derived[int]: ...
    @overload
    def __sub__(self: Operators[float], other: Operators[float] | float) -> Derived[float]: ...
    @overload
    def __sub__(self, other: Any) -> Derived[Any]: ...
    def __sub__(self, other: Any) -> Derived[Any]:
        return _derive(operator.sub, self, other)

    @overload
    def __rsub__(self: Operators[int], other: int) -> Derived[int]: ...
    @overload
    def __rsub__(self: Operators[float], other: float) -> Derived[float]: ...
    @overload
    def __rsub__(self, other: Any) -> Derived[Any]: ...
    def __rsub__(self, other: Any) -> Derived[Any]:
        return _derive(operator.sub, other, self)

    @overload
    def __mul__(self: Operators[int], other: Operators[int] | int) -> Derived[int]: ...
    @overload
    def __mul__(self: Operators[float], other: Operators[float] | float) -> Derived[float]: ...
    @overload
    def __mul__(self, other: Any) -> Derived[Any]: ...
    def __mul__(self, other: Any) -> Derived[Any]:
        return _derive(operator.mul, self, other)

    @overload
    def __rmul__(self: Operators[int], other: int) -> Derived[int]: ...
    @overload
    def __rmul__(self: Operators[float], other: float) -> Derived[float]: ...
    @overload
    def __rmul__(self, other: Any) -> Derived[Any]: ...
    def __rmul__(self, other: Any) -> Derived[Any]:
        return _derive(operator.mul, other, self)

    @overload
    def __floordiv__(self: Operators[int], other: Operators[int] | int) -> Derived[int]: ...
    @overload
    def __floordiv__(self: Operators[float], other: Operators[float] | float) -> Derived[float]: ...
    @overload
    def __floordiv__(self, other: Any) -> Derived[Any]: ...
    def __floordiv__(self, other: Any) -> Derived[Any]:
        return _derive(operator.floordiv, self, other)

    @overload
    def __rfloordiv__(self: Operators[int], other: int) -> Derived[int]: ...
    @overload
    def __rfloordiv__(self: Operators[float], other: float) -> Derived[float]: ...
    @overload
    def __rfloordiv__(self, other: Any) -> Derived[Any]: ...
    def __rfloordiv__(self, other: Any) -> Derived[Any]:
        return _derive(operator.floordiv, other, self)

    @overload
    def __mod__(self: Operators[int], other: Operators[int] | int) -> Derived[int]: ...
    @overload
    def __mod__(self: Operators[float], other: Operators[float] | float) -> Derived[float]: ...
    @overload
    def __mod__(self, other: Any) -> Derived[Any]: ...
    def __mod__(self, other: Any) -> Derived[Any]:
        return _derive(operator.mod, self, other)

    @overload
    def __rmod__(self: Operators[int], other: int) -> Derived[int]: ...
    @overload
    def __rmod__(self: Operators[float], other: float) -> Derived[float]: ...
    @overload
    def __rmod__(self, other: Any) -> Derived[Any]: ...
    def __rmod__(self, other: Any) -> Derived[Any]:
        return _derive(operator.mod, other, self)

    @overload
    def __truediv__(self: Operators[float], other: Operators[float] | float) -> Derived[float]: ...
    @overload
    def __truediv__(self, other: Any) -> Derived[Any]: ...
    def __truediv__(self, other: Any) -> Derived[Any]:
        return _derive(operator.truediv, self, other)

    @overload
    def __rtruediv__(self: Operators[float], other: float) -> Derived[float]: ...
    @overload
    def __rtruediv__(self, other: Any) -> Derived[Any]: ...
    def __rtruediv__(self, other: Any) -> Derived[Any]:
        return _derive(operator.truediv, other, self)

    def __pow__(self, other: Any) -> Derived[Any]:
        return _derive(operator.pow, self, other)

    def __rpow__(self, other: Any) -> Derived[Any]:
        return _derive(operator.pow, other, self)

    def __matmul__(self, other: Any) -> Derived[Any]:
        return _derive(operator.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Derived[Any]:
        return _derive(operator.matmul, other, self)

    def __neg__(self: Operators[T]) -> Derived[T]:
        return _derive(operator.neg, self)

    def __pos__(self: Operators[T]) -> Derived[T]:
        return _derive(operator.pos, self)

    def __abs__(self: Operators[T]) -> Derived[T]:
        return _derive(operator.abs, self)

    # --- comparisons and logic -----------------------------------------------------------------------------

    def __lt__(self, other: Any) -> Derived[bool]:
        return _derive(operator.lt, self, other)

    def __le__(self, other: Any) -> Derived[bool]:
        return _derive(operator.le, self, other)

    def __gt__(self, other: Any) -> Derived[bool]:
        return _derive(operator.gt, self, other)

    def __ge__(self, other: Any) -> Derived[bool]:
        return _derive(operator.ge, self, other)

    def eq(self, other: Any) -> Derived[bool]:
        """Whether the values are equal, as a derived cell (``==`` compares the cells themselves).

        >>> from reactflow import cell
        >>> cell(3).eq(3).value
        True
        """
        return _derive(operator.eq, self, other)

    def ne(self, other: Any) -> Derived[bool]:
        """Whether the values differ, as a derived cell."""
        return _derive(operator.ne, self, other)

    def and_(self, other: Any) -> Derived[Any]:
        """``self and other`` of the values, as a derived cell; both are read."""
        return _derive(logical_and, self, other)

    def or_(self, other: Any) -> Derived[Any]:
        """``self or other`` of the values, as a derived cell; both are read."""
        return _derive(logical_or, self, other)

    def not_(self) -> Derived[bool]:
        """``not self`` of the value, as a derived cell."""
        return _derive(operator.not_, self)
