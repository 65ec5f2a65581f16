"""``reactflow quarantine``: what could not be applied, looked at and decided on, in words or as JSON.

What is shown of a case is what went wrong; its record only where somebody asks for that case. Nothing is changed but by
``decided``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from sys import stderr
from typing import Annotated, Any

import typer

from reactflow.cli.answers import Failed, json_text
from reactflow.cli.checks import state_name
from reactflow.cli.operating import Deployed, Local, State, bare, is_known, operated
from reactflow.cli.options import AsJson, Target
from reactflow.cli.telling import counted, whose, worded
from reactflow.errors import ConfigurationError
from reactflow.service import Case, Host, Item
from reactflow.service.telemetry import hashed

quarantine = typer.Typer(
    no_args_is_help=True, help="Records that could not be applied: look at them, decide."
)

CaseName = Annotated[
    str, typer.Argument(metavar="CASE", help="as `list` shows it, or the case's id, or a part of it")
]
CaseNames = Annotated[list[str], typer.Argument(metavar="CASE...", help="as `list` shows them, or their ids")]


@quarantine.command("list")
def list_cases(
    target: Target, state: State = "", endpoint: Local = "", stage: Deployed = "", as_json: AsJson = False
) -> None:
    """List a service's open cases, oldest first.

    \b
    reactflow quarantine list rooms:rooms --state sqlite:state.db
    reactflow quarantine list rooms:rooms --stage prod
    """
    with operated(target, state=state, endpoint=endpoint, stage=stage) as host:
        print(listed(host, as_json=as_json))


@quarantine.command()
def show(
    target: Target,
    case: CaseName,
    state: State = "",
    endpoint: Local = "",
    stage: Deployed = "",
    as_json: AsJson = False,
) -> None:
    """Show one case, with its record.

    \b
    reactflow quarantine show rooms:rooms 5520ee659979ad76 --state sqlite:state.db
    """
    with operated(target, state=state, endpoint=endpoint, stage=stage) as host:
        print(shown(host, case, as_json=as_json))


@quarantine.command()
def redrive(
    target: Target,
    cases: CaseNames,
    state: State = "",
    endpoint: Local = "",
    stage: Deployed = "",
    as_json: AsJson = False,
) -> None:
    """Try cases again, and what waits behind them.

    Exit code 1 when one is still open.

    \b
    reactflow quarantine redrive rooms:rooms 5520ee659979ad76 --state sqlite:state.db
    """
    _decide("redrive", target, cases, state, endpoint, stage, as_json)


@quarantine.command()
def skip(
    target: Target,
    cases: CaseNames,
    state: State = "",
    endpoint: Local = "",
    stage: Deployed = "",
    as_json: AsJson = False,
) -> None:
    """Give cases up, and go on with what waits.

    Of a gap, it is what is missing that is given up.

    \b
    reactflow quarantine skip rooms:rooms 5520ee659979ad76 --state sqlite:state.db
    """
    _decide("skip", target, cases, state, endpoint, stage, as_json)


def _decide(
    decision: str, target: str, cases: list[str], state: str, endpoint: str, stage: str, as_json: bool
) -> None:
    with operated(target, state=state, endpoint=endpoint, stage=stage, publishes=True) as host:
        text, code = decided(host, decision, cases, as_json=as_json)
    print(text)
    if code:
        raise Failed("reactflow quarantine")


def listed(host: Host, *, as_json: bool) -> str:
    """The open cases of a service."""
    cases = host.open_cases()
    items = {unit: host.store.get(host.service.name, unit) for one in cases if (unit := one.unit) is not None}
    found = [_summary(one, items.get(one.unit or "")) for one in cases]
    if as_json:
        return json_text(found)
    if not cases:
        strange = is_known(host) is False
        return f"{host.service.name} has no open case" + (
            f", nor any unit in {state_name(bare(host.store))}" if strange else ""
        )
    lines = [f"{counted(len(cases), 'open case')} of {host.service.name}"]
    for case, about in zip(cases, found, strict=True):
        lines.append(f"  {about['case']}  {whose(case, host.service.key)}: {_reason(case)}")
        if about["holds"]:
            lines.append(f"  {'':16}  {_holds(about)}")
    return "\n".join(lines)


def _holds(about: Mapping[str, Any]) -> str:
    number = about["waiting"]
    return f"holds its key: {counted(number, 'later record')} {'waits' if number == 1 else 'wait'} behind it"


def shown(host: Host, name: str, *, as_json: bool) -> str:
    """One case with its record."""
    case = case_named(host, name)
    item = host.store.get(host.service.name, case.unit) if case.unit is not None else None
    about = _summary(case, item)
    if as_json:
        return json_text({**about, **case.to_json()})
    record = json.dumps(case.record, indent=2, ensure_ascii=False)
    holds = f"\n  {_holds(about)}" if about["holds"] else ""
    return f"{case}{holds}\n{record}"


def decided(host: Host, decision: str, names: Sequence[str], *, as_json: bool) -> tuple[str, int]:
    """Redrive or skip cases; returns what became of them, and the exit code: 1 when one is still open."""
    told, code = list[dict[str, Any]](), 0
    with redirect_stdout(stderr):
        for case in [case_named(host, name) for name in names]:
            report = host.redrive(case.id) if decision == "redrive" else host.skip(case.id)
            is_open = bool(report.transients or report.fates.get("quarantined"))
            code = max(code, int(is_open))
            reasons = [*report.transients, *(_reason(one) for one in report.cases)]
            told.append({
                "case": hashed(case.id), "id": case.id, "fates": dict(report.fates), "released": dict(report.released),
                "published": len(report.published), "still_open": is_open, "reasons": reasons,
            })  # fmt: skip
    if as_json:
        return json_text(told), code
    return "\n".join(_decision(one) for one in told), code


def _decision(told: Mapping[str, Any]) -> str:
    released = f"; behind it {worded(told['released'])}" if any(told["released"].values()) else ""
    reasons = "".join(f"\n  {reason}" for reason in told["reasons"])
    return f"{told['case']}: {worded(told['fates'])}{released}{reasons}"


def case_named(host: Host, name: str) -> Case:
    """The open case with this id, or this hash as ``list`` and the log show it. Raises ConfigurationError."""
    cases = host.open_cases()
    found = [one for one in cases if name in (one.id, hashed(one.id))]
    found = found or [one for one in cases if name and (hashed(one.id).startswith(name) or name in one.id)]
    if len(found) != 1:
        many = f"{len(found)} cases that fit" if found else "no open case"
        raise ConfigurationError(
            f"service {host.service.name!r} has {many} {name!r}: `reactflow quarantine list` shows them"
        )
    return found[0]


def _summary(case: Case, item: Item | None) -> dict[str, Any]:
    reason = case.reason
    holds = item is not None and item.held and item.open_cases[-1:] == (case.id,)
    return {
        "case": hashed(case.id), "id": case.id, "unit": case.unit, "kind": reason.kind, "cell": reason.cell,
        "message": reason.message, "line": reason.line, "time": case.time, "holds": holds,
        "waiting": len(item.waiting) if item is not None and holds else 0,
    }  # fmt: skip


def _reason(case: Case) -> str:
    return " ".join(case.reason.message.split())
