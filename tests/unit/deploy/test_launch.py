"""deploy.launch: when a cluster that is there is the one asked for; mounts."""

from pathlib import Path

import pytest

from cluster.settings import ClusterSettings
from deploy import administrator, launch, preflight, processes, state
from deploy.client import ApiError
from deploy.topology import Topology, build_settings


def test_the_same_or_a_grown_cluster_is_no_difference() -> None:
    there = Topology(nodes=3)

    def told(asked: Topology, nodes: int = 3, replicas: int = 3) -> str:
        now = build_settings(Topology(nodes=nodes, replicas=replicas), "/nowhere")
        return ", ".join(launch.difference(there, asked, now).values())

    assert told(Topology(nodes=3)) == ""
    assert told(Topology(nodes=3), nodes=4) == ""
    assert told(Topology(nodes=4), nodes=4) == ""
    assert told(Topology(replicas=5), replicas=5) == ""
    assert told(Topology(replicas=3), replicas=5) == ""
    assert told(Topology(nodes=5), nodes=4) == "nodes: 3 there, 5 asked"
    assert told(Topology(replicas=5)) == "replicas: 3 there, 5 asked"


def test_a_cluster_that_is_down_moves_to_other_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "check", lambda settings, running: None)
    topology = Topology(runtime="memory", nodes=2)
    before = build_settings(topology, str(tmp_path))
    state.save(before, topology)
    asked = Topology(runtime="memory", nodes=2, port=8443, peer_port=9443)
    after = launch.settle(asked, str(tmp_path))
    assert after == build_settings(asked, str(tmp_path)) == state.load(str(tmp_path))
    old, new = before.peer_addresses(), after.peer_addresses()
    assert old.keys() == new.keys() and not set(old.values()) & set(new.values())
    assert state.load_topology(str(tmp_path)) == asked
    monkeypatch.setattr(processes, "find_all", lambda settings: {"replica-1": []})
    with pytest.raises(launch.LaunchError, match="ports may change after"):
        launch.settle(topology, str(tmp_path))


def test_what_is_asked_is_checked_before_it_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "check", lambda settings, running: None)
    topology = Topology(runtime="memory")
    state.save(build_settings(topology, str(tmp_path)), topology)
    assert launch.settle(topology, str(tmp_path)).name == "steersman"
    with pytest.raises(launch.LaunchError, match="other choices"):
        launch.settle(Topology(runtime="memory", replicas=5), str(tmp_path))
    with pytest.raises(ValueError, match="replicas must be 1, 3 or 5"):
        launch.settle(Topology(runtime="memory", replicas=2), str(tmp_path))


def test_nothing_is_saved_of_a_cluster_that_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(settings: object, running: object) -> None:
        raise preflight.NotFree("taken")

    monkeypatch.setattr(preflight, "check", refuse)
    with pytest.raises(preflight.NotFree):
        launch.settle(Topology(runtime="memory"), str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_mount_points_have_their_real_names() -> None:
    points = launch.mount_points()
    assert "/proc" in points
    assert not any("\\040" in point for point in points)


def test_a_cluster_that_is_never_set_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(settings: ClusterSettings, seconds: float) -> None:
        raise ApiError(500, {"message": "[-]bootstrap failed: the cluster is being set up"})

    monkeypatch.setattr(administrator, "await_ready", refuse)
    with pytest.raises(launch.LaunchError, match=r"(?s)bootstrap failed.*steersman logs replica-1"):
        launch.await_api(build_settings(Topology(), "/nowhere"))
