"""The embedded cloud: up when it says so, and gone without a trace however its starter ends."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reactflow.errors import ConfigurationError, MissingExtra
from reactflow.local import Cloud
from reactflow.local.triggers import Clock

ROOT = Path(__file__).parents[2]


def port_of(cloud: Cloud) -> int:
    port = urlsplit(cloud.endpoint).port
    assert port is not None
    return port


def pid_of(cloud: Cloud) -> int:
    assert cloud._child is not None
    return cloud._child.process.pid


def folder_of(cloud: Cloud) -> Path:
    assert cloud._child is not None
    return Path(cloud._child.folder)


def is_open(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(2.0)
        return probe.connect_ex((host, port)) == 0


def is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.joinpath("self").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def assert_no_trace(pid: int, port: int, folder: Path) -> None:
    assert not is_open(port)
    assert not folder.exists()
    assert not is_running(pid)


def test_the_cloud_answers_when_start_returns() -> None:
    with Cloud.start() as cloud:
        cloud.client("s3").create_bucket(Bucket="photos")
        assert [bucket.get("Name") for bucket in cloud.client("s3").list_buckets()["Buckets"]] == ["photos"]


def test_the_cloud_is_not_reached_at_any_other_address(cloud: Cloud) -> None:
    assert is_open(port_of(cloud))
    assert not is_open(port_of(cloud), "127.0.0.2")


def test_two_clouds_do_not_see_each_other() -> None:
    with Cloud.start() as one, Cloud.start() as other:
        one.client("sqs").create_queue(QueueName="mine")
        assert not other.client("sqs").list_queues().get("QueueUrls")


def test_a_stopped_cloud_leaves_no_process_port_or_file() -> None:
    cloud = Cloud.start()
    trace = pid_of(cloud), port_of(cloud), folder_of(cloud)
    assert trace[2].is_dir()
    cloud.stop()
    cloud.stop()
    assert_no_trace(*trace)
    assert not cloud.running
    assert repr(cloud).endswith("stopped)")


def test_a_cloud_is_stopped_by_an_exception() -> None:
    cloud = Cloud.start()
    trace = pid_of(cloud), port_of(cloud), folder_of(cloud)
    with pytest.raises(KeyboardInterrupt), cloud:
        raise KeyboardInterrupt
    assert_no_trace(*trace)


def test_a_forgotten_cloud_is_ended() -> None:
    cloud = Cloud.start()
    trace = pid_of(cloud), port_of(cloud), folder_of(cloud)
    del cloud
    gc.collect()
    assert_no_trace(*trace)


def test_a_cloud_that_died_is_cleaned_up_after() -> None:
    with Cloud.start() as cloud:
        trace = pid_of(cloud), port_of(cloud), folder_of(cloud)
        os.kill(trace[0], signal.SIGKILL)
        assert cloud._child is not None
        cloud._child.process.wait(timeout=10.0)
        assert not cloud.running
    assert_no_trace(*trace)


STARTER = """
import json, sys
from reactflow.local import Cloud
from reactflow.local.triggers import Clock
cloud = Cloud.start()
child = cloud._child
print(json.dumps([child.process.pid, child.port, child.folder]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def starter() -> Iterator[subprocess.Popen[str]]:
    """A process that starts a cloud, says where, and then waits for the end of its input."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, None], ids=str)
def test_a_cloud_ends_with_its_starter_however_that_ends(
    starter: subprocess.Popen[str], sign: signal.Signals | None
) -> None:
    assert starter.stdout is not None
    assert starter.stdin is not None
    pid, port, folder = json.loads(starter.stdout.readline())
    assert Path(folder).is_dir()
    if sign is None:
        starter.stdin.close()
    else:
        starter.send_signal(sign)
    starter.wait(timeout=10.0)
    # It is nobody's child now, so nobody can be told of its end: look until it is gone.
    clock, deadline = Clock(), time.monotonic() + 10.0
    while (is_running(pid) or is_open(port)) and time.monotonic() < deadline:
        clock.wait(0.01)
    assert_no_trace(pid, port, Path(folder))


def test_a_port_that_is_taken_is_named_by_what_the_child_said(cloud: Cloud) -> None:
    with pytest.raises(ConfigurationError, match="Address already in use"):
        Cloud.start(port=port_of(cloud))


def test_a_cloud_that_is_not_up_in_time_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Cloud.start(timeout=0.0)
    assert "did not answer within 0 s" in str(caught.value)
    assert "Cloud.start(timeout=...)" in str(caught.value)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ministack", None)
    with pytest.raises(
        MissingExtra, match=r"^reactflow\.local needs ministack: pip install 'reactflow-py\[local\]'$"
    ):
        Cloud.start()


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ministack", "boto3"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"needs ministack, boto3: pip install"):
        Cloud.start()


def test_a_named_endpoint_is_neither_started_nor_stopped(cloud: Cloud) -> None:
    with Cloud.at(cloud.endpoint + "/") as named:
        named.client("s3").list_buckets()
        assert named.log() == ""
    assert cloud.running
    cloud.client("s3").list_buckets()


@pytest.mark.parametrize("endpoint", ["localhost:4566", "", "ftp://127.0.0.1", "http://"])
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not an address: write it as http://127\.0\.0\.1:4566"):
        Cloud.at(endpoint)


def test_exported_takes_out_what_would_win_over_it_and_puts_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com")
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.delenv("NO_PROXY", raising=False)
    before = dict(os.environ)
    with Cloud.at("http://127.0.0.1:4566").exported():
        assert "AWS_ENDPOINT_URL_S3" not in os.environ
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
        assert os.environ["NO_PROXY"] == "127.0.0.1"
    assert dict(os.environ) == before


def test_boto3_finds_the_cloud_through_the_exported_environment(cloud: Cloud) -> None:
    import boto3

    assert boto3.session.Session().client("s3").meta.endpoint_url == cloud.endpoint
