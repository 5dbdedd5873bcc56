"""The algebra of field sets, against plain Python sets of paths."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cluster.api import ownership_sets as sets

ELEMENTS = ["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"', "i:0"]
Paths = set[tuple[str, ...]]
path_sets = st.sets(st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=3).map(tuple))


def build(members: Paths) -> dict[str, Any]:
    """The normal form, the slow way."""
    root: dict[str, Any] = {}
    for first in sorted({path[0] for path in members}):
        children = build({path[1:] for path in members if path[0] == first and len(path) > 1})
        node = sets.make_node((first,) in members, children)
        assert node is not None
        root[first] = node
    return root


def members(fields: dict[str, Any]) -> Paths:
    found: Paths = set()
    for key, child in fields.items():
        if key == ".":
            continue
        if sets.is_member(child):
            found.add((key,))
        found |= {(key, *rest) for rest in members(child)}
    return found


@given(path_sets, path_sets)
def test_the_algebra_is_that_of_sets(one: Paths, other: Paths) -> None:
    left, right = build(one), build(other)
    assert sets.union(left, right) == build(one | other)
    assert sets.difference(left, right) == build(one - other)
    assert sets.intersection(left, right) == build(one & other)
    assert (left, right) == (build(one), build(other))


@given(path_sets)
def test_members_and_texts(one: Paths) -> None:
    fields = build(one)
    assert members(fields) == one
    assert len(list(sets.paths(fields))) == len(one)
    assert sets.is_well_formed(fields)


@given(path_sets)
def test_named_parents_are_those_on_the_way(one: Paths) -> None:
    grown = members(sets.with_named_parents(build(one)))
    ways = {path[:n] for path in one for n in range(1, len(path))}
    assert grown == one | {way for way in ways if way[-1].startswith("f:")}


def test_paths_read_as_people_write_them() -> None:
    fields = {
        "f:spec": {
            "f:containers": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:image": {}}},
            "f:finalizers": {'v:"a"': {}},
            "f:list": {"i:3": {}},
        }
    }
    assert list(sets.paths(fields)) == [
        '.spec.containers[containerPort=80,protocol="TCP"]',
        '.spec.containers[containerPort=80,protocol="TCP"].image',
        '.spec.finalizers[="a"]',
        ".spec.list[3]",
    ]


def test_nonsense_is_not_well_formed() -> None:
    for nonsense in ([], {"a": {}}, {"f:a": 1}, {"k:[]": {}}, {"k:{": {}}):
        assert not sets.is_well_formed(nonsense)
