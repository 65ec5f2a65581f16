"""Loading what a text ``module:name`` names, whatever the module does when it is imported.

It promises that a failure is one error of one line, which names the user's own line. It must not add to the path: that
is for whoever knows where the module is.
"""

from __future__ import annotations

import importlib
import os
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError, MissingExtra, ReactflowError
from reactflow.service.suggest import suggestion

if TYPE_CHECKING:
    from reactflow.service.service import Service

_FOREIGN = (f"{Path(__file__).parents[1]}{os.sep}", f"{Path(importlib.__file__).parent}{os.sep}", "<")


def load(target: str, *, missing: str = "correct the name") -> Any:
    """The object that ``module:name`` names; dots in the name go into it, and into a System to one of its services.

    ``missing`` is the remedy for a module that is not on the path. Raises ConfigurationError when there is none.

    >>> load("math:pi")
    3.141592653589793
    """
    module_name, colon, name = target.partition(":")
    if not colon or not module_name or not name:
        stem = Path(module_name).stem or "rooms"
        raise ConfigurationError(f"{target!r} is not module:name: write {stem}:NAME for NAME in {stem}.py")
    if module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").replace("/", ".").strip(".")
        raise ConfigurationError(f"{target!r} names a file: name its module, {dotted}:{name}")
    found: Any = imported(module_name, missing)
    for part in name.split("."):
        services = getattr(found, "services", None)
        inside = services if isinstance(services, dict) else {}
        if part in inside:
            found = inside[part]
        elif hasattr(found, part):
            found = getattr(found, part)
        else:
            public = [one for one in getattr(found, "__dict__", ()) if not one.startswith("_")]
            raise ConfigurationError(f"{module_name} has no {name!r}{suggestion(part, [*public, *inside])}")
    return found


def load_service(target: str, *, missing: str = "correct the name") -> Service:
    """The service that ``module:name`` names; see ``load``. A System of one service stands for that.

    Raises ConfigurationError for anything else.
    """
    from reactflow.service.service import Service
    from reactflow.service.system import System

    found = load(target, missing=missing)
    if isinstance(found, System):
        if len(found.services) == 1:
            return next(iter(found.services.values()))
        raise ConfigurationError(
            f"{target} is a system of several services: name one of them, {target}.NAME for NAME of "
            f"{', '.join(found.services)}"
        )
    if isinstance(found, Service):
        return found
    raise ConfigurationError(
        f"{target} is {described(found)}, and not a service: name what Service(...) made"
    )


def described(found: object) -> str:
    """What something is, in the words of a user: "the flow Room", "a function", "a dict".

    >>> described(len), described({})
    ('a function', 'a dict')
    """
    from reactflow.flow import Flow

    if isinstance(found, type):
        return f"the {'flow' if issubclass(found, Flow) else 'class'} {found.__name__}"
    if isinstance(found, Flow):
        return f"a live {type(found).__name__}"
    if isinstance(found, ModuleType):
        return f"the module {found.__name__}"
    return f"a {'function' if callable(found) else type(found).__name__}"


def imported(module_name: str, missing: str) -> ModuleType:
    """A module, imported; raises ConfigurationError for whatever goes wrong with that, MissingExtra as it is."""
    try:
        return importlib.import_module(module_name)
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigurationError(
                f"there is no module {module_name!r} in {Path.cwd()} or on the path: {missing}"
            ) from error
        raise ConfigurationError(
            f"{module_name} needs the module {error.name!r}, which is not there{place_of(error)}: "
            "install it, or correct the import"
        ) from error
    except ReactflowError as error:
        raise ConfigurationError(f"{module_name} is wrong{place_of(error)}: {error}") from error
    except SystemExit as error:
        raise ConfigurationError(
            f"{module_name} ends the process when it is imported{place_of(error)}: "
            'put what only runs as a program under `if __name__ == "__main__":`'
        ) from error
    except SyntaxError as error:
        place = f" ({Path(error.filename or module_name).name}:{error.lineno})"
        text = f": {error.text.strip()}" if error.text else ""
        raise ConfigurationError(f"{module_name} is not Python{place}: {error.msg}{text}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{module_name} cannot be imported{place_of(error)}: {what}") from error


def place_of(error: BaseException) -> str:
    """The innermost line that is the user's own, as " (rooms.py:12: area = lenght * width)"; empty if there is none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        is_foreign = frame.filename.startswith(_FOREIGN) or "site-packages" in frame.filename
        if not is_foreign:
            line = f": {frame.line}" if frame.line else ""
            return f" ({Path(frame.filename).name}:{frame.lineno}{line})"
    return ""
