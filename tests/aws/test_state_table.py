"""The store in a DynamoDB table: what its calls cost, and what comes of throttling, lost answers and foreign tables."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import pytest

from reactflow import Flow, Service, cell
from reactflow.aws import DynamoDBStore
from reactflow.aws.clients import client
from reactflow.aws.state_layout import unit_key
from reactflow.cells.rank import rank_of
from reactflow.errors import BindingError, ConfigurationError, StateError, Transient
from reactflow.local import Cloud
from reactflow.service import Case, Item, Pending, Reason
from reactflow.service.contribution import Contribution
from reactflow.service.stores import open_store
from tests.aws.proxy import Proxy

UNIT = "room=r1"
Unique = Callable[[str], str]


class Clock:
    seconds = 1_000_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def table(cloud: Cloud, unique: Unique) -> DynamoDBStore:
    """A store on the embedded cloud."""
    store = DynamoDBStore(unique("state"), now=Clock())
    store.create()
    return store


@pytest.fixture
def proxy(table: DynamoDBStore, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands between the store and the cloud; nobody waits before a call is made again."""
    from botocore.retries.standard import ExponentialBackoff

    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0.0)
    monkeypatch.setattr("reactflow.aws.state_table.random.uniform", lambda low, high: 0.0)
    with Proxy(cloud.endpoint).running() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", running.endpoint)
        yield running


def times(number: int, fault: str | dict[str, Any]) -> Callable[[str], str | dict[str, Any] | None]:
    """The fault for so many calls, and then none."""
    left = iter([fault] * number)
    return lambda operation: next(left, None)


def one(key: str, value: float | None) -> Contribution:
    rank = None if value is None else rank_of(value)
    return Contribution(members="rooms", key=key, lane="edge/rooms", n="1", value=value, rank=rank)


def case(position: str, size: int = 0) -> Case:
    reason = Reason(kind="record", message="bad")
    return Case(service="rooms", lane="l", position=position, reason=reason, record={"data": "x" * size})


def owing(v: int) -> Item:
    return Item(v=v, out=(Pending(id="i", output="area", destination="d", n=1),))


# -- calls --


def test_a_read_is_one_call_and_a_write_is_one_and_a_refusal_brings_what_is_there(
    table: DynamoDBStore, proxy: Proxy
) -> None:
    table.get("rooms", UNIT)
    table.put("rooms", UNIT, Item(v=1), 0)
    assert table.put("rooms", UNIT, Item(v=1, cells=b"rival"), 0) == Item(v=1)
    assert proxy.counted == {"GetItem": 1, "PutItem": 2}
    table.look("rooms", UNIT, [("rooms", "r1"), ("rooms", "r2")])
    table.put("rooms", UNIT, Item(v=2), 1, [one("r1", 1.0), one("r2", 2.0)])
    assert table.put("rooms", UNIT, Item(v=2), 1, [one("r1", 9.0)]) == Item(v=2)
    assert table.look("rooms", UNIT, [("rooms", "r1")])[1] == {("rooms", "r1"): one("r1", 1.0)}
    assert proxy.counted == {"GetItem": 1, "PutItem": 2, "TransactGetItems": 2, "TransactWriteItems": 2}


def test_every_call_of_a_service_has_a_leading_key_that_begins_with_its_name(
    table: DynamoDBStore, proxy: Proxy
) -> None:
    table.put("rooms", UNIT, owing(1), 0, [one("r1", 1.0)])
    table.look("rooms", UNIT, [("rooms", "r1")])
    table.ranked("rooms", UNIT, "rooms", highest=True, limit=2)
    assert list(table.pending("rooms", -120)) == [UNIT]
    for kept in (case("1"), case("2", 800_000)):
        table.keep(kept)
        assert table.case("rooms", kept.id) == kept
    assert len(table.cases("rooms")) == 2
    table.forget("rooms", [case("1").id, case("2").id])
    keys = [key for _, call in proxy.calls for key in leading_keys(call)]
    assert len(keys) >= len(proxy.calls) >= 20
    assert [key for key in keys if not key.startswith("rooms/")] == []


def leading_keys(call: dict[str, Any]) -> list[str]:
    """The partition keys that a call speaks of."""
    found = [call[part]["pk"]["S"] for part in ("Item", "Key") if part in call]
    values = call.get("ExpressionAttributeValues", {})
    found += [values[name]["S"] for name in (":pk", ":owes") if name in values]
    for transacted in call.get("TransactItems", ()):
        [inner] = transacted.values()
        found += leading_keys(inner)
    return found


def test_a_unit_that_is_written_all_the_time_is_moved_in_the_index_once_a_minute(
    table: DynamoDBStore,
) -> None:
    clock = table._now
    assert isinstance(clock, Clock)
    since = set()
    for v in range(1, 61):
        clock.seconds += 2
        table.put("rooms", UNIT, owing(v), v - 1)
        since.add(
            client("dynamodb").get_item(TableName=table.table, Key=unit_key("rooms", UNIT))["Item"]["since"][
                "N"
            ]
        )
    assert len(since) == 3


# -- what goes wrong on the way --


def test_throttling_is_waited_out(table: DynamoDBStore, proxy: Proxy) -> None:
    proxy.fault = times(2, "ProvisionedThroughputExceededException")
    assert table.put("rooms", UNIT, Item(v=1), 0) is None
    assert proxy.counted == {"PutItem": 3}
    proxy.fault = times(3, "ThrottlingException")
    assert table.get("rooms", UNIT) == Item(v=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.get("rooms", UNIT),
        lambda store: store.put("rooms", UNIT, Item(v=2), 1),
        lambda store: store.put("rooms", UNIT, Item(v=2), 1, [one("r1", 2.0)]),
        lambda store: store.look("rooms", UNIT, [("rooms", "r1")]),
        lambda store: store.ranked("rooms", UNIT, "rooms", highest=False, limit=1),
        lambda store: store.keep(case("1")),
        lambda store: list(store.pending("rooms", 0)),
    ],
)
def test_throttling_that_lasts_is_transient_and_changes_nothing(
    table: DynamoDBStore, proxy: Proxy, call: Callable[[DynamoDBStore], object]
) -> None:
    table.put("rooms", UNIT, Item(v=1), 0, [one("r1", 1.0)])
    proxy.fault = lambda operation: "ProvisionedThroughputExceededException"
    before = len(proxy.calls)
    with pytest.raises(Transient, match=rf"^dynamodb/{table.table} is busy or away .*tried again later"):
        call(table)
    assert len(proxy.calls) - before == 5
    proxy.fault = lambda operation: None
    assert table.look("rooms", UNIT, [("rooms", "r1")]) == (Item(v=1), {("rooms", "r1"): one("r1", 1.0)})
    assert table.cases("rooms") == []


def test_a_write_whose_answer_is_lost_comes_back_as_what_is_there(table: DynamoDBStore, proxy: Proxy) -> None:
    mine = Item(v=1, cells=b"mine")
    proxy.fault = times(1, "lose")
    assert table.put("rooms", UNIT, mine, 0) == mine, (
        "botocore asked again, and was refused with our own item"
    )
    assert proxy.counted == {"PutItem": 2}
    assert table.get("rooms", UNIT) == mine


def test_a_transaction_whose_answer_is_lost_is_known_by_its_token(table: DynamoDBStore, proxy: Proxy) -> None:
    proxy.fault = times(1, "lose")
    assert table.put("rooms", UNIT, Item(v=1), 0, [one("r1", 1.0)]) is None
    assert proxy.counted == {"TransactWriteItems": 2}
    assert table.look("rooms", UNIT, [("rooms", "r1")]) == (Item(v=1), {("rooms", "r1"): one("r1", 1.0)})


def cancelled(*codes: str) -> dict[str, Any]:
    return {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": f"Transaction cancelled [{', '.join(codes)}]",
        "CancellationReasons": [{"Code": code} for code in codes],
    }


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_meets_another_is_tried_again(
    table: DynamoDBStore, proxy: Proxy, code: str
) -> None:
    proxy.fault = times(2, cancelled("None", code))
    assert table.put("rooms", UNIT, Item(v=1), 0, [one("r1", 1.0)]) is None
    proxy.fault = lambda operation: cancelled(code, "None")
    with pytest.raises(Transient, match=rf"is busy \({code}\): tried again later"):
        table.look("rooms", UNIT, [("rooms", "r1")])
    assert proxy.counted == {"TransactWriteItems": 3, "TransactGetItems": 5}


def test_a_transaction_that_cannot_be_done_is_no_conflict(table: DynamoDBStore, proxy: Proxy) -> None:
    proxy.fault = lambda operation: cancelled("None", "ItemCollectionSizeLimitExceeded")
    with pytest.raises(ConfigurationError, match="ItemCollectionSizeLimitExceeded"):
        table.put("rooms", UNIT, Item(v=1), 0, [one("r1", 1.0)])


def test_a_cloud_that_is_away_is_transient(
    table: DynamoDBStore, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    with pytest.raises(Transient, match="could not be reached"):
        table.put("rooms", UNIT, Item(v=1), 0)


# -- tables that are none --


def test_a_table_that_is_missing_says_who_makes_it(cloud: Cloud) -> None:
    store = DynamoDBStore("not-there")
    calls: list[Callable[[], object]] = [
        lambda: store.get("rooms", UNIT),
        lambda: store.put("rooms", UNIT, Item(v=1), 0),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError) as caught:
            call()
        assert str(caught.value) == (
            "dynamodb/not-there, where state is to be kept, does not exist: `reactflow dev` makes it on this machine; "
            "elsewhere make it once, with DynamoDBStore('not-there').create()"
        )


def test_a_table_is_made_once_and_kept(table: DynamoDBStore) -> None:
    table.put("rooms", UNIT, Item(v=1), 0)
    assert table.create() == table.create()
    assert table.get("rooms", UNIT) == Item(v=1)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("room",), r"its primary key is \(room\), not \(pk, sk\)"),
        (("pk", "sk"), "it has no index 'ranked' as state needs it"),
    ],
)
def test_a_table_of_something_else_is_refused(
    cloud: Cloud, unique: Unique, names: tuple[str, ...], says: str
) -> None:
    name = unique("others")
    kinds: Sequence[Literal["HASH", "RANGE"]] = ("HASH", "RANGE")
    cloud.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(names, kinds, strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in names],
    )
    store = DynamoDBStore(name)
    with pytest.raises(
        ConfigurationError, match=f"is no table of reactflow's state: {says}. Name another table"
    ):
        store.create()
    with pytest.raises(ConfigurationError, match="is no table of reactflow's state"):
        store.get("rooms", UNIT) if names == ("room",) else list(store.pending("rooms", 0))


def test_a_name_that_no_table_has_and_a_senseless_number_of_calls_are_refused() -> None:
    with pytest.raises(BindingError, match=r"DynamoDB\('my state!'\): a table's name is"):
        DynamoDBStore("my state!")
    for number in (0, 33, True, 2.0):
        with pytest.raises(ConfigurationError, match="say a number of calls from 1 to 32"):
            DynamoDBStore("state", in_flight=number)  # type: ignore[arg-type]  # that is what is refused


# -- items that are none of ours --


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"v": {"N": "1"}},
        {"v": {"S": "1"}, "item": {"S": "{}"}},
        {"v": {"N": "1"}, "item": {"B": b"{}"}},
        {"v": {"N": "2"}, "item": {"S": Item(v=1).to_bytes().decode()}},
    ],
)
def test_a_foreign_item_is_named_and_never_written_over(
    table: DynamoDBStore, attributes: dict[str, Any]
) -> None:
    client("dynamodb").put_item(TableName=table.table, Item={**unit_key("rooms", UNIT), **attributes})
    for call in (
        lambda: table.get("rooms", UNIT),
        lambda: table.put("rooms", UNIT, Item(v=1), 0),
        lambda: table.put("rooms", UNIT, Item(v=8), 7),
        lambda: table.put("rooms", UNIT, Item(v=1), 0, [one("r1", 1.0)]),
        lambda: table.look("rooms", UNIT, [("rooms", "r1")]),
    ):
        with pytest.raises(StateError, match=rf"^dynamodb/{table.table}, service 'rooms': .*unit 'room=r1'"):
            call()
    there = client("dynamodb").get_item(TableName=table.table, Key=unit_key("rooms", UNIT))["Item"]
    assert there == {**unit_key("rooms", UNIT), **attributes}


def test_a_foreign_contribution_and_a_case_without_its_parts_are_named(table: DynamoDBStore) -> None:
    table.put("rooms", UNIT, Item(v=1), 0, [one("r1", 1.0)])
    table.keep(case("1", 800_000))
    dynamodb = client("dynamodb")
    for row in dynamodb.scan(TableName=table.table)["Items"]:
        key = {name: row.pop(name) for name in ("pk", "sk")}
        if "members" in row:
            dynamodb.put_item(TableName=table.table, Item={**key, **row, "data": {"S": "[]"}})
        elif "part" in row:
            dynamodb.delete_item(TableName=table.table, Key=key)
    with pytest.raises(StateError, match="unit 'room=r1': the contribution 'r1' to 'rooms' cannot be read"):
        table.look("rooms", UNIT, [("rooms", "r1")])
    with pytest.raises(
        StateError, match="case 'l@1' of service 'rooms' cannot be read: it has no attribute 'part'"
    ):
        table.cases("rooms")


# -- by name --


class Room(Flow):
    length = cell(0.0)


def test_a_service_names_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Service(Room, key="room", store="dynamodb:state").store
    assert isinstance(store, DynamoDBStore)
    assert store.table == "state"
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "rooms")
    monkeypatch.setenv("REACTFLOW_STATE", "dynamodb:units")
    assert repr(open_store()) == "DynamoDBStore('units')"
    monkeypatch.setenv("REACTFLOW_STATE", "dynamodb:my units")
    with pytest.raises(
        ConfigurationError, match=r"^REACTFLOW_STATE='dynamodb:my units' names no store: DynamoDB"
    ):
        open_store()


def test_a_table_is_named_before_aws_is_imported_and_needs_no_boto3_until_it_is_used() -> None:
    code = (
        "import sys; from reactflow.service.stores import open_store; assert 'reactflow.aws' not in sys.modules; "
        "print(open_store('dynamodb:state'), 'boto3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "DynamoDBStore('state') False\n"
