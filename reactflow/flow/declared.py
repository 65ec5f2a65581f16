"""The declared type of each cell of a flow: its annotation's, else its default's, else what its function returns.

Annotations may be text and may name what is only there for a type checker, or later; what cannot be resolved is left
out, never guessed and never an error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, get_args, get_origin, get_type_hints

from reactflow.cells import UNSET, Cell, Derived, Readable
from reactflow.cells.fold import FoldCell
from reactflow.cells.pulse import Changes
from reactflow.flow.methods import Method


def declared_types(
    flow: type, cells: Mapping[str, Readable[Any]], scope: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[dict[str, Any], bool]:
    """The types of cells by name, and whether every annotation could be resolved; ``scope`` are a function's locals."""
    types = dict(known)
    complete = True
    for base in flow.__mro__:
        for name, annotation in annotations_of(base).items():
            if name in cells and name not in types and vars(base).get(name) is cells[name]:
                found = _argument(_evaluate(annotation, base.__module__, scope))
                if found is None:
                    complete = False
                else:
                    types[name] = found
    for name, cell in cells.items():
        if name not in types:
            found = _implied(cell, scope)
            if found is not None:
                types[name] = found
    return types, complete


def annotations_of(kind: type) -> Mapping[str, Any]:
    """A class's own annotations, as they are written."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(kind, format=annotationlib.Format.FORWARDREF)
    found: Mapping[str, Any] = vars(kind).get("__annotations__", {})
    return found


def return_type(fn: Callable[..., Any], scope: Mapping[str, Any]) -> Any:
    """The annotated return type of a function; None if there is none or it cannot be resolved."""
    annotations = getattr(fn, "__annotations__", None) if isinstance(fn, FunctionType) else None
    return (
        _evaluate(annotations["return"], fn.__module__, scope)
        if annotations and "return" in annotations
        else None
    )


def _evaluate(annotation: Any, module: str, scope: Mapping[str, Any]) -> Any:
    holder = type("holder", (), {"__annotations__": {"it": annotation}, "__module__": module})
    names = dict(vars(sys.modules[module])) if module in sys.modules else {}
    try:
        return get_type_hints(holder, names, dict(scope), include_extras=True)["it"]
    except Exception:  # a name that only a type checker sees, or that is defined later
        return None


def _argument(annotation: Any) -> Any:
    """float of ``Cell[float]``."""
    origin = get_origin(annotation)
    return get_args(annotation)[0] if isinstance(origin, type) and issubclass(origin, Readable) else None


def _implied(cell: Readable[Any], scope: Mapping[str, Any]) -> Any:
    if isinstance(cell, Cell):
        return None if cell.default is UNSET else type(cell.default)
    if isinstance(cell, (FoldCell, Changes)) or not isinstance(cell, Derived):
        return None
    return return_type(cell.fn.function if isinstance(cell.fn, Method) else cell.fn, scope)
