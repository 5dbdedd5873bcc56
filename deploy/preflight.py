"""What must be free on this machine before a cluster starts: ports, bridge, address ranges.

Job: find out in milliseconds what else would fail after a minute, and say what to do. Looks only.
Must not know: how anything is started.
"""

import errno
import ipaddress
import json
import os
import socket
import time

from cluster.settings import ClusterSettings
from deploy import network, tools

# A connection that somebody made may hold a port for a moment, as any port that is free.
PORT_SECONDS = 1.0


class NotFree(Exception):
    """Something that the cluster needs is used by others; the text says what to do."""


def check(settings: ClusterSettings, running: set[str]) -> None:
    """``running``: names of the processes that run already, whose ports are theirs.

    Raises NotFree.
    """
    if settings.runtime == "docker":
        check_tools()
        check_bridge(settings)
        check_ranges(settings, routes())
    deadline = time.monotonic() + PORT_SECONDS
    for use, address in ports(settings, running):
        while (problem := taken(address)) and time.monotonic() < deadline:
            time.sleep(0.05)
        if problem:
            raise NotFree(
                f"{address} ({use}) {problem}: end what listens there (ss -ltnp), or choose other "
                f"ports: --port and --peer-port{lent(address)}"
            )


def ports(settings: ClusterSettings, running: set[str]) -> list[tuple[str, str]]:
    """(use, "host:port") of every loopback address that the processes to start will bind."""
    replicas = [replica for replica in settings.replicas if replica.name not in running]
    wanted = [
        (f"HTTPS of {replica.name}", address)
        for replica in replicas
        for address in replica.api_addresses
    ]
    if len(replicas) == len(settings.replicas):
        # Replicas share it: only if none runs must nobody listen.
        wanted.append(("HTTPS of all replicas", settings.network.shared_api))
    wanted += [
        (f"messages of {item.name}", item.peer_address)
        for item in settings.processes()
        if item.name not in running
    ]
    if settings.runtime == "memory":
        wanted += dns_ports(settings, running)
    return [(use, address) for use, address in wanted if address.startswith("127.")]


def dns_ports(settings: ClusterSettings, running: set[str]) -> list[tuple[str, str]]:
    """As ``ports``, of the nodes' DNS servers."""
    # Imported late: it takes a tenth of a second that clusters with containers need not wait for.
    from actors import catalog

    nodes = [node.name for node in settings.nodes if node.name not in running]
    return [
        (f"DNS of {name}", "{}:{}".format(*catalog.dns_endpoint(settings, name))) for name in nodes
    ]


def taken(address: str) -> str:
    """Why the address cannot be bound, '' if it can."""
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
            probe.listen(1)
        except OverflowError:
            return "is no port"
        except OSError as error:
            return "is in use" if error.errno == errno.EADDRINUSE else str(error.strerror)
    return ""


def lent(address: str) -> str:
    """A hint, if the port is one of those that the kernel gives to outgoing connections."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            first, last = (int(word) for word in file.read().split())
    except OSError:
        return ""
    if not first <= int(address.rpartition(":")[2]) <= last:
        return ""
    return f" (outgoing connections use {first}-{last}: better choose lower ones)"


def check_tools() -> None:
    """Raises NotFree naming the commands that are missing."""
    packages = {"ip": "iproute2", "nft": "nftables", "nsenter": "util-linux"}
    missing = [package for tool, package in packages.items() if tools.which(tool) is None]
    if missing:
        raise NotFree(
            "commands of these packages are missing: run apt-get install -y "
            "--no-install-recommends " + " ".join(missing)
        )


def check_bridge(settings: ClusterSettings) -> None:
    """Raises NotFree if the bridge's name belongs to another cluster, or to no cluster at all."""
    name = settings.network.bridge
    if name not in network.links():
        return
    owner = network.owner(settings)
    if owner == settings.name:
        return
    if owner:
        raise NotFree(
            f"the bridge {name} belongs to the cluster {owner!r}: `steersman down --name {owner}`, "
            "or give this one a bridge, ranges and ports of its own (see deploy/steersman.toml)"
        )
    raise NotFree(
        f"an interface {name} is there that no cluster made: choose another name as `bridge` (see "
        "deploy/steersman.toml)"
    )


def routes() -> list[dict[str, object]]:
    """The machine's IPv4 routes of all tables, as ``ip -j route`` tells them."""
    text = network.run("ip", "-j", "route", "show", "table", "all", "type", "unicast")
    pinned = network.run("ip", "-j", "route", "show", "type", "unreachable")
    found: list[dict[str, object]] = [*json.loads(text or "[]"), *json.loads(pinned or "[]")]
    return found


def check_ranges(settings: ClusterSettings, found: list[dict[str, object]]) -> None:
    """Raises NotFree if a range of the cluster overlaps a route that is not its own."""
    net = settings.network
    for field in ("pod_range", "node_range", "service_range", "load_balancer_range"):
        wanted = ipaddress.ip_network(getattr(net, field))
        for route in found:
            target = str(route.get("dst", "default"))
            if target == "default" or route.get("dev") == net.bridge:
                continue
            if route.get("type") == "unreachable" and target == str(wanted):
                continue
            try:
                other = ipaddress.ip_network(target)
            except ValueError:
                continue
            if other.version == 4 and other.prefixlen and wanted.overlaps(other):
                via = f" by {route['dev']}" if "dev" in route else ""
                raise NotFree(
                    f"{field} {wanted} overlaps this machine's route to {target}{via}: choose "
                    "another range (see deploy/steersman.toml)"
                )


def check_root(runtime: str) -> None:
    """Raises NotFree if the runtime needs root and this is none."""
    if runtime == "docker" and os.geteuid() != 0:
        raise NotFree(
            "real containers need root (network namespaces): sudo ./deploy/up, or without "
            "containers: ./deploy/up --runtime memory"
        )
