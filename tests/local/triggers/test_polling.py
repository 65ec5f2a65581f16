"""The polling core against a model, over any history: puts, reshards, batches out side by side, answers of every kind.

The stream is in memory and the time is a number; nothing here waits. What is checked after each step is what the module
promises, in the words of its docstring.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reactflow.errors import ConfigurationError, InternalError
from reactflow.local.triggers import Batch, Entry, MemoryStream, Polling, TriggerSettings
from reactflow.local.triggers.polling import MOST_BEHIND, SHARD_END

KEYS = ("a", "b", "c", "d", "e")

settings_of = st.builds(
    TriggerSettings,
    batch_size=st.sampled_from([1, 2, 3, 7]),
    maximum_batching_window_in_seconds=st.sampled_from([0.0, 0.0, 4.0]),
    parallelization_factor=st.sampled_from([1, 1, 2, 5]),
    maximum_retry_attempts=st.sampled_from([-1, 0, 1, 3]),
    maximum_record_age_in_seconds=st.sampled_from([-1, -1, 60]),
    bisect_batch_on_function_error=st.booleans(),
    function_response_types=st.sampled_from([("ReportBatchItemFailures",), ()]),
    filter_criteria=st.sampled_from([(), ({"data": {"n": [{"anything-but": [3, 4]}]}},)]),
)


def numbers(batch: Batch) -> list[int]:
    return [json.loads(record)["n"] for record in data_of(batch.entries)]


def data_of(entries: Any) -> list[str]:
    return [base64.b64decode(json.loads(entry.text)["kinesis"]["data"]).decode() for entry in entries]


class AnyHistory(RuleBasedStateMachine):
    """``fates`` says of every record, by its number, what became of it."""

    @initialize(settings=settings_of, shards=st.integers(1, 3))
    def begin(self, settings: TriggerSettings, shards: int) -> None:
        self.now = 1_000.0
        self.stream = MemoryStream("s", shards=shards, now=lambda: self.now)
        self.polling = Polling(settings)
        self.out: list[Batch] = []
        self.keys: list[str] = []  # of record n, its partition key
        self.fates: dict[int, str] = {}
        self.seen: set[int] = set()
        self.tries: Counter[tuple[int, ...]] = Counter()

    # --- what happens ----------------------------------------------------------------------------------------------

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=12))
    def put(self, keys: list[str]) -> None:
        for key in keys:
            self.stream.put(key, json.dumps({"n": len(self.keys)}).encode())
            self.keys.append(key)

    @rule(place=st.integers(0, 5))
    def split(self, place: int) -> None:
        shards = self.stream.open_shards
        if len(shards) < 6:
            self.stream.split(shards[place % len(shards)].name)

    @rule(place=st.integers(0, 5))
    def merge(self, place: int) -> None:
        shards = self.stream.open_shards
        if len(shards) > 1:
            first = place % (len(shards) - 1)
            self.stream.merge(shards[first].name, shards[first + 1].name)

    @rule()
    def read(self) -> None:
        self.polling.found(self.stream.shards())
        for one in self.polling.reads():
            place = (
                self.stream.resume(one.shard, one.after)
                if one.after
                else self.stream.enter(one.shard, one.start)
            )
            page = self.stream.read(one.shard, place, one.limit)
            assert len(page.entries) <= one.limit
            self.polling.arrived(one.shard, page.entries, self.now, is_end=page.next is None)
            if self.polling.settings.filter_criteria.patterns:
                self.fates |= {n: "filtered" for n in map(self.number, page.entries) if n in (3, 4)}

    @rule()
    def take(self) -> None:
        batch = self.polling.next_batch(self.now)
        if batch is None:
            due = self.polling.due(self.now)
            assert due is None or due > self.now
            return
        assert batch.entries
        assert len(batch.entries) <= self.polling.settings.batch_size
        assert (batch.shard, batch.slot) not in {(one.shard, one.slot) for one in self.out}
        assert len({entry.identifier for entry in batch.entries}) == len(batch.entries)
        got = numbers(batch)
        assert not self.fates.keys() & set(got)
        for n in got:  # all before it of its key are done with, or before it in this very batch
            before = [m for m in range(n) if self.keys[m] == self.keys[n] and m not in self.fates]
            assert set(before) <= set(got[: got.index(n)])
        self.seen |= set(got)
        self.out.append(batch)

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        batch = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        got = numbers(batch)
        if batch.condition:
            self.put_away(batch, got, is_kept=data.draw(st.booleans()))
            return
        how = data.draw(st.sampled_from(["done", "raised", "reported", "misreported"]))
        if how == "raised":
            settled = self.polling.failed(batch, "ValueError: no", self.now)
        else:
            places = (
                data.draw(st.sets(st.integers(0, len(got) - 1), min_size=1)) if how == "reported" else set()
            )
            names = [batch.identifiers[place] for place in places] + ([""] if how == "misreported" else [])
            answer = {"batchItemFailures": [{"itemIdentifier": name} for name in names]}
            settled = self.polling.answered(batch, answer, self.now)
            if how == "done" or not self.polling.settings.reports_item_failures:
                assert settled.finished == len(got)
            else:
                assert settled.finished == min(places, default=0)
        assert settled.finished + settled.unfinished == len(got)
        self.fates |= dict.fromkeys(got[: settled.finished], "finished")
        if settled.unfinished and not settled.is_split and not settled.finished:
            self.tries[tuple(got)] += 1

    def put_away(self, batch: Batch, got: list[int], *, is_kept: bool) -> None:
        settings = self.polling.settings
        if not is_kept:
            return self.polling.postponed(batch, self.now)
        if batch.condition == "RecordAgeExpired":
            assert all(
                self.now - entry.arrival > settings.maximum_record_age_in_seconds for entry in batch.entries
            )
        else:
            assert batch.tries == settings.maximum_retry_attempts + 1
            if settings.bisect_batch_on_function_error:
                assert len(got) == 1
                assert self.tries[tuple(got)] == batch.tries
        self.polling.put_away(batch)
        self.fates |= dict.fromkeys(got, batch.condition)

    @rule(seconds=st.sampled_from([0.05, 1.0, 5.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(settings=settings_of)
    def make_anew(self, settings: TriggerSettings) -> None:
        """The mapping is updated, or its poller dies: it goes on from its checkpoints, with other settings perhaps."""
        self.out.clear()
        if self.polling.settings.filter_criteria.patterns:
            settings = evolve(settings, filter_criteria=self.polling.settings.filter_criteria)
        self.polling = Polling(settings, self.polling.checkpoints())
        self.finished_beyond_checkpoints_come_again()

    def finished_beyond_checkpoints_come_again(self) -> None:
        ends = self.polling.checkpoints() or self.polling._earlier
        for name, shard in self.stream._shards.items():
            for entry in shard.entries:
                end = ends.get(name, "")
                if end != SHARD_END and (not end or int(entry.identifier) > int(end)):
                    self.fates.pop(self.number(entry), None)

    # --- what holds ------------------------------------------------------------------------------------------------

    @invariant()
    def no_checkpoint_passes_what_is_not_done(self) -> None:
        if not hasattr(self, "polling"):
            return
        for name, end in self.polling.checkpoints().items():
            for entry in self.stream._shards[name].entries:
                if end == SHARD_END or int(entry.identifier) <= int(end):
                    assert self.number(entry) in self.fates

    def teardown(self) -> None:
        """When the faults stop, everything is finished or put away, and children have been reached."""
        if not hasattr(self, "polling"):
            return
        for _ in range(20 * (len(self.keys) + len(self.stream.shards()) + 2)):
            self.read()
            while self.out:
                batch = self.out.pop()
                if batch.condition:
                    self.put_away(batch, numbers(batch), is_kept=True)
                else:
                    self.polling.answered(batch, None, self.now)
                    self.fates |= dict.fromkeys(numbers(batch), "finished")
            self.take()
            self.now += 3.0
            if not self.out and not self.polling.waiting and len(self.fates) == len(self.keys):
                break
        assert sorted(self.fates) == list(range(len(self.keys)))
        assert self.polling.waiting == 0
        lost = [n for n, fate in self.fates.items() if fate in ("finished", "RetryAttemptsExhausted")]
        assert set(lost) <= self.seen

    def number(self, entry: Entry) -> int:
        [text] = data_of([entry])
        return int(json.loads(text)["n"])


TestAnyHistory = pytest.mark.hypothesis(AnyHistory.TestCase)


def filled(settings: TriggerSettings, count: int, key: str = "a") -> Polling:
    stream = MemoryStream("s", now=lambda: 0.0)
    polling = Polling(settings)
    for n in range(count):
        stream.put(key, json.dumps({"n": n}).encode())
    polling.found(stream.shards())
    [shard] = stream.shards()
    polling.arrived(shard, stream.read(shard, stream.enter(shard, "TRIM_HORIZON"), count).entries, 0.0)
    return polling


@given(
    st.integers(1, 60),
    st.sets(st.integers(0, 59), max_size=4),
    st.integers(1, 60),
    st.integers(0, 3),
    st.booleans(),
)
def test_a_split_isolates_poison_whatever_the_handler_can_say(
    count: int, poison: set[int], size: int, retries: int, says_which: bool
) -> None:
    polling = filled(TriggerSettings(batch_size=size, maximum_retry_attempts=retries), count)
    poison = {n for n in poison if n < count}
    now, done, given_up = 0.0, list[int](), list[int]()
    alone: Counter[int] = Counter()
    while polling.waiting:
        batch = polling.next_batch(now)
        if batch is None:
            now = polling.due(now) or now
            continue
        got = numbers(batch)
        bad = [place for place, n in enumerate(got) if n in poison]
        if batch.condition:
            polling.put_away(batch)
            given_up += got
        elif not bad:
            polling.answered(batch, None, now)
            done += got
        elif says_which:
            failed = {"batchItemFailures": [{"itemIdentifier": batch.identifiers[bad[0]]}]}
            done += got[: polling.answered(batch, failed, now).finished]
            alone.update(got if len(got) == 1 else [])
        else:
            polling.failed(batch, "no", now)
            alone.update(got if len(got) == 1 else [])
    assert done == sorted(set(range(count)) - poison)
    assert given_up == sorted(poison)
    assert alone == dict.fromkeys(poison, retries + 1)


outcomes = st.lists(
    st.integers(0, 9) | st.none(), max_size=40
)  # of each delivery: the first that failed, none, or all


@given(settings_of.filter(lambda one: one.parallelization_factor == 1), st.integers(1, 30), outcomes)
def test_what_is_handed_out_of_a_shard_is_always_the_first_of_what_is_left(
    settings: TriggerSettings, count: int, outcomes: list[int | None]
) -> None:
    polling = filled(evolve(settings, filter_criteria=()), count)
    left, now, failures = list(range(count)), 0.0, iter(outcomes)
    while left:
        batch = polling.next_batch(now)
        if batch is None:
            due = polling.due(now)
            assert due is not None
            assert due > now
            now = due
            continue
        got = numbers(batch)
        assert got == left[: len(got)]
        failed = next(failures, None)
        if batch.condition:
            del left[: polling.put_away(batch).finished]
        elif failed is None:
            del left[: polling.answered(batch, None, now).finished]
        elif failed >= len(got):
            polling.failed(batch, "no", now)
        else:
            answer = {"batchItemFailures": [{"itemIdentifier": batch.identifiers[failed]}]}
            del left[: polling.answered(batch, answer, now).finished]


@given(st.integers(2, 40))
def test_without_a_split_the_whole_batch_goes_when_its_retries_are_used_up(count: int) -> None:
    settings = TriggerSettings(batch_size=100, maximum_retry_attempts=1, bisect_batch_on_function_error=False)
    polling, now, tries = filled(settings, count), 0.0, 0
    while (batch := polling.next_batch(now)) is not None and not batch.condition:
        tries += 1
        now += polling.failed(batch, "no", now).wait
    assert batch is not None
    assert (tries, len(batch.entries), batch.condition) == (2, count, "RetryAttemptsExhausted")


def test_one_key_that_fails_holds_up_its_slot_and_no_other() -> None:
    settings = TriggerSettings(batch_size=10, parallelization_factor=10)
    stream = MemoryStream("s", now=lambda: 0.0)
    polling = Polling(settings)
    for key in KEYS * 3:
        stream.put(key, b"{}")
    polling.found(stream.shards())
    [shard] = stream.shards()
    polling.arrived(shard, stream.read(shard, stream.enter(shard, "TRIM_HORIZON"), 100).entries, 0.0)
    taken = []
    while (batch := polling.next_batch(0.0)) is not None:
        taken.append(batch)
    assert sorted(entry.key for batch in taken for entry in batch.entries) == sorted(KEYS * 3)
    assert len({batch.slot for batch in taken}) == len(taken) > 1
    failing, *others = taken
    polling.failed(failing, "no", 0.0)
    for batch in others:
        polling.answered(batch, None, 0.0)
    assert polling.waiting == len(failing.entries)
    assert polling.checkpoints().get(shard, "") < failing.identifiers[0]


def test_a_shard_is_read_no_further_while_one_slot_is_too_far_behind() -> None:
    polling = Polling(TriggerSettings(batch_size=10, parallelization_factor=10))
    polling.found({"s": ()})
    hot = [Entry("{}", f"{n:09d}", 0.0, "hot") for n in range(MOST_BEHIND + 10)]
    polling.arrived("s", hot[:10], 0.0)
    assert polling.next_batch(0.0) is not None
    polling.arrived("s", hot[10:-1], 0.0)
    assert [read.limit for read in polling.reads()] == [90]
    polling.arrived("s", hot[-1:], 0.0)
    assert polling.reads() == ()


def test_records_that_are_too_old_go_before_the_rest_of_their_batch() -> None:
    polling = Polling(TriggerSettings(maximum_record_age_in_seconds=60))
    polling.found({"s": ()})
    polling.arrived("s", [Entry("1", "1", 0.0), Entry("2", "2", 0.0), Entry("3", "3", 50.0)], 0.0)
    old = polling.next_batch(now=61.0)
    assert old is not None
    assert (old.identifiers, old.condition, old.tries) == (["1", "2"], "RecordAgeExpired", 0)
    polling.put_away(old)
    rest = polling.next_batch(now=61.0)
    assert rest is not None
    assert (rest.identifiers, rest.condition) == (["3"], "")


def test_a_batch_is_settled_once_and_put_away_only_for_a_reason() -> None:
    polling = filled(TriggerSettings(), 1)
    batch = polling.next_batch(0.0)
    assert batch is not None
    with pytest.raises(InternalError, match="put away that is to be delivered"):
        polling.put_away(batch)
    polling.failed(batch, "no", 0.0)
    with pytest.raises(InternalError, match="was settled that is not in delivery"):
        polling.answered(batch, None, 0.0)


def test_a_poller_goes_on_behind_the_checkpoints_of_another_and_not_at_latest() -> None:
    settings = TriggerSettings(starting_position="LATEST")
    polling = Polling(settings, {"parent": SHARD_END, "left": "7"})
    assert polling.found({"parent": (), "left": ("parent",), "right": ("parent",)}) == (
        "parent",
        "left",
        "right",
    )
    assert [(read.shard, read.after, read.start) for read in polling.reads()] == [
        ("left", "7", "TRIM_HORIZON"),
        ("right", "", "TRIM_HORIZON"),
    ]


def test_a_stream_in_memory_refuses_reshards_that_kinesis_would_refuse() -> None:
    stream = MemoryStream("s", shards=3, now=lambda: 0.0)
    first, second, third = stream.shards()
    with pytest.raises(ConfigurationError, match="do not touch"):
        stream.merge(first, third)
    stream.merge(second, first)
    with pytest.raises(ConfigurationError, match="closed already"):
        stream.split(first)
