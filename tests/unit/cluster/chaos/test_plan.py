"""Orders become faults of processes: who must not send to whom, and nothing beyond the order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos import plan
from cluster.chaos.faults import ClockFault, LinkFault, StorageFault, decode, encode
from cluster.chaos.orders import VERBS, Order, View, Way
from tests.unit.cluster.chaos.test_targets import SELECTORS, VIEW, views

AMOUNTS = {
    "delay": 0.04, "loss": 0.1, "duplicate": 0.1, "reorder": 0.1, "bandwidth": 1e6,
    "slow-disk": 0.2, "clock": -30.0, "torn-write": 0.25,
}  # fmt: skip
WAYS: st.SearchStrategy[Way] = st.sampled_from(["both", "out", "in", "bridge"])


def cuts(order: Order, view: View = VIEW, seed: int = 0) -> set[tuple[str, str]]:
    """Who cannot send to whom."""
    return set(plan.senders(plan.faults(order, "p-1", plan.who(order, view, seed))))


def test_a_partition_cuts_both_ways() -> None:
    found = cuts(Order("partition", "leader", "followers"))
    assert found == {
        ("replica-2", "replica-1"), ("replica-2", "replica-3"),
        ("replica-1", "replica-2"), ("replica-3", "replica-2"),
    }  # fmt: skip


def test_out_and_in_are_the_two_halves_of_both() -> None:
    out, into, both = (
        cuts(Order("partition", "zone/a", "zone/b", way=way)) for way in ("out", "in", "both")
    )
    assert out == {(one, other) for other, one in into}
    assert out | into == both
    assert not out & into


def test_a_bridge_hears_both_halves_which_do_not_hear_each_other() -> None:
    found = cuts(Order("partition", "leader", way="bridge"))
    assert not [pair for pair in found if "replica-2" in pair]
    assert ("replica-1", "replica-3") in found
    assert found == {(other, one) for one, other in found}


@given(SELECTORS, st.one_of(st.just(""), SELECTORS), WAYS, views(), st.integers())
def test_a_partition_of_any_two_sides(
    target: str, other: str, way: Way, view: View, seed: int
) -> None:
    order = Order("partition", target, "" if way == "bridge" else other, way=way)
    try:
        names, others = plan.who(order, view, seed)
    except ValueError:
        return
    assert names
    assert others
    assert not set(names) & set(others)
    found = cuts(order, view, seed)
    forth = {(one, two) for one in names for two in others}
    back = {(two, one) for one, two in forth}
    assert found == {"out": forth, "in": back}.get(way, forth | back)


@given(st.sampled_from(VERBS), SELECTORS, views(), st.integers())
def test_only_who_is_hit_suffers_and_a_process_can_read_it(
    verb: str, target: str, view: View, seed: int
) -> None:
    order = Order(verb, target, amount=AMOUNTS.get(verb, 0.0))  # type: ignore[arg-type]  # of VERBS
    try:
        sides = plan.who(order, view, seed)
    except ValueError:
        return
    found = plan.faults(order, f"{verb}-1", sides, until=5.0)
    assert set(found) <= {*sides[0], *sides[1]}
    assert bool(found) == (verb not in plan.OUTER and verb not in plan.CONTAINERS[1:])
    made = tuple(found.values())
    assert decode(encode(made)) == made
    assert all((fault.name, fault.until) == (f"{verb}-1", 5.0) for fault in made)
    if verb in plan.STORAGE:
        assert set(sides[0]) <= set(view.replicas)
    if verb in plan.CONTAINERS:
        assert set(sides[0]) <= set(view.nodes)


def test_amounts_are_what_was_asked_for() -> None:
    sides = (("replica-1",), ("replica-2",))
    delay = plan.faults(Order("delay", amount=0.04, jitter=0.01), "d-1", sides)
    assert delay["replica-1"] == LinkFault("d-1", ("replica-2",), delay=0.04, jitter=0.01)
    assert delay["replica-2"] == LinkFault("d-1", ("replica-1",), delay=0.04, jitter=0.01)
    for verb in ("loss", "duplicate", "reorder"):
        fault = plan.faults(Order(verb, amount=0.25), "n", sides)["replica-1"]
        assert getattr(fault, verb) == 0.25
    width = plan.faults(Order("bandwidth", amount=2e6), "n", sides)["replica-1"]
    assert width == LinkFault("n", ("replica-2",), bandwidth=2_000_000)
    slow = plan.faults(Order("slow-disk", amount=0.2), "n", sides)
    assert slow == {"replica-1": StorageFault("n", "slow", seconds=0.2)}
    torn = plan.faults(Order("torn-write"), "n", sides)["replica-1"]
    assert torn == StorageFault("n", "torn-write", share=0.5)
    clock = plan.faults(Order("clock", amount=-30, rate=2.0), "n", sides)["replica-1"]
    assert clock == ClockFault("n", jump=-30, rate=2.0)


def test_a_zone_loses_everything_in_it_however_it_is_named() -> None:
    for target in ("zone/a", "a", "replica-1", "node-4"):
        assert plan.who(Order("zone-outage", target), VIEW)[0] == ("replica-1", "node-1", "node-4")
    with pytest.raises(ValueError, match="zone 'q' is not one of: a, b, c"):
        plan.who(Order("zone-outage", "q"), VIEW)
    drawn = plan.who(Order("zone-outage"), VIEW, seed=3)[0]
    assert len({{**VIEW.replicas, **VIEW.nodes}[name] for name in drawn}) == 1


def test_two_random_sides_are_two() -> None:
    for seed in range(20):
        names, others = plan.who(Order("partition", "random", "random"), VIEW, seed)
        assert len({*names, *others}) == 2


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (Order("delay"), "a time"),
        (Order("loss", amount=1.5), "a share"),
        (Order("bandwidth"), "bytes a second"),
        (Order("clock"), "a jump"),
        (Order("torn-write", amount=1.0), "less than all"),
        (Order("kill", way="out"), "no direction"),
        (Order("kill", other="leader"), "one target"),
        (Order("delay", amount=1, way="bridge"), "bridge"),
        (Order("partition", other="leader", way="bridge"), "one target"),
        (Order("partition", "all"), "nobody is left"),
        (Order("partition", "leader", "leader"), "nobody is left"),
        (Order("disk-full", "nodes"), "only replicas have a log"),
        (Order("container-kill", "leader"), "containers run on nodes"),
    ],
)
def test_what_cannot_be_is_refused(order: Order, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan.who(order, VIEW)


def test_what_is_over_at_once() -> None:
    assert plan.at_once(Order("restart"))
    assert plan.at_once(Order("engine-restart"))
    assert not plan.at_once(Order("engine-restart", seconds=5))
    assert not plan.at_once(Order("kill"))
