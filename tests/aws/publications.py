"""Publications as the service makes them, for tests of sinks."""

from __future__ import annotations

from typing import Any, Literal

from reactflow.service.cloudevent import OCCURRENCE, REMOVAL, ROW
from reactflow.service.envelope import Envelope
from reactflow.service.key import Key
from reactflow.service.sink import Publication


def publication(
    n: int,
    values: dict[str, Any] | None = None,
    *,
    key: dict[str, Any] | None = None,
    kind: Literal["row", "removal", "occurrence"] = "row",
    bare: str = "",
    output: str = "area",
    to: str = "test",
) -> Publication:
    """The n-th change of an output for a unit (default: room r1)."""
    key = {"room": "r1"} if key is None else key
    unit = Key.of({name: type(value) for name, value in key.items()}).unit(*key.values()).text
    data = {**key, **(values or {})}
    envelope = Envelope(
        id=f"rooms/{output}/{unit}/{to}/{n}",
        source="/rooms",
        type={"row": ROW, "removal": REMOVAL, "occurrence": OCCURRENCE}[kind],
        subject=unit,
        time="2026-11-23T12:00:00+00:00",
        sequence=str(n),
        hops=1,
        data=data,
    )
    return Publication(
        id=envelope.id, n=n, kind=kind, key=key, values=data, envelope=envelope.to_json(), bare=bare
    )
