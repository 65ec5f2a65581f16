"""However records are cut into deliveries, repeated, raced and interrupted, the end is that of applying each once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from reactflow import UNSET, Cell, Flow, Fold, Pulse, Service, cell, derived, fold, folds, pulse, row
from reactflow.aws import S3, DynamoDB, Kinesis, S3Object
from reactflow.cells import Failure
from reactflow.errors import CellError, Transient
from reactflow.flow import DEFAULT, Event
from reactflow.service import Host
from reactflow.testing import dynamodb_event, kinesis_event, s3_event, sqs_event
from tests.service.faults import FaultyStore, Script, Trigger
from tests.service.recording import Table, check_publications

last_three: Fold[int, tuple[int, ...]] = Fold((), lambda kept, one: (*kept[-2:], one), name="last_three")


weather: list[Script] = []


def look_up(area: float) -> float:
    """Stands for reading an object: fixed by its argument, and away at times."""
    if weather and weather[0]("cell"):
        raise Transient("not readable for now")
    return area


class Room(Flow):
    length = cell(1.0)
    width: Cell[float] = cell()
    divisor = cell(1)
    spare = cell(0)
    reading: Pulse[int] = pulse()
    area = length * width
    seen_area = area.map(look_up)
    share = area / divisor
    total = fold(reading, folds.sum)
    peak = fold(area.changes(), folds.max)
    recent = fold(reading, last_three)
    moved = area.changes()

    @derived
    def is_large(self) -> bool:
        return self.area > 10.0

    @derived(stored=False)
    def sketch(self) -> bytes:
        return b"#" * int(self.area)

    @derived(stored=False)
    def odds(self) -> float:
        return 1.0 / self.spare  # fails on the defaults


IN_ORDER = {"length", "width", "reading"}  # what peak and recent are computed from

Fields = dict[str, Any]
NUMBERS = st.sampled_from([0.0, 1.0, 2.5, 4.0])
FIELDS = st.fixed_dictionaries(
    {"room": st.sampled_from(["r1", "r2"])},
    optional={
        "length": NUMBERS,
        "width": NUMBERS,
        "divisor": st.sampled_from([0, 1, 2]),
        "spare": st.sampled_from([0, 2, 4]),
        "reading": st.integers(1, 9),
    },
)
BROKEN = st.sampled_from([{"room": "r1", "length": "long"}, {"room": 7}, {"width": 1.0}, "not JSON"])
RECORDS = st.lists(FIELDS | FIELDS | FIELDS | BROKEN, min_size=1, max_size=16)
RATES = st.sampled_from([0.0, 0.05, 0.2, 0.4])
SEEDS = st.integers(0, 2**32)


def made_service(source: Any, tables: Sequence[Table]) -> Service:
    rows, log, moves = tables
    return Service(
        Room,
        name="rooms",
        key="room",
        inputs=[source],
        outputs=[
            row(Room.area, Room.share, Room.sketch, Room.odds, limit=Room.peak, total=Room.total) >> rows,
            row(Room.reading, so_far=Room.total) >> log,
            Room.moved >> moves,
        ],
    )


class Expected:
    """The oracle: every event applied once, in order, by nothing but the flow's step."""

    def __init__(self) -> None:
        self.step = Room.step()
        self.states: dict[str, dict[str, object]] = {}
        self.cases: dict[str, list[int]] = {}
        self.waiting: dict[str, list[int]] = {}
        self.log: dict[str, list[Fields]] = {}
        self.moves: dict[str, list[float]] = {}
        self.alive: dict[str, bool] = {}

    def apply(self, place: int, room: str, event: Event | None) -> None:
        """One event of a room; None for a record that cannot be decoded."""
        unit = f"room={room}"
        state = self.states.setdefault(unit, self.step.initial())
        if unit in self.waiting:
            self.waiting[unit].append(place)
            return
        try:
            if event is None:
                raise CellError("not read", cell="", error=ValueError())
            state, applied = self.step.apply(state, event)
        except CellError:
            self.cases.setdefault(unit, []).append(place)
            if event is None or IN_ORDER & {*event.writes, *event.occurrences}:
                self.waiting[unit] = []  # what follows waits behind it
            return
        self.states[unit] = state
        values = self.step.values(state)
        for name, value in applied.occurrences:
            if name == "reading":
                entry = {"room": room, "reading": value, "so_far": values["total"]}
                self.log.setdefault(unit, []).append(entry)
            else:
                self.moves.setdefault(unit, []).append(value)  # type: ignore[arg-type]
        self.alive[unit] = any(name in state for name in ("length", "width", "divisor"))

    def rows(self) -> dict[str, Fields]:
        found = {}
        for unit, is_alive in self.alive.items():
            state = self.states[unit]
            values = self.step.values(state)
            shown = {
                "room": unit.removeprefix("room="), "area": state.get("area"), "share": state.get("share"),
                "limit": values["peak"], "total": values["total"], "sketch": values["sketch"], "odds": values["odds"],
            }  # fmt: skip
            if is_alive:
                found[unit] = {
                    name: value for name, value in shown.items() if name in ("room", "total") or is_set(value)
                }
        return found


def is_set(value: object) -> bool:
    return value is not None and value is not UNSET and not isinstance(value, Failure)


def check(trigger: Trigger, expected: Expected, tables: Sequence[Table]) -> None:
    rows, log, moves = tables
    store, service = trigger.store, trigger.service
    items = {unit: store.inner.get("rooms", unit) for unit in store.units("rooms")}
    assert items.keys() == expected.states.keys()
    for unit, item in items.items():
        assert item is not None
        assert service.step.read(item.cells, item.gv) == expected.states[unit]
        assert item.v == store.writes[unit]
        first = int(trigger.records[0].get("kinesis", {}).get("sequenceNumber", FIRST_OF_TABLE))
        places = [
            [int(case.rpartition("@")[2].partition(".")[0]) - first for case in ids]
            for ids in (item.open_cases, item.waiting)
        ]
        assert places == [expected.cases.get(unit, []), expected.waiting.get(unit, [])]
        assert item.held is (unit in expected.waiting)
    assert rows.rows == expected.rows()
    units = expected.states
    assert {unit: logged(log, unit) for unit in units} == {unit: expected.log.get(unit, []) for unit in units}
    assert {unit: moves.occurrences(unit, "moved") for unit in units} == {
        unit: expected.moves.get(unit, []) for unit in units
    }
    check_publications(tables)


FIRST_OF_TABLE = int(dynamodb_event((None, {"id": "x"}))["Records"][0]["dynamodb"]["SequenceNumber"])


def logged(table: Table, unit: str) -> list[Fields]:
    found = {
        int(name.rpartition("/")[2]): values for name, values in table.log.items() if f"/{unit}/" in name
    }
    return [found[n] for n in sorted(found)]


def run(
    source: Any, records: Sequence[Mapping[str, Any]], expected: Expected, seed: int, rate: float
) -> None:
    chance = Random(seed)
    script = Script(chance.random() < rate for _ in range(80))
    tables = [Table("rows"), Table("log"), Table("moves")]
    for table in tables:
        table.fault.append(script)
    trigger = Trigger(made_service(source, tables), FaultyStore(script), records)
    weather[:] = [script]
    for _ in range(chance.randrange(10)):
        trigger.deliver(chance.randrange(7), chance.randrange(5), chance.randrange(2), chance.random() < 0.2)
    trigger.deliver_rest()
    note(f"what went wrong: {script.happened}")
    script.stop()
    Host(trigger.service, trigger.store).handle({"Records": list(records)})  # what was committed last is out
    check(trigger, expected, tables)
    writes, seen = dict(trigger.store.writes), len(tables[0].seen)
    host = trigger.hosts[0] = Host(trigger.service, trigger.store)
    host.handle({"Records": list(records)})
    host.handle({"Records": list(records)})
    assert trigger.store.writes == writes, "a batch of pure duplicates writes nothing"
    assert len(tables[0].seen) - seen <= len(expected.states), (
        "and publishes at most once more what may be pending"
    )
    check(trigger, expected, tables)


@settings(max_examples=150, deadline=None)
@given(records=RECORDS, seed=SEEDS, rate=RATES)
def test_any_delivery_of_a_stream_ends_as_applying_each_record_once(
    records: Any, seed: int, rate: float
) -> None:
    weather.clear()
    expected = Expected()
    for place, fields in enumerate(records):
        if not isinstance(fields, dict) or not isinstance(fields.get("room"), str):
            continue  # no unit: kept by itself
        writes = {name: fields[name] for name in ("length", "width", "divisor", "spare") if name in fields}
        is_broken = isinstance(fields.get("length"), str)
        occurrences = {"reading": fields["reading"]} if "reading" in fields else {}
        expected.apply(place, fields["room"], None if is_broken else Event(writes, occurrences))
    sent = [json_of(one) for one in records]
    event = kinesis_event(*sent, partition="room")
    run(Kinesis("measurements", partition="room"), event["Records"], expected, seed, rate)


def json_of(one: Any) -> Any:
    return json.dumps(one) if isinstance(one, dict) and "room" not in one else one


ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "length": NUMBERS,
        "width": NUMBERS | st.sampled_from(["wide"]),
        "divisor": st.sampled_from([0, 1, 2]),
        "reading": st.integers(1, 9),
    },
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["r1", "r2"]), st.none() | ITEMS | ITEMS | ITEMS), min_size=1, max_size=14
)


@settings(max_examples=150, deadline=None)
@given(
    changes=CHANGES,
    seed=SEEDS,
    rate=RATES,
    view=st.sampled_from(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]),
)
def test_any_delivery_of_a_table_ends_as_applying_each_change_once(
    changes: Any, seed: int, rate: float, view: str
) -> None:
    weather.clear()
    expected = Expected()
    table: dict[str, Fields] = {}
    sent: list[tuple[Fields | None, Fields | None]] = []
    for room, change in changes:
        before, after = table.get(room), None if change is None else {"room": room, **change}
        if before is None and after is None:
            continue
        place = len(sent)
        sent.append((before, after))
        if after is None:
            del table[room]
            expected.apply(place, room, Event(dict.fromkeys(("length", "width", "divisor"), UNSET), {}))
            continue
        table[room] = after
        writes = {name: after.get(name, DEFAULT) for name in ("length", "width", "divisor")}
        occurrences = {"reading": after["reading"]} if "reading" in after else {}
        is_broken = after.get("width") == "wide"
        expected.apply(place, room, None if is_broken else Event(writes, occurrences))
    if sent:
        fed = {name: name for name in ("length", "width", "divisor", "reading")}
        event = dynamodb_event(*sent, table="rooms", keys="room", view=view)
        run(DynamoDB("rooms", fields=fed), event["Records"], expected, seed, rate)


# --- notifications of a bucket: crossed, repeated, cut -------------------------------------------------------


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda photo: look_up(photo.size or 0))
    share = 12 / size

    @derived(stored=False)
    def preview(self) -> bytes:
        return self.photo.etag.encode() * int(self.size)


# what became of an object, where in the order of its key, and the place at which word of it arrives
OBJECTS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.none() | st.integers(0, 4), st.floats(0, 1)),
    min_size=1,
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(objects=OBJECTS, seed=SEEDS, rate=RATES, is_queued=st.booleans(), repeated=st.sets(st.integers(0, 13)))
def test_any_delivery_of_a_bucket_ends_at_the_last_version_that_arrived(
    objects: Any, seed: int, rate: float, is_queued: bool, repeated: set[int]
) -> None:
    weather.clear()
    told = [
        {"key": f"in/{name}", "sequencer": f"{place:04X}", "etag": f"{place}", "size": size}
        if size is not None
        else {"key": f"in/{name}", "sequencer": f"{place:04X}", "event": "ObjectRemoved:Delete"}
        for place, (name, size, _) in enumerate(objects, 1)
    ]
    told += [told[place] for place in sorted(repeated) if place < len(told)]  # the same again, late
    arrival = sorted(range(len(told)), key=lambda place: objects[place][2] if place < len(objects) else 0.5)
    arrived = [told[place] for place in arrival]
    marks: dict[str, str] = {}
    last: dict[str, Any] = {}
    failed: list[str] = []
    for one in arrived:
        name = one["key"][3:]
        if one["sequencer"] <= marks.get(name, ""):
            continue  # older than what is there: skipped, or seen before
        marks[name] = one["sequencer"]
        if one.get("size") == 0:
            failed.append(f"name={name}")  # share cannot be computed: kept, and the cells stay
        else:
            last[name] = one
    event = s3_event(*arrived)
    records = sqs_event(*({"Records": [one]} for one in event["Records"])) if is_queued else event

    chance = Random(seed)
    script = Script(chance.random() < rate for _ in range(80))
    table = Table("rows")
    table.fault.append(script)
    service = Service(
        Photo, name="photos", key="name", inputs=[S3("photos", key="in/{name}")],
        outputs=[row(Photo.share, Photo.preview) >> table],
    )  # fmt: skip
    trigger = Trigger(service, FaultyStore(script), records["Records"])
    weather[:] = [script]
    for _ in range(chance.randrange(10)):
        trigger.deliver(chance.randrange(7), chance.randrange(5), chance.randrange(2), chance.random() < 0.2)
    trigger.deliver_rest()
    script.stop()
    Host(service, trigger.store).handle(records)
    writes = dict(trigger.store.writes)
    Host(service, trigger.store).handle(records)
    assert trigger.store.writes == writes, "a batch of pure duplicates writes nothing"

    note(f"what went wrong: {script.happened}")
    shown = {name: one for name, one in last.items() if "size" in one}
    assert table.rows == {
        f"name={name}": {
            "name": name,
            "share": 12 / one["size"],
            "preview": one["etag"].encode() * one["size"],
        }
        for name, one in shown.items()
    }
    items = {unit: trigger.store.inner.get("photos", unit) for unit in trigger.store.units("photos")}
    assert items.keys() == {f"name={name}" for name in marks}
    for unit, item in items.items():
        assert item is not None
        state = service.step.read(item.cells, item.gv)
        kept = state.get("photo")
        assert (kept.etag if isinstance(kept, S3Object) else None) == last.get(unit[5:], {}).get("etag")
        assert len(item.open_cases) == failed.count(unit)
        assert set(item.marks) == {f"s3/photos/in/{unit[5:]}"}
        assert all(mark.startswith(marks[unit[5:]]) for mark in item.marks.values())
    check_publications([table])
