"""Which replica is added next."""

from pathlib import Path

import msgspec
import pytest

from cluster import limits
from cluster.settings import ClusterSettings
from deploy import state
from deploy.replica_hands import plan_replica
from deploy.topology import Topology, build_settings


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    chosen = Topology(runtime="memory", replicas=3, nodes=0)
    made = build_settings(chosen, str(tmp_path))
    state.save(made, chosen)
    return made


def test_the_lowest_free_number_in_the_emptiest_zone(settings: ClusterSettings) -> None:
    assert (plan_replica(settings, "").name, plan_replica(settings, "").zone) == ("replica-4", "a")
    left = (settings.replicas[0], settings.replicas[2])
    made = plan_replica(msgspec.structs.replace(settings, replicas=left), "")
    assert made == settings.replicas[1]
    assert plan_replica(settings, "c").zone == "c"
    addresses = {item.peer_address for item in settings.processes()}
    assert plan_replica(settings, "").peer_address not in addresses


def test_what_cannot_be_is_refused(settings: ClusterSettings) -> None:
    with pytest.raises(ValueError, match="'x' is not one of: a, b, c"):
        plan_replica(settings, "x")
    while len(settings.replicas) < limits.REPLICAS_MAX:
        more = (*settings.replicas, plan_replica(settings, ""))
        settings = msgspec.structs.replace(settings, replicas=more)
    with pytest.raises(ValueError, match="at most 9 replicas"):
        plan_replica(settings, "")
