"""An ordered map that is never changed: ``put`` and ``remove`` give a new one that shares most of itself with the old.

Each takes O(log n) comparisons, as does finding the lowest or highest few. A map that is part of a state can therefore
be kept, compared by identity and gone back to, whatever is done later.

The tree is a weight-balanced one with the parameters 3 and 2, which Hirai and Yamamoto, "Balancing weight-balanced
trees" (2011), proved to stay balanced. A node is a tuple (key, value, lower, higher, size); an empty tree is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")

_Tree: TypeAlias = "tuple[Any, Any, _Tree, _Tree, int] | None"
_DELTA: Final = 3
_RATIO: Final = 2


class OrderedMap(Generic[K, V]):
    """Values by key, in the order of the keys, which have to be comparable with each other.

    >>> one = OrderedMap().put("b", 2).put("a", 1).put("c", 3)
    >>> list(one.lowest(2)), list(one.remove("c").highest(1)), len(one)
    ([('a', 1), ('b', 2)], [('b', 2)], 3)
    """

    __slots__ = ("_tree",)

    def __init__(self, _tree: _Tree = None) -> None:
        self._tree = _tree

    def __len__(self) -> int:
        return _size(self._tree)

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return _walk(self._tree, 2)

    def __repr__(self) -> str:
        return f"OrderedMap({len(self)})"

    def get(self, key: K) -> V | None:
        """The value of a key, None when there is none."""
        tree = self._tree
        while tree is not None:
            if key < tree[0]:
                tree = tree[2]
            elif tree[0] < key:
                tree = tree[3]
            else:
                return cast("V", tree[1])
        return None

    def put(self, key: K, value: V) -> OrderedMap[K, V]:
        """The map with a value at a key, in place of what was there."""
        return OrderedMap(_put(self._tree, key, value))

    def remove(self, key: K) -> OrderedMap[K, V]:
        """The map without a key; the same map when it is not there."""
        tree = _remove(self._tree, key)
        return self if tree is self._tree else OrderedMap(tree)

    def lowest(self, n: int) -> Iterator[tuple[K, V]]:
        """The first ``n`` keys and values, in order."""
        return islice(_walk(self._tree, 2), n)

    def highest(self, n: int) -> Iterator[tuple[K, V]]:
        """The last ``n`` keys and values, from the last on."""
        return islice(_walk(self._tree, 3), n)


def _size(tree: _Tree) -> int:
    return 0 if tree is None else tree[4]


def _walk(tree: _Tree, first: int) -> Iterator[tuple[Any, Any]]:
    """Keys and values, those on the side ``first`` (2: lower, 3: higher) first."""
    path: list[Any] = []
    while path or tree is not None:
        while tree is not None:
            path.append(tree)
            tree = tree[first]  # type: ignore[assignment]  # a side of a node is a tree
        here = path.pop()
        yield here[0], here[1]
        tree = here[5 - first]


def _put(tree: _Tree, key: Any, value: Any) -> _Tree:
    if tree is None:
        return key, value, None, None, 1
    here, held, lower, higher, size = tree
    if key < here:
        return _balanced(here, held, _put(lower, key, value), higher)
    if here < key:
        return _balanced(here, held, lower, _put(higher, key, value))
    return key, value, lower, higher, size


def _remove(tree: _Tree, key: Any) -> _Tree:
    if tree is None:
        return None
    here, held, lower, higher, _ = tree
    if key < here:
        less = _remove(lower, key)
        return tree if less is lower else _balanced(here, held, less, higher)
    if here < key:
        less = _remove(higher, key)
        return tree if less is higher else _balanced(here, held, lower, less)
    if lower is None:
        return higher
    if higher is None:
        return lower
    if lower[4] > higher[4]:
        (here, held), rest = _end(lower, 3)
        return _balanced(here, held, rest, higher)
    (here, held), rest = _end(higher, 2)
    return _balanced(here, held, lower, rest)


def _end(tree: Any, side: int) -> tuple[tuple[Any, Any], _Tree]:
    """The last entry on a side, and the tree without it."""
    here, held, lower, higher, _ = tree
    if tree[side] is None:
        return (here, held), tree[5 - side]
    entry, rest = _end(tree[side], side)
    return entry, _balanced(here, held, rest, higher) if side == 2 else _balanced(here, held, lower, rest)


def _made(key: Any, value: Any, lower: _Tree, higher: _Tree) -> _Tree:
    return key, value, lower, higher, _size(lower) + _size(higher) + 1


def _balanced(key: Any, value: Any, lower: Any, higher: Any) -> _Tree:
    """A node of two trees of which one may be too heavy by one entry."""
    left, right = _size(lower) + 1, _size(higher) + 1
    if right > _DELTA * left:
        k, v, inner, outer, _ = higher
        if _size(inner) + 1 < _RATIO * (_size(outer) + 1):
            return _made(k, v, _made(key, value, lower, inner), outer)
        mk, mv, one, other, _ = inner
        return _made(mk, mv, _made(key, value, lower, one), _made(k, v, other, outer))
    if left > _DELTA * right:
        k, v, outer, inner, _ = lower
        if _size(inner) + 1 < _RATIO * (_size(outer) + 1):
            return _made(k, v, outer, _made(key, value, inner, higher))
        mk, mv, one, other, _ = inner
        return _made(mk, mv, _made(k, v, outer, one), _made(key, value, other, higher))
    return key, value, lower, higher, left + right - 1
