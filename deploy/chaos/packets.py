"""Faults of packets between pods and nodes: rules of a packet filter, where nodes have networks.

Messages between processes are the processes' own (``inner``); these rules let them pass, and strike
all else that nodes and their pods exchange with other nodes, and with replicas. Each fault has a
table of its own in the namespace of each receiver, which goes with it. A packet filter drops
(partition, loss), drops what is too much (bandwidth) and copies (duplicate), but cannot hold a
packet back: for delay and reorder it hands packets to a queue (``late``). Needs root.
Must not know: the ledger, who takes packets from queues.
"""

import ipaddress
import json
import math
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from actors.kit.transports.ways import REORDER_SECONDS
from actors.kit.world.netns import in_namespace, namespace_command
from cluster.chaos import plan
from cluster.chaos.faults import Fault, LinkFault
from cluster.settings import ClusterSettings, NodeSettings
from deploy import network
from deploy.chaos.evidence import Evidence
from deploy.chaos.holding.line import Hold
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import eventually, side_by_side

# Before connection tracking (-200): what is dropped was never there.
PRIORITY = -300
# Nobody listens there: discard (RFC 863).
PROBE_PORT = 9
# A packet that was sent has come by then, but for what the zones are apart.
COUNT_SECONDS = 1.0
# So many that chance alone spares none (less than once in four hundred).
PROBES_SURE = 6.0
PROBES_MAX = 2000
# Of a rate, one second and what bursts may pass at once (nft's limit), twice for sure.
BIG = b"steersman chaos" * 4000
RATE_SURE = 2.2
BURST_BYTES = 15_000
# Of which a share is drawn.
LOTS = 10_000
# Source: ip(7).
IP_TRANSPARENT = 19


class Rule(msgspec.Struct, frozen=True):
    """What one receiver does not get from one sender. ``namespace``: the receiver's, ``origin``:
    the sender's, '' for the machine's own. ``sources``, ``targets``: addresses and ranges, those of
    pods last. ``share``: of the packets, which are dropped, come twice (``twice``), or are held
    (``hold``). ``rate``: bytes a second, and what is over that is dropped; 0 for none."""

    namespace: str
    origin: str
    sender: str
    receiver: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    share: float
    twice: bool = False
    rate: int = 0
    hold: Hold | None = None


def rules(settings: ClusterSettings, inner: dict[str, Fault]) -> list[Rule]:
    """What the faults mean for packets; nothing where nodes have no networks. Pure."""
    found = []
    for ends in passing(settings, plan.senders(inner)):
        fault = inner[ends.sender]
        if isinstance(fault, LinkFault):
            found.append(msgspec.structs.replace(ends, **_deed(fault, ends.namespace)))
    return found


def passing(settings: ClusterSettings, pairs: Iterable[tuple[str, str]]) -> Iterator[Rule]:
    """What these (from, to) exchange that are packets of pods, of the node itself too: rules that
    do nothing yet. Replicas among themselves exchange messages alone. Pure."""
    nodes = {node.name: node for node in settings.nodes if node.netns}
    replicas = {r.name: r.peer_address.rpartition(":")[0] for r in settings.replicas}
    known = {*nodes, *replicas}
    for sender, peer in pairs:
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
        yield Rule(namespace, origin, sender, peer, sources, targets, share=1.0)


def _deed(fault: LinkFault, namespace: str) -> dict[str, Any]:
    """What a fault does to packets: fields of a rule. One has a single kind of deed."""
    if fault.cut or fault.loss:
        return {"share": 1.0 if fault.cut else fault.loss}
    if fault.bandwidth:
        return {"rate": fault.bandwidth}
    if fault.duplicate:
        return {"share": fault.duplicate, "twice": True}
    if fault.reorder:
        hold = Hold(namespace, REORDER_SECONDS, order="apart")
        return {"share": fault.reorder, "hold": hold}
    return {"hold": Hold(namespace, fault.delay, fault.jitter)}


def _addresses(node: NodeSettings) -> tuple[str, ...]:
    return (node.address, node.pod_cidr)


def holds(wanted: Iterable[Rule]) -> tuple[Hold, ...]:
    """What packets are held in: each once. Pure."""
    return tuple(dict.fromkeys(rule.hold for rule in wanted if rule.hold is not None))


def chain(number: int) -> str:
    """Where what a hold takes goes. Pure."""
    return f"hold{number}"


def table(settings: ClusterSettings, fault: str) -> str:
    """Of a fault. (Names that begin with the cluster's are swept away with its network.)"""
    return f"{settings.name}_chaos_{fault}".replace("-", "_")


def script(settings: ClusterSettings, fault: str, wanted: list[Rule]) -> str:
    """For nft(8): the table of a fault in one namespace. Pure."""
    name = table(settings, fault)
    lines = [f"table ip {name}", f"delete table ip {name}", f"table ip {name} {{"]
    lines += [f"  counter n{number} {{ }}" for number in range(len(wanted))]
    queues = {hold: chain(number) for number, hold in enumerate(holds(wanted))}
    lines += [f"  chain {one} {{ }}" for one in queues.values()]
    lines += [
        "  chain in {",
        f"    type filter hook prerouting priority {PRIORITY}; policy accept;",
        *messages_pass(settings),
    ]
    for number, rule in enumerate(wanted):
        match = addressed(rule.sources, rule.targets)
        chance = max(1, round(rule.share * LOTS))
        drawn = f" numgen random mod {LOTS} < {chance}" if chance < LOTS else ""
        if rule.rate:
            drawn = f" limit rate over {rule.rate} bytes/second burst {BURST_BYTES} bytes"
        deed = "dup to ip daddr" if rule.twice else "drop"
        if rule.hold is not None:
            deed = f"jump {queues[rule.hold]}"
        # A copy for this machine itself comes by here again.
        match = f'iifname != "lo" {match}' if rule.twice else match
        lines.append(f"    {match}{drawn} counter name n{number} {deed}")
    return "\n".join([*lines, "  }", "}", ""])


def messages_pass(settings: ClusterSettings) -> list[str]:
    """Lines of a chain: messages between processes are none of its business. Pure."""
    port = settings.replicas[0].peer_address.rpartition(":")[2]
    own = settings.network.node_range
    return [
        f"    ip saddr {own} ip daddr {own} tcp {end} {port} accept" for end in ("dport", "sport")
    ]


def addressed(sources: Iterable[str], targets: Iterable[str]) -> str:
    """What matches packets from any of these to any of those. Pure."""
    return f"ip saddr {{ {', '.join(sources)} }} ip daddr {{ {', '.join(targets)} }}"


def by_namespace(wanted: Iterable[Rule]) -> dict[str, list[Rule]]:
    """The rules of each namespace."""
    found: dict[str, list[Rule]] = {}
    for rule in wanted:
        found.setdefault(rule.namespace, []).append(rule)
    return found


def strike(settings: ClusterSettings, entry: Entry) -> Evidence:
    """Set the rules, and show that they strike."""
    wanted = rules(settings, entry.inner)
    load(settings, entry.name, wanted)
    return caught(settings, entry.name, wanted)


def load(settings: ClusterSettings, fault: str, wanted: list[Rule]) -> None:
    """Set the rules. What is to be held passes, as long as nothing takes it from its chain."""
    for namespace, its in by_namespace(wanted).items():
        _nft(namespace, "-f", "-", stdin=script(settings, fault, its))


def caught(settings: ClusterSettings, fault: str, wanted: list[Rule]) -> Evidence:
    """Send a packet from each sender to each receiver: proof is that the rules have counted
    them, once they have come."""
    probe(wanted)
    struck: list[str] = []
    missed: list[str] = []

    def unseen() -> str:
        struck.clear()
        missed.clear()
        for namespace, its in by_namespace(wanted).items():
            counters = counted(settings, fault, namespace)
            for number, rule in enumerate(its):
                name = f"{rule.sender} to {rule.receiver}"
                (struck if counters.get(f"n{number}") else missed).append(name)
        return ", ".join(missed)

    eventually(unseen, COUNT_SECONDS + max(settings.rtt.values(), default=0.0))
    deed = " or ".join(sorted({told(rule) for rule in wanted}))
    return Evidence(
        f"packets of pods {deed}: {', '.join(struck)}" if struck else "",
        f"packets of pods not {deed}: {', '.join(missed)}" if missed else "",
    )


def told(rule: Rule) -> str:
    """What a rule does to packets, for people."""
    if rule.rate:
        return f"over {rule.rate:,} bytes a second dropped"
    if rule.hold is not None:
        return "held for others to overtake" if rule.hold.order == "apart" else "held back"
    return "doubled" if rule.twice else "dropped"


def mend(settings: ClusterSettings, entry: Entry) -> Evidence:
    """Remove the rules. Proof: no namespace has them."""
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


def spare(settings: ClusterSettings, entry: Entry) -> None:
    """Hand no more packets to queues: they pass."""
    name = table(settings, entry.name)
    for namespace, its in by_namespace(rules(settings, entry.inner)).items():
        for number in range(len(holds(its))):
            _nft(namespace, "flush", "chain", "ip", name, chain(number), check=False)


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
    in_namespace(rule.origin, lambda: _send_some(rule))


def _send_some(rule: Rule) -> None:
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
