"""Named values kept as keys of the store itself (``deploy.chaos.registers`` has those of the API).

Must not know: what is written when, and what is right.
"""

from cluster import names
from cluster.messages.base import Message
from cluster.messages.store import Compare, Delete, Put, Range, RangeResult, Txn, TxnResult
from deploy.chaos.registers import Conflict
from tests.simulation.client import ASK_SECONDS, Client

PREFIX = "/sim/"
# Sorts after every key with the prefix.
PREFIX_END = "/sim0"


class StoreRegister:
    """Keys, through the stores of all replicas."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def put(self, name: str, value: str, revision: int, turn: int) -> int:
        key = PREFIX + name
        txn = Txn(compare=(Compare(key, "mod", revision),), success=(Put(key, value.encode()),))
        result = await self._ask(txn, turn)
        assert isinstance(result, TxnResult)
        if not result.succeeded:
            raise Conflict(f"{name} is at {result.items}")
        return result.revision

    async def get(self, name: str, turn: int) -> tuple[str | None, int]:
        result = await self._ask(Range(PREFIX + name), turn)
        assert isinstance(result, RangeResult)
        if not result.items:
            return None, 0
        return result.items[0].value.decode(), result.items[0].mod_revision

    async def delete(self, name: str, turn: int) -> None:
        await self._ask(Txn(success=(Delete(PREFIX + name),)), turn)

    async def _ask(self, message: Message, turn: int) -> Message:
        replicas = self._client.cluster.settings.replicas
        address = names.address(names.STORE, replicas[turn % len(replicas)].name)
        return await self._client.ref(address).ask(message, ASK_SECONDS)
