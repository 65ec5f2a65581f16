"""Names of streams, tables and buckets: what AWS itself takes, and what they are called in a stage.

Code speaks of *logical* names, the same in each stage: records, lanes, destinations, ids and stored values hold them.
What a stage calls a thing on AWS is its *physical* name. Only calls to AWS use it, and events that come from there
are opened with it. ``REACTFLOW_NAMES`` tells the physical names that are other than the logical ones, as an object of
JSON: ``{"kinesis/measurements": "dev-measurements"}``. It is read once; where it is not set, nothing is looked up.

Of names only what can never be the name of one is refused. Where older rules of AWS allowed more than today's, the
older ones count, for such buckets live on.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from reactflow.errors import BindingError, ConfigurationError
from reactflow.service.decoding import short

SETTING: Final = "REACTFLOW_NAMES"
ACCOUNT: Final = "REACTFLOW_ACCOUNT"
_RULES = {
    "Kinesis": (128, "a stream's name is 1 to 128 letters, digits, '.', '-' and '_'"),
    "DynamoDB": (255, "a table's name is 3 to 255 letters, digits, '.', '-' and '_'"),
    "S3": (255, "a bucket's name is 3 to 63 lowercase letters, digits, '.' and '-'"),
}
_NAME: Final = r"[A-Za-z0-9._-]{1,255}"
_RESOURCE: Final = re.compile(rf"(kinesis|dynamodb|s3)/{_NAME}")
_FORM: Final = 'write an object such as {"kinesis/measurements": "dev-measurements"}'


def check_name(service: str, name: object) -> None:
    """Refuse what no stream, table or bucket can be named: raises BindingError with the rule.

    >>> check_name("Kinesis", "my stream!")
    Traceback (most recent call last):
        ...
    reactflow.errors.BindingError: Kinesis('my stream!'): a stream's name is 1 to 128 letters, digits, '.', '-' and '_'
    """
    longest, rule = _RULES[service]
    if not isinstance(name, str) or not re.fullmatch(rf"[A-Za-z0-9._-]{{1,{longest}}}", name):
        raise BindingError(f"{service}({short(name)}): {rule}")


@frozen(eq=False)
class Names:
    """The physical names of a stage, by resource: ``{"kinesis/measurements": "dev-measurements"}``.

    Raises ConfigurationError for what is no resource, for what can be no name, and for two resources of one name.

    >>> names = Names({"kinesis/measurements": "dev-measurements"})
    >>> names.physical("kinesis/measurements"), names.logical("kinesis", "dev-measurements")
    ('dev-measurements', 'measurements')
    >>> names.physical("kinesis/alarms"), names.logical("kinesis", "alarms")
    ('alarms', 'alarms')
    >>> names.logical("kinesis", "measurements")
    'measurements (on AWS)'
    """

    by_resource: Mapping[str, str]
    _logical: Mapping[tuple[str, str], str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        found: dict[tuple[str, str], str] = {}
        told: Mapping[str, object] = self.by_resource  # as it was read
        for resource, name in told.items():
            if not _RESOURCE.fullmatch(resource):
                raise ConfigurationError(
                    f"{SETTING}: {short(resource)} is no resource: write kinesis/STREAM, dynamodb/TABLE or s3/BUCKET"
                )
            if not isinstance(name, str) or not re.fullmatch(_NAME, name):
                raise ConfigurationError(
                    f"{SETTING}: {resource!r} is {short(name)}, which can be no name on AWS"
                )
            kind, _, logical = resource.partition("/")
            if found.setdefault((kind, name), logical) != logical:
                raise ConfigurationError(
                    f"{SETTING}: {name!r} is the name of {kind}/{found[kind, name]} and of {resource}: of a record of "
                    "it nobody could say which one it came from; give each its own"
                )
        object.__setattr__(self, "_logical", found)  # a frozen value is completed once, here

    def physical(self, resource: str) -> str:
        """The name that a resource has on AWS: its own, unless another is told."""
        return self.by_resource.get(resource) or resource.partition("/")[2]

    def logical(self, kind: str, name: str) -> str:
        """The name that code uses for what is called ``name`` on AWS.

        What only happens to have a logical name, of a thing that is called otherwise here, is none of ours; it gets a
        name that nothing can be bound to.
        """
        found = self._logical.get((kind, name))
        if found is None:
            return f"{name} (on AWS)" if f"{kind}/{name}" in self.by_resource else name
        return found


def names() -> Names | None:
    """The names that ``REACTFLOW_NAMES`` tells, None when it is not set.

    Raises ConfigurationError for a value that is no object of texts, and as ``Names`` does.
    """
    text = os.environ.get(SETTING)
    return _read(text) if text else None


def physical(resource: str) -> str:
    """The name to call AWS with for a resource such as ``kinesis/measurements``. Raises as ``names`` does.

    >>> physical("kinesis/measurements")
    'measurements'
    """
    told = names()
    return resource.partition("/")[2] if told is None else told.physical(resource)


def logical(kind: str, name: str) -> str:
    """The name that code uses for what is called ``name`` on AWS; see ``Names.logical``. Raises as ``names`` does.

    >>> logical("kinesis", "measurements")
    'measurements'
    """
    told = names()
    return name if told is None else told.logical(kind, name)


def shown(resource: str) -> str:
    """A resource as an error shows it: with both names where they differ.

    >>> shown("dynamodb/areas")
    'dynamodb/areas'
    """
    kind, _, rest = resource.partition("/")
    name = rest.partition("/")[0]
    there = physical(f"{kind}/{name}")
    return resource if there == name else f"{resource} ({there!r} on AWS)"


def home_account() -> str | None:
    """The account that all which is not bound to another one has to belong to, where ``REACTFLOW_ACCOUNT`` says so.

    Raises ConfigurationError for a value that is no account.
    """
    account = os.environ.get(ACCOUNT)
    if not account:
        return None
    if len(account) != 12 or not (account.isascii() and account.isdigit()):
        raise ConfigurationError(f"{ACCOUNT}={account!r} is no account of AWS: write its 12 digits")
    return account


@lru_cache(maxsize=16)  # one, but in tests
def _read(text: str) -> Names:
    try:
        found = json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        raise ConfigurationError(f"{SETTING} is not JSON ({error}): {_FORM}") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{SETTING}={text!r:.60} is no object of JSON: {_FORM}")
    return Names(found)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in it")
    return found
