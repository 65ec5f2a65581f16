"""What the page asks for, over HTTP: a small read-only application.

    GET /            the page                       GET /events   what happens, as server-sent events
    GET /graph       the graph as SVG, or with      GET /state    counts, failures and cases as JSON
                     ?format=text|mermaid|dot|json

It promises to answer only who asks for 127.0.0.1 or localhost by name and port (a page from elsewhere cannot read it
by pointing its own name here), to take nothing in, and that no answer runs a script but the page's own. It must not
draw or wait in the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reactflow.cells import GraphView
from reactflow.dashboard.feed import Feed, dumps
from reactflow.errors import MissingExtra

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ALIVE = 1.0  # seconds between two signs of life
FORMATS = ("svg", "text", "mermaid", "dot", "json")
PAGE = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
# The SVG has a style of its own, hence 'unsafe-inline' for styles; there is nothing from elsewhere.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def application(
    feed: Feed, graph: Callable[[], GraphView], port: int, is_ending: Callable[[], bool] = lambda: False
) -> Application:
    """The ASGI application, for a server on this port. Raises MissingExtra without starlette."""
    try:
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse, StreamingResponse
        from starlette.responses import Response as Plain
        from starlette.routing import Route
    except ImportError:
        raise MissingExtra("reactflow.dashboard", "starlette", "local") from None

    async def page(request: Request) -> Response:
        name, media_type = PAGE[request.url.path]
        text = (files("reactflow.dashboard") / "page" / name).read_text(encoding="utf-8")
        return Plain(text, media_type=media_type)

    async def draw(request: Request) -> Response:
        wanted = request.query_params.get("format", "svg")
        if wanted not in FORMATS:
            return PlainTextResponse(f"format is one of {', '.join(FORMATS)}\n", 400)
        try:
            return Plain(*await asyncio.to_thread(drawn, graph, wanted))
        except Exception as error:
            text = f"the graph cannot be drawn: {type(error).__name__}: {error}\n"
            return PlainTextResponse(text.encode("utf-8", "backslashreplace"), 500)

    async def state(request: Request) -> Response:
        return Plain(dumps(await asyncio.to_thread(feed.state)) + "\n", media_type="application/json")

    async def events(request: Request) -> Response:
        last = request.headers.get("last-event-id", "")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else 0
        if request.method == "HEAD":
            return Plain(media_type="text/event-stream")
        return StreamingResponse(stream(feed, after, is_ending), media_type="text/event-stream")

    routes = [Route(path, page) for path in PAGE]
    routes += [Route("/graph", draw), Route("/state", state), Route("/events", events)]
    return only_here(Starlette(routes=routes), port)


def drawn(graph: Callable[[], GraphView], wanted: str) -> tuple[str, int, dict[str, str], str]:
    """The graph in one of the formats, as the arguments of a response."""
    view = graph()
    if wanted == "svg":
        return view.svg(), 200, {}, "image/svg+xml"
    if wanted == "json":
        return dumps(as_json(view)) + "\n", 200, {}, "application/json"
    text = {"text": view.text, "mermaid": view.mermaid, "dot": view.dot}[wanted]()
    return text if text.endswith("\n") else text + "\n", 200, {}, "text/plain"


def as_json(view: GraphView) -> dict[str, Any]:
    """The graph as plain data.

    >>> from reactflow.cells import NodeView
    >>> as_json(GraphView((NodeView(0, "area", "derived", "*", "value", "12.0"),)))["nodes"][0]["value"]
    '12.0'
    """
    members = ("id", "name", "kind", "detail", "state", "value", "site")
    nodes = [{member: getattr(node, member) for member in members} for node in view.nodes]
    return {"title": view.title, "nodes": nodes, "edges": [list(edge) for edge in view.edges]}


async def stream(feed: Feed, after: int, is_ending: Callable[[], bool] = lambda: False) -> AsyncIterator[str]:
    """A reader's events: each entry, how many were dropped, a sign of life each second, and the end."""
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(woken.set)

    follower = feed.follow(wake, after)
    try:
        yield "retry: 1000\n\n"
        while not (follower.is_ended or is_ending()):
            woken.clear()
            entries, dropped = follower.take()
            text = f"event: dropped\ndata: {dropped}\n\n" if dropped else ""
            text += "".join(f"id: {entry['n']}\ndata: {dumps(entry)}\n\n" for entry in entries)
            if text:
                yield text
            try:
                await asyncio.wait_for(woken.wait(), ALIVE)
            except TimeoutError:
                yield "event: alive\ndata: {}\n\n"
        yield "event: end\ndata: {}\n\n"
    finally:
        feed.leave(follower)


def only_here(app: Application, port: int) -> Application:
    """Answers those alone who ask for this machine by its own name, and adds our headers to every answer."""
    hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
    ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *ours]}
            await send(message)

        asked = [value.lower() for name, value in scope["headers"] if name == b"host"]
        if len(asked) == 1 and asked[0] in hosts:
            await app(scope, receive, with_headers)
            return
        text = f"ask for http://127.0.0.1:{port}/: this answers to no other name\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
        await with_headers({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return guarded
