"""Room on a node: who fits, who waits, who is next."""

from hypothesis import given
from hypothesis import strategies as st

from actors.kubelet.allocations import Allocations, Amounts, Refusal
from cluster.api.quantity import NANO

NODE = {"cpu": "4", "memory": "4Gi"}


def amounts(cpu: int = 0, memory: int = 0) -> Amounts:
    return {"cpu": cpu * NANO // 1000, "memory": memory * NANO}


def test_more_than_the_node_has_is_never_possible() -> None:
    room = Allocations(NODE, [].append)
    assert room.judge("a", amounts(4000, 4 << 30)) is None
    assert room.judge("a", amounts(4001)) == Refusal(
        "Infeasible", "Node didn't have enough capacity: cpu, requested: 4001, capacity: 4000"
    )
    found = room.judge("a", amounts(5000, 5 << 30))
    assert found is not None and found.message == (
        "Node didn't have enough capacity: memory, requested: 5368709120, capacity: 4294967296"
    )


def test_a_new_pod_is_refused_by_the_first_resource_that_lacks() -> None:
    room = Allocations({**NODE, "pods": "2"}, [].append)
    room.hold("new", {})
    assert room.admit("a", amounts(3000, 1 << 30)) is None
    assert room.admit("new", amounts(1001, 4 << 30)) == Refusal(
        "OutOfcpu",
        "Node didn't have enough resource: cpu, requested: 1001, used: 3000, capacity: 4000",
    )
    found = room.admit("new", amounts(1000, 4 << 30))
    assert found is not None and found.reason == "OutOfmemory"
    assert room.admit("new", amounts(1000, 3 << 30)) is None
    assert room.admit("b", amounts()) == Refusal(
        "OutOfpods",
        "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2",
    )
    room.hold("a", {})
    assert room.admit("b", amounts(3000)) is None, "one that has ended holds nothing"


def test_a_pod_that_asks_for_nothing_fits_a_full_node() -> None:
    room = Allocations(NODE, [].append)
    room.hold("a", amounts(9000, 9 << 30))
    assert room.admit("b", amounts()) is None


def test_more_than_others_leave_has_to_wait() -> None:
    told: list[str] = []
    room = Allocations(NODE, told.append)
    room.hold("a", amounts(1000))
    room.hold("b", amounts(2500))
    wanted = amounts(2000)
    assert room.judge("a", wanted) == Refusal(
        "Deferred",
        "Node didn't have enough resource: cpu, requested: 2000, used: 2500, capacity: 4000",
    )
    room.wait("a", (0, 1, 1.0), wanted)
    room.hold("b", amounts(2400))
    assert told == []
    room.release("b")
    assert told == ["a"] and room.judge("a", wanted) is None
    room.hold("c", amounts(2000))
    refused = room.judge("c", amounts(2001))
    assert refused is not None and "used: 2000" in refused.message, "a's room is reserved"


def test_who_is_next() -> None:
    told: list[str] = []
    room = Allocations(NODE, told.append)
    for uid in "abcde":
        room.hold(uid, amounts(100))
    room.hold("x", amounts(3500))
    room.wait("a", (0, 1, 1.0), amounts(1000))
    room.wait("b", (0, 1, 2.0), amounts(1000))
    room.wait("c", (0, 0, 9.0), amounts(1000))
    room.wait("d", (-7, 1, 9.0), amounts(1000))
    room.wait("e", (-9, 1, 9.0), amounts(4000))
    room.release("x")
    # The most important one still does not fit, and holds nobody back.
    assert told == ["d", "c", "a"]
    room.settled("b")
    room.release("d")
    assert told == ["d", "c", "a"]


def test_a_crowded_node_lets_pods_shrink() -> None:
    room = Allocations(NODE, [].append)
    room.hold("a", amounts(3000, 1))
    room.hold("b", amounts(3000, 1))
    assert room.judge("a", amounts(2900, 1)) is None
    assert room.judge("a", amounts(2900, 2)) is None
    assert room.judge("a", amounts(3001, 1)) is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from(["grow", "release"]),
            st.integers(0, 5000),
        ),
        max_size=40,
    )
)
def test_what_is_granted_never_exceeds_the_node(steps: list[tuple[str, str, int]]) -> None:
    """However pods grow, wait, shrink and go, those that obey never hold more than there is."""
    held: dict[str, Amounts] = {}
    wants: dict[str, Amounts] = {}

    def granted(uid: str) -> None:
        assert room.judge(uid, wants[uid]) is None
        held[uid] = wants.pop(uid)

    room = Allocations(NODE, granted)
    for uid, what, cpu in steps:
        if what == "release":
            wants.pop(uid, None)
            held.pop(uid, None)
            room.release(uid)
        elif (refusal := room.judge(uid, amounts(cpu))) is None:
            room.settled(uid)
            wants.pop(uid, None)
            held[uid] = amounts(cpu)
            room.hold(uid, held[uid])
        elif refusal.reason == "Deferred":
            wants[uid] = amounts(cpu)
            room.wait(uid, (0, 1, 0.0), wants[uid])
        assert sum(item["cpu"] for item in held.values()) <= 4 * NANO
    for uid in "abcd":
        if uid in wants:
            assert room.judge(uid, wants[uid]) is not None, "nobody waits for room that is there"
