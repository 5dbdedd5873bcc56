"""Waits for the table of kinds to catch up with a definition that somebody has seen elsewhere.

Must not know: what definitions say.
"""

import asyncio

from actors.apiserver.custom.kind_cache import PREFIX
from actors.apiserver.environment import Environment
from cluster.api.kind_table import KindTable
from cluster.api.kinds import by_resource
from cluster.messages.apiserver import ApiRequest

# How long a request for a kind that has just been made waits for this replica to know it.
CATCH_UP_SECONDS = 2.0


async def newest_table(environment: Environment, request: ApiRequest) -> KindTable:
    """The table, at least as new as the definition of the kind that the request names: whoever
    saw through another replica that it is established need not ask twice."""
    kinds, name = environment.kinds, f"{request.resource}.{request.group}"
    if "." not in request.group or by_resource(
        request.group, request.version, request.resource, unserved=True
    ):
        return kinds.table
    found = await environment.objects.store.get(PREFIX + name)
    if found is None:
        return kinds.table
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while kinds.revision < found.mod_revision:
                await kinds.changed.wait()
    except TimeoutError:
        pass
    return kinds.table
