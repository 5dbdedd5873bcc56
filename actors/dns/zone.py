"""What the cluster domain holds: Services and their endpoints, indexed by what questions name.

Must not know: DNS messages, informers. Source: Kubernetes DNS-Based Service Discovery 1.1.0.
"""

from typing import NamedTuple

from cluster.api.types import Object
from cluster.names import LABEL_SERVICE_NAME

Key = tuple[str, str]


class Port(NamedTuple):
    """A named port; ``protocol`` in lower case."""

    name: str
    protocol: str
    number: int


class Service(NamedTuple):
    """``addresses``: cluster IPs, none if headless. ``external`` not '': the CNAME's target."""

    key: Key
    addresses: tuple[str, ...]
    ports: tuple[Port, ...]
    external: str


class Endpoint(NamedTuple):
    """A ready endpoint of a Service. ``label``: its hostname, else its address with dashes."""

    label: str
    address: str
    ports: tuple[Port, ...]


class ClusterZone:
    """Feed it changes; look things up. All names in lower case."""

    def __init__(self) -> None:
        self.services: dict[Key, Service] = {}
        self._slices: dict[Key, tuple[Key, tuple[Endpoint, ...]]] = {}
        self._slices_of: dict[Key, set[Key]] = {}
        self._services_at: dict[str, set[Key]] = {}
        self._namespaces: dict[str, int] = {}

    def service_changed(self, old: Object | None, new: Object | None) -> bool:
        """A Service was added (no old), changed, or deleted (no new). Whether that changes any
        answer."""
        key = _key(new or old or {})
        before = self.services.pop(key, None)
        if before is not None:
            self._link(before, -1)
        service = parse_service(new) if new is not None else None
        if service is not None:
            self.services[key] = service
            self._link(service, 1)
        return before != service

    def slice_changed(self, old: Object | None, new: Object | None) -> bool:
        """An EndpointSlice was added (no old), changed, or deleted (no new). Whether that changes
        any answer."""
        key = _key(new or old or {})
        before = self._slices.pop(key, None)
        if before is not None:
            self._slices_of[before[0]].discard(key)
            if not self._slices_of[before[0]]:
                del self._slices_of[before[0]]
            for endpoint in before[1]:
                _discard(self._services_at, endpoint.address, before[0])
        found = parse_slice(new) if new is not None else None
        if found is not None:
            self._slices[key] = found
            self._slices_of.setdefault(found[0], set()).add(key)
            for endpoint in found[1]:
                self._services_at.setdefault(endpoint.address, set()).add(found[0])
        return before != found

    def endpoints(self, key: Key) -> list[Endpoint]:
        """Ready endpoints of a Service, each once."""
        found: dict[tuple[str, str], Endpoint] = {}
        for slice_key in sorted(self._slices_of.get(key, ())):
            for endpoint in self._slices[slice_key][1]:
                found.setdefault((endpoint.label, endpoint.address), endpoint)
        return list(found.values())

    def services_at(self, address: str) -> list[Service]:
        """Services with that cluster IP or that ready endpoint, by name."""
        keys = sorted(self._services_at.get(address, ()))
        return [self.services[key] for key in keys if key in self.services]

    def has_namespace(self, name: str) -> bool:
        """True if some Service lives in it."""
        return name in self._namespaces

    def _link(self, service: Service, sign: int) -> None:
        namespace = service.key[0]
        self._namespaces[namespace] = self._namespaces.get(namespace, 0) + sign
        if not self._namespaces[namespace]:
            del self._namespaces[namespace]
        for address in service.addresses:
            if sign > 0:
                self._services_at.setdefault(address, set()).add(service.key)
            else:
                _discard(self._services_at, address, service.key)


def parse_service(obj: Object) -> Service:
    """From a decoded Service."""
    spec = obj.get("spec") or {}
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP") or ""]
    external = ""
    if spec.get("type") == "ExternalName":
        external = (spec.get("externalName") or "").rstrip(".").lower()
        addresses = []
    return Service(
        key=_key(obj),
        addresses=tuple(item for item in addresses if item.count(".") == 3),
        ports=tuple(_port(item) for item in spec.get("ports") or ()),
        external=external,
    )


def parse_slice(obj: Object) -> tuple[Key, tuple[Endpoint, ...]] | None:
    """(Service, ready endpoints); None for other address types and slices of no Service."""
    meta = obj["metadata"]
    service = (meta.get("labels") or {}).get(LABEL_SERVICE_NAME)
    if not service or obj.get("addressType") != "IPv4":
        return None
    ports = tuple(_port(item) for item in obj.get("ports") or () if item.get("port"))
    found = []
    for item in obj.get("endpoints") or ():
        if (item.get("conditions") or {}).get("ready") is False:
            continue
        for address in item.get("addresses") or ():
            label = (item.get("hostname") or address.replace(".", "-")).lower()
            found.append(Endpoint(label, address, ports))
    return ((meta.get("namespace") or "").lower(), service.lower()), tuple(found)


def _port(item: Object) -> Port:
    name = (item.get("name") or "").lower()
    return Port(name, (item.get("protocol") or "TCP").lower(), int(item["port"]))


def _key(obj: Object) -> Key:
    meta = obj.get("metadata") or {}
    return (meta.get("namespace") or "").lower(), (meta.get("name") or "").lower()


def _discard(index: dict[str, set[Key]], address: str, key: Key) -> None:
    keys = index.get(address)
    if keys is not None:
        keys.discard(key)
        if not keys:
            del index[address]
