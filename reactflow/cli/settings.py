"""Settings of the command line: a flag, else an environment variable ``REACTFLOW_*``, else ``[tool.reactflow]`` of the
folder's ``pyproject.toml``, else the default. A key that there is not is an error: a typing error would be silence.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from reactflow.errors import ConfigurationError
from reactflow.service.suggest import suggestion

_OPERATING = (*(f"quarantine {one}" for one in ("list", "show", "redrive", "skip")), "units show")

# Setting -> its type, and the commands that have it as an option.
KNOWN: dict[str, tuple[type, tuple[str, ...]]] = {
    "endpoint": (str, ("dev", "put", "invoke", *_OPERATING)),
    "page": (bool, ("dev",)),
    "port": (int, ("dev",)),
    "shards": (int, ("dev",)),
    "state": (str, ("dev", "invoke", *_OPERATING)),
}


def defaults(folder: Path) -> dict[str, dict[str, Any]]:
    """The options of each command that the folder's ``[tool.reactflow]`` sets; empty when it sets none.

    Raises ConfigurationError for an unknown key, and for a value of another type.

    >>> defaults(Path("/nowhere"))
    {}
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("reactflow", {})
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: tool.reactflow is a table: write [tool.reactflow]")
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name not in KNOWN:
            known = ", ".join(KNOWN)
            raise ConfigurationError(
                f"{file}: [tool.reactflow] has no setting {name!r}{suggestion(name, KNOWN)}; it has {known}"
            )
        kind, commands = KNOWN[name]
        if type(value) is not kind:
            raise ConfigurationError(f"{file}: [tool.reactflow] {name} = {value!r} is not {_NAMES[kind]}")
        for command in commands:
            options = found
            for word in command.split():
                options = options.setdefault(word, {})
            options[name] = value
    return found


_NAMES = {str: "a text", int: "a whole number", bool: "true or false"}
