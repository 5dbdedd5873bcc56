"""EndpointSlice: the pods behind each Service, in slices of at most 100.

Job: keep endpoints in the slices they are in, fill up before opening new ones, write only what
changed. Source: Kubernetes "EndpointSlices" (management, distribution).
Must not know proxies, nor the API.
"""

from collections import defaultdict
from collections.abc import Iterable

from actors.controllers.objects import (
    controller_reference,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
    with_metadata,
)
from actors.controllers.plan import (
    Action,
    Controller,
    Create,
    Delete,
    Key,
    Update,
    View,
    Watch,
    own_key,
)
from actors.controllers.service_endpoints import (
    Backend,
    Port,
    backends_of,
    is_headless,
    node_keys,
    pod_keys,
    target_reference,
)
from cluster.api.resources import ENDPOINT_SLICES, NODES, PODS, SERVICES
from cluster.api.types import Object
from cluster.names import LABEL_SERVICE_NAME

ENDPOINTS_MAX = 100
LABEL_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
LABEL_HEADLESS = "service.kubernetes.io/headless"


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a Service."""
    namespace, name = key
    present = [
        item
        for item in view.list(ENDPOINT_SLICES, namespace)
        if labels_of(item).get(LABEL_SERVICE_NAME) == name
        and labels_of(item).get(LABEL_MANAGED_BY) == MANAGER
        and not is_terminating(item)
    ]
    service = view.get(SERVICES, namespace, name)
    if service is None:
        return [_delete(item) for item in present]
    if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
        # Whoever made the Service without selector also makes its slices.
        return []
    if is_terminating(service):
        return []
    actions: list[Action] = []
    families = service["spec"].get("ipFamilies") or ["IPv4"]
    for family in families:
        kept = [item for item in present if item.get("addressType") == family]
        actions += _of_family(service, family, kept, backends_of(service, view, family))
    actions += [_delete(item) for item in present if item.get("addressType") not in families]
    return _in_safe_order(actions)


def _of_family(
    service: Object, family: str, present: list[Object], backends: Iterable[Backend]
) -> list[Action]:
    wanted: dict[tuple[Port, ...], dict[str, Object]] = defaultdict(dict)
    for backend in backends:
        wanted[backend.ports][uid_of(backend.pod)] = make_endpoint(backend)
    by_ports: dict[tuple[Port, ...], list[Object]] = defaultdict(list)
    for item in present:
        by_ports[_ports_of(item)].append(item)
    actions: list[Action] = []
    for ports in {**by_ports, **wanted}:
        actions += _of_ports(service, family, ports, by_ports.get(ports, []), wanted[ports])
    if not any(wanted.values()):
        actions = _keep_one_empty(service, family, present, actions)
    return actions


def _of_ports(
    service: Object,
    family: str,
    ports: tuple[Port, ...],
    present: list[Object],
    wanted: dict[str, Object],
) -> list[Action]:
    """Bring the slices of one set of ports to hold exactly the wanted endpoints (by pod uid)."""
    rest = dict(wanted)
    contents: list[tuple[Object, list[Object]]] = []
    for item in present:
        stay = [rest.pop(uid) for uid in map(_pod_uid, item.get("endpoints") or ()) if uid in rest]
        contents.append((item, stay))
    for _, endpoints in contents:
        while rest and len(endpoints) < ENDPOINTS_MAX:
            endpoints.append(rest.pop(next(iter(rest))))
    actions: list[Action] = []
    for item, endpoints in contents:
        if not endpoints:
            actions.append(_delete(item))
        else:
            actions += _updated(service, item, endpoints)
    waiting = list(rest.values())
    for start in range(0, len(waiting), ENDPOINTS_MAX):
        part = waiting[start : start + ENDPOINTS_MAX]
        actions.append(Create(ENDPOINT_SLICES, make_slice(service, family, ports, part)))
    return actions


def _keep_one_empty(
    service: Object, family: str, present: list[Object], actions: list[Action]
) -> list[Action]:
    """A Service without endpoints has one empty slice: that says that there are none."""
    if not present:
        return [Create(ENDPOINT_SLICES, make_slice(service, family, (), []))]
    first, *others = present
    return [*_updated(service, first, []), *map(_delete, others)]


def _updated(service: Object, item: Object, endpoints: list[Object]) -> list[Action]:
    labels = {**labels_of(item), **slice_labels(service)}
    if not is_headless(service):
        labels.pop(LABEL_HEADLESS, None)
    if labels == labels_of(item) and endpoints == (item.get("endpoints") or []):
        return []
    return [Update(ENDPOINT_SLICES, {**with_metadata(item, labels=labels), "endpoints": endpoints})]


def make_slice(
    service: Object, family: str, ports: tuple[Port, ...], endpoints: list[Object]
) -> Object:
    """An EndpointSlice of the Service; the API client makes its name."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name_of(service)}-",
            "namespace": namespace_of(service),
            "labels": slice_labels(service),
            "ownerReferences": [controller_reference(service, SERVICES)],
        },
        "addressType": family,
        "endpoints": endpoints,
        "ports": [_port_object(port) for port in ports],
    }


def slice_labels(service: Object) -> dict[str, str]:
    """The Service's labels, and those by which slices are found."""
    labels = {
        **labels_of(service),
        LABEL_SERVICE_NAME: name_of(service),
        LABEL_MANAGED_BY: MANAGER,
    }
    if is_headless(service):
        labels[LABEL_HEADLESS] = ""
    return labels


def make_endpoint(backend: Backend) -> Object:
    """One endpoint of a slice."""
    endpoint: Object = {
        "addresses": [backend.address],
        "conditions": {
            "ready": backend.ready,
            "serving": backend.serving,
            "terminating": backend.terminating,
        },
        "targetRef": target_reference(backend.pod),
    }
    if backend.hostname:
        endpoint["hostname"] = backend.hostname
    if backend.node:
        endpoint["nodeName"] = backend.node
    if backend.zone:
        endpoint["zone"] = backend.zone
    return endpoint


def _port_object(port: Port) -> Object:
    found: Object = {"name": port.name, "port": port.number, "protocol": port.protocol}
    if port.app_protocol:
        found["appProtocol"] = port.app_protocol
    return found


def _ports_of(item: Object) -> tuple[Port, ...]:
    return tuple(
        Port(
            port.get("name") or "",
            port.get("protocol") or "TCP",
            int(port.get("port") or 0),
            port.get("appProtocol") or "",
        )
        for port in item.get("ports") or ()
    )


def _pod_uid(endpoint: Object) -> str:
    return (endpoint.get("targetRef") or {}).get("uid") or ""


def _delete(item: Object) -> Delete:
    return Delete(ENDPOINT_SLICES, namespace_of(item), name_of(item), uid_of(item))


def _in_safe_order(actions: list[Action]) -> list[Action]:
    """Deletes last: an endpoint that moves is never missing from all slices."""
    return sorted(actions, key=lambda action: isinstance(action, Delete))


def slice_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Service that the slice is of."""
    found: dict[Key, None] = {}
    for item in (old, new):
        if item is not None and labels_of(item).get(LABEL_MANAGED_BY) == MANAGER:
            found[(namespace_of(item), labels_of(item).get(LABEL_SERVICE_NAME, ""))] = None
    return found


CONTROLLER = Controller(
    "endpointslice-controller",
    (
        Watch(SERVICES, own_key),
        Watch(PODS, pod_keys),
        Watch(ENDPOINT_SLICES, slice_keys),
        Watch(NODES, node_keys),
    ),
    plan,
)
