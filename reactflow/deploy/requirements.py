"""What goes into a package beside the user's own files, as requirements: the project's, and reactflow's own.

The project's are those of a file that is named, else ``requirements.txt``, else ``[project] dependencies`` of
``pyproject.toml``. reactflow's are taken from what is installed, less those that only the command line, the notebook
and this machine need. It must not ask a package index for anything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from attrs import frozen

from reactflow.errors import ConfigurationError
from reactflow.service.decoding import short

DISTRIBUTION: Final = "reactflow-py"
# The runtime of Lambda has them: they are left out unless asked for.
SDK: Final = frozenset({"boto3", "botocore", "s3transfer"})
BELOW_SDK: Final = frozenset({"jmespath", "python-dateutil", "six", "urllib3"})
# Of reactflow's own: for the command line, the notebook and this machine.
_NOT_DEPLOYED: Final = frozenset(
    {"anywidget", "aws-sam-translator", "ipykernel", "ministack", "rich", "starlette", "typer", "uvicorn"}
)
_REQUIREMENT: Final = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?P<rest>.*)",
    re.DOTALL,
)
_EXTRA: Final = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


@frozen
class Requirement:
    """One requirement: the normal form of its name, its extras, and its text as pip takes it."""

    name: str
    extras: tuple[str, ...]
    text: str


def parsed(text: str, where: str) -> Requirement:
    """A requirement from its text. Raises ConfigurationError for what names no package.

    >>> parsed("Pillow>=10 ; python_version > '3'", "requirements.txt").name
    'pillow'
    """
    found = _REQUIREMENT.fullmatch(text.strip())
    if (
        found is None
        or text.strip().endswith((".whl", ".tar.gz"))
        or found["rest"].startswith(("/", ":", "\\", "@"))  # of an address, pip would run what is there
    ):
        shown = re.sub(r"//[^/]*@", "//...@", text.strip())  # who one is there is nobody's business
        raise ConfigurationError(
            f"{where}: {short(shown)} names no package of an index: write NAME, or NAME>=VERSION; "
            "what is a folder goes in by `include`"
        )
    extras = tuple(sorted(one.strip().lower() for one in (found["extras"] or "").split(",") if one.strip()))
    return Requirement(normal(found["name"]), extras, " ".join(text.split()))


def normal(name: str) -> str:
    """A package's name in its normal form: small letters, with '-' between words.

    >>> normal("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def required(
    folder: Path, file: str = "", *, extras: Iterable[str] = (), sdk: bool = False
) -> tuple[str, ...]:
    """The requirements of a package for the project in ``folder``, sorted; with ``sdk`` boto3 is one of them.

    ``file`` is where the project says what it needs, ``extras`` are those of reactflow that it uses. Raises
    ConfigurationError for a file that is not there or says what cannot be packaged.
    """
    wanted = {*extras, "aws"} if sdk else set(extras)
    found: set[str] = set()
    for one in _declared(folder, file):
        if one.name == DISTRIBUTION:
            wanted.update(one.extras)
        elif one.name not in SDK or sdk:
            found.add(one.text)
    for one in _own(wanted):
        if one.name not in _NOT_DEPLOYED and (one.name not in SDK or sdk):
            found.add(one.text)
    return tuple(sorted(found))


def declaring(folder: Path, file: str = "") -> str:
    """Where the project says what it needs, in the words of a user."""
    if file or (folder / "requirements.txt").is_file():
        return file or "requirements.txt"
    return "[project] dependencies of pyproject.toml"


def _declared(folder: Path, file: str) -> Iterator[Requirement]:
    if file or (folder / "requirements.txt").is_file():
        yield from _of_file(folder / (file or "requirements.txt"), frozenset())
        return
    project = folder / "pyproject.toml"
    if not project.is_file():
        return
    try:
        table = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{project} cannot be read: {error}") from error
    if normal(str(table.get("name", ""))) == DISTRIBUTION:
        return  # reactflow's own folder: its dependencies are found as those of any installed reactflow
    for text in table.get("dependencies", ()):
        yield parsed(str(text), str(project))


def _of_file(file: Path, seen: frozenset[Path]) -> Iterator[Requirement]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        plain = re.sub(r"(^|\s)#.*", "", line).strip()
        if not plain:
            continue
        other = re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", plain)
        if other is not None:
            path = (file.parent / other[1]).resolve()
            if path in seen:
                raise ConfigurationError(f"{file}:{number}: {other[1]} names itself again: take the line out")
            yield from _of_file(path, seen | {file.resolve()})
        elif plain.startswith("-") or " --" in plain:
            raise ConfigurationError(
                f"{file}:{number}: {short(plain)} is an option of pip: write plain requirements here, and set "
                "options of pip by PIP_... in the environment (hashes are in the lock file that is written)"
            )
        else:
            yield parsed(plain, f"{file}:{number}")


def _own(extras: Iterable[str]) -> Iterator[Requirement]:
    """What the installed reactflow needs, with these extras of its own and those that they take along."""
    try:
        texts = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise ConfigurationError(
            f"{DISTRIBUTION} is not installed here, so nobody knows what it needs: install it, with pip install "
            "and its folder or name"
        ) from None
    wanted, todo = set(extras), sorted(extras)
    while todo:
        extra = todo.pop()
        for text in texts:
            one = parsed(text.partition(";")[0], DISTRIBUTION)
            if one.name == DISTRIBUTION and extra in _EXTRA.findall(text):
                todo += sorted(set(one.extras) - wanted)
                wanted |= set(one.extras)
    for text in texts:
        of = _EXTRA.findall(text)
        if of and not wanted & set(of):
            continue
        plain, _, marker = text.partition(";")
        one = parsed(plain, DISTRIBUTION)
        rest = (
            re.sub(r"\s*(and\s+)?\(?" + _EXTRA.pattern + r"\)?", "", marker).strip() if of else marker.strip()
        )
        if one.name != DISTRIBUTION:
            yield Requirement(one.name, one.extras, f"{one.text}; {rest}" if rest else one.text)
