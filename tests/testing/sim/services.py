"""Services to be simulated: between them they use every source, sink, kind of output, edge and cycle."""

from __future__ import annotations

from reactflow import (
    Cell,
    Flow,
    Pulse,
    Service,
    System,
    cell,
    derived,
    fold,
    folds,
    members,
    pulse,
    row,
    window,
)
from reactflow.aws import S3, DynamoDB, Kinesis, S3Object
from reactflow.sql import Table


class Room(Flow):
    length = cell(1.0)
    width: Cell[float] = cell()
    reading: Pulse[int] = pulse()
    area = length * width
    share = 6.0 / (length - width)  # fails where they are the same, and may not when it is tried later
    total = fold(reading, folds.sum)
    peak = fold(area.changes(), folds.max)


rooms = Service(
    Room,
    name="rooms",
    key="room",
    inputs=[Kinesis("measurements", partition="room")],
    outputs=[
        row(Room.area, limit=Room.peak, total=Room.total) >> DynamoDB("areas"),
        row(Room.reading, so_far=Room.total) >> Kinesis("log"),
        row(Room.reading, name="entries") >> DynamoDB("entries"),
    ],
)


class Site(Flow):
    """Fed in no order: every shard of the stream has records of every site."""

    amount: Pulse[int] = pulse()
    total = fold(amount, folds.sum)
    number = fold(amount, folds.count)
    most = fold(amount, folds.max)


sites = Service(
    Site,
    name="sites",
    key="site",
    inputs=[Kinesis("amounts")],
    outputs=[
        row(Site.total, Site.number, Site.most) >> S3("reports", key="sites/{site}.json"),
        row(Site.total, name="sums") >> Table("sqlite://", "sums", create=True),
    ],
)


shifts = Service(
    Site, name="shifts", key="site", inputs=[Kinesis("worked", parallelization_factor=3)],
    outputs=[row(Site.total, Site.number, Site.most) >> DynamoDB("shifts"), row(Site.amount) >> DynamoDB("worked")],
)  # fmt: skip
"""The same from one stream whose batches are delivered side by side: every partition key is in order by itself."""


class Employee(Flow):
    name: Cell[str] = cell()
    pay: Cell[int] = cell()
    grade = cell("junior")
    yearly = pay * 12
    raises = fold(pay.changes(), folds.count)
    steps = pay.changes()


employees = Service(
    Employee,
    name="employees",
    key="id",
    inputs=[DynamoDB("employees", keys="id")],
    outputs=[
        row(Employee.yearly, Employee.name, raises=Employee.raises) >> S3("staff", key="people/{id}.json"),
        row(Employee.yearly, name="pays", by=Employee.grade) >> DynamoDB("pays"),
        row(Employee.steps) >> DynamoDB("steps"),
    ],
)


class Photo(Flow):
    photo: Cell[S3Object] = cell()
    size = photo.map(lambda photo: photo.size or 0)
    share = 12 / size  # an empty one fails

    @derived(stored=False)
    def preview(self) -> bytes:
        return self.photo.read()[:3]


photos = Service(
    Photo,
    name="photos",
    key="name",
    inputs=[S3("photos", key="in/{name}")],
    outputs=[
        row(Photo.share, Photo.size) >> DynamoDB("sizes"),
        Photo.preview >> S3("photos", key="previews/{name}"),
    ],
)


class Floor(Flow):
    """Fed by the rooms: what each contributes, and every reading."""

    rooms = members(id="room", value="area")
    area = rooms.sum()
    largest = rooms.max()
    number = rooms.count()


class Ward(Flow):
    """One of its own for each room, fed by what the rooms tell: a cell and a pulse."""

    area: Cell[float] = cell()
    reading: Pulse[int] = pulse()
    twice = area * 2.0
    readings = fold(reading, folds.count)
    last_ones: Cell[int] = cell(0)


def chain() -> System:
    """Rooms tell floors (members) and wards (a cell, a pulse), over streams and a table."""
    telling = Service(
        Room,
        name="rooms",
        key="room",
        inputs=[Kinesis("measurements", partition="room")],
        outputs=[
            row(Room.area) >> Kinesis("areas", partition="room"),
            row(Room.reading) >> Kinesis("readings", partition="room"),
            row(Room.area, name="kept") >> DynamoDB("kept"),
        ],
    )
    floors = Service(
        Floor,
        name="floors",
        key=(),
        inputs=[Kinesis("areas", partition="room")],
        outputs=[row(Floor.area, Floor.largest, Floor.number) >> DynamoDB("floors", keys="unit")],
    )
    wards = Service(
        Ward,
        name="wards",
        key="room",
        inputs=[
            DynamoDB("kept", keys="room", fields={"area": "area"}),
            Kinesis("readings", partition="room", fields={"reading": "reading"}),
        ],
        outputs=[row(Ward.twice, Ward.readings) >> DynamoDB("wards")],
    )
    return System(telling, floors, wards)


class Order(Flow):
    """Asks, and counts what is acknowledged."""

    item: Pulse[int] = pulse()
    done: Pulse[int] = pulse()
    asked = fold(item, folds.count)
    acknowledged = fold(done, folds.count)


class Shipment(Flow):
    """Acknowledges everything that it is asked."""

    asked: Pulse[int] = pulse()
    done = asked.map(lambda one: one)
    number = fold(asked, folds.count)


def acknowledging() -> System:
    """Two services in a cycle: every order is shipped, and every shipment acknowledged."""
    orders = Service(
        Order,
        name="orders",
        key="order",
        inputs=[
            Kinesis("orders", partition="order", fields={"item": "item"}),
            Kinesis("done", partition="order", fields={"done": "done"}),
        ],
        outputs=[
            row(asked=Order.item) >> Kinesis("asked", partition="order"),
            row(Order.asked, Order.acknowledged) >> DynamoDB("orders"),
        ],
    )
    shipments = Service(
        Shipment,
        name="shipments",
        key="order",
        inputs=[Kinesis("asked", partition="order")],
        outputs=[
            row(Shipment.done) >> Kinesis("done", partition="order"),
            row(Shipment.number) >> DynamoDB("shipments"),
        ],
    )
    return System(orders, shipments, cycles=[("orders", "shipments")])


class Echo(Flow):
    """Says back one more than it hears: two of them never come to an end by themselves."""

    heard = cell(0)
    said = heard + 1


def endless() -> System:
    """Two services that feed each other for ever, but for the limit of hops."""

    def one(name: str, reads: str, writes: str, *more: str) -> Service:
        sources = [Kinesis(reads, partition="id", fields={"heard": "said"}, version="said")]
        sources += [
            Kinesis(other, partition="id", fields={"heard": "said"}, version="said") for other in more
        ]
        return Service(
            Echo,
            name=name,
            key="id",
            inputs=sources,
            outputs=[row(Echo.said) >> Kinesis(writes, partition="id")],
            hops=6,
        )

    return System(
        one("left", "lefts", "rights", "calls"), one("right", "rights", "lefts"), cycles=[("left", "right")]
    )


class Minute(Flow):
    value: Pulse[float] = pulse()
    total = fold(value, folds.sum)
    number = fold(value, folds.count)


minutes = Service(
    Minute,
    name="minutes",
    key=("sensor", window("1m", on="ts", unit="s", keep="1m", late=Kinesis("late"))),
    inputs=[Kinesis("samples", partition="sensor")],
    outputs=[row(Minute.total, Minute.number) >> DynamoDB("minutes")],
)


class Doc(Flow):
    """Two inputs write one cell; a version says which is later."""

    title: Cell[str] = cell()
    pages = cell(0)
    label = title.map(str.upper)


docs = Service(
    Doc,
    name="docs",
    key="doc",
    inputs=[Kinesis("edits", version="rev"), Kinesis("imports", version="rev")],
    outputs=[row(Doc.label, Doc.pages) >> DynamoDB("docs", owns="attributes")],
)


class Shelf(Flow):
    """The last writer wins in every cell, and some events fail that may succeed when they are redriven."""

    height: Cell[int] = cell()
    depth: Cell[int] = cell()
    ratio = 6 / (height - depth)
    touched: Pulse[int] = pulse()
    touches = fold(touched, folds.count)


shelves = Service(
    Shelf,
    name="shelves",
    key="shelf",
    inputs=[Kinesis("shelves", partition="shelf")],
    outputs=[row(Shelf.ratio, Shelf.height, Shelf.depth, Shelf.touches) >> DynamoDB("shelves")],
)

ALL = {
    "shelves": [shelves],
    "rooms": [rooms],
    "sites": [sites],
    "shifts": [shifts],
    "employees": [employees],
    "photos": [photos],
    "chain": [*chain().services.values()],
    "acknowledging": [*acknowledging().services.values()],
    "minutes": [minutes],
    "docs": [docs],
    "endless": [*endless().services.values()],
}
