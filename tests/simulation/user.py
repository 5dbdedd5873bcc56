"""A user with a Deployment behind a Service: rolls it, scales it, deletes pods, while all breaks.

What was acknowledged last is what must be true in the end. Must not know: faults.
"""

import asyncio
from typing import Any

import orjson

from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from tests.simulation.client import NAMESPACE, Client, Object

NAME = "sim"
PORT = 80
POD_PORT = 8080
IDLE_SECONDS = (1.0, 5.0)
REPLICAS = (2, 3, 3, 4, 5)
MERGE_PATCH = "application/merge-patch+json"


class User:
    """``replicas`` and ``image``: as last acknowledged. ``story``: what was done and when."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.replicas = 3
        self.image = "simulated:v1"
        self.deleted: list[str] = []
        self.story: list[str] = []
        self.stopping = asyncio.Event()
        self._entropy = client.entropy.fork("user")

    async def begin(self) -> None:
        """Make the Deployment and the Service."""
        await self._make("deployments", deployment(self.replicas, self.image), "apps")
        await self._make("services", service())

    async def _make(self, resource: str, body: Object, group: str = "") -> None:
        request = ApiRequest(
            "create", resource, group=group, namespace=NAMESPACE, body=orjson.dumps(body)
        )
        try:
            await self.client.insist(request)
        except StatusError as error:
            # An earlier try whose answer was lost.
            if error.reason != "AlreadyExists":
                raise

    async def run(self) -> None:
        """Change something until it is acknowledged, then something else, until told to stop."""
        acts = (self.roll, self.scale, self.delete_pod, self.delete_pod)
        version = 1
        while not await set_within(self.stopping, self._entropy.uniform(*IDLE_SECONDS)):
            version += 1
            await self._entropy.choice(acts)(version)

    async def roll(self, version: int) -> None:
        """A new image."""
        image = f"simulated:v{version}"
        container = {"name": "main", "image": image}
        await self._patch({"spec": {"template": {"spec": {"containers": [container]}}}})
        self.image = image
        self._say(f"roll to {image}")

    async def scale(self, version: int) -> None:
        """Another size."""
        replicas = self._entropy.choice(REPLICAS)
        await self._patch({"spec": {"replicas": replicas}})
        self.replicas = replicas
        self._say(f"scale to {replicas}")

    async def _patch(self, patch: dict[str, Any]) -> None:
        request = ApiRequest(
            "patch", "deployments", group="apps", namespace=NAMESPACE, name=NAME,
            body=orjson.dumps(patch), content_type="application/strategic-merge-patch+json",
        )  # fmt: skip
        await self.client.insist(request)

    async def delete_pod(self, version: int) -> None:
        """Delete some pod, sometimes by force."""
        pods = await self.client.list("pods")
        if pods:
            await self.delete(self._entropy.choice(pods), self._entropy.random() < 0.25)

    async def delete(self, pod: Object, force: bool = False) -> None:
        """Delete one pod; by force: without waiting for its kubelet."""
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        options: Object = {"preconditions": {"uid": uid}}
        if force:
            options["gracePeriodSeconds"] = 0
        request = ApiRequest(
            "delete", "pods", namespace=NAMESPACE, name=name, body=orjson.dumps(options)
        )
        try:
            await self.client.insist(request)
        except StatusError:
            return
        self.deleted.append(uid)
        self._say(f"delete {name}{' by force' if force else ''}")

    def _say(self, what: str) -> None:
        self.story.append(f"{asyncio.get_running_loop().time():7.2f}   user: {what}")

    async def delete_pods_of(self, node: str) -> None:
        """Delete all pods of a node, one try each."""
        try:
            for pod in await self.client.list("pods"):
                if pod["spec"].get("nodeName") == node:
                    await self.delete(pod, self._entropy.random() < 0.5)
        except (SteersmanError, TimeoutError):
            return


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event came to be set within that time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def deployment(replicas: int, image: str) -> Object:
    """With a readiness probe, so that being ready takes a kubelet."""
    app = {"app": NAME}
    container = {
        "name": "main",
        "image": image,
        "ports": [{"containerPort": POD_PORT}],
        "readinessProbe": {"tcpSocket": {"port": POD_PORT}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": app},
            "template": {
                "metadata": {"labels": app},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 2},
            },
        },
    }


def service() -> Object:
    """In front of the Deployment's pods."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": NAME},
        "spec": {"selector": {"app": NAME}, "ports": [{"port": PORT, "targetPort": POD_PORT}]},
    }
