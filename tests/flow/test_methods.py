"""The inputs of a method, found from its code object."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from types import FunctionType
from typing import Any

from reactflow.flow.methods import Method, Reader, make_view

CELLS = dict.fromkeys("abcdef", object())


class Mode(Enum):
    FAST = 1


class Base:
    """A class as a flow's: helpers and constants."""

    LIMIT = 10.0
    NAMES = ("x", ("y", 1))
    KINDS = frozenset({"k"})
    PRICE = Decimal("1.5")
    MODE = Mode.FAST
    TABLE = {"x": 1}

    def inherited(self: Any) -> Any:
        return self.e


class Helpers(Base):
    def plus(self: Any, other: Any) -> Any:
        return self.b + other

    def deep(self: Any, n: int = 0) -> Any:
        return self.plus(n) if n > 5 else self.deep(n + 1)

    @staticmethod
    def double(value: Any) -> Any:
        return value * 2

    @classmethod
    def make(cls) -> int:
        return 1

    @property
    def both(self: Any) -> Any:
        return (self.c, self.d)

    def leaks(self: Any) -> Any:
        return print(self)

    def lists(self: Any) -> Any:
        yield self.a
        yield self.b


def attributes(kind: type = Helpers) -> dict[str, object]:
    found: dict[str, object] = {}
    for base in reversed(kind.__mro__[:-1]):
        found.update(vars(base))
    return found


def read(fn: Callable[..., Any], cells: dict[str, Any] = CELLS) -> Reader:
    reader = Reader("Room", fn.__name__, cells, attributes())
    assert isinstance(fn, FunctionType)
    reader.read(fn)
    return reader


def inputs(fn: Callable[..., Any]) -> list[str]:
    return list(read(fn).names)


def lower(fn: Callable[..., Any]) -> Method:
    reader = read(fn)
    return Method(fn, reader.names, make_view("Room", reader.members))


def test_reads_are_found_each_once_in_the_order_of_the_flows_cells() -> None:
    def total(self: Any) -> Any:
        return self.b + self.a * self.b

    assert inputs(total) == ["a", "b"]


def test_both_branches_are_read() -> None:
    def total(self: Any) -> Any:
        if self.a:
            return self.b
        return self.d if self.c else (self.e or self.f)

    assert inputs(total) == list("abcdef")


def test_nested_code_is_read() -> None:
    def total(self: Any) -> Any:
        def inner(x: Any) -> Any:
            def innermost() -> Any:
                return self.f

            return x + self.e + innermost()

        key = lambda value: value + self.a  # noqa: E731
        listed = [self.b for _ in self.c if self.d]
        return inner(key(listed)), {x: x for x in (lambda: self.a)()}  # type: ignore[no-untyped-call]

    assert set(inputs(total)) == set("abcdef")


def test_a_class_inside_a_method_is_read() -> None:
    def total(self: Any) -> Any:
        class Inner:
            x = self.a

            def y(self) -> Any:  # another self
                return self.nothing  # type: ignore[attr-defined]

        return Inner.x + self.b

    assert set(inputs(total)) == {"a", "b"}


def test_reads_in_every_kind_of_statement_are_found() -> None:
    def total(self: Any) -> Any:
        try:
            with open(self.a) as file:
                for _ in self.b:
                    file.write(f"{self.c:>{self.d}}")
        except ValueError as error:
            raise KeyError(self.e) from error
        match self.f:
            case [x, *_]:
                return x
        while self.a:
            pass

    assert inputs(total) == list("abcdef")


def test_reads_beside_a_local_variable_are_found() -> None:
    def total(self: Any) -> Any:
        x = 3
        y = x + self.a
        z = self.b
        return x, y, z, y + self.c, max(x, self.d), [y, self.e]

    assert inputs(total) == ["a", "b", "c", "d", "e"]


def test_the_parameter_may_have_any_name() -> None:
    def total(room: Any) -> Any:
        return room.a + [room.b for _ in range(2)][0]  # noqa: RUF015

    assert inputs(total) == ["a", "b"]


def test_another_objects_attributes_are_no_inputs() -> None:
    def total(self: Any) -> Any:
        other = self.a
        return other.b, other.c.d, other.__class__

    assert inputs(total) == ["a"]


def test_helpers_are_followed_also_inherited_ones_properties_and_recursion() -> None:
    def total(self: Any) -> Any:
        return self.deep(self.a), self.both, self.double(self.inherited())

    reader = read(total)
    assert list(reader.names) == ["a", "b", "c", "d", "e"]
    assert set(reader.members) == {"deep", "plus", "both", "double", "inherited"}


def test_a_helper_may_be_passed_on_and_may_be_a_generator() -> None:
    def total(self: Any) -> Any:
        return list(map(self.plus, [1])), list(self.lists())

    assert set(inputs(total)) == {"b", "a"}


def test_constants_of_the_class_may_be_read() -> None:
    def total(self: Any) -> Any:
        return self.LIMIT, self.NAMES, self.KINDS, self.PRICE, self.MODE, self.a

    assert inputs(total) == ["a"]
    assert lower(total)(1) == (10.0, ("x", ("y", 1)), {"k"}, Decimal("1.5"), Mode.FAST, 1)


def test_a_method_is_a_function_of_its_inputs() -> None:
    def total(self: Any) -> Any:
        return self.deep(), self.both, self.double(self.inherited())

    method = lower(total)
    assert method.inputs == ("b", "c", "d", "e")
    assert method(1, 2, 3, 4) == (7, (2, 3), 8)
    assert (method.__name__, repr(method)[:7]) == ("total", "<method")
    assert method.__code__ is total.__code__


def test_more_than_256_names_are_no_obstacle() -> None:
    names = [f"cell_{number}" for number in range(400)]
    source = (
        "def total(self):\n    x = y = 1\n    return [" + ", ".join(f"self.{name}" for name in names) + "]"
    )
    scope: dict[str, Any] = {}
    exec(source, scope)
    assert list(read(scope["total"], dict.fromkeys(names, object())).names) == names
