"""Misfits: stored values that a cell cannot take over, and what migrations make that is none of its values.

What is said of them names the cell, the value and the remedy. Whether something fits is asked in ``fitting``; when it
is asked is decided in ``migration``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reactflow.cells import Node
from reactflow.errors import StateError
from reactflow.flow.fitting import fits, type_name

if TYPE_CHECKING:
    from reactflow.flow.codec import Codec


def can_be(node: Node, value: object) -> bool:
    """Whether a value can be a cell's: all that can be said of a fold's state that was stored without a tag."""
    if node.fold is None:
        return fits(value, node.type)
    if type(value) is not type(node.fold.zero):
        return False
    try:
        node.fold.result(value)
    except Exception:
        return False
    return True


def converted(convert: Callable[[Any], Any], value: object, name: str, version: str) -> object:
    """What a migration's function makes of a stored value; raises StateError when it fails."""
    try:
        return convert(value)
    except Exception as error:
        raise StateError(
            f"the migration of cell {name!r} from version {version} failed on {value!r:.80}: "
            f"{type(error).__name__}: {error}; nothing was changed: mend its function and deploy again",
            cell=name,
        ) from error


def check_made(
    flow: str, name: str, node: Node, made: object, given: object, codec: Codec, version: str
) -> None:
    """Refuse what a migration returned that is no value of its cell, or cannot be stored."""
    why = ""
    try:
        codec.to_plain(made, name)
    except StateError as error:
        why = str(error)
    if not why and not can_be(node, made):
        why = f"the cell folds by {node.fold.name!r}" if node.fold else f"the cell is {type_name(node.type)}"
    if why:
        raise StateError(
            f"the migration of cell {name!r} of {flow} from version {version} made {made!r:.60} "
            f"({type(made).__name__}) of {given!r:.60}, and {why}; nothing was changed: mend "
            "its function and deploy again",
            cell=name,
        )


def misfit(
    flow: str,
    name: str,
    node: Node,
    found: str,
    tag: str,
    now: str,
    value: object,
    version: str,
    problem: str,
) -> StateError:
    """The refusal of a stored value that does not fit its cell, with the remedy."""
    was = f" (as {found!r})" if found != name else ""
    of = tag.split(" ")[0]
    title = f"the state of the fold {of!r}"
    what = f"it is {title}" if tag else f"{value!r:.60} is {type(value).__name__}"
    how = f"migrations = [migrate({name}, fn, from_fold={of or '...'!r})]"
    if node.fold is not None:
        is_now = f"folds by {node.fold.name!r} now"
        if not tag:
            what = f"{value!r:.60} is not the state of this fold"
        elif tag == now:
            what = problem or f"{what}, but {value!r:.60} is not what this one keeps"
        elif of == node.fold.name:  # one of the user's own
            is_now = f"has another function or start now ({tag} was {now})"
        remedy = "Give it another name, so that it starts anew, or convert the state: " + how
    elif tag:
        is_now = "is a source now"
        remedy = f"Give it another name, or convert the state: {how}"
    else:
        is_now = f"is {type_name(node.type) or 'another'} now"
        kind = "dict" if type(value) is node.type else type(value).__name__
        if type(value) is node.type:
            what = f"{value!r:.60} has a field of another type than its class has now"
        what = problem or what
        how = f"migrations = [migrate({name}, fn, from_type={kind})]"
        remedy = f"Say how it is converted: {how}, or give the cell another name"
    return StateError(
        f"cell {name!r} of {flow} cannot take over what version {version or '?'} stored{was}: {what}, and the cell "
        f"{is_now}. {remedy}",
        cell=name,
    )
