"""A service: the events that it takes, the flow that it is, the changes that it tells. It knows nothing else.

``Service(Room, key="room", inputs=[...], outputs=[...])`` is a frozen value. Everything that can be wrong with a
binding is found when it is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reactflow.cells import Kind, MemberFold
from reactflow.errors import BindingError, StateError
from reactflow.flow import Flow, Step
from reactflow.flow.laws import fold_laws
from reactflow.service.binding import Input
from reactflow.service.contracts import check_contract, check_feeders, check_folds, check_name, check_types
from reactflow.service.deadline import Deadline
from reactflow.service.decoding import short
from reactflow.service.item import number_name
from reactflow.service.key import Key
from reactflow.service.meeting import meet
from reactflow.service.options import count
from reactflow.service.output import LATE, Output
from reactflow.service.sink import Sink
from reactflow.service.source import Reader, Record, Source, report
from reactflow.service.stores import MemoryStore, Store, as_store, open_store
from reactflow.service.tasks import carried_out

if TYPE_CHECKING:
    from reactflow.cells import GraphView
    from reactflow.service.host import Host


def _tuple(values: object) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) else (values,)  # one alone is a list of one


def _late_output(key: Key) -> Output | None:
    """The output that tells of late records, if the key has a window with a sink for them."""
    if key.window is None:
        return None
    from reactflow.service.late import late_output  # most keys have no window

    return late_output(key)


@frozen(slots=False, eq=False)
class Service:
    """A flow bound to input events and output events, one unit of state for each key.

     ``key`` names the fields that tell one unit from another: a name, several, a mapping of names to str, int or date,
     a ``window`` among them, or ``()`` for one unit in all.
    ``name`` is the flow's unless given, and part of every stored unit's identity.
     ``store`` is where units are kept, a store or its name (``"sqlite:x.db"``, ``"memory"``); without one,
     ``REACTFLOW_STATE`` says, else memory, which AWS Lambda is refused. ``hops`` bounds how many services an event may
     come through.

     Raises BindingError, with the remedy, for whatever does not fit.
    """

    flow: type[Flow] = field()
    name: str = field(default="", kw_only=True)
    key: Any = field(default=None, kw_only=True)
    inputs: tuple[Source, ...] = field(default=(), converter=_tuple, kw_only=True)
    outputs: tuple[Output, ...] = field(default=(), converter=_tuple, kw_only=True)
    store: Store | None = field(default=None, converter=as_store, kw_only=True)
    hops: int = field(default=32, kw_only=True, validator=count)
    bound: tuple[Input, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        flow: object = self.flow
        if not (isinstance(flow, type) and issubclass(flow, Flow)):
            raise BindingError(
                f"Service({short(flow)}, ...): the first argument is a flow's class, as in Service(Room)"
            )
        put = object.__setattr__  # a frozen value is completed once, here
        put(self, "name", check_name(self.name or self.flow.__name__.lower()))
        if self.key is None:
            raise BindingError(
                f"service {self.name!r} has no key: say which field tells one unit from another, as in key='room', "
                "or key=() for one unit in all"
            )
        put(self, "key", Key.of(self.key))
        for one in self.inputs:
            if not isinstance(one, Source):
                raise BindingError(
                    f"service {self.name!r}: {short(one)} is not a source, such as Kinesis('measurements')"
                )
        put(self, "bound", tuple(Input.bind(one, self.flow, self.key) for one in self.inputs))
        check_types(self.name, self.bound)
        check_feeders(self.name, self.bound)
        for bound in self.bound:
            check_contract(bound)
        check_folds(self.bound)
        late = _late_output(self.key)
        outputs = [self._bind_output(one) for one in self.outputs if getattr(one, "pulse", "") != LATE]
        self._check_defaults()
        put(self, "outputs", (*outputs, *([late] if late is not None else [])))
        self._check_outputs()

    def _check_defaults(self) -> None:
        """Refuse a flow whose state cannot be stored even before the first event: no record could be applied."""
        step = self.flow.step()
        try:
            step.codec.encode(step.initial())
        except StateError as error:
            raise BindingError(
                f"service {self.name!r}: a unit of {self.flow.__name__} cannot be stored as it starts: {error}. Give "
                "the cell another default"
            ) from error

    def _bind_output(self, output: object) -> Output:
        if isinstance(output, Sink):
            raise BindingError(
                f"service {self.name!r}: the sink {output.destination} has nothing to write: give it a row, as in "
                f"row({self.flow.__name__}.{next(iter(self.flow.plan.names))}) >> {type(output).__name__}(...)"
            )
        if not isinstance(output, Output):
            raise BindingError(
                f"service {self.name!r}: {short(output)} has no sink to be written to: give it one, as in "
                f"row({self.flow.__name__}.{next(iter(self.flow.plan.names))}) >> DynamoDB('areas')"
            )
        return output.bind(self.flow, self.key.names)

    def _check_outputs(self) -> None:
        seen: set[tuple[str, str]] = set()
        for output in self.outputs:
            names = (output.name, output.sink.destination)
            if names in seen:
                raise BindingError(
                    f"service {self.name!r} has two outputs named {names[0]!r} to {names[1]}: make them one row, or "
                    "give one another name, as in row(..., name='second')"
                )
            seen.add(names)
            for read in self.reads:
                if meet(output.sink.reach, read):
                    raise BindingError(
                        f"service {self.name!r} writes {output.sink.reach} and reads {read}: it would feed itself. "
                        "Write to another place, or to a prefix that does not lie in the one it reads"
                    )

    @cached_property
    def step(self) -> Step:
        """The flow as a pure function, made once."""
        return self.flow.step()

    @cached_property
    def inputs_of(self) -> Mapping[str, Sequence[Input]]:
        """The inputs by the resource that they read."""
        found: dict[str, list[Input]] = {}
        for one in self.bound:
            found.setdefault(one.resource, []).append(one)
        return found

    @cached_property
    def readers(self) -> Mapping[str, Reader]:
        """The quick ways to read, by the resource of which the records are for one input alone."""
        return {
            resource: found[0].reader
            for resource, found in self.inputs_of.items()
            if len(found) == 1 and found[0].reader is not None
        }

    @cached_property
    def fed(self) -> frozenset[str]:
        """The source cells and members that an input feeds."""
        plan = self.flow.plan
        fed = [plan[name] for one in self.bound for name in one.feeds]
        return frozenset(
            str(node.name) for node in fed if node.kind is Kind.SOURCE or node.gathered is not None
        )

    @cached_property
    def few_lanes(self) -> frozenset[str]:
        """The resources of which each lane is watched for itself."""
        return frozenset(one.resource for one in self.bound if one.source.has_few_lanes)

    @cached_property
    def in_order(self) -> frozenset[str]:
        """The source cells, pulses and members that a fold is computed from which needs its events in order."""
        plan = self.flow.plan
        places = frozenset().union(*(one.upstream for one in fold_laws(plan) if one.is_general))
        return frozenset(str(plan.nodes[place].name) for place in places)

    @cached_property
    def member_folds(self) -> Mapping[str, Mapping[str, MemberFold]]:
        """The folds of each of the flow's members, by their names."""
        found: dict[str, dict[str, MemberFold]] = {
            str(node.name): {} for node in self.flow.plan if node.gathered is not None
        }
        for node in self.flow.plan:
            if isinstance(node.fold, MemberFold):
                found[str(self.flow.plan.nodes[node.inputs[0]].name)][str(node.name)] = node.fold
        return found

    @cached_property
    def outputs_by_name(self) -> Mapping[tuple[str, str], Output]:
        """The outputs by name and destination."""
        return {(one.name, one.sink.destination): one for one in self.outputs}

    @cached_property
    def kept(self) -> frozenset[str]:
        """The cells of which the state holds the very value, if they have one."""
        return frozenset(
            node.name
            for node in self.flow.plan
            if node.name and not node.is_pulse and node.kind is not Kind.FOLD and node.stored is not False
        )

    @cached_property
    def is_quiet(self) -> bool:
        """Whether nothing has to be known of a single event: no sink is asked or told of it, no value is not stored."""
        return not (self.logged or self.confirmed or self.unstored)

    @cached_property
    def unstored(self) -> frozenset[str]:
        """The cells whose values are not kept in the state, and computed anew when needed."""
        return frozenset(str(node.name) for node in self.flow.plan if node.name and node.stored is False)

    @cached_property
    def logged(self) -> frozenset[str]:
        """The pulses of which an output tells every occurrence."""
        return frozenset(output.pulse for output in self.outputs if output.pulse)

    @cached_property
    def late(self) -> Output | None:
        """The output that tells of late records, where the key's window has a sink for them."""
        return next((one for one in self.outputs if one.pulse == LATE), None)

    @cached_property
    def confirmed(self) -> tuple[Output, ...]:
        """The outputs that have to be asked before a change is stored: by their sink, or for what by= keys them by."""
        return tuple(one for one in self.outputs if one.by or type(one.sink).confirm is not Sink.confirm)

    @cached_property
    def glanced(self) -> Sequence[tuple[str, Output]] | None:
        """The rows among them, by what they are counted by; None where a glance at the columns cannot tell enough."""
        rows = [one for one in self.confirmed if not one.pulse]
        if any(one.by or self.unstored.intersection(one.cells.values()) for one in rows):
            return None
        return [(number_name(one.name, one.sink.destination), one) for one in rows]

    @cached_property
    def keyed(self) -> Mapping[str, Mapping[str, str]]:
        """The cells that key the rows of an output, beside the unit's key, by what its changes are counted by."""
        return {
            number_name(one.name, one.sink.destination): one.by
            for one in self.outputs
            if one.by and not one.pulse
        }

    @cached_property
    def host(self) -> Host:
        """What runs the service in this process."""
        from reactflow.service.host import Host
        from reactflow.service.telemetry import watcher

        store = self.store
        if store is None:  # without inputs there are no units to be kept
            store = open_store() if self.bound else MemoryStore()
        return Host(self, store, listener=watcher())

    def handler(self, event: Mapping[str, Any], context: object = None) -> object:
        """What AWS Lambda calls: takes the very events that Lambda delivers, returns what Lambda expects.

        Called with values of source cells, it answers with the cells (see ``service.invocation``), and with
        ``{"reactflow": "sweep"}`` it sweeps.

        >>> from reactflow import Flow, Service, cell
        >>> from reactflow.aws import Kinesis
        >>> class Room(Flow):
        ...     length = cell(0.0)
        >>> rooms = Service(Room, key="room", inputs=[Kinesis("measurements", partition="room")])
        >>> rooms.handler({"Records": []})
        {'batchItemFailures': []}
        >>> rooms.handler({"length": 3})
        {'length': 3.0}
        """
        return self.host.handle(event, context)

    def sweeper(self, event: object = None, context: object = None) -> dict[str, int]:
        """What AWS Lambda calls on a schedule, every minute or so: publishes what idle units owe; returns how much.

        Once a day it also has units of old windows forget their cells. Raises ConfigurationError for a sink that will
        never work. What only may pass is found again by the next call.

        >>> from reactflow import Flow, Service, cell
        >>> class Room(Flow):
        ...     length = cell(0.0)
        >>> Service(Room, key="room").sweeper()
        {'units': 0, 'published': 0, 'waiting': 0, 'expired': 0}
        """
        return carried_out(self.host, "sweep", Deadline.of(context))

    def acknowledge(self, records: Sequence[Record], unfinished: Collection[int]) -> object:
        """What the trigger of these records is told."""
        for record in records:
            for one in self.bound:
                if one.source.resource == record.resource:
                    return one.source.acknowledge(records, unfinished)
        return report(records, unfinished)

    def show(self) -> GraphView:
        """The service as a picture: what it reads, the cells of its flow, what it writes."""
        from reactflow.service.picture import picture

        return picture(self)

    @property
    def reads(self) -> tuple[str, ...]:
        """What the service reads, such as ``kinesis/measurements`` or ``s3/photos/in/``."""
        return tuple(dict.fromkeys(one.source.reach for one in self.bound))

    @property
    def writes(self) -> tuple[str, ...]:
        """What the service writes, such as ``dynamodb/areas``."""
        return tuple(dict.fromkeys(one.sink.reach for one in self.outputs))

    def __repr__(self) -> str:
        way = [", ".join(self.reads), self.flow.__name__, ", ".join(self.writes)]
        return f"<service {self.name}: {' -> '.join(part for part in way if part)}>"
