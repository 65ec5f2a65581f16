"""The rules of a stream's trigger, on a log that the test writes and a clock that it turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reactflow.errors import Transient
from reactflow.local.triggers import Delivery, ManualClock, Triggers, TriggerSettings
from reactflow.local.triggers.batch import LARGEST_EVENT
from reactflow.local.triggers.stream import StreamTrigger
from tests.local.triggers.written import WrittenLog


class Run:
    """A trigger on a written log: ``batches`` is what the handler got, ``told`` what the listener heard."""

    def __init__(self, answer: Callable[[list[str]], object] | None = None, **settings: Any) -> None:
        self.clock = ManualClock(1_000_000.0)
        self.log = WrittenLog(self.clock)
        self.batches: list[list[str]] = []
        self.told: list[Delivery] = []
        self._answer = answer
        whole = TriggerSettings(**{"bisect_batch_on_function_error": False, **settings})
        self.trigger = StreamTrigger(self.log, self._handle, whole, function="rooms")
        self.triggers = Triggers([self.trigger], clock=self.clock, listener=self.told.append)

    def _handle(self, event: Any, context: Any) -> object:
        names = [record["name"] for record in event["Records"]]
        self.batches.append(names)
        event.clear()  # what a handler does to its event is not seen by the next try
        return self._answer(names) if self._answer else None

    def __call__(self, max_seconds: float = 60.0) -> list[list[str]]:
        self.triggers.run_until_idle(max_seconds)
        return self.batches

    @property
    def outcomes(self) -> list[str]:
        return [delivery.outcome for delivery in self.told]


def reported(*identifiers: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


def fail_once(*when: object) -> Callable[[list[str]], object]:
    """Answers, or raises, each of ``when`` in turn, and then is content."""
    left = list(when)

    def answer(names: list[str]) -> object:
        if not left:
            return None
        given = left.pop(0)
        if isinstance(given, BaseException):
            raise given
        return given

    return answer


def test_records_come_in_order_and_in_batches_of_the_size() -> None:
    run = Run(batch_size=2)
    run.log.put("a", "1", "2", "3", "4", "5")
    assert run() == [["1", "2"], ["3", "4"], ["5"]]


def test_shards_take_turns() -> None:
    run = Run(batch_size=1)
    run.log.put("a", "a1", "a2", "a3")
    run.log.put("b", "b1", "b2", "b3")
    names = [name for [name] in run()]
    assert {*names[:2]} == {"a1", "b1"}
    assert {*names[2:4]} == {"a2", "b2"}


def test_a_failing_shard_does_not_hold_up_the_others() -> None:
    run = Run(lambda names: 1 / 0 if "a1" in names else None)
    run.log.put("a", "a1", "a2")
    run.log.put("b", "b1")
    with pytest.raises(Transient):
        run(max_seconds=5.0)
    run.log.put("b", "b2")
    with pytest.raises(
        Transient, match=r"2 records are waiting; the last one: ZeroDivisionError: division by zero"
    ):
        run(max_seconds=5.0)
    assert [batch for batch in run.batches if batch != ["a1", "a2"]] == [["b1"], ["b2"]]


def test_a_batch_that_raised_comes_again_whole_before_the_next() -> None:
    run = Run(fail_once(ValueError("no"), ValueError("no")), batch_size=2)
    run.log.put("a", "1", "2", "3")
    assert run() == [["1", "2"], ["1", "2"], ["1", "2"], ["3"]]
    assert run.outcomes == ["failed", "failed", "done", "done"]
    assert [delivery.attempt for delivery in run.told] == [1, 2, 3, 1]


def test_a_reported_record_and_all_after_it_come_again() -> None:
    run = Run(fail_once(reported("a-001")))
    run.log.put("a", "1", "2", "3")
    assert run() == [["1", "2", "3"], ["2", "3"]]
    assert run.outcomes == ["partly", "done"]


def test_of_several_reported_records_the_lowest_counts() -> None:
    run = Run(fail_once(reported("a-002", "a-001", "a-002")))
    run.log.put("a", "1", "2", "3")
    assert run() == [["1", "2", "3"], ["2", "3"]]


def test_later_records_are_not_mixed_into_what_comes_again() -> None:
    run = Run(fail_once(reported("a-001")), batch_size=3)
    run.log.put("a", "1", "2", "3", "4")
    assert run() == [["1", "2", "3"], ["2", "3"], ["4"]]


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"ok": True}]
)
def test_an_answer_without_failures_is_success(answer: object) -> None:
    run = Run(fail_once(answer))
    run.log.put("a", "1", "2")
    assert run() == [["1", "2"]]


@pytest.mark.parametrize(
    "answer",
    [
        reported(""),
        reported("a-001", ""),
        reported("a-009"),
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"identifier": "a-001"}]},
        {"batchItemFailures": ["a-001"]},
        {"batchItemFailures": "a-001"},
        "done",
        {"bytes": b"no JSON"},
        SystemExit(1),
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_understood_fails_the_whole_batch(answer: object) -> None:
    run = Run(fail_once(answer))
    run.log.put("a", "1", "2")
    assert run() == [["1", "2"], ["1", "2"]]
    assert run.outcomes == ["failed", "done"]
    assert run.told[0].reason


def test_without_partial_responses_the_answer_does_not_count() -> None:
    run = Run(fail_once(reported("a-001")), function_response_types=())
    run.log.put("a", "1", "2")
    assert run() == [["1", "2"]]


def test_a_handler_that_took_longer_than_its_timeout_has_failed_whatever_it_answered() -> None:
    run = Run(lambda names: run.clock.advance(4.0 if len(run.batches) == 1 else 3.0), timeout=3.0)
    run.log.put("a", "1", "2")
    assert run() == [["1", "2"], ["1", "2"]]
    assert run.told[0].reason == "TimeoutError: the handler took 4.00 s, and its timeout is 3 s"
    assert run.outcomes == ["failed", "done"]


def test_ctrl_c_in_a_handler_goes_through() -> None:
    run = Run(fail_once(KeyboardInterrupt()))
    run.log.put("a", "1")
    with pytest.raises(KeyboardInterrupt):
        run()


def test_exhausted_retries_discard_the_batch_and_tell_so_with_the_records() -> None:
    run = Run(lambda names: 1 / 0 if "1" in names else None, batch_size=2, maximum_retry_attempts=2)
    run.log.put("a", "1", "2", "3")
    assert run() == [["1", "2"]] * 3 + [["3"]]
    assert run.outcomes == ["failed", "failed", "failed", "discarded", "done"]
    discarded = run.told[3]
    assert discarded.event is not None
    assert [record["name"] for record in discarded.event["Records"]] == ["1", "2"]
    assert str(discarded) == (
        "kinesis/written a: 2 records DISCARDED: failed after 3 tries: ZeroDivisionError: division by zero"
    )


def test_a_checkpoint_that_moves_starts_the_count_of_tries_again() -> None:
    run = Run(fail_once(reported("a-001"), reported("a-002"), reported("a-002")), maximum_retry_attempts=2)
    run.log.put("a", "1", "2", "3")
    assert run() == [["1", "2", "3"], ["2", "3"], ["3"], ["3"]]
    assert [delivery.attempt for delivery in run.told] == [1, 2, 2, 3]


def test_the_wait_before_a_retry_doubles_up_to_its_bound() -> None:
    run = Run(fail_once(*[ValueError("no")] * 5), backoff=1.0, longest_backoff=4.0)
    run.log.put("a", "1")
    run()
    assert [delivery.wait for delivery in run.told] == [1.0, 2.0, 4.0, 4.0, 4.0, 0.0]
    assert run.clock.now() >= 1_000_000.0 + 15.0


def test_records_that_became_too_old_are_discarded_and_the_rest_is_delivered() -> None:
    run = Run(maximum_record_age_in_seconds=60.0)
    run.log.put("a", "old", "older than it looks")
    run.clock.advance(61.0)
    run.log.put("a", "new")
    assert run() == [["new"]]
    assert run.outcomes == ["discarded", "done"]
    assert run.told[0].records == 2
    assert run.told[0].reason == "older than maximum_record_age_in_seconds=60"


def test_a_window_gathers_records_until_it_is_over() -> None:
    run = Run(maximum_batching_window_in_seconds=10.0, batch_size=10)
    run.log.put("a", "1")
    run.trigger.turn(run.clock, run.told.append)
    run.clock.advance(5.0)
    run.log.put("a", "2")
    run.trigger.turn(run.clock, run.told.append)
    assert run.batches == []
    run.clock.advance(5.0)
    run.trigger.turn(run.clock, run.told.append)
    assert run.batches == [["1", "2"]]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    run = Run(maximum_batching_window_in_seconds=300.0, batch_size=2)
    run.log.put("a", "1", "2")
    run.trigger.turn(run.clock, run.told.append)
    assert run.batches == [["1", "2"]]


def test_a_batch_that_is_full_by_its_bytes_does_not_wait_for_its_window() -> None:
    run = Run(maximum_batching_window_in_seconds=300.0)
    run.log.put("a", "1", "2", "3", size=LARGEST_EVENT // 2 - 200)
    run.trigger.turn(run.clock, run.told.append)
    assert run.batches == [["1", "2"]]


def test_an_event_is_cut_before_it_is_larger_than_lambda_takes() -> None:
    run = Run()
    run.log.put("a", "1", "2", "3", size=LARGEST_EVENT // 2 - 200)
    assert run() == [["1", "2"], ["3"]]


def test_child_shards_wait_until_all_parents_are_drained() -> None:
    run = Run(lambda names: 1 / 0 if "a2" in names and run.clock.now() < 1_000_003.0 else None, batch_size=1)
    run.log.put("a", "a1", "a2", "a3")
    run.log.put("b", "b1")
    run.log.shard("child", "a", "b")
    run.log.put("child", "c1")
    for parent in "ab":
        run.log.shard(parent).closed = True
    names = [name for [name] in run()]
    assert names[-1] == "c1"
    assert names.count("a2") > 1


def test_a_parent_that_is_not_listed_any_more_is_not_waited_for() -> None:
    run = Run()
    run.log.shard("child", "expired")
    run.log.put("child", "c1")
    assert run() == [["c1"]]


def test_empty_closed_shards_in_a_row_are_passed() -> None:
    run = Run()
    for name, parents in (("a", ()), ("b", ("a",)), ("c", ("b",))):
        run.log.shard(name, *parents).closed = name != "c"
    run.log.put("c", "1")
    assert run() == [["1"]]


def test_a_shard_that_vanished_is_told_of_and_its_children_go_on() -> None:
    run = Run()
    run.log.put("a", "a1")
    run()
    del run.log.content["a"]
    run.log.shard("child", "a")
    run.log.put("child", "c1")
    assert run() == [["a1"], ["c1"]]
    assert "lost" in run.outcomes
    assert "shard a is not there any more" in str(next(told for told in run.told if told.outcome == "lost"))


def test_latest_begins_where_it_was_opened_and_children_at_their_start() -> None:
    run = Run(starting_position="LATEST")
    run.log.put("a", "before")
    run.triggers.open()
    run.log.put("a", "after")
    run.log.shard("a").closed = True
    run.log.shard("child", "a")
    run.log.put("child", "c1")
    assert run() == [["after"], ["c1"]]


def test_an_expired_iterator_is_resumed_after_the_last_record_read() -> None:
    run = Run()
    run.log.put("a", "1", "2")
    run()
    run.log.put("a", "3")
    run.log.expired.add("a@2")
    assert run() == [["1", "2"], ["3"]]


def test_an_empty_stream_calls_nothing() -> None:
    run = Run()
    run.log.shard("a")
    assert run() == []
    assert run.told == []


def test_the_context_is_that_of_lambda() -> None:
    run = Run(timeout=3.0)
    run.log.put("a", "1")
    contexts: list[Any] = []

    def handler(event: Any, context: Any) -> None:
        contexts.append((context.get_remaining_time_in_millis(), context.aws_request_id, context))
        run.clock.advance(4.0)
        contexts.append((context.get_remaining_time_in_millis(), context.aws_request_id, context))

    StreamTrigger(run.log, handler, run.trigger.settings, function="rooms").turn(run.clock, run.told.append)
    assert [left for left, _, _ in contexts] == [3000, 0]
    assert contexts[0][1] == contexts[1][1]
    assert contexts[0][2].function_name == "rooms"
    assert contexts[0][2].invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:rooms"
    assert run.told[0].seconds == 4.0


def test_a_batch_that_raised_is_split_until_the_poison_is_alone() -> None:
    run = Run(
        lambda names: 1 / 0 if "4" in names else None,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=1,
    )
    run.log.put("a", *"123456")
    assert ["".join(batch) for batch in run()] == ["123456", "123", "456", "45", "4", "4", "5", "6"]
    assert [told.outcome for told in run.told].count("discarded") == 1


def test_a_destination_that_is_away_is_waited_for_and_nothing_goes_by_meanwhile() -> None:
    run = Run(lambda names: 1 / 0 if "1" in names else None, batch_size=1, maximum_retry_attempts=0)

    class Away:
        left = 3

        def keep_batch(self, batch: Any, source_arn: str, now: float) -> str:
            self.left -= 1
            if self.left >= 0:
                raise Transient("no answer")
            return "failures/1"

    run.trigger._destination = Away()  # type: ignore[assignment]  # only what a trigger asks of it
    run.log.put("a", "1", "2")
    assert run() == [["1"], ["2"]]
    assert run.outcomes == ["failed", "failed", "failed", "failed", "discarded", "done"]
    assert str(run.told[4]).endswith(
        "DISCARDED: failed after 1 try: ZeroDivisionError: division by zero; kept in failures/1"
    )


def test_what_matches_no_filter_is_told_and_never_delivered() -> None:
    run = Run(batch_size=2, filter_criteria=[{"name": [{"prefix": "room"}]}])
    run.log.put("a", "room 1", "x", "y", "z", "room 2")
    assert run() == [["room 1"], ["room 2"]]
    assert sum(told.records for told in run.told if told.outcome == "filtered") == 3
    assert run.triggers.run_until_idle().deliveries == 0
