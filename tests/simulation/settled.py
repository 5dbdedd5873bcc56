"""Whether a cluster is as its user wants it, by asking everybody: the API server for objects, the
machines for containers, every packet filter for where connections go, every replica for its state.

Must not know: faults.
"""

from actors.kubelet import labels
from tests.simulation import user
from tests.simulation.client import NAMESPACE, Client, Object
from tests.simulation.identities import IdentityUser
from tests.simulation.run import replicas_differ


class Settled:
    """``problem()`` gives what is not yet as desired, '' if all is."""

    def __init__(
        self, client: Client, wants: user.User, identities: IdentityUser | None = None
    ) -> None:
        self._client = client
        self._cluster = client.cluster
        self._wants = wants
        self._identities = identities

    async def problem(self) -> str:
        """The first thing that is not as desired."""
        pods = await self._client.list("pods")
        named: list[Object] = []
        if self._identities is not None:
            named = await self._identities.pods()
            problem = await self._identities.problem(named)
            if problem:
                return problem
        return (
            self._pods(pods)
            or await self._deployment()
            or self._containers([*pods, *named])
            or await self._endpoints(pods)
            or await self._nodes()
            or await replicas_differ(self._client)
        )

    def _pods(self, pods: list[Object]) -> str:
        wrong = [
            pod["metadata"]["name"]
            for pod in pods
            if not has_condition(pod, "Ready")
            or pod["metadata"].get("deletionTimestamp")
            or pod["spec"]["containers"][0]["image"] != self._wants.image
        ]
        if wrong or len(pods) != self._wants.replicas:
            states = [f"{p['metadata']['name']} {p['status'].get('phase')}" for p in pods]
            wants = f"{self._wants.replicas} of {self._wants.image}"
            return f"wanted {wants}, pods are {states}, wrong {wrong}"
        addresses = [pod["status"]["podIP"] for pod in pods]
        if len(set(addresses)) != len(addresses):
            return f"pods share addresses: {addresses}"
        return ""

    async def _deployment(self) -> str:
        found = (await self._client.list("deployments", "apps"))[0]
        status = found["status"]
        keys = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        counts = {status.get(key) for key in keys}
        if counts != {self._wants.replicas} or status.get("unavailableReplicas"):
            return f"deployment status {status}"
        if status["observedGeneration"] != found["metadata"]["generation"]:
            return "the deployment's newest generation was not observed"
        sizes = [
            item["spec"]["replicas"] for item in await self._client.list("replicasets", "apps")
        ]
        if sorted(sizes)[:-1] != [0] * (len(sizes) - 1):
            return f"old replica sets are not empty: {sizes}"
        return ""

    def _containers(self, pods: list[Object]) -> str:
        """On every machine one running sandbox and container per pod of its node, nothing else."""
        for node in self._cluster.settings.nodes:
            mine = {
                pod["metadata"]["uid"] for pod in pods if pod["spec"].get("nodeName") == node.name
            }
            machine = self._cluster.machines[node.name]
            records = machine.runtime.records()
            strange = [item.name for item in records if item.labels[labels.POD_UID] not in mine]
            if strange:
                return f"{node.name} holds containers of nobody: {strange}"
            for kind in (labels.TYPE_SANDBOX, labels.TYPE_CONTAINER):
                running = sorted(
                    item.labels[labels.POD_UID]
                    for item in records
                    if item.labels[labels.TYPE] == kind and item.state == "running"
                )
                if running != sorted(mine):
                    return f"{node.name}: running {kind}s are of {running}, pods are {sorted(mine)}"
            if len(machine.pods.attached) != len(mine):
                return f"{node.name} has networks {machine.pods.attached} for {len(mine)} pods"
        return ""

    async def _endpoints(self, pods: list[Object]) -> str:
        wanted = sorted(pod["status"]["podIP"] for pod in pods)
        slices = await self._client.list("endpointslices", "discovery.k8s.io")
        in_slices = sorted(
            address
            for item in slices
            if item["metadata"].get("labels", {}).get("kubernetes.io/service-name") == user.NAME
            for endpoint in item.get("endpoints") or []
            if endpoint["conditions"].get("ready")
            for address in endpoint["addresses"]
        )
        endpoints = [
            item
            for item in await self._client.list("endpoints")
            if item["metadata"]["name"] == user.NAME
        ]
        in_endpoints = sorted(
            address["ip"]
            for item in endpoints
            for subset in item.get("subsets") or []
            for address in subset.get("addresses") or []
        )
        if in_slices != wanted or in_endpoints != wanted:
            return f"ready pods {wanted}, slices {in_slices}, endpoints {in_endpoints}"
        return await self._forwards(wanted)

    async def _forwards(self, wanted: list[str]) -> str:
        services = await self._client.list("services", namespace=NAMESPACE)
        address = next(
            item["spec"]["clusterIP"] for item in services if item["metadata"]["name"] == user.NAME
        )
        for node in self._cluster.settings.nodes:
            packet_filter = self._cluster.machines[node.name].packet_filter
            found = packet_filter.resolve(address, user.PORT)
            targets = sorted(backend.address for backend in found.backends)
            ports = {backend.port for backend in found.backends}
            if targets != wanted or ports != {user.POD_PORT}:
                return f"{node.name} forwards to {targets} {ports}, ready are {wanted}"
        return ""

    async def _nodes(self) -> str:
        nodes = await self._client.list("nodes", namespace="")
        for node in nodes:
            if not has_condition(node, "Ready") or node["spec"].get("taints"):
                return f"{node['metadata']['name']}: taints {node['spec'].get('taints')}"
        if len(nodes) != len(self._cluster.settings.nodes):
            return f"{len(nodes)} nodes"
        return ""


def has_condition(obj: Object, name: str) -> bool:
    """Whether a pod or node has a condition."""
    conditions = obj.get("status", {}).get("conditions") or []
    return any(item["type"] == name and item["status"] == "True" for item in conditions)
