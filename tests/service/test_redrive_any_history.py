"""Delivered in any pieces, redelivered, raced and redriven in any order, cases end as if they had never failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from reactflow import UNSET, Cell, Flow, Fold, Pulse, Service, cell, fold, folds, pulse, row
from reactflow.aws import Kinesis
from reactflow.errors import CellError, ReactflowError
from reactflow.flow import Event
from reactflow.service import Host
from reactflow.testing import kinesis_event
from tests.service.faults import FaultyStore, Script, Trigger
from tests.service.recording import Table, check_publications

last_three: Fold[int, tuple[int, ...]] = Fold((), lambda kept, one: (*kept[-2:], one), name="last_three")
CELLS, PULSES = ("width", "height", "divisor"), ("reading", "stride")


def flow(*, is_mended: bool) -> Any:
    """Readings and divisors are free; heights and strides are needed in order."""

    class Room(Flow):
        width: Cell[float] = cell()
        height: Cell[float] = cell()
        divisor = cell(1)
        reading: Pulse[int] = pulse()
        stride: Pulse[int] = pulse()
        share = width / divisor.map((lambda value: value or 1) if is_mended else (lambda value: value))
        ratio = reading.map((lambda value: 12 // (value or 1)) if is_mended else (lambda value: 12 // value))
        pace = stride.map((lambda value: 12 // (value or 1)) if is_mended else (lambda value: 12 // value))
        total = fold(ratio, folds.sum)
        highest = fold(height.changes(), folds.max)
        recent = fold(pace, last_three)

    return Room


OLD, MENDED = flow(is_mended=False), flow(is_mended=True)

SIZES = st.sampled_from([1.0, 2.0, 4.0])
COUNTS = st.sampled_from([0, 0, 1, 3])
FIELDS = st.fixed_dictionaries(
    {"room": st.sampled_from(["r1", "r1", "r2"])},
    optional={"width": SIZES, "height": SIZES, "divisor": COUNTS, "reading": COUNTS, "stride": COUNTS},
)
RECORDS = st.lists(
    FIELDS | FIELDS | FIELDS | st.just({"room": "r1", "width": "wide"}), min_size=1, max_size=14
)


def service(flow: Any, tables: list[Table]) -> Service:
    rows, log = tables
    outputs = [row(flow.share, flow.total, flow.highest, flow.recent) >> rows, flow.ratio >> log]
    return Service(
        flow, name="rooms", key="room", inputs=[Kinesis("measurements", partition="room")], outputs=outputs
    )


def expected(records: list[dict[str, Any]]) -> dict[str, dict[str, object]]:
    """Every record that can be read applied once, in order, by the mended step."""
    step, states = MENDED.step(), dict[str, Any]()
    for fields in records:
        state = states.setdefault(f"room={fields['room']}", step.initial())
        if fields.get("width") == "wide":
            continue
        given = Event(
            {name: fields[name] for name in CELLS if name in fields},
            {name: fields[name] for name in PULSES if name in fields},
        )
        try:
            states[f"room={fields['room']}"], _ = step.apply(state, given)
        except CellError as error:  # the mended flow takes all
            raise AssertionError from error
    return states


@settings(max_examples=200, deadline=None)
@given(records=RECORDS, seed=st.integers(0, 2**32), rate=st.sampled_from([0.0, 0.05, 0.2, 0.4]))
def test_any_redrive_ends_as_if_nothing_had_failed(records: Any, seed: int, rate: float) -> None:
    chance = Random(seed)
    script = Script(chance.random() < rate for _ in range(120))
    tables = [Table("rows"), Table("log")]
    for table in tables:
        table.fault.append(script)
    store = FaultyStore(script)
    sent = kinesis_event(*records, partition="room")["Records"]
    cut = chance.randrange(len(sent) + 1)
    before = Trigger(service(OLD, tables), store, sent[:cut])
    for _ in range(chance.randrange(6)):
        before.deliver(chance.randrange(7), chance.randrange(5), chance.randrange(2), chance.random() < 0.2)
    before.deliver_rest()
    after = Trigger(service(MENDED, tables), store, sent)
    after.next = before.next
    redriven: set[str] = set()
    for _ in range(400):
        if after.next < len(sent) and chance.random() < 0.5:
            after.deliver(
                chance.randrange(1, 5), chance.randrange(5), chance.randrange(2), chance.random() < 0.2
            )
        known = [one.id for one in store.inner.cases("rooms") if one.reason.kind != "held"]
        if known:
            decide(after.hosts[chance.randrange(2)], chance.choice(known), redriven)
        if chance.random() < 0.2:
            attempt(after.hosts[chance.randrange(2)].sweep, 0.0)
        if after.next >= len(sent) and not any(waits(store, unit) for unit in store.inner.units("rooms")):
            break
    else:
        raise AssertionError("cases are left")
    note(f"what went wrong: {script.happened}")
    script.stop()
    host = Host(after.service, store)
    host.sweep(0.0)
    check_publications(tables)
    step, states = MENDED.step(), expected(records)
    for unit, state in states.items():
        item = store.inner.get("rooms", unit)
        assert item is not None
        assert (item.open_cases, item.waiting, item.held, item.v) == ((), (), False, store.writes[unit])
        assert step.read(item.cells, item.gv) == state
        values = step.values(state)
        shown = tables[0].rows.get(unit)
        if any(one["room"] == unit[5:] and one.get("width") != "wide" for one in records):
            assert shown is not None
            names = ("share", "total", "highest", "recent")
            wanted = {name: values[name] for name in names if values[name] is not UNSET}
            assert {name: shown[name] for name in names if name in shown} == wanted
        else:
            assert shown is None
        told = Counter(
            12 // (one["reading"] or 1) for one in records if "reading" in one and unit.endswith(one["room"])
        )
        assert Counter(tables[1].occurrences(unit, "ratio")) == told, "each occurrence once"
    left = dict(store.writes)
    host.handle({"Records": sent})
    for id in redriven:
        if any(one.id == id for one in store.inner.cases("rooms")):
            host.redrive(id)
    assert store.writes == left, "all of it was seen"


def waits(store: FaultyStore, unit: str) -> bool:
    item = store.inner.get("rooms", unit)
    return item is not None and bool(item.open_cases or item.waiting)


def decide(host: Host, id: str, redriven: set[str]) -> None:
    """Skip what can never be read, redrive all else; what fails for now is tried again."""
    case = host.store.inner.case("rooms", id)  # type: ignore[attr-defined]  # whoever decides has seen the case
    if case is not None and "wide" in case.reason.message:
        attempt(host.skip, id)
    elif case is not None:
        redriven.add(id)
        attempt(host.redrive, id)


def attempt(do: Callable[[Any], object], about: Any) -> None:
    with suppress(ReactflowError):  # it is tried again
        do(about)
