"""How a process of the control plane reaches a Service: at one of its ready endpoints.

Job: (namespace, name, port) to addresses. Must not know: what is said over the connection.
"""

from dataclasses import dataclass
from typing import Protocol

from actors.apiserver.object_store import ObjectStore
from actors.apiserver.selection import Selection
from actors.kit.world.entropy import Entropy
from cluster.api.custom.reviews import endpoints
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource

_SLICES = by_resource("discovery.k8s.io", "v1", "endpointslices")
_SERVICES = by_resource("", "v1", "services")


class Unreachable(Exception):
    """Nobody is there. The text says why."""


class Dialler(Protocol):
    """Finds who answers for a Service."""

    async def address(self, namespace: str, name: str, port: int) -> tuple[str, int]:
        """Host and port to connect to. Raises Unreachable."""


@dataclass
class ServiceDialler:
    """A ``Dialler``. ``objects``: services and their endpoint slices, as this replica knows."""

    objects: ObjectStore
    entropy: Entropy

    async def address(self, namespace: str, name: str, port: int) -> tuple[str, int]:
        """See ``Dialler``."""
        assert _SLICES is not None and _SERVICES is not None
        found = await self.objects.find(_SERVICES, namespace, name, False)
        if found is None:
            raise Unreachable(f'service "{name}" not found')
        service = decode(found.value)
        ports = (service.get("spec") or {}).get("ports") or ()
        if all(item.get("port") != port for item in ports):
            raise Unreachable(f'no service port {port} found for service "{name}"')
        chosen = Selection(_SLICES, namespace, labels=f"kubernetes.io/service-name={name}")
        slices = [decode(item.value) for item in await self.objects.all(chosen)]
        ends = endpoints(service, slices, port)
        if not ends:
            raise Unreachable(f'no endpoints available for service "{name}"')
        return self.entropy.choice(ends)
