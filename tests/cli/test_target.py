"""Finding what a command works on: a user's module may do anything, and it ends in one line with the user's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactflow.cli.target import load, load_services, load_system
from reactflow.errors import BindingError, ConfigurationError

CYCLE = """
from reactflow import Flow, Service, System, cell, row
from reactflow.aws import Kinesis

class Hop(Flow):
    x = cell(0.0)
    y = x + 1.0

def hop(name, source, sink):
    return Service(Hop, name=name, key="k", inputs=[Kinesis(source, partition="k", fields={"x": "y"})],
                   outputs=[row(Hop.y) >> Kinesis(sink)])

b, c = hop("b", "sb", "sc"), hop("c", "sc", "sb")
twin = hop("b", "sq", "sr")
both = System(b, c, cycles=[("b", "c")])
"""


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(:", "user is not Python (user.py:1): invalid syntax: def f(:"),
        (
            "x = 1\ny = 1 / 0",
            "user cannot be imported (user.py:2: y = 1 / 0): ZeroDivisionError: division by zero",
        ),
        (
            "import nosuchlib",
            "user needs the module 'nosuchlib', which is not there (user.py:1: import nosuchlib)",
        ),
        ("import sys\nsys.exit(3)", 'put what only runs as a program under `if __name__ == "__main__":`'),
        (
            "from reactflow import Service\nService(3, key='a')",
            "user is wrong (user.py:2: Service(3, key='a')): Service(3, ...): the first argument is a flow's class",
        ),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_its_own_line(
    source: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "user.py").write_text(source)
    with pytest.raises(ConfigurationError) as refused:
        load("user:x")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_that_is_not_there_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("rooms = 1")
    with pytest.raises(ConfigurationError, match=r"user has no 'room' \(did you mean 'rooms'\?\)"):
        load("user:room")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("rooms", "write rooms:NAME for NAME in rooms.py"),
        ("rooms.py:rooms", "name its module, rooms:rooms"),
        ("nosuch:x", "there is no module 'nosuch' in"),
        (":x", "is not module:name"),
    ],
)
def test_a_target_that_is_none_is_refused_with_what_to_write(target: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(target)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("target", "what"), [("os:getcwd", "a function"), ("os:path", "the module"), ("math:pi", "a float")]
)
def test_what_is_no_service_is_named(target: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{target} is {what}.*, and not a service"):
        load_services(target)


def test_a_system_keeps_the_cycles_that_it_declares(tmp_path: Path) -> None:
    (tmp_path / "hops.py").write_text(CYCLE)
    assert list(load_system(["hops:both"]).services) == ["b", "c"]


def test_services_that_feed_each_other_are_refused_unless_a_system_declares_it(tmp_path: Path) -> None:
    (tmp_path / "hops.py").write_text(CYCLE)
    with pytest.raises(BindingError, match="services feed each other"):
        load_system(["hops:b", "hops:c"])


def test_a_service_that_is_named_twice_runs_once(tmp_path: Path) -> None:
    (tmp_path / "hops.py").write_text(CYCLE)
    assert list(load_system(["hops:b", "hops:b"]).services) == ["b"]


def test_two_services_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "hops.py").write_text(CYCLE)
    with pytest.raises(ConfigurationError, match="there is a service named 'b' already"):
        load_system(["hops:b", "hops:twin"])
