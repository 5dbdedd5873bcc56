"""One real cluster for all end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster


@pytest.fixture(scope="session")
def real(docker_socket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """A cluster with the demo in it."""
    cluster = RealCluster(str(tmp_path_factory.mktemp("e2e")), "e2e")
    try:
        print(cluster.up())
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def kubectl(real: RealCluster) -> Kubectl:
    """kubectl on the cluster."""
    return real.kubectl
