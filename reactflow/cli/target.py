"""What a command works on: ``module:name``, found from the folder that it is called in.

It promises that whatever a user's module does when it is imported ends in one line that names the user's own line, and
that what it prints goes to standard error: standard output is the command's own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError
from reactflow.service import loading
from reactflow.service.loading import described

if TYPE_CHECKING:
    from reactflow.service import Service, System

__all__ = ["described", "load", "load_services", "load_system"]


def load(target: str) -> Any:
    """The object that ``module:name`` names; raises ConfigurationError when there is none.

    >>> load("math:pi")
    3.141592653589793
    """
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    stem = target.partition(":")[0].partition(".")[0]
    with redirect_stdout(sys.stderr):
        return loading.load(target, missing=f"call this in the folder of {stem}.py, or correct the name")


def load_services(target: str) -> list[Service]:
    """The services that a target names: a Service, or all of a System. Raises ConfigurationError for anything else."""
    from reactflow.service import Service, System

    found = load(target)
    if isinstance(found, System):
        return list(found.services.values())
    if isinstance(found, Service):
        return [found]
    raise ConfigurationError(
        f"{target} is {described(found)}, and not a service: name what Service(...) or System(...) made"
    )


def load_system(targets: Sequence[str]) -> System:
    """The system that some targets make up. Raises ConfigurationError for two services of one name.

    A System is taken as it is, with the cycles that it declares; services beside it must not close others.
    """
    from reactflow.service import System

    if len(targets) == 1 and isinstance(alone := load(targets[0]), System):
        return alone
    services: dict[str, Service] = {}
    for target in targets:
        for service in load_services(target):
            if services.setdefault(service.name, service) is not service:
                raise ConfigurationError(
                    f"{target}: there is a service named {service.name!r} already: give one another name="
                )
    return System(*services.values())
