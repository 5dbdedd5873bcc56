"""ResourceQuota: no object beyond what the namespace may use; the use is recorded with the write.

Job: the new status.used goes into the transaction that stores the object, with the quota's version
as a guard, so that writers on any replica can never use more together than the quota allows.
Source: docs "Resource Quotas". Must not know: how use is counted (``cluster.api.quotas``).
"""

from collections.abc import Iterable

from actors.apiserver import codec
from actors.apiserver.admission.plugin import Review
from actors.apiserver.call import Call
from actors.apiserver.environment import Environment
from actors.apiserver.selection import everything_in
from cluster.api import quotas, status
from cluster.api.encoding import decode_shared
from cluster.api.kinds import Kind, by_resource
from cluster.api.quantity import parse
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.store import Compare, KeyValue, Put

_EVENTS = (("", "events"), ("events.k8s.io", "events"))
_UPDATED = (("", "persistentvolumeclaims"), ("", "services"))
# A pod must say how much of these it wants where a quota counts them.
_STATED = (
    "cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory",
)  # fmt: skip


def _kind() -> Kind:
    kind = by_resource("", "v1", "resourcequotas")
    assert kind is not None
    return kind


QUOTAS = _kind()


def turn(environment: Environment, call: Call) -> str:
    """Whose turn a create has to wait for: '' where nothing is limited."""
    if not call.kind.namespaced or call.kind.create_only or call.resource in _EVENTS:
        return ""
    table = environment.objects.cache.table(QUOTAS)
    selection = everything_in(QUOTAS, call.namespace)
    limited = table is None or bool(table.between(selection.start, selection.end))
    return call.namespace if limited else ""


async def admit(review: Review) -> None:
    """Raises StatusError 403 if a quota would be exceeded."""
    if not _counted(review):
        return
    call, obj = review.call, review.obj
    assert obj is not None
    chosen = everything_in(QUOTAS, call.namespace)
    for item in await review.environment.objects.all(chosen, review.fresh):
        quota = decode_shared(item.value)
        hard = (quota.get("status") or {}).get("hard") or {}
        if not quotas.counts(call.resource, hard):
            continue
        if not quotas.covers(quota, call.resource, obj):
            continue
        _charge(review, obj, quota, item)


def _counted(review: Review) -> bool:
    call = review.call
    if review.obj is None or review.connect or not call.kind.namespaced or call.kind.create_only:
        return False
    if call.request.subresource:
        return call.resource == ("", "pods") and call.request.subresource == "resize"
    if call.resource in _EVENTS:
        return False
    return review.operation == "CREATE" or call.resource in _UPDATED


def _charge(review: Review, obj: Object, quota: Object, item: KeyValue) -> None:
    call, name = review.call, quota["metadata"]["name"]
    live = quota["status"]
    hard, used = live["hard"], live.get("used") or {}
    if call.resource == ("", "pods"):
        missing = _missing(obj, hard)
        if missing:
            raise _refused(review, f"failed quota: {name}: must specify {missing}")
    asked = quotas.masked(quotas.usage(call.resource, obj), hard)
    if review.old is not None:
        for key, nano in quotas.usage(call.resource, review.old).items():
            if key in asked:
                asked[key] -= nano
    asked = {key: nano for key, nano in asked.items() if nano}
    unknown = sorted(key for key in asked if key not in used)
    if unknown:
        why = f"status unknown for quota: {name}, resources: {','.join(unknown)}"
        raise _refused(review, why)
    after = {key: max(parse(used[key]).nano + nano, 0) for key, nano in asked.items()}
    over = sorted(k for k, nano in after.items() if asked[k] > 0 and nano > parse(hard[k]).nano)
    if over:
        requested = [f"{key}={quotas.text_of(asked[key], hard[key])}" for key in over]
        raise _refused(
            review,
            f"exceeded quota: {name}, requested: {','.join(requested)}, "
            f"used: {_listed(used, over)}, limited: {_listed(hard, over)}",
        )
    if asked:
        texts = {key: quotas.text_of(nano, hard[key]) for key, nano in after.items()}
        counted = {**quota, "status": {**live, "used": {**used, **texts}}}
        data, stamp, index = codec.dump(QUOTAS, counted)
        call.operations.append(Put(item.key, data, stamp, index))
        call.guards.append(Compare(item.key, "mod", item.mod_revision))


def _missing(pod: Object, hard: Object) -> str:
    """What containers do not say though the quota counts it; '' if they say it all."""
    stated = (pod.get("spec") or {}).get("resources") or {}
    found = []
    for name in _STATED:
        if name not in hard:
            continue
        section, _, resource = name.rpartition(".")
        part = section or "requests"
        if resource in (stated.get(part) or {}):
            continue
        silent = [
            container.get("name") or ""
            for container in _containers(pod)
            if resource not in ((container.get("resources") or {}).get(part) or {})
        ]
        if silent:
            found.append(f"{name} for: {','.join(sorted(silent))}")
    return "; ".join(found)


def _containers(pod: Object) -> Iterable[Object]:
    spec = pod.get("spec") or {}
    yield from spec.get("containers") or ()
    yield from spec.get("initContainers") or ()


def _listed(amounts: Object, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names)


def _refused(review: Review, why: str) -> StatusError:
    assert review.obj is not None
    return status.forbidden(review.call.kind, review.obj["metadata"].get("name") or "", why)
