"""Calls to the cloud on behalf of a trigger, with botocore's errors in our words.

What may pass (no connection, throttling, an error of the server) is Transient; what is not there is a
ConfigurationError that says how to make it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from reactflow.errors import ConfigurationError, Transient
from reactflow.local.triggers.shardlog import IteratorExpired, ShardGone

_MISSING = (
    "ResourceNotFoundException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
)
_PASSING = (
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "ThrottlingException",
    "RequestThrottled",
    "SlowDown",
)


@contextlib.contextmanager
def translated(source: str, endpoint: str, *, remedy: str, shard: str = "") -> Iterator[None]:
    """Run calls to the cloud; with ``shard``, a thing that is missing is that shard."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "ExpiredIteratorException":
            raise IteratorExpired(shard) from error
        if code in ("TrimmedDataAccessException",) or (code in _MISSING and shard):
            raise ShardGone(f"shard {shard} of {source} is not there any more") from error
        if code in _MISSING:
            raise ConfigurationError(f"there is no {source} at {endpoint}: {remedy}") from error
        if code in _PASSING or status >= 500:
            raise Transient(f"{source}: {endpoint} answered {code or status}") from error
        raise
    except (NoConnection, HTTPClientError) as error:
        raise Transient(f"{source}: {endpoint} does not answer: {error}") from error
