"""A PostgreSQL of one's own: a new cluster in a temporary folder, on a Unix socket, gone with its starter."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# It ends when its standard input does: by whatever end the process of the tests comes to.
_RUN = """
set -eu
trap 'rm -rf "$2"' EXIT
"$1/initdb" -D "$2/data" -A trust -U tester -E UTF8 --locale=C --no-sync >"$2/log"
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -o "-k $2 -c listen_addresses= -c fsync=off" start >/dev/null
echo ready
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null
"""


def programs() -> Path | None:
    """The folder with PostgreSQL's programs, the latest where there are several; None where no server is installed."""
    found = [Path(place).parent for place in [shutil.which("initdb")] if place]
    found += sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: float(path.parent.name),
    )
    return found[-1] if found else None


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Run a cluster; gives the URL of its database up to the name."""
    folder = tempfile.mkdtemp(prefix="reactflow-pg-")
    user = None
    if os.geteuid() == 0:  # as whom PostgreSQL refuses to run
        user = pwd.getpwnam("postgres").pw_name
        shutil.chown(folder, user)
    server = subprocess.Popen(
        ["sh", "-c", _RUN, "sh", str(programs), folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, user=user, cwd="/",
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        if server.stdout.readline() != "ready\n":
            raise RuntimeError(f"PostgreSQL does not start: {server.communicate()[1]}")
        yield f"postgresql+psycopg://tester@/postgres?host={folder}"
    finally:
        server.communicate()
