"""``reactflow doctor``: whether all is there that services need to run here, or to be deployed, a line each.

It promises to show no secret, to change nothing, and to speak to AWS only when there are credentials, in one call.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from attrs import asdict, frozen

from reactflow.cli.answers import Failed, answer
from reactflow.cli.options import AsJson, Stage
from reactflow.cli.settings import table
from reactflow.cli.target import load_system
from reactflow.deploy.sam import find_sam
from reactflow.deploy.settings import PYTHONS, settings_for
from reactflow.errors import ConfigurationError, ReactflowError

SKEW: Final = 240.0  # seconds that a clock may be wrong: AWS refuses from 300 on
_LOWEST: Final = {
    "boto3": (1, 36),
    "ministack": (1, 5, 33),
    "starlette": (0, 37),
    "uvicorn": (0, 30),
    "sqlalchemy": (2, 0),
}
_SAM: Final = (1, 100)


class Purpose(StrEnum):
    """What is to be done."""

    dev = "dev"
    deploy = "deploy"


@frozen
class Finding:
    """What was looked for. ``state`` is ok, missing (needed, and not as it has to be) or none (nor is it needed)."""

    name: str
    state: str
    found: str
    remedy: str = ""


def doctor(
    purpose: Annotated[
        Purpose, typer.Option("--for", help="what is needed: to run services here, or to deploy them too")
    ] = Purpose.dev,
    stage: Stage = "",
    as_json: AsJson = False,
) -> None:
    """Say whether all is there, and what to do about what is not.

    Exit code 1 when something is missing that is needed. No secret is shown.

    \b
    reactflow doctor
    reactflow doctor --for deploy --stage prod
    """
    found = list(findings(purpose is Purpose.deploy, stage))
    missing = [one for one in found if one.state == "missing"]
    width = max(len(one.name) for one in found)
    lines = [
        f"{one.state:<8} {one.name:<{width}}  {one.found}{f': {one.remedy}' if one.remedy else ''}"
        for one in found
    ]
    answer(
        "\n".join(lines),
        {"ok": not missing, "for": purpose.value, "findings": [asdict(one) for one in found]},
        as_json,
    )
    if missing:
        raise Failed(
            "reactflow doctor", f"{', '.join(one.name for one in missing)} missing: do what stands behind it"
        )


def findings(is_deploy: bool, stage: str) -> Iterator[Finding]:
    """All that is looked at; what is only needed for a deployment is missing only where one is meant."""
    yield _python()
    yield _installed(
        "reactflow-py", "pip install reactflow-py, or in a clone pip install -e .", is_needed=False
    )
    yield _installed("boto3", "pip install 'reactflow-py[aws]'")
    for name in ("ministack", "aws-sam-translator", "starlette", "uvicorn"):
        yield _installed(
            name, "pip install 'reactflow-py[local]'", is_needed=not is_deploy and name == "ministack"
        )
    yield _installed("sqlalchemy", "for tables of SQL, pip install 'reactflow-py[sql]'", is_needed=False)
    yield _told("settings", _settings(stage), "correct pyproject.toml", is_needed=True)
    yield _told(
        "targets",
        _targets,
        'name what to run: targets = ["rooms:rooms"] in [tool.reactflow]',
        is_needed=False,
    )
    yield _sam(is_deploy)
    profile = _profile()
    if profile is not None:
        yield profile
        return
    yield _region(is_deploy)
    yield from _account(is_deploy)


def _state(is_there: bool, is_needed: bool) -> str:
    return "ok" if is_there else "missing" if is_needed else "none"


def _python() -> Finding:
    here = ".".join(map(str, sys.version_info[:3]))
    if f"{sys.version_info.major}.{sys.version_info.minor}" in PYTHONS:
        return Finding("python", "ok", f"{here}, of which Lambda has a runtime")
    return Finding(
        "python",
        "none",
        here,
        f"Lambda has runtimes of {', '.join(PYTHONS)}: say python in [tool.reactflow.deploy]",
    )


def _installed(name: str, remedy: str, *, is_needed: bool = True) -> Finding:
    try:
        there = version(name)
    except PackageNotFoundError:
        return Finding(name, _state(False, is_needed), "not installed", remedy)
    lowest = _LOWEST.get(name, ())
    if _numbers(there) < lowest:
        least = ".".join(map(str, lowest))
        return Finding(
            name, _state(False, is_needed), f"{there}, older than {least}", f"pip install '{name}>={least}'"
        )
    return Finding(name, "ok", there)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text)[:3])


def _told(name: str, look: Callable[[], str], remedy: str, *, is_needed: bool) -> Finding:
    """What a look gives, or what is wrong with it; one that gives nothing found nothing."""
    try:
        found = look()
    except ReactflowError as error:
        return Finding(name, "missing", " ".join(str(error).split()))
    return Finding(name, "ok", found) if found else Finding(name, _state(False, is_needed), "none", remedy)


def _settings(stage: str) -> Callable[[], str]:
    def look() -> str:
        folder, settings = Path.cwd(), table(Path.cwd())
        for one in settings.get("stages", {}):
            settings_for(folder, one)
        chosen = settings_for(folder, stage or None)
        has = f"the stack {chosen.stack}" + (
            f", and stages {', '.join(settings['stages'])}" if settings.get("stages") else ""
        )
        return (
            has
            if (folder / "pyproject.toml").is_file()
            else f"{has} (there is no pyproject.toml here: all is default)"
        )

    return look


def _targets() -> str:
    targets = table(Path.cwd()).get("targets", [])
    return f"{', '.join(targets)}: services {', '.join(load_system(targets).services)}" if targets else ""


def _sam(is_needed: bool) -> Finding:
    remedy = "pip install aws-sam-cli in an environment of its own, and put it on the path, or set REACTFLOW_SAM to it"
    try:
        path = find_sam()
    except ConfigurationError as error:
        named = f"{error}" if os.environ.get("REACTFLOW_SAM") else "not on the path"
        return Finding("sam", _state(False, is_needed), named, remedy)
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("sam", _state(False, is_needed), f"{path} does not run ({error})", remedy)
    said = done.stdout.strip().rpartition(" ")[2]
    if _numbers(said) < _SAM:
        return Finding(
            "sam", _state(False, is_needed), f"{said}, older than {'.'.join(map(str, _SAM))}", remedy
        )
    return Finding("sam", "ok", f"{said} at {path}")


def _session() -> Any:
    """A session of botocore with its environment; None without boto3."""
    try:
        import botocore.session
    except ImportError:
        return None
    return botocore.session.Session()


def _profile() -> Finding | None:
    """What is wrong with the profile that AWS's settings name; None when nothing is."""
    session = _session()
    if session is None:
        return None
    from botocore.exceptions import BotoCoreError

    try:
        session.get_scoped_config()
    except BotoCoreError as error:
        return Finding("profile", "missing", str(error), "correct or unset AWS_PROFILE, or aws configure sso")
    return None


def _region(is_needed: bool) -> Finding:
    session = _session()
    name = os.environ.get("AWS_REGION") or (
        session.get_config_variable("region") if session is not None else None
    )
    if not name:
        return Finding(
            "region", _state(False, is_needed), "none", "export AWS_REGION=eu-central-1, or another"
        )
    return Finding("region", "ok", str(name))


def _account(is_needed: bool) -> Iterator[Finding]:
    """Credentials, what AWS says to them, and whether the clock agrees with that of AWS."""
    state = partial(_state, False, is_needed)
    session = _session()
    found = session.get_credentials() if session is not None else None
    if found is None:
        yield Finding(
            "credentials",
            state(),
            "none",
            "aws configure sso, or export AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
        yield Finding("clock", "none", "not compared, for want of credentials")
        return
    where = os.environ.get("AWS_ENDPOINT_URL")
    yield Finding("credentials", "ok", f"from {found.method}" + (f", for {where}" if where else ""))
    try:
        said = _caller(session)
    except ReactflowError as error:
        yield Finding("account", state(), str(error))
        return
    yield Finding("account", "ok", str(said["Account"]))
    date = said["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        yield Finding("clock", "none", "not compared: the endpoint tells no time")
        return
    skew = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    is_well = skew <= SKEW
    yield Finding(
        "clock",
        "ok" if is_well else "missing",
        f"{skew:.0f} s from that of AWS",
        "" if is_well else "set the clock: AWS refuses what is signed 5 minutes off",
    )


def _caller(session: Any) -> Any:
    from botocore.config import Config

    from reactflow.aws.clients import speaking

    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
    with speaking("sts", "sts:GetCallerIdentity"):
        region = os.environ.get("AWS_REGION") or session.get_config_variable("region") or "us-east-1"
        return session.create_client("sts", region_name=region, config=config).get_caller_identity()
