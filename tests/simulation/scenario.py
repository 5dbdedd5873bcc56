"""One simulated run: a cluster with a workload, a nemesis, and at the end the checks."""

import asyncio
from dataclasses import dataclass

import orjson

from actors.apiserver.authority import Authority
from actors.kubelet import labels
from cluster import names
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Leadership, StatusRequest, StoreStatus, WatchLeadership
from tests.simulation.checkers import history
from tests.simulation.client import Client, Object
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.loop import run_simulation
from tests.simulation.nemesis import Nemesis

FAULTS_SECONDS = 20.0
SETTLE_SECONDS = 90.0
PODS = 3


@dataclass
class Outcome:
    """``problems``: what the checkers found. ``digest``: of the trace of all messages."""

    problems: list[str]
    digest: str
    writes: int
    virtual_seconds: float
    story: list[str]


class Scenario:
    """See the module."""

    def __init__(self, seed: int, authority: Authority) -> None:
        self.cluster = SimulatedCluster(seed, authority)
        self.client = Client(self.cluster)
        self.led: list[tuple[int, str]] = []

    async def run(self) -> Outcome:
        """Everything; raises nothing that a checker should say."""
        loop = asyncio.get_running_loop()
        cluster, client = self.cluster, self.client
        await cluster.start_all()
        await client.start()
        nemesis = Nemesis(cluster, self.leader)
        problems: list[str] = []
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(self.follow(r.name)) for r in cluster.settings.replicas]
            await self.bootstrapped()
            await client.insist(deployment())
            jobs.append(group.create_task(client.watch_on()))
            jobs += [group.create_task(client.write_on(number)) for number in range(3)]
            await nemesis.run(FAULTS_SECONDS)
            for job in jobs[-3:]:
                job.cancel()
            problems += await self.settle()
            for job in jobs:
                job.cancel()
        stored = await self.stored()
        problems += history.lost_writes(client.acknowledged, stored)
        problems += history.disordered_writes(client.acknowledged)
        problems += history.broken_watch(client.acknowledged, client.seen)
        problems += history.rival_leaders(self.led)
        await client.stop()
        await cluster.stop()
        return Outcome(
            problems, cluster.tracer.digest(), len(client.acknowledged), loop.time(), nemesis.story
        )

    async def bootstrapped(self) -> None:
        """Wait until the first leader has made the namespaces."""
        while True:
            try:
                await self.client.insist(ApiRequest("get", "namespaces", name="default"))
                return
            except StatusError:
                await asyncio.sleep(0.1)

    def leader(self) -> str:
        """The replica that last told it leads and runs; any running one if none."""
        for _, member in reversed(self.led):
            if member in self.cluster.running():
                return member
        return self.cluster.settings.replicas[0].name

    async def follow(self, replica: str) -> None:
        """Keep what a replica tells of its own leadership, over all its incarnations."""
        while True:
            system = self.cluster.systems.get(replica)
            if system is not None:
                try:
                    async with system.ref(f"store@{replica}").stream(WatchLeadership()) as stream:
                        async for item in stream:
                            assert isinstance(item, Leadership)
                            if item.leading:
                                self.led.append((item.term, replica))
                except SteersmanError:
                    pass
            await asyncio.sleep(0.05)

    async def settle(self) -> list[str]:
        """Wait until the cluster is as desired; what is not in time, as text."""
        problem = "nothing was checked"
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while problem:
                    await asyncio.sleep(0.5)
                    problem = await self.unsettled()
        except TimeoutError:
            return [f"not settled after {SETTLE_SECONDS} s: {problem}"]
        return []

    async def unsettled(self) -> str:
        """What is not yet as desired ('' if all is)."""
        pods = await self.client.insist(ApiRequest("list", "pods", namespace="default"))
        ready = [pod for pod in pods["items"] if is_ready(pod)]
        if len(ready) != PODS or len(pods["items"]) != PODS:
            states = [(p["metadata"]["name"], p["status"].get("phase")) for p in pods["items"]]
            return f"pods: {states}"
        wanted = {pod["metadata"]["uid"] for pod in pods["items"]}
        real = await self.running_pods()
        if wanted != real:
            return f"containers of pods {sorted(real ^ wanted)} differ from what is desired"
        return await self.replicas_differ()

    async def running_pods(self) -> set[str]:
        """Uids of the pods that containers really run for, on any machine."""
        return {
            container.labels[labels.POD_UID]
            for machine in self.cluster.machines.values()
            for container in await machine.runtime.list({labels.TYPE: labels.TYPE_CONTAINER})
            if container.state == "running"
        }

    async def replicas_differ(self) -> str:
        """Whether replicas that applied the same entries hold different states."""
        found = []
        for replica in self.cluster.settings.replicas:
            system = self.cluster.systems[replica.name]
            status = await system.ref(names.address(names.STORE, replica.name)).ask(
                StatusRequest(), 5.0
            )
            assert isinstance(status, StoreStatus)
            found.append(status)
        if len({status.applied_index for status in found}) > 1:
            return f"applied: {[status.applied_index for status in found]}"
        if len({status.state_hash for status in found}) > 1:
            return f"states differ: {[status.state_hash for status in found]}"
        return ""

    async def stored(self) -> dict[str, str]:
        """All ConfigMaps by name, read linearizably."""
        listed = await self.client.insist(ApiRequest("list", "configmaps", namespace="default"))
        return {
            item["metadata"]["name"]: item["data"]["value"]
            for item in listed["items"]
            if "value" in item.get("data", {})
        }


def is_ready(pod: Object) -> bool:
    """Whether a pod has condition Ready."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def deployment() -> ApiRequest:
    """Three pods."""
    app = {"app": "sim"}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "sim"},
        "spec": {
            "replicas": PODS,
            "selector": {"matchLabels": app},
            "template": {
                "metadata": {"labels": app},
                "spec": {"containers": [{"name": "main", "image": "simulated:v1"}]},
            },
        },
    }
    return ApiRequest(
        "create", "deployments", group="apps", namespace="default", body=orjson.dumps(body)
    )


def run(seed: int, authority: Authority) -> Outcome:
    """One run on a fresh virtual loop."""
    return run_simulation(lambda: Scenario(seed, authority).run(), seed)
