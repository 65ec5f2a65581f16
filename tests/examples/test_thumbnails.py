"""The thumbnails of real photographs, on the embedded cloud, with lost answers."""

from __future__ import annotations

from io import BytesIO

import pytest

from examples import answers, data
from examples.demo import Watch, quiet
from reactflow import MemoryStore
from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.service.host import Host
from reactflow.service.report import Report
from reactflow.testing import s3_event

pytest.importorskip("PIL")


def thumbnails_of(cloud: Cloud) -> dict[str, tuple[int, int]]:
    from PIL import Image

    s3 = cloud.client("s3")
    found: dict[str, tuple[int, int]] = {}
    for entry in s3.list_objects_v2(Bucket="photos", Prefix="thumbnails/").get("Contents", []):
        name = entry.get("Key", "")
        with Image.open(BytesIO(s3.get_object(Bucket="photos", Key=name)["Body"].read())) as image:
            assert image.format == "JPEG"
            found[name] = image.size
    return found


def test_a_photograph_has_its_thumbnail_and_takes_it_along(cloud: Cloud) -> None:
    from examples.thumbnails import thumbnails

    watch = Watch()
    host = LocalHost([thumbnails], cloud, told=watch.report, delivered=quiet, around=watch.losing_answers)
    photographs, broken = data.photographs(), data.broken_photographs()
    for name, content in (*photographs, *broken):
        cloud.client("s3").put_object(Bucket="photos", Key=name, Body=content)
    host.run_until_idle()
    assert thumbnails_of(cloud) == answers.thumbnails(photographs)
    truncated, no_image = sorted(case.reason.message for case in watch.cases.values())
    if "truncated" not in truncated:
        truncated, no_image = no_image, truncated
    assert "OSError: image file is truncated" in truncated
    assert "ValueError: in/björn/shopping list.png is neither a JPEG nor a PNG image" in no_image
    gone, _ = photographs.pop()
    cloud.client("s3").delete_object(Bucket="photos", Key=gone)
    host.run_until_idle()
    assert thumbnails_of(cloud) == answers.thumbnails(photographs)
    assert watch.lost > 0


def test_what_lies_under_another_prefix_makes_no_unit() -> None:
    from examples.thumbnails import thumbnails

    reports: list[Report] = []
    Host(thumbnails, MemoryStore(), reports.append).handle(s3_event("elsewhere/cat.jpg"))
    assert [(one.fates["filtered"], one.units) for one in reports] == [(1, ())]
