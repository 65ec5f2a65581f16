"""The purity probe: what is no function of the events is found, with the cell and the line; what is, is not."""

from __future__ import annotations

import os
import random
import time
import uuid
from datetime import UTC, date, datetime
from functools import partial
from itertools import count
from typing import Any

import numpy
import pytest
from attrs import define

from reactflow import Cell, Event, Flow, Fold, Pulse, cell, derived, fold, folds, pulse
from reactflow.errors import DeclarationError
from reactflow.testing import Impurity, check_purity

SEEN: list[float] = []
RATES = {"day": 2.0}
COUNT = 0
NUMBERS = count()
DICE = random.Random(1)
EVENTS = [{"length": 4.0}, {"length": 5.0}, {"length": 5.0}]


def line(text: str) -> str:
    """The place of the one line of this file that has a text."""
    with open(__file__) as file:
        (number,) = [number for number, one in enumerate(file, 1) if one.rstrip().endswith(text)]
    return f"test_purity.py:{number}"


def flow_of(fn: Any) -> Any:
    class Room(Flow):
        length = cell(3.0)
        made = derived(fn, length)

    return Room


def stamped(length: float) -> float:
    return length + time.time()  # time


def dated(length: float) -> str:
    return f"{length} {date.today()}"  # noqa: DTZ011  # date


def moment(length: float) -> int:
    return datetime.now().year  # noqa: DTZ005  # moment


def drawn(length: float) -> float:
    return length * random.uniform(0.0, 1.0)  # drawn


def thrown(length: float) -> float:
    return length * DICE.random()  # thrown


def named(length: float) -> str:
    return str(uuid.uuid4())  # named


def noisy(length: float) -> float:
    return length + float(numpy.random.rand())  # noisy


def helper() -> float:
    return time.monotonic()  # helper


def helped(length: float) -> float:
    return length + helper()


def kept(length: float) -> int:
    SEEN.append(length)  # kept
    return len(SEEN)


def counted(length: float) -> float:
    global COUNT
    COUNT += 1  # counted
    return length * COUNT


def set_up(length: float) -> str:
    return os.environ.get("ROOM", "")  # set_up


def inside(length: float) -> float:
    import random as chance

    return length + 0.0 * chance.random()  # inside


def from_inside(length: float) -> float:
    from time import time as now  # from_inside

    return length + 0.0 * now()


def the_year(length: float) -> str:
    return time.strftime("%Y")  # the_year


def broken_down(length: float) -> int:
    return time.gmtime().tm_year  # broken_down


def zoned(length: float) -> int:
    return datetime.fromtimestamp(length).hour  # noqa: DTZ006  # zoned


def numbered(length: float) -> float:  # numbered
    return length + next(NUMBERS)


def hashed(length: float) -> int:
    return hash(str(length))  # hashed


def read(length: float) -> str:
    with open(__file__) as file:  # read
        return file.read(1)


def where(length: float) -> str:
    return os.getcwd()  # where


def bump() -> None:
    global COUNT
    COUNT += 0  # bump


def bumped(length: float) -> float:
    bump()
    return length


class Settings:
    count = 0


def set_on_a_class(length: float) -> float:
    Settings.count += 1  # set_on_a_class
    return length


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def up(self) -> None:
        self.count += 1

    def stamp(self) -> float:
        return time.time()  # stamp


@define
class Statistics:
    count: int = 0


COUNTER, STATISTICS = Counter(), Statistics()


def set_on_an_object(length: float) -> float:
    COUNTER.up()  # set_on_an_object
    return length


def set_on_a_record(length: float) -> float:
    STATISTICS.count += 1  # set_on_a_record
    return length


def stamped_by_a_method(length: float) -> float:
    return length + COUNTER.stamp()


def remembers(length: float, seen: list[float] = []) -> float:  # noqa: B006  # remembers
    seen.append(length)
    return length


@pytest.mark.parametrize(
    ("fn", "kind", "what", "at"),
    [
        (stamped, "clock", "asks time.time for the time; let the record bring it", "# time"),
        (dated, "clock", "asks date.today for the time", "# date"),
        (moment, "clock", "asks datetime.now for the time", "# moment"),
        (drawn, "randomness", "draws from random.uniform", "# drawn"),
        (thrown, "randomness", "draws from DICE", "# thrown"),
        (named, "randomness", "draws from uuid.uuid4", "# named"),
        (noisy, "randomness", "draws from numpy.random.rand", "# noisy"),
        (helped, "clock", "asks time.monotonic for the time", "# helper"),
        (kept, "global", "changes SEEN, a list that outlives the event; fold a pulse instead", "# kept"),
        (counted, "global", "assigns COUNT, which outlives the event", "# counted"),
        (set_up, "global", "reads os.environ; make it a constant, or a cell", "# set_up"),
        (inside, "randomness", "draws from random.random", "# inside"),
        (from_inside, "clock", "asks time.time for the time", "# from_inside"),
        (the_year, "clock", "asks time.strftime for the time", "# the_year"),
        (broken_down, "clock", "asks time.gmtime for the time", "# broken_down"),
        (zoned, "global", "asks datetime.fromtimestamp for the time zone of this machine", "# zoned"),
        (numbered, "result", "of the same inputs; look at NUMBERS", "# numbered"),
        (hashed, "randomness", "calls hash, which differs from one process to the next", "# hashed"),
        (read, "global", "opens a file, which may be another one next time", "# read"),
        (where, "global", "reads os.getcwd", "# where"),
        (bumped, "global", "assigns COUNT, which outlives the event", "# bump"),
        (set_on_a_class, "global", "changes Settings, a class that outlives the event", "# set_on_a_class"),
        (set_on_an_object, "global", "changes COUNTER, a Counter that outlives", "# set_on_an_object"),
        (set_on_a_record, "global", "changes STATISTICS, a Statistics that outlives", "# set_on_a_record"),
        (stamped_by_a_method, "clock", "asks time.time for the time", "# stamp"),
        (remembers, "global", "changes seen, a list that outlives the event", "# remembers"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_no_function_of_the_events_is_found_with_its_line(
    fn: Any, kind: str, what: str, at: str
) -> None:
    (found,) = check_purity(flow_of(fn), EVENTS)
    assert (found.cell, found.kind, found.where) == ("made", kind, line(at))
    assert what in found.what


def test_a_changed_input_is_found_in_derived_cells_in_methods_and_in_folds() -> None:
    def in_order(lengths: list[float]) -> list[float]:
        lengths.sort()  # in place
        return lengths

    def gathered(all_of_them: list[float], one: float) -> list[float]:
        all_of_them.append(one)
        return all_of_them

    class Room(Flow):
        lengths: Cell[list[float]] = cell([3.0])
        reading: Pulse[float] = pulse()
        ordered = derived(in_order, lengths)
        all: Any = fold(reading, Fold([], gathered))

        @derived
        def last(self) -> float:
            return self.lengths.pop()

    found = check_purity(Room, [{"lengths": [5.0, 4.0], "reading": 1.0}])
    told = "changes the list that it is given; make a new one"
    assert {(one.cell, one.kind, one.what) for one in found} == {
        ("ordered", "input", told), ("last", "input", told), ("all", "input", told)
    }  # fmt: skip
    assert all(one.where.startswith("test_purity.py:") for one in found)


def test_cells_that_share_something_hidden_are_found_by_another_order() -> None:
    class Box:
        inner: Any = None
        held = 0.0

    box = Box()
    box.inner = Box()  # what lies so deep is not compared

    def put(length: float) -> float:
        box.inner.held = length
        return length

    def take(width: float) -> object:
        return width, box.inner.held

    class Room(Flow):
        length = cell(3.0)
        width = cell(4.0)
        put_in = derived(put, length)
        taken = derived(take, width)

    found = check_purity(Room, [{"length": 5.0, "width": 6.0}])
    assert {(one.cell, one.kind) for one in found} == {("taken", "order")}


def test_what_is_pure_is_not_told() -> None:
    def priced(length: float, factor: float) -> float:
        return length * RATES["day"] * factor

    class Room(Flow):
        length = cell(3.0)
        divisor = cell(1)
        names: Cell[list[str]] = cell(["a"])
        unset: Cell[float] = cell()
        reading: Pulse[float] = pulse()
        price = derived(partial(priced, factor=2.0), length)
        share = length / divisor
        more = unset + 1.0
        total = fold(reading, folds.sum)
        peak = fold(price.changes(), folds.max)

        @derived
        def ordered(self) -> list[str]:
            found = [*self.names]
            found.sort()
            return found

    events: list[Any] = [
        {"length": 4.0, "reading": 5.0}, {"divisor": 0}, Event({"names": ["b", "a"]}, {"reading": 1.0}), {"unset": 1.0}
    ]  # fmt: skip
    assert check_purity(Room, events) == ()


def test_a_function_that_fails_in_the_same_way_twice_is_pure_and_in_two_ways_is_not() -> None:
    def failing(length: float) -> float:
        raise ValueError(f"{length} is too long")

    assert check_purity(flow_of(failing), EVENTS) == ()

    def fails_once(length: float) -> float:
        raise ValueError(next(NUMBERS))

    (found,) = check_purity(flow_of(fails_once), EVENTS)
    assert found.what.startswith("makes ValueError and then ValueError of the same inputs")


def test_a_name_that_the_flow_does_not_have_is_an_error() -> None:
    with pytest.raises(
        DeclarationError, match="Room has no source cell 'lenght' for an event to give; did you mean"
    ):
        check_purity(flow_of(abs), [{"lenght": 4.0}])


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ({"length": 4.0}, r"takes a list of events, not \{'length': 4.0\}: write \[\{\.\.\.\}\]"),
        (Event({"length": 4.0}), "takes a list of events"),
        (["length"], r"'length' \(str\) is no event: write \{"),
        (3, "takes a list of events, not 3"),
    ],
)
def test_what_is_no_list_of_events_is_refused(events: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        check_purity(flow_of(abs), events)


def test_what_a_time_that_is_given_looks_like_is_pure() -> None:
    def shown(length: float) -> str:
        moment = datetime.fromtimestamp(length, UTC)
        return time.strftime("%Y", time.gmtime(length)) + moment.isoformat() + str(random.Random(3).random())

    assert check_purity(flow_of(shown), EVENTS) == ()


def test_an_equality_and_a_partials_argument_are_looked_at_too() -> None:
    class Room(Flow):
        length = cell(3.0, equal=lambda old, new: time.time() < 0)  # equality
        made = length.map(partial(lambda seen, length: seen.append(length) or length, []))

    told = {one.cell: one for one in check_purity(Room, EVENTS)}
    assert (told["length"].kind, told["length"].where) == ("clock", line("# equality"))
    assert told["made"].what == (
        "changes argument 0 of a partial, a list that outlives the event; fold a pulse instead"
    )


def test_a_finding_reads_as_a_sentence() -> None:
    found = Impurity("area", "input", "changes the list that it is given", "rooms.py:12")
    assert str(found) == "area at rooms.py:12 changes the list that it is given"
