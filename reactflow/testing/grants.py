"""Whether statements of a policy allow a call, judged as IAM does it: what no statement allows is denied.

A pattern matches part by part of an ARN, ``*`` any text and ``?`` one character of it, exactly as they are written.
What is asked for is plain text: a ``*`` in the name of an object or a unit means that character. There is nothing
here that denies, for no statement of ours does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from reactflow.deploy.statement import Statement
from reactflow.errors import ConfigurationError

_LITERAL: Final = re.compile(r"\$\{([*?$])\}|([*?])|(\$\{)|([^*?$]+|\$)")
_EVERY: Final = "ForAllValues:"
_SOME: Final = "ForAnyValue:"


@frozen
class Need:
    """One thing that a call takes: an action, on an ARN (``*`` where it takes none), and what conditions may ask of."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(factory=dict)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of IAM fits a text, in full and with regard to case; ``${*}`` stands for the character itself.

    >>> matches("rooms/*", "rooms/room=r1"), matches("rooms/*", "rooms-2/x"), matches("a${*}", "ab")
    (True, False, False)
    """
    return _compiled(pattern).fullmatch(text) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Whether a pattern of an ARN fits one, each of its six parts by itself; ``*`` alone fits anything.

    >>> matches_arn("arn:aws:s3:::photos/in/*", "arn:aws:s3:::photos/in/ann/cat.jpg")
    True
    >>> matches_arn("arn:aws:sqs:*:news", "arn:aws:sqs:eu-west-1:123456789012:news")
    False
    """
    if pattern == "*":
        return True
    parts, asked = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(asked) == 6 and all(map(matches, parts, asked))


def allowing(statements: Sequence[Statement], need: Need) -> list[Statement]:
    """The statements that allow what is needed. Raises ConfigurationError for a condition of another kind."""
    return [
        one
        for one in statements
        if any(matches(action.lower(), need.action.lower()) for action in one.actions)
        and any(matches_arn(resource, need.resource) for resource in one.resources)
        and all(
            _holds(operator, patterns, need.context.get(key))
            for operator, keys in one.conditions.items()
            for key, patterns in keys.items()
        )
    ]


def _holds(operator: str, patterns: Sequence[str], there: tuple[str, ...] | None) -> bool:
    """Whether a condition holds for the values of a key in the request, None where it has none."""
    plain = operator.removeprefix(_EVERY).removeprefix(_SOME)
    test = _TESTS.get(plain.removesuffix("IfExists"))
    if test is None:
        raise ConfigurationError(
            f"a statement has the condition {operator!r}, which is not known here: it is one of {', '.join(_TESTS)}, "
            f"with {_EVERY} or {_SOME} before it or IfExists behind it"
        )
    fits = [any(test(pattern, text) for pattern in patterns) for text in there or ()]
    if operator.startswith(_EVERY):
        return all(fits)  # also of none
    if there is None:
        return plain.endswith("IfExists")
    return any(fits)


_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": str.__eq__,
    "StringLike": matches,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
}


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    made: list[str] = []
    for found in _LITERAL.finditer(pattern):
        itself, wild, variable, plain = found.groups()
        if variable:
            raise ConfigurationError(
                f"the pattern {pattern!r} has a variable: give its value before it is matched"
            )
        made.append({"*": ".*", "?": "."}[wild] if wild else re.escape(itself or plain))
    return re.compile("".join(made), re.DOTALL)
