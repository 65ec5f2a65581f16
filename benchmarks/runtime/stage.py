"""Where functions run that are measured: an environment with nothing in it but what a package and Lambda bring.

Code is compiled before, as Lambda's own runtime is, and as a package may be; or the function's code and what it brings
are not, as in a package of sources, which Lambda cannot write bytecode beside.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from benchmarks.runtime.dynamodb import StandIn
from reactflow.local.runtime import LambdaRuntime

ROOT: Final = Path(__file__).resolve().parent.parent.parent
FUNCTIONS: Final = "benchmarks.runtime.functions"
TABLES: Final[Mapping[str, tuple[str, ...]]] = {"state": ("pk", "sk"), "areas": ("room",), "done": ("id",)}
_BRINGS: Final = ("awslambdaric", "runtime_client", "simplejson", "boto3", "botocore", "s3transfer", "jmespath",
                  "urllib3", "dateutil", "six")  # fmt: skip
_PACKAGE: Final = ("attr", "attrs", "msgspec")
_POWERTOOLS: Final = ("aws_lambda_powertools", "typing_extensions")
_RUN: Final = "import json, sys; from {} import handler; handler(json.load(sys.stdin), None)"


def has_powertools() -> bool:
    """Whether AWS Powertools are installed."""
    return importlib.util.find_spec("aws_lambda_powertools") is not None


@frozen
class Stage:
    """Folders of what functions find, and the interpreter that runs them."""

    folder: Path
    emulator: Path | None = None

    @classmethod
    def make(cls, folder: Path, emulator: Path | None = None) -> Stage:
        """Make it in an empty folder."""
        venv.create(folder / "python", symlinks=True, with_pip=False)
        for name, found in (("lambda", _BRINGS), ("task", _PACKAGE), ("powertools", _POWERTOOLS)):
            (folder / name).mkdir()
            for module in found:
                spec = importlib.util.find_spec(module)
                if spec is None or spec.origin is None:
                    if name == "powertools":
                        continue
                    raise ModuleNotFoundError(
                        f"{module} is not installed, and functions are measured with it"
                    )
                origin = Path(spec.origin)
                place = origin.parent if origin.name == "__init__.py" else origin
                (folder / name / place.name).symlink_to(place)
        for ours in ("reactflow", "benchmarks"):
            (folder / "task" / ours).symlink_to(ROOT / ours)
        return cls(folder, emulator)

    @property
    def python(self) -> str:
        """The interpreter."""
        return str(self.folder / "python" / "bin" / "python")

    def environment(self, endpoint: str, *, compiled: bool = True) -> dict[str, str]:
        """The variables of a function, whose tables are at an address."""
        return {
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
            "REACTFLOW_STATE": "dynamodb:state", "POWERTOOLS_TRACE_DISABLED": "true",
            "POWERTOOLS_SERVICE_NAME": "rooms",
            "PYTHONPYCACHEPREFIX": str(self.folder / ("compiled" if compiled else "sources")),
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def runtime(self, function: str, endpoint: str, *, compiled: bool = True) -> LambdaRuntime:
        """A function of ``benchmarks.runtime.functions`` in Lambda's runtime."""
        return LambdaRuntime(
            f"{FUNCTIONS}.{function}.handler".replace(".", "/", FUNCTIONS.count(".") + 1),
            self.folder / "task",
            path=(self.folder / "lambda", self.folder / "powertools") if function == "powertools" else
            (self.folder / "lambda",),
            environment=self.environment(endpoint, compiled=compiled), timeout=900, memory_size=1769,
            emulator=self.emulator, python=self.python,
        )  # fmt: skip

    def run(
        self, function: str, event: Any, endpoint: str, *, compiled: bool = True, write: bool = False
    ) -> float:
        """Seconds of CPU time of a process that imports a function and calls it once with an event."""
        path = os.pathsep.join(str(self.folder / name) for name in ("task", "lambda"))
        environment = {
            **self.environment(endpoint, compiled=compiled), "PATH": os.defpath, "PYTHONPATH": path,
            "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        if write:
            del environment["PYTHONDONTWRITEBYTECODE"]
        process = subprocess.Popen(
            [self.python, "-c", _RUN.format(f"{FUNCTIONS}.{function}")],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=self.folder / "task",
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(event).encode())
        process.stdin.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{function} ended with {process.returncode}")
        return used.ru_utime + used.ru_stime

    def compile(self, event: Any, functions: tuple[str, ...], *, service: tuple[str, ...] = ()) -> None:
        """Have the bytecode of functions written: all of them where code is compiled, the hand-written where not.

        The runtime is started once with each, since it brings modules of its own.
        """
        with StandIn(TABLES) as standing:
            for compiled, named in ((True, (*functions, *service)), (False, functions)):
                for function in named:
                    standing.tables.clear()
                    self.run(function, event, standing.endpoint, compiled=compiled, write=True)
                ric = [self.python, "-c", "import awslambdaric.__main__, awslambdaric.lambda_context"]
                environment = self.environment("", compiled=compiled)
                del environment["PYTHONDONTWRITEBYTECODE"]
                subprocess.run(
                    ric, check=True, env={**environment, "PYTHONPATH": str(self.folder / "lambda")}
                )
