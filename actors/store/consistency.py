"""Whether all replicas hold the same, looked at from time to time by the leader.

Job: compare hashes of the whole state at one revision, raise an alarm over who differs. Must not
know: how hashes are made. A replica with an alarm of this kind answers nothing but ``Corrupt``
until it is rebuilt (`steersman replica rebuild`).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from actors.kit.context import Context
from actors.store.engine import Engine
from cluster import names
from cluster.errors import Corrupt, NotLeader, Overloaded, SteersmanError
from cluster.messages.store import HashRequest, HashResult
from cluster.state.commands import AlarmCommand
from cluster.state.mvcc import StateMachine

PERIOD_SECONDS = 60.0
ASK_SECONDS = 20.0
CORRUPT = "corrupt"


def refuse_if_corrupt(machine: StateMachine, member: str) -> None:
    """Raises Corrupt if an alarm says that this replica's state is not the others'."""
    text = machine.alarms.get(member, "") if machine.alarms else ""
    if text.startswith(CORRUPT):
        raise Corrupt(f"{member} {text}; ask another replica, and rebuild this one")


def verdict(hashes: dict[str, str], revision: int) -> dict[str, str]:
    """Alarms by member, of one hash each: those in the minority are corrupt; without a majority
    nobody can tell who is."""
    counts = Counter(hashes.values())
    if len(counts) < 2:
        return {}
    common, count = counts.most_common(1)[0]
    if 2 * count > len(hashes):
        text = f"{CORRUPT}: differs from the majority at revision {revision}"
        return {name: text for name, found in sorted(hashes.items()) if found != common}
    text = f"replicas differ at revision {revision}, and no majority tells who is right"
    return dict.fromkeys(sorted(hashes), text)


class Consistency:
    """``hash`` gives this replica's, at a revision."""

    def __init__(
        self,
        ctx: Context,
        engine: Engine,
        hash_at: Callable[[int, float], Awaitable[HashResult]],
    ) -> None:
        self._ctx = ctx
        self._engine = engine
        self._hash_at = hash_at
        self._checked = 0

    async def watch(self) -> None:
        """For ever: look while this replica leads, if something has changed."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            revision = self._engine.machine.revision
            if self._engine.leading and revision != self._checked:
                await self.check()
                self._checked = revision

    async def check(self) -> None:
        """Compare now; replicas that do not answer are left out."""
        engine = self._engine
        revision = engine.machine.revision
        asked = self._others()
        found = await asyncio.gather(*(self._ask(name, revision) for name in asked))
        hashes = {name: text for name, text in zip(asked, found, strict=True) if text}
        own = await self._own(revision)
        if own:
            hashes[self._ctx.process] = own
        for name, text in verdict(hashes, revision).items():
            self._ctx.log.error("store.alarm", member=name, text=text)
            try:
                engine.propose_own(AlarmCommand(name, text))
            except (NotLeader, Overloaded):
                return
        if self._ctx.process in verdict(hashes, revision) and len(hashes) > 2:
            engine.transfer("")

    def _others(self) -> list[str]:
        membership = self._engine.member.membership
        known = {*membership.voters, *membership.outgoing, *membership.learners}
        return sorted(known - {self._ctx.process})

    async def _own(self, revision: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            return (await self._hash_at(revision, loop.time() + ASK_SECONDS)).hash
        except SteersmanError:
            return ""

    async def _ask(self, name: str, revision: int) -> str:
        ref = self._ctx.ref(names.address(names.STORE, name))
        try:
            reply = await ref.ask(HashRequest(revision), ASK_SECONDS)
        except SteersmanError:
            return ""
        assert isinstance(reply, HashResult)
        return reply.hash
