"""``reactflow new``: a project that runs at once, of a few files to begin from.

It promises to write into a folder of its own only, whole or not at all, and to write over nothing.
"""

from __future__ import annotations

import keyword
import re
import shutil
import sys
import tempfile
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from reactflow.cli.answers import answer
from reactflow.cli.options import AsJson
from reactflow.errors import ConfigurationError

LONGEST: Final = 40  # characters of a name: stage and services are added to it on AWS
_FILES: Final = {
    "$module.py": "service.py",
    "test_$module.py": "test_service.py",
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
}


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="of the project, its folder and its first service")
    ],
    as_json: AsJson = False,
) -> None:
    """Make a project that runs: a service, its tests, its settings.

    \b
    reactflow new hello && cd hello && reactflow dev
    """
    folder = Path.cwd() / name
    files = made(folder, name)
    run = f"cd {name} && reactflow dev"
    data = {"name": name, "folder": str(folder), "files": files, "next": run}
    answer(f"{name}/ has {', '.join(files)}\nnext: {run}", data, as_json)


def made(folder: Path, name: str) -> list[str]:
    """Write the project; returns the names of its files.

    Raises ConfigurationError for a name that a folder, a module and a stack cannot all have, and for a folder that is
    there.
    """
    module = check_name(name)
    if folder.exists():
        raise ConfigurationError(f"{folder} is there already: choose another name, or remove it")
    words = {"name": name, "module": module, "flow": "".join(one.capitalize() for one in module.split("_"))}
    names = [Template(file).substitute(words) for file in _FILES]
    templates = resources.files("reactflow.cli") / "project"
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder.parent))
        try:
            for file, source in zip(names, _FILES.values(), strict=True):
                text = (templates / f"{source}.template").read_text(encoding="utf-8")
                (aside / file).write_text(Template(text).substitute(words), encoding="utf-8")
            aside.chmod(0o755)  # as any folder; one that is made aside is for its maker only
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror or error}") from error
    return names


def check_name(name: str) -> str:
    """The module that a project of this name has. Raises ConfigurationError for a name that does not do.

    >>> check_name("hello-world")
    'hello_world'
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > LONGEST:
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST].strip("-")
        raise ConfigurationError(
            f"{name!r} is no name of a project: write small letters, digits and '-', at most {LONGEST}, as in "
            f"{better or 'hello'}"
        )
    module = name.replace("-", "_")
    spec = find_spec(module)
    is_installed = spec is not None and spec.origin is not None  # a folder of the name is none
    if is_installed or module in sys.stdlib_module_names or keyword.iskeyword(module) or module == "test":
        raise ConfigurationError(
            f"{name!r} is the name of a module of Python, or of one that is installed: choose another, "
            f"such as my-{name}"
        )
    return module
