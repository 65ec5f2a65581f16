"""Several triggers together: until idle, for ever, and stopped."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from reactflow.errors import Transient
from reactflow.local.triggers import Clock, Delivery, ManualClock, Triggers, TriggerSettings
from reactflow.local.triggers.stream import StreamTrigger
from tests.local.triggers.written import WrittenLog


def quiet(event: Any, context: Any) -> None:
    pass


def test_what_one_trigger_causes_in_another_is_done_before_idle() -> None:
    clock = ManualClock()
    first, second = WrittenLog(clock), WrittenLog(clock, source="kinesis/second")
    second.shard("s")
    got: list[str] = []
    settings = TriggerSettings()
    triggers = Triggers(
        [
            StreamTrigger(
                second, lambda event, context: got.append(event["Records"][0]["name"]), settings, function="f"
            ),
            StreamTrigger(first, lambda event, context: second.put("s", "caused"), settings, function="f"),
        ],
        clock=clock,
        listener=lambda delivery: None,
    )
    first.put("s", "cause")
    summary = triggers.run_until_idle()
    assert got == ["caused"]
    assert (summary.deliveries, summary.finished, summary.discarded) == (2, 2, 0)
    assert triggers.run_until_idle().deliveries == 0


def test_run_goes_on_until_it_is_stopped_from_another_thread() -> None:
    clock = Clock()
    log = WrittenLog(clock)
    log.put("s", "1")
    delivered = threading.Event()
    trigger = StreamTrigger(log, lambda event, context: delivered.set(), TriggerSettings(), function="f")
    triggers = Triggers([trigger], clock=clock)
    thread = threading.Thread(target=triggers.run)
    thread.start()
    assert delivered.wait(10.0)
    triggers.stop()
    thread.join(10.0)
    assert not thread.is_alive()


def test_a_stop_is_heard_before_the_next_delivery() -> None:
    clock = ManualClock()
    log = WrittenLog(clock)
    log.put("s", "1", "2", "3")
    got: list[object] = []

    def handler(event: Any, context: Any) -> None:
        got.append(event)
        triggers.stop()

    triggers = Triggers(
        [StreamTrigger(log, handler, TriggerSettings(batch_size=1), function="f")], clock=clock
    )
    triggers.run()
    assert len(got) == 1


class Away(WrittenLog):
    """A log whose endpoint does not answer for the first reads."""

    away = 3

    def read(self, shard: str, iterator: str, limit: int) -> Any:
        if self.away:
            self.away -= 1
            raise Transient("no answer")
        return super().read(shard, iterator, limit)


def test_an_endpoint_that_is_away_for_a_while_is_waited_for() -> None:
    clock = ManualClock()
    log = Away(clock)
    log.put("s", "1")
    triggers = Triggers([StreamTrigger(log, quiet, TriggerSettings(), function="f")], clock=clock)
    assert triggers.run_until_idle().finished == 1


def test_an_endpoint_that_stays_away_ends_run_until_idle_and_says_so() -> None:
    clock = ManualClock()
    log = Away(clock)
    log.put("s", "1")
    log.away = 1000
    with pytest.raises(Transient, match="no answer"):
        Triggers([StreamTrigger(log, quiet, TriggerSettings(), function="f")], clock=clock).run_until_idle(
            5.0
        )


def test_without_a_listener_what_failed_is_a_warning_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    log = WrittenLog(clock)
    log.put("s", "1")
    settings = TriggerSettings(maximum_retry_attempts=0)

    def handler(event: Any, context: Any) -> None:
        raise ValueError("no")

    with caplog.at_level(logging.INFO, "reactflow.local"):
        Triggers([StreamTrigger(log, handler, settings, function="f")], clock=clock).run_until_idle()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "1 record DISCARDED: failed after 1 try: ValueError: no" in caplog.messages[1]


def test_a_line_says_what_happened() -> None:
    done = Delivery("kinesis/measurements", "shardId-1", 12, "done", seconds=0.0031)
    assert str(done) == "kinesis/measurements shardId-1: 12 records done in 3.1 ms"
    partly = Delivery(
        "kinesis/m", "s", 12, "partly", unfinished=3, seconds=0.001, reason="reported from 7 on"
    )
    assert str(partly) == "kinesis/m s: 3 of 12 records unfinished in 1.0 ms, try 1: reported from 7 on"
