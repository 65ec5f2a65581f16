"""Who causes whom: edges, causes, effects, cycles; checked against a naive answer on random systems."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactflow.errors import BindingError
from reactflow.service.causality import Edge, Reach, causes, components, cycles, edges, effects

TALK: list[Reach] = [
    ("a", ["kinesis/in"], ["kinesis/x"]),
    ("b", ["kinesis/x"], ["dynamodb/y", "s3/z"]),
    ("e", ["dynamodb/y"], []),
    ("f", ["s3/z/small/"], []),
]


def test_edges_are_found_from_what_services_read_and_write() -> None:
    assert edges(TALK) == (Edge("a", "b", "kinesis/x"), Edge("b", "e", "dynamodb/y"), Edge("b", "f", "s3/z"))


def test_what_is_causing_e_and_f() -> None:
    assert causes(TALK, "e", "f", direct=True) == ("b",)
    assert causes(TALK, "e", "f") == ("b", "a")
    assert effects(TALK, "a") == ("b", "e", "f")
    assert effects(TALK, "a", direct=True) == ("b",)


def test_service_in_a_cycle_is_its_own_cause() -> None:
    ring: list[Reach] = [("a", ["z"], ["x"]), ("b", ["x"], ["y"]), ("c", ["y"], ["z"]), ("d", ["y"], [])]
    assert causes(ring, "a") == ("c", "b", "a")
    assert cycles(ring) == (("a", "b", "c", "a"),)
    assert components(ring) == (("a", "b", "c"), ("d",))


def test_service_that_feeds_itself_is_a_cycle_unless_its_prefixes_are_apart() -> None:
    assert cycles([("thumbs", ["s3/photos/in/"], ["s3/photos/in/small/"])]) == (("thumbs", "thumbs"),)
    assert cycles([("thumbs", ["s3/photos/in/"], ["s3/photos/thumbs/"])]) == ()


def test_unknown_and_double_names_are_refused() -> None:
    with pytest.raises(BindingError, match="no service has the name 'x': there are 'a', 'b', 'e', 'f'"):
        causes(TALK, "x")
    with pytest.raises(BindingError, match="2 services have the name 'a': give each its own with name="):
        edges([TALK[0], TALK[0]])


def test_chain_of_any_length_needs_no_recursion() -> None:
    size = 5_000
    chain: list[Reach] = [(f"s{n}", [f"r{n}"], [f"r{n + 1}"]) for n in range(size)]
    assert len(effects(chain, "s0")) == size - 1
    assert components(chain) == tuple((f"s{n}",) for n in range(size))
    ring = [*chain, ("last", [f"r{size}"], ["r0"])]
    assert [len(each) for each in components(ring)] == [size + 1]


RESOURCES = st.sets(st.sampled_from("uvwxyz"), max_size=3)


@given(st.lists(st.tuples(RESOURCES, RESOURCES), max_size=7))
def test_answers_agree_with_the_naive_ones(reaches: list[tuple[set[str], set[str]]]) -> None:
    services = [(f"s{n}", sorted(reads), sorted(writes)) for n, (reads, writes) in enumerate(reaches)]
    names = [name for name, _, _ in services]
    reach = {(a, b) for a, _, writes in services for b, reads, _ in services if set(writes) & set(reads)}
    assert {(edge.cause, edge.effect) for edge in edges(services)} == reach
    for middle, first, last in itertools.product(names, repeat=3):
        if (first, middle) in reach and (middle, last) in reach:
            reach.add((first, last))
    for name in names:
        assert set(effects(services, name)) == {b for a, b in reach if a == name}
        assert set(causes(services, name)) == {a for a, b in reach if b == name}
    found = components(services)
    assert sorted(itertools.chain(*found)) == sorted(names)
    for first, last in itertools.product(names, repeat=2):
        together = any(first in each and last in each for each in found)
        assert together == (first == last or {(first, last), (last, first)} <= reach)
    place = {name: number for number, each in enumerate(found) for name in each}
    assert all(place[a] <= place[b] for a, b in reach)
    direct = {(edge.cause, edge.effect) for edge in edges(services)}
    for way in cycles(services):
        assert way[0] == way[-1]
        assert set(itertools.pairwise(way)) <= direct
    assert {name for name in names if (name, name) in reach} == {
        name for each in found for name in each if any(way[0] in each for way in cycles(services))
    }
