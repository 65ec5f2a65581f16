"""What AWS takes at most, held against what a stage would have: lengths of names, sizes. It asks AWS for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from reactflow.deploy.policies import LONGEST as POLICY
from reactflow.deploy.policies import size_of, statements_of
from reactflow.deploy.settings import STATE, Settings
from reactflow.local.needs import needs_of
from reactflow.service import Service, System
from reactflow.service.item import HARD_LIMIT, ROOM

# What pseudo parameters stand for at the longest.
_LONGEST: Final[Mapping[str, str]] = {"${AWS::AccountId}": "9" * 12, "${AWS::Region}": "ap-southeast-2"}
_NAMES: Final = {"kinesis": (1, 128), "dynamodb": (3, 255), "s3": (3, 63)}
STACK: Final = 128  # characters
ENVIRONMENT: Final = 4096  # bytes of a function's variables, names and values


@frozen
class Limit:
    """A size of one thing, in ``unit``, and how much AWS takes.

    >>> Limit("the stack house-dev", "characters", 9, 128).ok
    True
    """

    subject: str
    unit: str
    value: int
    most: int
    least: int = 0

    @property
    def ok(self) -> bool:
        """Whether AWS takes it."""
        return self.least <= self.value <= self.most

    def __str__(self) -> str:
        bound = f"at most {self.most:,}" if self.value >= self.least else f"at least {self.least:,}"
        return f"{self.subject}: {self.value:,} {self.unit}, {bound}"


def limits_of(system: System, settings: Settings) -> Iterator[Limit]:
    """The limits that the services of a system come up against in a stage, kept or not.

    Raises ConfigurationError for what two services say otherwise of one table, and a policy that cannot be written.
    """
    yield Limit(f"the stack {settings.stack}", "characters", len(settings.stack), STACK)
    services = list(system.services.values())
    for resource in dict.fromkeys([*(need.resource for need in needs_of(services)), f"dynamodb/{STATE}"]):
        kind = resource.partition("/")[0]
        if kind in _NAMES:
            name = settings.physical(resource)
            least, most = _NAMES[kind]
            long = len(re.sub("|".join(map(re.escape, _LONGEST)), lambda found: _LONGEST[found[0]], name))
            yield Limit(f"{resource}, {name}", "characters", long, most, least)
    for service in services:
        yield from _of_service(service, settings)


def _of_service(service: Service, settings: Settings) -> Iterator[Limit]:
    step = service.step
    size = len(step.codec.encode(step.initial()))
    yield Limit(f"a new unit of {service.name}", "bytes", size, HARD_LIMIT - ROOM)
    yield Limit(
        f"the policy of {service.name}", "characters", size_of(statements_of(service, settings)), POLICY
    )
    names = {need.resource: settings.physical(need.resource) for need in needs_of([service])}
    variables = {
        **settings.environment,
        "REACTFLOW_NAMES": json.dumps(names),
        "REACTFLOW_STATE": settings.physical(STATE),
    }
    taken = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    yield Limit(f"the variables of {service.name}", "bytes", taken, ENVIRONMENT)
