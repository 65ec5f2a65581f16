"""The settings of triggers: AWS's names, AWS's limits, and errors that say what to write."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reactflow.errors import ConfigurationError
from reactflow.local.triggers import InvokeSettings, QueueSettings, TriggerSettings

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"batch_size": 0}, "batch_size=0: it has to be a whole number from 1 to 10000"),
    ({"batch_size": 1.5}, "batch_size=1.5: it has to be a whole number from 1 to 10000"),
    ({"batch_size": True}, "batch_size=True: it has to be a whole number from 1 to 10000"),
    (
        {"maximum_batching_window_in_seconds": 301},
        "maximum_batching_window_in_seconds=301: it has to be from 0 to 300",
    ),
    ({"parallelization_factor": 11}, "parallelization_factor=11: it has to be a whole number from 1 to 10"),
    (
        {"maximum_retry_attempts": 10_001},
        "maximum_retry_attempts=10001: it has to be a whole number from 0 to 10000, or -1 for no limit",
    ),
    (
        {"maximum_record_age_in_seconds": 59},
        "maximum_record_age_in_seconds=59: it has to be from 60 to 604800, or -1 for no limit",
    ),
    (
        {"function_response_types": ["ReportItems"]},
        (
            "function_response_types=('ReportItems',): it has to be ('ReportBatchItemFailures',), or () when the "
            "answer does not count"
        ),
    ),
    (
        {"starting_position": "EARLIEST"},
        "starting_position='EARLIEST': it has to be 'TRIM_HORIZON' or 'LATEST' or 'AT_TIMESTAMP'",
    ),
    (
        {"starting_position": "AT_TIMESTAMP"},
        (
            "starting_position='AT_TIMESTAMP' with starting_position_timestamp=None: give both for a start in time, or "
            "neither"
        ),
    ),
    (
        {"on_failure": "arn:aws:sqs:us-east-1:123456789012:dead"},
        (
            "on_failure='arn:aws:sqs:us-east-1:123456789012:dead': it has to be the ARN of a bucket, such as "
            "'arn:aws:s3:::failed'; other destinations do not keep the records themselves"
        ),
    ),
]


@pytest.mark.parametrize(("setting", "message"), WRONG, ids=[next(iter(wrong)) for wrong, _ in WRONG])
def test_a_setting_that_aws_would_refuse_is_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{re.escape(message)}$"):
        TriggerSettings(**setting)


def test_what_a_template_states_is_taken_as_aws_takes_it() -> None:
    settings = TriggerSettings.from_aws({
        "EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s",
        "FunctionName": "rooms",
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 5,
        "ParallelizationFactor": 4,
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failed"}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"partitionKey": ["a"]}'}]},
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": 1_795_435_200.0,
        "TumblingWindowInSeconds": 0,
    })  # fmt: skip
    assert settings == TriggerSettings(
        batch_size=50,
        maximum_batching_window_in_seconds=5,
        parallelization_factor=4,
        maximum_retry_attempts=3,
        maximum_record_age_in_seconds=3600,
        on_failure="arn:aws:s3:::failed",
        filter_criteria=[{"partitionKey": ["a"]}],
        starting_position="AT_TIMESTAMP",
        starting_position_timestamp=1_795_435_200.0,
    )
    assert settings.failures_bucket == "failed"
    assert TriggerSettings.from_aws(settings.to_aws()) == settings


def test_what_a_template_leaves_out_is_as_aws_has_it_and_not_as_reactflow_deploys_it() -> None:
    assert TriggerSettings.from_aws({}) == TriggerSettings(
        bisect_batch_on_function_error=False, function_response_types=()
    )
    assert TriggerSettings.from_aws(TriggerSettings().to_aws()) == TriggerSettings()


def test_a_tumbling_window_of_lambda_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigurationError, match=r"TumblingWindowInSeconds=60: .*window\('1m', on='ts'\)"):
        TriggerSettings.from_aws({"TumblingWindowInSeconds": 60})


def test_a_property_that_is_unknown_is_named() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^Batchsize is no setting of a stream's trigger; it has BatchSize, B"
    ):
        TriggerSettings.from_aws({"Batchsize": 60})


def test_asynchronous_invocation_has_at_most_two_retries() -> None:
    assert [InvokeSettings().exhausted(tries) for tries in (1, 2, 3)] == [False, False, True]
    with pytest.raises(
        ConfigurationError, match="maximum_retry_attempts=3: it has to be a whole number from 0 to 2"
    ):
        InvokeSettings(maximum_retry_attempts=3)
    with pytest.raises(
        ConfigurationError, match="maximum_event_age_in_seconds=21601: it has to be from 60 to 21600"
    ):
        InvokeSettings(maximum_event_age_in_seconds=21_601)


def test_large_batches_of_a_queue_need_a_window() -> None:
    with pytest.raises(
        ConfigurationError, match="batch_size=11: more than 10 messages a batch need maximum_batching"
    ):
        QueueSettings(batch_size=11)
    assert QueueSettings(batch_size=11, maximum_batching_window_in_seconds=1).batch_size == 11
