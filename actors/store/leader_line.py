"""Asking the leader from another replica, and letting go as soon as somebody else leads.

Job: one ask with a bound of its own. Must not know: what is asked; whether to ask again.
"""

import asyncio

from actors.kit.context import Context
from actors.store.engine import Engine
from cluster import names
from cluster.errors import AskTimeout, NotLeader
from cluster.messages.base import Message

# One try; longer than an election, so that what the network lost is soon asked again.
TRY_SECONDS = 2.0
# Without news of a leader, look again after this long.
LOOK_SECONDS = 0.25


class LeaderLine:
    """Asks under way, by the leader they were sent to."""

    def __init__(self, ctx: Context, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine
        self._under_way: dict[asyncio.Timeout, str] = {}
        ctx.task(self._let_go_forever(), "leader line")

    async def ask(self, message: Message, seconds: float = TRY_SECONDS) -> Message:
        """The leader's answer. Raises NotLeader, ActorDown, AskTimeout (also as soon as another
        leader is known: the old one may be unreachable for long), and what the leader raises."""
        leader = self._engine.member.leader
        if not leader or leader == self._ctx.process:
            raise NotLeader("no leader is known")
        ref = self._ctx.ref(names.address(names.STORE, leader))
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                self._under_way[scope] = leader
                return await ref.ask(message, seconds)
        except TimeoutError as error:
            raise AskTimeout(f"{leader} did not answer in time") from error
        finally:
            self._under_way.pop(scope, None)

    async def _let_go_forever(self) -> None:
        while True:
            await self._engine.standings.wait()
            leader = self._engine.member.leader
            if not leader:
                continue
            now = asyncio.get_running_loop().time()
            for scope in [scope for scope, to in self._under_way.items() if to != leader]:
                scope.reschedule(now)
