"""The package of a system: one zip file that its functions run, the same bytes for the same input.

In it are the user's modules (``sources``), reactflow itself without what only the command line, the notebook and this
machine need, the locked dependencies (``locking``, ``wheels``), and bytecode of all that. Times, owners, modes, the
order of entries and the folder in which it was built leave no trace. No Docker, and nothing is compiled but Python: a
dependency has to have a wheel for the architecture. It must not import what it packages.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from reactflow.deploy import bytecode
from reactflow.deploy.locking import locked
from reactflow.deploy.requirements import BELOW_SDK, SDK, declaring, parsed, required
from reactflow.deploy.settings import Settings
from reactflow.deploy.sources import Import, sources
from reactflow.deploy.wheels import Target, Wheel, check_machine, without_sdk
from reactflow.errors import ConfigurationError
from reactflow.service.suggest import suggestion

CODE: Final = "code.zip"
LARGEST: Final = 250 * 1024 * 1024  # bytes unpacked, Lambda's limit for code and layers together
WORK: Final = ".reactflow"  # the folder of a project in which builds and fetched wheels are kept
# Of reactflow: what services run on. The floors below need nothing of the others.
_FLOORS: Final = ("aws", "cells", "flow", "service", "sql")
_EXTRAS: Final = frozenset({"sql"})  # parts of reactflow that need an extra of the same name
_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say
_OF_THE_RUNTIME: Final = frozenset(
    {*SDK, *BELOW_SDK, "dateutil", "awslambdaric", "simplejson", "snapshot_restore_py"} - {"python-dateutil"}
)


@frozen
class Package:
    """What was packaged: the zip file, the digest of its bytes, and what is in it.

    ``size`` and ``unpacked`` are in bytes, ``files`` counts those that are not bytecode, ``dependencies`` are names and
    versions, ``lock_written`` says that the lock file is new or changed, and ``compiled`` that bytecode is in it.
    """

    file: Path
    sha256: str
    size: int
    unpacked: int
    files: int
    sources: tuple[str, ...]
    dependencies: tuple[tuple[str, str], ...]
    lock: Path
    lock_written: bool
    compiled: bool

    def lines(self) -> list[str]:
        """What a person wants to know of it, in lines."""
        told = [
            f"{self.file}: {self.size / 1e6:.1f} MB, {self.unpacked / 1e6:.1f} MB unpacked, sha256 {self.sha256[:12]}",
            f"  {', '.join(self.sources)}",
            *(f"  {name} {version}" for name, version in self.dependencies),
        ]
        if self.lock_written:
            told.append(f"{self.lock.name} was written: keep it in version control")
        if not self.compiled:
            told.append(
                "without bytecode, since this is not the Python of the functions: they start more slowly. Build with "
                "theirs, or set python"
            )
        return told


def package(folder: Path, target: Path, settings: Settings, modules: Iterable[str]) -> Package:
    """Package these modules (dotted names) of a project's ``folder`` into ``target``/code.zip.

    Raises ConfigurationError for modules, files or dependencies that are not there or cannot be packaged, naming the
    remedy.
    """
    machine = Target.of(settings)
    own = sources(folder, modules, settings.include)
    extras = _EXTRAS & own.parts
    asked = required(folder, settings.requirements, extras=extras, sdk=settings.bundle_boto3)
    without = frozenset[str]() if settings.bundle_boto3 else SDK
    lock = locked(folder, asked, machine, folder / WORK / "wheels", without=without)
    named = {parsed(one, declaring(folder, settings.requirements)).name for one in asked}
    wheels = list(lock.wheels) if settings.bundle_boto3 else without_sdk(lock.wheels, named)
    content = _joined(own.files, wheels, machine)
    _check_imports(own.imports, content, declaring(folder, settings.requirements))
    compiled = bytecode.is_possible_for(machine.python)
    count = len(content)
    if compiled:
        content = _with_bytecode(content, folder / WORK / "bytecode")
    unpacked = sum(map(len, content.values()))
    if unpacked > LARGEST:
        raise ConfigurationError(_too_large(unpacked, content))
    target.mkdir(parents=True, exist_ok=True)
    file = target / CODE
    written = _zipped(content, file)
    dependencies = tuple((one.name, one.version) for one in wheels)
    return Package(
        file, hashlib.sha256(written).hexdigest(), len(written), unpacked, count, tuple(sorted(own.files)),
        dependencies, lock.file, lock.written, compiled,
    )  # fmt: skip


def _joined(own: Mapping[str, Path], wheels: Iterable[Wheel], machine: Target) -> dict[str, bytes]:
    content: dict[str, bytes] = {}
    owner: dict[str, str] = {}
    for wheel in wheels:
        for path, data in wheel.content(machine):
            if content.setdefault(path, data) != data:
                raise ConfigurationError(
                    f"{owner[path]} and {wheel.name} both have a file {path}: they cannot be packaged together"
                )
            owner.setdefault(path, wheel.name)
    content.update(_reactflow())
    for path, file in own.items():
        if path in content:
            raise ConfigurationError(
                f"{path} is also a file of {owner.get(path, 'reactflow')}, and would hide it: give yours another name"
            )
        content[path] = file.read_bytes()
        check_machine(path, content[path], machine, str(file))
    return content


def _reactflow() -> dict[str, bytes]:
    """The files of the reactflow that runs this, installed or not: services run on the one that described them."""
    root = Path(__file__).resolve().parents[1]
    places = [
        *root.glob("*.py"),
        root / "py.typed",
        *(each for one in _FLOORS for each in (root / one).rglob("*")),
    ]
    return {
        f"reactflow/{each.relative_to(root).as_posix()}": each.read_bytes()
        for each in places
        if each.is_file() and "__pycache__" not in each.parts and not each.name.startswith((".", "__main__"))
    }


def _check_imports(imports: Iterable[Import], content: Iterable[str], where: str) -> None:
    """Raises ConfigurationError for an import that would fail in the function."""
    there = {path.split("/")[0].split(".")[0] for path in content} | _OF_THE_RUNTIME
    for one in imports:
        if not one.optional and one.top not in there:
            raise ConfigurationError(
                f"{one.file}:{one.line} imports {one.top}, which would not be in the package"
                f"{suggestion(one.top, there)}: name what provides it in {where}"
            )


def _with_bytecode(content: Mapping[str, bytes], cache: Path) -> dict[str, bytes]:
    """The content with bytecode for each module; ``cache`` is a folder that keeps what was compiled, by its source."""
    keys = {path: bytecode.key(data, path) for path, data in content.items() if path.endswith(".py")}
    made: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="reactflow-") as name:
        folder = Path(name)
        for path, key in keys.items():
            if (cache / key).is_file():
                made[bytecode.place(path)] = (cache / key).read_bytes()
            else:
                to = folder / path
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(content[path])
        bytecode.compile_in(folder)
        cache.mkdir(parents=True, exist_ok=True)
        for path, key in keys.items():
            compiled = folder / bytecode.place(path)
            if compiled.is_file():
                made[bytecode.place(path)] = compiled.read_bytes()
                part = cache / f".{key}-{os.getpid()}"
                part.write_bytes(made[bytecode.place(path)])
                part.replace(cache / key)
    return {**content, **{path: data for path, data in made.items() if data}}


def _zipped(content: Mapping[str, bytes], file: Path) -> bytes:
    part = file.with_name(f".{file.name}-{os.getpid()}")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path in sorted(content):
                info = zipfile.ZipInfo(path, _TIME)
                info.create_system = 3  # Unix, whose modes follow: all may read, which Lambda's user has to
                info.external_attr = 0o100644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content[path])
        written = part.read_bytes()
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return written


def _too_large(unpacked: int, content: Mapping[str, bytes]) -> str:
    parts: dict[str, int] = {}
    for path, data in content.items():
        top = path.split("/")[0]
        parts[top] = parts.get(top, 0) + len(data)
    largest = sorted(parts, key=lambda one: parts[one], reverse=True)[:3]
    told = ", ".join(f"{one} {parts[one] / 1e6:.0f} MB" for one in largest)
    return (
        f"the package has {unpacked / 1e6:.0f} MB unpacked, and Lambda takes {LARGEST / 1e6:.0f} MB: leave out what "
        f"the functions do not need; the largest are {told}"
    )
