"""Selectors against a cluster: who is meant, and the same draw from the same seed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos import targets
from cluster.chaos.orders import View

VIEW = View(
    replicas={"replica-1": "a", "replica-2": "b", "replica-3": "c"},
    nodes={"node-1": "a", "node-2": "b", "node-3": "c", "node-4": "a"},
    leader="replica-2",
)


def views() -> st.SearchStrategy[View]:
    """Clusters of some size, whose leader is known or not."""

    def made(replicas: list[str], nodes: list[str], leader: int) -> View:
        members = {f"replica-{i}": zone for i, zone in enumerate(replicas, 1)}
        names = [*members, ""]
        return View(
            members,
            {f"node-{i}": zone for i, zone in enumerate(nodes, 1)},
            names[leader % len(names)],
        )

    zone = st.sampled_from("abc")
    return st.builds(
        made, st.lists(zone, min_size=1, max_size=5), st.lists(zone, max_size=5), st.integers(0, 5)
    )


SELECTORS = st.sampled_from(
    ["leader", "followers", "follower", "replicas", "nodes", "all", "minority", "majority",
     "zone/a", "zone/random", "random-zone", "random", "random-replica", "random-node",
     "replica/1", "node/n1", "leader,node/1", "random,followers"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("leader", "replica-2"),
        ("followers", "replica-1 replica-3"),
        ("replicas", "replica-1 replica-2 replica-3"),
        ("nodes", "node-1 node-2 node-3 node-4"),
        ("zone/a", "replica-1 node-1 node-4"),
        ("node/n2", "node-2"),
        ("node/2", "node-2"),
        ("n2", "node-2"),
        ("r3", "replica-3"),
        ("node-2", "node-2"),
        ("replica/replica-1", "replica-1"),
        ("node-1, leader,replica-2", "replica-2 node-1"),
    ],
)
def test_who_is_meant(selector: str, names: str) -> None:
    assert targets.resolve(selector, VIEW) == tuple(names.split())


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("zone/d", "zone 'd' is not one of: a, b, c"),
        ("node/9", "node '9' is not one of: node-1"),
        ("replica/node-1", "replica 'node-1' is not one of: replica-1"),
        ("pod/x", "pod/x is none of: leader"),
        ("everything", "process 'everything' is not one of: replica-1"),
        ("", "process '' is not one of"),
    ],
)
def test_who_is_not_there_is_told(selector: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("'", ".")):
        targets.resolve(selector, VIEW)


@pytest.mark.parametrize("selector", ["leader", "followers", "follower"])
def test_nobody_can_tell_who_leads(selector: str) -> None:
    with pytest.raises(ValueError, match="no replica says that it leads"):
        targets.resolve(selector, View(VIEW.replicas, VIEW.nodes))


@given(SELECTORS, views(), st.integers())
def test_whoever_is_meant_is_there_once_and_the_same_again(
    selector: str, view: View, seed: int
) -> None:
    try:
        found = targets.resolve(selector, view, seed)
    except ValueError:
        return
    assert found
    assert len(set(found)) == len(found)
    assert set(found) <= {*view.replicas, *view.nodes}
    assert found == targets.resolve(selector, view, seed)
    assert not set(found) & set(targets.rest(found, view))
    assert {*found, *targets.rest(found, view)} == {*view.replicas, *view.nodes}


@given(views(), st.integers())
def test_a_minority_cannot_decide_and_the_majority_are_the_others(view: View, seed: int) -> None:
    more = targets.resolve("majority", view, seed)
    assert len(more) > len(view.replicas) / 2
    if len(view.replicas) > 2:
        fewer = targets.resolve("minority", view, seed)
        assert sorted((*fewer, *more)) == sorted(view.replicas)


@given(st.lists(st.text(), unique=True), st.integers(0, 10), st.integers())
def test_as_many_are_drawn_as_asked_for(items: list[str], count: int, seed: int) -> None:
    drawn = targets.draw(items, count, seed)
    assert len(drawn) == min(count, len(items))
    assert [item for item in items if item in drawn] == list(drawn)


def test_every_seed_gives_each_its_turn() -> None:
    assert {targets.resolve("random", VIEW, seed)[0] for seed in range(60)} == {
        *VIEW.replicas, *VIEW.nodes,
    }  # fmt: skip
