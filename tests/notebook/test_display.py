"""``live()`` in a real kernel: what the notebook holds when it was run and saved."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from reactflow.cells import cell
from reactflow.errors import ConfigurationError, TemplateError
from reactflow.notebook import live

Run = Callable[..., list[list[Any]]]
BEGIN = "from reactflow import cell, derived, pulse, batch\nfrom reactflow.notebook import live\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Execute sources as the cells of one notebook; gives the outputs of each."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
        (tmp_path / variable.lower()).mkdir()

    def executed(*sources: str) -> list[list[Any]]:
        form: Any = nbformat.v4  # has no types
        same = f"import sys; assert sys.executable == {sys.executable!r}"
        cells = [form.new_code_cell(source) for source in (same, BEGIN, *sources)]
        book = form.new_notebook(cells=cells)
        resources = {"metadata": {"path": str(tmp_path)}}
        client = NotebookClient(
            book, timeout=60, kernel_name="python3", resources=resources, coalesce_streams=True
        )
        client.execute()
        nbformat.validate(book)
        return [one.outputs for one in book.cells[2:]]

    return executed


def text(output: Any) -> str:
    return str(output.data["text/plain"])


def test_the_last_line_shows_a_cell(run: Run) -> None:
    [[output]] = run("length = cell(3.0)\nlength")
    assert "length" in output.data["text/html"]
    assert "3.0" in output.data["text/html"]


def test_a_live_display_ends_at_the_last_of_20_000_writes(run: Run) -> None:
    _, [first], [], [stopped] = run(
        "length, width = cell(3.0), cell(4.0)\narea = length * width",
        "live(area)",
        "for n in range(20_000):\n    length.value = float(n)",
        "live(area).stop()",
    )
    assert text(first) == text(stopped) == "area  79996.0"
    assert "79996.0" in first.data["text/html"]


def test_it_ends_at_the_last_write_of_a_thread_too(run: Run) -> None:
    _, [shown], [], [] = run(
        "import threading\nlength = cell(0)\n"
        "def write():\n    for n in range(20_000):\n        length.value = n\n"
        "thread = threading.Thread(target=write)",
        "view = live(length)",
        "thread.start()",
        "thread.join()",
    )
    assert text(shown) == "length  19999"


def test_a_page_gets_few_updates_and_none_is_printed(run: Run) -> None:
    _, [shown, counted] = run(
        "length = cell(0)",
        "from time import monotonic\n"
        "sent = []\npublish = get_ipython().display_pub.publish\n"
        "def counting(*a, **k):\n    sent.append(k.get('update'))\n    publish(*a, **k)\n"
        "get_ipython().display_pub.publish = counting\n"
        "view = live(length)\nbegun = monotonic()\n"
        "for n in range(20_000):\n    length.value = n\n"
        "print(len(sent) <= 3 + 20 * (monotonic() - begun))",
    )
    assert text(shown) == "length  19999"
    assert counted.text == "True\n"


def test_showing_a_thing_again_costs_no_second_subscription(run: Run) -> None:
    _, once, again, [shown, printed] = run(
        "from reactflow import graph\nlength = cell(0)\ndef effects():\n"
        "    return sum(node.kind == 'effect' for node in graph(length).nodes)",
        "live(length)",
        "view = live(length)\nlive(length)",
        "display(view)\nlength.value = 7\nprint(effects())\nview.stop()\nprint(effects())",
    )
    assert [text(one) for one in once] == ["length  7"]
    assert [text(one) for one in again] == ["length  7", "length  7"]
    assert text(shown) == "length  7"
    assert printed.text == "1\n0\n"


def test_stop_leaves_the_last_state_in_the_notebook(run: Run) -> None:
    [shown], [], [again] = run(
        "length = cell(1)\nview = live(length)",
        "length.value = 2\nview.stop()\nview.stop()\nlength.value = 3",
        "display(live(length))",
    )
    assert (text(shown), text(again)) == ("length  2", "length  3")


def test_a_flow_is_shown_cell_by_cell_and_a_pulse_by_its_last_occurrence(run: Run) -> None:
    _, [shown], [] = run(
        "from types import SimpleNamespace\nclass Room: pass\nroom = Room()\nlength, width = cell(3.0), cell()\n"
        "reading = pulse()\n"
        "room.cells = SimpleNamespace(length=length, width=width, area=length * width, reading=reading)",
        "live(room)",
        "length.value = 5.0\nreading.emit(8)\nreading.emit(9)",
    )
    assert text(shown).splitlines() == [
        "length   5.0",
        "width    unset",
        "area     unset",
        "reading  9 (2 occurrences)",
    ]


def test_a_graph_is_drawn_with_its_values_and_without_the_display_itself(run: Run) -> None:
    _, [shown], [] = run(
        "length, width = cell(3.0), cell(4.0)\narea = length * width\nbeyond = area + 1",
        "live(area, graph=True)",
        "width.value = 'x'",
    )
    assert {"text/plain", "text/html", "image/svg+xml", "text/markdown"} <= set(shown.data)
    assert "TypeError" in text(shown)
    assert "display" not in text(shown)
    assert "beyond" not in text(shown)
    assert shown.data["image/svg+xml"].startswith("<svg")
    assert "mermaid" in shown.data["text/markdown"]


def test_a_graph_follows_the_inputs_that_a_tracked_cell_takes_up(run: Run) -> None:
    _, [shown], [] = run(
        "first, second, which = cell(1), cell(2), cell(True)\n"
        "chosen = derived(lambda: first.value if which.value else second.value)",
        "live(chosen, graph=True)",
        "second.value = 1\nwhich.value = False\nsecond.value = 1\nsecond.value = 77",
    )
    assert "77" in text(shown)
    assert "first" not in text(shown)


def test_names_and_values_from_data_are_escaped(run: Run) -> None:
    _, [shown], [] = run(
        "evil = cell('', name='<script>alert(1)</script>\\ud800\\n')",
        "live(evil)",
        "evil.value = '<img src=x onerror=alert(2)>\\udfff'",
    )
    assert "<script" not in shown.data["text/html"]
    assert "<img" not in shown.data["text/html"]
    assert "&lt;img src=x onerror=alert(2)&gt;" in shown.data["text/html"]


def test_a_value_whose_repr_raises_is_shown_as_that(run: Run) -> None:
    [shown] = run(
        "class Odd:\n    def __repr__(self): raise OSError('no')\nodd = cell(Odd())\nlive(odd)",
    )[0]
    assert "its repr raises OSError" in text(shown)


def test_a_display_in_an_open_batch_and_beside_a_busy_thread_does_not_lock_up(run: Run) -> None:
    _, [*shown], [] = run(
        "import threading\nlength = cell(0)\nend = threading.Event()\n"
        "def busy():\n    while not end.is_set():\n        with batch():\n            length.value += 1\n"
        "thread = threading.Thread(target=busy)\nthread.start()",
        "for _ in range(30):\n    with batch():\n        live(length)\n        length.value += 1\n"
        "        live(length).stop()\n",
        "end.set()\nthread.join()",
    )
    assert len(shown) == 60


def test_a_thing_that_nobody_holds_takes_its_display_along(run: Run) -> None:
    *_, [printed] = run(
        "import gc, weakref\nfrom threading import enumerate as threads\ndef show():\n    length = cell(0)\n"
        "    live(length)\n    length.value = 1\n    return weakref.ref(length)\ngone = show()",
        "for thread in threads():\n    if thread.name == 'reactflow displays':\n        thread.join()\n"
        "gc.collect()\nprint(gone())",
    )
    assert printed.text == "None\n"


def test_outside_a_kernel_it_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"live\(\) shows in a notebook, and this is not one"):
        live(cell(3.0))


def test_what_has_no_cells_is_refused() -> None:
    with pytest.raises(TypeError, match=r"not int: it has no cells"):
        live(3)
    with pytest.raises(TypeError, match=r"not class int: it has no cells"):
        live(int)


def test_a_flow_class_is_refused_with_the_way_out() -> None:
    class Room:
        length = cell(3.0)

    with pytest.raises(TemplateError, match=r"^Room is a template; make Room\(\)$"):
        live(Room)


def test_without_ipython_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['IPython'] = None\n"
        "from reactflow.notebook import live\nfrom reactflow.cells import cell\nlive(cell(1))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    needed = "reactflow.notebook needs ipython: pip install 'reactflow-py[notebook]'"
    assert last == f"reactflow.errors.MissingExtra: {needed}"
