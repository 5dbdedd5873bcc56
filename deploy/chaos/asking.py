"""Requests of a workload: repeated until they are answered, at one replica after the other.

Must not know: what is asked for.
"""

import asyncio
from collections.abc import Sequence

import orjson

from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from deploy.chaos.ground import Api, Object

RETRY_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
TOO_MANY = 429
GROUPS = {"apps/v1": "apps", "policy/v1": "policy", "v1": ""}
PLURALS = {
    "Deployment": "deployments", "StatefulSet": "statefulsets", "Service": "services",
    "PodDisruptionBudget": "poddisruptionbudgets", "Namespace": "namespaces",
}  # fmt: skip


async def insist(
    api: Api, request: ApiRequest, turn: int = 0, seconds: float = PATIENCE_SECONDS
) -> Object:
    """The answer of the first replica that has one. Raises StatusError if it is a refusal (4xx),
    TimeoutError if there is none in time."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await api.ask(request, turn)
            except StatusError as error:
                if error.code < 500 and error.code != TOO_MANY:
                    raise
            except SteersmanError:
                pass
            turn += 1
            await asyncio.sleep(RETRY_SECONDS)


async def make(api: Api, namespace: str, obj: Object) -> None:
    """Create an object. One that is there already is that of an earlier try. Raises StatusError,
    TimeoutError."""
    request = ApiRequest(
        "create", PLURALS[obj["kind"]], group=GROUPS[obj["apiVersion"]], namespace=namespace,
        body=orjson.dumps(obj),
    )  # fmt: skip
    try:
        await insist(api, request)
    except StatusError as error:
        if error.reason != "AlreadyExists":
            raise


async def list_all(
    api: Api, resource: str, group: str = "", namespace: str = "", turn: int = 0
) -> Sequence[Object]:
    """All objects of a resource, read linearizably, one try. Raises SteersmanError."""
    version = "v1"
    request = ApiRequest("list", resource, group=group, version=version, namespace=namespace)
    items: list[Object] = (await api.ask(request, turn))["items"]
    return items
