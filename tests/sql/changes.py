"""Changes as the service makes them, for the tests of the SQL sink."""

from __future__ import annotations

from typing import Any, Literal

from reactflow.service.sink import Publication

Kind = Literal["row", "removal", "occurrence"]


def change(
    n: int, values: dict[str, Any] | None = None, kind: Kind = "row", output: str = "staff", **key: Any
) -> Publication:
    """The n-th change of a unit (default: employee e7)."""
    key = key or {"id": "e7"}
    unit = ",".join(f"{name}={value}" for name, value in key.items())
    id = f"sync/{output}/{unit}/sql:employees/{n}"
    return Publication(id=id, n=n, kind=kind, key=key, values={**key, **(values or {})}, envelope={})
