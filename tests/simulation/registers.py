"""Named values that clients write, read and delete: ConfigMaps through the API, or keys of the
store itself. One interface, so that one load drives either.

Must not know: what is written when, and what is right.
"""

from typing import Protocol

import orjson

from cluster import names
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.base import Message
from cluster.messages.store import Compare, Delete, Put, Range, RangeResult, Txn, TxnResult
from tests.simulation.client import ASK_SECONDS, NAMESPACE, Client

PREFIX = "/sim/"
# Sorts after every key with the prefix.
PREFIX_END = "/sim0"


class Conflict(Exception):
    """The value is not at the revision named (or is there though it should be new): nothing was
    done by this try."""


class Refused(Exception):
    """Nothing was done."""


class Register(Protocol):
    """``turn`` chooses the server. All raise SteersmanError if the outcome is unknown."""

    async def put(self, name: str, value: str, revision: int, turn: int) -> int:
        """Set a value that is at ``revision`` (0: not there). Returns the new revision. Raises
        Conflict, Refused."""

    async def get(self, name: str, turn: int) -> tuple[str | None, int]:
        """Value and revision, read linearizably; (None, 0): not there."""

    async def delete(self, name: str, turn: int) -> None:
        """It is not there any more."""


class ApiRegister:
    """ConfigMaps, through the API servers."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def put(self, name: str, value: str, revision: int, turn: int) -> int:
        meta = {"name": name, "resourceVersion": str(revision)} if revision else {"name": name}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}}
        verb, path = ("update", name) if revision else ("create", "")
        request = ApiRequest(
            verb, "configmaps", namespace=NAMESPACE, name=path, body=orjson.dumps(body)
        )
        try:
            answer = await self._client.ask(request, turn)
        except StatusError as error:
            if error.code in (404, 409):
                raise Conflict(str(error)) from error
            if error.code == 429:
                raise Refused(str(error)) from error
            raise
        return int(answer["metadata"]["resourceVersion"])

    async def get(self, name: str, turn: int) -> tuple[str | None, int]:
        request = ApiRequest("get", "configmaps", namespace=NAMESPACE, name=name)
        try:
            found = await self._client.ask(request, turn)
        except StatusError as error:
            if error.code == 404:
                return None, 0
            raise
        return found["data"]["value"], int(found["metadata"]["resourceVersion"])

    async def delete(self, name: str, turn: int) -> None:
        request = ApiRequest("delete", "configmaps", namespace=NAMESPACE, name=name)
        try:
            await self._client.ask(request, turn)
        except StatusError as error:
            if error.code != 404:
                raise


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
