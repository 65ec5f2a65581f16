"""Pictures that are made to harm: each is in quarantine with a clear reason, in bounded memory and time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest

from examples import data
from reactflow import MemoryStore
from reactflow.local import Cloud
from reactflow.service import Case
from reactflow.service.host import Host
from reactflow.service.report import Report
from reactflow.testing import s3_event
from tests.hostile.measured import measured

pytest.importorskip("PIL")
pytest.importorskip("ministack")

MIB = 1 << 20


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, rows: bytes = b"", *more: bytes) -> bytes:
    """A PNG of grey that claims to be so large, with these bytes as its rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(more)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def unpacking(kind: bytes) -> bytes:
    """A part of a PNG that is small, and 100 MiB when it is unpacked."""
    return chunk(kind, b"a\0\0" + zlib.compress(bytes(100 * MIB), 9))


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A real JPEG whose header was changed."""
    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (8, 8)).save(made, "JPEG")
    raw = bytearray(made.getvalue())
    at = raw.index(b"\xff\xc0") + 5
    raw[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(raw)


def in_form(form: str) -> bytes:
    from PIL import Image

    made = BytesIO()
    Image.new("L", (8, 8)).save(made, form)
    return made.getvalue()


def with_metadata(form: str) -> bytes:
    """A picture with a place, a comment, a profile and a text in it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    image, made, texts = Image.new("RGB", (400, 300), "red"), BytesIO(), PngInfo()
    texts.add_text("comment", "SECRET")
    exif = Image.Exif()
    exif[0x010E] = "SECRET"
    more: dict[str, Any] = {"pnginfo": texts} if form == "PNG" else {"comment": "SECRET"}
    image.save(made, form, exif=exif, icc_profile=b"SECRET", xmp=b"SECRET", **more)
    assert b"SECRET" in made.getvalue()
    return made.getvalue()


MANY = "and 50,000,000 are the most"
NO_IMAGE = "photo.jpg is neither a JPEG nor a PNG image"
TEXT_LIMIT = "Decompressed data too large"
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "claims four thousand million pixels": (
        lambda: png(65_000, 65_000),
        "photo.jpg has far more than 50,000,000",
    ),
    "claims a hundred million pixels": (
        lambda: png(10_000, 10_000),
        f"photo.jpg has 10000 x 10000 pixels, {MANY}",
    ),
    "holds sixty million pixels": (
        lambda: png(10_000, 6_000, bytes(10_001 * 6_000)),
        f"10000 x 6000 pixels, {MANY}",
    ),
    "JPEG that claims as many": (
        lambda: jpeg_that_claims(65_000, 65_000),
        "photo.jpg has far more than 50,000,000",
    ),
    "JPEG that claims sixty million": (
        lambda: jpeg_that_claims(10_000, 6_000),
        f"10000 x 6000 pixels, {MANY}",
    ),
    "text that unpacks to 100 MiB": (lambda: png(8, 8, bytes(72), unpacking(b"zTXt")), TEXT_LIMIT),
    "profile that unpacks to 100 MiB": (lambda: png(8, 8, bytes(72), unpacking(b"iCCP")), TEXT_LIMIT),
    "no picture": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", NO_IMAGE),
    "GIF": (lambda: in_form("GIF"), NO_IMAGE),
    "TIFF": (lambda: in_form("TIFF"), NO_IMAGE),
    "BMP": (lambda: in_form("BMP"), NO_IMAGE),
    "PNG of nothing": (lambda: png(8, 8), "truncated"),
    "beginning of a PNG": (lambda: png(8, 8)[:20], "Truncated"),
    "nothing": (lambda: b"", NO_IMAGE),
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """One of its own: other tests look at all that is in the bucket."""
    with Cloud.start() as running, running.exported():
        running.client("s3").create_bucket(Bucket="photos")
        yield running


def deliver(cloud: Cloud, **photographs: bytes) -> tuple[Report, list[Case]]:
    """Put photographs of a user into the bucket, and have the service told of them."""
    from examples.thumbnails import thumbnails

    s3 = cloud.client("s3")
    told = []
    for name, content in photographs.items():
        key = f"hostile/{name}.jpg"
        etag = s3.put_object(Bucket="photos", Key=f"in/{key}", Body=content)["ETag"].strip('"')
        told.append({"key": f"in/{key}", "size": len(content), "etag": etag})
    reports: list[Report] = []
    store = MemoryStore()
    assert Host(thumbnails, store, reports.append).handle(s3_event(*told)) == {"batchItemFailures": []}
    return reports[0], list(store.cases("thumbnails"))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("what", BOMBS)
def test_hostile_photograph_is_kept_with_a_reason_and_the_others_are_made_small(
    cloud: Cloud, what: str
) -> None:
    made, says = BOMBS[what]
    content = made()
    good = data.photographs()[0][1]
    deliver(cloud, warm=good)  # what is imported and connected once is not measured
    report, cases = measured(lambda: deliver(cloud, before=good, photo=content, after=good), 48 * MIB)
    assert (report.fates["applied"], report.fates["quarantined"]) == (2, 1)
    (case,) = cases
    assert case.reason.kind == "cell"
    assert case.reason.cell == "small"
    assert says in case.reason.message


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_thumbnail_has_nothing_of_what_was_said_beside_the_picture(cloud: Cloud, form: str) -> None:
    report, _ = deliver(cloud, told=with_metadata(form))
    assert report.fates["applied"] == 1
    made = (
        cloud.client("s3").get_object(Bucket="photos", Key="thumbnails/hostile/told.jpg.jpg")["Body"].read()
    )
    assert made.startswith(b"\xff\xd8\xff")
    assert b"SECRET" not in made
