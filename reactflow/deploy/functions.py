"""The Lambda function of a service: its name, its variables, what its role may do, and where its units are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Final

from reactflow.aws import DynamoDBStore
from reactflow.deploy.naming import LONGEST_FUNCTION, logical_id, plain, stack_name
from reactflow.deploy.policies import statements_of
from reactflow.deploy.resources import Function, QueueMapping, StreamMapping
from reactflow.deploy.settings import STATE, Settings
from reactflow.errors import ConfigurationError
from reactflow.service import Service

MOST_ENVIRONMENT: Final = 4096  # bytes of all variables of a function
_LOG_DAYS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_TAKEN: Final = re.compile(
    r"REACTFLOW_(SERVICE|STATE|NAMES|ACCOUNT|LOG|METRICS|STAGE)|_|_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_.*|"
    r"AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)
_PASSWORD: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def function_of(
    service: Service,
    settings: Settings,
    target: str,
    known: Container[str],
    mappings: Sequence[StreamMapping | QueueMapping],
) -> Function:
    """The function of a service, of which ``mappings`` tell what it is told; ``known`` are the resources of the stack.

    Raises ConfigurationError for variables that Lambda would not take, or that hold a password.
    """
    name = stack_name(settings.stack, service.name, longest=LONGEST_FUNCTION)
    streams = {
        one.resource: one.source for one in mappings if isinstance(one, StreamMapping) and one.is_table
    }
    queues = {
        one.resource: f"${{{logical_id('Queue', service.name, one.resource)}.Arn}}"
        for one in mappings
        if isinstance(one, QueueMapping)
    }
    made = Function(
        service=service.name, name=name, target=target, python=settings.python, architecture=settings.architecture,
        memory=settings.memory, timeout=settings.timeout, concurrency=settings.concurrency,
        log_days=next(days for days in _LOG_DAYS if days >= settings.log_days),
        environment=_environment(service, settings, target, known), given=_given(settings.environment),
        statements=statements_of(service, settings, function=name, streams=streams, queues=queues),
    )  # fmt: skip
    if (size := size_of_environment(made)) > MOST_ENVIRONMENT:
        raise ConfigurationError(
            f"service {service.name!r}: its variables have {size} bytes, and Lambda takes {MOST_ENVIRONMENT}: set "
            "fewer in environment=, give what it reads and writes shorter names, or part the service"
        )
    return made


def size_of_environment(function: Function) -> int:
    """Bytes of a function's variables, names and values."""
    variables = {**function.environment, **function.given}
    return sum(len(f"{name}{value}".encode()) for name, value in variables.items())


def keeps_units(service: Service) -> bool:
    """Whether there are units to keep, and to be swept: what is only called, as a function is, has none."""
    return bool(service.bound)


def state_of(service: Service) -> str:
    """The table of a service's units, as a resource; raises ConfigurationError for units that are kept elsewhere."""
    store = service.store
    if store is None:
        return f"dynamodb/{STATE}"
    if isinstance(store, DynamoDBStore):
        return store.resource
    raise ConfigurationError(
        f"service {service.name!r} keeps its units in {store!r}, which no function finds again: leave store= out, "
        "or say dynamodb:TABLE"
    )


def _environment(service: Service, settings: Settings, target: str, known: Container[str]) -> dict[str, str]:
    used = {one.resource for one in service.bound} | {one.sink.destination for one in service.outputs}
    made = {
        "REACTFLOW_SERVICE": plain(target, f"service {service.name!r}"),
        "REACTFLOW_ACCOUNT": "${AWS::AccountId}",
        "REACTFLOW_LOG": "json",
        "REACTFLOW_METRICS": "emf",
        "REACTFLOW_STAGE": settings.stack,  # of which one account has one only
    }
    if keeps_units(service):
        used.add(state_of(service))
        made["REACTFLOW_STATE"] = f"dynamodb:{settings.physical(state_of(service))}"
    names = {one: settings.physical(one) for one in sorted(used) if one in known}
    return {**made, "REACTFLOW_NAMES": json.dumps(names, separators=(",", ":"))}


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's variables; raises ConfigurationError for what Lambda or a template would not take as it is."""
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name) or _TAKEN.fullmatch(name):
            raise ConfigurationError(
                f"environment: {name!r} cannot be set: a variable is of letters, digits and '_', and not one that "
                "Lambda or reactflow sets itself"
            )
        if _PASSWORD.search(value):
            raise ConfigurationError(
                f"environment: {name} holds a password, which everybody who sees the template would read: put it into "
                "Secrets Manager, and write {{resolve:secretsmanager:NAME}}"
            )
        if "${" in value:
            raise ConfigurationError(
                f"environment: {name} holds '${{', which a template would replace: leave it out"
            )
    return dict(environment)
