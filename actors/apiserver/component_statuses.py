"""componentstatuses: the health of the scheduler, the controllers and the store, as asked for now.

Job: objects that are made up on every read and never stored. Source: API reference ComponentStatus
(deprecated since 1.19, still served). Must not know: HTTP.
"""

from actors.apiserver.environment import Environment
from actors.apiserver.object_store import Page
from cluster import names
from cluster.api import status
from cluster.api.encoding import encode
from cluster.api.kinds import Kind
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import PingServer
from cluster.messages.store import KeyValue, StoreStatus

PING_SECONDS = 1.0
_COMPONENTS = {"controller-manager": names.CONTROLLERS, "scheduler": names.SCHEDULER}
STORE = "etcd-0"
RESOURCE = ("", "componentstatuses")


async def page(environment: Environment) -> Page:
    """All of them as a list of objects that are in no store."""
    items = await found(environment)
    return Page(tuple(KeyValue("", encode(item), 0, 0, 0) for item in items), 0)


async def found(environment: Environment) -> list[Object]:
    """All, in order of their names."""
    try:
        store = await environment.objects.store.status()
        trouble = "; ".join(store.alarms) or ("" if store.leader else "there is no leader")
    except StatusError as error:
        store, trouble = None, str(error)
    items = [_status(STORE, trouble)]
    for name, component in _COMPONENTS.items():
        items.append(_status(name, await _trouble(environment, component, store)))
    return sorted(items, key=lambda item: str(item["metadata"]["name"]))


async def named(environment: Environment, kind: Kind, name: str) -> Object:
    """One of them. Raises StatusError 404."""
    for item in await found(environment):
        if item["metadata"]["name"] == name:
            return item
    raise status.not_found(kind, name)


async def _trouble(environment: Environment, component: str, store: StoreStatus | None) -> str:
    """What is wrong with a component, which runs where the store leads; '' if nothing is."""
    if store is None or not store.leader:
        return "nobody runs it: the store has no leader"
    try:
        await environment.ref(names.address(component, store.leader)).ask(
            PingServer(), PING_SECONDS
        )
    except SteersmanError as error:
        return f"{component}@{store.leader} does not answer: {error}"
    return ""


def _status(name: str, trouble: str) -> Object:
    condition = {"type": "Healthy", "status": "False" if trouble else "True"}
    condition["error" if trouble else "message"] = trouble or "ok"
    return {
        "apiVersion": "v1",
        "kind": "ComponentStatus",
        "metadata": {"name": name},
        "conditions": [condition],
    }
