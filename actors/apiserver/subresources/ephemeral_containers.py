"""pods/<name>/ephemeralcontainers: containers added to a pod that runs (``kubectl debug``).

Source: docs "Ephemeral Containers".
"""

from actors.apiserver.call import Call
from actors.apiserver.codec import shown
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status

PART = "ephemeralcontainers"


async def handle(parts: Parts, call: Call) -> Answer:
    """GET, PUT, PATCH: of the body only the ephemeral containers count."""
    match call.request.verb:
        case "get":
            objects = parts.environment.objects
            item = await objects.get(call.kind, call.namespace, call.request.name, None)
            return Answer(shown(call.kind, item.value))
        case "update":
            outcome = await parts.writer.update(call, PART)
        case "patch":
            outcome = await parts.writer.patch(call, PART)
        case _:
            raise status.method_not_allowed(call.kind, call.request.verb)
    return Answer(shown(call.kind, outcome.item.value))
