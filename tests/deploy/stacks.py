"""The examples as the systems that are deployed, and what the tests of templates ask of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from examples import buildings, climate, greetings, payments, sensors, staff, thumbnails
from reactflow import Service, System
from reactflow.deploy.listing import list_resources
from reactflow.deploy.resources import Resources
from reactflow.deploy.settings import Settings
from reactflow.deploy.template import template_of

EXAMPLES: Mapping[str, System] = {
    "buildings": buildings.system,
    "climate": System(climate.climate),
    "greetings": System(greetings.greetings),
    "payments": System(payments.orders),
    "sensors": System(sensors.sensors),
    "staff": System(staff.staff),
    "thumbnails": System(thumbnails.thumbnails),
}


def listed(*services: Service, **settings: Any) -> Resources:
    """The resources of a system of these services."""
    system = System(*services)
    return list_resources(system, Settings(**settings), {name: f"app:{name}" for name in system.services})


def example(name: str, **settings: Any) -> Resources:
    """The resources of an example."""
    system = EXAMPLES[name]
    targets = {each: f"examples.{name}:{each}" for each in system.services}
    return list_resources(system, Settings(application=name, **settings), targets)


def template(*services: Service, **settings: Any) -> dict[str, Any]:
    """The template of a system of these services."""
    return template_of(listed(*services, **settings))


def of_type(made: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The properties of a template's resources of a type, by id: ``of_type(made, "SQS::Queue")``."""
    return {id: one["Properties"] for id, one in made["Resources"].items() if one["Type"] == f"AWS::{kind}"}


def referred(value: Any) -> Iterator[str]:
    """The ids that a value refers to."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "Ref":
                yield inner
            elif name == "Fn::GetAtt":
                yield inner[0]
            elif name == "Fn::Sub":
                yield from (part.split("}")[0].split(".")[0] for part in inner.split("${")[1:])
            elif name == "DependsOn":
                yield from inner
            else:
                yield from referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from referred(inner)
