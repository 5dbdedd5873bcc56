"""From what a user asks for (flags, or one TOML file) to the settings every process reads.

Pure: no file, no process. Raises ValueError with a message that names the wrong field.
"""

import ipaddress
import re
from typing import Any

import msgspec

from cluster import settings as settings_module
from cluster.chaos import amounts
from cluster.settings import (
    ClusterSettings,
    NetworkSettings,
    NodeSettings,
    ReplicaSettings,
    StoreSettings,
    TimingSettings,
    TracingSettings,
)
from deploy.tracing import retrying

API_PORT = 6443
PEER_PORT = 7443
# Replicas answer inside the node range at .241 and up, so that nodes reach them by the bridge.
REPLICA_HOST_FIRST = 241
NODES_MAX = 200
NAME = re.compile(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?")
ZONE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
# A node's uplink is "<bridge>-<number>", and the kernel's names have at most 15 characters.
BRIDGE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,10}")
PORT_MAX = 65_535


class Topology(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user can choose. The TOML file has exactly these names (see steersman.toml).

    ``port``: first HTTPS port on 127.0.0.1 (shared by all replicas); replica i has port + i.
    ``rtt``: what a round trip between two zones takes longer, as ``{"a-b": "40ms"}``.
    ``network``/``timing``/... override fields of ``cluster.settings`` by their names.
    """

    name: str = "steersman"
    replicas: int = 3
    zones: tuple[str, ...] = ("a", "b", "c")
    nodes: int = 3
    runtime: str = "docker"
    port: int = API_PORT
    peer_port: int = PEER_PORT
    docker_socket: str = "/var/run/docker.sock"
    network: dict[str, Any] = msgspec.field(default_factory=dict)
    timing: dict[str, Any] = msgspec.field(default_factory=dict)
    store: dict[str, Any] = msgspec.field(default_factory=dict)
    tracing: dict[str, Any] = msgspec.field(default_factory=dict)
    rtt: dict[str, float | str] = msgspec.field(default_factory=dict)


def parse_topology(raw: dict[str, Any]) -> Topology:
    """From a decoded TOML mapping. Raises ValueError naming the field."""
    try:
        return msgspec.convert(raw, Topology)
    except msgspec.ValidationError as error:
        raise ValueError(f"topology: {error}") from error


def check(topology: Topology) -> None:
    """Raises ValueError naming the field that cannot be, and what it must be."""
    if not NAME.fullmatch(topology.name):
        raise ValueError(
            f"topology: name {topology.name!r} must be 1-24 lower-case letters, digits and dashes, "
            "a letter first"
        )
    if topology.replicas not in (1, 3, 5):
        raise ValueError(f"topology: replicas must be 1, 3 or 5, not {topology.replicas}")
    if not topology.zones:
        raise ValueError("topology: zones must name at least one zone")
    wrong = next((zone for zone in topology.zones if not ZONE.fullmatch(zone)), None)
    if wrong is not None:
        raise ValueError(f"topology: zone {wrong!r} must be letters, digits, '-', '_' and '.'")
    pairs = {f"{one}-{other}" for one in topology.zones for other in topology.zones}
    wrong = next((key for key in topology.rtt if key not in pairs), None)
    if wrong is not None:
        zones = ", ".join(topology.zones)
        raise ValueError(f"topology: rtt: {wrong!r} names no two zones of: {zones}")
    if not 0 <= topology.nodes <= NODES_MAX:
        raise ValueError(f"topology: nodes must be between 0 and {NODES_MAX}, not {topology.nodes}")
    if topology.runtime not in ("docker", "memory"):
        raise ValueError(f"topology: runtime must be docker or memory, not {topology.runtime!r}")
    # Without containers nodes listen from peer_port + 101 on, their DNS servers behind the last.
    for field, last in (("port", topology.replicas), ("peer_port", 100 + 2 * NODES_MAX)):
        port = getattr(topology, field)
        if not 1 <= port <= PORT_MAX - last:
            raise ValueError(f"topology: {field} must be between 1 and {PORT_MAX - last}")
    if collector := topology.tracing.get("otlp", ""):
        try:
            retrying.endpoint(str(collector))
        except ValueError as error:
            raise ValueError(f"topology: tracing: otlp: {error}") from error


def build_settings(topology: Topology, data_dir: str) -> ClusterSettings:
    """The whole cluster's settings. Raises ValueError for impossible combinations."""
    check(topology)
    network = _network(topology)
    raw = {
        "name": topology.name,
        "data_dir": data_dir,
        "runtime": topology.runtime,
        "docker_socket": topology.docker_socket,
        "network": network,
        "timing": topology.timing,
        "store": topology.store,
        "tracing": topology.tracing,
        "rtt": {zones: _seconds(zones, told) for zones, told in topology.rtt.items()},
        "replicas": [replica(topology, network, i) for i in range(1, topology.replicas + 1)],
        "nodes": [node(topology, network, i) for i in range(1, topology.nodes + 1)],
    }
    return settings_module.parse_settings(raw)


def _seconds(zones: str, told: float | str) -> float:
    try:
        return amounts.seconds(told) if isinstance(told, str) else told
    except ValueError as error:
        raise ValueError(f"topology: rtt: {zones}: {error}") from error


def _network(topology: Topology) -> NetworkSettings:
    given = dict(topology.network)
    _known("network", given, NetworkSettings)
    _known("timing", topology.timing, TimingSettings)
    _known("store", topology.store, StoreSettings)
    _known("tracing", topology.tracing, TracingSettings)
    given.setdefault("shared_api", f"127.0.0.1:{topology.port}")
    if topology.runtime == "memory":
        given.setdefault("packet_filter", "memory")
    try:
        network = msgspec.convert(given, NetworkSettings)
    except msgspec.ValidationError as error:
        raise ValueError(f"topology: network: {error}") from error
    if not BRIDGE.fullmatch(network.bridge):
        raise ValueError(
            f"topology: network: bridge {network.bridge!r} must be a letter and at most 10 more "
            "letters, digits, '_', '-' and '.'"
        )
    _check_addresses(network)
    return network


def _known(section: str, given: dict[str, Any], record: type[msgspec.Struct]) -> None:
    """Raises ValueError for a name that the section does not have."""
    wrong = sorted(set(given) - set(record.__struct_fields__))
    if wrong:
        known = ", ".join(record.__struct_fields__)
        raise ValueError(f"topology: {section} has no {', '.join(wrong)}; it has: {known}")


def _check_addresses(network: NetworkSettings) -> None:
    """Raises ValueError for what is no IPv4 range, or an address outside of its range."""
    ranges: dict[str, ipaddress.IPv4Network] = {}
    for field in ("pod_range", "node_range", "service_range", "load_balancer_range"):
        try:
            ranges[field] = ipaddress.IPv4Network(getattr(network, field))
        except ValueError as error:
            raise ValueError(f"topology: network: {field}: {error}") from error
    for field, within in (
        ("bridge_address", "node_range"),
        ("dns_address", "service_range"),
        ("kubernetes_address", "service_range"),
    ):
        try:
            address = ipaddress.IPv4Address(getattr(network, field))
        except ValueError as error:
            raise ValueError(f"topology: network: {field}: {error}") from error
        if address not in ranges[within]:
            raise ValueError(f"topology: network: {field} {address} must lie in {within}")


def host(cidr: str, number: int) -> str:
    """The number-th address of a range. Raises ValueError if the range is too small."""
    try:
        return str(ipaddress.ip_network(cidr)[number])
    except IndexError:
        raise ValueError(f"topology: {cidr} has no address number {number}") from None


def number(name: str) -> int:
    """The number in a name that this module gave."""
    return int(name.rpartition("-")[2])


def replica(topology: Topology, network: NetworkSettings, number: int) -> ReplicaSettings:
    """Replica ``number`` (from 1): zones are dealt out in turn."""
    local_api = f"127.0.0.1:{topology.port + number}"
    if topology.runtime == "memory":
        addresses: tuple[str, ...] = (local_api,)
        peer = f"127.0.0.1:{topology.peer_port + number}"
    else:
        address = host(network.node_range, REPLICA_HOST_FIRST + number - 1)
        addresses = (f"{address}:{API_PORT}", local_api)
        peer = f"{address}:{topology.peer_port}"
    return ReplicaSettings(
        name=f"replica-{number}",
        zone=topology.zones[(number - 1) % len(topology.zones)],
        peer_address=peer,
        api_addresses=addresses,
    )


def node(topology: Topology, network: NetworkSettings, number: int, zone: str = "") -> NodeSettings:
    """Node ``number`` (from 1): a /24 of the pod range is its pod CIDR."""
    subnets = ipaddress.ip_network(network.pod_range).subnets(new_prefix=24)
    pod_cidr = next((str(net) for i, net in enumerate(subnets) if i == number), None)
    if pod_cidr is None:
        raise ValueError(f"topology: {network.pod_range} has no /24 number {number}")
    simulated = topology.runtime != "memory"
    address = host(network.node_range, number) if simulated else "127.0.0.1"
    port = topology.peer_port if simulated else topology.peer_port + 100 + number
    return NodeSettings(
        name=f"node-{number}",
        zone=zone or topology.zones[(number - 1) % len(topology.zones)],
        address=address,
        peer_address=f"{address}:{port}",
        pod_cidr=pod_cidr,
        netns=f"{topology.name}-node-{number}" if simulated else "",
        share=1.0 / max(1, topology.nodes),
    )
