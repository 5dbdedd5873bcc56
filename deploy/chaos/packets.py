"""Faults of packets between pods and nodes: rules of a packet filter, where nodes have networks.

Messages between processes are the processes' own (``inner``); these rules let them pass, and strike
all else that nodes and their pods exchange with other nodes, and with replicas. Each fault has a
table of its own in the namespace of each receiver, which goes with it. A packet filter drops
(partition, loss), drops what is too much (bandwidth) and copies (duplicate), but cannot hold a
packet back: delay and reorder would need netem, which many kernels lack, so packets are spared,
and that is said. Needs root.
Must not know: the ledger.
"""

import ipaddress
import json
import math
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from actors.kit.world.netns import enter_namespace, namespace_command
from cluster.chaos import plan
from cluster.chaos.faults import Fault, LinkFault
from cluster.settings import ClusterSettings, NodeSettings
from deploy import network
from deploy.chaos.evidence import Evidence
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import side_by_side

# Before connection tracking (-200): what is dropped was never there.
PRIORITY = -300
# Nobody listens there: discard (RFC 863).
PROBE_PORT = 9
# So many that chance alone spares none (less than once in four hundred).
PROBES_SURE = 6.0
PROBES_MAX = 2000
# Of a rate, one second and what bursts may pass at once (nft's limit), twice for sure.
BIG = b"steersman chaos" * 4000
RATE_SURE = 2.2
BURST_BYTES = 15_000
SPARED = "messages alone: packets of pods are not held back (a packet filter cannot)"
# Of which a share is drawn.
LOTS = 10_000
# Source: ip(7).
IP_TRANSPARENT = 19


class Rule(msgspec.Struct, frozen=True):
    """What one receiver does not get from one sender. ``namespace``: the receiver's, ``origin``:
    the sender's, '' for the machine's own. ``sources``, ``targets``: addresses and ranges, those of
    pods last. ``share``: of the packets, which are dropped, or come twice (``twice``). ``rate``:
    bytes a second, and what is over that is dropped; 0 for none."""

    namespace: str
    origin: str
    sender: str
    receiver: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    share: float
    twice: bool = False
    rate: int = 0


def rules(settings: ClusterSettings, inner: dict[str, Fault]) -> list[Rule]:
    """What the faults mean for packets; nothing where nodes have no networks, or for what no
    filter can do. Pure."""
    nodes = {node.name: node for node in settings.nodes if node.netns}
    replicas = {r.name: r.peer_address.rpartition(":")[0] for r in settings.replicas}
    found = []
    for sender, peer in plan.senders(inner):
        fault = inner[sender]
        if not (isinstance(fault, LinkFault) and filtered(fault)):
            continue
        known = {*nodes, *replicas}
        if not {sender, peer} <= known or not {sender, peer} & set(nodes):
            continue
        if sender in nodes and peer in nodes:
            sources = _addresses(nodes[sender])
            targets = _addresses(nodes[peer])
        elif sender in nodes:
            sources, targets = (nodes[sender].pod_cidr,), (replicas[peer],)
        else:
            sources, targets = (replicas[sender],), (nodes[peer].pod_cidr,)
        namespace, origin = (
            f"/run/netns/{nodes[name].netns}" if name in nodes else "" for name in (peer, sender)
        )
        twice = not (fault.cut or fault.loss or fault.bandwidth)
        share = 1.0 if fault.cut or fault.bandwidth else fault.loss or fault.duplicate
        rate = 0 if fault.cut or fault.loss else fault.bandwidth
        found.append(Rule(namespace, origin, sender, peer, sources, targets, share, twice, rate))
    return found


def _addresses(node: NodeSettings) -> tuple[str, ...]:
    return (node.address, node.pod_cidr)


def filtered(fault: Fault) -> bool:
    """Whether a packet filter can do something of a fault. Pure."""
    return isinstance(fault, LinkFault) and bool(
        fault.cut or fault.loss or fault.bandwidth or fault.duplicate
    )


def spared(settings: ClusterSettings, inner: dict[str, Fault]) -> bool:
    """Whether pods have packets that suffer nothing of what messages between their nodes do."""
    links = [fault for fault in inner.values() if isinstance(fault, LinkFault)]
    networks = {node.name for node in settings.nodes if node.netns}
    struck = {*inner, *(peer for fault in links for peer in fault.peers)}
    return bool(links and networks & struck) and not any(filtered(fault) for fault in links)


def table(settings: ClusterSettings, fault: str) -> str:
    """Of a fault. (Names that begin with the cluster's are swept away with its network.)"""
    return f"{settings.name}_chaos_{fault}".replace("-", "_")


def script(settings: ClusterSettings, fault: str, wanted: list[Rule]) -> str:
    """For nft(8): the table of a fault in one namespace. Pure."""
    name = table(settings, fault)
    port = settings.replicas[0].peer_address.rpartition(":")[2]
    own = settings.network.node_range
    lines = [f"table ip {name}", f"delete table ip {name}", f"table ip {name} {{"]
    lines += [f"  counter n{number} {{ }}" for number in range(len(wanted))]
    lines += [
        "  chain in {",
        f"    type filter hook prerouting priority {PRIORITY}; policy accept;",
        *(
            f"    ip saddr {own} ip daddr {own} tcp {end} {port} accept"
            for end in ("dport", "sport")
        ),
    ]
    for number, rule in enumerate(wanted):
        match = f"ip saddr {{ {', '.join(rule.sources)} }} ip daddr {{ {', '.join(rule.targets)} }}"
        chance = max(1, round(rule.share * LOTS))
        drawn = f" numgen random mod {LOTS} < {chance}" if chance < LOTS else ""
        if rule.rate:
            drawn = f" limit rate over {rule.rate} bytes/second burst {BURST_BYTES} bytes"
        deed = "dup to ip daddr" if rule.twice else "drop"
        # A copy for this machine itself comes by here again.
        match = f'iifname != "lo" {match}' if rule.twice else match
        lines.append(f"    {match}{drawn} counter name n{number} {deed}")
    return "\n".join([*lines, "  }", "}", ""])


def by_namespace(wanted: Iterable[Rule]) -> dict[str, list[Rule]]:
    """The rules of each namespace."""
    found: dict[str, list[Rule]] = {}
    for rule in wanted:
        found.setdefault(rule.namespace, []).append(rule)
    return found


def strike(settings: ClusterSettings, entry: Entry) -> Evidence:
    """Set the rules, and send a packet from each sender to each receiver: proof is that the rules
    have counted them."""
    wanted = by_namespace(rules(settings, entry.inner))
    if not wanted:
        return Evidence(SPARED if spared(settings, entry.inner) else "")
    for namespace, its in wanted.items():
        _nft(namespace, "-f", "-", stdin=script(settings, entry.name, its))
    probe([rule for its in wanted.values() for rule in its])
    caught: list[str] = []
    missed: list[str] = []
    for namespace, its in wanted.items():
        counters = counted(settings, entry.name, namespace)
        for number, rule in enumerate(its):
            name = f"{rule.sender} to {rule.receiver}"
            (caught if counters.get(f"n{number}") else missed).append(name)
    deeds = {told(rule) for its in wanted.values() for rule in its}
    deed = " or ".join(sorted(deeds))
    return Evidence(
        f"packets of pods {deed}: {', '.join(caught)}" if caught else "",
        f"packets of pods not {deed}: {', '.join(missed)}" if missed else "",
    )


def told(rule: Rule) -> str:
    """What a rule does to packets, for people."""
    if rule.rate:
        return f"over {rule.rate:,} bytes a second dropped"
    return "doubled" if rule.twice else "dropped"


def mend(settings: ClusterSettings, entry: Entry) -> Evidence:
    """Remove the rules. Proof: no namespace has them."""
    if not any(filtered(fault) for fault in entry.inner.values()):
        return Evidence()
    # In all there are now: nodes may have come and gone since.
    there = network.namespaces()
    namespaces = [f"/run/netns/{node.netns}" for node in settings.nodes if node.netns in there]
    if not namespaces:
        return Evidence()
    namespaces.append("")
    name = table(settings, entry.name)
    for namespace in namespaces:
        _nft(namespace, "delete", "table", "ip", name, check=False)
    left = [one for one in namespaces if name in _nft(one, "list", "tables", check=False).split()]
    if left:
        return Evidence(doubt=f"rules are left in {', '.join(left)}", left=True)
    return Evidence(f"no rules are left in {len(namespaces)} namespaces")


def counted(settings: ClusterSettings, fault: str, namespace: str) -> dict[str, int]:
    """Packets struck by each rule, by its counter's name."""
    name = table(settings, fault)
    listed = json.loads(_nft(namespace, "-j", "list", "counters", "table", "ip", name) or "{}")
    found = [item["counter"] for item in listed.get("nftables", []) if "counter" in item]
    return {counter["name"]: int(counter["packets"]) for counter in found}


def probe(wanted: list[Rule]) -> None:
    """Packets as pods would send them: enough for every rule to strike."""
    side_by_side(_send, wanted)


def _send(rule: Rule) -> None:
    """From where the sender's pods are, to an address among the receiver's."""
    thread = threading.Thread(target=_send_in, args=(rule,))
    thread.start()
    thread.join()


def _send_in(rule: Rule) -> None:
    """The thread moves into the sender's network, and does not come back."""
    enter_namespace(rule.origin)
    text, count = b"steersman chaos", round(PROBES_SURE / rule.share)
    if rule.rate:
        text, count = BIG, math.ceil((RATE_SURE * rule.rate + BURST_BYTES) / len(BIG))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        # A pod's address is no address of its node.
        sender.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
        sender.bind((_one_of(rule.sources[-1]), 0))
        for _ in range(min(PROBES_MAX, count)):
            with suppress(OSError):
                sender.sendto(text, (_one_of(rule.targets[-1]), PROBE_PORT))


def _one_of(addresses: str) -> str:
    """An address of a range that no pod is likely to have: the last but one."""
    found = ipaddress.ip_network(addresses)
    return str(found[-2]) if found.num_addresses > 2 else str(found[0])


def _nft(namespace: str, *words: str, stdin: str = "", check: bool = True) -> str:
    return network.run(*namespace_command(namespace), "nft", *words, stdin=stdin, check=check)
