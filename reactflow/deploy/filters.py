"""Filters: what AWS need not hand over, since it would have changed nothing, been no case and meant nothing.

**Objects** are filtered always. A rule sees an object's key as a template does, so that all keys of the template pass
and nothing that does not is ever looked into.

**Changes of items** are filtered only where the setting ``filters`` asks for it. A pattern finds values by the type in
which they stand, and finds neither lists nor maps, so that it cannot tell an attribute that is not there from one of
the wrong type. With the setting, a change is left out where neither image holds a field that is read, as text, number,
bytes, truth, null or set, and the key is of the right type. What else might be wrong with such an item (a list where a
number is meant, a key that is too long) is not noticed then. Where a record without any field could change something,
as where a cell has a default, there is no filter and a reason (``unfiltered``).

**Records of Kinesis** are never filtered: with a filter on the data Lambda drops in silence what is no JSON, and such
records are to be kept as cases.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Final, get_args

from reactflow.aws import S3, DynamoDB
from reactflow.cells import UNSET
from reactflow.local.triggers.filters import LONGEST_PATTERN
from reactflow.service import Service

MOST: Final = 5  # patterns of an event source mapping, unless AWS was asked for more
LONGEST_RULE: Final = 1500  # characters of all keys in a rule, of the 2,048 that its pattern may have
_LEAVES: Final = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS")
_SCALARS: Final = {str, int, float, bool, bytes, Decimal, date, datetime, NoneType, None}
_THERE: Final = [{"exists": True}]


def object_keys(sources: Sequence[S3]) -> tuple[Mapping[str, str] | str, ...]:
    """What the keys of the objects that are read match, as EventBridge says it: one of these; none where all are read.

    >>> object_keys([S3("photos", key="in/{user}/{name}.jpg"), S3("photos", key="index.json")])
    ({'wildcard': 'in/*.jpg'}, 'index.json')
    """
    rules = [_rule(one) for one in sources]
    if sum(len(json.dumps(one)) for one in rules) > LONGEST_RULE:
        rules = [{"prefix": one.template.prefix} if one.template.prefix else "" for one in sources]
    if "" in rules or sum(len(json.dumps(one)) for one in rules) > LONGEST_RULE:
        return ()
    found = {json.dumps(one): one for one in rules}
    return tuple(found.values())


def _rule(source: S3) -> Mapping[str, str] | str:
    """The rule of one template; empty for one of all keys."""
    template = source.template
    first, last = template.prefix, template.suffix
    if not template.kinds:
        return template.text
    if first and last:
        return {"wildcard": f"{_literal(first)}*{_literal(last)}"}
    if first:
        return {"prefix": first}
    return {"suffix": last} if last else ""


def _literal(text: str) -> str:
    """A text as it stands in a wildcard."""
    return text.replace("\\", "\\\\").replace("*", "\\*")


def item_patterns(service: Service, resource: str, keys: Mapping[str, str]) -> tuple[str, ...]:
    """The patterns of a table's mapping, one of which a record has to match; none for a table without a filter.

    ``keys`` are the attributes of the table's primary key with their types, empty when they are not known.
    """
    if unfiltered(service, resource, keys):
        return ()
    (one,) = service.inputs_of[resource]
    seen = {"$or": [place for path in one.feeds.values() for place in _places(path)]}
    patterns: list[dict[str, Any]] = [{"dynamodb": {image: seen}} for image in ("NewImage", "OldImage")]
    # of another view nothing is known of what was there; a key of another type is a case
    patterns.append({"dynamodb": {"StreamViewType": [{"anything-but": ["NEW_AND_OLD_IMAGES"]}]}})
    patterns += [{"dynamodb": {"Keys": {name: {kind: [{"exists": False}]}}}} for name, kind in keys.items()]
    texts = tuple(_text(one) for one in patterns)
    return texts if len(texts) <= MOST and all(len(text) <= LONGEST_PATTERN for text in texts) else ()


def unfiltered(service: Service, resource: str, keys: Mapping[str, str]) -> str:
    """Why the changes of a table cannot be filtered for a service; empty when they can."""
    inputs = service.inputs_of[resource]
    plan = service.flow.plan
    if len(inputs) > 1:
        return "several inputs read it"
    (one,) = inputs
    source = one.source
    others = {name for other in service.bound if other is not one for name in other.feeds}
    defaults = [name for name in sorted(service.fed) if plan[name].default is not UNSET]
    typed = [name for name in one.feeds if not _is_scalar(plan[name].type)]
    paths = set(one.paths.values())
    reasons = (
        (not isinstance(source, DynamoDB), "it is no table"),
        (source.where is not None, "where= may look at any field"),
        (source.extra == "forbid", 'extra="forbid" refuses what is in no field'),
        (source.version is not None, "a record without its version is a case"),
        (bool(one.gathers), "it feeds members"),
        (service.key.window is not None, "a record without its time is a case"),
        (not service.fed, "it feeds no cell that keeps a value: a unit's row is there from its first record on"),
        (bool(defaults), f"{', '.join(defaults)} has a default, so that an item without it has a row"),
        (bool(others & set(one.feeds)), "another input feeds the same cells"),
        (bool(typed), f"{', '.join(typed)} may be a list or a map, which no pattern finds"),
        (not keys or set(keys) != paths, "its primary key is not known to be the unit's key"),
        (any(kind is not str for kind in service.key.types), "a key that is no text may be a case"),
        (any(name.startswith("$") for path in one.feeds.values() for name in path.split(".")), "a field begins with $"),
        (any(not path for path in one.feeds.values()), "it feeds a cell with whole records"),
    )  # fmt: skip
    return next((why for is_so, why in reasons if is_so), "")


def _is_scalar(kind: Any) -> bool:
    """Whether values of a declared type stand neither as a list nor as a map."""
    return kind is not None and all(one in _SCALARS for one in get_args(kind) or (kind,))


def _places(path: str) -> Iterator[dict[str, Any]]:
    """Where a value at a path may stand in an image, and what may stand there instead of the map around it."""
    steps = path.split(".")
    for depth in range(len(steps)):
        for leaf in _LEAVES:
            place: dict[str, Any] = {steps[depth]: {leaf: _THERE}}
            for step in reversed(steps[:depth]):
                place = {step: {"M": place}}
            yield place


def _text(pattern: Mapping[str, Any]) -> str:
    """A pattern as JSON in which nothing is left that a template would replace."""
    text = json.dumps(pattern, separators=(",", ":"))
    return text.replace("${", "\\u0024{").replace("{{resolve:", "\\u007b{resolve:")
