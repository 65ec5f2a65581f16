"""The dashboard as a thing that runs: one thread, one port of 127.0.0.1, both gone after ``stop()``.

The socket is bound before the thread starts, so the address is known, taken, and open when ``Dashboard`` returns.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from reactflow.cells import GraphView
from reactflow.dashboard.app import application
from reactflow.dashboard.feed import Feed
from reactflow.errors import ConfigurationError, MissingExtra

HOST = "127.0.0.1"
JOIN = 10.0  # seconds that stop() waits for the thread


class Dashboard:
    """Serves the page of a feed and a graph on 127.0.0.1, from a thread; ``port=0`` takes any free one.

    ``graph`` is called in a thread, whenever somebody looks. Raises MissingExtra without starlette or uvicorn, and
    ConfigurationError when the port is taken.

    >>> with Dashboard(Feed(), lambda: GraphView(())) as dashboard:
    ...     print(dashboard.url)
    http://127.0.0.1:.../
    """

    def __init__(self, feed: Feed, graph: Callable[[], GraphView], port: int = 0) -> None:
        try:
            from uvicorn import Config, Server
        except ImportError:
            raise MissingExtra("reactflow.dashboard", "uvicorn", "local") from None
        self._socket = _bound(port)
        try:
            self.port: int = self._socket.getsockname()[1]
            config = Config(
                application(feed, graph, self.port, lambda: self._server.should_exit),
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=100,
                timeout_graceful_shutdown=1,
            )
            self._feed = feed
            self._server = Server(config)
            self._thread = threading.Thread(target=self._serve, name="reactflow dashboard", daemon=True)
            self._thread.start()
        except BaseException:
            self._socket.close()
            raise

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.port}/"

    def stop(self) -> None:
        """Tell those who look that this is the end, and give the port and the thread back. Twice does nothing more."""
        self._server.should_exit = True
        self._feed.end()
        self._thread.join(JOIN)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        # or a restart waits for the last one's answers
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
        bound.listen(128)
    except (OSError, OverflowError) as error:
        bound.close()
        raise ConfigurationError(
            f"the dashboard cannot have port {port} of {HOST}: {error}. Choose another, or 0 for any free one"
        ) from error
    return bound
