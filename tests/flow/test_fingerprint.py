"""A semantic hash for each cell, and the version of a flow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from reactflow.cells import cell, fold, folds, pulse
from reactflow.flow import Flow, cell_hashes
from reactflow.flow.body import normal

ROOT = Path(__file__).parent.parent.parent

SOURCE = '''
from functools import cached_property, lru_cache, partial
from math import hypot
from operator import itemgetter

from attrs import field, frozen
from reactflow import Flow, Fold, Pulse, cell, derived, fold, folds, pulse

RATE = 2.0
PRICES = {"day": 2.5, "night": [1.5, 0.5]}

class Rates:
    special = 7.0

    @staticmethod
    def doubled(value):
        return value * 2.5

@frozen(cache_hash=True)
class Scale:
    by: float
    offset: list[float] = field(factory=lambda: [0.25], eq=False)

    def __call__(self, value):
        return value * self.by + self.offset[0]

    @cached_property
    def other(self):
        return hash(self)

    def half(self, value):
        return value / 2.25

SCALE = Scale(1.25)
SCALED = hash(SCALE), SCALE.other

@lru_cache
def remembered(value):
    return value + 11

@frozen
class Order:
    n: int
    note: str = "none"

    def worth(self):
        return self.n * 12

def rounded(value):
    return round(value, 1)

def scaled(by):
    return lambda value: value * by

def add(total, value):
    return total + value

class Room(Flow):
    length = cell(3.0)
    width = cell(4.0)
    note = cell("x")
    reading: Pulse[int] = pulse()
    area = length * width
    price = area.map(lambda area: area * RATE)
    shown = area.map(rounded)
    twice = area.map(scaled(2.0))
    both = derived(lambda a, b: a + b, length, width); other = derived(lambda a, b: a - b, length, width)
    corner = derived(hypot, length, width)
    parts = area.map(partial(round, ndigits=1))
    total = fold(reading, Fold(0, add))
    priced = area.map(lambda area: area * PRICES["day"])
    special = area.map(lambda area: Rates.doubled(area) + Rates.special)
    scale = area.map(Scale(1.75))
    halved = area.map(SCALE.half)
    global_half = area.map(lambda area: SCALE.half(area))
    kept = area.map(remembered)
    first = derived(lambda a: (a, 0), length)
    got = first.map(itemgetter(0))
    order: Pulse[Order] = pulse()
    last_order = fold(order, folds.last)

    @derived
    def label(self) -> str:
        """A text."""
        # what it is for
        return self.fmt() + self.unit

    @derived
    def plain(self):
        return f"{self.price:.2f} {'a' if self.length > 3 else 'b'}"

    unit = " m2"

    def fmt(self):
        return "{:.1f}".format(self.area)
'''


def hashes(folder: Path, change: tuple[str, str] = ("", "")) -> Mapping[str, str]:
    """The hashes of the room, with one change in its source."""
    old, new = change
    assert SOURCE.count(old) == 1 or not old
    path = folder / f"rooms_{abs(hash(change))}.py"
    path.write_text(SOURCE.replace(old, new) if old else SOURCE)
    rooms: Any = ModuleType("rooms")
    with patch.dict(sys.modules, rooms=rooms):
        exec(compile(path.read_text(), str(path), "exec"), vars(rooms))
        return cell_hashes(rooms.Room.plan, rooms.Room.codec)


@pytest.mark.parametrize(
    ("change", "cells"),
    [
        (("area * RATE", "area + RATE"), "price plain"),
        (("RATE = 2.0", "RATE = 3.0"), "price plain"),
        (("round(value, 1)", "round(value, 2)"), "shown"),
        (("scaled(2.0)", "scaled(3.0)"), "twice"),
        (("a + b", "a * b"), "both"),
        (("a - b", "b - a"), "other"),
        (("derived(hypot,", "derived(max,"), "corner"),
        (("ndigits=1", "ndigits=2"), "parts"),
        (("total + value", "total - value"), "total"),
        (("Fold(0, add)", "Fold(1, add)"), "total"),
        ((' m2"', ' sqm"'), "label"),
        (('"{:.1f}"', '"{:.2f}"'), "label"),
        ((":.2f", ":.3f"), "plain"),
        (('note = cell("x")', 'note = cell("y")'), "note"),
        (('"day": 2.5', '"day": 3.5'), "priced"),
        (("special = 7.0", "special = 8.0"), "special"),
        (("value * 2.5", "value * 2.75"), "special"),
        (("Scale(1.75)", "Scale(2.0)"), "scale"),
        (("[0.25]", "[0.5]"), "scale halved global_half"),
        (("Scale(1.25)", "Scale(2.0)"), "halved global_half"),
        (("value / 2.25", "value / 2.5"), "scale halved global_half"),
        (("value + 11", "value + 12"), "kept"),
        (("itemgetter(0)", "itemgetter(1)"), "got"),
        (("n: int", "n: float"), "order last_order"),
        (("    n: int\n", "    n: int\n    m: int\n"), "order last_order"),
        (('note: str = "none"', 'note: str = ""'), "order last_order"),
        (("self.n * 12", "self.n * 13"), "order last_order"),
        (('note = cell("x")', 'note = cell("x", equal=max)'), "note"),
        (("self.length > 3", "self.width > 3"), "plain"),
        (
            ("width = cell(4.0)", "width = cell(5.0)"),
            """width area price shown twice both other corner parts label plain priced special scale halved
            global_half kept""",
        ),
    ],
)
def test_a_change_shows_in_the_cells_that_compute_something_else_and_in_no_others(
    tmp_path: Path, change: tuple[str, str], cells: str
) -> None:
    before, after = hashes(tmp_path), hashes(tmp_path, change)
    assert {name for name in after if before.get(name) != after[name]} == set(cells.split())


@pytest.mark.parametrize(
    "change",
    [
        ("# what it is for", "# what else it is for\n"),
        ('"""A text."""', '"""Another text."""'),
        ("lambda area: area * RATE", "lambda area: (area\n        *  RATE)"),
        ("\nRATE = 2.0\n", "\n\n\nRATE = 2.0\n\n"),
        ("def rounded(value):", "def rounded(value: float):"),
    ],
)
def test_blanks_comments_docstrings_and_annotations_of_functions_do_not_show(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    assert hashes(tmp_path, change) == hashes(tmp_path)


def test_another_order_of_declaration_is_the_same_version() -> None:
    def one() -> type[Flow]:
        class Made(Flow):
            length = cell(3.0)
            width = cell(4.0)
            area = length * width

        return Made

    def other() -> type[Flow]:
        class Made(Flow):
            width = cell(4.0)
            length = cell(3.0)
            area = length * width

        return Made

    assert one().version == other().version


def test_the_hash_is_the_same_whatever_the_seed_of_hashes_and_how_the_file_was_loaded(tmp_path: Path) -> None:
    (tmp_path / "rooms.py").write_text(SOURCE)
    code = "import sys; sys.path[:0] = sys.argv[1:]; from rooms import Room; print(Room.version)"
    seen = {
        subprocess.run(
            [sys.executable, *flags, "-c", code, str(ROOT), str(tmp_path)],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed, flags in (("1", []), ("2", ["-O"]), ("3", ["-B"]))
    }  # fmt: skip
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a if b else 'ü'", r"IfExp(test=Name(id='b') body=Name(id='a') orelse=Constant(value='\xfc'))"),
        ("x[1:]", "Subscript(value=Name(id='x') slice=Slice(lower=Constant(value=1)))"),
        ("f'{a}'", "JoinedStr(values=[FormattedValue(value=Name(id='a') conversion=-1)])"),
        (
            "lambda a=None: u''",
            "Lambda(args=arguments(args=[arg(arg='a')] defaults=[Constant()]) body=Constant(value=''))",
        ),
    ],
)
def test_the_form_of_a_tree_is_that_of_every_python(source: str, text: str) -> None:
    assert normal(source) == text


def test_a_function_without_source_is_known_by_its_name() -> None:
    scope: dict[str, Any] = {"Flow": Flow, "cell": cell}
    exec("class Made(Flow):\n    a = cell(1)\n    b = a.map(lambda a: a + 1)", scope)
    again = dict(scope)
    exec("class Made(Flow):\n    a = cell(1)\n    b = a.map(lambda a: a + 2)", again)
    assert scope["Made"].version == again["Made"].version


def test_the_folds_that_come_with_the_package_are_known_by_their_name() -> None:
    def make(algebra: Any) -> Any:
        class Made(Flow):
            reading: Any = pulse()
            kept: Any = fold(reading, algebra)

        return Made

    assert len({make(one).version for one in (folds.max, folds.min, folds.sum, folds.max)}) == 3
