"""One replica on virtual time for component tests: a fake API server that knows pods/binding, and a
store whose leadership the test decides."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from cluster.api.kind import Kind
from cluster.api.resources import EVENTS, PODS
from cluster.api.status import conflict
from cluster.messages.apiserver import ApiRequest
from cluster.settings import ClusterSettings, NetworkSettings, NodeSettings, ReplicaSettings
from tests.simulation.loop import run_simulation
from tests.unit.actors.client.fake_apiserver import FakeApiServer, FakeState
from tests.unit.actors.client.test_leadership import FakeStore, Shared

SETTINGS = ClusterSettings(
    name="test",
    data_dir="/nowhere",
    replicas=(ReplicaSettings("replica-1", "a", "", ()),),
    nodes=(
        NodeSettings("n1", "a", "10.245.0.1", "", "10.244.1.0/24"),
        NodeSettings("n2", "b", "10.245.0.2", "", "10.244.2.0/24"),
    ),
    network=NetworkSettings(packet_filter="memory"),
)
SERVERS = ("apiserver@replica-1",)
SERVERS = ("apiserver@replica-1",)


class BindingServer(FakeApiServer):
    """A fake API server that knows pods/binding."""

    def _create(self, request: ApiRequest, kind: Kind) -> dict[str, Any]:
        if request.subresource != "binding":
            return super()._create(request, kind)
        found = self.state.find(PODS, request.namespace, request.name)
        assert found is not None
        body = orjson.loads(request.body)
        if found["spec"].get("nodeName"):
            raise conflict(kind, request.name, "pod is already assigned to node")
        assert body["metadata"]["uid"] == found["metadata"]["uid"]
        changed = {**found, "spec": {**found["spec"], "nodeName": body["target"]["name"]}}
        self.state.put(PODS, changed)
        return {"kind": "Status", "status": "Success"}


class ReplicaBench:
    """What a test gets. ``leadership.become(term, leading)`` moves it."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        self.state = FakeState()
        self.leadership = Shared()

    def requests(self, verb: str = "", subresource: str | None = None) -> list[ApiRequest]:
        return [
            item
            for item in self.state.requests
            if verb in ("", item.verb) and subresource in (None, item.subresource)
        ]

    def events(self) -> list[tuple[str, str]]:
        """(reason, message) of all Events."""
        return [(item["reason"], item["message"]) for item in self.state.all(EVENTS)]


def replicated(test: Callable[[ReplicaBench], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Decorator: a test that runs virtually, on a replica that follows nobody yet."""

    async def main() -> None:
        async with actor_system() as system:
            bench = ReplicaBench(system)
            await system.spawn("apiserver", lambda: BindingServer(bench.state))
            await system.spawn("store", lambda: FakeStore(bench.leadership))
            await test(bench)

    def run() -> None:
        run_simulation(main)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
