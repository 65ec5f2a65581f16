"""Settings of the command line: a flag, else an environment variable ``REACTFLOW_*``, else ``[tool.reactflow]`` of the
folder's ``pyproject.toml``, else the default. A key that there is not is an error: a typing error would be silence.

What ``[tool.reactflow.deploy]`` and ``[tool.reactflow.stages.NAME]`` say is read by ``deploy.settings``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from reactflow.errors import ConfigurationError
from reactflow.service.suggest import suggestion

_OPERATING = (*(f"quarantine {one}" for one in ("list", "show", "redrive", "skip")), "units show")
_ONE_TARGET = ("invoke", "replay", "quarantine list")
_TARGETS = ("dev", "graph", "check", "sim", "build", "deploy")


@frozen
class Known:
    """A setting: the type of its value, in words too, and the commands that have it as an option."""

    type: type
    words: str
    commands: tuple[str, ...] = ()


KNOWN = {
    "endpoint": Known(str, "a text", ("dev", "put", "invoke", "replay", *_OPERATING)),
    "page": Known(bool, "true or false", ("dev",)),
    "port": Known(int, "a whole number", ("dev",)),
    "shards": Known(int, "a whole number", ("dev",)),
    "stage": Known(str, "a text", ("check", "build", "deploy", "logs", "doctor")),
    "state": Known(str, "a text", ("dev", "invoke", "replay", *_OPERATING)),
    "targets": Known(list, 'a list of texts such as ["rooms:rooms"]', _TARGETS),
    "deploy": Known(dict, "a table: write [tool.reactflow.deploy]"),
    "stages": Known(dict, "a table: write [tool.reactflow.stages.NAME]"),
}


def defaults(folder: Path) -> dict[str, dict[str, Any]]:
    """The options of each command that the folder's ``[tool.reactflow]`` sets; empty when it sets none.

    Raises ConfigurationError for an unknown key, and for a value of another type.

    >>> defaults(Path("/nowhere"))
    {}
    """
    found: dict[str, Any] = {}
    for name, value in table(folder).items():
        for command, option, given in _options(name, value):
            options = found
            for word in command.split():
                options = options.setdefault(word, {})
            options[option] = given
    return found


def _options(name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """The options that a setting stands for: of each command that has it, its name and value."""
    yield from ((command, name, value) for command in KNOWN[name].commands)
    if name == "targets" and len(value) == 1:  # some take one service only
        yield from ((command, "target", value[0]) for command in _ONE_TARGET)


def table(folder: Path) -> dict[str, Any]:
    """What the folder's ``[tool.reactflow]`` sets, checked. Raises as ``defaults`` does."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("reactflow", {})
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file}: tool.reactflow is a table: write [tool.reactflow]")
    for name, value in found.items():
        if name not in KNOWN:
            has = ", ".join(KNOWN)
            raise ConfigurationError(
                f"{file}: [tool.reactflow] has no setting {name!r}{suggestion(name, KNOWN)}; it has {has}"
            )
        known = KNOWN[name]
        is_right = type(value) is known.type
        if name == "targets":
            is_right = is_right and bool(value) and all(isinstance(one, str) for one in value)
        if not is_right:
            raise ConfigurationError(f"{file}: [tool.reactflow] {name} = {value!r} is not {known.words}")
    return found
