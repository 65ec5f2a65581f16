"""``reactflow deploy``: builds, says what would change, asks, and has sam do it; or takes the stack away again.

It promises to change nothing before somebody said yes, at the terminal or with ``--yes``, who could read of which
account it is, and to lose no data unless ``--allow-loss`` is said too, or the loss is what was asked about.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from reactflow.aws.clients import client, speaking
from reactflow.cli.account import Endpoint, account, check_set, place
from reactflow.cli.answers import answer
from reactflow.cli.build import built_of
from reactflow.cli.checks import check_installed
from reactflow.cli.options import AsJson, Stage, Targets
from reactflow.deploy import sam
from reactflow.deploy.build import Build
from reactflow.deploy.plan import check_safe, deletion, stack_status
from reactflow.deploy.settings import Settings, settings_for
from reactflow.errors import ConfigurationError


def deploy(
    context: typer.Context,
    targets: Targets,
    stage: Stage = "",
    is_plan: Annotated[bool, typer.Option("--plan", help="only say what would change")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    allow_loss: Annotated[bool, typer.Option("--allow-loss", help="also what loses data")] = False,
    is_delete: Annotated[bool, typer.Option("--delete", help="delete the stack instead")] = False,
    bucket: Annotated[
        str,
        typer.Option(
            help="where the package is put [default: one that sam makes]",
            metavar="BUCKET",
            show_default=False,
        ),
    ] = "",
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Deploy services to AWS Lambda, with sam.

    The plan is shown first, and somebody is asked. What would lose data is refused without --allow-loss.

    \b
    reactflow deploy rooms:rooms --plan
    reactflow deploy rooms:rooms --stage prod --yes
    reactflow deploy rooms:rooms --endpoint http://127.0.0.1:4566        (to the AWS of `reactflow dev`)
    """
    check_installed("reactflow deploy", ("boto3",), "aws")
    settings = settings_for(Path.cwd(), stage or None)
    with account(endpoint):
        if is_delete:
            return _delete(
                context, settings, is_plan, is_asked=not yes, allow_loss=allow_loss, as_json=as_json
            )
        check_set()
        stack_status(settings.stack)  # what keeps AWS from answering is told before anything is built
        _deploy(
            context,
            built_of(targets, stage),
            is_plan,
            is_asked=not yes,
            allow_loss=allow_loss,
            bucket=bucket,
            as_json=as_json,
        )


def _deploy(
    context: typer.Context,
    made: Build,
    is_plan: bool,
    *,
    is_asked: bool,
    allow_loss: bool,
    bucket: str,
    as_json: bool,
) -> None:
    plan = made.plan()
    if is_plan:
        _tell([place()])
        return answer("\n".join(plan.lines()), plan.data(), as_json)
    _tell([*plan.lines(), place()])
    if not allow_loss:
        check_safe(plan)
    if is_asked:
        _ask(context, f"Deploy to {made.settings.stack}?")
    sam.deploy(made.folder, made.settings, bucket=bucket)
    outputs = outputs_of(made.settings.stack)
    words = [
        f"stack {made.settings.stack} is deployed",
        *(f"  {name} {value}" for name, value in outputs.items()),
    ]
    answer("\n".join(words), {"stack": made.settings.stack, "plan": plan.data(), "outputs": outputs}, as_json)


def outputs_of(stack: str) -> Mapping[str, str]:
    """The outputs of a stack, by their names."""
    with speaking(f"cloudformation/{stack}", "cloudformation:DescribeStacks"):
        found: Any = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}


def _delete(
    context: typer.Context,
    settings: Settings,
    is_plan: bool,
    *,
    is_asked: bool,
    allow_loss: bool,
    as_json: bool,
) -> None:
    if is_asked and not is_plan:
        _check_terminal(context)
    if not is_plan:
        sam.find_sam()
    check_set()
    plan = deletion(settings.stack)  # of what is deployed: the settings may have changed since
    if is_plan:
        _tell([place()])
        return answer("\n".join(plan.lines()), plan.data(), as_json)
    _tell([*plan.lines(), place()])
    if is_asked:
        data = "what is marked ! is lost" if plan.dangers else "its data stay"
        _ask(context, f"Delete {settings.stack}, so that {data}?")
    elif not allow_loss:
        check_safe(plan)
    kept = sam.delete(settings)
    words = [f"stack {settings.stack} is deleted", *(f"  {one} stays" for one in kept)]
    answer("\n".join(words), {"stack": settings.stack, "deleted": True, "kept": list(kept)}, as_json)


def _tell(lines: list[str]) -> None:
    print("\n".join(lines), file=sys.stderr)


def _check_terminal(context: typer.Context) -> None:
    """Raises BadParameter when nobody is there to be asked."""
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "Nobody is at a terminal to be asked: say --yes, or --plan to look only", ctx=context
        )


def _ask(context: typer.Context, question: str) -> None:
    """Go on when somebody at the terminal says yes. Raises BadParameter when nobody is there to be asked."""
    _check_terminal(context)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ConfigurationError("nothing was changed")
