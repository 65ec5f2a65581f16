"""Which libraries are measured, and which of them are here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from benchmarks.libraries.atom import Atom
from benchmarks.libraries.larch import Larch
from benchmarks.libraries.library import Kind, Library
from benchmarks.libraries.nervio import Nervio
from benchmarks.libraries.observ import Observ
from benchmarks.libraries.reactflow_forms import Explicit, Tracked
from benchmarks.libraries.reactivex import Reactivex
from benchmarks.libraries.reaktiv import Reaktiv
from benchmarks.libraries.snarfx import Snarfx


class Form(NamedTuple):
    """A column of the table: a library, or one form of ours."""

    name: str
    kind: Kind
    make: Callable[[bool], Library]
    """Makes what a work is built with; told whether the work has batches."""
    distribution: str
    """What it is installed as."""


EXPLICIT = Form("explicit", "reactflow", lambda batched: Explicit(), "reactflow-py")
TRACKED = Form("tracked", "reactflow", lambda batched: Tracked(), "reactflow-py")
OURS = (EXPLICIT, TRACKED)

PEERS = (
    Form("reaktiv", "pure", lambda batched: Reaktiv(), "reaktiv"),
    Form("observ", "pure", Observ, "observ"),
    Form("nervio", "pure", lambda batched: Nervio(), "nervio"),
    Form("snarfx", "pure", lambda batched: Snarfx(), "snarfx"),
    Form("reactivex", "pure", lambda batched: Reactivex(), "reactivex"),
    Form("atom", "compiled", lambda batched: Atom(), "atom"),
    Form("larch", "compiled", lambda batched: Larch(), "larch-reactive"),
)


def installed(forms: Iterable[Form]) -> dict[str, str]:
    """The versions of those that are here, by name."""
    found = {}
    for form in forms:
        try:
            found[form.name] = version(form.distribution)
        except PackageNotFoundError:
            continue
    return found
