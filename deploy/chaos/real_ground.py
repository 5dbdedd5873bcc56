"""A real cluster of this machine as a scenario's ground: HTTPS, the engine, rules, trace files.

Must not know: what is broken, or judged.
"""

import asyncio
import time
from itertools import islice

from cluster import trace_subjects, trace_tree
from cluster.chaos.observations import Container, Forwarded, StoreSeen, Visit
from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.settings import ClusterSettings
from deploy.chaos import engines
from deploy.chaos.ground import Object
from deploy.chaos.https import HttpsApi
from deploy.chaos.visiting import Visitors
from deploy.tracing import files, text

STORE_PATH = "/debug/store"
STORE_SECONDS = 1.0
CHAINS_MAX = 2
LINES_MAX = 40
ROLES = ("leader", "follower", "candidate", "learner")


class RealGround(HttpsApi):
    """Of a cluster that is up, as an async context manager. ``namespace``: of the workload."""

    def __init__(self, settings: ClusterSettings, namespace: str) -> None:
        super().__init__(settings)
        self.nodes = tuple(node.name for node in settings.nodes)
        self._settings = settings
        self._namespace = namespace
        self._docker = settings.runtime == "docker"
        self.visitors = Visitors(settings) if self._docker else None

    async def __aexit__(self, *details: object) -> None:
        if self.visitors is not None:
            self.visitors.close()
        await super().__aexit__(*details)

    def wall(self) -> float:
        """See ``Ground``."""
        return time.time()

    async def visit(self, service: Object, turn: int) -> Visit | None:
        """See ``Ground``. Simulated containers answer nobody."""
        return await self.visitors.visit(service, turn) if self.visitors is not None else None

    async def stores(self) -> list[StoreSeen]:
        """See ``Ground``."""
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._store(turn)) for turn in range(len(self.replicas))]
        return [found for task in asked if (found := task.result()) is not None]

    async def _store(self, turn: int) -> StoreSeen | None:
        try:
            said = await self.call("GET", STORE_PATH, turn, STORE_SECONDS)
        except SteersmanError:
            return None
        role = said.get("role", "")
        return StoreSeen(
            self.replicas[turn], role if role in ROLES else "", int(said.get("term", 0)),
            int(said.get("applied_index", 0)), int(said.get("revision", 0)),
            str(said.get("state_hash", "")),
        )  # fmt: skip

    async def containers(self) -> list[Container] | None:
        """See ``Ground``."""
        look = engines.docker_containers if self._docker else engines.memory_containers
        return await asyncio.to_thread(look, self._settings)

    async def forwards(self) -> list[Forwarded] | None:
        """See ``Ground``. Simulated filters cannot be asked from outside."""
        if not self._docker:
            return None
        request = ApiRequest("list", "services", namespace=self._namespace)
        items = (await self.ask(request, 0))["items"]
        services = {
            item["spec"]["clusterIP"]: item["metadata"]["name"]
            for item in items
            if item["spec"].get("clusterIP", "None") != "None"
        }
        return await asyncio.to_thread(engines.nftables_forwards, self._settings, services)

    async def chain(self, subject: str, since: float, until: float) -> list[str]:
        """See ``Ground``."""
        return await asyncio.to_thread(chain, self._settings, subject, since, until)


def chain(settings: ClusterSettings, subject: str, since: float, until: float) -> list[str]:
    """The newest traces of the object that began in that time, as trees. Blocks: reads files."""
    _, namespace, name = trace_subjects.target(subject)
    kept = [
        record for record in files.records(settings, since, name) if float(record["ts"]) <= until
    ]
    found: list[str] = []
    for identity in trace_subjects.traces_of(kept, subject)[-CHAINS_MAX:]:
        records = list(files.records(settings, since, identity))
        lines = text.render(trace_tree.build(records, identity), namespace=namespace)
        found += [f"trace {identity}", text.HEAD, *islice(lines, LINES_MAX)]
    return found
