"""What is written of an object beside the object itself.

/status: the half that its controller writes. /approval: of certificate requests. /finalize: of
namespaces.
"""

from actors.apiserver import bodies
from actors.apiserver.call import Call
from actors.apiserver.codec import shown
from actors.apiserver.object_store import Outcome
from actors.apiserver.strategies.namespaces import prepare_finalize
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status
from cluster.api.types import Object


async def handle_part(parts: Parts, call: Call) -> Answer:
    """GET, PUT, PATCH of /status, and of what is written like it (/approval)."""
    part = call.request.subresource
    match call.request.verb:
        case "get":
            environment = parts.environment
            item = await environment.objects.get(call.kind, call.namespace, call.request.name, None)
            return Answer(shown(call.kind, item.value))
        case "update":
            return _answer(call, await parts.writer.update(call, part))
        case "patch":
            return _answer(call, await parts.writer.patch(call, part))
    raise status.method_not_allowed(call.kind, call.request.verb)


async def handle_finalize(parts: Parts, call: Call) -> Answer:
    """PUT of namespaces/<name>/finalize: without spec.finalizers left, the namespace ends."""
    if call.request.verb != "update":
        raise status.method_not_allowed(call.kind, call.request.verb)
    body = bodies.decode_body(parts.writer.definitions, call)
    bodies.check_named(call, body)
    bodies.check_place(call, body)

    def finalized(live: Object) -> Object:
        revised = prepare_finalize(body, live)
        metadata = {**revised["metadata"]}
        # Of the body only the version counts: a stale writer must not finalize.
        for name in ("resourceVersion", "uid"):
            if body["metadata"].get(name):
                metadata[name] = body["metadata"][name]
        return {**revised, "metadata": metadata}

    return _answer(call, await parts.writer.modify(call, finalized, "finalize"))


def _answer(call: Call, outcome: Outcome) -> Answer:
    return Answer(shown(call.kind, outcome.item.value), 201 if outcome.created else 200)
