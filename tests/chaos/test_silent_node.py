"""A node process stopped for longer than its cluster waits (SIGSTOP), and back again."""

import os
import signal

import pytest

from deploy import administrator, demo, processes
from deploy.client import Client
from tests.chaos import workloads
from tests.chaos.observe import eventually
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]
APP, REPLICAS = "silent", 3


def node_is_ready(api: Client, name: str) -> bool:
    return demo.condition(api.call("GET", f"/api/v1/nodes/{name}"), "Ready")


def test_a_silent_nodes_pods_are_replaced_and_gone_when_it_is_back(simulated: RealCluster) -> None:
    settings = simulated.settings
    api = administrator.client(settings)
    workloads.deploy(api, APP, REPLICAS)
    eventually(lambda: len(workloads.ready(api, APP)) == REPLICAS, "pods run")
    old = workloads.ready(api, APP)
    victim = old[0]["spec"]["nodeName"]
    doomed = {pod["metadata"]["uid"] for pod in old if pod["spec"]["nodeName"] == victim}
    process = processes.find(settings, victim)
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        lost = eventually(lambda: not node_is_ready(api, victim), "the node is not ready")

        def replaced() -> bool:
            elsewhere = [p for p in workloads.ready(api, APP) if p["spec"]["nodeName"] != victim]
            return len(elsewhere) >= REPLICAS

        moved = eventually(replaced, "its pods run elsewhere")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    back = eventually(lambda: node_is_ready(api, victim), "the node is ready again")

    def tidy() -> bool:
        found = workloads.pods(api, APP)
        none_old = not doomed & {pod["metadata"]["uid"] for pod in found}
        return none_old and len(found) == len(workloads.ready(api, APP)) == REPLICAS

    gone = eventually(tidy, "its old pods are gone, and as many run as should")
    print(
        f"\nnode silent: not ready after {lost:.1f} s, pods elsewhere {moved:.1f} s later; back: "
        f"ready after {back:.1f} s, its old pods gone {gone:.1f} s later"
    )
    workloads.remove(api, APP)
