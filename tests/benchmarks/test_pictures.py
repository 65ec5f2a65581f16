"""What is shown of a report: its tables, its chart, its page."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import page, table
from benchmarks.__main__ import main
from benchmarks.chart import chart
from benchmarks.making import Making
from benchmarks.measure import Measured, Outcome
from benchmarks.report import Report
from benchmarks.works import WORKS

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def report() -> Report:
    made = Report(7, {"nervio": "0.2.0", "atom": "0.13.0"}, ["explicit", "tracked", "nervio", "atom"])
    for place, work in enumerate(WORKS):
        outcomes = {
            "explicit": Outcome(0.8 + place),
            "tracked": Outcome(1.6 + place),
            "nervio": Outcome(120.0, raised=place == 2),
            "atom": Outcome(None, "wrong") if place == 4 else Outcome(7.0),
        }
        made.works.append(Measured(work, 100.0, outcomes))
    made.making = {"explicit": Making(20.0, 21.0, 400.0, 500.0)}
    made.bare_bytes = 76.0
    made.importing = (2.5, 30.0)
    return made


def test_the_chart_has_a_row_a_work_and_a_mark_for_each_ratio(report: Report) -> None:
    drawn = ElementTree.fromstring(chart(report))
    words = [element.text for element in drawn.iter(f"{SVG}text")]
    assert [work.name for work in WORKS if work.name not in words] == []
    marks = [element.text for element in drawn.iter(f"{SVG}title")]
    assert marks.count("atom: 7.00") == len(WORKS) - 1
    assert "reactflow, explicit: 0.80" in marks


def test_the_chart_puts_what_is_slower_further_to_the_right(report: Report) -> None:
    drawn = ElementTree.fromstring(chart(report))
    circles = [float(c.attrib["cx"]) for c in drawn.iter(f"{SVG}circle") if c.attrib["class"] == "explicit"]
    assert circles[1:] == sorted(circles[1:])  # the first one is the legend's


def test_the_chart_can_be_read_on_a_dark_page(report: Report) -> None:
    assert "prefers-color-scheme: dark" in chart(report)


def test_a_chart_of_nothing_is_drawn_too() -> None:
    ElementTree.fromstring(chart(Report(1, {}, [])))


def test_the_table_has_a_row_a_work_and_the_mean(report: Report) -> None:
    lines = table.works(report, table.plain).splitlines()
    assert len(lines) == 1 + len(WORKS) + 1
    assert lines[3].split()[-2:] == ["120*", "7.00"]
    assert lines[-1].startswith("geometric mean")
    assert {len(line.split("|")) for line in table.works(report, table.markdown).splitlines()} == {8}


def test_the_page_says_how_with_what_and_how_again(report: Report, tmp_path: Path) -> None:
    page.write(report, tmp_path)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "(benchmarks.svg)" in text
    assert "nervio 0.2.0, atom 0.13.0 (compiled)" in text
    assert "scripts/bench --write-docs" in text
    assert "7 rounds" in text
    assert (tmp_path / "benchmarks.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_command_measures_the_works_that_a_word_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.__main__.WORKS", [work._replace(changes=20) for work in WORKS])
    figures = tmp_path / "figures.json"
    arguments = [
        "read-heavy",
        "--no-peers",
        "--rounds",
        "1",
        "--json",
        str(figures),
        "--chart",
        str(tmp_path / "c"),
    ]
    assert main(arguments) == 0
    assert "read-heavy" in capsys.readouterr().out
    known = json.loads(figures.read_text(encoding="utf-8"))
    assert [work["name"] for work in known["works"]] == ["read-heavy"]
    assert set(known["works"][0]["ratios"]) == {"explicit", "tracked", "no fast path"}


def test_the_page_on_fast_paths_says_what_each_gains_at_most_and_typically(
    report: Report, tmp_path: Path
) -> None:
    report.gains = {
        "deep": {"writes": {"explicit": 8.0, "tracked": 2.0}, "reads": {"explicit": 1.0, "tracked": 1.19}},
        "wide": {"writes": {"explicit": 3.0, "tracked": 0.9}, "reads": {"explicit": 1.0, "tracked": 1.1}},
    }
    page.write_gains(report, tmp_path)
    text = (tmp_path / "fast-paths.md").read_text(encoding="utf-8")
    assert "| writes | 8.0 | deep, explicit | 3.0 | 3 of 4 |" in text
    assert "| reads | 1.2 | deep, tracked |  | 0 of 4 |" in text
    assert "| wide | 3.00 | 0.90 | 1.00 | 1.10 |" in text
    assert "7 rounds" in text


def test_the_command_tells_what_each_fast_path_gains(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.__main__.WORKS", [work._replace(changes=20) for work in WORKS])
    assert main(["write-heavy", "--fast-paths", "--rounds", "1"]) == 0
    assert "writes, explicit" in capsys.readouterr().out
