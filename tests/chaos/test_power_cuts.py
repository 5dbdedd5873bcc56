"""All replicas killed at the same instant, and replicas killed while they start."""

import os
import random
import signal
import time

import pytest

from deploy import administrator, launch, processes, state
from deploy.client import Client
from deploy.progress import Progress
from tests.chaos import workloads
from tests.chaos.observe import eventually, resumed, settle, stored
from tests.chaos.writers import Writer, disordered, lost, stop
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(180)]
STARTS = 4
NODE_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def test_all_replicas_killed_at_once(simulated: RealCluster, writers: list[Writer]) -> None:
    settings = simulated.settings
    api = administrator.client(settings)
    workloads.deploy(api, "before", 2)
    time.sleep(1.0)
    running = [processes.find(settings, replica.name) for replica in settings.replicas]
    for process in running:
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    processes.await_end([process for process in running if process is not None], 5.0)
    moment = time.monotonic()
    launch.start_all(settings, Progress())
    started = time.monotonic() - moment
    gap = resumed(writers, moment)
    workloads.deploy(api, "before", 4)
    took = eventually(lambda: len(workloads.ready(api, "before")) == 4, "controllers go on")
    time.sleep(0.5)
    stop(writers)
    settle(settings)
    print(
        f"\nall replicas killed: ready again after {started:.1f} s, first write after {gap:.1f} s, "
        f"two more pods {took:.1f} s later; {sum(len(w.acknowledged) for w in writers)} writes"
    )
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
    before = renewals(api)
    eventually(
        lambda: all(time_ > before[name] for name, time_ in renewals(api).items()),
        "kubelets renew their leases by themselves",
    )
    workloads.remove(api, "before")


def renewals(api: Client) -> dict[str, str]:
    """When each node's lease was last renewed, by the node's name."""
    return {
        lease["metadata"]["name"]: lease["spec"]["renewTime"]
        for lease in api.call("GET", NODE_LEASES)["items"]
    }


def test_replicas_killed_while_they_start(simulated: RealCluster, writers: list[Writer]) -> None:
    settings = simulated.settings
    victim = simulated.leader()
    path = state.settings_path(settings.data_dir)
    dice = random.Random(13)
    moments = []
    for _ in range(STARTS):
        processes.kill(settings, victim)
        processes.start(settings, path, victim)
        moments.append(dice.uniform(0.2, 1.8))
        time.sleep(moments[-1])
    processes.kill(settings, victim)
    launch.start(settings, victim)
    stop(writers)
    settle(settings)
    print(
        "\nkilled "
        + ", ".join(f"{moment * 1000:.0f}" for moment in moments)
        + " ms after its start: comes up"
    )
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
