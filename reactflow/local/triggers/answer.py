"""What a handler's answer says about its batch, by the rules of Lambda's partial batch response.

| answer | meaning |
| --- | --- |
| null, ``{}``, ``batchItemFailures`` null or empty, or any object without it | all done |
| ``{"batchItemFailures": [{"itemIdentifier": id}, ...]}`` | those records have to come again |
| an empty or null identifier, another key, an identifier that is not of the batch | the whole batch failed |
| an exception, or an answer that is not JSON or not an object | the whole batch failed |

What follows from it (a stream goes back to the lowest one, a queue keeps each) is the trigger's business.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import frozen


@frozen
class Verdict:
    """Which records of a batch failed, by place; ``reason`` says why when all did."""

    failed: tuple[int, ...] = ()
    reason: str = ""


def verdict(answer: object, identifiers: Sequence[str], *, partial: bool = True) -> Verdict:
    """Judge an answer to the batch of these identifiers; without ``partial`` the answer does not count.

    >>> verdict({"batchItemFailures": [{"itemIdentifier": "b"}]}, ["a", "b", "c"])
    Verdict(failed=(1,), reason='')
    >>> verdict({"batchItemFailures": [{"itemIdentifier": ""}]}, ["a", "b"])
    Verdict(failed=(0, 1), reason="batchItemFailures[0]: itemIdentifier is '', the whole batch counts as failed")
    """
    everything = tuple(range(len(identifiers)))
    try:
        json.dumps(answer)
    except (TypeError, ValueError) as error:
        return Verdict(everything, f"the answer is not JSON ({error})")
    if not partial or answer is None:
        return Verdict()
    if not isinstance(answer, dict):
        return Verdict(
            everything, f"the answer is a {type(answer).__name__}, not an object with batchItemFailures"
        )
    failures = answer.get("batchItemFailures")
    if failures is None:
        return Verdict()
    if not isinstance(failures, list | tuple):
        return Verdict(everything, f"batchItemFailures is a {type(failures).__name__}, not a list")
    places = {identifier: place for place, identifier in enumerate(identifiers)}
    failed: set[int] = set()
    for number, failure in enumerate(failures):
        if not isinstance(failure, dict) or "itemIdentifier" not in failure:
            wrong = f"batchItemFailures[{number}]: {failure!r} has no itemIdentifier"
        elif not isinstance(failure["itemIdentifier"], str) or not failure["itemIdentifier"]:
            wrong = f"batchItemFailures[{number}]: itemIdentifier is {failure['itemIdentifier']!r}"
        elif failure["itemIdentifier"] not in places:
            wrong = f"batchItemFailures[{number}]: {failure['itemIdentifier']!r} is not of this batch"
        else:
            failed.add(places[failure["itemIdentifier"]])
            continue
        return Verdict(everything, f"{wrong}, the whole batch counts as failed")
    return Verdict(tuple(sorted(failed)))
