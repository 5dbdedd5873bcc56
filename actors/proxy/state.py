"""What the proxy knows, by Service: only the Services touched since the last table are worked anew.

Must not know: informers, nft, tasks.
"""

from actors.kit.world.packet_filter import ForwardTable
from actors.proxy.rules import NodeView, ServiceRules, assemble, service_rules
from actors.proxy.services import Key, ServiceInfo, SliceInfo, parse_service, parse_slice
from cluster.api.types import Object
from cluster.settings import NetworkSettings


class ProxyState:
    """Feed it changes, then take ``table``."""

    def __init__(self, name: str, node: NodeView, network: NetworkSettings) -> None:
        self._name = name
        self._node = node
        self._network = network
        self._services: dict[Key, ServiceInfo] = {}
        self._slices: dict[Key, dict[Key, SliceInfo]] = {}
        self._service_of_slice: dict[Key, Key] = {}
        self._rules: dict[Key, ServiceRules] = {}
        self._dirty: dict[Key, None] = {}
        self._dead: frozenset[str] = frozenset()

    @property
    def dirty(self) -> bool:
        """True if something changed since the last ``table``."""
        return bool(self._dirty)

    def service_changed(self, old: Object | None, new: Object | None) -> None:
        """A Service was added (no old), changed, or deleted (no new)."""
        key = _key(new or old or {})
        info = parse_service(new) if new is not None else None
        if info == self._services.get(key):
            return
        if info is None:
            self._services.pop(key, None)
        else:
            self._services[key] = info
        self._dirty[key] = None

    def slice_changed(self, old: Object | None, new: Object | None) -> None:
        """An EndpointSlice was added (no old), changed, or deleted (no new)."""
        key = _key(new or old or {})
        info = parse_slice(new) if new is not None else None
        before = self._service_of_slice.pop(key, None)
        if before is not None:
            previous = self._slices[before].pop(key)
            if not self._slices[before]:
                del self._slices[before]
            if previous != info:
                self._dirty[before] = None
        if info is not None:
            self._slices.setdefault(info.service, {})[key] = info
            self._service_of_slice[key] = info.service
            if before != info.service:
                self._dirty[info.service] = None

    def leave_out(self, dead: frozenset[str]) -> None:
        """These addresses, and no others, do not answer."""
        changed, self._dead = dead ^ self._dead, dead
        for key, slices in self._slices.items():
            if any(end.address in changed for one in slices.values() for end in one.endpoints):
                self._dirty[key] = None

    def places(self) -> dict[str, dict[str, int]]:
        """A TCP port of each ready endpoint of the other nodes: by address, by node."""
        found: dict[str, dict[str, int]] = {}
        for slices in self._slices.values():
            for one in slices.values():
                port = min((number for _, kind, number in one.ports if kind == "tcp"), default=0)
                for end in one.endpoints:
                    if port and end.ready and end.node and end.node != self._node.name:
                        found.setdefault(end.node, {}).setdefault(end.address, port)
        return found

    def table(self) -> ForwardTable:
        """The whole table as of now; nothing is dirty after."""
        for key in self._dirty:
            service = self._services.get(key)
            if service is None:
                self._rules.pop(key, None)
            else:
                slices = self._slices.get(key, {})
                ordered = (slices[item] for item in sorted(slices))
                self._rules[key] = service_rules(service, ordered, self._node, self._dead)
        self._dirty.clear()
        return assemble(self._name, self._rules, self._network)

    def health_ports(self) -> dict[int, tuple[Key, int]]:
        """healthCheckNodePort → (Service, ready endpoints on this node), as of the last table."""
        return {
            service.health_port: (key, self._rules[key].local)
            for key, service in self._services.items()
            if service.health_port and service.external_local and key in self._rules
        }


def _key(obj: Object) -> Key:
    meta = obj.get("metadata") or {}
    return meta.get("namespace") or "", meta.get("name") or ""
