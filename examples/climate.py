"""Process streaming data: readings of weather stations, one live graph for each station and month."""

from __future__ import annotations

from reactflow import Flow, Pulse, Service, fold, folds, pulse, row
from reactflow.aws import DynamoDB, Kinesis


def to_celsius(fahrenheit: float) -> float:
    """Degrees Celsius."""
    return (fahrenheit - 32) / 1.8


class Month(Flow):
    """One month of one station: every reading counts."""

    fahrenheit: Pulse[float] = pulse()
    celsius = fahrenheit.map(to_celsius)
    readings = fold(celsius, folds.count)
    mean = fold(celsius, folds.mean)
    coldest = fold(celsius, folds.min)
    warmest = fold(celsius, folds.max)
    spread = warmest - coldest


climate = Service(
    Month,
    name="climate",
    key=("station", "month"),
    inputs=[Kinesis("readings", partition="month")],
    outputs=[
        row(Month.readings, Month.mean, Month.coldest, Month.warmest, Month.spread) >> DynamoDB("climate")
    ],
)
handler = climate.handler
