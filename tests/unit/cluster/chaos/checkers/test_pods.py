"""What ran on machines, and how pods were seen, with planted violations."""

from cluster.chaos.checkers import pods
from cluster.chaos.observations import ContainerEvent, Life, PodSeen, Seen, Segment


def event(kind: str, identity: str, machine: str = "n1", time: float = 1.0) -> ContainerEvent:
    return ContainerEvent(time, machine, kind, identity, f"c-{identity}", "uid", "main")


def seen(name: str = "p", uid: str = "u", **more: object) -> PodSeen:
    facts = {
        "owner": "set", "kind": "ReplicaSet", "node": "n1", "restarts": 0, "ending": False,
        "ready": True, "address": "10.0.0.1", "app": "web", **more,
    }  # fmt: skip
    return PodSeen(name=name, uid=uid, **facts)  # type: ignore[arg-type] # of a test's table


def watched(*values: PodSeen, kind: str = "MODIFIED") -> Segment:
    events = [Seen(kind, pod.name, pod, 11 + number) for number, pod in enumerate(values)]
    return Segment(10, 99, {}, events)


def test_one_container_at_a_time() -> None:
    well = [event("started", "1"), event("died", "1"), event("started", "2")]
    assert pods.run_twice(well) == []
    assert (
        "beside another" in pods.run_twice([event("started", "1"), event("started", "2")])[0].text
    )
    moved = [event("started", "1"), event("died", "1"), event("started", "2", machine="n2")]
    assert "runs on n2 and n1" in pods.run_twice(moved)[0].text


def test_one_live_pod_per_identity() -> None:
    first = Life("chaos", "db-0", "u1", "n1", 1.0, 5.0)
    later = Life("chaos", "db-0", "u2", "n2", 6.0, 9.0)
    assert pods.rival_identities([first, later], ["db"]) == []
    rival = Life("chaos", "db-0", "u2", "n2", 4.0, 9.0)
    (found,) = pods.rival_identities([rival, first], ["db"])
    assert found.subject == "pod/db-0"
    assert "n1 and on n2" in found.text
    assert pods.rival_identities([first, rival], ["other"]) == [], "no StatefulSet's"
    other = Life("chaos", "db-1", "u2", "n2", 4.0, 9.0)
    assert pods.rival_identities([first, other], ["db"]) == []
    again = Life("chaos", "db-0", "u1", "n1", 4.0, 9.0)
    assert pods.rival_identities([first, again], ["db"]) == [], "its container was restarted"


def test_the_longest_life_counts() -> None:
    long, short = Life("c", "db-0", "u1", "n1", 1.0, 9.0), Life("c", "db-0", "u1", "n1", 2.0, 3.0)
    assert pods.rival_identities([long, short, Life("c", "db-0", "u2", "n2", 5.0, 6.0)], ["db"])


def test_restarts_never_fall() -> None:
    assert pods.falling_restarts([watched(seen(), seen(restarts=1))]) == []
    assert pods.falling_restarts([watched(seen(restarts=1), seen())])
    assert pods.falling_restarts([watched(seen(restarts=1)), watched(seen(uid="u2"))]) == []


def test_a_bound_pod_stays() -> None:
    assert pods.moved_pods([watched(seen(node=""), seen(node="n2"))]) == []
    assert pods.moved_pods([watched(seen(node="n1"), seen(node="n2"))])


def test_no_more_pods_than_wanted() -> None:
    wants = Segment(10, 99, {}, [Seen("ADDED", "set", 1, 1)])
    assert pods.surplus_pods([watched(seen())], [wants]) == []
    assert pods.surplus_pods([watched(seen(), seen("q", "u2"))], [wants])
    ending = [seen(), seen(ending=True), seen("q", "u2")]
    assert pods.surplus_pods([watched(*ending)], [wants]) == []
