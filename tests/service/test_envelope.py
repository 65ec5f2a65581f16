"""Envelopes are CloudEvents, come back as they were, and say where a change stands at its sender."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import RecordError
from reactflow.service.cloudevent import ROW
from reactflow.service.envelope import Envelope

TEXTS = st.text(min_size=1, max_size=10)
ENVELOPES = st.builds(
    Envelope,
    id=TEXTS, source=TEXTS, type=TEXTS, subject=st.text(max_size=10), time=st.text(max_size=10),
    data=st.dictionaries(TEXTS, st.integers() | TEXTS | st.none(), max_size=3), traceparent=st.text(max_size=5),
    correlationid=st.text(max_size=5), causationid=st.text(max_size=5), sequence=st.text(max_size=5),
    hops=st.integers(0, 99),
)  # fmt: skip


@given(ENVELOPES)
def test_envelope_comes_back_as_it_was(envelope: Envelope) -> None:
    plain = envelope.to_json()
    assert Envelope.from_json(plain) == envelope
    assert plain["specversion"] == "1.0"


def test_required_attributes_are_always_there_and_empty_ones_never() -> None:
    assert Envelope(id="1", source="/rooms", type=ROW).to_json() == {
        "specversion": "1.0", "id": "1", "source": "/rooms", "type": "reactflow.row",
        "datacontenttype": "application/json", "data": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": ""}, "the CloudEvent has no 'id': it is a required text"),
        ({"source": 7}, "the CloudEvent has no 'source'"),
        ({"type": None}, "the CloudEvent has no 'type'"),
        ({"data": [1]}, "the CloudEvent's 'data' is list, not an object"),
        ({"hops": -1}, "the CloudEvent's 'hops' is -1, not a count"),
        ({"hops": True}, "the CloudEvent's 'hops' is True, not a count"),
    ],
)
def test_wrong_envelope_is_refused(change: dict[str, Any], says: str) -> None:
    plain = Envelope(id="1", source="/rooms", type=ROW).to_json()
    with pytest.raises(RecordError, match=says):
        Envelope.from_json({**plain, **change})


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time", "traceparent", "causationid"])
def test_text_that_would_weigh_on_the_unit_is_refused(name: str) -> None:
    plain = Envelope(id="1", source="/rooms", type=ROW).to_json()
    longest = {**plain, name: "ü" * 1024}
    assert getattr(Envelope.from_json(longest), name) == "ü" * 1024
    with pytest.raises(
        RecordError, match=f"the CloudEvent's '{name}' has 2049 bytes, and 2048 are the most: 'ü"
    ):
        Envelope.from_json({**longest, name: "ü" * 1024 + "x"})
    with pytest.raises(RecordError, match=f"the CloudEvent's '{name}' holds half of a surrogate pair"):
        Envelope.from_json({**plain, name: "\ud800"})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({}, ("edge/rooms/area/room=r1/kinesis:areas", "0" * 18 + "12")),
        ({"sequence": "13"}, None),
        ({"sequence": ""}, None),
        ({"id": "12"}, None),
        ({"id": "rooms/x", "sequence": "x"}, None),
        ({"id": "rooms/" + "1" * 21, "sequence": "1" * 21}, None),
    ],
)
def test_place_is_what_changed_and_its_number(change: dict[str, str], place: object) -> None:
    given = {"id": "rooms/area/room=r1/kinesis:areas/12", "sequence": "12", **change}
    assert Envelope(source="/rooms", type=ROW, **given).place == place  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plain", "is_one"),
    [
        (Envelope(id="1", source="/rooms", type=ROW).to_json(), True),
        ({"specversion": "1.0", "type": "com.github.push"}, False),
        ({"type": ROW}, False),
        ("text", False),
    ],
)
def test_events_of_others_are_not_taken_for_ours(plain: object, is_one: bool) -> None:
    assert Envelope.is_one(plain) is is_one


def test_a_long_value_in_place_of_the_hops_is_shown_in_few_words() -> None:
    plain = {
        "specversion": "1.0",
        "id": "a/b/c/d/1",
        "source": "/a",
        "type": ROW,
        "hops": "x" * 1000,
        "data": {},
    }
    with pytest.raises(RecordError, match=r"'hops' is 'xxx.* not a count") as caught:
        Envelope.from_json(plain)
    assert len(str(caught.value)) < 200
