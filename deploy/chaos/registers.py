"""Named values that clients write, read and delete. One interface, so that one load drives either
ConfigMaps through the API, or (in the tests) keys of the store itself.

Must not know: what is written when, and what is right.
"""

from typing import Protocol

import orjson

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, Verb
from deploy.chaos.ground import Api

# By this label what the load wrote is told from what else there is.
LABEL = "chaos"


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
    """ConfigMaps of one namespace, through the API servers."""

    def __init__(self, client: Api, namespace: str = "default") -> None:
        self._client = client
        self._namespace = namespace

    async def put(self, name: str, value: str, revision: int, turn: int) -> int:
        meta: dict[str, object] = {"name": name, "labels": {LABEL: "yes"}}
        if revision:
            meta["resourceVersion"] = str(revision)
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}}
        verb: Verb
        verb, path = ("update", name) if revision else ("create", "")
        request = ApiRequest(
            verb, "configmaps", namespace=self._namespace, name=path, body=orjson.dumps(body)
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
        request = ApiRequest("get", "configmaps", namespace=self._namespace, name=name)
        try:
            found = await self._client.ask(request, turn)
        except StatusError as error:
            if error.code == 404:
                return None, 0
            raise
        return str(found["data"]["value"]), int(found["metadata"]["resourceVersion"])

    async def delete(self, name: str, turn: int) -> None:
        request = ApiRequest("delete", "configmaps", namespace=self._namespace, name=name)
        try:
            await self._client.ask(request, turn)
        except StatusError as error:
            if error.code != 404:
                raise
