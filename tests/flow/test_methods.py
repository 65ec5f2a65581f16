"""The inputs of a method, found from its code object."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from functools import partial
from types import FunctionType
from typing import Any

import pytest

from reactflow.cells import cell
from reactflow.errors import DeclarationError
from reactflow.flow.hidden import hidden_cells
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
    TABLE = {"x": 1}  # noqa: RUF012

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
        return inner(key(listed)), {x: x for x in (lambda: self.a)()}

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


# --- refusals: each names flow, method, what, line and remedy ---------------------------------------------------------


def passes(self: Any) -> Any:
    return max(self, self.a)


def passes_by_name(self: Any) -> Any:
    return dict(x=self)  # noqa: C408


def stores(self: Any) -> Any:
    other = self
    return other.a


def stores_in_a_list(self: Any) -> Any:
    return [self]


def stores_outside(self: Any) -> None:
    CELLS["a"] = self


def assigns(self: Any) -> None:
    self.a = 3


def adds(self: Any) -> None:
    self.a += 3


def deletes(self: Any) -> None:
    del self.a


def gets(self: Any) -> Any:
    return getattr(self, "a")  # noqa: B009


def gets_deep(self: Any) -> Any:
    return [getattr(self, name) for name in ("a", "b")]


def supers(self: Any) -> Any:
    return super().total()  # type: ignore[misc]


class Child(Base):
    def supers_in_a_class(self) -> Any:
        return super().inherited()


def returns(self: Any) -> Any:
    return self


def yields_to_inner(self: Any) -> Any:
    def inner() -> Any:
        return self

    return inner().a


def compares(self: Any) -> Any:
    return self == self.a


def compares_identity(self: Any) -> Any:
    return self.a is self


def contains(self: Any) -> Any:
    return "a" in self


def rebinds(self: Any) -> Any:
    self = 3
    return self.a  # type: ignore[attr-defined]


def rebinds_in_loop(self: Any) -> Any:
    for self in self.a:  # noqa: B007, B020
        pass


def rebinds_in_comprehension(self: Any) -> Any:
    return [self for self in self.a]  # noqa: C416


def swaps(self: Any, x: Any = None) -> Any:
    return self.a


def starred(self: Any, *args: Any) -> Any:
    return self.a


def no_self() -> Any:
    return 1


def generates(self: Any) -> Any:
    yield self.a


async def awaits(self: Any) -> Any:
    return self.a


def looks(self: Any) -> Any:
    return locals()["self"].a


def evaluates(self: Any) -> Any:
    return eval("self.a") + self.b


def chooses_or(self: Any) -> Any:
    return (self or self.b).c


def indexes(self: Any) -> Any:
    return self["a"]


def calls(self: Any) -> Any:
    return self(3)


def formats(self: Any) -> Any:
    return f"{self} {self.a}"


def enters(self: Any) -> Any:
    with self:
        pass


def iterates(self: Any) -> Any:
    return list(x for x in self)  # noqa: C400


def walrus(self: Any) -> Any:
    return (x := self), x.a


def misspells(self: Any) -> Any:
    return self.LIMITS + self.a


def unknown_name(self: Any) -> Any:
    return self.zzzzz


def reads_a_table(self: Any) -> Any:
    return self.TABLE["x"]


def reads_a_class_method(self: Any) -> Any:
    return self.make()


def reads_its_class(self: Any) -> Any:
    return self.__class__.LIMIT


def reads_its_dict(self: Any) -> Any:
    return self.__dict__["a"]


def through_a_helper(self: Any) -> Any:
    return self.leaks()


def matches(self: Any) -> Any:
    match self:
        case object(a=x):
            return x


REFUSED: list[tuple[Callable[..., Any], str, int]] = [
    (
        passes,
        r"passes self on at {}, so that its inputs cannot be found; read cells as self\.<name>, and pass on the values",
        1,
    ),
    (passes_by_name, "passes self on", 1),
    (stores, "stores self in another place at {}, so that .*; read cells as", 1),
    (stores_in_a_list, "passes self on", 1),
    (stores_outside, "self", 1),
    (
        assigns,
        r"assigns self\.a at {}; a derived method only reads: return the value, or make a a cell of its own",
        1,
    ),
    (adds, "passes self on", 1),
    (deletes, r"deletes self\.a at {}; a derived method only reads", 1),
    (
        gets,
        r"uses getattr\(self, \.\.\.\) at {}, so that its inputs cannot be found; read cells as self\.<name>",
        1,
    ),
    (gets_deep, "self", 1),
    (supers, r"uses super\(\) at {}; call the helper by its own name instead", 1),
    (Child.supers_in_a_class, r"uses super\(\) at {}", 1),
    (returns, r"returns self at {}; return a value: self\.<name>", 1),
    (yields_to_inner, r"returns self at {}", 2),
    (compares, "self", 1),
    (compares_identity, r"compares self at {}; compare values: self\.<name>", 1),
    (contains, "compares self at {}", 1),
    (rebinds, "gives self another value at {}; use another name", 1),
    (rebinds_in_loop, "gives self another value at {}", 1),
    *(
        [(rebinds_in_comprehension, "self", 1)] if sys.version_info >= (3, 12) else []
    ),  # else a scope of its own
    (swaps, "takes more than self at {}; a derived method has only self", 0),
    (starred, "takes more than self", 0),
    (no_self, r"has no parameter for the flow at {}; write def no_self\(self\)", 0),
    (generates, "is a generator or a coroutine at {}; return the value", 0),
    (awaits, "is a generator or a coroutine", 0),
    (looks, r"calls locals\(\) at {}, which hides what is read; read each cell as self\.<name>", 1),
    (evaluates, r"calls eval\(\)", 1),
    (chooses_or, "passes self on", 1),
    (indexes, "passes self on", 1),
    (calls, "passes self on", 1),
    (formats, "passes self on", 1),
    (enters, "passes self on|self", 1),
    (iterates, "passes self on", 1),
    (walrus, "self", 1),
    (misspells, r"reads self\.LIMITS at {}, which Room does not have; did you mean self\.LIMIT\?", 1),
    (
        unknown_name,
        r"reads self\.zzzzz at {}, which Room does not have; declare it: zzzzz = cell\(\.\.\.\)",
        1,
    ),
    (
        reads_a_table,
        r"reads self\.TABLE at {}, a dict; a method may read cells, helper methods and plain constants",
        1,
    ),
    (reads_a_class_method, r"calls the classmethod self\.make at {}; make it a staticmethod", 1),
    (reads_its_class, "reads self.__class__", 1),
    (reads_its_dict, "reads self.__dict__", 1),
    (matches, "self", 1),
]


@pytest.mark.parametrize(("fn", "message", "line"), REFUSED, ids=[fn.__name__ for fn, _, _ in REFUSED])
def test_any_other_use_of_self_is_refused_with_line_and_remedy(fn: Any, message: str, line: int) -> None:
    where = f"test_methods.py:{fn.__code__.co_firstlineno + line}"
    with pytest.raises(DeclarationError) as caught:
        read(fn)
    text = str(caught.value)
    assert re.search(message.replace("{}", re.escape(where)), text), text
    assert where in text
    assert re.match(rf"Room\.{fn.__name__}( |, through \w+\(\), )", text)


def test_a_refusal_inside_a_helper_names_method_helper_and_the_helpers_line() -> None:
    line = Helpers.leaks.__code__.co_firstlineno + 1
    message = (
        rf"^Room\.through_a_helper, through leaks\(\), passes self on at test_methods\.py:{line}, so that"
    )
    with pytest.raises(DeclarationError, match=message):
        read(through_a_helper)


# --- hidden inputs ----------------------------------------------------------------------------------------------------

RATE = cell(2.0)
CELLS_IN_A_LIST = [RATE]
PLAIN = 2.0


def reads_a_global(area: float) -> float:
    return area * RATE.value


def calls_another(area: float) -> float:
    return reads_a_global(area)


def with_a_default(area: float, rate: Any = RATE) -> Any:
    return area * rate.value


def with_a_keyword(area: float, *, rate: Any = RATE) -> Any:
    return area * rate.value


class Namespace:
    rate = RATE


def names(fn: Callable[..., Any]) -> list[str]:
    return [found.name for found in hidden_cells(fn)]


def test_a_global_cell_is_found_with_its_line() -> None:
    (found,) = hidden_cells(reads_a_global)
    assert (found.name, found.place) == (
        "RATE",
        f"test_methods.py:{reads_a_global.__code__.co_firstlineno + 1}",
    )


def test_cells_are_found_through_every_way_a_function_has() -> None:
    local = cell(1.0)
    assert names(lambda area: area * RATE.value) == ["RATE"]
    assert names(lambda area: area * local.value) == ["local"]
    assert names(lambda areas: [area * local.value for area in areas]) == ["local"]
    assert names(lambda areas: (lambda: [RATE.value for _ in areas])()) == ["RATE"]
    assert names(lambda area: area * CELLS_IN_A_LIST[0].value) == ["CELLS_IN_A_LIST"]
    assert names(lambda area: area * Namespace.rate.value) == ["Namespace.rate"]
    assert names(calls_another) == ["RATE"]
    assert names(with_a_default) == ["rate"]
    assert names(with_a_keyword) == ["rate"]
    assert names(partial(max, RATE)) == ["0"]
    assert names(partial(reads_a_global)) == ["RATE"]
    assert names(local.map) == ["self"]

    def total(self: Any) -> Any:
        return self.a * RATE.value

    assert names(lower(total)) == ["RATE"]


def test_plain_functions_hide_nothing() -> None:
    assert names(lambda area: area * PLAIN + max(1, 2)) == []
    assert names("{:.1f}".format) == []
    assert names(max) == []
    assert names(re.sub) == []
