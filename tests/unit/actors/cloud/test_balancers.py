"""Services as balancers, and the allocation of addresses."""

from hypothesis import given
from hypothesis import strategies as st

from actors.cloud.balancers import (
    FINALIZER,
    allocate,
    has_finalizer,
    make_balancer,
    status_of,
    wants_balancer,
    with_finalizer,
)
from actors.cloud.provider import BalancerPort, Target
from tests.unit.actors.cloud.samples import balanced, ready_node, slice_on

NODES = [
    ready_node("n1", "10.245.0.1"),
    ready_node("n2", "10.245.0.2"),
    ready_node("n3", "", False),
]


def test_which_services_want_one() -> None:
    assert wants_balancer(balanced())
    assert not wants_balancer(balanced(type="ClusterIP"))
    assert not wants_balancer(balanced(loadBalancerClass="example.com/other"))
    leaving = balanced()
    leaving["metadata"]["deletionTimestamp"] = "x"
    assert not wants_balancer(leaving)


def test_targets_are_healthy_nodes_and_with_local_policy_serving_ones() -> None:
    found = make_balancer(balanced(sessionAffinity="ClientIP"), NODES, [])
    assert found.targets == (Target("n1", "10.245.0.1"), Target("n2", "10.245.0.2"))
    assert (found.ports, found.sticky) == ((BalancerPort("tcp", 80, 30080),), True)
    local = balanced(externalTrafficPolicy="Local")
    assert make_balancer(local, NODES, [slice_on("n2")]).targets == (Target("n2", "10.245.0.2"),)
    assert make_balancer(local, NODES, []).targets == ()


def test_status_and_finalizer_are_written_only_if_they_differ() -> None:
    service = balanced()
    changed = status_of(service, ("10.245.1.1",))
    assert changed is not None
    assert changed["status"]["loadBalancer"]["ingress"] == [{"ip": "10.245.1.1", "ipMode": "VIP"}]
    assert status_of(changed, ("10.245.1.1",)) is None
    assert make_balancer(changed, [], []).wanted == "10.245.1.1"
    assert status_of(service, ()) is None
    marked = with_finalizer(service, True)
    assert has_finalizer(marked) and marked["metadata"]["finalizers"] == [FINALIZER]
    assert "finalizers" not in with_finalizer(marked, False)["metadata"]


def test_who_has_an_address_keeps_it() -> None:
    pool = ("1", "2", "3")
    wanted = {("d", "b"): "1", ("d", "a"): "", ("d", "c"): "9", ("d", "z"): "1"}
    assert allocate(wanted, pool) == {("d", "b"): "1", ("d", "a"): "2", ("d", "c"): "3"}


keys = st.tuples(st.sampled_from(["d", "e"]), st.text("abc", min_size=1, max_size=2))


@given(
    st.dictionaries(keys, st.sampled_from(["", "1", "2", "3", "4", "x"]), max_size=8),
    st.randoms(use_true_random=False),
)
def test_allocation_is_one_to_one_and_blind_to_order(
    wanted: dict[tuple[str, str], str], random: object
) -> None:
    pool = ("1", "2", "3", "4")
    found = allocate(wanted, pool)
    assert len(set(found.values())) == len(found) == min(len(wanted), len(pool))
    assert set(found.values()) <= set(pool)
    items = list(wanted.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert allocate(dict(items), pool) == found
    # A later leader reads the addresses back and comes to the same result.
    assert allocate({key: found.get(key, "") for key in wanted}, pool).items() >= found.items()
