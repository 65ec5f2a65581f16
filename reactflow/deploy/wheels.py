"""Wheels: which ones a runtime of Lambda takes, getting them, and what of them goes into a package.

pip chooses and fetches them, in a process of its own and with its own settings; they are unpacked here, so that nothing
of this machine gets into a package. It must not run anything that a wheel holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from attrs import frozen

from reactflow.deploy.requirements import BELOW_SDK, SDK, normal
from reactflow.deploy.settings import Settings
from reactflow.errors import ConfigurationError

_MACHINES: Final = {
    "x86_64": ("x86_64", 62),
    "arm64": ("aarch64", 183),
}  # as wheels name them; e_machine of ELF
_REQUIRES: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@frozen
class Target:
    """The machine that wheels are for: a Python (``"3.11"``) and an architecture of Lambda.

    >>> Target("3.11", "arm64").platforms[0], Target("3.12", "x86_64").platforms[0]
    ('manylinux_2_26_aarch64', 'manylinux_2_34_x86_64')
    """

    python: str
    architecture: str

    @classmethod
    def of(cls, settings: Settings) -> Target:
        """The machine that functions with these settings run on."""
        return cls(settings.python, settings.architecture)

    @property
    def machine(self) -> str:
        """The machine's name, as Linux says it."""
        return _MACHINES[self.architecture][0]

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms whose wheels run there, the newest first: Lambda's 3.11 has glibc 2.26, later ones 2.34."""
        newest = 26 if self.python == "3.11" else 34
        oldest = 17 if self.architecture == "arm64" else 5
        listed = [f"manylinux_2_{minor}_{self.machine}" for minor in range(newest, oldest - 1, -1)]
        named = (
            ("manylinux2014",)
            if self.architecture == "arm64"
            else ("manylinux2014", "manylinux2010", "manylinux1")
        )
        return (*listed, *(f"{name}_{self.machine}" for name in named), f"linux_{self.machine}")

    @property
    def markers(self) -> dict[str, str]:
        """What environment markers are judged by."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    def __str__(self) -> str:
        return f"Python {self.python} on {self.architecture}"


@frozen
class Wheel:
    """One wheel: its file, and the package and version that its name says."""

    file: Path
    name: str
    version: str

    @classmethod
    def at(cls, file: Path) -> Wheel:
        """The wheel in a file, by its name.

        >>> Wheel.at(Path("typing_extensions-4.16.0-py3-none-any.whl")).name
        'typing-extensions'
        """
        name, version, *_ = file.name.split("-")
        return cls(file, normal(name), version)

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()

    def requires(self) -> set[str]:
        """The packages that it always needs, extras left aside."""
        with self._opened() as archive:
            named = [one for one in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", one)]
            texts = (
                HeaderParser().parsestr(archive.read(named[0]).decode()).get_all("Requires-Dist")
                if named
                else ()
            )
        found: set[str] = set()
        for text in texts or ():
            requirement, _, marker = str(text).partition(";")
            matched = _REQUIRES.match(requirement.strip())
            if matched and "extra" not in marker:
                found.add(normal(matched[0]))
        return found

    def content(self, target: Target) -> Iterator[tuple[str, bytes]]:
        """What is installed of it: path and bytes of each file. Raises ConfigurationError for another machine's."""
        with self._opened() as archive:
            for info in archive.infolist():
                path = _installed(info.filename)
                if info.is_dir() or path is None:
                    continue
                data = archive.read(info)
                check_machine(path, data, target, self.file.name)
                yield path, data

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.file)
        except (OSError, zipfile.BadZipFile) as error:
            raise ConfigurationError(
                f"{self.file} is no wheel ({error}): delete it, and build again"
            ) from error


def _installed(path: str) -> str | None:
    """Where a file of a wheel is installed; None for what is not needed at run time: commands, headers, bytecode."""
    parts = path.split("/")
    if parts[0].endswith(".data"):
        if parts[1] not in ("purelib", "platlib"):
            return None
        parts = parts[2:]
    if parts[-1].endswith(".pyc") or not parts[-1] or ".." in parts:
        return None
    return "/".join(parts)


def check_machine(path: str, data: bytes, target: Target, where: str) -> None:
    """Raises ConfigurationError for a library that was compiled for another machine."""
    if not data.startswith(b"\x7fELF") or len(data) < 20:
        return
    found, (_, wanted) = int.from_bytes(data[18:20], "little"), _MACHINES[target.architecture]
    if found != wanted:
        names = {number: name for name, (_, number) in _MACHINES.items()}
        raise ConfigurationError(
            f"{where}: {path} is compiled for {names.get(found, f'machine {found}')}, and the functions run on "
            f"{target.architecture}: take a wheel for it, or set architecture"
        )


def without_sdk(wheels: Iterable[Wheel], asked: Iterable[str] = ()) -> list[Wheel]:
    """The wheels without boto3 and what only boto3 needs: the runtime has them. ``asked`` names what stays anyhow."""
    kept = [one for one in wheels if one.name not in SDK]
    needed = set(asked).union(*(one.requires() for one in kept if one.name not in BELOW_SDK))
    if "python-dateutil" in needed:
        needed.add("six")
    return [one for one in kept if one.name not in BELOW_SDK or one.name in needed]


def fetch(requirements: Iterable[str], into: Path, target: Target, *more: str) -> None:
    """Have pip put the wheels for these requirements into a folder. Raises ConfigurationError with pip's last line."""
    into.mkdir(parents=True, exist_ok=True)
    arguments = [
        "download", "--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--retries=2",
        "--only-binary=:all:", f"--dest={into}", f"--python-version={target.python}", "--implementation=cp",
        f"--abi=cp{target.python.replace('.', '')}", *(f"--platform={one}" for one in target.platforms),
        *more, *requirements,
    ]  # fmt: skip
    script = Path(__file__).with_name("pip_for.py")
    command = [sys.executable, "-P", str(script), json.dumps(target.markers), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", env=_environment(os.environ), check=False
    )
    if done.returncode:
        raise ConfigurationError(_told(done.stderr + done.stdout, target))


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """pip's settings are the user's, but those that would put wheels elsewhere."""
    dropped = (
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_USER",
        "PIP_DEST",
        "PIP_REQUIRE_VIRTUALENV",
        "PYTHONPATH",
    )
    return {name: value for name, value in given.items() if name not in dropped}


_AWAY: Final = re.compile(
    r"Max retries exceeded|NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ProxyError|"
    r"Connection refused|ConnectionError|ConnectionResetError|CERTIFICATE_VERIFY_FAILED"
)


def _told(said: str, target: Target) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["it said nothing"]
    last = errors[-1].removeprefix("ERROR:").strip()
    if "No module named 'pip'" in said or "No module named pip" in said:
        return "there is no pip beside this Python, which fetches what the package needs: python -m ensurepip"
    if "DO NOT MATCH THE HASHES" in said:
        named = re.findall(r"^\s*(\S+)(?: from .*)?:\s*$", said, re.MULTILINE)
        return (
            f"the package index has other bytes than the lock file says of {', '.join(named) or 'a package'}: do not "
            "use them; if the index is right, delete the lock file and build again"
        )
    if _AWAY.search(said):
        return (
            f"the package index cannot be reached (pip: {last}): check the network and pip's settings, or put the "
            "wheels into a folder and set PIP_FIND_LINKS to it and PIP_NO_INDEX=1"
        )
    if "No matching distribution" in said:
        named = re.findall(r"No matching distribution found for (\S+)", said)
        what = named[-1] if named else "a requirement"
        return (
            f"{what} has no wheel for {target} in the package index (pip: {last}): correct its name or version, take "
            "another architecture or python, or build the wheel and set PIP_FIND_LINKS to its folder"
        )
    if "ResolutionImpossible" in said or "conflicting dependencies" in said:
        conflict = next((line for line in lines if "conflicting dependencies" in line), last)
        return (
            f"what the project needs does not fit together ({conflict.removeprefix('ERROR:').strip()}): loosen a "
            "version, or delete the lock file"
        )
    return f"pip could not fetch what the package needs: {last}"
