"""What an update of a pod may change: of its spec, next to nothing.

Source: docs "Pods", Pod update and replacement; KEP-3521 and KEP-3838 (pods that are not yet
scheduled). Must not know what is right in itself.
"""

from typing import Any

from cluster.api.quantity import QuantityError, parse
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_CHANGED = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` "
    "(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
    "(allow it to be set to 1 if it was previously negative)"
)
_DEADLINE_MAX = 2**31 - 1
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_CONTAINERS = ("containers", "initContainers")
# Absent is the same as false, or 0, where Kubernetes does not tell them apart.
_PLAIN = frozenset(
    ("stdin", "stdinOnce", "tty", "readOnly", "hostNetwork", "hostPID", "hostIPC", "hostPort",
     "initialDelaySeconds")
)  # fmt: skip
_AMOUNTS = frozenset(("limits", "requests", "overhead"))
# Maps that mean the same empty as absent; an empty object may mean something (``emptyDir``).
_MAPS = _AMOUNTS | {"nodeSelector", "matchLabels", "volumeAttributes", "options"}


def check_changes(old: Object, new: Object, found: list[Cause]) -> None:
    """Everything in a pod's spec that differs must be free to."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    for name in _CONTAINERS:
        if len(before.get(name) or ()) != len(after.get(name) or ()):
            detail = "pod updates may not add or remove containers"
            found.append(causes.forbidden(f"spec.{name}", detail))
            return
    if not _deadline(before, after, found):
        return
    _tolerations(before, after, found)
    _gates(before, after, found)
    rest = _freed(before, after)
    if before.get("schedulingGates"):
        rest = _gated(before, rest, found)
    changed = {
        name
        for name in {*before, *rest}
        if before.get(name) != rest.get(name)
        and not same({name: before.get(name)}, {name: rest.get(name)})
    }
    if changed and not (changed == {"nodeName"} and _is_binding(old, new)):
        found.append(causes.forbidden("spec", _CHANGED))


def same(one: Any, other: Any) -> bool:
    """True if two parts of a pod mean the same, however they are written."""
    return one == other or bool(_meant(one) == _meant(other))


def _meant(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_meant(item) for item in value]
    if not isinstance(value, dict):
        return value
    if name in _AMOUNTS:
        return {key: _amount(item) for key, item in value.items()}
    parts = {key: _meant(item, key) for key, item in value.items()}
    return {key: item for key, item in parts.items() if not _says_nothing(key, item)}


def _says_nothing(name: str, value: Any) -> bool:
    if value is None or value == "" or value == []:
        return True
    if value == {}:
        return name in _MAPS
    return not value and name in _PLAIN


def _amount(text: Any) -> Any:
    try:
        return parse(str(text)).nano
    except QuantityError:
        return text


def _deadline(before: Object, after: Object, found: list[Cause]) -> bool:
    """It only comes nearer. False if nothing else needs to be looked at."""
    old, new = before.get("activeDeadlineSeconds"), after.get("activeDeadlineSeconds")
    path = "spec.activeDeadlineSeconds"
    if new is None:
        if old is not None:
            detail = "must not update from a positive integer to nil value"
            found.append(causes.invalid(path, new, detail))
        return True
    if not 0 <= new <= _DEADLINE_MAX:
        detail = f"must be between 0 and {_DEADLINE_MAX}, inclusive"
        found.append(causes.invalid(path, new, detail))
        return False
    if old is not None and new > old:
        detail = "must be less than or equal to previous value"
        found.append(causes.invalid(path, new, detail))
        return False
    return True


def _tolerations(before: Object, after: Object, found: list[Cause]) -> None:
    """Each is still there; only its time may have changed."""
    if before.get("tolerations") == after.get("tolerations"):
        return
    new = [_meant(_timeless(item)) for item in after.get("tolerations") or ()]
    if not all(_meant(_timeless(item)) in new for item in before.get("tolerations") or ()):
        detail = "existing toleration can not be modified except its tolerationSeconds"
        found.append(causes.forbidden("spec.tolerations", detail))


def _timeless(toleration: Object) -> Object:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _gates(before: Object, after: Object, found: list[Cause]) -> None:
    known = [gate.get("name") for gate in before.get("schedulingGates") or ()]
    for position, gate in enumerate(after.get("schedulingGates") or ()):
        if gate.get("name") not in known:
            detail = "only deletion is allowed, but found new scheduling gate "
            place = f"spec.schedulingGates[{position}].name"
            found.append(causes.forbidden(place, f"{detail}'{gate.get('name')}'"))


def _freed(before: Object, after: Object) -> Object:
    """The spec after, with what may change as it was before."""
    rest = dict(after)
    for name in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        _restore(rest, before, name)
    for name in _CONTAINERS:
        if before.get(name) != after.get(name):
            pairs = zip(before.get(name) or (), after.get(name) or (), strict=True)
            rest[name] = [{**other, "image": one.get("image")} for one, other in pairs]
    old, new = (item.get("terminationGracePeriodSeconds") for item in (before, after))
    if old is not None and old < 0 and new == 1:
        rest["terminationGracePeriodSeconds"] = old
    return rest


def _restore(rest: Object, before: Object, name: str) -> None:
    rest.pop(name, None)
    if name in before:
        rest[name] = before[name]


def _gated(before: Object, rest: Object, found: list[Cause]) -> Object:
    """A pod that nobody schedules yet may still be told to fewer nodes."""
    rest = dict(rest)
    old, new = before.get("nodeSelector") or {}, rest.get("nodeSelector") or {}
    if any(new.get(key) != value for key, value in old.items()):
        detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        found.append(causes.invalid("spec.nodeSelector", new, detail))
    _restore(rest, before, "nodeSelector")
    was, now = before.get("affinity") or {}, rest.get("affinity") or {}
    _node_affinity(was.get("nodeAffinity") or {}, now.get("nodeAffinity") or {}, found)
    kept = {key: value for key, value in now.items() if key != "nodeAffinity"}
    if "nodeAffinity" in was:
        kept["nodeAffinity"] = was["nodeAffinity"]
    rest.pop("affinity", None)
    if kept or "affinity" in before:
        rest["affinity"] = kept
    return rest


def _node_affinity(old: Object, new: Object, found: list[Cause]) -> None:
    """Terms that are required may be given more expressions. No more terms: a pod goes to a node
    that any of them fits."""
    path = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    was = (old.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    now = (new.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    if was and len(was) != len(now):
        detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        found.append(causes.invalid(path, now, detail))
        return
    for position, term in enumerate(was):
        if not _only_more(term, now[position]):
            detail = "only additions are allowed (no mutations or deletions)"
            found.append(causes.invalid(f"{path}[{position}]", now[position], detail))


def _only_more(old: Object, new: Object) -> bool:
    fields = ("matchExpressions", "matchFields")
    # A term that says nothing fits no node; one that says something would fit more.
    if not any(old.get(name) for name in fields):
        return not any(new.get(name) for name in fields)
    return all(
        same((new.get(name) or [])[: len(old.get(name) or [])], old.get(name) or [])
        for name in fields
    )


def _is_binding(old: Object, new: Object) -> bool:
    """True if a node was given: the only change that is of spec and status at once."""
    if (old.get("spec") or {}).get("nodeName") or old.get("status") == new.get("status"):
        return False
    conditions = (new.get("status") or {}).get("conditions") or ()
    return any(
        item.get("type") == "PodScheduled" and item.get("status") == "True" for item in conditions
    )
