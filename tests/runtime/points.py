"""Points of a function at which it is made to fail, each fault once: for functions that run in Lambda's runtime.

A test writes a script into a folder, which the function finds in ``FAULTS``: ``{"7": "kill"}`` kills the process when
its seventh point is reached, counted over all processes of the function; ``{"answer": "large"}`` is for the first
point of that name, and ``{"after put": "kill - kill"}`` for the first and the third. Without the setting a point is
nothing.

| what | becomes |
| --- | --- |
| ``exit``, ``kill`` | the end of the process, by ``os._exit`` or SIGKILL |
| ``sleep`` | a sleep beyond any timeout |
| ``large`` | only where an answer is given: one of 7 MB |
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SETTING = "FAULTS"


def write_script(folder: Path, script: Mapping[int | str, str]) -> None:
    """Say what goes wrong, by the number of a point, counted from the next one on, or by its name."""
    (folder / "script.json").write_text(json.dumps(script))
    for made in folder.glob("made *"):
        made.unlink()
    (folder / "reached").write_bytes(b"")
    (folder / "happened").write_bytes(b"")


def happened(folder: Path) -> list[str]:
    """The faults that were made: the number of each point, its name, and what went wrong."""
    return (folder / "happened").read_text().splitlines()


def reached(folder: Path) -> int:
    """How many points were reached."""
    return (folder / "reached").stat().st_size


def reach(name: str) -> str:
    """Come to a point; returns what is to go wrong there, if it is not done at once."""
    folder = os.environ.get(SETTING)
    if not folder:
        return ""
    with open(f"{folder}/reached", "ab") as file:
        file.write(b".")
        file.flush()
        number = file.tell()
    script: dict[str, str] = json.loads(Path(folder, "script.json").read_text())
    what = script.get(str(number), "") or (
        _next(folder, name, script[name].split()) if name in script else ""
    )
    if what == "large" and name != "answer":
        what = "exit"
    if what:
        with open(f"{folder}/happened", "a") as file:
            file.write(f"{number} {name} {what}\n")
    if what == "exit":
        os._exit(3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "sleep":
        time.sleep(900)  # the runtime ends it
    return what


def _next(folder: str, name: str, faults: list[str]) -> str:
    """What goes wrong at a point that a script has by its name: the next of its faults; "-" is none."""
    with open(f"{folder}/made {name}", "ab") as file:
        file.write(b".")
        place = file.tell() - 1
    return faults[place].strip("-") if place < len(faults) else ""


def install() -> None:
    """Have a point before and behind each call to AWS, each write of a store, and the publishing of what is due, where
    faults are made.
    """
    if SETTING not in os.environ:
        return
    from reactflow.aws import DynamoDBStore, clients
    from reactflow.service import host
    from reactflow.service.stores import SQLiteStore

    make: Callable[..., Any] = clients._make

    def made(*arguments: Any) -> Any:
        client = make(*arguments)
        client.meta.events.register("before-call", lambda model, **_: _void(reach(f"before {model.name}")))
        client.meta.events.register("after-call", lambda model, **_: _void(reach(f"after {model.name}")))
        return client

    setattr(clients, make.__name__, made)
    called = "publish_all"
    publish: Callable[..., Any] = vars(host)[called]
    publish_some = _between(publish, "publish")
    setattr(host, called, lambda due: publish_some(due) if due else publish(due))
    for store in (DynamoDBStore, SQLiteStore):
        for name in ("put", "keep"):
            setattr(store, name, _between(getattr(store, name), name))


def answering(handler: Callable[[Any, Any], object]) -> Callable[[Any, Any], object]:
    """A handler that may fail when all is done, as its answer is given."""

    def handle(event: Any, context: Any) -> object:
        answer = handler(event, context)
        return "x" * 7_000_000 if reach("answer") == "large" else answer

    return handle


def _between(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        reach(f"before {name}")
        answer = method(*arguments, **named)
        reach(f"after {name}")
        return answer

    return call


def _void(what: str) -> None:
    """An event of botocore takes an answer for that of AWS."""
