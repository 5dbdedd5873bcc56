"""/scale: the number of replicas of a workload, the same shape for every kind.

Source: autoscaling/v1 Scale.
"""

import orjson

from actors.apiserver import bodies
from actors.apiserver.call import Call
from actors.apiserver.patching import (
    applier,
    apply_configuration,
    conform,
    patch_type,
    patcher,
    strictly,
)
from actors.apiserver.subresources.handler import Answer, Parts
from actors.apiserver.subresources.scale_form import (
    configuration,
    counted,
    scale_before,
    scale_of,
    scaled,
)
from actors.apiserver.writer import Revise
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kind import SCALE_KIND
from cluster.api.ownership import Scope
from cluster.api.types import Object


async def handle(parts: Parts, call: Call) -> Answer:
    """GET, PUT, PATCH of /scale."""
    environment, request = parts.environment, call.request
    if request.verb == "get":
        item = await environment.objects.get(call.kind, call.namespace, request.name, None)
        return Answer(orjson.dumps(scale_of(call.kind, decode(item.value))))
    if request.verb == "update":
        body = bodies.decode_body(parts.writer.definitions, call)
        bodies.check_named(call, body)
        bodies.check_place(call, body)

        def revise(live: Object) -> Object:
            return scaled(call.kind, live, body)

        outcome = await parts.writer.modify(call, revise, "scale")
    elif request.verb == "patch" and patch_type(request.content_type) == "apply":
        outcome = await parts.writer.modify(call, _applied(parts, call), "scale", applied=True)
    elif request.verb == "patch":
        outcome = await parts.writer.modify(call, _patched(parts, call), "scale")
    else:
        raise status.method_not_allowed(call.kind, request.verb)
    return Answer(orjson.dumps(scale_of(call.kind, decode(outcome.item.value))))


def _applied(parts: Parts, call: Call) -> Revise:
    """Server-side apply of a Scale. Source: KEP-555, managedFields of subresources."""
    writer, part = parts.writer, call.kind.subresources["scale"]
    scale, duplicates = apply_configuration(call, SCALE_KIND)
    bodies.conform(writer.definitions, call, scale, part)
    bodies.check_place(call, scale)
    now = parts.environment.clock.now()
    scope = Scope("scale", "status" in call.kind.subresources)

    def scaled_by_apply(live: Object) -> Object:
        config = configuration(call.kind, live, scale)
        merged = applier(call, config, writer.schema(call), now, scope)
        return counted(live, strictly(call, duplicates, merged)(live))

    return scaled_by_apply


def _patched(parts: Parts, call: Call) -> Revise:
    part = call.kind.subresources["scale"]
    schema = parts.writer.definitions.schema_for(part.definition)
    patch = patcher(call, schema)

    def scaled_by_patch(live: Object) -> Object:
        before = scale_before(call.kind, live)
        scale = patch.revise(before)
        conform(parts.writer.definitions, call, patch, before, scale, part)
        bodies.check_named(call, scale)
        bodies.check_place(call, scale)
        return scaled(call.kind, live, scale)

    return scaled_by_patch
