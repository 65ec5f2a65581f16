"""Names in a stack: the ids of its resources, and what AWS takes as the names of things that a stack makes.

Two different things never get one name: what an id cannot hold, or has no room for, is told by a hash of the whole. It
must not know what a thing is good for.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Final

from reactflow.deploy.settings import shortened
from reactflow.errors import ConfigurationError
from reactflow.service.decoding import short

KINDS: Final = (
    "Alarm", "Bucket", "DeadLetters", "DeadPolicy", "Function", "Logs", "Mapping", "Permission", "Queue",
    "QueuePolicy", "Role", "Rule", "Stream", "Schedule", "Table", "TlsPolicy", "Output",
)  # fmt: skip
"""What an id ends with; none of them ends with another."""

LONGEST_STACK: Final = 128
LONGEST_FUNCTION: Final = 64
LONGEST_RULE: Final = 64
LONGEST_QUEUE: Final = 80
LONGEST_ALARM: Final = 255
_LONGEST_STEM: Final = 120
_PLAIN: Final = re.compile(r"[a-z][a-z0-9]*")
_INTRINSIC: Final = re.compile(r"\$\{|\{\{resolve:|^AWS::\w+$")
_LIKE_A_HASH: Final = re.compile(r"[0-9a-f]{8}$")
# as long as they can be: what the pseudo parameters stand for
_WORST: Final = {"${AWS::AccountId}": "9" * 12, "${AWS::Region}": "ap-southeast-1"}
_RULES: Final = {
    "kinesis": (re.compile(r"[A-Za-z0-9._-]{1,128}"), "1 to 128 letters, digits, '.', '-' and '_'"),
    "dynamodb": (re.compile(r"[A-Za-z0-9._-]{3,255}"), "3 to 255 letters, digits, '.', '-' and '_'"),
    "s3": (
        re.compile(
            r"(?!xn--|sthree-|amzn-s3-demo-|\d+\.\d+\.\d+\.\d+$)(?!.*(?:\.\.|\.-|-\.|-s3alias$|--ol-s3$|\.mrap$|--x-s3$|"
            r"--table-s3$))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
        ),
        "3 to 63 small letters, digits, '.' and '-', beginning and ending with a letter or digit",
    ),
}  # fmt: skip


def logical_id(kind: str, *parts: str) -> str:
    """The id of a thing in the template: the same for the same, another for another.

    >>> logical_id("Mapping", "rooms", "s3/photos"), logical_id("Function", "my-rooms")
    ('RoomsS3PhotosMapping', 'MyRooms039c8df0Function')
    """
    parts = tuple(one for part in parts for one in part.split("/"))  # a resource is a kind and a name
    words = [word for part in parts for word in re.split(r"[^A-Za-z0-9]+", part) if word]
    stem = "".join(word[0].upper() + word[1:] for word in words)
    plain = all(_PLAIN.fullmatch(part) and not _LIKE_A_HASH.search(part) for part in parts)
    if plain and len(stem) <= _LONGEST_STEM:
        return stem + kind
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]
    return f"{stem[:_LONGEST_STEM]}{digest}{kind}"


def stack_name(stack: str, *parts: str, suffix: str = "", longest: int) -> str:
    """The name of a thing of a stack's, in letters, digits, '-' and '_' (and what is in ``suffix``).

    >>> (
    ...     stack_name("house-dev", "rooms", longest=64),
    ...     stack_name("house-dev", "rooms", "my.photos", longest=80),
    ... )
    ('house-dev-rooms', 'house-dev-rooms-my_photos-c9022dc4')
    """
    name = "-".join((stack, *parts)).replace(".", "_")
    if len(parts) > 1 and not all(_PLAIN.fullmatch(part) and not _LIKE_A_HASH.search(part) for part in parts):
        name += f"-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]}"
    return shortened(name + suffix, longest)


def check_physical(resource: str, name: str) -> None:
    """Refuse a name with which AWS would make nothing: raises ConfigurationError with the remedy.

    >>> check_physical("s3/My_Photos", "My_Photos")
    Traceback (most recent call last):
        ...
    reactflow.errors.ConfigurationError: s3/My_Photos would be made as 'My_Photos', and AWS takes 3 to 63 small ...
    """
    kind = resource.partition("/")[0]
    pattern, rule = _RULES[kind]
    longest = name
    for parameter, text in _WORST.items():
        longest = longest.replace(parameter, text)
    if not pattern.fullmatch(longest):
        raise ConfigurationError(
            f"{resource} would be made as {longest!r}, and AWS takes {rule}: give it a name by hand, as in names = "
            f'{{ "{resource}" = "..." }}, or a shorter prefix'
        )


def plain(text: str, what: str) -> str:
    """A text of a user's that goes into a template as it is; raises ConfigurationError for what would not stay so.

    >>> plain("${AWS::Region}", "the key 'x' of dynamodb/rooms")
    Traceback (most recent call last):
        ...
    reactflow.errors.ConfigurationError: the key 'x' of dynamodb/rooms: '${AWS::Region}' holds '${', which ...
    """
    if found := _INTRINSIC.search(text):
        raise ConfigurationError(
            f"{what}: {short(text)} holds {found[0]!r}, which a template would replace: use another name"
        )
    return text
