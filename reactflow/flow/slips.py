"""What stands in a flow's class body and is no cell, though it was meant to be one: refused with what to write.

Python takes ``length = cell`` and ``length = cell(0.0),`` without a word, and the flow would lack a cell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from reactflow.cells import (
    UNSET,
    Cell,
    Derived,
    Members,
    Plan,
    Pulse,
    Readable,
    cell,
    derived,
    fold,
    pulse,
)
from reactflow.cells.effect import Effect, effect
from reactflow.cells.members import members
from reactflow.cells.readable import shown
from reactflow.errors import DeclarationError
from reactflow.flow.fitting import fits, type_name
from reactflow.flow.template import is_template

_MADE_BY: dict[Any, str] = {
    cell: "cell(0.0)", Cell: "cell(0.0)", pulse: "pulse()", Pulse: "pulse()", members: "members(...)",
    Members: "members(...)", fold: "fold(pulse, folds.sum)", derived: "derived(fn, a, b)",
    Derived: "derived(fn, a, b)",
}  # fmt: skip
_CLASS_MAKERS = {"__dataclass_fields__": "@dataclass", "__attrs_attrs__": "attrs"}


class Body(dict[str, Any]):
    """The names of a class body while it runs, told from those of any other class."""

    is_flow_body = True


def check_slips(flow: type, own: Mapping[str, Readable[Any]]) -> None:
    """Raise DeclarationError for an attribute that was meant to be a cell, or cannot be part of a flow."""
    cells = {id(one) for one in own.values()}
    for name, value in vars(flow).items():
        title = f"{flow.__name__}.{name}"
        refuse_class_maker(flow.__name__, name)
        if name.startswith("__"):
            continue
        if isinstance(value, Effect):
            raise DeclarationError(
                f"{title} is an effect, of which a flow has none: its step only computes. Subscribe on an instance: "
                "room.cells.area.subscribe(...)"
            )
        if value is effect or (callable(value) and _is_maker(value)):
            made = "a method under @derived" if value is effect else f"{name} = {_MADE_BY[value]}"
            raise DeclarationError(f"{title} is {value.__name__} itself, which was not called: write {made}")
        if isinstance(value, (tuple, list, set, dict)):
            held = [*value.values()] if isinstance(value, dict) else [*value]
            lost = [one for one in held if isinstance(one, Readable) and id(one) not in cells]
            if any(not is_template(one) for one in lost):
                remedy = (
                    "take the comma away"
                    if isinstance(value, tuple) and len(value) == 1
                    else "give each cell a name of its own"
                )
                raise DeclarationError(f"{title} is a {type(value).__name__} that holds cells: {remedy}")


def _is_maker(value: Any) -> bool:
    try:
        return value in _MADE_BY
    except TypeError:  # it cannot be hashed
        return False


def refuse_class_maker(flow: str, name: str) -> None:
    """Refuse what other makers of classes leave on a class: they would replace how a flow is made."""
    if name in _CLASS_MAKERS:
        raise DeclarationError(
            f"{flow} is a flow, which makes its own instances: leave out {_CLASS_MAKERS[name]}"
        )


def check_defaults(flow: str, plan: Plan, declared: Collection[str]) -> None:
    """Refuse a default that is not of its cell's annotated type, or is a type itself."""
    for name in declared:
        node = plan[name]
        if isinstance(node.default, type):
            kind = type_name(node.default)
            raise DeclarationError(
                f"{flow}.{name} has the type {kind} for a default: write {name}: Cell[{kind}] = cell() for a cell "
                "that is unset until it is written"
            )
        if node.default is UNSET or fits(node.default, node.type):
            continue
        kind, given = type_name(node.type), type(node.default)
        if node.default is None:
            remedy = f"leave the default out, {name}: Cell[{kind}] = cell(), or allow it: Cell[{kind} | None]"
        else:
            remedy = f"give a default of that type, or annotate it as Cell[{type_name(given)}]"
        raise DeclarationError(
            f"{flow}.{name} is annotated as Cell[{kind}], and its default is {shown(node.default)}: {remedy}"
        )


def plain_attribute(flow: type, name: str) -> str:
    """What to say of a name that is asked for as a cell and is a plain attribute; nothing of any other."""
    value = next((vars(base)[name] for base in flow.__mro__ if name in vars(base)), UNSET)
    if (
        value is UNSET
        or name.startswith("_")
        or callable(value)
        or isinstance(value, (property, classmethod))
    ):
        return ""
    said = shown(value)
    return (
        f"{flow.__name__}.{name} is {said}, which is no cell: write {name} = cell({said}) to give it a value"
    )
