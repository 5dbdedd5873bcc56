"""Where the API servers answer: Endpoints and EndpointSlices of the ``kubernetes`` Service. Pure.

Each replica has an EndpointSlice of its own, so that replicas come and go without touching each
other's entries; the older Endpoints object lists them all. Must not know: who is alive.
"""

from collections.abc import Iterable

from actors.apiserver.bootstrap import KUBERNETES
from cluster import names
from cluster.api.types import Object
from cluster.settings import ReplicaSettings

MANAGER = "apiserver.steersman.io"


def slice_name(replica: str) -> str:
    """Of the replica's own EndpointSlice."""
    return f"{KUBERNETES}-{replica}"


def host_port(replica: ReplicaSettings) -> tuple[str, int]:
    """The address told to in-cluster clients."""
    host, _, port = replica.api_addresses[0].rpartition(":")
    return host.strip("[]"), int(port)


def endpoint_slice(replica: ReplicaSettings) -> Object:
    """The slice of one replica."""
    host, port = host_port(replica)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": slice_name(replica.name),
            "namespace": names.NAMESPACE_DEFAULT,
            "labels": {
                names.LABEL_SERVICE_NAME: KUBERNETES,
                "endpointslice.kubernetes.io/managed-by": MANAGER,
            },
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [host], "conditions": {"ready": True}, "zone": replica.zone},
        ],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    }


def endpoints(replicas: Iterable[ReplicaSettings]) -> Object:
    """The Endpoints object that lists all of ``replicas``: one subset per port."""
    by_port: dict[int, list[str]] = {}
    for replica in replicas:
        host, port = host_port(replica)
        by_port.setdefault(port, []).append(host)
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": KUBERNETES,
            "namespace": names.NAMESPACE_DEFAULT,
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [
            {
                "addresses": [{"ip": host} for host in sorted(hosts)],
                "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
            }
            for port, hosts in sorted(by_port.items())
        ],
    }
