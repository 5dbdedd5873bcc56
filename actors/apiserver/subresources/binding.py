"""pods/<name>/binding: the scheduler assigns a pod to a node."""

import orjson

from actors.apiserver import bodies
from actors.apiserver.admission import chain as admission
from actors.apiserver.call import Call
from actors.apiserver.strategies import pods
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status
from cluster.api.status import status_object
from cluster.api.types import Object


async def handle(parts: Parts, call: Call) -> Answer:
    """POST. Raises 409 if the pod is assigned or being deleted, 404 if there is none, 400 if the
    body names another."""
    binding = bodies.decode_body(parts.writer.definitions, call)
    if (binding["metadata"].get("name") or "") != call.request.name:
        raise status.bad_request("name in URL does not match name in Binding object")
    bodies.check_rules("", "Binding", call.request.name, binding)
    await admission.judge_body(parts.environment, call, binding)
    call.inner = True
    node = binding["target"]["name"]
    now = parts.environment.clock.now()

    def bound(live: Object) -> Object:
        return pods.bind(call.kind, live, node, binding, now)

    await parts.writer.modify(call, bound, "binding")
    return Answer(orjson.dumps(status_object(201, "", "")), 201)
