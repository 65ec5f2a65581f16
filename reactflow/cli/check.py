"""``reactflow check``: what can be known of services without running them, a line each.

Bindings, laws of folds, cycles, limits of AWS, and what the function of each service would be allowed to do. It
promises to touch no AWS and no state: it reads declarations, and runs functions of folds on values that are made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from reactflow.cli.answers import Failed, answer
from reactflow.cli.lawful import law_lines
from reactflow.cli.options import AsJson, Stage, Targets
from reactflow.cli.target import load, load_system
from reactflow.deploy.limits import limits_of
from reactflow.deploy.policies import statements_of
from reactflow.deploy.settings import Settings, settings_for
from reactflow.flow import Flow
from reactflow.service import System


@frozen
class Line:
    """What was looked at (``binding``, ``law``, ``edge``, ``cycle`` or ``limit``), in words, and whether it is well."""

    kind: str
    text: str
    ok: bool = True


def check(targets: Targets, stage: Stage = "", as_json: AsJson = False) -> None:
    """Look services over: bindings, laws, cycles, limits, policies.

    Exit code 1 when a law is declared and does not hold, or AWS would take a name or size for too long. The last lines
    say what the function of each service may do, and nothing else.

    \b
    reactflow check rooms:rooms
    reactflow check rooms:rooms floors:floors --stage prod
    """
    found = load(targets[0]) if len(targets) == 1 else None
    if isinstance(found, type) and issubclass(found, Flow):
        lines, may = [Line("law", text, ok) for text, ok in law_lines([found])], {}
    else:
        system, settings = load_system(targets), settings_for(Path.cwd(), stage or None)
        lines, may = list(system_lines(system, settings)), allowed(system, settings)
    wrong = [one for one in lines if not one.ok]
    words = [f"{one.kind:<8} {one.text}" for one in lines]
    words += [f"{'policy':<8} {service} may {_words(one)}" for service, some in may.items() for one in some]
    data = {"ok": not wrong, "targets": targets, "checks": [asdict(one) for one in lines], "policies": may}
    answer("\n".join(words), data, as_json)
    if wrong:
        raise Failed("reactflow check", _remedy(wrong))


def system_lines(system: System, settings: Settings) -> Iterator[Line]:
    """What is to be said of a system's services. Raises ConfigurationError as ``limits_of`` does."""
    for service in system.services.values():
        reads, writes = ", ".join(service.reads) or "nothing", ", ".join(service.writes) or "nothing"
        yield Line(
            "binding", f"{service.name}: key {_key(service.key.names)}, reads {reads}, writes {writes}"
        )
    for text, ok in law_lines(system.services.values()):
        yield Line("law", text, ok)
    for edge in system.edges:
        back = edge.cause in system.effects(edge.effect) or edge.cause == edge.effect
        name = "cycle" if back else "edge"
        yield Line(
            name,
            f"{edge.cause} causes {edge.effect} through {edge.resource}{', as declared' if back else ''}",
        )
    for limit in limits_of(system, settings):
        yield Line("limit", str(limit), limit.ok)


def allowed(system: System, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """What the function of each service may do in a stage: actions, on which resources, under which conditions."""
    return {
        name: [asdict(one) for one in statements_of(service, settings)]
        for name, service in system.services.items()
    }


def _key(names: Sequence[str]) -> str:
    return ", ".join(names) or "()"


def _words(statement: dict[str, Any]) -> str:
    """A statement in one line."""
    service = statement["actions"][0].partition(":")[0]
    actions = ", ".join(one.removeprefix(f"{service}:") for one in statement["actions"])
    where = ", ".join(
        one.rpartition("${AWS::AccountId}:")[2].removeprefix("arn:${AWS::Partition}:s3:::")
        for one in statement["resources"]
    )
    only = [
        f"{key.partition(':')[2]} {' or '.join(values)}"
        for keys in statement["conditions"].values()
        for key, values in keys.items()
    ]
    return f"{service} {actions} on {where}" + (f", only {'; '.join(only)}" if only else "")


def _remedy(wrong: Sequence[Line]) -> str:
    laws = sum(one.kind == "law" for one in wrong)
    sizes = len(wrong) - laws
    told = []
    if laws:
        one, many = "1 law is declared and does not", f"{laws} laws are declared and do not"
        what = f"{one} hold: do not declare it" if laws == 1 else f"{many} hold: do not declare them"
        told.append(f"{what}, or correct the fold")
    if sizes:
        what = (
            "1 name or size is not one that AWS takes"
            if sizes == 1
            else f"{sizes} names or sizes are not ones that AWS takes"
        )
        told.append(
            f"{what}: change it, or give another under names or application in [tool.reactflow.deploy]"
        )
    return "; ".join(told)
