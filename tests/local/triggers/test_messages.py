"""The messages core: what a queue and asynchronous invocation decide, with a time that is a number."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import InternalError
from reactflow.local.triggers import InvokeSettings, Messages, QueueSettings
from reactflow.local.triggers.messages import Message


def names(batch: tuple[Message, ...]) -> list[str]:
    return [message.identifier for message in batch]


def reported(*identifiers: str) -> object:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


fates = st.lists(st.sampled_from(["done", "raised", "not JSON"]), max_size=60)


@given(st.integers(0, 12), fates, st.integers(0, 2))
def test_an_event_is_tried_until_it_is_done_or_its_retries_are_used_up(
    count: int, fates: list[str], retries: int
) -> None:
    messages, now, history = Messages(InvokeSettings(maximum_retry_attempts=retries)), 0.0, iter(fates)
    for number in range(count):
        messages.arrived(str(number), sent=0.0, now=0.0)
    tries: Counter[str] = Counter()
    ends: dict[str, str] = {}
    while messages.waiting:
        batch = messages.next_batch(now)
        if not batch:
            due = messages.due(now)
            assert due is not None
            assert due > now
            now = due
            continue
        (message,) = batch
        assert message.identifier not in ends
        if message.condition:
            assert tries[message.identifier] == retries + 1
            messages.finished(batch)
            ends[message.identifier] = "put away"
            continue
        tries[message.identifier] += 1
        fate = next(history, "done")
        if fate == "raised":
            messages.failed(batch, "ValueError: no", now)
        elif messages.answered(batch, reported("x") if fate == "done" else b"bytes", now).failed:
            assert fate == "not JSON"
        else:
            ends[message.identifier] = "done"
    assert sorted(ends) == sorted(map(str, range(count)))
    assert max(tries.values(), default=0) <= retries + 1


@given(st.lists(st.sets(st.integers(0, 7)), max_size=12), st.integers(1, 10))
def test_of_a_queue_exactly_what_was_reported_comes_again(rounds: list[set[int]], size: int) -> None:
    messages, now = Messages(QueueSettings(batch_size=size)), 0.0
    for number in range(8):
        messages.arrived(str(number), sent=0.0, now=0.0)
    left = {str(number) for number in range(8)}
    history = iter(rounds)
    while left:
        batch = messages.next_batch(now)
        if not batch:
            now = messages.due(now) or now
            continue
        assert set(names(batch)) <= left
        assert len(batch) <= size
        bad = next(history, set())
        failed = [name for name in names(batch) if int(name) in bad]
        judged = messages.answered(batch, reported(*failed), now)
        assert [names(batch)[place] for place in judged.failed] == failed
        left -= set(names(batch)) - set(failed)
    assert messages.waiting == 0


def test_an_event_that_waited_too_long_is_put_away_without_another_try() -> None:
    messages = Messages(InvokeSettings(maximum_event_age_in_seconds=60))
    messages.arrived("old", sent=0.0, now=50.0)
    messages.arrived("new", sent=50.0, now=50.0)
    assert names(messages.next_batch(60.0)) == ["old"]
    assert names(messages.next_batch(61.0)) == ["new"]
    messages.arrived("older", sent=0.0, now=61.0)
    (older,) = messages.next_batch(61.0)
    assert older.condition == "EventAgeExceeded"


def test_one_that_fails_holds_up_no_other() -> None:
    messages = Messages(InvokeSettings(backoff=4.0))
    for name in "ab":
        messages.arrived(name, sent=0.0, now=0.0)
    messages.failed(messages.next_batch(0.0), "no", 0.0)
    assert names(messages.next_batch(0.0)) == ["b"]
    assert messages.next_batch(3.9) == ()
    assert messages.due(0.0) == 4.0
    assert names(messages.next_batch(4.0)) == ["a"]
    assert messages.reason == "no"


def test_a_window_of_a_queue_gathers_messages_until_it_is_over_or_there_are_enough() -> None:
    settings = QueueSettings(batch_size=3, maximum_batching_window_in_seconds=20)
    messages = Messages(settings)
    messages.arrived("a", sent=0.0, now=0.0)
    messages.arrived("b", sent=0.0, now=15.0)
    assert (messages.next_batch(19.9), messages.due(15.0), messages.room) == ((), 20.0, 1)
    assert names(messages.next_batch(20.0)) == ["a", "b"]
    for name in "cde":
        messages.arrived(name, sent=20.0, now=20.0)
    assert names(messages.next_batch(20.0)) == ["c", "d", "e"]


def test_a_message_that_comes_again_while_it_is_held_is_one() -> None:
    messages = Messages(QueueSettings())
    assert messages.arrived("a", sent=0.0, now=0.0)
    assert not messages.arrived("a", sent=0.0, now=900.0)
    assert messages.waiting == 1


def test_a_message_is_settled_once() -> None:
    messages = Messages(QueueSettings())
    messages.arrived("a", sent=0.0, now=0.0)
    batch = messages.next_batch(0.0)
    messages.postponed(batch, 0.0)
    assert batch[0].tries == 0
    with pytest.raises(InternalError, match="message a was settled that is not in delivery"):
        messages.finished(batch)
