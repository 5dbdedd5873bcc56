"""Where a proxied request goes: from a name in the path to an address. Pure.

Source: docs "Access Services Running on Clusters" (``https:name:port``); the endpoints of a Service
are its EndpointSlices. Must not know: HTTP, kubelets.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.api import status
from cluster.api.status import quoted
from cluster.api.types import Object
from cluster.errors import StatusError


@dataclass(frozen=True, slots=True)
class Named:
    """``[scheme:]name[:port]``; a scheme or port that is not told is ''."""

    scheme: str
    name: str
    port: str


@dataclass(frozen=True, slots=True)
class Target:
    """``node``: whose kubelet dials, '' for this API server itself; ``pod``: (namespace, name) that
    it dials, None for the node itself (or, with no node, ``address``)."""

    scheme: str
    address: str
    port: int
    node: str = ""
    pod: tuple[str, str] | None = None

    @property
    def host(self) -> str:
        """As the Host header says it."""
        return f"{self.address}:{self.port}"


def parse_name(kind: str, text: str) -> Named:
    """``kind``: pod, service or node. Raises StatusError 400."""
    parts = text.split(":")
    match parts:
        case [name] if name:
            return Named("", name, "")
        case [name, port] if name and port:
            return Named("", name, port)
        case ["http" | "https" | "" as scheme, name, port] if name:
            return Named(scheme, name, port)
    raise status.bad_request(f"invalid {kind} request {quoted(text)}")


def pod_target(pod: Object, named: Named) -> Target:
    """A port that is not told is the first that a container names. Raises StatusError 400."""
    name, namespace = pod["metadata"]["name"], pod["metadata"].get("namespace", "")
    address = str((pod.get("status") or {}).get("podIP") or "")
    node = str((pod.get("spec") or {}).get("nodeName") or "")
    if not address or not node:
        raise status.bad_request("address not allowed")
    return Target(named.scheme or "http", address, _pod_port(pod, named), node, (namespace, name))


def _pod_port(pod: Object, named: Named) -> int:
    if named.port:
        return number(named.port, "pod", named.name)
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            return int(port["containerPort"])
    return 443 if named.scheme == "https" else 80


def number(text: str, kind: str, name: str) -> int:
    """Raises StatusError 400."""
    if not text.isdecimal() or not 0 < int(text[:6]) < 65536:
        raise status.bad_request(f"invalid {kind} request {quoted(f'{name}:{text}')}")
    return int(text)


def service_targets(service: Object, slices: Sequence[Object], named: Named) -> list[Target]:
    """All that may serve it. Raises StatusError 503 if there is none."""
    name = service["metadata"]["name"]
    ports: list[Object] = list(service["spec"].get("ports") or ())
    wanted = named.port
    if wanted.isdecimal():
        found = next((item for item in ports if int(item["port"]) == int(wanted)), None)
        if found is None:
            raise status.service_unavailable(
                f"no service port {wanted} found for service {quoted(name)}"
            )
        wanted = found.get("name") or ""
    elif not wanted and len(ports) == 1:
        wanted = ports[0].get("name") or ""
    targets = [
        _endpoint(endpoint, int(port["port"]), address, named.scheme or "http")
        for item in slices
        for port in item.get("ports") or ()
        if (port.get("name") or "") == wanted and port.get("port")
        for endpoint in item.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready", True)
        for address in endpoint.get("addresses") or ()
    ]
    if not targets:
        raise status.service_unavailable(f"no endpoints available for service {quoted(name)}")
    return targets


def _endpoint(endpoint: Object, port: int, address: str, scheme: str) -> Target:
    reference = endpoint.get("targetRef") or {}
    node = endpoint.get("nodeName") or ""
    if node and reference.get("kind") == "Pod":
        place = (reference.get("namespace", ""), reference.get("name", ""))
        return Target(scheme, address, port, node, place)
    return Target(scheme, address, port)


def check_address(address: str) -> StatusError | None:
    """What this API server itself must not dial: its own loopback, link-local addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return status.bad_request("address not allowed")
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified:
        return status.bad_request("address not allowed")
    return None
