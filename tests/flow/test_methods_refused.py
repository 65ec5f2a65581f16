"""Uses of ``self`` that hide what a method reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from reactflow.errors import DeclarationError
from tests.flow.test_methods import CELLS, Base, Helpers, read

# --- refusals: each names flow, method, what, line and remedy -----------------------------------------------


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
    return self.a


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
        r"assigns self\.a at {}; a derived method only reads: return the value, or make it a cell of its own",
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
    # else a scope of its own
    *([(rebinds_in_comprehension, "self", 1)] if sys.version_info >= (3, 12) else []),
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
    where = f"test_methods_refused.py:{fn.__code__.co_firstlineno + line}"
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
