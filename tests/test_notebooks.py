"""Every notebook runs from a clean kernel, and what it shows is what is kept in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def _read(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]  # it has no types


def _shown(cell: Any) -> list[Any]:
    """What a cell shows; what it prints may come in pieces."""
    shown: list[Any] = []
    for output in cell.get("outputs", []):
        text = output.get("text")
        if text and shown and isinstance(shown[-1], str):
            shown[-1] += text
        else:
            shown.append(text or dict(output.get("data", {})))
    return shown


@pytest.mark.filterwarnings("default")  # the kernel's own libraries warn about event loops and transports
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs_and_shows_what_it_keeps(path: Path) -> None:
    kept, fresh = _read(path), _read(path)
    for cell in fresh.cells:
        cell.pop("outputs", None) if cell.cell_type != "code" else cell.update(outputs=[])
    own = {**os.environ, "PYTHONPATH": str(path.parent.parent)}  # these sources, whatever is installed
    NotebookClient(
        fresh, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute(env=own)
    for number, (before, after) in enumerate(zip(kept.cells, fresh.cells, strict=True)):
        assert _shown(after) == _shown(before), f"cell {number} shows something else: {before.source}"


def test_there_are_notebooks() -> None:
    assert {
        "01_area.ipynb",
        "02_why.ipynb",
        "03_form.ipynb",
        "03_laws.ipynb",
        "04_windows.ipynb",
        "05_case.ipynb",
    } <= {path.name for path in NOTEBOOKS}


def test_an_explanation_that_is_the_last_line_shows_its_picture() -> None:
    (path,) = (path for path in NOTEBOOKS if path.name == "02_why.ipynb")
    cells = [cell for cell in _read(path).cells if cell.cell_type == "code"]
    asked = [cell for cell in cells if cell.source.splitlines()[-1].startswith(("why(", "why_not("))]
    assert len(asked) == 5
    for cell in asked:
        assert "data:image/svg+xml;base64," in _shown(cell)[-1]["text/html"], cell.source
