"""A user with a StatefulSet, whose pods must never be there twice: rolls it, scales it, deletes its
pods, but nothing by force, while all breaks.

What was acknowledged last is what must be true in the end. Must not know: faults.
"""

import asyncio
import math
from collections.abc import Iterable

import orjson

from actors.kubelet import labels
from actors.kubelet.runtimes.memory import Behaviour
from cluster.chaos.observations import Life
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.simulation.client import Client, Object
from tests.simulation.user import MERGE_PATCH, set_within
from tests.simulation.witness import ContainerEvent

NAMESPACE = "identities"
NAME = "db"
IDLE_SECONDS = (0.5, 4.0)
REPLICAS = (1, 2, 3)
CONTAINER = "database"
# It has something to write down before it ends.
STOP_SECONDS = 1.0


class IdentityUser:
    """``replicas`` and ``image``: as last acknowledged. ``story``: takes what was done and
    when."""

    def __init__(self, client: Client, story: list[str]) -> None:
        self.replicas = 2
        self.image = "simulated:v1"
        self.story = story
        self.stopping = asyncio.Event()
        self._client = client
        self._entropy = client.entropy.fork("identities")

    async def begin(self) -> None:
        """Make a namespace and the set in it."""
        for machine in self._client.cluster.machines.values():
            machine.runtime.behave(CONTAINER, Behaviour(stop_seconds=STOP_SECONDS))
        policy = self._entropy.choice(("OrderedReady", "Parallel"))
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await self._make("namespaces", "", "", namespace)
        made = stateful_set(self.replicas, self.image, policy)
        await self._make("statefulsets", "apps", NAMESPACE, made)
        self._say(f"made, {policy}")

    async def _make(self, resource: str, group: str, namespace: str, body: Object) -> None:
        request = ApiRequest(
            "create", resource, group=group, namespace=namespace, body=orjson.dumps(body)
        )
        try:
            await self._client.insist(request)
        except StatusError as error:
            # An earlier try whose answer was lost.
            if error.reason != "AlreadyExists":
                raise

    async def run(self) -> None:
        """Change something until it is acknowledged, then something else, until told to stop."""
        acts = (self._roll, self._scale, self._delete, self._delete)
        version = 1
        while not await set_within(self.stopping, self._entropy.uniform(*IDLE_SECONDS)):
            version += 1
            await self._entropy.choice(acts)(version)

    async def _roll(self, version: int) -> None:
        image = f"simulated:v{version}"
        await self._patch({"template": pod_template(image)})
        self.image = image
        self._say(f"roll to {image}")

    async def _scale(self, version: int) -> None:
        replicas = self._entropy.choice(REPLICAS)
        await self._patch({"replicas": replicas})
        self.replicas = replicas
        self._say(f"scale to {replicas}")

    async def _patch(self, spec: Object) -> None:
        request = ApiRequest(
            "patch", "statefulsets", group="apps", namespace=NAMESPACE, name=NAME,
            body=orjson.dumps({"spec": spec}), content_type=MERGE_PATCH,
        )  # fmt: skip
        await self._client.insist(request)

    async def _delete(self, version: int) -> None:
        pods = await self.pods()
        if not pods:
            return
        meta = self._entropy.choice(pods)["metadata"]
        options = {"preconditions": {"uid": meta["uid"]}}
        request = ApiRequest(
            "delete", "pods", namespace=NAMESPACE, name=meta["name"], body=orjson.dumps(options)
        )
        try:
            await self._client.insist(request)
        except StatusError:
            return
        self._say(f"delete {meta['name']}")

    async def pods(self) -> list[Object]:
        """All that are in the namespace."""
        return await self._client.list("pods", namespace=NAMESPACE)

    def _say(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        self.story.append(f"{now:7.2f}   user of {NAME}: {what}")

    async def problem(self, pods: list[Object]) -> str:
        """What is not as desired, '' if all is. ``pods``: all of the namespace."""
        states = {
            pod["metadata"]["name"]: (
                pod["spec"]["containers"][0]["image"],
                pod["status"].get("phase"),
                bool(pod["metadata"].get("deletionTimestamp")),
            )
            for pod in pods
        }
        wanted = (self.image, "Running", False)
        if states != {f"{NAME}-{number}": wanted for number in range(self.replicas)}:
            return f"wanted {self.replicas} of {self.image}, pods of {NAME} are {states}"
        [found] = await self._client.list("statefulsets", "apps", NAMESPACE)
        status = found["status"]
        counts = {
            status.get(f"{word}eplicas") for word in ("r", "readyR", "updatedR", "availableR")
        }
        done = status.get("currentRevision") == status.get("updateRevision")
        if counts != {self.replicas} or not done:
            return f"status of {NAME}: {status}"
        return ""


def lives(events: Iterable[ContainerEvent]) -> list[Life]:
    """The pods of the set by the times in which a container of theirs ran."""
    found: dict[str, Life] = {}
    for event in events:
        told, identity = event.container.labels, event.container.id
        if told.get(labels.TYPE) != labels.TYPE_CONTAINER:
            continue
        namespace, name = told[labels.POD_NAMESPACE], told[labels.POD_NAME]
        if namespace != NAMESPACE:
            continue
        if event.kind == "started":
            life = Life(namespace, name, event.pod, event.machine, event.time, math.inf)
            found[identity] = life
        elif identity in found:
            found[identity].end = min(found[identity].end, event.time)
    return list(found.values())


def pod_template(image: str) -> Object:
    """Being ready takes no probe here: what counts is where containers run."""
    return {
        "metadata": {"labels": {"app": NAME}},
        "spec": {
            "containers": [{"name": CONTAINER, "image": image}],
            "terminationGracePeriodSeconds": 3,
        },
    }


def stateful_set(replicas: int, image: str, policy: str) -> Object:
    """The set."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME},
        "spec": {
            "replicas": replicas,
            "serviceName": NAME,
            "podManagementPolicy": policy,
            "selector": {"matchLabels": {"app": NAME}},
            "template": pod_template(image),
        },
    }
