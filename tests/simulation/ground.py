"""What a scenario runs on in the simulation: a client by messages, and the machines as they are.

See ``deploy.chaos.ground.Ground``. Must not know: scenarios, faults.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator

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
from tests.simulation.cluster import SimulatedCluster

STATUS_SECONDS = 1.0
# As a real visitor waits for an answer (``deploy.chaos.visiting``).
VISIT_SECONDS_MAX = 1.0
# Of one small request, or its answer.
PACKET_BYTES = 300
CHAINS_MAX = 3


class SimulatedGround(Client):
    """See the module. ``hit``: names of the processes that suffer just now."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        super().__init__(cluster)
        self.hit: Callable[[], Collection[str]] = tuple

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes."""
        return tuple(item.name for item in self.cluster.settings.nodes)

    def wall(self) -> float:
        """See ``Ground``."""
        return EPOCH + asyncio.get_running_loop().time()

    async def visit(self, service: Object, turn: int) -> Visit | None:
        """From the turn-th node that does not suffer and has power, as on a real cluster (a client
        there suffers too); None if there is none. Through the packet filter there to one of the
        pods that it sends to, over the network, and back."""
        hit = self.hit()
        nodes = [node for node in self.nodes if node not in hit and self.cluster.powered(node)]
        if not nodes:
            return None
        begin, node = self._now(), nodes[turn % len(nodes)]
        name, spec = service["metadata"]["name"], service["spec"]
        found = self.cluster.machines[node].packet_filter.resolve(
            spec["clusterIP"], spec["ports"][0]["port"]
        )
        if found.outcome != "forward":
            # A filter without a rule lets it pass, to where nobody is.
            await asyncio.sleep(0.0 if found.outcome == "reject" else VISIT_SECONDS_MAX)
            return Visit(name, begin, self._now(), f"{node}: {found.outcome}", node, node)
        to = self.entropy.choice(found.backends).address
        problem, pod = await self._request(node, to)
        return Visit(name, begin, self._now(), problem, f"{node} to {to}", node, to, pod)

    async def _request(self, node: str, address: str) -> tuple[str, str]:
        """What is wrong with one from a node to a pod's address, and which pod answers."""
        begin, machine = self._now(), self._holder(address)
        if machine is None or not await self._crosses(node, machine, begin):
            await asyncio.sleep(max(0.0, begin + VISIT_SECONDS_MAX - self._now()))
            return f"{address} does not answer", ""
        # It may be gone by now.
        pod = self._serving(machine, address)
        if not await self._crosses(machine, node, begin):
            await asyncio.sleep(max(0.0, begin + VISIT_SECONDS_MAX - self._now()))
            return f"no answer of {address} comes back", ""
        return ("", pod) if pod else (f"{address} refuses", "")

    async def _crosses(self, source: str, target: str, begin: float) -> bool:
        """Go that way; False if that is not over in time."""
        seconds = self.cluster.network.packets(source, target, PACKET_BYTES)
        if self._now() + seconds > begin + VISIT_SECONDS_MAX:
            return False
        await asyncio.sleep(seconds)
        return True

    def _holder(self, address: str) -> str | None:
        """The machine with the address's sandbox, if that runs."""
        for machine in self.nodes:
            if any(item.labels.get(labels.ADDRESS) == address for item in self._running(machine)):
                return machine
        return None

    def _serving(self, machine: str, address: str) -> str:
        """Uid of the pod whose container runs beside the sandbox that has the address; '' if none
        does."""
        running = list(self._running(machine))
        pods = {
            item.labels[labels.POD_UID]
            for item in running
            if item.labels.get(labels.ADDRESS) == address
        }
        serving = (
            item.labels[labels.POD_UID]
            for item in running
            if item.labels.get(labels.POD_UID) in pods
            and item.labels.get(labels.TYPE) == labels.TYPE_CONTAINER
        )
        return next(serving, "")

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
