"""HTTP requests to Services from the nodes of a real cluster, as a pod there would make them.

Each node has one thread, which lives in the node's network namespace. Must not know: faults.
"""

import asyncio
import http.client
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from actors.kit.world.netns import enter_namespace
from cluster.chaos.observations import Visit
from cluster.settings import ClusterSettings
from deploy.chaos.ground import Object
from deploy.images.web_app import POD_HEADER

VISIT_SECONDS = 1.0
PATH = "/healthz"
THREADS_PER_NODE = 4


class Visitors:
    """``hit``: names of the processes that suffer just now: a client there suffers too, and says
    nothing of the Service."""

    def __init__(self, settings: ClusterSettings) -> None:
        self.hit: Callable[[], Collection[str]] = tuple
        self._threads = {
            node.name: ThreadPoolExecutor(
                THREADS_PER_NODE, f"visitor-{node.name}", enter_namespace,
                (f"/run/netns/{node.netns}" if node.netns else "",),
            )
            for node in settings.nodes
        }  # fmt: skip

    async def visit(self, service: Object, turn: int) -> Visit | None:
        """From the turn-th node that does not suffer; None if all do."""
        hit = self.hit()
        nodes = [name for name in self._threads if name not in hit]
        if not nodes:
            return None
        node = nodes[turn % len(nodes)]
        spec = service["spec"]
        loop = asyncio.get_running_loop()
        begin, asked = loop.time(), time.monotonic()
        problem, pod, took = await loop.run_in_executor(
            self._threads[node], get, spec["clusterIP"], spec["ports"][0]["port"]
        )
        # What it waited for a thread is none of the Service's.
        begin += max(0.0, time.monotonic() - asked - took)
        name = service["metadata"]["name"]
        return Visit(name, begin, begin + took, problem, node, node, pod=pod)

    def close(self) -> None:
        """End the threads."""
        for pool in self._threads.values():
            pool.shutdown(wait=False, cancel_futures=True)


def get(address: str, port: int, path: str = PATH) -> tuple[str, str, float]:
    """What was wrong, the pod that answered ('': none, or it did not say), how long it took."""
    begin, pod = time.monotonic(), ""
    connection = http.client.HTTPConnection(address, port, timeout=VISIT_SECONDS)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        pod = response.headers.get(POD_HEADER, "")
        response.read()
        problem = "" if response.status < 300 else f"HTTP {response.status}"
    except (OSError, http.client.HTTPException) as error:
        problem = f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return problem, pod, time.monotonic() - begin
