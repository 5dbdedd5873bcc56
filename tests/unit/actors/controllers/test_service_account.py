"""Every living namespace has its default account."""

from actors.client.api_client import ApiClient
from cluster.api.resources import NAMESPACES, SERVICE_ACCOUNTS
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster


@in_cluster
async def test_made_and_made_again(cluster: Cluster) -> None:
    client = ApiClient(await cluster.bench.context("user"), cluster.bench.servers)
    await client.create(NAMESPACES, {"metadata": {"name": "fresh"}})
    await until(lambda: cluster.state.find(SERVICE_ACCOUNTS, "fresh", "default"))
    cluster.state.remove(SERVICE_ACCOUNTS, "fresh", "default")
    await until(lambda: cluster.state.find(SERVICE_ACCOUNTS, "fresh", "default"))
    await client.delete(NAMESPACES, "", "fresh")
    await until(lambda: cluster.state.find(NAMESPACES, "", "fresh") is None)
