"""What a command works on: ``module:name``, found from the folder that it is called in.

It promises that whatever a user's module does when it is imported ends in one line that names the user's own line, and
that what it prints goes to standard error: standard output is the command's own.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from reactflow.errors import ConfigurationError, MissingExtra, ReactflowError
from reactflow.service.suggest import suggestion

if TYPE_CHECKING:
    from reactflow.service import Service, System

_PACKAGE = str(Path(__file__).parents[1])


def load(target: str) -> Any:
    """The object that ``module:name`` names; raises ConfigurationError when there is none.

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
    module = _imported(module_name)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            public = (
                [one for one in vars(found) if not one.startswith("_")] if hasattr(found, "__dict__") else []
            )
            raise ConfigurationError(f"{module_name} has no {name!r}{suggestion(part, public)}")
        found = getattr(found, part)
    return found


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


def described(found: object) -> str:
    """What something is, in the words of a user: "the flow Room", "a function", "a dict"."""
    from reactflow.flow import Flow

    if isinstance(found, type):
        return f"the {'flow' if issubclass(found, Flow) else 'class'} {found.__name__}"
    if isinstance(found, Flow):
        return f"a live {type(found).__name__}"
    if isinstance(found, ModuleType):
        return f"the module {found.__name__}"
    return f"a {'function' if callable(found) else type(found).__name__}"


def _imported(module_name: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        with redirect_stdout(sys.stderr):
            return importlib.import_module(module_name)
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigurationError(
                f"there is no module {module_name!r} in {folder} or on the path: call this in the folder of "
                f"{error.name.rpartition('.')[2]}.py, or correct the name"
            ) from error
        raise ConfigurationError(
            f"{module_name} needs the module {error.name!r}, which is not there{_place(error)}: "
            "install it, or correct the import"
        ) from error
    except ReactflowError as error:
        raise ConfigurationError(f"{module_name} is wrong{_place(error)}: {error}") from error
    except SystemExit as error:
        raise ConfigurationError(
            f"{module_name} ends the process when it is imported{_place(error)}: "
            'put what only runs as a program under `if __name__ == "__main__":`'
        ) from error
    except SyntaxError as error:
        place = f" ({Path(error.filename or module_name).name}:{error.lineno})"
        text = f": {error.text.strip()}" if error.text else ""
        raise ConfigurationError(f"{module_name} is not Python{place}: {error.msg}{text}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{module_name} cannot be imported{_place(error)}: {what}") from error


def _place(error: BaseException) -> str:
    """The innermost line that is the user's own, as " (rooms.py:12: area = lenght * width)"; empty if there is none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        is_foreign = frame.filename.startswith((_PACKAGE, "<")) or "site-packages" in frame.filename
        if not is_foreign and not frame.filename.startswith(str(Path(importlib.__file__).parent)):
            line = f": {frame.line}" if frame.line else ""
            return f" ({Path(frame.filename).name}:{frame.lineno}{line})"
    return ""
