"""The main job: the three services on real input against an embedded cloud, every result compared with the answer.

Prints what it does, the resulting tables, and what differs; ends with 1 if anything does.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, unquote

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from examples import answers, data
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.service import Case, Report, Service

SHARDS = 4
LOST_ANSWERS = 3  # the answer of the first of three deliveries is lost, so that its records come again

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 110)


class AnswerLost(Exception):
    """The work was done, and its trigger never heard of it."""


class Watch:
    """Counts what a service is told and does."""

    def __init__(self) -> None:
        self.fates: dict[str, int] = {}
        self.cases: dict[str, Case] = {}
        self.lost = 0
        self._calls = 0
        self._told: tuple[dict[str, int], int] = {}, 0
        self._shown: set[str] = set()

    def report(self, service: Service, report: Report) -> None:
        """Add up a delivery's report."""
        for fate, number in report.fates.items():
            self.fates[fate] = self.fates.get(fate, 0) + number
        self.cases.update((case.id, case) for case in report.cases)

    def new_cases(self) -> list[Case]:
        """The cases that were not asked for before."""
        found = [case for name, case in self.cases.items() if name not in self._shown]
        self._shown.update(self.cases)
        return found

    def units_in_quarantine(self) -> list[str]:
        """The units of all cases."""
        return [case.unit or "" for case in self.cases.values()]

    def losing_answers(self, handler: Callable[[Any, Any], object]) -> Callable[[Any, Any], object]:
        """A handler whose answer is lost now and then, after all has been done."""

        def handle(event: Any, context: Any) -> object:
            answer = handler(event, context)
            self._calls += 1
            if self._calls % LOST_ANSWERS == 1:
                self.lost += 1
                raise AnswerLost("the answer did not arrive")
            return answer

        return handle

    def since_last(self) -> str:
        """What came since the last time that this was asked."""
        (before, lost), self._told = self._told, (dict(self.fates), self.lost)
        new = {fate: number - before.get(fate, 0) for fate, number in sorted(self.fates.items())}
        counted = ", ".join(f"{number} {fate}" for fate, number in new.items() if number)
        lost = self.lost - lost
        told = f"; {lost} answer{'' if lost == 1 else 's'} lost on purpose" if lost else ""
        return (counted or "nothing") + told


@contextmanager
def steps(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal; in a pipe a line before and one at the end."""
    begun = perf_counter()
    if console.is_terminal:
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(what, total=total)
            yield lambda: progress.advance(task)
    else:
        console.print(f"  putting {total} {what}, one by one ...")
        yield lambda: None
    console.print(f"  put {total} {what} in {perf_counter() - begun:.1f} s")


def quiet(_: object) -> None:
    """A listener for deliveries: the reports tell what matters here."""


def host_of(service: Service, cloud: Cloud, watch: Watch) -> LocalHost:
    """A local host whose every third answer is lost."""
    return LocalHost(
        [service], cloud, told=watch.report, delivered=quiet, around=watch.losing_answers, shards=SHARDS
    )


def drain(host: LocalHost, watch: Watch) -> None:
    """Deliver all there is, then say what became of it."""
    begun = perf_counter()
    host.run_until_idle()
    console.print(f"  delivered: {watch.since_last()}, in {perf_counter() - begun:.1f} s")
    for case in watch.new_cases():
        told = f"{unquote(case.unit or 'no unit')}: {' '.join(case.reason.message.split())}"
        console.print(f"  [red]quarantined[/] {escape(told)}")


def compare(what: str, found: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> bool:
    """Compare a table with its answer, whole, and say what differs."""
    wrong = [key for key in {**wanted, **found} if found.get(key) != wanted.get(key)]
    if not wrong:
        console.print(f"  [green]✓[/] {what}: {len(wanted)} rows, all as computed from the input")
        return True
    for key in wrong[:10]:
        differs = f"{key}: found {found.get(key)}, and it should be {wanted.get(key)}"
        console.print(f"  [red]✗[/] {escape(differs)}")
    console.print(f"  [red]✗ {what}: {len(wrong)} of {len(wanted)} rows differ[/]")
    return False


def shown(title: str, names: list[str], rows: list[list[object]], most: int = 8) -> None:
    """Print the first rows of a table."""
    table = Table(*names, title=title, title_justify="left")
    for row in rows[:most]:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
    if len(rows) > most:
        console.print(f"  ... and {len(rows) - most} more rows")


# --- the three services ---------------------------------------------------------------------------------------------


def make_thumbnails(cloud: Cloud) -> bool:
    """Photographs in, thumbnails out; a deleted photograph takes its thumbnail along."""
    from PIL import Image

    from examples.thumbnails import thumbnails

    watch = Watch()
    host = host_of(thumbnails, cloud, watch)
    s3 = cloud.client("s3")
    photographs, broken = data.photographs(), data.broken_photographs()
    with steps("photographs into s3/photos", len(photographs) + len(broken)) as advance:
        for name, content in (*photographs, *broken):
            s3.put_object(Bucket="photos", Key=name, Body=content)
            advance()
    drain(host, watch)
    gone = photographs.pop(1)[0]
    s3.delete_object(Bucket="photos", Key=gone)
    console.print(f"  deleted {gone}")
    drain(host, watch)

    found: dict[str, tuple[int, int]] = {}
    for entry in s3.list_objects_v2(Bucket="photos", Prefix="thumbnails/").get("Contents", []):
        name = entry.get("Key", "")
        body = s3.get_object(Bucket="photos", Key=name)["Body"].read()
        with Image.open(BytesIO(body), formats=("JPEG",)) as image:
            image.load()
            found[name] = image.size
    shown(
        "s3/photos/thumbnails/",
        ["object", "pixels"],
        [[name, f"{w} x {h}"] for name, (w, h) in found.items()],
    )
    expected = {"user={},name={}".format(*map(quote, name.split("/")[1:])): True for name, _ in broken}
    is_right = compare("quarantine", dict.fromkeys(watch.units_in_quarantine(), True), expected)
    return compare("thumbnails", found, answers.thumbnails(photographs)) and is_right


def sync_staff(cloud: Cloud, folder: Path) -> bool:
    """A DynamoDB table, kept row by row in a SQL database."""
    file = folder / "staff.db"
    os.environ["STAFF_DATABASE"] = f"sqlite:///{file}"
    from examples.staff import staff

    with sqlite3.connect(file) as database:
        database.execute(
            "create table staff (department text, number integer, name text, job text, email text, manager integer, "
            "monthly numeric(12, 2), primary key (department, number))"
        )
    database.close()
    watch = Watch()
    host = host_of(staff, cloud, watch)
    table = _table(cloud, "employees")
    history = data.employees()
    with steps("changes into dynamodb/employees", len(history)) as advance:
        for write in history:
            key = {"department": write.department, "number": write.number}
            if write.employee is None:
                table.delete_item(Key=key)
            else:
                table.put_item(Item={**key, **write.employee})
            advance()
    drain(host, watch)

    database = sqlite3.connect(file)
    cursor = database.execute(
        "select department, number, name, job, email, manager, monthly from staff order by 1, 2"
    )
    rows = cursor.fetchall()
    database.close()
    names = ["department", "number", "name", "job", "email", "manager", "monthly"]
    shown("sql/staff", names, [list(row) for row in rows])
    found = {
        row[:2]: {**dict(zip(names[2:6], row[2:6], strict=True)), "monthly": _cents(row[6])} for row in rows
    }
    return compare("staff", found, answers.staff(history))


def follow_climate(cloud: Cloud) -> bool:
    """Readings of weather stations on a stream of several shards, folded for each station and month."""
    from examples.climate import climate
    from reactflow.service.json_writer import write_json

    watch = Watch()
    host = host_of(climate, cloud, watch)
    kinesis = cloud.client("kinesis")
    readings = data.readings()
    with steps("readings into kinesis/readings", len(readings)) as advance:
        for reading in readings:
            text = write_json(reading)
            kinesis.put_record(StreamName="readings", Data=text.encode(), PartitionKey=reading["month"])
            advance()
    drain(host, watch)

    names = ["station", "month", "readings", "mean", "coldest", "warmest", "spread"]
    items = sorted(
        _table(cloud, "climate").scan()["Items"], key=lambda item: (str(item["station"]), str(item["month"]))
    )
    found = {
        (item["station"], item["month"]): {
            name: int(str(item[name])) if name == "readings" else float(str(item[name])) for name in names[2:]
        }
        for item in items
    }
    lines: list[list[object]] = [
        [*key, row["readings"], *(f"{row[name]:.2f}" for name in names[3:])] for key, row in found.items()
    ]
    shown("dynamodb/climate, degrees Celsius", names, lines)
    return compare("climate", found, answers.climate(readings))


def _cents(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def _table(cloud: Cloud, name: str) -> Any:
    import boto3

    environment = cloud.environment()
    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=cloud.region
    )
    return session.resource("dynamodb", endpoint_url=cloud.endpoint).Table(name)


def main() -> int:
    """Run the three services; returns the exit code."""
    begun = perf_counter()
    with tempfile.TemporaryDirectory(prefix="reactflow-demo-") as folder, Cloud.start() as cloud:
        console.print(
            f"[bold]an AWS of its own[/] at {cloud.endpoint}, up in {perf_counter() - begun:.1f} s\n"
        )
        works: list[tuple[str, Callable[[], bool]]] = [
            ("1. Generate thumbnails", lambda: make_thumbnails(cloud)),
            ("2. Keep another database in sync", lambda: sync_staff(cloud, Path(folder))),
            ("3. Process streaming data", lambda: follow_climate(cloud)),
        ]
        results = []
        for title, work in works:
            console.print(f"[bold]{title}[/]")
            results.append(work())
            console.print()
    verdict = "all results are right" if all(results) else "SOMETHING IS WRONG"
    console.print(f"[bold]{verdict}[/], {perf_counter() - begun:.1f} s in all")
    return 0 if all(results) else 1


def run() -> int:
    """As ``main``; ctrl-c and SIGTERM end it with nothing left behind, no process and no file."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return main()
    except KeyboardInterrupt:
        console.print("\nended before it was done")
        return 130


if __name__ == "__main__":
    sys.exit(run())
