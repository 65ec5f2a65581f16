"""Windows: the mean of each sensor in each minute, by the time of the reading; what comes a day late goes elsewhere."""

from __future__ import annotations

from reactflow import Flow, Pulse, Service, fold, folds, pulse, row, window
from reactflow.aws import DynamoDB, Kinesis


class Minute(Flow):
    """One minute of one sensor: every reading counts, whenever it comes."""

    celsius: Pulse[float] = pulse()
    readings = fold(celsius, folds.count)
    mean = fold(celsius, folds.mean)
    warmest = fold(celsius, folds.max)


sensors = Service(
    Minute,
    name="sensors",
    key=("sensor", window("1m", on="ts", unit="s", name="minute", keep="1d", late=DynamoDB("late_readings"))),
    inputs=[Kinesis("sensors")],
    outputs=[row(Minute.readings, Minute.mean, Minute.warmest) >> DynamoDB("minutes")],
)
handler = sensors.handler
