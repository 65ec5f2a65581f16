"""One semantics, two executions: on random flows and histories the live instance and the step agree.

A live event is a batch that rolls back if a named cell fails on it. Compared are the values of all named cells, the
occurrences of all named pulses, and whether and where an event fails; and the step with its state encoded and decoded
between any two events.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import currently_in_test_context, given, note, settings
from hypothesis import strategies as st

from reactflow.cells import UNSET, Failure, Readable, cell, derived, fold, folds, pulse
from reactflow.cells.batch import batch
from reactflow.cells.readable import current_outcome
from reactflow.errors import CellError, ReactflowError, StateError
from reactflow.flow import DEFAULT, Change, Event, Flow, Step, same_value
from reactflow.flow.general import apply_event
from reactflow.flow.outcomes import Before
from tests.flow.random_flows import bodies, histories, near, parity

many = settings(
    max_examples=max(300, settings.default.max_examples if settings.default else 0), deadline=None
)


class Undo(Exception):
    """Rolls a batch back."""


Seen = tuple[dict[str, Any], list[tuple[str, Any]]]


class Live:
    """A flow's instance, driven event by event."""

    def __init__(self, flow: type[Flow]) -> None:
        self.flow, self.room = flow, flow()
        self.cells: dict[str, Readable[Any]] = dict(vars(self.room.cells))

    def outcomes(self, is_pulse: bool = False) -> dict[str, Any]:
        return {name: current_outcome(one) for name, one in self.cells.items() if one.is_pulse is is_pulse}

    def values(self) -> dict[str, Any]:
        """The outcomes of cells; what cannot be stored, which only defaults can come to, is what a step makes of it."""
        found = self.outcomes()
        for name, outcome in found.items():
            try:
                self.flow.codec.to_plain(
                    None if outcome is UNSET or type(outcome) is Failure else outcome, name
                )
            except StateError as error:
                found[name] = Failure(error)
        return found

    def computes_from_what_cannot_be_stored(self) -> bool:
        """Whether a cell is computed from one that is an infinity on the defaults: no event was there to be refused."""
        plan, broken = self.flow.plan, set[int]()
        for name, outcome in self.outcomes().items():
            if type(outcome) is not Failure and not self.is_kept(outcome, name):
                broken.add(plan.names[name])
        return any(not broken.isdisjoint(node.inputs) for node in plan)

    def apply(self, event: Event) -> str | list[tuple[str, Any]]:
        """The occurrences of an event, or the name of the first cell that failed on it."""
        before = self.outcomes()
        occurred: list[tuple[str, Any]] = []
        failed = ""
        try:
            with batch():
                for name, value in event.writes.items():
                    if value is DEFAULT:
                        value = self.flow.plan[name].default
                    if value is UNSET:
                        self.cells[name].unset()  # type: ignore[attr-defined]
                    else:
                        self.cells[name].value = value  # type: ignore[attr-defined]
                for name, value in event.occurrences.items():
                    self.cells[name].emit(value)  # type: ignore[attr-defined]
                after, pulses = self.outcomes(), self.outcomes(is_pulse=True)
                failures = []
                for name, outcome in {**after, **pulses}.items():
                    is_new = outcome is not before.get(name, UNSET)
                    if is_new and not self.is_kept(outcome, name):
                        failures.append(name)
                if failures:
                    failed = min(failures, key=self.flow.plan.names.__getitem__)
                    raise Undo
                occurred = [(name, value) for name, value in pulses.items() if value is not UNSET]
        except Undo:
            return failed
        return sorted(occurred, key=lambda one: self.flow.plan.names[one[0]])

    def is_kept(self, outcome: Any, name: str) -> bool:
        """Whether an outcome is one that an event may leave."""
        try:
            self.flow.codec.to_plain(None if outcome is UNSET else outcome, name)
        except StateError:
            return False
        return True


def stepped(
    step: Step, state: dict[str, Any], event: Event
) -> tuple[dict[str, Any], str | list[tuple[str, Any]]]:
    untouched = step.codec.encode(state)
    try:
        after, applied = step.apply(state, event)
    except CellError as error:
        assert step.codec.encode(state) == untouched
        return state, error.cell
    assert step.codec.encode(state) == untouched
    return after, list(applied.occurrences)


def agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    def same(a: Any, b: Any) -> bool:
        if type(a) is Failure and type(b) is Failure:
            if isinstance(
                a.error, StateError
            ):  # the one says which value is too large, the other what came of it
                return isinstance(b.error, StateError)
            return type(a.error) is type(b.error) and str(a.error) == str(b.error)
        return a is b or same_value(a, b)

    return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)


@given(st.data())
@many
def test_the_live_instance_and_the_step_agree_on_every_event(data: st.DataObject) -> None:
    try:
        flow: type[Flow] = type("Random", (Flow,), data.draw(bodies()))
    except ReactflowError as error:  # not every random body is a flow
        note(f"refused: {error}")
        return
    events = data.draw(histories(flow))
    compare(flow, events)


def tell(text: str) -> None:
    if currently_in_test_context():
        note(text)


def compare(flow: type[Flow], events: list[Event]) -> None:
    """Run both executions, and the step through bytes, side by side."""
    tell("\n".join(f"{place} {node}" for place, node in enumerate(flow.plan)))
    live, step = Live(flow), flow.step()
    if live.computes_from_what_cannot_be_stored():
        tell("skipped: what is computed from an infinity that the defaults come to")
        return
    state = step.initial()
    tell(f"initial {state}")
    for event in events:
        expected = live.apply(event)
        packed = step.codec.decode(step.codec.encode(state))
        packed_after, packed_said = stepped(step, packed, event)
        state, said = stepped(step, state, event)
        tell(f"{event}: live {expected}, step {said}, state {state}")
        if isinstance(expected, str) or isinstance(said, str):
            assert said == expected
        else:
            assert same_value([list(one) for one in said], [list(one) for one in expected])
        assert agree(step.values(state), live.values())
        assert step.codec.encode(packed_after) == step.codec.encode(state)
        assert packed_said == said or same_value(packed_said, said)


# --- deliveries ---


@given(st.data())
@many
def test_deliveries_cut_in_any_way_come_to_what_single_events_come_to(data: st.DataObject) -> None:
    try:
        flow: type[Flow] = type("Random", (Flow,), data.draw(bodies()))
    except ReactflowError:
        return
    events = data.draw(histories(flow))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(events)), max_size=3)) | {0, len(events)})
    deliver(flow, [events[one:other] for one, other in pairwise(cuts)])


def deliver(flow: type[Flow], deliveries: list[list[Event]]) -> None:
    """Hold the step on whole deliveries, with its state encoded in between, to the general way event by event."""
    tell("\n".join(f"{place} {node}" for place, node in enumerate(flow.plan)))
    step = flow.step()
    state = step.initial()
    for events in deliveries:
        tell(f"{state} {events}")
        untouched = step.codec.encode(state)
        expected = one_by_one(step, state, events)
        if isinstance(expected, str):
            with pytest.raises(CellError) as caught:
                step(state, events)
            assert caught.value.cell == expected
            continue
        after, changes = step(state, events)
        assert step.codec.encode(state) == untouched
        assert step.codec.encode(after) == step.codec.encode(expected[0])
        assert same_value([list(one) for one in changes.occurrences], [list(one) for one in expected[2]])
        assert changes.cells.keys() == expected[1].keys()
        for name, change in changes.cells.items():
            assert all(
                agree({name: one}, {name: other})
                for one, other in zip(change, expected[1][name], strict=True)
            )
        state = step.codec.decode(step.codec.encode(after))


def one_by_one(
    step: Step, state: dict[str, Any], events: list[Event]
) -> str | tuple[dict[str, Any], dict[str, Change], list[tuple[str, object]]]:
    """The state, net changes and occurrences after events applied in the general way, or the first cell that fails."""
    after, moved, occurrences = dict(state), set[str](), list[tuple[str, object]]()
    for event in events:
        try:
            after, applied = apply_event(step.flow, step.shape, after, event)
        except CellError as error:
            return error.cell
        moved.update(applied.changed)
        occurrences += applied.occurrences
    old, new = Before(step.shape, state), Before(step.shape, after)
    changes: dict[str, Change] = {}
    for name, place in step.plan.names.items():
        if name not in moved:
            continue
        if step.plan.nodes[place].stored is False:
            if state.get(name, UNSET) != after.get(name, UNSET):
                changes[name] = UNSET, new.checked(place)
        elif not same_value(one := old.checked(place), other := new.checked(place)):
            changes[name] = one, other
    return after, changes, occurrences


# --- named cases: what the property test has found, and what it should never miss ---


def flow_of(**body: Any) -> type[Flow]:
    return type("Case", (Flow,), {**body, "__module__": __name__})


def test_case_an_equality_that_denies_that_a_value_equals_itself_survives_encoding() -> None:
    def body() -> dict[str, Any]:
        source = cell("a", equal=near)
        return {"s": source, "n": fold(source.changes(), folds.count)}

    compare(flow_of(**body()), [Event({"s": DEFAULT}), Event({"s": "a"}), Event({"s": "b"})])


def test_case_a_failure_on_the_defaults_is_passed_on_through_unnamed_cells() -> None:
    def body() -> dict[str, Any]:
        x, y = cell(0), cell(1)
        hidden = (x * 0).map(lambda value: 1 / value)
        return {"x": x, "y": y, "d": hidden + y, "e": 1 / x, "f": (1 / x) + y}

    compare(
        flow_of(**body()),
        [Event({"y": 2}), Event({"x": 1}), Event({"x": 0}), Event({"x": "a"}), Event({"y": 3})],
    )


def test_case_a_failure_that_becomes_a_value_is_a_change() -> None:
    def body() -> dict[str, Any]:
        x = cell(0)
        inverse = 1 / x
        return {"x": x, "inverse": inverse, "n": fold(inverse.changes(), folds.count)}

    compare(flow_of(**body()), [Event({"x": 2}), Event({"x": 0}), Event({"x": 4})])


def test_case_a_tolerance_compares_with_what_is_kept_not_with_what_came_last() -> None:
    def body() -> dict[str, Any]:
        x = cell(0)
        kept = derived(lambda value: value, x, equal=near)
        return {"x": x, "kept": kept, "n": fold(kept.changes(), folds.last)}

    compare(flow_of(**body()), [Event({"x": value}) for value in (1, 2, 3, 2, 1, 0)])


def test_case_a_pulse_and_a_cell_together_occur_with_the_pulse_only() -> None:
    def body() -> dict[str, Any]:
        p, x = pulse(), cell()
        both = derived(lambda one, other: (one, other), p, x)
        return {"p": p, "x": x, "both": both, "held": both.hold()}

    events = [
        Event({}, {"p": 1}),
        Event({"x": 1}),
        Event({"x": 2}, {"p": 1}),
        Event({}, {"p": 1}),
        Event({"x": UNSET}),
    ]
    compare(flow_of(**body()), events)


def test_case_what_is_not_stored_cuts_off_all_the_same() -> None:
    def body() -> dict[str, Any]:
        x = cell(0)
        odd = derived(parity, x, stored=False)
        return {"x": x, "odd": odd, "text": odd.map(str), "both": odd + x}

    compare(flow_of(**body()), [Event({"x": value}) for value in (2, 4, 5, UNSET, 5)])


def test_case_a_negative_zero_is_another_value() -> None:
    def body() -> dict[str, Any]:
        x = cell(0.0)
        return {"x": x, "text": x.map(str), "n": fold(x.changes(), folds.count)}

    compare(flow_of(**body()), [Event({"x": -0.0}), Event({"x": 0}), Event({"x": False}), Event({"x": 0.0})])


def test_case_a_function_may_say_that_an_unnamed_cell_is_unset() -> None:
    def body() -> dict[str, Any]:
        x, p = cell(), pulse()
        named = x.map(lambda value: UNSET if value == 2 else value).map(bool)
        return {"x": x, "p": p, "named": named, "changes": named.changes()}

    flow = flow_of(**body())
    events = [Event({"x": 2}, {"p": 0}), Event({"x": 0}, {"p": 0}), Event({"x": 2})]
    compare(flow, events)
    deliver(flow, [events])
    deliver(flow, [[event] for event in events])


def test_case_a_default_whose_double_is_too_large_is_a_failure_of_the_double() -> None:
    def body() -> dict[str, Any]:
        x, y = cell(1e308), cell(0.0)
        return {"x": x, "y": y, "double": x * 2.0, "both": y + 1.0}

    flow = flow_of(**body())
    events = [Event({"y": 1.0}), Event({"x": 1.0})]
    compare(flow, events)
    deliver(flow, [events])


def test_case_a_default_that_is_too_large_to_reckon_with_is_written() -> None:
    def body() -> dict[str, Any]:
        x, y = cell(0.0), cell(1e308)
        return {"x": x, "y": y, "product": x * y}

    flow = flow_of(**body())
    events = [Event({"y": DEFAULT, "x": 2.0}), Event({"y": 1.0})]
    compare(flow, events)
    deliver(flow, [[event] for event in events[1:]])


def test_case_a_cell_that_failed_on_what_a_fold_showed_first_has_failed_before() -> None:
    def body() -> dict[str, Any]:
        x, p = cell(0), pulse()
        count = fold(p, folds.count)
        return {"x": x, "p": p, "count": count, "ratio": x / count}

    flow = flow_of(**body())
    events = [Event({}, {"p": 0}), Event({"x": 1}, {"p": 0})]
    compare(flow, events)
    deliver(flow, [events])
    deliver(flow, [[event] for event in events])


def test_what_is_computed_from_an_infinity_on_the_defaults_fails_in_the_step() -> None:
    class Far(Flow):
        size = cell(1e308)
        twice = size + size
        is_large = twice.map(bool)

    step = Far.step()
    values = step.values(step.initial())
    assert step.initial() == {"size": 1e308}
    assert type(values["twice"]) is type(values["is_large"]) is Failure
    assert Far().is_large is True  # a live graph holds what can be held, until an event is refused
    compare(Far, [Event({"size": 1.0}), Event({"size": 1e308})])
    after, _ = step(step.initial(), [Event({"size": 2.0})])
    assert after == {"size": 2.0, "twice": 4.0, "is_large": True}
