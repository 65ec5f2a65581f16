"""A time is in exactly one window, found exactly; what is no time in the declared unit is refused, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow import Flow, MemoryStore, Pulse, Service, fold, folds, pulse, window
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.errors import BindingError, ConfigurationError, RecordError, StateError
from reactflow.service import Key, Window
from reactflow.testing import dynamodb_event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FACTORS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SIZES = {"1s": 1, "30s": 30, "1m": 60, "90m": 5_400, "1h": 3_600, "1d": 86_400, "7d": 604_800}


def moment(start: str) -> Fraction:
    """The seconds since 1970 that the start of a window stands for."""
    assert start.endswith("Z")
    return Fraction((datetime.fromisoformat(start) - EPOCH) // timedelta(seconds=1))


@pytest.mark.parametrize(
    ("size", "unit", "value", "start"),
    [
        ("1m", "s", 0, "1970-01-01T00:00:00Z"),
        ("1m", "s", 59, "1970-01-01T00:00:00Z"),
        ("1m", "s", 60, "1970-01-01T00:01:00Z"),
        ("1m", "s", -1, "1969-12-31T23:59:00Z"),
        ("1m", "s", -60, "1969-12-31T23:59:00Z"),
        ("1m", "s", -60.5, "1969-12-31T23:58:00Z"),
        ("1m", "s", 59.99999999999999, "1970-01-01T00:00:00Z"),
        ("1m", "s", Decimal("59.99999999999999999999999999999999999"), "1970-01-01T00:00:00Z"),
        ("1m", "s", Decimal("6E+1"), "1970-01-01T00:01:00Z"),
        ("1m", "ms", 1_763_899_199_999, "2025-11-23T11:59:00Z"),
        ("1m", "ms", 1_763_899_200_000, "2025-11-23T12:00:00Z"),
        ("1h", "us", 1_763_899_200_000_000, "2025-11-23T12:00:00Z"),
        ("1d", "ns", 1_763_899_200_000_000_000, "2025-11-23T00:00:00Z"),
        ("1d", "ns", -1, "1969-12-31T00:00:00Z"),
        ("7d", "s", 0, "1970-01-01T00:00:00Z"),  # a Thursday
        ("1m", None, "2026-11-23T12:00:59.999999Z", "2026-11-23T12:00:00Z"),
        ("1h", None, "2026-11-23T00:30:00+01:00", "2026-11-22T23:00:00Z"),
        ("1h", None, "0001-01-01T00:30:00Z", "0001-01-01T00:00:00Z"),
        ("1h", None, "9999-12-31T23:59:59Z", "9999-12-31T23:00:00Z"),
        ("1m", None, datetime(2026, 11, 23, 13, 0, 1, tzinfo=timezone(timedelta(hours=1))), "2026-11-23T12:00:00Z"),
    ],
)  # fmt: skip
def test_a_time_is_in_the_window_that_it_falls_into(size: str, unit: Any, value: object, start: str) -> None:
    assert window(size, on="ts", unit=unit).read(value, "ts") == start


NUMBERS = st.integers(-(10**10), 10**10) | st.floats(-1e10, 1e10) | st.decimals(-(10**10), 10**10, places=12)


@given(value=NUMBERS, unit=st.sampled_from(sorted(FACTORS)), size=st.sampled_from(sorted(SIZES)))
def test_each_time_lies_in_its_window_to_the_last_digit(value: Any, unit: Any, size: str) -> None:
    start = moment(window(size, on="ts", unit=unit).read(value, "ts"))
    assert start <= Fraction(value) / FACTORS[unit] < start + SIZES[size]
    assert start % SIZES[size] == 0


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001  # bounds
def test_text_and_number_of_one_instant_are_in_one_window(at: datetime) -> None:
    if at.utcoffset() is None or at.utcoffset() % timedelta(minutes=1):  # type: ignore[operator]
        return  # what ISO text of few digits cannot say
    micros = (at - EPOCH) // timedelta(microseconds=1)
    told = window("1m", on="ts").read(at.isoformat(), "ts")
    assert told == window("1m", on="ts").read(at, "ts") == window("1m", on="ts", unit="us").read(micros, "ts")


@pytest.mark.parametrize(
    ("unit", "value", "says"),
    [
        ("s", "1763899200", "'1763899200' (str), not a number in unit 's': send a number, without quotes"),
        ("s", "2026-11-23T12:00:00Z", "in unit 's': send a number, or leave out unit= if times are ISO text"),
        ("s", True, "True (bool), not a number in unit 's': send a number"),
        ("s", None, "is null, and tells the window: send it in every record"),
        ("s", float("nan"), "is nan, which is no time"),
        ("s", float("-inf"), "is -inf, which is no time"),
        ("s", Decimal("NaN"), "is NaN, which is no time"),
        ("s", Decimal("1E+999999"), "which is no time"),
        ("s", Decimal("1E-999999"), "which is no time"),
        ("s", 1_763_899_200_000, "is not in the years 1 to 9999 in unit 's': is another unit meant?"),
        ("s", -(10**30), "is not in the years 1 to 9999"),
        ("s", datetime(2026, 11, 23, tzinfo=UTC), "(datetime), not a number in unit 's'"),
        (None, 1_763_899_200, "1763899200 (int), and no unit is declared: say unit='s', 'ms', 'us' or 'ns'"),
        (None, Decimal("1.5"), "1.5 (Decimal), and no unit is declared"),
        (None, date(2026, 11, 23), "(date), and no unit is declared: send ISO text"),
        (None, "2026-11-23T12:00:00", "does not say its offset from UTC: send '...Z' or '...+01:00'"),
        (None, "2026-11-23", "does not say its offset from UTC"),
        (None, "noon", "is 'noon', not a time: send ISO text such as '2026-11-23T12:00:00Z'"),
        (None, "-12.5", "send ISO text such as '2026-11-23T12:00:00Z', or a number, without quotes, and say unit="),
        (None, "0001-01-01T00:30:00+01:00", "is not in the years 1 to 9999"),
    ],
)  # fmt: skip
def test_what_is_no_time_in_the_declared_unit_is_refused(unit: Any, value: object, says: str) -> None:
    with pytest.raises(RecordError) as error:
        window("1m", on="ts", unit=unit).read(value, "the time 'ts'")
    assert says in str(error.value).replace("which is not", "is not")
    assert error.value.field == "ts"


@pytest.mark.parametrize(
    "size", ["", "1", "m", "0m", "1.5m", "-1m", "1w", "1M", " 1m", "1m ", "١m", "40000d", 60, None]
)
def test_what_is_no_duration_is_refused_with_examples(size: Any) -> None:
    with pytest.raises(
        BindingError, match="is no duration: write a whole number and s, m, h or d, such as '30s'"
    ):
        window(size, on="ts")
    with pytest.raises(BindingError, match=r"window\(keep="):
        window("1m", on="ts", keep=size if size is not None else "")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"on": ""}, "name the field that holds the event's time, as in on='ts'"),
        (
            {"on": "ts", "unit": "seconds"},
            "a number counts 's', 'ms', 'us' or 'ns' since 1970; leave unit= out",
        ),
        ({"on": "ts", "keep": "7d", "late": "late"}, r"window\(late='late'\): give it a sink"),
        (
            {"on": "ts", "late": Kinesis("late")},
            "without keep=: say how old an event may be, as in keep='7d'",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(options: Any, says: str) -> None:
    with pytest.raises(BindingError, match=says):
        window("1m", **options)


MINUTE = window("1m", on="ts", unit="s")


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (MINUTE, ("window",)),
        (("sensor", MINUTE), ("sensor", "window")),
        (("sensor", window("1m", on="ts", unit="s", name="minute")), ("sensor", "minute")),
        ({"sensor": str, "minute": MINUTE}, ("sensor", "minute")),
    ],
)
def test_a_window_is_a_field_of_the_key(spec: Any, names: tuple[str, ...]) -> None:
    key = Key.of(spec)
    assert (key.names, key.types) == (names, (str,) * len(names))
    unit = key.read({"sensor": "s,1", "ts": 61}, {})
    assert unit.values[-1] == "1970-01-01T00:01:00Z"
    assert key.decode(unit.text) == unit.values == key.unit(*unit.values).values
    assert unit.text.endswith(f"{names[-1]}=1970-01-01T00:01:00Z")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (
            ("sensor", MINUTE, window("1h", on="ts", unit="s", name="hour")),
            "the key has the windows window, hour",
        ),
        (("window", MINUTE), "the key has the field 'window' twice"),
        (("sensor", window("1m", on="ts", name="_w")), "is reserved"),
    ],
)
def test_a_key_has_one_window_with_a_name_of_its_own(spec: Any, says: str) -> None:
    with pytest.raises(BindingError, match=says):
        Key.of(spec)


@given(st.text(max_size=9), st.text(max_size=9), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_two_units_of_one_text_are_one_sensor_in_one_minute(a: str, b: str, s: int, t: int) -> None:
    key = Key.of(("sensor", MINUTE))
    try:
        one, other = (key.read({"sensor": name, "ts": ts}, {}) for name, ts in ((a, s), (b, t)))
    except RecordError:
        return  # half of a surrogate pair
    assert (one.text == other.text) == (a == b and s // 60 == t // 60)


def test_a_unit_is_named_by_the_start_of_its_window_only() -> None:
    key = Key.of(("sensor", MINUTE))
    for wrong in ("1970-01-01T00:00:30Z", "1970-01-01", "1970-02-30T00:00:00Z", 60):
        with pytest.raises(RecordError, match="is no start of a window of 1m"):
            key.unit("s1", wrong)
    with pytest.raises(StateError, match="is not the text of a key"):
        key.decode("sensor=s1,window=now")


class Mean(Flow):
    celsius: Pulse[float] = pulse()
    mean = fold(celsius, folds.mean)


def test_an_input_may_say_where_its_time_is() -> None:
    source = Kinesis("readings", key={"ts": "at.seconds", "sensor": "id"})
    (bound,) = Service(Mean, key=("sensor", MINUTE), inputs=[source]).bound
    assert bound.paths == {"sensor": "id", "window": "at.seconds"}
    from reactflow.service import Message

    (event,) = bound.events(Message({"id": "s1", "at": {"seconds": 61.5}, "celsius": 20.0}))
    assert event.unit.text == "sensor=s1,window=1970-01-01T00:01:00Z"
    assert event.ignored == frozenset()


def test_a_template_without_the_time_is_refused() -> None:
    photos = S3("photos", key="in/{sensor}/{name}", fields={"celsius": "object.size"})
    with pytest.raises(BindingError, match="does not tell the key's field 'ts'"):
        Service(Mean, key=("sensor", MINUTE), inputs=[photos])


def test_a_table_whose_items_are_finer_than_a_window_is_no_ordered_lane() -> None:
    class Level(Flow):
        level: Pulse[float] = pulse()
        last = fold(level, folds.last)

    with pytest.raises(BindingError, match="the fold 'last'"):
        Service(Level, key=("sensor", MINUTE), inputs=[DynamoDB("readings", keys=("sensor", "ts"))])
    assert Service(Mean, key=("sensor", MINUTE), inputs=[DynamoDB("readings", keys=("sensor", "ts"))]).bound
    taken_as_one = Service(Mean, key=("sensor", MINUTE), inputs=[DynamoDB("readings")], store=MemoryStore())
    item = {"sensor": "s1", "ts": 5, "celsius": 1.0}
    with pytest.raises(
        ConfigurationError, match=r"say keys= on the input, if all that they feed stands any order"
    ):
        taken_as_one.handler(dynamodb_event((None, item), table="readings", keys=("sensor", "ts")))


def test_a_window_is_a_value() -> None:
    assert window("90m", on="ts") == Window(5_400, "ts") != window("1h", on="ts")
