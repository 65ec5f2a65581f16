"""Which AWS a command speaks to that is about deployments: the account of AWS's own settings, or one on this machine.

What `reactflow dev` has embedded is never taken by itself: a deployment goes where somebody said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from reactflow.aws.clients import client, speaking
from reactflow.cli.checks import HERE, check_address, check_answers
from reactflow.cli.options import HERE as EMBEDDED
from reactflow.errors import ConfigurationError
from reactflow.local import Cloud

Endpoint = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="an AWS on this machine, such as that of `reactflow dev` [default: the account of AWS's own settings]",
        show_default=False,
    ),
]


def place() -> str:
    """Which AWS is spoken to, in words: the account and the region, and the address of one on this machine.

    Raises ConfigurationError when AWS does not say whose keys these are.
    """
    with speaking("sts", "sts:GetCallerIdentity"):
        sts: Any = client("sts")
        number, region = sts.get_caller_identity()["Account"], sts.meta.region_name
    address = client("cloudformation").meta.endpoint_url
    is_aws = (urlsplit(address).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
    return f"account {number} in {region}{'' if is_aws else f' at {address}'}"


@contextmanager
def account(endpoint: str) -> Iterator[None]:
    """Have the AWS at an endpoint of this machine spoken to inside, with keys that no other takes.

    Without one all stays as AWS's own settings have it. Raises ConfigurationError for an endpoint elsewhere, and
    when nothing answers there.
    """
    if not endpoint:
        yield
        return
    check_address(endpoint)
    if urlsplit(endpoint).hostname not in HERE:
        raise ConfigurationError(
            f"{endpoint} is not on this machine: for an account leave --endpoint out, and set "
            "AWS_PROFILE and AWS_REGION"
        )
    check_answers(endpoint, "start `reactflow dev`, which says the address of its AWS")
    with Cloud.at(endpoint).exported():
        yield


def check_set() -> None:
    """Raises ConfigurationError where AWS's settings name no region, or hold no credentials."""
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError:
        return  # whoever speaks to AWS says what to install
    session = Session()
    try:
        found = {
            "region": os.environ.get("AWS_REGION") or session.get_config_variable("region"),
            "credentials": session.get_credentials(),
        }
    except BotoCoreError as error:  # a profile that there is not
        raise ConfigurationError(f"AWS's settings: {error}: correct them, or AWS_PROFILE") from error
    missing = [name for name, one in found.items() if not one]
    if missing:
        raise ConfigurationError(
            f"AWS's settings have no {' and no '.join(missing)}: `reactflow doctor --for deploy` says how to set them, "
            f"or take the AWS of a running `reactflow dev`, with --endpoint {EMBEDDED}"
        )
