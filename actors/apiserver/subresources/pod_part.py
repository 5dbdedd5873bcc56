"""Parts of a pod's spec that are written by themselves, of whole pods.

pods/<name>/ephemeralcontainers: containers added to a pod that runs (``kubectl debug``).
pods/<name>/resize: other resources for it and its containers. What of the body counts is the
strategy's to say. Source: docs "Ephemeral Containers"; KEP-1287; KEP-5419.
"""

from actors.apiserver.call import Call
from actors.apiserver.codec import shown
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status


async def handle(parts: Parts, call: Call) -> Answer:
    """GET, PUT, PATCH."""
    part = call.request.subresource
    match call.request.verb:
        case "get":
            objects = parts.environment.objects
            item = await objects.get(call.kind, call.namespace, call.request.name, None)
            return Answer(shown(call.kind, item.value))
        case "update":
            outcome = await parts.writer.update(call, part)
        case "patch":
            outcome = await parts.writer.patch(call, part)
        case _:
            raise status.method_not_allowed(call.kind, call.request.verb)
    return Answer(shown(call.kind, outcome.item.value))
