"""Names of a package that are loaded when first asked for: a function's start is waited for, and most of it is imports.

A package's ``__init__`` imports at once what a service needs to take its first record, and says here where the rest is.
Whoever imports a name notices nothing. It must not be used for a name that is also a submodule's: that one would be
found in its place once something has loaded it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def later(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package: ``names`` says of each module, by its full name, what is taken from it.

    >>> find = later("reactflow", {"reactflow.cells.why": "why"})
    >>> find("why").__name__
    'why'
    >>> find("whether")
    Traceback (most recent call last):
    AttributeError: module 'reactflow' has no attribute 'whether'
    """
    where = {name: module for module, said in names.items() for name in said.split()}

    def find(name: str) -> Any:
        module = where.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(module), name)
        setattr(sys.modules[package], name, found)  # so that the next one finds it at once
        return found

    return find
