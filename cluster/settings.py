"""The shape of one cluster: what the launcher writes, every process reads. Pure records.

Ranges are IPv4 CIDR strings. Times are seconds. The file form is TOML with the same names.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import msgspec

from cluster import limits


class ReplicaSettings(msgspec.Struct, frozen=True):
    """One control-plane process. ``api_addresses``: "host:port" it serves HTTPS on; the first is
    the one told to in-cluster clients. ``peer_address``: "host:port" of the message transport.

    ``initial``: what an empty disk means. new: the cluster is being founded; join: the replica was
    added and waits for the leader; existing: its log was lost, so it must not take part (it may
    have voted, and promised to keep what it has not any more).
    """

    name: str
    zone: str
    peer_address: str
    api_addresses: tuple[str, ...]
    initial: Literal["new", "join", "existing"] = "new"


class NodeSettings(msgspec.Struct, frozen=True):
    """One worker node. ``netns``: its network namespace, '' for the machine's own.
    ``peer_address``: "host:port" of its message transport. ``address``: the node's InternalIP."""

    name: str
    zone: str
    address: str
    peer_address: str
    pod_cidr: str
    netns: str = ""
    # Share of the machine's capacity this node reports (simulated nodes divide one machine).
    share: float = 1.0


class NetworkSettings(msgspec.Struct, frozen=True):
    """Address plan; every range is pinned before use so that no packet leaves by the default route.

    ``shared_api``: "127.0.0.1:port" that every replica listens on too, by one socket they share: it
    answers as long as one replica lives and is not stopped.
    """

    pod_range: str = "10.244.0.0/16"
    node_range: str = "10.245.0.0/24"
    service_range: str = "10.96.0.0/16"
    load_balancer_range: str = "10.245.1.0/24"
    dns_address: str = "10.96.0.10"
    kubernetes_address: str = "10.96.0.1"
    node_port_min: int = 30000
    node_port_max: int = 32767
    bridge: str = "steersman0"
    bridge_address: str = "10.245.0.254"
    shared_api: str = "127.0.0.1:6443"
    cluster_domain: str = "cluster.local"
    packet_filter: Literal["nftables", "memory"] = "nftables"


class TimingSettings(msgspec.Struct, frozen=True):
    """Defaults are quick for one machine; Kubernetes' own values in the comments."""

    # A silent leader is replaced within half a second; one that died, sooner.
    heartbeat: float = 0.1
    election_min: float = 0.36
    election_max: float = 0.42
    node_lease_renew: float = 5.0  # 10
    node_lease_duration: float = 15.0  # 40
    node_grace: float = 16.0  # 50: silence after which a node is Unknown
    toleration: int = 5  # 300: default tolerationSeconds for not-ready and unreachable


class StoreSettings(msgspec.Struct, frozen=True):
    """``snapshot_entries``: log entries after which a replica snapshots its state and drops them
    (it keeps at most as many more for replicas that are a little behind). ``segment_bytes``: room
    that the log takes on disk at a time.

    ``engine``: raft is the cluster's own. etcd: an external cluster at ``endpoints``, URLs joined
    by commas. raftos: a demonstration of what that package can and cannot do; it loses data.
    ``lease_reads``: the raft leader answers reads while its lease lasts, without asking a quorum;
    right only as long as no replica's clock runs more than a tenth quicker than another's.
    """

    snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES
    segment_bytes: int = limits.RAFT_SEGMENT_BYTES
    engine: Literal["raft", "etcd", "raftos"] = "raft"
    endpoints: str = ""
    lease_reads: bool = False


class TracingSettings(msgspec.Struct, frozen=True):
    """``otlp``: URL of an OpenTelemetry collector that gets live spans, '' for none."""

    otlp: str = ""


class ClusterSettings(msgspec.Struct, frozen=True):
    """Everything a process must know of the cluster. ``data_dir`` is absolute. ``rtt``: seconds
    that a message and its answer take longer between two zones, as ``{"a-b": 0.04}``."""

    name: str
    data_dir: str
    replicas: tuple[ReplicaSettings, ...]
    nodes: tuple[NodeSettings, ...]
    runtime: Literal["docker", "memory"] = "docker"
    docker_socket: str = "/var/run/docker.sock"
    network: NetworkSettings = NetworkSettings()
    timing: TimingSettings = TimingSettings()
    store: StoreSettings = StoreSettings()
    tracing: TracingSettings = TracingSettings()
    rtt: dict[str, float] = {}

    def processes(self) -> tuple[ReplicaSettings | NodeSettings, ...]:
        """All replicas, then all nodes."""
        return (*self.replicas, *self.nodes)

    def replica(self, name: str) -> ReplicaSettings:
        """Raises KeyError if there is none of that name."""
        return next_named(self.replicas, name)

    def node(self, name: str) -> NodeSettings:
        """Raises KeyError if there is none of that name."""
        return next_named(self.nodes, name)

    def zone_of(self, process: str) -> str:
        """The zone of a replica or node ('' if unknown)."""
        for item in self.processes():
            if item.name == process:
                return item.zone
        return ""

    def distances(self, process: str) -> dict[str, float]:
        """Peer → seconds that what this process sends to it takes longer."""
        zone = self.zone_of(process)
        found = {}
        for item in self.processes():
            between = (f"{zone}-{item.zone}", f"{item.zone}-{zone}")
            rtt = next((self.rtt[key] for key in between if key in self.rtt), 0.0)
            if rtt and item.name != process:
                found[item.name] = rtt / 2
        return found

    def peer_addresses(self) -> dict[str, str]:
        """Process name → "host:port" of its message transport."""
        return {item.name: item.peer_address for item in self.processes()}


Named = TypeVar("Named", ReplicaSettings, NodeSettings)


def next_named(items: Sequence[Named], name: str) -> Named:
    """The item of that name. Raises KeyError with the names there are."""
    for item in items:
        if item.name == name:
            return item
    known = ", ".join(item.name for item in items)
    raise KeyError(f"{name!r} is not one of: {known}")


def parse_settings(raw: dict[str, Any]) -> ClusterSettings:
    """Build from a decoded TOML/JSON mapping. Raises ValueError naming the wrong field by path."""
    try:
        settings = msgspec.convert(raw, ClusterSettings)
    except msgspec.ValidationError as error:
        raise ValueError(f"cluster settings: {error}") from error
    check(settings)
    return settings


def check(settings: ClusterSettings) -> None:
    """Raises ValueError for duplicate names, even replica counts, times that contradict each
    other, bad or overlapping ranges."""
    names = [item.name for item in settings.processes()]
    if len(set(names)) != len(names):
        raise ValueError("cluster settings: replica and node names must be unique")
    if not 1 <= len(settings.replicas) <= limits.REPLICAS_MAX:
        raise ValueError(f"cluster settings: replicas must be 1 to {limits.REPLICAS_MAX}")
    if settings.store.snapshot_entries < 1:
        raise ValueError("cluster settings: store: snapshot_entries must be at least 1")
    if settings.store.segment_bytes < 64 * limits.KIB:
        raise ValueError("cluster settings: store: segment_bytes must be at least 65536")
    if (settings.store.engine == "etcd") != bool(settings.store.endpoints):
        raise ValueError("cluster settings: store: endpoints go with engine etcd, and only with it")
    _check_timing(settings.timing)
    _check_rtt(settings)
    _check_network(settings.network)


def _check_timing(timing: TimingSettings) -> None:
    # A follower must miss some heartbeats, not one that is late, before it stands for election.
    if not 0 < timing.heartbeat * 3 <= timing.election_min < timing.election_max:
        raise ValueError(
            "cluster settings: timing: 3 heartbeats must fit into election_min, and that lie "
            "below election_max"
        )
    if not 0 < timing.node_lease_renew < timing.node_lease_duration <= timing.node_grace:
        raise ValueError(
            "cluster settings: timing: node_lease_renew must lie below node_lease_duration, and "
            "that not above node_grace"
        )
    if timing.toleration < 0:
        raise ValueError("cluster settings: timing: toleration must not be negative")


def _check_rtt(settings: ClusterSettings) -> None:
    # Zones need not have anybody in them: the last one there may have left.
    for key, seconds in settings.rtt.items():
        # A candidate must hear of its votes before it gives up.
        if not 0 <= seconds * 2 <= settings.timing.election_min:
            raise ValueError(
                f"cluster settings: rtt: {key}: twice {seconds} s must lie below election_min "
                f"({settings.timing.election_min} s): lengthen timing's heartbeat and elections"
            )


def _check_network(net: NetworkSettings) -> None:
    ranges = {
        field: _range(field, getattr(net, field))
        for field in ("pod_range", "node_range", "service_range", "load_balancer_range")
    }
    fields = sorted(ranges)
    for position, one in enumerate(fields):
        for other in fields[position + 1 :]:
            if ranges[one].overlaps(ranges[other]):
                raise ValueError(f"cluster settings: {one} and {other} overlap")
    for field in ("dns_address", "kubernetes_address"):
        if _address(field, getattr(net, field)) not in ranges["service_range"]:
            raise ValueError(f"cluster settings: {field} must lie in service_range")
    if net.dns_address == net.kubernetes_address:
        raise ValueError("cluster settings: dns_address and kubernetes_address must differ")
    if not 0 < net.node_port_min <= net.node_port_max < 1 << 16:
        raise ValueError("cluster settings: node_port_min to node_port_max is no range of ports")


def _range(field: str, value: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"cluster settings: {field}: {error}") from error


def _address(field: str, value: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(value)
    except ValueError as error:
        raise ValueError(f"cluster settings: {field}: {error}") from error
