"""Bytecode for a package, the same bytes for the same source: functions start in a third of the time with it.

Lambda cannot write where the code lies, so without bytecode in the package every cold start compiles all that it
imports. Python's own files of it hold times, and their marshalled form depends on what else the process had in memory;
here they are written without times (PEP 552, unchecked) and without shared references (version 2 of marshal), by a
process of its own with fixed hashes. Only the Python that will run it can write it: for another one there is none.

Run as a script, it reads files from a folder that is named to it; so it imports nothing of reactflow.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = "/var/task"  # where Lambda unpacks the code; tracebacks name it
_UNCHECKED: Final = (0b01).to_bytes(4, "little")


def is_possible_for(python: str) -> bool:
    """Whether this Python writes bytecode for another (``"3.11"``): only for its own version."""
    return (
        python == f"{sys.version_info.major}.{sys.version_info.minor}"
        and sys.implementation.name == "cpython"
    )


def compile_in(folder: Path) -> None:
    """Put bytecode beside each module in a folder. What cannot be compiled gets an empty file."""
    subprocess.run(
        # -I would ignore the seed of hashes as well; nothing else is in its environment
        [sys.executable, "-P", "-s", "-S", "-B", __file__, str(folder)],
        check=True,
        env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "")},
    )


def bytecode(source: bytes, path: str) -> bytes:
    """The file of bytecode for a module; ``path`` is where it lies in the package. Empty for what is no Python.

    >>> bytecode(b"x = 1", "x.py")[:4] == importlib.util.MAGIC_NUMBER
    True
    """
    try:
        code = compile(source, f"{ROOT}/{path}", "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deep
        return b""
    return (
        importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code, 2)
    )


def place(path: str) -> str:
    """Where the bytecode of a module lies.

    >>> place("a/b.py").startswith("a/__pycache__/b.cpython-")
    True
    """
    folder, _, name = path.rpartition("/")
    tag = sys.implementation.cache_tag
    return f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc".lstrip("/")


def key(source: bytes, path: str) -> str:
    """What the bytecode of a module depends on, this module too, as a file name.

    >>> key(b"x = 1", "x.py") == key(b"x = 1", "x.py") != key(b"x = 2", "x.py")
    True
    """
    ours = hashlib.sha256(Path(__file__).read_bytes()).digest()
    return hashlib.sha256(b"\0".join((ours, sys.version.encode(), path.encode(), source))).hexdigest()


def main() -> None:
    """Compile all modules in the folder that is named."""
    folder = Path(sys.argv[1])
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder).as_posix()
        to = folder / place(path)
        to.parent.mkdir(exist_ok=True)
        to.write_bytes(bytecode(file.read_bytes(), path))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # of other people's modules
    main()
