"""The plan that a class body declares: types, storing, version."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reactflow.cells import (
    Cell,
    Derived,
    Kind,
    cell,
    derived,
)
from reactflow.flow import Flow, Method

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Photo:
    data: bytes


def test_the_plan_has_the_nodes_their_types_and_their_storing() -> None:
    class Typed(Flow):
        photo: Cell[Photo] = cell()
        n = cell(3)
        thumb = photo.map(shrink)
        sized = derived(shrink, photo, stored=True)
        area = n * 2

        @derived
        def text(self) -> str:
            return str(self.n)

        free: Derived[float] = n + 1.5

    plan = Typed.plan
    assert {name: plan[name].type for name in plan.names} == {
        "photo": Photo, "n": int, "thumb": bytes, "sized": bytes, "area": None, "text": str, "free": float,
    }  # fmt: skip
    assert {name: plan[name].stored for name in plan.names if plan[name].kind is Kind.DERIVED} == {
        "thumb": False, "sized": True, "area": True, "text": True, "free": True,
    }  # fmt: skip
    assert Photo in Typed.codec.classes
    assert isinstance(plan["text"].fn, Method)


def shrink(photo: Photo) -> bytes:
    return photo.data[:2]


def test_types_that_are_only_known_later_are_found_when_needed() -> None:
    namespace: dict[str, Any] = {"__name__": "later_module"}
    source = (
        "from __future__ import annotations\n"
        "from reactflow.flow import Flow\n"
        "from reactflow.cells import Cell, cell\n"
        "class Late(Flow):\n    x: Cell[Soon] = cell()\n    y: Cell[Never_] = cell(1)\n"
        "class Soon: pass\n"
    )
    module = type(sys)("later_module")
    module.__dict__.update(namespace)
    sys.modules["later_module"] = module
    try:
        exec(source, module.__dict__)
        assert module.Late.plan["x"].type is module.Soon
        assert module.Late.plan["y"].type is int
    finally:
        del sys.modules["later_module"]


def test_the_version_is_the_same_in_another_process_and_follows_the_shape() -> None:
    def make(factor: float, default: float = 0.0, fmt: str = "{:.1f}") -> type[Flow]:
        class Made(Flow):
            length = cell(default)
            area = length * factor
            label = area.map(fmt.format)

        return Made

    assert make(2.0).version == make(2.0).version
    assert (
        len({make(2.0).version, make(3.0).version, make(2.0, 1.0).version, make(2.0, 0.0, "{}").version}) == 4
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from reactflow.flow import Flow\nfrom reactflow.cells import *\nfrom decimal import Decimal\n"
        "class R(Flow):\n a = cell({3, 1, 2}); b = cell(Decimal('1.0')); d = a.map(len)\n"
        " t = pulse(); s = fold(t, folds.sum)\n"
        " @derived\n def m(self) -> 'list[int]': return [self.d]\n"
        "print(R.version)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
    assert re.fullmatch(r"[0-9a-f]{16}\n", runs.pop())
