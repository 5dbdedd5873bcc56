"""What the launcher does with a cluster's state in etcd: look whether there is one, remove it.

Job: one call each, from a program that runs no event loop. Must not know: stores, replicas.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import EtcdClient
from actors.store.engines.etcd.endpoints import parse_endpoints
from actors.store.engines.etcd.layout import Layout

# For the whole call.
SECONDS = 5.0


def count_keys(endpoints: str, cluster: str) -> int:
    """Keys of the cluster in etcd, its own upkeep among them. Raises ValueError (endpoints),
    OSError (files), AskTimeout, StoreError."""
    layout = Layout(cluster)

    async def count(client: EtcdClient, deadline: float) -> int:
        request = etcd.RangeRequest(layout.prefix, layout.end, count_only=True)
        return (await client.insist(etcd.RANGE, request, etcd.RangeResponse, deadline)).count

    return asyncio.run(_with_client(endpoints, count))


def remove_cluster(endpoints: str, cluster: str) -> int:
    """Delete all keys of the cluster; returns how many. Raises as ``count_keys``."""
    layout = Layout(cluster)

    async def remove(client: EtcdClient, deadline: float) -> int:
        request = etcd.DeleteRangeRequest(layout.prefix, layout.end)
        answer = await client.insist(etcd.DELETE_RANGE, request, etcd.DeleteRangeResponse, deadline)
        return answer.deleted

    return asyncio.run(_with_client(endpoints, remove))


async def _with_client(endpoints: str, work: Callable[[EtcdClient, float], Awaitable[int]]) -> int:
    client = EtcdClient(parse_endpoints(endpoints))
    client.open()
    try:
        return await work(client, asyncio.get_running_loop().time() + SECONDS)
    finally:
        await client.close()
