"""The lock file: the exact wheels of a package, with the digests of their bytes, so that tomorrow's is today's.

It is written by the first build for a Python and an architecture, belongs into version control, and is what later
builds take. It is a requirements file of pip. Where the project asks for something else than it did, the lock is
written anew, with the versions that it had if they still fit. It must not change what is locked for any other reason.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Final

from attrs import frozen

from reactflow.deploy.requirements import parsed
from reactflow.deploy.wheels import Target, Wheel, fetch
from reactflow.errors import ConfigurationError

_ENTRY: Final = re.compile(
    r"(?P<name>\S+)==(?P<version>\S+) --hash=sha256:(?P<digest>[0-9a-f]{64})  # (?P<file>[\w.+!-]+\.whl)"
)
_ASKED: Final = "# asked: "


@frozen
class Locked:
    """The wheels of a package, in the order of their names, and whether the lock file was written for them now."""

    wheels: tuple[Wheel, ...]
    file: Path
    written: bool


@frozen
class _Entry:
    name: str
    version: str
    digest: str
    file: str

    @property
    def pinned(self) -> str:
        return f"{self.name}=={self.version}"

    def __str__(self) -> str:
        return f"{self.pinned} --hash=sha256:{self.digest}  # {self.file}"


def lock_file(folder: Path, target: Target) -> Path:
    """Where the lock of a project is.

    >>> lock_file(Path("house"), Target("3.11", "arm64")).name
    'reactflow-3.11-arm64.lock'
    """
    return folder / f"reactflow-{target.python}-{target.architecture}.lock"


def locked(
    folder: Path, requirements: Sequence[str], target: Target, cache: Path, *, without: Set[str] = frozenset()
) -> Locked:
    """The wheels for these requirements: those of the lock file, or those of the day, which are locked then.

    ``cache`` is a folder that keeps wheels; what it has is not fetched again. Packages named in ``without`` may be in
    the lock, for other stages, and are left alone. Raises ConfigurationError when wheels are not to be had, are other
    than the lock says, or the lock cannot be read.
    """
    file = lock_file(folder, target)
    asked, entries = _read(file)
    if entries and {one for one in asked if parsed(one, str(file)).name not in without} == set(requirements):
        kept = [one for one in entries if one.name not in without]
        return Locked(tuple(_fetched(file, kept, target, cache)), file, written=False)
    found = _resolved(requirements, entries, target, cache)
    _write(file, requirements, found, target)
    return Locked(tuple(found), file, written=True)


def _fetched(file: Path, entries: Sequence[_Entry], target: Target, cache: Path) -> list[Wheel]:
    missing = [one for one in entries if not _is_there(one, cache)]
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=cache, prefix=".missing-", suffix=".txt") as listed:
            listed.writelines(f"{one.pinned} --hash=sha256:{one.digest}\n" for one in missing)
            listed.flush()
            fetch((), cache, target, "--no-deps", "--require-hashes", f"--requirement={listed.name}")
    for one in missing:
        if not _is_there(one, cache):
            raise ConfigurationError(
                f"{file}: {one.file} was not fetched, another wheel of {one.pinned} was: delete the lock file and "
                "build again"
            )
    return [Wheel.at(cache / one.file) for one in entries]


def _is_there(entry: _Entry, cache: Path) -> bool:
    path = cache / entry.file
    return path.is_file() and Wheel.at(path).sha256 == entry.digest


def _resolved(
    requirements: Sequence[str], before: Sequence[_Entry], target: Target, cache: Path
) -> list[Wheel]:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".resolving-") as name:
        folder = Path(name)
        kept = folder / "kept.txt"
        kept.write_text("".join(f"{one.pinned}\n" for one in before), encoding="utf-8")
        try:
            fetch(requirements, folder / "wheels", target, f"--constraint={kept}")
        except ConfigurationError:
            if not before:
                raise
            shutil.rmtree(folder / "wheels", ignore_errors=True)
            fetch(
                requirements, folder / "wheels", target
            )  # what is asked for now does not fit what was locked
        found = [Wheel.at(each.replace(cache / each.name)) for each in (folder / "wheels").glob("*.whl")]
    return sorted(found, key=lambda one: one.name)


def _read(file: Path) -> tuple[tuple[str, ...], list[_Entry]]:
    if not file.is_file():
        return (), []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    asked: list[str] = []
    entries: list[_Entry] = []
    for number, line in enumerate(lines, 1):
        if line.startswith(_ASKED):
            asked.append(line.removeprefix(_ASKED))
        elif line.strip() and not line.startswith("#"):
            found = _ENTRY.fullmatch(line.strip())
            if found is None:
                raise ConfigurationError(
                    f"{file}:{number}: {line.strip()[:80]!r} is no line of a lock file: restore it from version "
                    "control, or delete it and build again"
                )
            entries.append(_Entry(**found.groupdict()))
    return tuple(asked), entries


def _write(file: Path, requirements: Sequence[str], wheels: Sequence[Wheel], target: Target) -> None:
    lines = [
        f"# What functions on {target} are packaged with. Written by `reactflow build`: keep it in version control.",
        "# Delete it to have newer versions.",
        *(f"{_ASKED}{one}" for one in requirements),
        *(str(_Entry(one.name, one.version, one.sha256, one.file.name)) for one in wheels),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
