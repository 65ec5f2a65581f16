"""A loopback proxy before an endpoint of DynamoDB, which throttles, loses answers and holds calls up as a test says."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Fault = Callable[[str], str | dict[str, Any] | None]
"""Told the operation of each call; answers what goes wrong: nothing, ``"lose"`` (it is done, and its answer lost), an
error of DynamoDB by its name, or an error's whole body."""


class Proxy:
    """Hands calls on to an endpoint. ``calls`` holds every one, its operation and its arguments."""

    def __init__(self, endpoint: str) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fault: Fault = lambda operation: None
        self.before: Callable[[str], object] = lambda operation: None
        target, proxy = urlsplit(endpoint), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or each answer waits for an acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                operation = self.headers["X-Amz-Target"].partition(".")[2]
                proxy.calls.append((operation, json.loads(body)))
                proxy.before(operation)
                fault = proxy.fault(operation)
                if isinstance(fault, str) and fault != "lose":
                    fault = {"__type": f"com.amazonaws.dynamodb.v20120810#{fault}", "message": "as told"}
                if isinstance(fault, dict):
                    self.answer(400, json.dumps(fault).encode())
                    return
                connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
                connection.request("POST", self.path, body, dict(self.headers))
                response = connection.getresponse()
                content = response.read()
                connection.close()
                if fault == "lose":
                    self.close_connection = True
                else:
                    self.answer(response.status, content)

            def answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing: ``calls`` says it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def counted(self) -> Counter[str]:
        """How many calls there were of each operation."""
        return Counter(operation for operation, _ in self.calls)

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Serve, until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
