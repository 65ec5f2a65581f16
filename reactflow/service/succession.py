"""Succession: which version of a flow may write a unit. A later one takes over, and none before it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reactflow.errors import StateError
from reactflow.service.item import Item
from reactflow.service.key import UnitKey

if TYPE_CHECKING:
    from reactflow.service.service import Service

PAST = 16  # versions of its flow that a unit remembers


def past_of(item: Item, version: str) -> tuple[str, ...]:
    """The versions that had a unit before the one that now writes it, each once, the latest last.

    >>> past_of(Item(gv="b", past=("a",)), "c"), past_of(Item(gv="c", past=("a", "b")), "c")
    (('a', 'b'), ('a', 'b'))
    """
    return item.past if item.gv in ("", version) else (*item.past, item.gv)[-PAST:]


def refuse_newer(service: Service, unit: UnitKey, item: Item) -> None:
    """Raise StateError for an item that a later version of the flow has had: its records come again, to that one."""
    mine = service.step.version
    if mine in item.past:
        name = service.flow.__name__
        raise StateError(
            f"unit {unit.text!r} of service {service.name!r} was migrated from this version of {name}, {mine}, to "
            f"{item.gv}; its records wait for that one. To go back for good, deploy this flow as a version of its own: "
            f"class {name}(Flow, revision=1), or another number than before"
        )
