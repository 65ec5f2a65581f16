"""Where a record comes from: checked against the binding before anything of it is read.

A service takes records only of the stream, table or bucket, account and region that it was bound to; where no account
is bound, of the one that ``REACTFLOW_ACCOUNT`` names, if it names one. This is
a second lock behind the permissions of the trigger, not a replacement for them.
"""

from __future__ import annotations

from reactflow.aws.names import home_account, shown
from reactflow.errors import RecordError
from reactflow.service.source import Record, Source


def check_origin(source: Source, record: Record, region: str | None) -> None:
    """Refuse a record of another resource, account or region than ``source`` is bound to: raises RecordError."""
    account = source.account or home_account()
    if record.resource == source.resource and account is None and region is None:
        return
    found = (
        ("resource", shown(record.resource), shown(source.resource)),
        ("account", record.account, account),
        ("region", record.region, region),
    )
    for what, is_from, bound in found:
        # An S3 notification does not tell the account; what a record does not tell cannot be compared.
        if bound is not None and is_from and is_from != bound:
            raise RecordError(
                f"the record {record.receipt or 'without a number'} of {record.resource} comes from "
                f"{what} {is_from!r}, and the input is bound to {bound!r}: correct the trigger, or bind {what} "
                f"{is_from!r}"
            )


def named(record: Record, number: str = "") -> str:
    """How errors name a record: ``kinesis/measurements, record 4959...``."""
    receipt = number or record.receipt
    return f"{record.resource}, record {receipt}" if receipt else f"{record.resource}, a record"
