"""What a command works on: ``module:name``, found from the folder that it is called in."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError
from reactflow.service.suggest import suggestion

if TYPE_CHECKING:
    from reactflow.service import Service


def load(target: str) -> Any:
    """The object that ``module:name`` names; raises ConfigurationError when there is none.

    >>> load("math:pi")
    3.141592653589793
    """
    module_name, colon, name = target.partition(":")
    if not colon or not module_name or not name:
        raise ConfigurationError(
            f"{target!r} is not module:name; write, for example, rooms:rooms for `rooms` in rooms.py"
        )
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise ConfigurationError(
                f"{module_name} needs the module {error.name!r}: install it, or correct the import"
            ) from error
        raise ConfigurationError(
            f"there is no module {module_name!r} in {folder} or on the path: call this in the folder of {module_name}.py"
        ) from error
    if not hasattr(module, name):
        public = [one for one in vars(module) if not one.startswith("_")]
        raise ConfigurationError(f"{module_name} has no {name!r}{suggestion(name, public)}")
    return getattr(module, name)


def load_services(target: str) -> list[Service]:
    """The services that a target names: a Service, or all of a System. Raises ConfigurationError for anything else."""
    from reactflow.service import Service, System

    found = load(target)
    if isinstance(found, System):
        return list(found.services.values())
    if isinstance(found, Service):
        return [found]
    what = type(found).__name__
    raise ConfigurationError(
        f"{target} is a {what}, not a service: name what Service(...) or System(...) made"
    )
