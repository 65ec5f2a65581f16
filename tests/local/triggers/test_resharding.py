"""A stream's trigger while its stream is resharded and its handler fails: nothing is lost, each key keeps its order."""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactflow.local.triggers import (
    Delivery,
    ManualClock,
    MemoryStream,
    StreamTrigger,
    Triggers,
    TriggerSettings,
)


class Run:
    """A trigger on a stream in memory; ``got`` is what each key's records came to, in the order of first sight."""

    def __init__(self, faults: list[str], *, workers: int = 1, shards: int = 1, **settings: Any) -> None:
        self.clock = ManualClock(1_000_000.0)
        self.stream = MemoryStream("s", shards=shards, now=self.clock.now)
        self.got: dict[str, list[int]] = defaultdict(list)
        self.told: list[Delivery] = []
        self._faults = iter(faults)
        self._lock = threading.Lock()
        self.trigger = StreamTrigger(
            self.stream, self._handle, TriggerSettings(**settings), function="f", workers=workers
        )
        self.triggers = Triggers([self.trigger], clock=self.clock, listener=self.told.append)

    def put(self, *keys: str) -> None:
        for key in keys:
            self.stream.put(key, json.dumps({"n": self.stream._number}).encode())

    def _handle(self, event: Any, context: Any) -> object:
        records = event["Records"]
        with self._lock:
            fault = next(self._faults, "")
            done = {
                "": len(records),
                "raise": 0,
                "report": len(records) // 2,
                "answer is lost": len(records),
            }[fault]
            for record in records[:done]:
                number = json.loads(base64.b64decode(record["kinesis"]["data"]))["n"]
                if number not in self.got[record["kinesis"]["partitionKey"]]:
                    self.got[record["kinesis"]["partitionKey"]].append(number)
        if fault in ("raise", "answer is lost"):
            raise RuntimeError(fault)
        failed = [{"itemIdentifier": record["kinesis"]["sequenceNumber"]} for record in records[done:]]
        return {"batchItemFailures": failed}


keys = st.lists(st.sampled_from("abcdefgh"), max_size=12)
reshards = st.sampled_from(["split", "merge", "split twice"])
faults = st.lists(st.sampled_from(["", "", "raise", "report", "answer is lost"]), max_size=30)


@given(st.lists(st.tuples(keys, reshards), max_size=6), faults, st.sampled_from([1, 3]), st.booleans())
def test_nothing_is_lost_and_each_key_keeps_its_order(
    history: list[tuple[list[str], str]], faults: list[str], factor: int, run_between: bool
) -> None:
    run = Run(faults, batch_size=4, parallelization_factor=factor)
    put: dict[str, int] = defaultdict(int)
    for some, reshard in history:
        run.put(*some)
        for key in some:
            put[key] += 1
        shards = run.stream.open_shards
        if reshard == "merge" and len(shards) > 1:
            run.stream.merge(shards[0].name, shards[1].name)
        elif reshard != "merge" and len(shards) < 8:
            first, _ = run.stream.split(shards[len(put) % len(shards)].name)
            if reshard == "split twice":
                run.stream.split(first)
        if run_between:
            run.triggers.run_until_idle()
    run.triggers.run_until_idle()
    assert {key: len(numbers) for key, numbers in run.got.items()} == put
    assert all(numbers == sorted(numbers) for numbers in run.got.values())
    open_shards = {shard.name for shard in run.stream.open_shards}
    assert set(run.trigger.drained) == set(run.stream.shards()) - open_shards


def test_children_of_a_long_line_of_empty_shards_are_reached() -> None:
    run = Run([])
    for _ in range(20):
        first, second = run.stream.split(run.stream.open_shards[0].name)
        run.stream.merge(first, second)
    run.put("a", "b")
    run.triggers.run_until_idle()
    assert {key: len(numbers) for key, numbers in run.got.items()} == {"a": 1, "b": 1}


def test_workers_call_the_handler_for_several_batches_at_a_time_and_keep_the_order_of_each_key() -> None:
    run = Run(["raise", "", "report"] * 4, workers=4, batch_size=3, parallelization_factor=4)
    together = threading.Barrier(2, timeout=20.0)
    met = threading.Event()
    handle = run.trigger._call.handler

    def meeting(event: Any, context: Any) -> object:
        if not met.is_set():
            together.wait()  # ends only if another batch is out meanwhile
            met.set()
        return handle(event, context)

    run.trigger._call = type(run.trigger._call)(meeting, 60.0, "f")
    run.put(*("abcdefgh" * 5))
    run.triggers.run_until_idle()
    assert {key: len(numbers) for key, numbers in run.got.items()} == dict.fromkeys("abcdefgh", 5)
    assert all(numbers == sorted(numbers) for numbers in run.got.values())


def test_records_that_were_trimmed_before_they_were_read_are_passed_over() -> None:
    run = Run([], batch_size=2)
    run.put("a", "a", "a", "b")
    run.stream.trim("shardId-000000000000", 3)
    run.triggers.run_until_idle()
    assert list(run.got) == ["b"]


def test_a_trigger_goes_on_behind_the_checkpoints_of_the_one_before() -> None:
    run = Run(["", "raise"], batch_size=2)
    run.put("a", "a", "b")
    run.trigger.turn(run.clock, run.told.append)
    again = StreamTrigger(
        run.stream,
        run._handle,
        run.trigger.settings,
        function="f",
        checkpoints=run.trigger.polling.checkpoints(),
    )
    told: list[Delivery] = []
    Triggers([again], clock=run.clock, listener=told.append).run_until_idle()
    assert [(delivery.outcome, delivery.records) for delivery in told] == [("failed", 1), ("done", 1)]
    assert {key: len(numbers) for key, numbers in run.got.items()} == {"a": 2, "b": 1}


def test_a_start_in_time_begins_at_the_first_record_that_arrived_then() -> None:
    run = Run([], starting_position="AT_TIMESTAMP", starting_position_timestamp=1_000_005.0)
    run.put("early")
    run.clock.advance(5.0)
    run.put("late")
    run.triggers.run_until_idle()
    assert list(run.got) == ["late"]
