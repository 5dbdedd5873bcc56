"""Scenario files: those that come with the program, and a user's."""

from pathlib import Path

import pytest

from cluster.chaos import plan
from cluster.chaos.orders import View
from cluster.chaos.schedule import schedule
from deploy.chaos import shipped
from deploy.topology import Topology, build_settings

EXPECTED = {
    "leader-kill-loop", "rolling-zone-outage", "minority-partition", "majority-partition",
    "slow-follower", "disk-full", "clock-jump", "engine-restart", "node-flap",
    "everything-at-once",
}  # fmt: skip


def test_these_come_with_the_program() -> None:
    assert set(shipped.names()) >= EXPECTED


@pytest.mark.parametrize("name", shipped.names())
def test_every_order_of_a_shipped_scenario_can_be(name: str) -> None:
    """On the least cluster that it asks for."""
    scenario = shipped.load(name)
    assert scenario.name == name
    settings = build_settings(
        Topology(replicas=scenario.cluster.replicas, nodes=scenario.cluster.nodes), "/nowhere"
    )
    shipped.check(scenario, settings)
    view = View(
        {item.name: item.zone for item in settings.replicas},
        {item.name: item.zone for item in settings.nodes},
        settings.replicas[0].name,
    )
    orders = schedule(scenario, 1)
    assert orders
    for timed in orders:
        assert plan.who(timed.order, view, timed.seed)[0]


def test_a_cluster_may_be_too_small() -> None:
    settings = build_settings(Topology(replicas=1, nodes=1), "/nowhere")
    with pytest.raises(ValueError, match="needs 3 replicas and 3 nodes at least"):
        shipped.check(shipped.load("node-flap"), settings)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("{name: mine, about: nothing, seconds: 5}")
    assert shipped.load(str(file)).seconds == 5.0
    file.write_text("{name: mine, about: nothing, second: 5}")
    with pytest.raises(ValueError, match=r"mine\.yaml: scenario: .*second"):
        shipped.load(str(file))
    file.write_text("{name: [")
    with pytest.raises(ValueError, match=r"mine\.yaml"):
        shipped.load(str(file))
    with pytest.raises(ValueError, match="leader-kill-loop"):
        shipped.load("leader-kill")


def test_another_time() -> None:
    scenario = shipped.load("leader-kill-loop")
    assert shipped.lasting(scenario, 0) == scenario
    longer = shipped.lasting(scenario, 7200.0)
    assert longer.seconds == 7200.0
    assert len(schedule(longer, 1)) > 500
