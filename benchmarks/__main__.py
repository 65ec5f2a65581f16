"""Measures every work by hand, by reactflow and by its peers, in turns in one process, and prints the ratios.

Exits with 1 when a form of reactflow gives another answer than the hand-written code.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import page, table
from benchmarks.chart import chart
from benchmarks.fast_paths import ALL, FAST_PATHS
from benchmarks.libraries import EXPLICIT, OURS, PEERS, installed
from benchmarks.making import bare_bytes, making
from benchmarks.measure import SLOW_PATH, Entry, gains, measure
from benchmarks.report import Report, import_time
from benchmarks.works import WORKS


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", nargs="*", help="measure only works with one of these in their name")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (default: 7)")
    parser.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure the other libraries that are installed",
    )
    parser.add_argument(
        "--fast-paths", action="store_true", help="instead, what each fast path gains on each work"
    )
    parser.add_argument("--step", action="store_true", help="instead, what steps and a whole handler cost")
    parser.add_argument(
        "--runtime",
        action="store_true",
        help="instead, cold starts and a whole handler in Lambda's own runtime",
    )
    parser.add_argument("--markdown", action="store_true", help="print tables of Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures")
    parser.add_argument("--chart", type=Path, metavar="PATH", help="draw them, as an SVG")
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="write the pages in docs/",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write what was asked for."""
    options = options_of(arguments)
    layout = table.markdown if options.markdown else table.plain
    if options.step:
        return steps(options, layout)
    if options.runtime:
        return in_runtime(options, layout)
    works = [
        work
        for work in WORKS
        if not options.word or any(word.lower() in work.name.lower() for word in options.word)
    ]
    if options.fast_paths:
        report = Report(options.rounds, {}, [form.name for form in OURS])
        for work in works:
            print(f"{work.name} ...", file=sys.stderr, flush=True)
            report.gains[work.name] = gains(work, list(FAST_PATHS), OURS, options.rounds)
        print(table.gains(report, layout) + "\n\n" + table.best_gains(report, layout))
        if options.write_docs:
            page.write_gains(report)
        if options.json:
            options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
        return 0

    versions = installed(PEERS) if options.peers else {}
    for form in PEERS if options.peers else ():
        if form.name not in versions:
            print(f"skipped: {form.distribution} is not installed", file=sys.stderr)
    peers = [form for form in PEERS if form.name in versions]
    entries = [Entry(form.name, form) for form in OURS]
    entries.append(Entry(SLOW_PATH, EXPLICIT, (ALL,)))
    entries += [Entry(form.name, form) for form in peers]
    report = Report(options.rounds, versions, [entry.label for entry in entries])
    for work in works:
        print(f"{work.name} ...", file=sys.stderr, flush=True)
        report.works.append(measure(work, entries, options.rounds))
    if not options.word:
        report.making = making([*OURS, *peers], options.rounds)
        report.bare_bytes = bare_bytes()
        report.importing = import_time(options.rounds)

    print(table.works(report, layout))
    if report.making:
        print("\n" + table.making(report, layout))
    if said := table.remarks(report):
        print("\n" + "\n".join(said))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    if options.chart:
        options.chart.write_text(chart(report), encoding="utf-8")
    if options.write_docs:
        page.write(report)
    return 0 if report.agree() else 1


def steps(options: argparse.Namespace, layout: table.Layout) -> int:
    """Measure steps and handlers, print and write what was asked for."""
    from benchmarks.steps import page as step_page  # a service needs more than the live graph does

    try:
        report = step_page.measure_all(options.word, options.rounds)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n\n".join([*report.tables(layout), *report.remarks()]))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    if options.write_docs:
        step_page.write(report, table.markdown)
    return 0


def in_runtime(options: argparse.Namespace, layout: table.Layout) -> int:
    """Measure in Lambda's runtime, print and write what was asked for."""
    from benchmarks.runtime import page as runtime_page  # it needs the emulator, and what runs in it
    from reactflow.errors import ConfigurationError

    try:
        report = runtime_page.measure_all(options.word, options.rounds)
    except (ValueError, ModuleNotFoundError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n\n".join([*report.tables(layout), *report.remarks()]))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    if options.write_docs:
        runtime_page.write(report, table.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
