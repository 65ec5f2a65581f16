"""Runs pip for another machine: its markers are judged for the machine that the wheels are for, not for this one.

Run as a script, so it imports nothing of reactflow: the first argument is the markers' environment as JSON, the others
are pip's. pip chooses wheels for another platform by itself, but judges ``; platform_machine == ...`` by the Python
that it runs on, and has no setting for it.
"""

from __future__ import annotations

import json
import sys


def main() -> int:
    """Run pip; returns its exit code."""
    from pip._internal.cli.main import main as pip
    from pip._vendor.packaging import markers

    environment = json.loads(sys.argv[1])
    if not hasattr(markers, "default_environment"):
        sys.stderr.write("ERROR: this version of pip does not let markers be judged for another machine\n")
        return 2
    markers.default_environment = lambda: dict(environment)
    return pip(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
