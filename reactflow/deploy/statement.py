"""A statement of a policy, as a frozen value: which actions, on what, under which conditions. It allows, never denies.

Texts with ``${`` are for ``Fn::Sub``: ``to_json`` says so for a template, ``of`` replaces them as CloudFormation does.
It knows no service and no setting.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen

from reactflow.errors import ConfigurationError

# as long as they can be: what the pseudo parameters stand for, and anything else
_WORST: Final = {"AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-99", "AWS::AccountId": "9" * 12}
_LONG: Final = "x" * 256
_PARAMETER: Final = re.compile(r"\$\{(!?)([^}]*)\}")

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Operator of IAM -> key of the request -> values: ``{"StringLike": {"s3:prefix": ("in/*",)}}``."""


def _conditions(value: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        operator: {key: tuple(texts) for key, texts in keys.items()}
        for operator, keys in sorted(value.items())
    }


@frozen
class Statement:
    """One statement of a policy; it allows. ``resources`` are ARNs, with pseudo parameters for ``Fn::Sub``.

    >>> bucket = Statement("Read", ("s3:GetObject",), ("arn:${AWS::Partition}:s3:::photos/in/*",))
    >>> bucket.to_json()["Resource"]
    [{'Fn::Sub': 'arn:${AWS::Partition}:s3:::photos/in/*'}]
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(factory=dict, converter=_conditions)

    def to_json(self) -> dict[str, Any]:
        """The statement as a template has it."""
        made: dict[str, Any] = {
            "Sid": self.sid, "Effect": "Allow", "Action": list(self.actions), "Resource": _subs(self.resources)
        }  # fmt: skip
        if self.conditions:
            made["Condition"] = {
                operator: {key: _subs(values) for key, values in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return made

    def of(self, parameters: Mapping[str, str]) -> Statement:
        """The statement with its parameters replaced, as CloudFormation does it.

        Raises ConfigurationError for one that has no value.

        >>> Statement("Read", ("s3:GetObject",), ("arn:${AWS::Partition}:s3:::a/*",)).of(
        ...     {"AWS::Partition": "aws"}
        ... )
        Statement(sid='Read', actions=('s3:GetObject',), resources=('arn:aws:s3:::a/*',), conditions={})
        """

        def value(found: re.Match[str]) -> str:
            if found[1]:
                return f"${{{found[2]}}}"
            try:
                return parameters[found[2]]
            except KeyError:
                raise ConfigurationError(
                    f"the statement {self.sid!r} has the parameter {found[0]}, which has no value: give it one, as in "
                    f"{{{found[2]!r}: ...}}"
                ) from None

        def values(texts: Iterable[str]) -> tuple[str, ...]:
            return tuple(_PARAMETER.sub(value, text) for text in texts)

        conditions = {
            operator: {key: values(texts) for key, texts in keys.items()}
            for operator, keys in self.conditions.items()
        }
        return evolve(self, resources=values(self.resources), conditions=conditions)


def policy_of(statements: Sequence[Statement]) -> dict[str, Any]:
    """The policy document of statements, as plain data for a template.

    >>> policy_of([Statement("Read", ("s3:GetObject",), ("arn:aws:s3:::photos/in/*",))])["Version"]
    '2012-10-17'
    """
    return {"Version": "2012-10-17", "Statement": [one.to_json() for one in statements]}


def size_of(statements: Iterable[Statement]) -> int:
    """Characters of the policy, white space not counted, with the longest account, region and partition.

    >>> size_of([])
    39
    """
    plain = policy_of([one.of(defaultdict(lambda: _LONG, _WORST)) for one in statements])
    return len(json.dumps(plain, separators=(",", ":"), ensure_ascii=False))


def _subs(texts: Iterable[str]) -> list[Any]:
    return [{"Fn::Sub": text} if "${" in text else text for text in texts]
