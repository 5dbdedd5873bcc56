"""Random schedules with faults: Figure 3 of the paper holds, and the cluster recovers."""

import pytest

from tests.unit.cluster.raft.simulated_cluster import SimulatedCluster


@pytest.mark.parametrize("block", range(4))
def test_safety_under_faults_and_recovery_after(block: int) -> None:
    seen: dict[str, int] = {}
    for seed in range(block * 60, block * 60 + 60):
        cluster = SimulatedCluster(seed, size=5 if seed % 5 == 4 else 3)
        try:
            for _ in range(2000):
                cluster.step()
            cluster.heal()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        for what, count in cluster.seen.items():
            seen[what] = seen.get(what, 0) + count
    for what in ("leader", "crash with unsynced", "compact", "read", "propose", "transfer"):
        assert seen.get(what, 0) >= 3, f"{what} hardly ever happened: {seen}"
    assert seen.get("snapshot installed", 0) >= 1, seen


@pytest.mark.parametrize("block", range(2))
def test_safety_while_the_members_change_all_the_time(block: int) -> None:
    seen: dict[str, int] = {}
    for seed in range(block * 60, block * 60 + 60):
        cluster = SimulatedCluster(seed, size=(1, 3, 3, 5)[seed % 4], churn=True)
        try:
            for _ in range(2500):
                cluster.step()
            cluster.heal()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        for what, count in cluster.seen.items():
            seen[what] = seen.get(what, 0) + count
    for what in ("leader", "add-learner", "promote", "replace", "remove", "wipe"):
        assert seen.get(what, 0) >= 10, f"{what} hardly ever happened: {seen}"
