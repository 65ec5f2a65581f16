"""How a trigger hands over records: the settings of Lambda's event source mappings, with the names and limits of AWS.

Three frozen values, one for each way in which Lambda is invoked: ``TriggerSettings`` (a stream), ``QueueSettings`` (a
queue) and ``InvokeSettings`` (asynchronously, as S3 does). What AWS would refuse is refused here. Lambda's own tumbling
windows are not emulated: a window is a field of a service's key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from attrs import Attribute, field, fields, frozen

from reactflow.errors import ConfigurationError
from reactflow.local.triggers.filters import FilterCriteria, criteria

Start = Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]

FOR_EVER: Final = -1
ITEM_FAILURES: Final = "ReportBatchItemFailures"
_BUCKET: Final = re.compile(r"arn:aws[\w-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")
_OF_THE_MAPPING: Final = frozenset({
    "Enabled", "EventSourceArn", "EventSourceMappingArn", "FunctionArn", "FunctionName", "KmsKeyArn", "LastModified",
    "LastProcessingResult", "MetricsConfig", "Queue", "State", "StateTransitionReason", "Stream", "Tags", "UUID",
})  # fmt: skip


def _between(lowest: float, highest: float, *, or_for_ever: bool = False, whole: bool = False) -> Any:
    def check(settings: object, attribute: Attribute[float], value: float) -> None:
        is_number = not isinstance(value, bool) and isinstance(value, int if whole else int | float)
        if is_number and ((or_for_ever and value == FOR_EVER) or lowest <= value <= highest):
            return
        also = ", or -1 for no limit" if or_for_ever else ""
        kind = "a whole number " if whole else ""
        raise ConfigurationError(
            f"{attribute.name}={value!r}: it has to be {kind}from {lowest:g} to {highest:g}{also}"
        )

    return check


def _one_of(*known: str) -> Any:
    def check(settings: object, attribute: Attribute[str], value: str) -> None:
        if value not in known:
            raise ConfigurationError(
                f"{attribute.name}={value!r}: it has to be {' or '.join(map(repr, known))}"
            )

    return check


def _response_types(settings: object, attribute: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    if value not in ((), (ITEM_FAILURES,)):
        raise ConfigurationError(
            f"{attribute.name}={value!r}: it has to be ({ITEM_FAILURES!r},), or () when the answer does not count"
        )


def _destination(settings: object, attribute: Attribute[str], value: str) -> None:
    if value and not _BUCKET.fullmatch(value):
        raise ConfigurationError(
            f"{attribute.name}={value!r}: it has to be the ARN of a bucket, such as 'arn:aws:s3:::failed'; other "
            "destinations do not keep the records themselves"
        )


@frozen(kw_only=True)
class _Shared:
    """What is set of every invocation; ``timeout`` and the waits are the function's and ours, not the mapping's."""

    timeout: float = field(default=60.0, validator=_between(1, 900))
    backoff: float = field(default=0.1, validator=_between(0, 3600))
    longest_backoff: float = field(default=5.0, validator=_between(0, 3600))
    on_failure: str = field(default="", validator=_destination)

    def wait_before(self, tries: int) -> float:
        """Seconds to wait after so many failed tries of one batch.

        >>> [TriggerSettings(backoff=1.0, longest_backoff=5.0).wait_before(n) for n in (1, 2, 3, 4)]
        [1.0, 2.0, 4.0, 5.0]
        """
        # The exponent is bounded: after a thousand failures a float would overflow.
        return min(self.backoff * 2.0 ** min(max(tries, 1) - 1, 60), self.longest_backoff)

    @property
    def failures_bucket(self) -> str:
        """The name of the bucket that ``on_failure`` names, empty without one."""
        found = _BUCKET.fullmatch(self.on_failure)
        return found[1] if found else ""


@frozen(kw_only=True)
class TriggerSettings(_Shared):
    """The settings of a stream's trigger; times are in seconds.

    They are those of AWS under its names: ``batch_size``, ``maximum_batching_window_in_seconds`` (how long to gather
    records for a batch that is not full), ``parallelization_factor`` (batches of one shard at a time, parted by
    partition key), ``maximum_retry_attempts``, ``maximum_record_age_in_seconds``, ``bisect_batch_on_function_error``,
    ``function_response_types``, ``on_failure`` (the ARN of a bucket), ``filter_criteria`` (patterns, one of which a
    record has to match), ``starting_position``. The defaults are what reactflow deploys, not those of AWS.

    ``timeout`` is the handler's; ``backoff`` the wait before the first retry, which doubles up to ``longest_backoff``.

    Raises ConfigurationError for a value that AWS would refuse.

    >>> TriggerSettings(batch_size=10).maximum_retry_attempts
    -1
    """

    batch_size: int = field(default=100, validator=_between(1, 10_000, whole=True))
    maximum_batching_window_in_seconds: float = field(default=0.0, validator=_between(0, 300))
    parallelization_factor: int = field(default=1, validator=_between(1, 10, whole=True))
    maximum_retry_attempts: int = field(
        default=FOR_EVER, validator=_between(0, 10_000, or_for_ever=True, whole=True)
    )
    maximum_record_age_in_seconds: float = field(
        default=FOR_EVER, validator=_between(60, 604_800, or_for_ever=True)
    )
    bisect_batch_on_function_error: bool = True
    function_response_types: tuple[str, ...] = field(
        default=(ITEM_FAILURES,), converter=tuple, validator=_response_types
    )
    filter_criteria: FilterCriteria = field(factory=FilterCriteria, converter=criteria)
    starting_position: Start = field(
        default="TRIM_HORIZON", validator=_one_of("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")
    )
    starting_position_timestamp: float | None = None

    _AWS_DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "bisect_batch_on_function_error": False,
        "function_response_types": (),
    }

    def __attrs_post_init__(self) -> None:
        if (self.starting_position == "AT_TIMESTAMP") != (self.starting_position_timestamp is not None):
            raise ConfigurationError(
                f"starting_position={self.starting_position!r} with starting_position_timestamp="
                f"{self.starting_position_timestamp!r}: give both for a start in time, or neither"
            )

    @classmethod
    def from_aws(cls, properties: Mapping[str, Any]) -> TriggerSettings:
        """The settings that a template or ``aws lambda get-event-source-mapping`` states, absent ones as AWS sets them.

        Raises ConfigurationError for what is unknown, or not emulated.

        >>> TriggerSettings.from_aws({"BatchSize": 10}).bisect_batch_on_function_error
        False
        """
        values: dict[str, Any] = dict(cls._AWS_DEFAULTS)
        ours = {each.name for each in fields(_Shared)}
        names = {_aws_name(each.name): each.name for each in fields(cls) if each.name not in ours}
        for name, value in properties.items():
            if name in _OF_THE_MAPPING:
                continue
            if name == "TumblingWindowInSeconds":
                if value:
                    raise ConfigurationError(
                        f"TumblingWindowInSeconds={value!r}: Lambda's own windows are not emulated; give the service's "
                        "key a window instead, as in key=('room', window('1m', on='ts'))"
                    )
            elif name == "DestinationConfig":
                values["on_failure"] = (value.get("OnFailure") or {}).get("Destination") or ""
            elif name == "FilterCriteria":
                values["filter_criteria"] = [each["Pattern"] for each in value.get("Filters") or ()]
            elif name in names:
                values[names[name]] = value
            else:
                known = ", ".join(sorted({*names, "DestinationConfig"}))
                raise ConfigurationError(f"{name} is no setting of a stream's trigger; it has {known}")
        return cls(**values)

    def to_aws(self) -> dict[str, Any]:
        """The settings as the properties of an event source mapping, every one stated.

        >>> TriggerSettings.from_aws(TriggerSettings(batch_size=7).to_aws()).batch_size
        7
        """
        own = {each.name for each in fields(_Shared)} | {"filter_criteria", "starting_position_timestamp"}
        said = {
            _aws_name(each.name): getattr(self, each.name)
            for each in fields(type(self))
            if each.name not in own
        }
        said["FunctionResponseTypes"] = list(self.function_response_types)
        for name, value in said.items():
            if isinstance(value, float) and value.is_integer():
                said[name] = int(value)  # CloudFormation takes 0, and no 0.0, for a whole number
        if self.starting_position_timestamp is not None:
            said["StartingPositionTimestamp"] = self.starting_position_timestamp
        if self.on_failure:
            said["DestinationConfig"] = {"OnFailure": {"Destination": self.on_failure}}
        if self.filter_criteria.patterns:
            said["FilterCriteria"] = {
                "Filters": [{"Pattern": text} for text in self.filter_criteria.patterns]
            }
        return said

    @property
    def reports_item_failures(self) -> bool:
        """Whether the handler's ``batchItemFailures`` count."""
        return bool(self.function_response_types)

    def exhausted(self, tries: int) -> bool:
        """Whether so many failed tries are all that a batch gets."""
        return self.maximum_retry_attempts != FOR_EVER and tries > self.maximum_retry_attempts

    def too_old(self, age: float) -> bool:
        """Whether a record of that age, in seconds, is discarded."""
        return self.maximum_record_age_in_seconds != FOR_EVER and age > self.maximum_record_age_in_seconds


@frozen(kw_only=True)
class QueueSettings(_Shared):
    """The settings of a queue's trigger. How often a message may fail is a matter of the queue: here, for ever.

    >>> QueueSettings().batch_size
    10
    """

    batch_size: int = field(default=10, validator=_between(1, 10_000, whole=True))
    maximum_batching_window_in_seconds: float = field(default=0.0, validator=_between(0, 300))
    function_response_types: tuple[str, ...] = field(
        default=(ITEM_FAILURES,), converter=tuple, validator=_response_types
    )
    filter_criteria: FilterCriteria = field(factory=FilterCriteria, converter=criteria)

    def __attrs_post_init__(self) -> None:
        if self.batch_size > 10 and self.maximum_batching_window_in_seconds < 1:
            raise ConfigurationError(
                f"batch_size={self.batch_size}: more than 10 messages a batch need "
                "maximum_batching_window_in_seconds of at least 1"
            )

    @property
    def reports_item_failures(self) -> bool:
        """Whether the handler's ``batchItemFailures`` count."""
        return bool(self.function_response_types)

    def exhausted(self, tries: int) -> bool:
        """Never: a message that fails stays in its queue."""
        return False

    def too_old(self, age: float) -> bool:
        """Never: how long a message is kept is a matter of the queue."""
        return False


@frozen(kw_only=True)
class InvokeSettings(_Shared):
    """The settings of asynchronous invocation, as S3 invokes a function: one event at a time, its answer unread.

    >>> InvokeSettings().maximum_retry_attempts
    2
    """

    maximum_retry_attempts: int = field(default=2, validator=_between(0, 2, whole=True))
    maximum_event_age_in_seconds: float = field(default=21_600, validator=_between(60, 21_600))

    batch_size: ClassVar[int] = 1
    maximum_batching_window_in_seconds: ClassVar[float] = 0.0
    reports_item_failures: ClassVar[bool] = False
    filter_criteria: ClassVar[FilterCriteria] = FilterCriteria()

    def exhausted(self, tries: int) -> bool:
        """Whether so many failed tries are all that an event gets."""
        return tries > self.maximum_retry_attempts

    def too_old(self, age: float) -> bool:
        """Whether an event of that age, in seconds, is discarded."""
        return age > self.maximum_event_age_in_seconds


def _aws_name(name: str) -> str:
    """``batch_size`` -> ``BatchSize``."""
    return "".join(part.capitalize() for part in name.split("_"))
