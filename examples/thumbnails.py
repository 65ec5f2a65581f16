"""Generate thumbnails: a photograph is put into a bucket, its thumbnail lands beside it; deleted, it takes it along."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from reactflow import Cell, Flow, Service, cell
from reactflow.aws import S3, S3Object

SIZE = (160, 160)  # the most of each side, in pixels
LARGEST = 50_000_000  # pixels of a photograph: one that claims to have more is not opened further


def thumbnail(photo: S3Object) -> bytes:
    """The photograph, made small: a JPEG without its metadata. Raises for what is no whole JPEG or PNG."""
    try:
        image = Image.open(BytesIO(photo.read()), formats=("JPEG", "PNG"))
    except UnidentifiedImageError:
        raise ValueError(f"{photo.key} is neither a JPEG nor a PNG image") from None
    except (
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):  # the latter where warnings are errors
        raise ValueError(f"{photo.key} has far more than {LARGEST:,} pixels, and that is the most") from None
    with image:
        if image.width * image.height > LARGEST:
            raise ValueError(
                f"{photo.key} has {image.width} x {image.height} pixels, and {LARGEST:,} are the most"
            )
        small = image.convert("RGB")
        small.thumbnail(SIZE)
        small.info.clear()  # of which the comment would be written again
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
