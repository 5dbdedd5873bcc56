"""One cluster of real processes with simulated containers, for all tests that need no real ones."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from deploy import launch, processes
from deploy.chaos.local import Chaos
from deploy.progress import Progress
from tests.chaos.writers import Writer, start_writers, stop
from tests.support.real_cluster import FIRST_PORT, RealCluster

# Quick enough to lose a node and get it back within a test, and a log that forgets soon.
MORE = """
[store]
snapshot_entries = 50
segment_bytes = 262144

[timing]
node_lease_renew = 1.0
node_lease_duration = 3.0
node_grace = 4.0
toleration = 1
"""


def free_number() -> int:
    """A number whose ports nobody has: other test runs may be under way on this machine."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for number in range(5 + worker % 3, 14, 3):
        with socket.socket() as probe:
            # As ``RealCluster`` counts them.
            if probe.connect_ex(("127.0.0.1", FIRST_PORT + 100 * number + 10 * worker)):
                return number
    pytest.fail("the ports of all clusters for tests are in use")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """The cluster, whatever state the last test left it in."""
    folder = str(tmp_path_factory.mktemp("simulated"))
    cluster = RealCluster(folder, "simulated", number=free_number(), runtime="memory", more=MORE)
    try:
        print(cluster.up("--no-demo"))
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def simulated(shared: RealCluster) -> RealCluster:
    """The cluster with all its processes at work, whatever the test before did to them."""
    settings = shared.settings
    running = processes.find_all(settings)
    for process in (process for many in running.values() for process in many):
        os.kill(process.pid, signal.SIGCONT)
    for active in Chaos(shared.data_dir).active():
        Chaos(shared.data_dir).heal(active)
    if len(running) < len(settings.processes()):
        launch.start_all(settings, Progress())
    return shared


@pytest.fixture
def writers(simulated: RealCluster) -> Iterator[list[Writer]]:
    """Writers at work through all its replicas."""
    started = start_writers(simulated.settings)
    yield started
    stop(started)
