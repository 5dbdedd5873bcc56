"""UDP flows that outlived their forward: found in conntrack's listing, deleted by its command.

A UDP client that keeps sending stays on the old backend as long as its flow lives, so flows whose
backend is gone are deleted (kube-proxy does the same). Which ones is a pure function.

Must not know: Services. Without the ``conntrack`` tool nothing is done.
"""

import asyncio
import shutil
from collections.abc import Iterable
from typing import NamedTuple

from actors.kit.world.netns import namespace_command
from actors.kit.world.packet_filter import ForwardTable, Front

CONNTRACK_SECONDS_MAX = 10
FLOWS_DELETED_MAX = 2_000


class Flow(NamedTuple):
    """A conntrack entry: where the client sent (original) and who answers (reply source)."""

    client: str
    client_port: int
    address: str
    port: int
    reply_address: str
    reply_port: int


async def forget_stale_flows(
    old: ForwardTable | None, new: ForwardTable, namespace: str = ""
) -> int:
    """Delete the UDP flows that ``new`` would no longer make. Returns how many. Never raises for
    a missing or failing tool: the flows end by themselves when their clients pause 30 s."""
    if not udp_changed(old, new):
        return 0
    tool = shutil.which("conntrack") or shutil.which("conntrack", path="/usr/sbin:/sbin")
    if tool is None:
        return 0
    prefix = [*namespace_command(namespace), tool]
    listing = await _output([*prefix, "-L", "-p", "udp"])
    stale = stale_flows(parse_flows(listing), new)[:FLOWS_DELETED_MAX]
    for flow in stale:
        await _output([*prefix, *delete_arguments(flow)])
    return len(stale)


def udp_changed(old: ForwardTable | None, new: ForwardTable) -> bool:
    """True if some UDP front differs. With no old table any UDP front does."""
    before = udp_fronts(old) if old is not None else {}
    return before != udp_fronts(new)


def udp_fronts(table: ForwardTable) -> dict[Front, frozenset[tuple[str, int]]]:
    """UDP fronts with all ends a flow of theirs may have."""
    return {
        front: frozenset((*forward.backends, *forward.inner))
        for front, forward in table.forwards.items()
        if front[1] == "udp"
    }


def parse_flows(listing: str) -> list[Flow]:
    """Lines of ``conntrack -L -p udp``; each names the original direction, then the reply."""
    flows = []
    for line in listing.splitlines():
        pairs = [word.partition("=")[::2] for word in line.split() if "=" in word]
        found: dict[str, list[str]] = {}
        for key, value in pairs:
            found.setdefault(key, []).append(value)
        sources, targets = found.get("src", []), found.get("dst", [])
        sports, dports = found.get("sport", []), found.get("dport", [])
        if min(len(sources), len(sports)) < 2 or not targets or not dports:
            continue
        numbers = (sports[0], dports[0], sports[1])
        if not all(number.isdigit() for number in numbers):
            continue
        flows.append(
            Flow(
                sources[0],
                int(sports[0]),
                targets[0],
                int(dports[0]),
                sources[1],
                int(sports[1]),
            )
        )
    return flows


def stale_flows(flows: Iterable[Flow], table: ForwardTable) -> list[Flow]:
    """Flows whose front exists but no longer forwards to the one who answers.

    A NodePort front ("" address) claims only flows that were forwarded: one that ends where it was
    sent may be a local server's. A front with an address claims those too, since the address is no
    machine's own: such a flow began before there was a backend."""
    fronts = udp_fronts(table)
    stale = []
    for flow in flows:
        forwarded = (flow.reply_address, flow.reply_port) != (flow.address, flow.port)
        ends = fronts.get((flow.address, "udp", flow.port))
        if ends is None and forwarded:
            ends = fronts.get(("", "udp", flow.port))
        if ends is not None and (flow.reply_address, flow.reply_port) not in ends:
            stale.append(flow)
    return stale


def delete_arguments(flow: Flow) -> list[str]:
    """Arguments of ``conntrack`` that delete this one flow."""
    return [
        *("-D", "-p", "udp", "--orig-src", flow.client, "--sport", str(flow.client_port)),
        *("--orig-dst", flow.address, "--dport", str(flow.port)),
        *("--reply-src", flow.reply_address),
    ]


async def _output(command: list[str]) -> str:
    """Standard output of a command, '' if it failed or took too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(CONNTRACK_SECONDS_MAX):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return output.decode(errors="replace")
