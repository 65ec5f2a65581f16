"""Clients of AWS: made once a service and process, when first used; and what their errors mean for us.

An endpoint comes from the environment (``AWS_ENDPOINT_URL``, read by botocore itself) and the region from
``AWS_REGION`` or ``AWS_DEFAULT_REGION``; nothing here takes one from a record. boto3 is imported on the first
call, never before. ``speaking`` is the only place that turns botocore's errors into ours: what may pass is
Transient, what will not is a ConfigurationError that names the resource and the remedy.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reactflow.aws.names import home_account, shown
from reactflow.errors import ConfigurationError, MissingExtra, ReactflowError, Transient

_made: dict[tuple[object, ...], Any] = {}
_lock = threading.Lock()
_standing_in: dict[str, Any] = {}
_seen_by: list[Callable[[Any], None]] = []

# Codes of AWS that mean: later, the same call may succeed. Status 429 and 5xx mean it too, whatever the code.
_PASSING = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown",
    "LimitExceededException", "BandwidthLimitExceeded", "TransactionInProgressException", "InternalFailure",
    "InternalServerError", "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException",
    "OperationAborted", "ConditionalRequestConflict", "KMSThrottlingException", "RequestTimeTooSkewed",
    "ReplicatedWriteConflictException", "TransactionConflictException", "IDPCommunicationError",
})  # fmt: skip
_MISSING = frozenset(
    {"ResourceNotFoundException", "NoSuchBucket", "ResourceInUseException", "404", "NotFound"}
)
_FORBIDDEN = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled", "403", "Forbidden",
    "KMSAccessDeniedException",
})  # fmt: skip
_UNKNOWN_CALLER = frozenset({
    "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch",
    "InvalidSignatureException", "ExpiredToken", "ExpiredTokenException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "InvalidToken",
})  # fmt: skip
# How AWS says what it does not allow, to whom and on what; S3 puts the last in quotation marks.
_SAYS = re.compile(r'assumed-role/([\w+=,.@-]+)/|to perform: ([\w-]+:\w+)|on resource: "?(arn:[^\s"]+)')


def client(service: str) -> Any:
    """The client of a service of AWS (``"kinesis"``, ``"dynamodb"``, ``"s3"``, ...), made on first use.

    One a service, process and setting of the environment, shared by all threads. Raises MissingExtra without boto3, and
    ConfigurationError when no region is set.
    """
    if _standing_in:
        return _standing_in[service]
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
    endpoint = (
        os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL") or None
    )
    caller = os.environ.get("AWS_ACCESS_KEY_ID")
    known = (service, os.getpid(), region, endpoint, caller)
    try:
        return _made[known]
    except KeyError:
        pass
    with _lock:
        if known not in _made:
            made = _make(service, region, endpoint)
            for see in _seen_by:
                see(made)
            _made[known] = made
        return _made[known]


@contextmanager
def standing_in(clients: Mapping[str, Any]) -> Iterator[None]:
    """Have these answer instead of AWS inside, in the whole process: for simulations, which need no AWS at all.

    >>> with standing_in({"s3": "a bucket in memory"}):
    ...     client("s3")
    'a bucket in memory'
    """
    before = dict(_standing_in)
    _standing_in.update(clients)
    try:
        yield
    finally:
        _standing_in.clear()
        _standing_in.update(before)


@contextmanager
def each_client(begin: Callable[[Any], None], end: Callable[[Any], None]) -> Iterator[None]:
    """Have ``begin`` see each client of this process, those that there are and those that are made inside.

    Afterwards ``end`` sees them all. For what watches calls; clients that stand in are not seen.
    """
    with _lock:
        for one in _made.values():
            begin(one)
        _seen_by.append(begin)
    try:
        yield
    finally:
        with _lock:
            _seen_by.remove(begin)
            for one in _made.values():
                end(one)


def is_stood_in() -> bool:
    """Whether others answer instead of AWS: they are called in turn, so that a run can be repeated exactly."""
    return bool(_standing_in)


def _make(service: str, region: str | None, endpoint: str | None) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise MissingExtra("reactflow.aws", "boto3", "aws") from error
    config = Config(
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=32,
        user_agent_extra="reactflow",
        # An endpoint of one's own has no host name for each bucket.
        s3={"addressing_style": "path"} if endpoint else None,
    )
    with speaking(service, ""):
        # its stubs know services by literal names only
        session: Any = boto3.session.Session(region_name=region)
        return session.client(service, config=config)


@contextmanager
def speaking(resource: str, action: str) -> Iterator[None]:
    """Run calls to AWS inside, with botocore's errors turned into ours.

    ``resource`` is what is spoken of (``dynamodb/areas``), ``action`` the permission that it takes
    (``dynamodb:PutItem``). Raises Transient or ConfigurationError; what is not botocore's passes through.
    """
    try:
        yield
    except Exception as error:
        ours = translated(error, resource, action)
        if ours is None:
            raise
        raise ours from error


def translated(error: BaseException, resource: str, action: str) -> ReactflowError | None:
    """What an error of botocore means for us, or None if it is none of botocore's."""
    if isinstance(error, ReactflowError):
        return None
    resource = shown(resource)
    try:
        from botocore import exceptions as said
    except ImportError:  # without botocore nothing of botocore's can have been raised
        return None
    if isinstance(error, said.ClientError):
        return _of_answer(error.response, resource, action)
    if isinstance(error, (said.HTTPClientError, said.ConnectionError, said.ResponseStreamingError)):
        return Transient(f"{resource} could not be reached ({type(error).__name__}): tried again later")
    if isinstance(
        error, (said.NoCredentialsError, said.PartialCredentialsError, said.CredentialRetrievalError)
    ):
        return ConfigurationError(
            f"{resource}: there are no credentials for AWS. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "(any text for a local endpoint), or run under a role"
        )
    if isinstance(error, said.NoRegionError):
        return ConfigurationError(f"{resource}: no region is set. Set AWS_REGION, for example to us-east-1")
    if isinstance(error, said.BotoCoreError):
        return ConfigurationError(f"{resource}: {_of_call(action)} was refused before it was sent: {error}")
    return None


def error_code(error: BaseException) -> str:
    """The code in an answer of AWS, such as ``ConditionalCheckFailedException``; "" for any other error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def error_status(error: BaseException) -> int:
    """The HTTP status of an answer of AWS; 0 for any other error."""
    response = getattr(error, "response", None)
    return (
        int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if isinstance(response, dict)
        else 0
    )


def is_passing(code: str) -> bool:
    """Whether an error code means that the same call may succeed later."""
    return code in _PASSING


def _of_answer(response: Any, resource: str, action: str) -> ReactflowError:
    code = str(response.get("Error", {}).get("Code", ""))
    words = str(response.get("Error", {}).get("Message", "")) or code
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _PASSING or status == 429 or status >= 500:
        return Transient(f"{resource} is busy or away ({code or status}): tried again later")
    if code == "ResourceInUseException":
        return Transient(f"{resource} is being made or changed: tried again later")
    if code in _MISSING or status == 404:
        return ConfigurationError(
            f"{resource} does not exist{_where()}: create it, or correct its name, the region or "
            "AWS_ENDPOINT_URL"
        )
    if code in _FORBIDDEN or (status == 403 and code not in _UNKNOWN_CALLER):
        owner = home_account() if resource.startswith("s3/") else None
        also = f". It has to belong to the account {owner}, unless account= says another one" if owner else ""
        return ConfigurationError(f"{resource}: {_not_allowed(words, action)}{also}")
    if code in _UNKNOWN_CALLER:
        return ConfigurationError(f"{resource}: AWS does not accept the credentials ({code}). Renew them")
    return ConfigurationError(f"{resource}: {_of_call(action)} was refused ({code}): {words}")


def _not_allowed(words: str, action: str) -> str:
    """What is not allowed, as far as AWS says it, and the remedy; a HEAD is answered without a word."""
    said = _SAYS.findall(words)
    role, named, arn = (next((one[part] for one in said if one[part]), "") for part in range(3))
    missing = named or action
    all_of_it = missing.replace(" or ", " and ") or "it"
    return f"{_of_call(missing)} is not allowed. Allow {all_of_it} on {arn or 'it'} to the role{' ' * bool(role)}{role}"


def _of_call(action: str) -> str:
    return action or "the call"


def _where() -> str:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    return f" in {region}" if region else ""
