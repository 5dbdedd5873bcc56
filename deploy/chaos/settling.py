"""Whether all is as it was last asked for, by asking everybody. Must not know: faults."""

from collections.abc import Sequence

from cluster.chaos.checkers import leftovers
from cluster.chaos.observations import PodSeen, Violation
from cluster.chaos.picking import has_condition, pod_seen
from deploy.chaos.apps import App
from deploy.chaos.asking import list_all
from deploy.chaos.ground import Ground, Object
from deploy.chaos.looks import Looks

DEPLOYMENT_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
STATEFULSET_COUNTS = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")


class Settling:
    """``turn``: which replica is asked. Everything raises SteersmanError if nobody answers."""

    def __init__(self, ground: Ground, namespace: str, apps: Sequence[App]) -> None:
        self._ground = ground
        self._namespace = namespace
        self._apps = apps

    async def problem(self, turn: int = 0) -> str:
        """The first thing that is not as desired, '' if all is."""
        found = await self.leftovers(turn)
        return (
            await self._nodes(turn)
            or await self._pods(turn)
            or (str(found[0]) if found else "")
            or await self._stores()
        )

    async def _nodes(self, turn: int) -> str:
        nodes = await list_all(self._ground, "nodes", turn=turn)
        for node in nodes:
            if not has_condition(node, "Ready") or node["spec"].get("taints"):
                return f"{node['metadata']['name']}: taints {node['spec'].get('taints')}"
        return "" if len(nodes) == len(self._ground.nodes) else f"{len(nodes)} nodes"

    async def _pods(self, turn: int) -> str:
        looks = await Looks(self._ground, self._namespace).survey(turn)
        for app in self._apps:
            pods = [pod for pod in looks.pods if pod.app == app.name]
            listed = await list_all(self._ground, app.resource, "apps", self._namespace, turn)
            obj = next((one for one in listed if one["metadata"]["name"] == app.name), None)
            to = sorted(one.pod for one in looks.endpoints if one.service == app.name)
            problem = _pods_wrong(app, pods) or _status_wrong(app, obj)
            if not problem and to != sorted(pod.uid for pod in pods):
                problem = f"service {app.name} sends to {len(to)} pods, ready are {len(pods)}"
            if problem:
                return problem
        return ""

    async def leftovers(self, turn: int = 0, at: float = 0.0) -> list[Violation]:
        """Containers and rules that nobody needs, pods without what they need."""
        listed = await list_all(self._ground, "pods", turn=turn)
        pods = [pod_seen(pod) for pod in listed]
        # Others may use the cluster too, and the same labels.
        own = [pod for pod in listed if pod["metadata"]["namespace"] == self._namespace]
        containers = await self._ground.containers()
        found: list[Violation] = []
        if containers is not None:
            found += leftovers.orphan_containers(containers, pods, at)
            found += leftovers.missing_containers(containers, pods, at)
        forwards = await self._ground.forwards()
        if forwards is not None:
            seen = [pod_seen(pod) for pod in own]
            ready = {app.name: _addresses(app, seen) for app in self._apps if app.has_address}
            found += leftovers.orphan_rules(forwards, ready, at)
        return found

    async def _stores(self) -> str:
        stores = await self._ground.stores()
        if len(stores) < len(self._ground.replicas):
            missing = set(self._ground.replicas) - {store.replica for store in stores}
            return f"{', '.join(sorted(missing))}: no answer"
        if len({store.applied for store in stores}) > 1:
            return f"replicas have applied {[store.applied for store in stores]}"
        if len({store.digest for store in stores}) > 1:
            return f"states differ: {[(store.replica, store.digest) for store in stores]}"
        return ""


def _addresses(app: App, pods: Sequence[PodSeen]) -> list[str]:
    return [pod.address for pod in pods if pod.app == app.name and pod.ready and not pod.ending]


def _pods_wrong(app: App, pods: Sequence[PodSeen]) -> str:
    wrong = [pod.name for pod in pods if not pod.ready or pod.ending]
    if wrong or len(pods) != app.replicas:
        return f"{app.name}: wanted {app.replicas} pods, has {len(pods)}, not ready: {wrong}"
    addresses = {pod.address for pod in pods}
    return "" if len(addresses) == len(pods) else f"{app.name}: pods share an address"


def _status_wrong(app: App, obj: Object | None) -> str:
    if obj is None:
        return f"{app.name} is gone"
    status = obj.get("status") or {}
    counts = DEPLOYMENT_COUNTS if app.resource == "deployments" else STATEFULSET_COUNTS
    if {status.get(count, 0) for count in counts} != {app.replicas}:
        return f"{app.name}: wanted {app.replicas}, its status is {status}"
    if status.get("observedGeneration") != obj["metadata"]["generation"]:
        return f"{app.name}: its newest generation was not observed"
    return ""
