"""What AWS takes at most, held against what a stage would have. Names are checked where resources are listed.

It asks AWS for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from reactflow.deploy.functions import MOST_ENVIRONMENT, size_of_environment
from reactflow.deploy.naming import LONGEST_STACK
from reactflow.deploy.policies import LONGEST as LONGEST_POLICY
from reactflow.deploy.resources import Resources
from reactflow.deploy.statement import size_of
from reactflow.deploy.template import MOST_RESOURCES, template_of
from reactflow.service import System
from reactflow.service.item import HARD_LIMIT, ROOM


@frozen
class Limit:
    """The size of one thing, in ``unit``, and the most that AWS takes.

    >>> print(Limit("stack house-dev", "characters", 9, 128))
    stack house-dev: 9 characters of at most 128
    """

    subject: str
    unit: str
    value: int
    most: int

    @property
    def ok(self) -> bool:
        """Whether AWS takes it."""
        return self.value <= self.most

    def __str__(self) -> str:
        return f"{self.subject}: {self.value:,} {self.unit} of at most {self.most:,}"


def limits_of(system: System, resources: Resources) -> Iterator[Limit]:
    """The limits that a system comes up against as these resources, kept or not."""
    yield Limit(f"stack {resources.stack}", "characters", len(resources.stack), LONGEST_STACK)
    count = len(template_of(resources)["Resources"])
    yield Limit(f"stack {resources.stack}", "resources", count, MOST_RESOURCES)
    for function in resources.functions:
        step = system.services[function.service].step
        size = len(step.codec.encode(step.initial()))
        yield Limit(f"{function.service}, a new unit", "bytes", size, HARD_LIMIT - ROOM)
        yield Limit(
            f"{function.service}, its policy", "characters", size_of(function.statements), LONGEST_POLICY
        )
        taken = size_of_environment(function)
        yield Limit(f"{function.service}, its variables", "bytes", taken, MOST_ENVIRONMENT)
