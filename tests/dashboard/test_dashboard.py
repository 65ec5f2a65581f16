"""The dashboard over real HTTP: what it answers, whom it refuses, and that nothing is left of it."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import Any
from xml.etree import ElementTree

import pytest

from reactflow.cells import GraphView, NodeView
from reactflow.dashboard import Dashboard, Feed
from reactflow.errors import ConfigurationError

EVIL = "</script><script>alert(1)</script>\ud800\r\ndata: x"
VIEW = GraphView(
    (NodeView(0, EVIL, "source", value=EVIL), NodeView(1, "rooms", "service")), ((0, 1),), "the talk"
)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def dashboard(feed: Feed) -> Iterator[Dashboard]:
    with Dashboard(feed, lambda: VIEW) as running:
        yield running


def get(dashboard: Dashboard, path: str) -> tuple[Message, str]:
    with urllib.request.urlopen(dashboard.url.rstrip("/") + path, timeout=10) as answer:
        return answer.headers, answer.read().decode()


def ask(dashboard: Dashboard, method: str, path: str, host: str | None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


class Reader:
    """What a client of the event stream reads, event by event."""

    def __init__(self, dashboard: Dashboard, **headers: str) -> None:
        request = urllib.request.Request(dashboard.url + "events", headers=headers)
        self._answer = urllib.request.urlopen(request, timeout=10)
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")
        assert self.read() == {"retry": "1000"}

    def read(self) -> dict[str, str]:
        event: dict[str, str] = {}
        while line := self._answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            event[name] = value
        return event

    def close(self) -> None:
        self._answer.close()


def test_the_page_and_all_that_it_loads_come_from_here(dashboard: Dashboard) -> None:
    headers, page = get(dashboard, "/")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for path in ("/page.css", "/page.js"):
        assert f'"{path}"' in page
        assert get(dashboard, path)[1]
    everything = page + get(dashboard, "/page.css")[1] + get(dashboard, "/page.js")[1]
    assert "http://" not in everything
    assert "https://" not in everything
    assert "innerHTML" not in everything


def test_the_graph_comes_in_every_format(dashboard: Dashboard) -> None:
    headers, svg = get(dashboard, "/graph")
    assert headers["Content-Type"].startswith("image/svg+xml")
    ElementTree.fromstring(svg)
    assert get(dashboard, "/graph?format=svg")[1] == svg == VIEW.svg()
    assert get(dashboard, "/graph?format=text")[1] == VIEW.text() + "\n"
    assert get(dashboard, "/graph?format=mermaid")[1] == VIEW.mermaid()
    assert get(dashboard, "/graph?format=dot")[1] == VIEW.dot()
    data = json.loads(get(dashboard, "/graph?format=json")[1])
    assert data["title"] == "the talk"
    assert data["edges"] == [[0, 1]]
    assert data["nodes"][0]["name"] == EVIL


def test_an_unknown_format_is_refused_with_the_known_ones(dashboard: Dashboard) -> None:
    with pytest.raises(urllib.request.HTTPError) as caught:
        get(dashboard, "/graph?format=png")
    with caught.value as answer:
        assert (answer.code, answer.read()) == (400, b"format is one of svg, text, mermaid, dot, json\n")


def test_a_graph_that_cannot_be_drawn_says_why(feed: Feed) -> None:
    def broken() -> GraphView:
        raise OSError(EVIL)

    with Dashboard(feed, broken) as dashboard:
        with pytest.raises(urllib.request.HTTPError) as caught:
            get(dashboard, "/graph")
        with caught.value as answer:
            assert answer.code == 500
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert b"the graph cannot be drawn: OSError" in answer.read()
        assert get(dashboard, "/state")[1]


def test_no_name_or_message_from_data_becomes_markup(feed: Feed, dashboard: Dashboard) -> None:
    feed.add({"source": EVIL, "outcome": EVIL, "counts": {EVIL: 1}, "cases": [{EVIL: EVIL}]})
    assert "<script" not in get(dashboard, "/graph")[1]
    headers, state = get(dashboard, "/state")
    assert headers["Content-Type"].startswith("application/json")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert json.loads(state)["counts"] == {EVIL: 1}
    reader = Reader(dashboard)
    event = reader.read()
    assert set(event) == {"id", "data"}
    assert json.loads(event["data"])["source"] == EVIL
    reader.close()


def test_the_state_is_counts_failures_and_cases(feed: Feed, dashboard: Dashboard) -> None:
    feed.add({"records": 2, "counts": {"applied": 2}, "outcome": "partly", "cases": [{"id": "lane@1"}]})
    state = json.loads(get(dashboard, "/state")[1])
    assert state["counts"] == {"applied": 2}
    assert (state["records"], state["failed"], state["quarantined"]) == (2, 1, 1)


def test_events_are_first_what_was_and_then_what_comes(feed: Feed, dashboard: Dashboard) -> None:
    feed.add({"source": "kinesis/measurements"})
    first, second = Reader(dashboard), Reader(dashboard)
    assert [json.loads(one.read()["data"])["source"] for one in (first, second)] == [
        "kinesis/measurements"
    ] * 2
    thread = threading.Thread(target=feed.add, args=({"source": "s3/photos"},))
    thread.start()
    thread.join()
    for one in (first, second):
        event = one.read()
        assert (event["id"], json.loads(event["data"])["source"]) == ("2", "s3/photos")
        one.close()


def test_a_reader_gets_a_sign_of_life_each_second(dashboard: Dashboard) -> None:
    reader = Reader(dashboard)
    assert reader.read() == {"event": "alive", "data": "{}"}
    reader.close()


def test_a_reader_that_comes_back_is_told_what_it_missed(dashboard: Dashboard) -> None:
    feed = dashboard._feed
    for _ in range(300):
        feed.add({})
    reader = Reader(dashboard, **{"Last-Event-ID": "50"})
    assert reader.read() == {"event": "dropped", "data": "50"}
    assert reader.read()["id"] == "101"
    reader.close()
    odd = Reader(dashboard, **{"Last-Event-ID": "-1; x"})
    assert odd.read() == {"event": "dropped", "data": "100"}
    odd.close()


def test_a_reader_that_goes_is_forgotten(feed: Feed, dashboard: Dashboard) -> None:
    reader, other = Reader(dashboard), Reader(dashboard)
    reader.close()
    while feed.followers > 1:
        assert other.read()  # a sign of life each second: this is the clock
    other.close()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:{port}",
        "",
        None,
    ],
)
def test_another_host_name_is_refused(dashboard: Dashboard, host: str | None) -> None:
    for path in ("/", "/graph", "/events", "/state", "/nothing"):
        answer = ask(dashboard, "GET", path, host and host.format(port=dashboard.port))
        assert answer.status in (400, 421), path  # 400 is the server's own, for no Host at all


def test_both_names_of_this_machine_are_answered(dashboard: Dashboard) -> None:
    for name in ("127.0.0.1", "localhost", "LocalHost"):
        assert ask(dashboard, "GET", "/state", f"{name}:{dashboard.port}").status == 200


def test_it_takes_nothing_in(dashboard: Dashboard) -> None:
    host = f"127.0.0.1:{dashboard.port}"
    for path in ("/", "/graph", "/events", "/state"):
        assert ask(dashboard, "HEAD", path, host).status == 200
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert ask(dashboard, method, path, host).status == 405
    assert ask(dashboard, "GET", "/../../etc/passwd", host).status == 404


def test_stop_ends_the_readers_and_leaves_no_thread_and_no_port(feed: Feed) -> None:
    before = set(threading.enumerate())
    with Dashboard(feed, lambda: VIEW) as dashboard:
        get(dashboard, "/graph")
        reader = Reader(dashboard)
    assert reader.read() == {"event": "end", "data": "{}"}
    assert reader.read() == {}
    reader.close()
    assert set(threading.enumerate()) == before
    assert feed.followers == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", dashboard.port)) != 0
    dashboard.stop()
    with Dashboard(feed, lambda: VIEW, dashboard.port) as again:
        assert get(again, "/state")[1]


def test_it_listens_on_this_machine_alone_and_a_taken_port_is_an_error(
    dashboard: Dashboard, feed: Feed
) -> None:
    assert dashboard.url == f"http://127.0.0.1:{dashboard.port}/"
    with pytest.raises(ConfigurationError, match=rf"cannot have port {dashboard.port} of 127\.0\.0\.1"):
        Dashboard(feed, lambda: VIEW, dashboard.port)
    with pytest.raises(ConfigurationError, match=r"cannot have port 70000"):
        Dashboard(feed, lambda: VIEW, 70_000)


@pytest.mark.parametrize("library", ["starlette", "uvicorn"])
def test_without_the_extra_it_is_named(library: str) -> None:
    lines = [
        f"import sys; sys.modules['{library}'] = None; sys.modules['{library}.applications'] = None",
        "from reactflow.dashboard import Dashboard, Feed",
        "Dashboard(Feed(), lambda: None)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    needed = f"reactflow.dashboard needs {library}: pip install 'reactflow-py[local]'"
    assert done.stderr.splitlines()[-1] == f"reactflow.errors.MissingExtra: {needed}"


def test_the_page_is_part_of_the_package() -> None:
    from importlib.resources import files

    names: Any = {one.name for one in (files("reactflow.dashboard") / "page").iterdir()}
    assert {"index.html", "page.css", "page.js"} <= names
