"""Which addresses and ports stand behind a Service: what EndpointSlices and Endpoints share.

Source: Kubernetes "EndpointSlices" (conditions, topology), "Service: named ports".
Must not know how the result is cut into objects, nor the API.
"""

from collections.abc import Iterable
from typing import NamedTuple

from actors.controllers.objects import (
    is_finished,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    node_of,
    ready_since,
    uid_of,
)
from actors.controllers.plan import Key, View
from cluster.api.resources import NODES, PODS, SERVICES
from cluster.api.selectors import from_labels
from cluster.api.types import Object
from cluster.names import LABEL_ZONE

# Headless Services publish pods that are not ready under this (old) annotation too.
TOLERATE_UNREADY = "service.alpha.kubernetes.io/tolerate-unready-endpoints"


class Port(NamedTuple):
    """A port as endpoints have it: ``number`` is the pod's."""

    name: str
    protocol: str
    number: int
    app_protocol: str = ""


class Backend(NamedTuple):
    """One pod behind a Service, on one set of ports."""

    ports: tuple[Port, ...]
    address: str
    ready: bool
    serving: bool
    terminating: bool
    node: str
    zone: str
    hostname: str
    pod: Object


def backends_of(service: Object, view: View, family: str = "IPv4") -> list[Backend]:
    """The pods that the Service selects and that have an address, in order of their names."""
    spec = service["spec"]
    selector = from_labels(spec.get("selector"))
    publish = publishes_unready(service)
    found = []
    for pod in view.list(PODS, namespace_of(service)):
        if is_finished(pod) or not selector.matches(labels_of(pod)):
            continue
        address = pod_address(pod, family)
        if not address:
            continue
        serving = ready_since(pod) is not None
        terminating = is_terminating(pod)
        found.append(
            Backend(
                ports=ports_for(service, pod),
                address=address,
                ready=publish or (serving and not terminating),
                serving=serving,
                terminating=terminating,
                node=node_of(pod),
                zone=_zone_of(view, node_of(pod)),
                hostname=_hostname(service, pod),
                pod=pod,
            )
        )
    return sorted(found, key=lambda item: (name_of(item.pod), item.address))


def publishes_unready(service: Object) -> bool:
    """True if clients want addresses of pods that are not ready too."""
    annotations = service["metadata"].get("annotations") or {}
    wanted = service["spec"].get("publishNotReadyAddresses")
    return bool(wanted) or annotations.get(TOLERATE_UNREADY) == "true"


def is_headless(service: Object) -> bool:
    """True if the Service has no address of its own."""
    return bool(service["spec"].get("clusterIP") == "None")


def ports_for(service: Object, pod: Object) -> tuple[Port, ...]:
    """The Service's ports as this pod serves them; a named target the pod lacks is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol") or "TCP"
        number = _target(port, protocol, pod)
        if number:
            found.append(
                Port(port.get("name") or "", protocol, number, port.get("appProtocol") or "")
            )
    return tuple(found)


def pod_address(pod: Object, family: str) -> str:
    """The pod's address of that family, '' if it has none (yet)."""
    status = pod.get("status") or {}
    addresses = [item.get("ip") or "" for item in status.get("podIPs") or ()]
    for address in (*addresses, status.get("podIP") or ""):
        if address and (":" in address) == (family == "IPv6"):
            return str(address)
    return ""


def target_reference(pod: Object) -> Object:
    """The reference from an endpoint to its pod."""
    return {
        "kind": "Pod",
        "namespace": namespace_of(pod),
        "name": name_of(pod),
        "uid": uid_of(pod),
    }


def _target(port: Object, protocol: str, pod: Object) -> int:
    target = port.get("targetPort")
    if target is None or target == 0 or target == "":
        return int(port["port"])
    if isinstance(target, int):
        return target
    containers = [*(pod["spec"].get("containers") or ())]
    # Sidecars are init containers that keep running.
    containers += [
        item
        for item in pod["spec"].get("initContainers") or ()
        if item.get("restartPolicy") == "Always"
    ]
    for container in containers:
        for candidate in container.get("ports") or ():
            same = (candidate.get("protocol") or "TCP") == protocol
            if same and candidate.get("name") == target:
                return int(candidate["containerPort"])
    return 0


def _zone_of(view: View, node: str) -> str:
    found = view.get(NODES, "", node) if node else None
    return labels_of(found).get(LABEL_ZONE, "") if found is not None else ""


def _hostname(service: Object, pod: Object) -> str:
    """A pod's name of its own under a headless Service that its subdomain names."""
    spec = pod["spec"]
    if spec.get("hostname") and spec.get("subdomain") == name_of(service):
        return str(spec["hostname"])
    return ""


def pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Services that select the pod as it was or is."""
    pods = [pod for pod in (old, new) if pod is not None]
    if old is not None and new is not None and _same_endpoint(old, new):
        return []
    found: dict[Key, None] = {}
    for service in view.list(SERVICES, namespace_of(pods[0])):
        selector = from_labels(service["spec"].get("selector"))
        if any(selector.matches(labels_of(pod)) for pod in pods):
            found[(namespace_of(service), name_of(service))] = None
    return found


def _same_endpoint(old: Object, new: Object) -> bool:
    """True if the change cannot show in any endpoint."""

    def shown(pod: Object) -> tuple[object, ...]:
        status = pod.get("status") or {}
        return (
            labels_of(pod),
            is_finished(pod),
            is_terminating(pod),
            ready_since(pod) is not None,
            node_of(pod),
            status.get("podIP"),
            status.get("podIPs"),
            pod["spec"].get("hostname"),
            pod["spec"].get("subdomain"),
            uid_of(pod),
        )

    return shown(old) == shown(new)


def node_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A node whose zone changed concerns the Services of the pods on it."""
    before = labels_of(old).get(LABEL_ZONE) if old is not None else None
    after = labels_of(new).get(LABEL_ZONE) if new is not None else None
    if before == after:
        return []
    found: dict[Key, None] = {}
    for pod in view.by_node(name_of(new or old or {})):
        for key in pod_keys(view, None, pod):
            found[key] = None
    return found
