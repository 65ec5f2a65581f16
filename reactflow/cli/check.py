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
from reactflow.cli.settings import table
from reactflow.cli.target import load, load_system
from reactflow.deploy.build import targets_of
from reactflow.deploy.limits import limits_of
from reactflow.deploy.listing import list_resources
from reactflow.deploy.resources import Bucket, Resources, Stream, Table
from reactflow.deploy.settings import settings_for
from reactflow.errors import ConfigurationError
from reactflow.flow import Flow
from reactflow.service import System


@frozen
class Line:
    """What was looked at (binding, law, edge, cycle, name, limit, deploy), in words, and whether it is well."""

    kind: str
    text: str
    ok: bool = True


def check(targets: Targets, stage: Stage = "", as_json: AsJson = False) -> None:
    """Look services over: bindings, laws, cycles, limits, policies.

    Exit code 1 when a law is declared and does not hold; also for what stands in the way of a deployment, where one is
    set up ([tool.reactflow.deploy], or --stage). The last lines say what the function of each service may do: no more.

    \b
    reactflow check rooms:rooms
    reactflow check rooms:rooms floors:floors --stage prod
    """
    found = load(targets[0]) if len(targets) == 1 else None
    may: dict[str, list[dict[str, Any]]] = {}
    if isinstance(found, type) and issubclass(found, Flow):
        lines = [Line("law", text, ok) for text, ok in law_lines([found])]
    else:
        system, settings = load_system(targets), settings_for(Path.cwd(), stage or None)
        lines = list(declared(system))
        try:
            resources = list_resources(system, settings, targets_of(system, targets[0], Path.cwd()))
        except ConfigurationError as error:
            is_meant = bool(stage) or bool(table(Path.cwd()).keys() & {"deploy", "stages"})
            lines.append(Line("deploy", " ".join(str(error).split()), ok=not is_meant))
        else:
            lines += deployable(system, resources)
            may = {one.service: [asdict(each) for each in one.statements] for one in resources.functions}
    wrong = [one for one in lines if not one.ok]
    words = [f"{one.kind:<8} {one.text}" for one in lines]
    words += [f"{'policy':<8} {service} may {_words(one)}" for service, some in may.items() for one in some]
    data = {"ok": not wrong, "targets": targets, "checks": [asdict(one) for one in lines], "policies": may}
    answer("\n".join(words), data, as_json)
    if wrong:
        raise Failed("reactflow check", _remedy(wrong))


def declared(system: System) -> Iterator[Line]:
    """What services declare: their bindings, the laws of their folds, and which causes which."""
    for service in system.services.values():
        reads, writes = ", ".join(service.reads) or "nothing", ", ".join(service.writes) or "nothing"
        key = ", ".join(service.key.names) or "()"
        yield Line("binding", f"{service.name}: key {key}, reads {reads}, writes {writes}")
    for text, ok in law_lines(system.services.values()):
        yield Line("law", text, ok)
    for edge in system.edges:
        back = edge.cause in system.effects(edge.effect) or edge.cause == edge.effect
        words = f"{edge.cause} causes {edge.effect} through {edge.resource}"
        yield Line("cycle" if back else "edge", words + (", as declared" if back else ""))


def deployable(system: System, resources: Resources) -> Iterator[Line]:
    """What would become of them on AWS: names, and what there is most of."""
    held: list[Stream | Table | Bucket] = [*resources.streams, *resources.tables, *resources.buckets]
    for one in held:
        yield Line("name", f"{one.resource} is {one.name}{' (there already)' if one.is_there else ''}")
    for limit in limits_of(system, resources):
        yield Line("limit", str(limit), limit.ok)


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
    told: list[str] = []
    if laws:
        one, many = "1 law is declared and does not", f"{laws} laws are declared and do not"
        what = f"{one} hold: do not declare it" if laws == 1 else f"{many} hold: do not declare them"
        told.append(f"{what}, or correct the fold")
    if len(wrong) > laws:
        told.append(
            "it cannot be deployed so, see above: "
            + ", ".join({one.kind: None for one in wrong if one.kind != "law"})
        )
    return "; ".join(told)
