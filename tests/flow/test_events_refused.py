"""What is no event is refused by the step before anybody looks for cells in it."""

from __future__ import annotations

from typing import Any

import pytest

from reactflow import Event, Flow, Pulse, cell, pulse
from reactflow.errors import DeclarationError


class Room(Flow):
    length = cell(0.0)
    reading: Pulse[float] = pulse()
    area = length * 2.0


@pytest.mark.parametrize(
    "events",
    [
        [{"length": 1.0}], ["length"], {"length": 1.0}, Event({"length": 1.0}), [None], [({"length": 1.0},)],
        [Event({"length": 1.0}), {"length": 1.0, "reading": 2.0}],
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_warm", [False, True])
def test_what_is_no_list_of_events_is_refused_with_what_to_write(events: Any, is_warm: bool) -> None:
    step = Room.step()
    state = step.initial()
    if is_warm:
        state, _ = step(state, [Event({"length": 2.0}, {"reading": 1.0})])
    with pytest.raises(
        DeclarationError, match=r"the step of Room takes a list of events, not .*: write \[Event\("
    ):
        step(state, events)
    assert step.values(state)["length"] == (2.0 if is_warm else 0.0)


def test_a_single_event_that_is_none_is_refused_too() -> None:
    step = Room.step()
    for given in ({"length": 1.0}, "length", None):
        with pytest.raises(DeclarationError, match="takes a list of events"):
            step.apply(step.initial(), given)  # type: ignore[arg-type]  # what is refused
