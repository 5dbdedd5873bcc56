"""`steersman chaos` where containers are real: pods cut off, the engine, images."""

import pytest

from actors.kubelet import labels
from cluster.chaos.orders import Order
from deploy import engine, network
from deploy.chaos.local import Chaos
from tests.chaos.observe import eventually
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


# What one pod on each node says to whoever asks.
POD = """
apiVersion: v1
kind: Pod
metadata: {name: on-NODE}
spec:
  nodeName: NODE
  terminationGracePeriodSeconds: 0
  containers:
    - name: heard
      image: steersman/busybox:v1
      command: [sh, -c, "while true; do echo heard | nc -l -p 8080; done"]
---
"""
NODES = ("node-1", "node-2", "node-3")


def reaches(kubectl: Kubectl, pod: str, address: str) -> bool:
    """Whether a pod gets an answer from an address. (Zone c is cut off from none.)"""
    command = f"nc -w 1 {address} 8080 </dev/null"
    words = ("exec", pod, "--", "sh", "-c", command)
    return "heard" in kubectl.run(*words, context="e2e-replica-3").stdout


def rules(real: RealCluster) -> list[str]:
    """Tables of chaos in all namespaces."""
    spaces = [["nsenter", f"--net=/run/netns/{node.netns}"] for node in real.settings.nodes]
    listed = [network.run(*space, "nft", "list", "tables") for space in [[], *spaces]]
    return [line for text in listed for line in text.splitlines() if f"{real.name}_chaos" in line]


def test_pods_of_zones_that_are_cut_off_do_not_hear_each_other(
    real: RealCluster, kubectl: Kubectl
) -> None:
    kubectl("apply", "-f", "-", stdin="".join(POD.replace("NODE", node) for node in NODES))
    one, other, third = names = [f"on-{node}" for node in NODES]
    kubectl("wait", "pod", *names, "--for=condition=Ready", "--timeout=30s")
    a, b, _ = (str(kubectl.json("get", "pod", name)["status"]["podIP"]) for name in names)

    def heard(pod: str, address: str) -> None:
        """Who answers has to begin anew after each answer."""
        eventually(lambda: reaches(kubectl, pod, address), f"{pod} hears {address}", 10)

    heard(one, b)
    try:
        printed = real.do("chaos", "partition", "zone/a", "zone/b")
        assert "packets of pods dropped" in printed
        assert "node-1 to node-2" in printed
        assert not reaches(kubectl, one, b)
        assert not reaches(kubectl, other, a)
        heard(third, a)
        heard(third, b)
        assert len(rules(real)) == 3
    finally:
        healed = real.do("chaos", "heal")
    assert "no rules are left in 4 namespaces" in healed
    assert rules(real) == []
    heard(one, b)
    kubectl("delete", "pod", *names)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bandwidth", "zone/a", "zone/b", "50kB/s"), "over 50,000 bytes a second dropped: "),
        (("duplicate", "zone/a", "zone/b", "20%"), "packets of pods doubled: "),
    ],
)
def test_packets_of_pods_suffer_what_a_filter_can_do(
    real: RealCluster, words: tuple[str, ...], told: str
) -> None:
    try:
        printed = real.do("chaos", *words)
        assert told in printed.replace("\n  ", " ")
        assert len(rules(real)) == 3
    finally:
        real.do("chaos", "heal")
    assert rules(real) == []


def pinged(kubectl: Kubectl, pod: str, address: str) -> float:
    """Milliseconds of the quicker of two round trips from a pod."""
    words = ("exec", pod, "--", "ping", "-c", "2", "-i", "0.1", "-W", "3", address)
    said = kubectl.run(*words, context="e2e-replica-3").stdout
    return float(said.rpartition("min/avg/max = ")[2].split("/")[0])


def holding(real: RealCluster) -> list[str]:
    """Processes that hold packets of this cluster."""
    listed = network.run("ps", "-eo", "args")
    module = f"deploy.chaos.holding.holder {real.data_dir} "
    return [line for line in listed.splitlines() if module in line]


def test_packets_of_pods_are_late_and_in_time_again(real: RealCluster, kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin="".join(POD.replace("NODE", node) for node in NODES[:2]))
    one, other = names = [f"on-{node}" for node in NODES[:2]]
    kubectl("wait", "pod", *names, "--for=condition=Ready", "--timeout=30s")
    address = str(kubectl.json("get", "pod", other)["status"]["podIP"])
    before = pinged(kubectl, one, address)
    try:
        printed = real.do("chaos", "delay", "zone/a", "zone/b", "40ms").replace("\n  ", " ")
        assert "packets of pods held back: replica-1 to node-2, node-1 to node-2" in printed
        assert "round trips of packets take up to" in printed
        assert 80.0 <= pinged(kubectl, one, address) < 160.0 + before
        assert len(rules(real)) == 3
        assert len(holding(real)) == 1
    finally:
        healed = real.do("chaos", "heal").replace("\n  ", " ")
    assert "packets of pods were held; no rules are left in 4 namespaces" in healed
    assert pinged(kubectl, one, address) < 40.0
    assert rules(real) == holding(real) == []
    kubectl("delete", "pod", *names)


def test_a_killed_container_is_replaced(real: RealCluster, kubectl: Kubectl) -> None:
    printed = real.do("chaos", "docker", "kill-container", "node/1", "--seed", "1")
    assert "proof: dead: " in printed
    assert "proof: run anew: " in printed
    kubectl("wait", "pods", "--all", "--for=condition=Ready", "--timeout=30s")


def test_a_removed_image_is_loaded_again(real: RealCluster) -> None:
    chaos = Chaos(real.data_dir, "test")
    removed = chaos.inject(Order("image-remove"), seed=1)
    [tag] = removed.details
    assert engine.image_labels(real.settings.docker_socket, tag) == {}
    assert chaos.heal(removed).proof == f"the engine has {tag}"
    assert engine.image_labels(real.settings.docker_socket, tag)


def test_an_engine_is_restarted_only_by_who_started_it(
    real: RealCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    chaos = Chaos(real.data_dir, "test")
    with pytest.raises(ValueError, match="was not started by steersman"):
        chaos.inject(Order("engine-restart"))
    # The engine of the tests, if it is one.
    monkeypatch.setattr(engine, "ENGINE_DIR", "/run/steersman-tests")
    before = engine.own(engine.ENGINE_DIR)
    if before is None:
        return
    there = engine.listed(real.settings.docker_socket, [labels.CLUSTER])
    if {one["Labels"][labels.CLUSTER] for one in there} != {real.name}:
        with pytest.raises(ValueError, match="others have containers in this engine"):
            chaos.inject(Order("engine-restart"))
        return
    stopped = chaos.inject(Order("engine-restart"))
    assert stopped.proof == f"the engine (pid {before}) is gone"
    assert not engine.answers(real.settings.docker_socket)
    healed = chaos.heal(stopped)
    assert "containers went on" in healed.proof
    assert engine.own(engine.ENGINE_DIR) not in (None, before)
