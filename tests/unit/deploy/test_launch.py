"""deploy.launch: when a cluster that is there is the one asked for; mounts."""

from pathlib import Path

import pytest

from deploy import launch, preflight, state
from deploy.topology import Topology, build_settings


def test_the_same_or_a_grown_cluster_is_no_difference() -> None:
    there = Topology(nodes=3)
    assert launch.difference(there, Topology(nodes=3), 3) == ""
    assert launch.difference(there, Topology(nodes=3), 4) == ""
    assert launch.difference(there, Topology(nodes=4), 4) == ""
    assert launch.difference(there, Topology(nodes=5), 4) == "nodes: 3 there, 5 asked"
    assert "replicas: 3 there, 5 asked" in launch.difference(there, Topology(replicas=5), 3)


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
