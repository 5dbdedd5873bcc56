"""pods/<name>/eviction: delete a pod unless a PodDisruptionBudget forbids it now.

Source: docs "API-initiated Eviction".
"""

import msgspec
import orjson

from actors.apiserver import bodies
from actors.apiserver.admission import chain as admission
from actors.apiserver.call import Call, delete_options
from actors.apiserver.selection import Selection
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.selectors import from_object
from cluster.api.status import status_object
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object

_BUDGETS = by_resource("policy", "v1", "poddisruptionbudgets", unserved=True)
RETRY_SECONDS = 10


async def handle(parts: Parts, call: Call) -> Answer:
    """POST. Raises 429 when a budget has no disruption left, 404 for no such pod."""
    eviction = bodies.decode_body(parts.writer.definitions, call)
    given = eviction["metadata"].get("name") or call.request.name
    if given != call.request.name:
        raise status.bad_request("name in URL does not match name in Eviction object")
    environment = parts.environment
    await admission.judge_body(environment, call, eviction)
    options = delete_options({}, eviction.get("deleteOptions"))
    item = await environment.objects.get(call.kind, call.namespace, call.request.name, None)
    pod = decode(item.value)
    if not _is_free(pod):
        budget = await _budget_of(parts, call, pod)
        if budget is not None and not (options.dry_run or call.options.dry_run):
            await _spend(parts, call, budget, pod)
    plain = msgspec.structs.replace(call.request, subresource="", body=b"")
    deleting = Call(plain, call.kind, call.caller, call.options, call.now, inner=True)
    await parts.writer.delete(deleting, options)
    return Answer(orjson.dumps(status_object(201, "", "")), 201)


def _is_free(pod: Object) -> bool:
    """A pod that does not run, or already goes, costs no budget."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Pending", "Succeeded", "Failed") or bool(
        pod["metadata"].get("deletionTimestamp")
    )


async def _budget_of(parts: Parts, call: Call, pod: Object) -> Object | None:
    if _BUDGETS is None:
        return None
    labels = pod["metadata"].get("labels") or {}
    found = []
    for item in await parts.environment.objects.all(Selection(_BUDGETS, call.namespace)):
        budget = decode(item.value)
        if from_object((budget.get("spec") or {}).get("selector")).matches(labels):
            found.append(budget)
    if len(found) > 1:
        raise status.internal_error(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
            "not support."
        )
    return found[0] if found else None


async def _spend(parts: Parts, call: Call, budget: Object, pod: Object) -> None:
    """Take one disruption of the budget, atomically with respect to other evictions."""
    assert _BUDGETS is not None
    now = rfc3339(parts.environment.clock.now())

    def spent(live: Object) -> Object:
        state = live.get("status") or {}
        generation = live["metadata"].get("generation", 0)
        allowed = int(state.get("disruptionsAllowed") or 0)
        if state.get("observedGeneration", 0) < generation or allowed <= 0:
            raise _blocked(live)
        disrupted = {**(state.get("disruptedPods") or {}), pod["metadata"]["name"]: now}
        return {
            **live,
            "status": {
                **state,
                "disruptionsAllowed": allowed - 1,
                "disruptedPods": disrupted,
            },
        }

    request = msgspec.structs.replace(
        call.request,
        resource="poddisruptionbudgets",
        group="policy",
        name=budget["metadata"]["name"],
        subresource="status",
        body=b"",
    )
    spending = Call(request, _kind(_BUDGETS), call.caller, call.options, call.now, inner=True)
    await parts.writer.modify(spending, spent, "eviction")


def _kind(kind: Kind | None) -> Kind:
    assert kind is not None
    return kind


def _blocked(budget: Object) -> Exception:
    state = budget.get("status") or {}
    cause = status.Cause(
        "",
        "DisruptionBudget",
        f"The disruption budget {budget['metadata']['name']} needs "
        f"{state.get('desiredHealthy', 0)} healthy pods and has "
        f"{state.get('currentHealthy', 0)} currently",
    )
    return status.too_many_requests(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        RETRY_SECONDS,
        [cause],
    )
