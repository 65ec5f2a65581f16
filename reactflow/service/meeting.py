"""Whether what one service writes is what another one reads."""

from __future__ import annotations


def meet(written: str, read: str) -> bool:
    """Whether what is written to one resource can be read from the other.

    Resources meet when they are the same, or when both are prefixes in one bucket and one begins with the
    other; a bucket alone is all of its objects.

    >>> meet("kinesis/areas", "kinesis/areas"), meet("kinesis/areas", "kinesis/areas-2")
    (True, False)
    >>> meet("s3/photos/thumbs/", "s3/photos/in/"), meet("s3/photos/in/small/", "s3/photos/in/")
    (False, True)
    >>> meet("s3/photos", "s3/photos/in/"), meet("s3/photos", "s3/photos-old")
    (True, False)
    """
    if written == read:
        return True
    place = place_of(written)
    if not written.startswith("s3/") or place != place_of(read):
        return False
    prefix, other = (resource.removeprefix(place).removeprefix("/") for resource in (written, read))
    return prefix.startswith(other) or other.startswith(prefix)


def place_of(resource: str) -> str:
    """What resources have to share in order to meet: the bucket, or the resource itself."""
    return "/".join(resource.split("/", 2)[:2]) if resource.startswith("s3/") else resource
