"""Where the runtime interface emulator of AWS Lambda is on this machine.

It is a program of AWS, one file, in the package ``aws-sam-cli`` (``samcli/local/rapid``), which wants an environment of
its own. It is found by the setting ``REACTFLOW_EMULATOR`` (the file, or a folder that holds it), as
``aws-lambda-rie`` on the PATH, or in the installation of the ``sam`` on the PATH. Nothing is downloaded.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from reactflow.errors import ConfigurationError

SETTING = "REACTFLOW_EMULATOR"
_KINDS = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_REMEDY = (
    "install it with `pip install aws-sam-cli` in an environment of its own and put its sam on the PATH, or set "
    f"{SETTING} to the file or its folder"
)


def find_emulator(given: str | os.PathLike[str] | None = None) -> Path:
    """The emulator's file: the one given, or that of a given folder or ``sam``, else the one that is found.

    Raises ConfigurationError, with the remedy, when there is none for this machine.
    """
    if platform.system() != "Linux":
        raise ConfigurationError(
            f"Lambda's runtime interface emulator runs on Linux, and this is {platform.system()}: "
            "use the triggers of this machine, as reactflow dev does"
        )
    said = given if given is not None else os.environ.get(SETTING) or None
    if said is not None:
        for path in _at(Path(said).absolute()):
            return path
        raise ConfigurationError(f"there is no {_name()} at {os.fspath(said)!r}: {_REMEDY}")
    if on_path := shutil.which("aws-lambda-rie"):
        return Path(on_path).absolute()
    if sam := shutil.which("sam"):
        for path in _at(Path(sam).absolute()):
            return path
    raise ConfigurationError(
        f"Lambda's runtime interface emulator ({_name()}) is not on this machine: {_REMEDY}"
    )


def _name() -> str:
    machine = platform.machine().lower()
    return f"aws-lambda-rie-{_KINDS.get(machine, machine)}"


def _at(place: Path) -> Iterator[Path]:
    """The emulator at a place: the file itself, in the folder, or in the installation that a folder or a sam is of."""
    if place.is_file() and place.name.startswith("aws-lambda-rie"):
        yield place
        return
    resolved = place.resolve()
    roots = [place, place.parent.parent, resolved.parent.parent]
    for root in roots:
        yield from (path for path in (root / _name(), root / "aws-lambda-rie") if path.is_file())
        yield from sorted(root.glob(f"lib/python3*/site-packages/samcli/local/rapid/{_name()}"))
