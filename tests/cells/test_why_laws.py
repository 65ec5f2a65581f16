"""What ``why`` says, held to laws on random graphs and histories."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reactflow import batch, cell, derived, explaining, why
from reactflow.cells import Cell, Derived, Readable
from reactflow.cells.fast_paths import fast_paths


def ignore(_: object) -> None:
    pass


FUNCTIONS: list[Any] = [
    min,
    max,
    lambda a, b: (a + b) % 5,
    lambda a, b: a if b > 2 else 0,
    lambda a, b: a * b % 3,
]
SOURCES = 3

graphs = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=8
)
events = st.lists(
    st.dictionaries(st.integers(0, SOURCES - 1), st.integers(0, 4), min_size=1), min_size=1, max_size=6
)


def made(
    shape: list[tuple[int, int, int]], values: list[int], held: dict[int, int] | None = None
) -> tuple[list[Cell[int]], list[Derived[int]]]:
    """A graph of explicit and tracked cells; those that are held are constants."""
    sources = [cell(value, name=f"s{place}") for place, value in enumerate(values)]
    nodes: list[Any] = list(sources)
    for place, (one, other, what) in enumerate(shape):
        a, b, fn = nodes[one % len(nodes)], nodes[other % len(nodes)], FUNCTIONS[what % len(FUNCTIONS)]
        if held and place in held:
            nodes.append(cell(held[place], name=f"d{place}"))
        elif what < len(FUNCTIONS):
            nodes.append(derived(fn, a, b, name=f"d{place}"))
        else:
            nodes.append(derived(_tracked(fn, a, b), name=f"d{place}"))
    return sources, nodes[SOURCES:]


def _tracked(fn: Any, a: Any, b: Any) -> Any:
    return lambda: fn(a.value, b.value) if a.value else a.value


@settings(max_examples=150)
@given(graphs, events, st.booleans())
def test_the_writes_named_are_enough_and_each_cell_of_a_way_is_an_input_of_the_next(
    shape: list[tuple[int, int, int]], history: list[dict[int, int]], recorded: bool
) -> None:
    """Those writes alone, applied to the state before, give the value, when what did not change is held as it was."""
    sources, nodes = made(shape, [1] * SOURCES)
    stops = [node.subscribe(ignore) for node in nodes]
    by_name: dict[str, Readable[Any]] = {one.name: one for one in (*sources, *nodes)}
    log = explaining()
    if recorded:
        log.start()
    before = [1] * SOURCES
    for event in history:
        old = {node: node.value for node in nodes}
        with batch():
            for place, value in event.items():
                sources[place].value = value
        for node in nodes:
            if node.value == old[node]:
                continue
            answer = why(node)
            assert answer.verdict == "changed"
            assert answer.is_complete
            alone = before.copy()
            for write in answer.writes:
                place = int(write.name[1:])
                assert write.outcome == event[place]
                alone[place] = event[place]
            held = {place: old[one] for place, one in enumerate(nodes) if one.value == old[one]}
            assert made(shape, alone, held)[1][nodes.index(node)].value == node.value
            for path in answer.paths:
                assert path[-1] == node.name
                for one, following in pairwise(path):
                    assert by_name[one] in by_name[following].inputs
        before = [one.value for one in sources]
    log.stop()
    for stop in stops:
        stop()


@settings(max_examples=100)
@given(
    graphs,
    st.lists(st.tuples(st.integers(0, SOURCES - 1), st.integers(0, 4), st.booleans()), max_size=12),
    st.booleans(),
)
# while s0 was away, nobody computed d0: d1 reads it anew, and would be another had s0 not come back
@example([(0, 0, 0), (1, 3, 5)], [(0, 0, False), (1, 0, True), (0, 1, False), (1, 1, True)], False)
@example([(0, 0, 0), (1, 3, 5)], [(0, 0, False), (1, 0, True), (0, 1, False), (1, 1, True)], True)
@example(
    [(0, 0, 0), (1, 3, 5)], [(0, 2, True), (0, 0, False), (1, 0, True), (1, 1, False), (0, 2, True)], True
)
def test_of_a_cell_that_is_read_now_and_then_no_write_is_named_for_certain_that_it_had_seen_before(
    shape: list[tuple[int, int, int]], history: list[tuple[int, int, bool]], recorded: bool
) -> None:
    node: Any
    log = explaining()
    with fast_paths(not recorded), log if recorded else nullcontext():
        sources, nodes = made(shape, [1] * SOURCES)
        node = nodes[-1]
        old = node.value
        values, since = [1] * SOURCES, {}
        for place, value, reads in history:
            if values[place] != value:
                sources[place].value = since[place] = value
            if reads and node.value != old:
                answer = why(node)
                named = {int(write.name[1:]): write.outcome for write in answer.writes}
                perhaps = {int(write.name[1:]): write.outcome for write in answer.also}
                assert named.items() <= since.items()
                assert answer.verdict == "changed" or (perhaps and not recorded)
                alone = values.copy()
                for number, outcome in {**named, **perhaps}.items():
                    assert isinstance(outcome, int)
                    alone[number] = outcome
                then, now = made(shape, values)[1], made(shape, [one.value for one in sources])[1]
                pairs = zip(then, now, strict=True)
                held = {place: one.value for place, (one, two) in enumerate(pairs) if one.value == two.value}
                assert made(shape, alone, held)[1][-1].value == node.value
            if reads:
                old, since = node.value, {}
                values = [one.value for one in sources]


def test_what_lies_behind_a_cell_that_was_not_read_meanwhile_may_have_counted_also_in_a_log() -> None:
    on, length = cell(True, name="on"), cell(1, name="length")
    limited = length.map(lambda metres: min(metres, 5), name="limited")
    shown = derived(lambda: limited.value if on.value else 0, name="shown")
    with explaining():
        assert shown.value == 1
        on.value, length.value = False, 0
        assert shown.value == 0
        on.value, length.value = True, 1  # limited is what it was when it was read last
        assert shown.value == 1
        answer = why(shown)
    assert [write.name for write in answer.writes] == ["on"]
    assert [write.name for write in answer.also] == ["length"]
    assert not answer.is_complete
    assert "explaining()" not in str(answer)  # it would tell no more
