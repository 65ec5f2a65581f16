"""Filters: which records an event source mapping hands over at all, by Lambda's patterns.

A pattern is an object of the record's shape whose leaves are lists of rules; a record matches when every field has a
value that one of its rules accepts. A filter accepts what matches any of its patterns. What a pattern sees of a record:
of Kinesis the fields of ``kinesis``, with ``data`` as the JSON that it holds; of DynamoDB the record; of SQS the
message, with ``body`` as JSON where the pattern of it is an object. Data that is no JSON matches no pattern that asks
for it.
"""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import field, frozen

from reactflow.errors import ConfigurationError

MOST_PATTERNS: Final = 10
LONGEST_PATTERN: Final = 4096  # characters
_MISSING: Final = object()
_UNREADABLE: Final = object()
_COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RULES: Final = ("prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists")


@frozen
class FilterCriteria:
    """Patterns, as JSON texts; without any, every record is accepted.

    Raises ConfigurationError for a pattern that Lambda would refuse, with the place in it.

    >>> bought = FilterCriteria(('{"data": {"type": ["buy"], "price": [{"numeric": [">", 10]}]}}',))
    >>> data = base64.b64encode(b'{"type": "buy", "price": 12}').decode()
    >>> bought.accepts({"eventSource": "aws:kinesis", "kinesis": {"partitionKey": "a", "data": data}})
    True
    """

    patterns: tuple[str, ...] = ()
    _read: tuple[Mapping[str, Any], ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if len(self.patterns) > MOST_PATTERNS:
            raise ConfigurationError(
                f"filter_criteria has {len(self.patterns)} patterns, and {MOST_PATTERNS} are the most"
            )
        read = tuple(_checked(place, text) for place, text in enumerate(self.patterns))
        object.__setattr__(self, "_read", read)

    def accepts(self, record: Mapping[str, Any]) -> bool:
        """Whether a record, as Lambda would deliver it, matches one of the patterns."""
        return not self._read or any(_matches(pattern, _seen(record, pattern)) for pattern in self._read)


def criteria(patterns: FilterCriteria | Iterable[str | Mapping[str, Any]]) -> FilterCriteria:
    """Filter criteria of patterns that are given as JSON text or as what it stands for.

    >>> criteria([{"eventName": ["INSERT"]}]).patterns
    ('{"eventName": ["INSERT"]}',)
    """
    if isinstance(patterns, FilterCriteria):
        return patterns
    if isinstance(patterns, str | Mapping):
        raise ConfigurationError(f"filter_criteria is one pattern, not a list of them: write [{patterns!r}]")
    return FilterCriteria(tuple(one if isinstance(one, str) else json.dumps(one) for one in patterns))


def _seen(record: Mapping[str, Any], pattern: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a pattern sees of a record."""
    kinesis = record.get("kinesis")
    if record.get("eventSource") == "aws:kinesis" and isinstance(kinesis, Mapping):
        return {**kinesis, "data": _of_text(base64.b64decode(str(kinesis.get("data", ""))))}
    if record.get("eventSource") == "aws:sqs" and isinstance(pattern.get("body"), Mapping):
        return {**record, "body": _of_text(str(record.get("body", "")))}
    return record


def _of_text(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _matches(pattern: Mapping[str, Any], value: object) -> bool:
    if value is _UNREADABLE:  # nothing is known of what it holds, and neither of what it does not
        return False
    if isinstance(value, list):  # of objects: one of them has to match
        return any(_matches(pattern, each) for each in value)
    there = value if isinstance(value, Mapping) else {}
    for name, rule in pattern.items():
        if name == "$or":
            if not any(_matches(each, value) for each in rule):
                return False
        elif isinstance(rule, Mapping):
            if not _matches(rule, there.get(name, {})):
                return False
        elif there.get(name) is _UNREADABLE or not _leaf_matches(rule, there.get(name, _MISSING)):
            return False
    return True


def _leaf_matches(rules: list[Any], value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    # An object, and an empty list, hold nothing at this place.
    values = [each for each in values if each is not _MISSING and not isinstance(each, list | Mapping)]
    for rule in rules:
        if isinstance(rule, Mapping) and "exists" in rule:
            if bool(values) is rule["exists"]:
                return True
        elif any(_accepts(rule, each) for each in values):
            return True
    return False


def _accepts(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return _is_same(rule, value)
    ((name, wanted),) = rule.items()
    if name == "anything-but":
        return not any(_is_same(each, value) for each in (wanted if isinstance(wanted, list) else [wanted]))
    if name == "numeric":
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return _is_number(value) and all(_COMPARED[sign](value, bound) for sign, bound in pairs)
    if not isinstance(value, str):
        return False
    if name == "prefix":
        return value.startswith(str(wanted))
    if name == "suffix":
        return value.endswith(str(wanted))
    return value.lower() == str(wanted).lower()


def _is_same(one: object, other: object) -> bool:
    if _is_number(one) and _is_number(other):
        return one == other
    return type(one) is type(other) and one == other


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- checking --------------------------------------------------------------------------------------------------------


def _checked(place: int, text: str) -> Mapping[str, Any]:
    where = f"filter_criteria[{place}]"
    if len(text) > LONGEST_PATTERN:
        raise ConfigurationError(f"{where} has {len(text)} characters, and {LONGEST_PATTERN} are the most")
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{where} is not JSON: {error}") from None
    if not isinstance(pattern, dict) or not pattern:
        raise ConfigurationError(
            f'{where} is {text!r}, not an object such as {{"data": {{"type": ["buy"]}}}}'
        )
    _check(where, pattern)
    return pattern


def _check(where: str, pattern: Mapping[str, Any]) -> None:
    for name, rule in pattern.items():
        inside = f"{where}.{name}"
        if name == "$or":
            if (
                not isinstance(rule, list)
                or len(rule) < 2
                or not all(isinstance(each, dict) for each in rule)
            ):
                raise ConfigurationError(f"{inside} is {rule!r}, not a list of two or more patterns")
            for each in rule:
                _check(inside, each)
        elif isinstance(rule, dict):
            _check(inside, rule)
        elif not isinstance(rule, list) or not rule:
            raise ConfigurationError(f"{inside} is {rule!r}: a value is a list of what it may be, [{rule!r}]")
        else:
            for each in rule:
                _check_rule(inside, each)


def _check_rule(where: str, rule: Any) -> None:
    if rule is None or isinstance(rule, str | bool) or _is_number(rule):
        return
    name, wanted = next(iter(rule.items())) if isinstance(rule, dict) and len(rule) == 1 else ("", None)
    if name not in _RULES:
        raise ConfigurationError(f"{where}: {rule!r} is no rule; there are {', '.join(_RULES)}")
    if name == "exists":
        is_good = isinstance(wanted, bool)
    elif name == "numeric":
        is_good = (
            isinstance(wanted, list)
            and len(wanted) in (2, 4)
            and all(isinstance(sign, str) and sign in _COMPARED for sign in wanted[::2])
            and all(_is_number(bound) for bound in wanted[1::2])
        )
    elif name == "anything-but":
        values = wanted if isinstance(wanted, list) else [wanted]
        is_good = bool(values) and all(isinstance(each, str) or _is_number(each) for each in values)
    else:
        is_good = isinstance(wanted, str)
    if not is_good:
        raise ConfigurationError(f"{where}: {rule!r} cannot be compared with")
