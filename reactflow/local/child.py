"""The process of the embedded cloud: runs MiniStack on a loopback port, and ends with the process that started it.

It is run as a script of its own, so it imports nothing of reactflow. Its first line of output is JSON: the port it
bound and the folder it made. The one who started it holds the other end of its standard input: when that closes, by
whatever end of that process (also SIGKILL, which leaves nobody time to clean up), the folder goes and this process with
all that it started. It must not write a file outside its folder, listen on anything but 127.0.0.1, or look for Docker.

A death signal (PR_SET_PDEATHSIG) was not taken: Linux only, it fires when the *thread* that started us ends, and it
leaves the folder behind.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
from typing import Any


def _settings(port: int, folder: str) -> dict[str, str]:
    """What MiniStack reads from its environment, all of it before its first import."""
    return {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": "123456789012",
        "MINISTACK_REGION": os.environ["AWS_REGION"],
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SFN_WAIT_SCALE": "0",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "TMPDIR": folder,
        "STATE_DIR": os.path.join(folder, "state"),
        "S3_DATA_DIR": os.path.join(folder, "s3"),
        # It stops containers that an earlier MiniStack left: not ours to stop.
        "DOCKER_HOST": "unix://" + os.path.join(folder, "no-docker"),
    }


def _end_with_parent(parent: int, folder: str) -> None:
    """Wait for the end of standard input, or for another parent (a fork may hold the pipe open), then end all."""
    while os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], 1.0)
        if readable and not os.read(0, 1024):
            break
    shutil.rmtree(folder, ignore_errors=True)
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Bind, say where, and serve until ended."""
    parent, port = int(sys.argv[1]), int(sys.argv[2])
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    port = listener.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="reactflow-cloud-")
    try:
        print(json.dumps({"port": port, "folder": folder}), flush=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    threading.Thread(target=_end_with_parent, args=(parent, folder), daemon=True).start()
    os.environ.update(_settings(port, folder))
    tempfile.tempdir = None  # found again, now from TMPDIR

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]  # bound already: no other process can take the port meanwhile
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"

    async def never() -> None:
        await asyncio.Event().wait()

    asgi: Any = app
    # With a trigger of our own, hypercorn leaves SIGTERM alone: there is nothing to save, so it may end us at once.
    asyncio.run(serve(asgi, config, shutdown_trigger=never))


if __name__ == "__main__":
    main()
