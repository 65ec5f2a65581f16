"""A function on demand: called by its name's inputs it greets, and says what is wrong with a call."""

from __future__ import annotations

import pytest

from examples.greetings import Greeting, greetings, handler
from reactflow.errors import CallError


def test_it_greets_by_name_and_hour() -> None:
    assert handler({"name": "Ann", "hour": 9}) == {
        "name": "Ann",
        "hour": 9,
        "language": "en",
        "greeting": "Good morning, Ann!",
    }


@pytest.mark.parametrize("hour", [0, 11, 12, 17, 18, 23])
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_call_greets_as_the_live_flow_does(hour: int, language: str) -> None:
    live = Greeting(name="Zoë", hour=hour, language=language)
    answer = handler({"name": "Zoë", "hour": hour, "language": language})
    assert isinstance(answer, dict)
    assert answer["greeting"] == live.greeting


def test_nobody_is_greeted_without_a_name() -> None:
    assert handler({}) == {"hour": 12, "language": "en"}


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"name": "Ann", "our": 9}, r"'our' of the event is nothing of Greeting \(did you mean 'hour'\?\)"),
        (
            {"name": "Ann", "hour": 24},
            "cell 'greeting' of Greeting .*: ValueError: 24 is no hour from 0 to 23",
        ),
        ({"name": "Ann", "language": "it"}, "field 'language': expected"),
        ({"name": None}, "field 'name': expected str, got null"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(event: dict[str, object], says: str) -> None:
    with pytest.raises(CallError, match=says):
        handler(event)


def test_it_needs_nothing_and_tells_nobody() -> None:
    assert (greetings.reads, greetings.writes) == ((), ())
