"""What a scenario runs on in the simulation: a client by messages, and the machines as they are.

See ``deploy.chaos.ground.Ground``. Must not know: scenarios, faults.
"""

import asyncio
from collections.abc import Iterator

from actors.kit.world.containers import Container as Held
from actors.kit.world.memory import EPOCH
from actors.kubelet import labels
from cluster import names, trace_subjects, trace_tree
from cluster.chaos.observations import Container, Forwarded, StoreSeen, Visit
from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import StatusRequest, StoreStatus
from deploy.chaos.ground import Object
from deploy.tracing import text
from tests.simulation.client import Client

STATUS_SECONDS = 1.0
# Of one way between a client and a pod.
VISIT_SECONDS = 0.002
CHAINS_MAX = 3


class SimulatedGround(Client):
    """See the module."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes."""
        return tuple(item.name for item in self.cluster.settings.nodes)

    def wall(self) -> float:
        """See ``Ground``."""
        return EPOCH + asyncio.get_running_loop().time()

    async def visit(self, service: Object, turn: int) -> Visit | None:
        """Through the packet filter of the turn-th machine that has power; one of the pods that it
        sends to, which answers if its containers run."""
        begin = self._now()
        name = service["metadata"]["name"]
        powered = [node for node in self.nodes if self.cluster.powered(node)]
        if not powered:
            return None
        node = powered[turn % len(powered)]
        await asyncio.sleep(VISIT_SECONDS)
        problem, via = self._connect(node, service)
        await asyncio.sleep(VISIT_SECONDS)
        return Visit(name, begin, self._now(), problem, via or node)

    def _connect(self, node: str, service: Object) -> tuple[str, str]:
        """What is wrong, and where it went."""
        spec = service["spec"]
        found = self.cluster.machines[node].packet_filter.resolve(
            spec["clusterIP"], spec["ports"][0]["port"]
        )
        if found.outcome != "forward":
            return f"{node}: {found.outcome}", node
        backend = self.entropy.choice(found.backends)
        for machine in self.nodes:
            for item in self._running(machine):
                if item.labels.get(labels.ADDRESS) == backend.address:
                    if self._serves(machine, item.labels[labels.POD_UID]):
                        return "", f"{node} to {backend.address}"
                    return f"{backend.address} refuses", node
        return f"{backend.address} does not answer", node

    def _serves(self, machine: str, pod: str) -> bool:
        """Whether a container runs that is not only the pod's sandbox."""
        return any(
            item.labels.get(labels.POD_UID) == pod
            and item.labels.get(labels.TYPE) == labels.TYPE_CONTAINER
            for item in self._running(machine)
        )

    def _running(self, machine: str) -> Iterator[Held]:
        runtime = self.cluster.machines[machine].runtime
        return (item for item in runtime.records() if item.state == "running")

    async def stores(self) -> list[StoreSeen]:
        """See ``Ground``."""
        found = await asyncio.gather(*(self._store(name) for name in self.replicas))
        return [seen for seen in found if seen is not None]

    async def _store(self, replica: str) -> StoreSeen | None:
        try:
            address = names.address(names.STORE, replica)
            answer = await self.ref(address).ask(StatusRequest(), STATUS_SECONDS)
        except SteersmanError:
            return None
        assert isinstance(answer, StoreStatus)
        return StoreSeen(
            replica=replica,
            role=_ROLES.get(answer.role, ""),
            term=answer.term,
            applied=answer.applied_index,
            revision=answer.revision,
            digest=answer.state_hash,
        )

    async def containers(self) -> list[Container] | None:
        """See ``Ground``."""
        return [
            Container(
                node=node,
                identity=item.id,
                pod=item.labels.get(labels.POD_UID, ""),
                namespace=item.labels.get(labels.POD_NAMESPACE, ""),
                name=item.labels.get(labels.POD_NAME, ""),
                part=""
                if item.labels.get(labels.TYPE) == labels.TYPE_SANDBOX
                else item.labels.get(labels.CONTAINER, ""),
                running=item.state == "running",
            )
            for node in self.nodes
            if not self.cluster.machines[node].runtime.down
            for item in self.cluster.machines[node].runtime.records()
        ]

    async def forwards(self) -> list[Forwarded] | None:
        """See ``Ground``."""
        try:
            request = ApiRequest("list", "services", namespace="")
            services = (await self.ask(request, 0))["items"]
        except SteersmanError:
            return None
        found = []
        for node in self.nodes:
            packet_filter = self.cluster.machines[node].packet_filter
            for service in services:
                address = service["spec"].get("clusterIP", "None")
                if address == "None":
                    continue
                for port in service["spec"]["ports"]:
                    backends = packet_filter.resolve(address, port["port"]).backends
                    name = service["metadata"]["name"]
                    addresses = tuple(sorted(backend.address for backend in backends))
                    found.append(Forwarded(node, name, addresses))
        return found

    async def chain(self, subject: str, since: float, until: float) -> list[str]:
        """See ``Ground``; of the records that the run still keeps."""
        records = [
            record
            for record in self.cluster.tracer.records
            if since <= float(record.get("ts", 0.0)) <= until
        ]
        lines: list[str] = []
        for trace in trace_subjects.traces_of(records, subject)[-CHAINS_MAX:]:
            lines += text.render(trace_tree.build(records, trace))
        return lines

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_ROLES = {
    "leader": "leader", "follower": "follower", "candidate": "candidate",
    "pre-candidate": "candidate", "learner": "learner",
}  # fmt: skip
