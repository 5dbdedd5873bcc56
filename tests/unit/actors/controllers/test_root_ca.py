"""Every living namespace has the cluster's CA, and keeps it as it is."""

from cluster.api.resources import CONFIGMAPS, NAMESPACES
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster

NAME = "kube-root-ca.crt"


@in_cluster
async def test_published_and_repaired(cluster: Cluster) -> None:
    cluster.state.put(NAMESPACES, {"metadata": {"name": "fresh"}})

    def published() -> bool:
        found = cluster.state.find(CONFIGMAPS, "fresh", NAME)
        return found is not None and found["data"] == {"ca.crt": "PEM"}

    await until(published)
    cluster.state.put(
        CONFIGMAPS, {"metadata": {"name": NAME, "namespace": "fresh"}, "data": {"ca.crt": "forged"}}
    )
    await until(published)
    cluster.state.remove(CONFIGMAPS, "fresh", NAME)
    await until(published)
