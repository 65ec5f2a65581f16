"""A function on demand: no event and no state, only a question and its answer.

Called with ``{"name": "Ann", "hour": 9}``, it answers with the cells: ``{..., "greeting": "Good morning, Ann!"}``. The
same flow is live in a notebook, and could be fed by a stream without a change.
"""

from __future__ import annotations

from typing import Literal

from reactflow import Cell, Flow, Service, cell, derived

Language = Literal["en", "de", "fr"]
_WORDS: dict[Language, tuple[str, str, str]] = {
    "en": ("Good morning", "Good afternoon", "Good evening"),
    "de": ("Guten Morgen", "Guten Tag", "Guten Abend"),
    "fr": ("Bonjour", "Bonjour", "Bonsoir"),
}


def time_of_day(hour: int) -> int:
    """Morning, afternoon or evening, as 0 to 2. Raises ValueError for what is no hour of a day."""
    if not 0 <= hour < 24:
        raise ValueError(f"{hour} is no hour from 0 to 23")
    return 0 if hour < 12 else 1 if hour < 18 else 2


class Greeting(Flow):
    """One greeting, as it is said at an hour of the day."""

    name: Cell[str] = cell()
    hour = cell(12)
    language: Cell[Language] = cell("en")

    @derived
    def greeting(self) -> str:
        return f"{_WORDS[self.language][time_of_day(self.hour)]}, {self.name}!"


greetings = Service(Greeting, name="greetings", key=())
handler = greetings.handler
