"""What `reactflow build` makes: a folder with the template of a system and the package that its functions run.

The same folder for the same input, byte for byte: ``.reactflow/build/STAGE/template.json`` and ``code.zip``. Every
function runs the one package and loads its own service from it. It asks the package index for what is locked, and
AWS for nothing.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

from reactflow.deploy.listing import list_resources
from reactflow.deploy.package import CODE, WORK, Package, package
from reactflow.deploy.plan import Plan, check_ours, deployed_template, plan
from reactflow.deploy.resources import Resources
from reactflow.deploy.sam import TEMPLATE
from reactflow.deploy.settings import Settings
from reactflow.deploy.template import template_of, template_text
from reactflow.errors import ConfigurationError
from reactflow.service import Service, System


@frozen
class Build:
    """What was built: the folder, the package, the resources, and the template made of them."""

    folder: Path
    settings: Settings
    resources: Resources
    template: Mapping[str, Any]
    package: Package

    def plan(self) -> Plan:
        """What deploying it would change on AWS.

        Raises ConfigurationError when CloudFormation cannot be asked, and for a stack of this name that others made.
        """
        stack = self.settings.stack
        # sam stores the package under its MD5, so that it can be told without fetching it whether it is another one
        code = hashlib.md5(self.package.file.read_bytes(), usedforsecurity=False).hexdigest()
        old = deployed_template(stack)
        check_ours(stack, old)
        return plan(stack, old, self.template, code=code)

    def lines(self) -> list[str]:
        """What was built, for a person."""
        return [f"{self.folder / TEMPLATE}: stack {self.settings.stack}", *self.package.lines()]


def build(system: System, targets: Mapping[str, str], settings: Settings, folder: Path) -> Build:
    """Build a system of the project in ``folder``; ``targets`` says where each service is (see ``targets_of``).

    Raises ConfigurationError for what cannot be deployed or packaged, before anything is written.
    """
    resources = list_resources(system, settings, targets)
    template = template_of(resources, code=CODE)
    into = folder / WORK / "build" / settings.stage
    modules = sorted({target.partition(":")[0] for target in targets.values()})
    made = package(folder, into, settings, modules)
    (into / TEMPLATE).write_text(template_text(template), encoding="utf-8")
    return Build(into, settings, resources, template, made)


def targets_of(system: System, target: str, folder: Path) -> dict[str, str]:
    """Where each service of a system is found in a function: ``{"rooms": "rooms:rooms"}``.

    ``target`` is how the system was named, ``module:name``; its module has been imported. A service is looked for in
    the modules of ``folder``, first in the one that makes it. Raises ConfigurationError for one that no module holds by
    a name.
    """
    first = target.partition(":")[0]
    modules = [one for one in dict(sys.modules).values() if _is_in(one, folder.resolve())]
    modules.sort(key=lambda one: (one.__name__ != first, one.__name__))
    found: dict[str, str] = {}
    for service in system.services.values():
        places = [place for module in modules for place in _places(module, service)]
        if not places:
            raise ConfigurationError(
                f"service {service.name!r} has no name in a module of {folder}, by which its function would load it: "
                f"write {service.name.replace('-', '_')} = Service(...) in {first}"
            )
        found[service.name] = min(places, key=lambda one: not one[0])[1]
    return found


def _is_in(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return (
        isinstance(file, str)
        and Path(file).resolve().is_relative_to(folder)
        and "site-packages" not in file
        and module.__name__ != "__main__"
    )


def _places(module: ModuleType, service: Service) -> Iterator[tuple[bool, str]]:
    """Whether the module makes the service, and its target, for each name by which the module holds it."""
    for name, value in vars(module).items():
        if value is service:
            yield name in _assigned(module), f"{module.__name__}:{name}"


def _assigned(module: ModuleType) -> set[str]:
    source = Path(str(module.__file__)).read_bytes()
    targets = [
        target
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {one.id for one in targets if isinstance(one, ast.Name)}
