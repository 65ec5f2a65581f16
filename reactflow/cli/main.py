"""The command ``reactflow``: joins the commands, each of which is a module of its own beside this one.

Exit codes: 0 all well, 1 the command could not do it or found that all is not well, 2 it was called wrongly, 128 + n
ended by signal n. Errors are one line, with the remedy, or with ``--json`` an object.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from reactflow.cli.answers import Failed, is_json_asked, tell_error
from reactflow.cli.checks import not_installed
from reactflow.cli.settings import defaults
from reactflow.errors import MissingExtra, ReactflowError

# Each is a function, or a group of them, of its name in the module of its name.
COMMANDS: Final = (
    "new", "dev", "put", "event", "invoke", "replay", "graph", "check", "sim", "build", "deploy", "logs", "doctor",
    "quarantine", "units",
)  # fmt: skip
_HELP: Final = """Write area = length * width once: look at it, run it as a service here, deploy it to AWS Lambda.

    \b
    A project that runs:  reactflow new hello && cd hello && reactflow dev
    In another terminal:  reactflow put kinesis visits '{"name": "Ana", "at": "09:00"}'
    On AWS Lambda:        reactflow build, reactflow deploy --plan, reactflow deploy

    Settings: a flag, else REACTFLOW_<OPTION>, else [tool.reactflow] in pyproject.toml, else the default.
    """


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"reactflow {version('reactflow-py')}")
        except PackageNotFoundError:
            typer.echo("reactflow, not installed")
        raise typer.Exit


def joined(names: Iterable[str]) -> typer.Typer:
    """The command line with these commands; the modules of others are not even imported."""
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(reactflow)
    for name in names:
        command: Any = getattr(import_module(f"reactflow.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command()(command)
    return app


def reactflow(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What is common to all commands."""


def main() -> None:
    """Run the command line; ends the process."""
    sys.exit(_code(sys.argv[1:]))


def _code(arguments: list[str]) -> int:
    """The exit code of a run; an error is told in one line."""
    as_json = is_json_asked(arguments)
    try:
        app = joined(arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS)
        code = app(arguments, prog_name="reactflow", standalone_mode=False, default_map=defaults(Path.cwd()))
        return code if isinstance(code, int) else 0
    except typer.Exit as done:
        return done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:  # whoever read our output has ended
        sys.stdout = None
        return 0
    except Failed as failed:
        if str(failed) and not as_json:
            tell_error(failed.command, str(failed), failed.code, as_json=False)
        return failed.code
    except MissingExtra as error:
        words = not_installed(str(error).partition(" needs ")[0], error.extra)
        return tell_error("reactflow", words, 1, as_json=as_json)
    except ReactflowError as error:
        return tell_error("reactflow", str(error), 1, as_json=as_json)
    except OSError as error:
        if error.filename is None:  # of no file that somebody could do something about
            raise
        words = f"{error.filename}: {error.strerror}: make it readable and writable, or name another place"
        return tell_error("reactflow", words, 1, as_json=as_json)
    except Exception as error:
        usage: Any = error  # typer brings its own copy of what it is built on: known by its shape
        if not hasattr(usage, "format_message"):
            raise
        return _misused(usage, as_json)


def _misused(usage: Any, as_json: bool) -> int:
    """A wrong call: what is wrong with it, and where its right use is shown."""
    if type(usage).__name__ == "NoArgsIsHelpError":
        print(usage.format_message(), file=sys.stderr)
        return 2
    context = getattr(usage, "ctx", None)
    command = context.command_path if context is not None else "reactflow"
    said = usage.format_message().rstrip(".").removeprefix("Invalid value: ").replace("Value error, ", "")
    said = " ".join(said.replace(". Choose from:", ": choose from").split())
    if said.startswith("Missing argument 'MODULE:NAME"):
        said += ', nor targets = ["rooms:rooms"] in [tool.reactflow] of pyproject.toml here'
    return tell_error(command, f"{said}; see `{command} --help`", 2, as_json=as_json)


if __name__ == "__main__":
    main()
