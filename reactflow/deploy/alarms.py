"""The alarms of a stack: what somebody has to look at, and nothing that mends itself. They hold no payload.

Every alarm looks at five minutes. The metric of quarantined records is the one that the functions write in the embedded
metric format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from reactflow.aws.metrics import NAMESPACE
from reactflow.deploy.naming import LONGEST_ALARM, logical_id
from reactflow.deploy.resources import Alarm, Function, QueueMapping, StreamMapping
from reactflow.deploy.settings import shortened

QUARANTINED: Final = "Quarantined"
OF_AGE: Final = 0.625  # of the age at which records are given up: half of the time that a stream keeps them
QUEUE_HOURS: Final = 12.0  # a message is tried for some 19 hours at least, as a record of a stream is


def alarms_of(
    function: Function, mappings: Sequence[StreamMapping | QueueMapping], stack: str
) -> Iterator[Alarm]:
    """The alarms of a function and of what it is told; ``stack`` is the stack's name, by which the function tells its
    metrics apart.

    >>> f = Function(
    ...     service="rooms",
    ...     name="house-dev-rooms",
    ...     target="rooms:rooms",
    ...     python="3.12",
    ...     architecture="arm64",
    ...     memory=512,
    ...     timeout=60,
    ...     concurrency=0,
    ...     log_days=30,
    ... )
    >>> [one.name for one in alarms_of(f, [], "house-dev")]
    ['house-dev-rooms-errors', 'house-dev-rooms-throttles', 'house-dev-rooms-quarantined']
    """
    on = {"FunctionName": function.name}
    service = function.service

    def alarm(what: str, about: str, metric: str, resource: str = "", **more: Any) -> Alarm:
        of = (resource,) if resource else ()
        made: dict[str, Any] = {
            "name": shortened("-".join((function.name, what, *of)), LONGEST_ALARM),
            "id": logical_id("Alarm", service, what.replace("-", ""), *of), "about": about, "metric": metric,
            "namespace": "AWS/Lambda", "dimensions": on, "statistic": "Sum", "threshold": 1.0,
        }  # fmt: skip
        return Alarm(**{**made, **more})

    yield alarm("errors", f"{service} failed, ran out of time or crashed; its log says how", "Errors")
    yield alarm(
        "throttles", f"{service} was kept from running for a quarter of an hour", "Throttles", periods=3
    )
    yield alarm(
        "quarantined", f"{service} put records into quarantine: reactflow quarantine list shows them", QUARANTINED,
        namespace=NAMESPACE, dimensions={"Service": service, "Stage": stack},
    )  # fmt: skip
    ages = [one.settings.maximum_record_age_in_seconds for one in mappings if isinstance(one, StreamMapping)]
    if ages:
        hours = min(ages) / 3600
        late = hours * OF_AGE
        yield alarm(
            "iterator-age", f"{service} is {late:g} hours behind a stream whose records are given up after {hours:g}",
            "IteratorAge", statistic="Maximum", threshold=late * 3_600_000,
        )  # fmt: skip
        yield alarm(
            "not-kept", f"records that {service} gave up could not be put into the quarantine, and may be lost",
            "DestinationDeliveryFailures",
        )  # fmt: skip
    for one in mappings:
        if isinstance(one, StreamMapping):
            yield alarm(
                "given-up", f"records of {one.resource} were given up for {service}: see the quarantine",
                "OnFailureDestinationDeliveredEventCount", one.resource,
                dimensions={"EventSourceMappingUUID": f"${{{one.id}}}"},
            )  # fmt: skip
            continue
        yield alarm(
            "dead-letters", f"events of {one.resource} for {service} were given up: they are in {one.dead_letters}",
            "ApproximateNumberOfMessagesVisible", one.resource, namespace="AWS/SQS", statistic="Maximum",
            dimensions={"QueueName": one.dead_letters},
        )  # fmt: skip
        yield alarm(
            "queue-age", f"{service} is {QUEUE_HOURS:g} hours behind the events of {one.resource}",
            "ApproximateAgeOfOldestMessage", one.resource, namespace="AWS/SQS", statistic="Maximum",
            threshold=QUEUE_HOURS * 3600, dimensions={"QueueName": one.queue},
        )  # fmt: skip
