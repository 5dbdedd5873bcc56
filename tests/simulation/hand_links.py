"""Orders on links: partitions, delay, loss, duplicates, disorder, narrow lines.

Must not know: processes' lives, machines.
"""

import asyncio

from cluster.chaos import plan
from cluster.chaos.faults import LinkFault
from cluster.chaos.orders import Active
from tests.simulation.hand_work import Evidence, Tools

# Replicas speak to one another, and nodes to them, more often than this.
TRAFFIC_SECONDS = 3.0
LOOK_SECONDS = 0.05


class Links:
    """Faults of what the processes send to each other, over all their lives."""

    def __init__(self, tools: Tools, active: Active, seed: int) -> None:
        self.tools = tools
        self.active = active
        self.network = tools.cluster.network
        sides = (active.names, active.others)
        self.faults = plan.faults(active.order, active.name, sides)
        self.struck: dict[str, dict[str, int]] = {sender: {} for sender in self.faults}

    async def begin(self) -> Evidence:
        for sender, fault in self.faults.items():
            assert isinstance(fault, LinkFault)
            self.tools.links.setdefault(sender, {})[fault.name] = (fault, self.struck[sender])
            self._act(sender)
        if self.active.order.verb == "partition":
            return self._cut()
        end = asyncio.get_running_loop().time() + TRAFFIC_SECONDS
        while not self._total() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(LOOK_SECONDS)
        if self._total():
            return Evidence(f"{self._words()} so far")
        return Evidence(doubt=f"nothing that could be struck was sent in {TRAFFIC_SECONDS:.0f} s")

    def _cut(self) -> Evidence:
        pairs = plan.senders(self.faults)
        passing = [f"{a}>{b}" for a, b in pairs if self.network.passes(a, b)]
        if passing or not pairs:
            return Evidence(doubt=f"something passes: {' '.join(passing)}")
        return Evidence(f"nothing passes on {len(pairs)} ways")

    async def end(self) -> Evidence:
        for sender in self.faults:
            self.tools.links[sender].pop(self.active.name, None)
            self._act(sender)
        left = [
            sender for sender, held in self.tools.links.items() if self.active.name in held
        ]  # fmt: skip
        if left:
            return Evidence(doubt=f"{' '.join(left)} still suffer it")
        return Evidence(f"it was taken from {len(self.faults)} processes; {self._words()}")

    def _act(self, sender: str) -> None:
        self.network.suffer(sender, list(self.tools.links.get(sender, {}).values()))

    def _total(self) -> int:
        return sum(sum(counts.values()) for counts in self.struck.values())

    def _words(self) -> str:
        total: dict[str, int] = {}
        for counts in self.struck.values():
            for what, count in counts.items():
                total[what] = total.get(what, 0) + count
        return ", ".join(f"{count} {what}" for what, count in total.items()) or "it struck nothing"
