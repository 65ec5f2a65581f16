"""The little of DynamoDB's expressions that the sinks write: conditions of comparisons, and updates that set and
remove.

It promises to refuse what it does not know rather than to guess: a condition that is misread is a guard that is not
there.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from typing import Any

from reactflow.errors import InternalError

Item = dict[str, Any]
_COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FUNCTION = re.compile(r"(attribute_exists|attribute_not_exists)\s*\(\s*(\S+?)\s*\)")
_COMPARISON = re.compile(r"(\S+)\s*(=|<>|<=|>=|<|>)\s*(\S+)")


def holds(condition: str, item: Item | None, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Whether a condition holds for an item, None for one that is not there.

    >>> holds("attribute_not_exists(#n) OR #n < :n", {"_n": {"N": "4"}}, {"#n": "_n"}, {":n": {"N": "10"}})
    True
    """
    if not condition:
        return True
    return any(
        all(_term(term.strip(), item, names, values) for term in _bare(part).split(" AND "))
        for part in _bare(condition).split(" OR ")
    )


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if text.startswith("(") and text.endswith(")") and ")" not in text[1:-1] else text


def _term(term: str, item: Item | None, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    found = _FUNCTION.fullmatch(term)
    if found is not None:
        is_there = item is not None and names.get(found[2], found[2]) in item
        return is_there is (found[1] == "attribute_exists")
    found = _COMPARISON.fullmatch(term)
    if found is None:
        raise InternalError(f"the simulated table does not know the condition {term!r}")
    one, other = ((item or {}).get(names.get(part, part), values.get(part)) for part in (found[1], found[3]))
    return one is not None and other is not None and bool(_COMPARE[found[2]](_plain(one), _plain(other)))


def _plain(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    return int(value) if kind == "N" and str(value).lstrip("-").isdigit() else value


def updated(expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]) -> Item:
    """An item after ``SET a = :a, ... REMOVE b, ...``.

    >>> updated("SET #a = :a REMOVE #b", {"b": {"S": "x"}}, {"#a": "a", "#b": "b"}, {":a": {"N": "1"}})
    {'a': {'N': '1'}}
    """
    sets, _, removes = expression.partition(" REMOVE ")
    if not sets.startswith("SET "):
        raise InternalError(f"the simulated table does not know the update {expression!r}")
    made = dict(item)
    for part in sets.removeprefix("SET ").split(","):
        name, _, value = part.partition("=")
        made[names[name.strip()]] = values[value.strip()]
    for part in removes.split(",") if removes else ():
        made.pop(names[part.strip()], None)
    return made
