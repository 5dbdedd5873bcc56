"""What a new cluster holds before anyone asks: namespaces, policy, priority classes, two Services.

Job: write what is missing, many objects in one transaction, each only if its key is free: any
replica may run it, at any time, any number of times. Must not know: HTTP, who leads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from actors.apiserver.address_ranges import put_address
from actors.apiserver.bootstrap_flows import flow_objects
from actors.apiserver.environment import Environment
from actors.apiserver.strategies import services
from actors.apiserver.strategies.service_ranges import DEFAULT_NAME
from actors.apiserver.strategies.strategy import copy_of, prepare_create
from actors.apiserver.strategies.table import strategy_of
from cluster import names
from cluster.api.aggregation.api_services import local_services
from cluster.api.defaults import apply_defaults
from cluster.api.encoding import encode_for_store
from cluster.api.index import make_index
from cluster.api.kinds import Kind, by_kind, storage_key
from cluster.api.types import Object
from cluster.messages.store import Compare, Put, Txn
from cluster.security.bootstrap_policy import bootstrap_objects
from cluster.settings import ClusterSettings

# Objects of one transaction: each is a few operations, and an engine may need some of
# TXN_OPERATIONS_MAX for itself.
BATCH = 40
KUBERNETES = "kubernetes"
KUBE_DNS = "kube-dns"
# Written last: whoever sees it knows that everything before it is there.
LAST_KEY = "/registry/rbac.authorization.k8s.io/clusterroles/cluster-admin"
_COMPONENTS = "kubernetes.io/cluster-service"


@dataclass(frozen=True)
class Seed:
    """One object to be written: its key, and the operations that write it."""

    key: str
    operations: tuple[Put, ...]


async def ensure(environment: Environment) -> int:
    """Write what is missing. Returns how many objects were. Raises StatusError."""
    seeds = [make_seed(environment, obj) for obj in initial_objects(environment.settings)]
    seeds.sort(key=lambda seed: seed.key == LAST_KEY)
    written = 0
    missing = await _missing(environment, seeds)
    while missing:
        batch = missing[:BATCH]
        guards = tuple(
            Compare(operation.key, "create", 0) for seed in batch for operation in seed.operations
        )
        changes = tuple(operation for seed in batch for operation in seed.operations)
        result = await environment.objects.store.txn(Txn(compare=guards, success=changes))
        if result.succeeded:
            written += len(batch)
            missing = missing[BATCH:]
        else:
            # Another replica was quicker with some of it.
            missing = await _missing(environment, seeds)
    return written


async def _missing(environment: Environment, seeds: Sequence[Seed]) -> list[Seed]:
    """The seeds whose key is free, as of now."""
    store = environment.objects.store
    newest = await store.get(LAST_KEY)  # linearizable: then this replica's own state is recent
    del newest
    return [seed for seed in seeds if await store.get(seed.key, linearizable=False) is None]


def make_seed(environment: Environment, obj: Object) -> Seed:
    """The object as it is stored, with the reservations of a Service."""
    kind = kind_of(obj)
    apply_defaults(kind, obj)
    prepare_create(
        obj,
        strategy_of(kind),
        has_status="status" in kind.subresources,
        uid=environment.entropy.uuid(),
        now=environment.clock.now(),
        created=environment.timestamp(),
    )
    metadata = obj["metadata"]
    key = storage_key(kind, metadata.get("namespace", ""), metadata["name"])
    data, stamp = encode_for_store(obj)
    puts = [Put(key, data, stamp, make_index(kind, obj))]
    if kind.kind == "Service":
        owner = orjson.dumps({"service": f"{metadata['namespace']}/{metadata['name']}"})
        puts += [Put(held, owner) for held in sorted(services.reservations(obj))]
        puts += [put_address(environment, obj, address) for address in services.cluster_ips(obj)]
    return Seed(key, tuple(puts))


def kind_of(obj: Object) -> Kind:
    """The kind an object says it is."""
    group, _, version = obj["apiVersion"].rpartition("/")
    kind = by_kind(group, version, obj["kind"])
    assert kind is not None, obj["kind"]
    return kind


def initial_objects(settings: ClusterSettings) -> list[Object]:
    """All of them, in an order in which each refers only to earlier ones."""
    namespaces = (
        names.NAMESPACE_DEFAULT,
        names.NAMESPACE_SYSTEM,
        names.NAMESPACE_PUBLIC,
        names.NAMESPACE_NODE_LEASE,
    )
    return [
        *(_object("v1", "Namespace", name) for name in namespaces),
        *_priority_classes(),
        *flow_objects(),
        _service_range(settings),
        kubernetes_service(settings),
        dns_service(settings),
        *local_services(()).values(),
        *(copy_of(obj) for obj in bootstrap_objects()),
    ]


def _object(version: str, kind: str, name: str, namespace: str = "") -> Object:
    metadata: Object = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _service_range(settings: ClusterSettings) -> Object:
    """The range that cluster IPs are taken from; further ones may be added."""
    return {
        **_object("networking.k8s.io/v1", "ServiceCIDR", DEFAULT_NAME),
        "spec": {"cidrs": [settings.network.service_range]},
    }


def _priority_classes() -> list[Object]:
    described = {
        "system-cluster-critical": (
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to "
            "another node if necessary.",
        ),
        "system-node-critical": (
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current node.",
        ),
    }
    return [
        {
            **_object("scheduling.k8s.io/v1", "PriorityClass", name),
            "value": value,
            "description": text,
        }
        for name, (value, text) in described.items()
    ]


def kubernetes_service(settings: ClusterSettings) -> Object:
    """The Service by which pods find the API servers."""
    first = settings.replicas[0].api_addresses
    port = int(first[0].rpartition(":")[2]) if first else 6443
    service = _object("v1", "Service", KUBERNETES, names.NAMESPACE_DEFAULT)
    service["metadata"]["labels"] = {"component": "apiserver", "provider": "kubernetes"}
    service["spec"] = {
        "type": "ClusterIP",
        "clusterIP": settings.network.kubernetes_address,
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}],
    }
    return service


def dns_service(settings: ClusterSettings) -> Object:
    """The Service that every pod's resolv.conf names. Without selector: the DNS actors of the
    nodes write its EndpointSlices."""
    service = _object("v1", "Service", KUBE_DNS, names.NAMESPACE_SYSTEM)
    service["metadata"]["labels"] = {
        "k8s-app": KUBE_DNS,
        _COMPONENTS: "true",
        "kubernetes.io/name": "CoreDNS",
    }
    service["spec"] = {
        "type": "ClusterIP",
        "clusterIP": settings.network.dns_address,
        # Every node has a server of its own: one that died with its node is asked by nobody else.
        "internalTrafficPolicy": "Local",
        "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
        ],
    }
    return service
