"""Transactions that are asked for one by one, gathered: one proposal for all of a loop's turn.

Job: batch what came in together, spread the outcomes. Must not know: engines, sessions.
"""

import asyncio

from actors.kit.context import Context
from actors.store.store import Store
from cluster import limits
from cluster.errors import Overloaded, SteersmanError, StoreError
from cluster.messages.base import Message
from cluster.messages.store import TxnRecord

Waiting = tuple[TxnRecord, "asyncio.Future[Message]"]


class Gather:
    """One per store actor."""

    def __init__(self, ctx: Context, store: Store) -> None:
        self._ctx = ctx
        self._store = store
        self._gathered: list[Waiting] = []
        self._deadline = 0.0
        self._count = 0

    def add(self, record: TxnRecord, deadline: float) -> "asyncio.Future[Message]":
        """The future TxnResult. Raises Overloaded."""
        if self._count >= limits.RAFT_PENDING_PROPOSALS_MAX:
            raise Overloaded("too many writes wait in this replica")
        loop = asyncio.get_running_loop()
        if not self._gathered:
            # After what else is ready now, as the other messages of the same batch.
            loop.call_soon(self._flush)
        self._count += 1
        self._deadline = max(self._deadline, deadline)
        future: asyncio.Future[Message] = loop.create_future()
        self._gathered.append((record, future))
        return future

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._ctx.task(self._carry(gathered, self._deadline), "transactions")
        self._deadline = 0.0

    async def _carry(self, gathered: list[Waiting], deadline: float) -> None:
        try:
            outcomes = await self._store.txns([record for record, _ in gathered], deadline)
        except SteersmanError as error:
            for _, future in gathered:
                if not future.done():
                    future.set_exception(type(error)(*error.args))
            return
        finally:
            self._count -= len(gathered)
        for (_, future), outcome in zip(gathered, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, StoreError):
                # A fresh one: the remembered object is raised to many.
                future.set_exception(type(outcome)(str(outcome)))
            else:
                future.set_result(outcome)
