"""Operating a service that runs elsewhere: its host here, on the state that it has there. That changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from reactflow.aws import DynamoDBStore
from reactflow.aws.clients import client, speaking
from reactflow.cli.account import account
from reactflow.cli.checks import check_address, check_answers, check_state, needs_aws
from reactflow.cli.options import HERE
from reactflow.cli.target import load_services
from reactflow.deploy.listing import list_resources
from reactflow.deploy.resources import Function
from reactflow.deploy.settings import settings_for
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud
from reactflow.service import Host, MemoryStore, Service, System
from reactflow.service.stores import Store, open_store
from reactflow.service.stores.in_turns import InTurns
from reactflow.service.stores.opening import SETTING

State = Annotated[
    str,
    typer.Option(
        metavar="STORE",
        help="where units are kept: sqlite:PATH, or dynamodb:TABLE [default: the service's own]",
        envvar="REACTFLOW_STATE",
        show_envvar=False,
        show_default=False,
    ),
]
Local = Annotated[
    str,
    typer.Option(
        help="the local AWS, or aws for the account that AWS's own settings name [default: http://127.0.0.1:4566, "
        "with --stage aws]",
        metavar="URL", envvar=["REACTFLOW_ENDPOINT", "AWS_ENDPOINT_URL"], show_envvar=False, show_default=False,
    ),
]  # fmt: skip
Deployed = Annotated[
    str,
    typer.Option(
        "--stage",
        metavar="NAME",
        help="of the service that is deployed as this stage, with its state and its names on AWS",
        show_default=False,
    ),
]


@contextmanager
def operated(
    target: str, *, state: str, endpoint: str, stage: str, publishes: bool = False
) -> Iterator[Host]:
    """The host of a service on the state that it has elsewhere, with the AWS that this, and what it publishes, is in.

    Raises ConfigurationError without a state that lasts, and when nothing answers.
    """
    if not stage:
        with reached(host := host_of(target, state), endpoint or HERE, publishes=publishes):
            yield host
        return
    if state:
        raise ConfigurationError(
            f"--stage {stage} says where units are kept: leave --state (and REACTFLOW_STATE) out"
        )
    function = _function(target, stage)
    with account("" if endpoint == "aws" else endpoint), _exported(_filled(function.environment)):
        yield host_of(target, "")


def _function(target: str, stage: str) -> Function:
    """The function of a service in a stage, of which the variables say where all is."""
    services = load_services(target)
    names = {one.name: target for one in services}
    return list_resources(System(*services), settings_for(Path.cwd(), stage), names).functions[0]


def _filled(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables with the account and the region that are spoken to; AWS is asked only where one is in a name."""
    text = variables["REACTFLOW_NAMES"]
    if "${AWS::" in text:
        caller = client("sts")
        with speaking("sts", "sts:GetCallerIdentity"):
            text = text.replace("${AWS::AccountId}", caller.get_caller_identity()["Account"])
        text = text.replace("${AWS::Region}", caller.meta.region_name)
    return {"REACTFLOW_NAMES": text, **({SETTING: variables[SETTING]} if SETTING in variables else {})}


@contextmanager
def _exported(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def host_of(target: str, state: str) -> Host:
    """The host of the service that a target names, on a state that lasts. Raises ConfigurationError without one."""
    services = load_services(target)
    if len(services) != 1:
        raise ConfigurationError(
            f"{target} is a system of {', '.join(one.name for one in services)}: name one of them"
        )
    (service,) = services
    if state:
        check_state(state)
    if state or service.store is None:
        _check_there(state or os.environ.get(SETTING, ""), service)
    store = service.store if service.store is not None and not state else open_store(state or None)
    if isinstance(store, MemoryStore) and service.store is None:
        raise ConfigurationError(
            f"service {service.name!r} keeps its state in memory, of which nothing is left here: say where it is kept, "
            "as in --state sqlite:state.db"
        )
    return Host(service, store)


def _check_there(state: str, service: Service) -> None:
    """Raises ConfigurationError for a file that is not there: one would be made, and would have no case."""
    kind, _, path = state.partition(":")
    if kind == "sqlite" and path and Path(path).parent.is_dir() and not Path(path).exists():
        raise ConfigurationError(
            f"there is no state of service {service.name!r} at {state}, seen from {Path.cwd()}: "
            "name the file that the service writes, or call this in its folder"
        )


@contextmanager
def reached(host: Host, endpoint: str, *, publishes: bool = False) -> Iterator[None]:
    """The AWS at an endpoint, where the host's state, or what it is to publish, is kept in one.

    Only that one is read and written, with keys that are good for no other; "aws" is the one of the environment.
    Raises ConfigurationError when nothing answers.
    """
    uses_aws = isinstance(bare(host.store), DynamoDBStore) or (publishes and needs_aws(host.service))
    if not uses_aws or endpoint == "aws":
        yield
    else:
        check_address(endpoint)
        check_answers(
            endpoint, "start `reactflow dev` there, or name the address that it says with --endpoint, or aws"
        )
        with Cloud.at(endpoint).exported():
            yield


def bare(store: Store) -> Store:
    """A store as it was made: a host may call it in turns."""
    return store.store if isinstance(store, InTurns) else store


def is_known(host: Host) -> bool | None:
    """Whether the state holds anything of the host's service; None where asking would read a whole table."""
    store, name = bare(host.store), host.service.name
    if isinstance(store, DynamoDBStore):
        return None
    return next(iter(store.units(name)), None) is not None or bool(store.cases(name))
