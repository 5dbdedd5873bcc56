"""Which packets of pods wait, where and how long, because zones are apart: from settings. Pure.

They are chosen as those that faults strike (``deploy.chaos.packets``): where they are received, and
before anything else there, so that what a fault does to them it does once they have come.
Must not know: who takes packets from queues.
"""

import msgspec

from cluster.settings import ClusterSettings
from deploy.chaos import packets
from deploy.chaos.holding.line import Hold

# Before the rules of faults.
PRIORITY = packets.PRIORITY - 10


class Way(msgspec.Struct, frozen=True):
    """Packets from any of ``sources`` to any of ``targets`` (addresses, ranges) wait."""

    hold: Hold
    sources: tuple[str, ...]
    targets: tuple[str, ...]


def of(settings: ClusterSettings) -> dict[str, tuple[Way, ...]]:
    """Those of each namespace ('' : the machine's own, where replicas are)."""
    apart = {
        (sender.name, peer): seconds
        for sender in settings.processes()
        for peer, seconds in settings.distances(sender.name).items()
    }
    found: dict[str, dict[tuple[Hold, tuple[str, ...]], dict[str, None]]] = {}
    for ends in packets.passing(settings, apart):
        hold = Hold(ends.namespace, apart[ends.sender, ends.receiver])
        places = found.setdefault(ends.namespace, {})
        places.setdefault((hold, ends.targets), {}).update(dict.fromkeys(ends.sources))
    return {
        namespace: tuple(
            Way(hold, tuple(sources), targets) for (hold, targets), sources in places.items()
        )
        for namespace, places in found.items()
    }


def holds(ways: tuple[Way, ...]) -> tuple[Hold, ...]:
    """In what packets wait: each once."""
    return tuple(dict.fromkeys(way.hold for way in ways))


def table(settings: ClusterSettings) -> str:
    """Of the packet filter, in each namespace. (Names that begin with the cluster's are swept away
    with its network.)"""
    return f"{settings.name}_distances".replace("-", "_")


def chain(hold: Hold) -> str:
    """Where what waits so long goes."""
    return f"wait{round(hold.seconds * 1e6)}"


def script(settings: ClusterSettings, ways: tuple[Way, ...], empty: tuple[Hold, ...]) -> str:
    """For nft(8): the rules of one namespace, in place of what was there. ``empty``: what waits in
    these waits in no queue yet. (The table stays: where one goes, what waits is dropped.)"""
    name = table(settings)
    lines = [f"table ip {name} {{", *(f"  chain {chain(hold)} {{ }}" for hold in holds(ways))]
    lines += [
        "  chain in {",
        f"    type filter hook prerouting priority {PRIORITY}; policy accept;",
        "  }",
        "}",
        *(f"flush chain ip {name} {one}" for one in ("in", *map(chain, empty))),
        f"table ip {name} {{",
        "  chain in {",
        *packets.messages_pass(settings),
        *(
            f"    {packets.addressed(way.sources, way.targets)} jump {chain(way.hold)}"
            for way in ways
        ),
    ]
    return "\n".join([*lines, "  }", "}", ""])
