"""Endpoints: the older single object per Service, for clients that still read it.

Source: Kubernetes core/v1 Endpoints. Must not know EndpointSlices, nor the API.
"""

from collections import defaultdict

from actors.controllers.objects import (
    annotations_of,
    is_terminating,
    labels_of,
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
    pod_keys,
    target_reference,
)
from cluster.api.resources import ENDPOINTS, NODES, PODS, SERVICES
from cluster.api.types import Object

LABEL_HEADLESS = "service.kubernetes.io/headless"
LABEL_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
# More addresses than this are cut, and the object says so.
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
ADDRESSES_MAX = 1000


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a Service."""
    namespace, name = key
    service = view.get(SERVICES, namespace, name)
    present = view.get(ENDPOINTS, namespace, name)
    if service is None:
        mine = present is not None and labels_of(present).get(LABEL_MANAGED_BY) == MANAGER
        if present is None or not mine or is_terminating(present):
            return []
        return [Delete(ENDPOINTS, namespace, name, uid_of(present))]
    spec = service["spec"]
    if not spec.get("selector") or spec.get("type") == "ExternalName" or is_terminating(service):
        return []
    family = (spec.get("ipFamilies") or ["IPv4"])[0]
    # A pod on its way out is in slices only, as terminating.
    backends = [item for item in backends_of(service, view, family) if _is_listed(item)]
    subsets = make_subsets(backends[:ADDRESSES_MAX])
    labels = {**labels_of(service), LABEL_MANAGED_BY: MANAGER}
    if is_headless(service):
        labels[LABEL_HEADLESS] = ""
    annotations = {OVER_CAPACITY: "truncated"} if len(backends) > ADDRESSES_MAX else {}
    if present is None:
        return [Create(ENDPOINTS, _make(namespace, name, labels, annotations, subsets))]
    kept = {k: v for k, v in annotations_of(present).items() if k != OVER_CAPACITY}
    annotations = {**kept, **annotations}
    same = (
        labels == labels_of(present)
        and annotations == annotations_of(present)
        and subsets == (present.get("subsets") or [])
    )
    if same:
        return []
    changed = with_metadata(present, labels=labels, annotations=annotations or None)
    return [Update(ENDPOINTS, {**changed, "subsets": subsets})]


def _is_listed(backend: Backend) -> bool:
    return backend.ready or not backend.terminating


def make_subsets(backends: list[Backend]) -> list[Object]:
    """Addresses grouped by the ports they serve, ready and not ready apart."""
    grouped: dict[tuple[Port, ...], list[Backend]] = defaultdict(list)
    for backend in backends:
        grouped[backend.ports].append(backend)
    return [_subset(ports, grouped[ports]) for ports in sorted(grouped)]


def _subset(ports: tuple[Port, ...], backends: list[Backend]) -> Object:
    ordered = sorted(backends, key=lambda item: item.address)
    subset: Object = {}
    for field, ready in (("addresses", True), ("notReadyAddresses", False)):
        addresses = [_address(item) for item in ordered if item.ready == ready]
        if addresses:
            subset[field] = addresses
    if ports:
        subset["ports"] = [_port_object(port) for port in sorted(ports)]
    return subset


def _address(backend: Backend) -> Object:
    address: Object = {"ip": backend.address, "targetRef": target_reference(backend.pod)}
    if backend.hostname:
        address["hostname"] = backend.hostname
    if backend.node:
        address["nodeName"] = backend.node
    return address


def _port_object(port: Port) -> Object:
    found: Object = {"port": port.number, "protocol": port.protocol}
    if port.name:
        found["name"] = port.name
    if port.app_protocol:
        found["appProtocol"] = port.app_protocol
    return found


def _make(
    namespace: str,
    name: str,
    labels: dict[str, str],
    annotations: dict[str, str],
    subsets: list[Object],
) -> Object:
    meta: Object = {"name": name, "namespace": namespace, "labels": labels}
    if annotations:
        meta["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets}


CONTROLLER = Controller(
    "endpoint-controller",
    (Watch(SERVICES, own_key), Watch(PODS, pod_keys), Watch(ENDPOINTS, own_key)),
    plan,
    reads=(NODES,),
)
