"""Each verb of chaos within real processes: it takes effect, that is proven, and it heals."""

import re
from collections.abc import Iterator

import pytest

from cluster.chaos.orders import Active, Healed, Order
from deploy import administrator
from deploy.chaos import counts, links
from deploy.chaos.ledger import Ledger
from deploy.chaos.local import Chaos, LocalHands
from deploy.client import Client
from tests.chaos import workloads
from tests.chaos.observe import eventually, settle
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(60)]


def through(cluster: RealCluster, order: Order, seed: int = 1) -> tuple[Active, Healed]:
    """Put it in, take it out; fails the test if either is in doubt."""
    chaos = Chaos(cluster.data_dir, "test")
    active = chaos.inject(order, seed)
    assert active.doubt == ""
    assert active.proof
    assert [one.name for one in chaos.active()] == [active.name]
    healed = chaos.heal(active)
    assert healed.doubt == ""
    assert healed.proof
    assert chaos.active() == []
    return active, healed


@pytest.mark.parametrize(
    ("order", "proof"),
    [
        (Order("partition", "leader", "followers"), r"no answer on 2 of 2 links.*held \d+"),
        (Order("partition", "zone/b"), r"no answer on 8 of 8 links"),
        (Order("partition", "node/1", "replicas", way="out"), r"no answer on 3 of 3 links"),
        (Order("partition", "leader", way="bridge"), r"no answer on \d of \d links"),
        (Order("delay", "zone/a", "zone/b", 0.05), r"take up to 1\d\d\.\d ms, not \d+\.\d ms"),
        (Order("delay", "leader", amount=0.05, way="out"), r"take up to \d+\.\d ms"),
        (Order("loss", "leader", "followers", 0.2), r"dropped \d+"),
        (Order("duplicate", "leader", "followers", 0.2), r"duplicated \d+"),
        (Order("reorder", "leader", "followers", 0.2), r"reordered \d+"),
        (Order("bandwidth", "leader", "node/2", 100_000), r"take up to \d{3}\.\d ms"),
    ],
    ids=lambda value: f"{value.verb} {value.target}" if isinstance(value, Order) else "",
)
def test_links(simulated: RealCluster, order: Order, proof: str) -> None:
    active, healed = through(simulated, order)
    assert re.search(proof, active.proof)
    assert re.search(r"round trips of \d+ links? take at most", healed.proof)


def test_a_cut_is_felt_on_both_sides_and_survives_a_restart(simulated: RealCluster) -> None:
    chaos, settings = Chaos(simulated.data_dir, "test"), simulated.settings
    cut = chaos.inject(Order("partition", "leader", "followers"))
    [old], followers = cut.names, cut.others
    eventually(lambda: chaos.view().leader in followers, "another leads")
    simulated.do("chaos", "restart", old)
    # What it suffered when it ended it suffers from its start.
    assert counts.struck(settings, old, cut.name) is not None
    entry = Ledger(simulated.data_dir).entries()[0]
    pairs = links.pairs(settings, entry, [old], 0)
    assert list(links.trips(settings, entry, pairs, 0.3).values()) == [None] * len(followers)
    assert chaos.heal(cut).doubt == ""
    settle(settings)


@pytest.mark.parametrize(
    ("order", "proof"),
    [
        (Order("slow-disk", "leader", amount=0.02), r"slowed \d+"),
        (Order("disk-full", "follower"), r"refused \d+"),
        (Order("fsync-error", "leader"), r"refused 1"),
        (Order("torn-write", "follower", amount=0.3), r"\(pid \d+\) ended"),
        (Order("clock", "leader", amount=-30), r"-30\.0 s against before"),
        (Order("clock", "node/2", rate=2.0), r"node-2: 2\.0 times as fast"),
    ],
    ids=lambda value: f"{value.verb} {value.target}" if isinstance(value, Order) else "",
)
def test_disks_and_clocks(simulated: RealCluster, order: Order, proof: str) -> None:
    active, _ = through(simulated, order)
    assert re.search(proof, active.proof)
    settle(simulated.settings)


APP, PODS = "victims", 3


@pytest.fixture
def app(simulated: RealCluster) -> Iterator[Client]:
    """Pods on the nodes."""
    api = administrator.client(simulated.settings)
    workloads.deploy(api, APP, PODS)
    eventually(lambda: len(workloads.ready(api, APP)) == PODS, "pods run")
    yield api
    workloads.remove(api, APP)


@pytest.mark.parametrize(
    ("order", "proof", "proof_of_healing"),
    [
        (Order("container-kill", "nodes", amount=2), r"dead: .* of default/victims-.*, ", "anew"),
        (Order("sandbox-kill", "nodes"), r"dead: POD of default/victims-", "anew: POD of default"),
        (Order("engine-restart", "node/2"), "node-2 says that its engine is down", "node-2"),
    ],
    ids=lambda value: value.verb if isinstance(value, Order) else "",
)
def test_containers(
    simulated: RealCluster, app: Client, order: Order, proof: str, proof_of_healing: str
) -> None:
    active, healed = through(simulated, order)
    assert re.search(proof, active.proof)
    assert re.search(proof_of_healing, healed.proof)
    eventually(lambda: len(workloads.ready(app, APP)) == PODS, "pods run again")


def test_simulated_engines_have_no_images(simulated: RealCluster) -> None:
    with pytest.raises(ValueError, match="simulated engines have no images"):
        Chaos(simulated.data_dir).inject(Order("image-remove"))
    assert Chaos(simulated.data_dir).active() == []


async def test_hands(simulated: RealCluster) -> None:
    hands = LocalHands(simulated.data_dir, "test")
    view = await hands.view()
    assert view.leader == simulated.leader()
    active = await hands.inject(Order("pause", "random-node"), seed=7)
    assert await hands.active() == [active]
    assert active.names[0] in view.nodes
    assert active.user == "test"
    healed = await hands.heal(active)
    assert (healed.doubt, await hands.active()) == ("", [])
    # Who heals too late finds it healed.
    assert (await hands.heal(active)).proof == "it was healed before"
