"""How a trigger hands over records: the settings of an event source mapping, with the limits that AWS sets.

One frozen value. What is not emulated yet has no setting here: bisect, filters, parallelization by partition key,
tumbling windows.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import Attribute, field, frozen

from reactflow.errors import ConfigurationError

Start = Literal["TRIM_HORIZON", "LATEST"]

FOR_EVER = -1


def _between(lowest: float, highest: float, *, or_for_ever: bool = False) -> Any:
    def check(settings: TriggerSettings, attribute: Attribute[float], value: float) -> None:
        if (or_for_ever and value == FOR_EVER) or lowest <= value <= highest:
            return
        also = ", or -1 for no limit" if or_for_ever else ""
        raise ConfigurationError(
            f"{attribute.name}={value!r}: it has to be from {lowest:g} to {highest:g}{also}"
        )

    return check


@frozen(kw_only=True)
class TriggerSettings:
    """The settings of one trigger; times are in seconds.

    ``batch_size``: the most records of one delivery. ``window``: how long to gather records for a batch that is not
    full. ``retries``: how often a failed batch comes again before it is discarded, -1 for ever. ``record_age``: a
    record older than this is discarded, -1 never.
    ``partial_responses``: whether the handler's ``batchItemFailures`` count.
    ``start``: where a stream without a checkpoint is entered. ``timeout``: the handler's, of which its context tells
    what is left. ``backoff`` is the wait before the first retry; it doubles up to ``longest_backoff``.

    Raises ConfigurationError for a value that AWS would refuse.

    >>> TriggerSettings(batch_size=10).retries
    -1
    """

    batch_size: int = field(default=100, validator=_between(1, 10_000))
    window: float = field(default=0.0, validator=_between(0, 300))
    retries: int = field(default=FOR_EVER, validator=_between(0, 10_000, or_for_ever=True))
    record_age: float = field(default=FOR_EVER, validator=_between(60, 604_800, or_for_ever=True))
    partial_responses: bool = True
    start: Start = "TRIM_HORIZON"
    timeout: float = field(default=60.0, validator=_between(1, 900))
    backoff: float = field(default=0.1, validator=_between(0, 3600))
    longest_backoff: float = field(default=5.0, validator=_between(0, 3600))

    def wait_before(self, attempt: int) -> float:
        """Seconds to wait after so many failed tries of one batch.

        >>> [TriggerSettings(backoff=1.0, longest_backoff=5.0).wait_before(n) for n in (1, 2, 3, 4)]
        [1.0, 2.0, 4.0, 5.0]
        """
        # The exponent is bounded: after a thousand failures a float would overflow.
        return min(self.backoff * 2.0 ** min(attempt - 1, 60), self.longest_backoff)

    def exhausted(self, attempt: int) -> bool:
        """Whether so many failed tries are all that a batch gets."""
        return self.retries != FOR_EVER and attempt > self.retries

    def too_old(self, age: float) -> bool:
        """Whether a record of that age, in seconds, is discarded."""
        return self.record_age != FOR_EVER and age > self.record_age
