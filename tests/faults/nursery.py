"""A process that has imported everything and forks hosts at once, so that one that is killed often need not load often.
times.

Each line of standard input is an order for one host, as JSON; answered by lines that say that it was born, that it is
at work, and how it ended. A host is a process of its own, with its own connections, and dies of what it is sent. It
ends when it has been idle, and this process with its standard input.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time
import traceback
from typing import Any

from attrs import define, field

from reactflow.local import Cloud
from reactflow.local.dev import LocalHost
from reactflow.local.triggers import Delivery, TriggerSettings
from reactflow.service import Report, Service
from reactflow.service.stores import SQLiteStore
from reactflow.sql import Table
from tests.faults.bank import Names, bank


@define
class Host:
    """One host, as it was ordered: ``endpoint``, ``state`` (a file), ``names`` and, if need be, more."""

    order: dict[str, Any]
    outcomes: dict[str, int] = field(factory=dict)
    waits: set[str] = field(factory=set)
    is_at_work: bool = False

    def live(self) -> None:
        """Run until there is nothing left to do."""
        order = self.order
        if "largest_file" in order:
            # Python ignores the signal that comes with it, so a write simply fails, as on a full disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
        store = SQLiteStore(order["state"], timeout=order.get("patience", 10.0))
        sink = Table(order["balances"], "balances", create=True) if "balances" in order else None
        host = LocalHost(
            bank(Names(**order["names"]), sink),
            Cloud.at(order["endpoint"]),
            store=lambda service: store,
            settings=TriggerSettings(**order.get("settings", {})),
            told=self.wait,
            delivered=self.hear,
            around=self.at_work,
            shards=2,
        )
        host.run_until_idle(200.0)

    def wait(self, service: Service, report: Report) -> None:
        """Tell of each thing that it has to wait for, once."""
        for why in report.transients:
            if why not in self.waits:
                self.waits.add(why)
                say({"waits for": why})

    def hear(self, delivery: Delivery) -> None:
        if not self.outcomes:
            say({"delivered": delivery.outcome})
        self.outcomes[delivery.outcome] = self.outcomes.get(delivery.outcome, 0) + 1
        if delivery.outcome == "discarded":
            say({"discarded": delivery.kept})

    def at_work(self, handler: Any) -> Any:
        def handle(event: Any, context: Any) -> object:
            if not self.is_at_work:
                self.is_at_work = True
                say({"at work": True})
            if "slow" in self.order:
                time.sleep(self.order["slow"])
            return handler(event, context)

        return handle


def say(what: dict[str, Any]) -> None:
    """One line on standard output, in one write, so that those of two processes do not mix."""
    os.write(1, json.dumps(what).encode() + b"\n")


def main() -> None:
    """Fork a host for each order."""
    logging.basicConfig(level=logging.CRITICAL)
    import boto3  # noqa: F401  # loaded once, here, and by no host
    import sqlalchemy  # noqa: F401  # as well

    say({"ready": True})
    for line in sys.stdin:
        number = os.fork()
        if not number:
            host = Host(json.loads(line))
            try:
                host.live()
                say({"idle": True, "outcomes": host.outcomes})
                os._exit(0)
            except BaseException:
                say({"raised": traceback.format_exc(), "outcomes": host.outcomes})
                os._exit(1)
        say({"born": number})
        _, status = os.waitpid(number, 0)
        say({"ended": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()
