"""Generate thumbnails: a photograph is put into a bucket, its thumbnail lands beside it; deleted, it takes it along."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from reactflow import Cell, Flow, Service, cell
from reactflow.aws import S3, S3Object

SIZE = (160, 160)  # pixels, the most of each side
Image.MAX_IMAGE_PIXELS = 50_000_000  # more is an error, not a warning, from twice of that


def thumbnail(photo: S3Object) -> bytes:
    """The photograph, made small: a JPEG without its metadata. Raises OSError for what is no whole JPEG or PNG."""
    with Image.open(BytesIO(photo.read()), formats=("JPEG", "PNG")) as image:
        small = image.convert("RGB")
        small.thumbnail(SIZE)
        data = BytesIO()
        small.save(data, "JPEG", quality=85)
        return data.getvalue()


class Thumbnail(Flow):
    """One photograph and its thumbnail."""

    photo: Cell[S3Object] = cell()  # unset until the bucket tells of it
    small = photo.map(thumbnail)


thumbnails = Service(
    Thumbnail,
    name="thumbnails",
    key=("user", "name"),
    inputs=[S3("photos", key="in/{user}/{name}")],
    outputs=[Thumbnail.small >> S3("photos", key="thumbnails/{user}/{name}.jpg", content_type="image/jpeg")],
)
handler = thumbnails.handler
