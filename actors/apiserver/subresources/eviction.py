"""pods/<name>/eviction: delete a pod unless a PodDisruptionBudget forbids it now.

Job: what the budget loses and what becomes of the pod are one transaction, so two evictions, on any
replicas, never use one allowance. Source: docs "API-initiated Eviction", "Specifying a Disruption
Budget for your Application" (unhealthy pod eviction policy). Must not know how budgets are counted.
"""

from dataclasses import dataclass

import msgspec
import orjson

from actors.apiserver import bodies, codec
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
from cluster.errors import StatusError
from cluster.messages.store import Compare, KeyValue, Put

RETRY_SECONDS = 10
# Evictions that no controller has confirmed yet.
DISRUPTED_MAX = 2000
_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


def _kind() -> Kind:
    kind = by_resource("policy", "v1", "poddisruptionbudgets")
    assert kind is not None
    return kind


BUDGETS = _kind()


async def handle(parts: Parts, call: Call) -> Answer:
    """POST. Raises 429 when a budget has no disruption left, 404 for no such pod, 400 if
    the body names another."""
    eviction = bodies.decode_body(parts.writer.definitions, call)
    if (eviction["metadata"].get("name") or "") != call.request.name:
        raise status.bad_request("name in URL does not match name in Eviction object")
    await admission.judge_body(parts.environment, call, eviction)
    options = delete_options({}, eviction.get("deleteOptions"))
    plain = msgspec.structs.replace(call.request, subresource="", body=b"")
    deleting = Call(plain, call.kind, call.caller, call.options, call.now, inner=True)
    await parts.writer.delete(deleting, options, _Spending(parts, deleting))
    return Answer(orjson.dumps(status_object(201, "", "")), 201)


@dataclass(frozen=True)
class _Spending:
    """Takes one disruption of the pod's budget along with the delete of ``call``."""

    parts: Parts
    call: Call

    async def __call__(self, pod: Object, fresh: bool) -> Object:
        """The pod as it is to be deleted. Raises StatusError 429, 403 or 500."""
        if _is_free(pod):
            return pod
        now = rfc3339(self.parts.environment.clock.now())
        item = await self._budget_of(pod, fresh)
        if item is not None:
            budget = decode(item.value)
            if not _is_healthy(pod) and _lets_unhealthy_go(budget):
                # It must not have become healthy, nor the budget tight, meanwhile.
                self.call.guards.append(Compare(item.key, "mod", item.mod_revision))
            else:
                self._write(item, spent(budget, pod["metadata"]["name"], now))
        return {**pod, "status": _disrupted(pod.get("status") or {}, now)}

    def _write(self, item: KeyValue, budget: Object) -> None:
        data, stamp, index = codec.dump(BUDGETS, budget)
        self.call.operations.append(Put(item.key, data, stamp, index))
        self.call.guards.append(Compare(item.key, "mod", item.mod_revision))

    async def _budget_of(self, pod: Object, fresh: bool) -> KeyValue | None:
        labels = pod["metadata"].get("labels") or {}
        objects = self.parts.environment.objects
        found = [
            item
            for item in await objects.all(Selection(BUDGETS, self.call.namespace), fresh)
            if from_object((decode(item.value).get("spec") or {}).get("selector")).matches(labels)
        ]
        if len(found) > 1:
            raise status.internal_error(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource "
                "does not support."
            )
        return found[0] if found else None


def spent(budget: Object, pod: str, now: str) -> Object:
    """The budget after the pod of that name was evicted. Raises StatusError 429 or 403."""
    state = budget.get("status") or {}
    name = budget["metadata"]["name"]
    generation = budget["metadata"].get("generation") or 0
    if (state.get("observedGeneration") or 0) < generation:
        text = f"The disruption budget {name} is still being processed by the server."
        raise _too_many(text, RETRY_SECONDS)
    allowed = int(state.get("disruptionsAllowed") or 0)
    if allowed < 0:
        raise status.forbidden(BUDGETS, name, "pdb disruptions allowed is negative")
    disrupted = state.get("disruptedPods") or {}
    if len(disrupted) > DISRUPTED_MAX:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise status.forbidden(BUDGETS, name, why)
    if allowed == 0:
        raise _too_many(
            f"The disruption budget {name} needs {state.get('desiredHealthy', 0)} healthy pods and "
            f"has {state.get('currentHealthy', 0)} currently"
        )
    after = {**state, "disruptionsAllowed": allowed - 1, "disruptedPods": {**disrupted, pod: now}}
    if allowed == 1:
        after["conditions"] = _none_allowed(state.get("conditions") or [], generation, now)
    return {**budget, "status": after}


def _is_free(pod: Object) -> bool:
    """A pod that does not run, or already goes, costs no budget."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Pending", "Succeeded", "Failed") or bool(
        pod["metadata"].get("deletionTimestamp")
    )


def _is_healthy(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _lets_unhealthy_go(budget: Object) -> bool:
    """A pod that is not ready serves nobody: it may go, by default if enough others serve."""
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    state = budget.get("status") or {}
    wanted = state.get("desiredHealthy") or 0
    return bool(wanted > 0 and (state.get("currentHealthy") or 0) >= wanted)


def _disrupted(state: Object, now: str) -> Object:
    """The pod's status that tells why it goes."""
    kept = [one for one in state.get("conditions") or () if one.get("type") != "DisruptionTarget"]
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": now,
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    return {**state, "conditions": [*kept, condition]}


def _none_allowed(conditions: list[Object], generation: int, now: str) -> list[Object]:
    kept = [one for one in conditions if one.get("type") != "DisruptionAllowed"]
    condition = {
        "type": "DisruptionAllowed",
        "status": "False",
        "reason": "InsufficientPods",
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": now,
    }
    return [*kept, condition]


def _too_many(why: str, retry_after: int = 0) -> StatusError:
    cause = status.Cause("", "DisruptionBudget", why)
    return status.too_many_requests(_REFUSED, retry_after, [cause])
