"""One cluster of real processes with simulated containers, for all tests that need no real ones."""

import os
import signal
from collections.abc import Iterator

import pytest

from deploy import launch, processes
from deploy.progress import Progress
from tests.chaos.writers import Writer, start_writers, stop
from tests.support.real_cluster import RealCluster

# Quick enough to lose a node and get it back within a test.
TIMING = """
[timing]
node_lease_renew = 1.0
node_lease_duration = 3.0
node_grace = 4.0
toleration = 1
"""


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """The cluster, whatever state the last test left it in."""
    folder = str(tmp_path_factory.mktemp("simulated"))
    cluster = RealCluster(folder, "simulated", number=5, runtime="memory", more=TIMING)
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
    if len(running) < len(settings.processes()):
        launch.start_all(settings, Progress())
    return shared


@pytest.fixture
def writers(simulated: RealCluster) -> Iterator[list[Writer]]:
    """Writers at work through all its replicas."""
    started = start_writers(simulated.settings)
    yield started
    stop(started)
