"""The network of a one-machine cluster: a bridge, one network namespace per node, pinned ranges.

Job: make it, and take all of it away again. Every pod, node, service and load balancer address is
pinned first, in the machine's namespace and in each node's, so that a packet no rule catches meets
an unreachable route or an unanswered ARP on our own bridge, never the default route. Node
namespaces have no default route at all.
Must not know: processes, images, Kubernetes objects. Needs root, and ``ip`` and ``nft``.
"""

import json
import os
import subprocess

from cluster.settings import ClusterSettings, NodeSettings, ReplicaSettings
from deploy import tools

# Above every metric a real route has: pins win only where nothing else matches.
PIN_METRIC = 4_000_000
DOCKER_CHAIN = "DOCKER-USER"
# Tells whose a bridge is (an interface alias of the kernel).
ALIAS = "steersman:"


class NetworkError(Exception):
    """A network command failed; the text says which and what it printed."""


def run(*argv: str, stdin: str = "", check: bool = True) -> str:
    """Run a command, return what it printed. Raises NetworkError."""
    try:
        result = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, check=False, env=tools.environment()
        )
    except FileNotFoundError:
        if check:
            raise NetworkError(f"{argv[0]} is not installed") from None
        return ""
    if check and result.returncode:
        raise NetworkError(f"{' '.join(argv)}: {result.stderr.strip()}")
    return result.stdout


def uplink(node: NodeSettings, settings: ClusterSettings) -> str:
    """Name of the node's veth end in the machine's namespace (at most 15 characters)."""
    return f"{settings.network.bridge}-{node.name.rpartition('-')[2]}"


def table(settings: ClusterSettings) -> str:
    """The packet-filter table that refuses what no rule of ours catches."""
    return f"{settings.name}_pins".replace("-", "_")


def root_lines(settings: ClusterSettings) -> list[str]:
    """``ip -batch`` lines that pin the ranges in the machine's namespace. Idempotent."""
    net = settings.network
    replicas = [r.peer_address.rpartition(":")[0] for r in settings.replicas]
    prefix = net.node_range.rpartition("/")[2]
    return [
        *(f"route replace unreachable {cidr} metric {PIN_METRIC}" for cidr in ranges(settings)),
        f"link set {net.bridge} alias {ALIAS}{settings.name}",
        f"addr replace {net.bridge_address}/{prefix} dev {net.bridge}",
        *(f"addr replace {address}/32 dev {net.bridge}" for address in replicas),
        f"link set {net.bridge} up",
        f"route replace {net.load_balancer_range} dev {net.bridge} src {net.bridge_address}",
    ]


def ranges(settings: ClusterSettings) -> tuple[str, ...]:
    """All address ranges of the cluster."""
    net = settings.network
    return (net.pod_range, net.node_range, net.service_range, net.load_balancer_range)


def node_lines(settings: ClusterSettings, node: NodeSettings) -> list[str]:
    """``ip -batch`` lines inside the node's namespace. Idempotent."""
    net = settings.network
    prefix = net.node_range.rpartition("/")[2]
    return [
        *(f"route replace unreachable {cidr} metric {PIN_METRIC}" for cidr in ranges(settings)),
        "link set lo up",
        f"addr replace {node.address}/{prefix} dev eth0",
        "link set eth0 up",
        # Services are answered by packet-filter rules; the route only has to exist and stay here.
        f"route replace {net.service_range} dev eth0 src {node.address}",
        f"route replace {net.load_balancer_range} dev eth0 src {node.address}",
        *(
            f"route replace {other.pod_cidr} via {other.address}"
            for other in settings.nodes
            if other.name != node.name
        ),
    ]


def pin_rules(settings: ClusterSettings) -> str:
    """The table that answers at once where a load balancer address has no rule."""
    name, net = table(settings), settings.network
    return (
        f"table ip {name}\ndelete table ip {name}\ntable ip {name} {{\n"
        "  chain out { type filter hook output priority 0;\n"
        f"    ip daddr {{ {net.load_balancer_range}, {net.service_range} }}"
        " ct state new reject with icmp port-unreachable\n  }\n}\n"
    )


def up(settings: ClusterSettings) -> None:
    """Make (or repair) the whole network. Raises NetworkError."""
    pin(settings)
    run("nft", "-f", "-", stdin=pin_rules(settings))
    allow_bridge(settings)
    for node in settings.nodes:
        node_up(settings, node)


def pin(settings: ClusterSettings) -> None:
    """Make (or repair) the bridge, with the addresses of all replicas. Raises NetworkError."""
    net = settings.network
    if net.bridge not in links():
        run("ip", "link", "add", net.bridge, "type", "bridge", "forward_delay", "0")
    run("ip", "-batch", "-", stdin="\n".join(root_lines(settings)))


def replica_down(settings: ClusterSettings, replica: ReplicaSettings) -> None:
    """Take a replica's address away. Does nothing if it is not there."""
    address = replica.peer_address.rpartition(":")[0]
    run("ip", "addr", "del", f"{address}/32", "dev", settings.network.bridge, check=False)


def node_up(settings: ClusterSettings, node: NodeSettings) -> None:
    """One node's namespace, its uplink and its routes, and the other nodes' routes to it."""
    net, name, port = settings.network, node.netns, uplink(node, settings)
    if name not in namespaces():
        # An uplink left without its namespace leads nowhere.
        run("ip", "link", "del", port, check=False)
        run("ip", "netns", "add", name)
    if port not in links():
        run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "-n", name, "-batch", "-", stdin="\n".join(node_lines(settings, node)))
    run("ip", "link", "set", port, "master", net.bridge, "up")
    enable = "1 > /proc/sys/net/ipv4/ip_forward"
    run("nsenter", f"--net=/run/netns/{name}", "sh", "-c", f"echo {enable}")
    route = f"route replace {node.pod_cidr} via {node.address}"
    run("ip", *route.split(), "src", net.bridge_address)
    for other in settings.nodes:
        if other.name != node.name and other.netns in namespaces():
            run("ip", "-n", other.netns, *route.split(), check=False)


def node_down(settings: ClusterSettings, node: NodeSettings) -> None:
    """Take one node's namespace and routes away. Does nothing if they are not there."""
    run("ip", "route", "del", node.pod_cidr, "via", node.address, check=False)
    for other in settings.nodes:
        if other.name != node.name and other.netns in namespaces():
            route = ("route", "del", node.pod_cidr, "via", node.address)
            run("ip", "-n", other.netns, *route, check=False)
    run("ip", "link", "del", uplink(node, settings), check=False)
    if node.netns in namespaces():
        run("ip", "netns", "del", node.netns, check=False)


def down(settings: ClusterSettings) -> None:
    """Take the whole network away: namespaces, bridge, rules, and last the pins."""
    for node in settings.nodes:
        node_down(settings, node)
    prefix = settings.name.replace("-", "_") + "_"
    listed = run("nft", "list", "tables", check=False) if tools.which("nft") else ""
    for line in listed.splitlines():
        family, _, name = line.removeprefix("table ").partition(" ")
        if name.startswith(prefix) or name == f"steersman_lb_{settings.name}".replace("-", "_"):
            run("nft", "delete", "table", family, name, check=False)
    forbid_bridge(settings)
    run("ip", "link", "del", settings.network.bridge, check=False)
    for cidr in ranges(settings):
        run("ip", "route", "del", "unreachable", cidr, "metric", str(PIN_METRIC), check=False)


def partition(settings: ClusterSettings, node: NodeSettings, cut: bool) -> None:
    """Cut or heal a node's uplink: the node sees nobody, nobody sees it."""
    run("ip", "link", "set", uplink(node, settings), "down" if cut else "up")


def owner(settings: ClusterSettings) -> str:
    """The cluster that the bridge (which is there) belongs to, '' if it is none of ours.

    A launcher killed at the wrong moment leaves a bridge without a name tag or address: ours too.
    """
    folder = f"/sys/class/net/{settings.network.bridge}"
    with open(f"{folder}/ifalias", encoding="utf-8", errors="replace") as file:
        alias = file.read().strip()
    if alias.startswith(ALIAS):
        return alias.removeprefix(ALIAS)
    shown = run("ip", "-j", "-4", "addr", "show", "dev", settings.network.bridge, check=False)
    addresses = [
        a["local"] for link in json.loads(shown or "[]") for a in link.get("addr_info", [])
    ]
    mine = not addresses or settings.network.bridge_address in addresses
    return settings.name if not alias and mine and os.path.isdir(f"{folder}/bridge") else ""


def links() -> set[str]:
    """Names of the interfaces in this namespace."""
    return set(os.listdir("/sys/class/net"))


def namespaces() -> set[str]:
    """Names of the network namespaces."""
    return set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()


def bridge_rule(settings: ClusterSettings) -> list[str]:
    """Docker's FORWARD policy drops frames between ports of any bridge; this lets ours through."""
    bridge = settings.network.bridge
    return [DOCKER_CHAIN, "-i", bridge, "-o", bridge, "-j", "ACCEPT"]


def allow_bridge(settings: ClusterSettings) -> None:
    """Add the rule if a Docker Engine manages iptables here and lacks it."""
    if not tools.which("iptables") or not _docker_chain():
        return
    rule = bridge_rule(settings)
    if not _has_rule(rule):
        run("iptables", "-I", *rule)


def forbid_bridge(settings: ClusterSettings) -> None:
    """Remove the rule again."""
    if tools.which("iptables") and _docker_chain():
        run("iptables", "-D", *bridge_rule(settings), check=False)


def _has_rule(rule: list[str]) -> bool:
    command = ["iptables", "-C", *rule]
    done = subprocess.run(command, capture_output=True, check=False, env=tools.environment())
    return done.returncode == 0


def _docker_chain() -> bool:
    """Asked of nft, since asking iptables would itself create its tables (unless those are there
    already, the old kind)."""
    listed = run("nft", "list", "chain", "ip", "filter", DOCKER_CHAIN, check=False)
    if DOCKER_CHAIN in listed:
        return True
    try:
        with open("/proc/net/ip_tables_names", encoding="ascii") as file:
            legacy = "filter" in file.read().split()
    except OSError:
        return False
    return legacy and DOCKER_CHAIN in run("iptables", "-S", DOCKER_CHAIN, check=False)
