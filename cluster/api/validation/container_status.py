"""Rules of what a pod's status says of its containers: none runs again that may not.

Source: docs "Pod Lifecycle", Container states, Restart policy; KEP-753 (sidecars); KEP-5307 and
KEP-5532 (restart rules); KEP-3619 (users); KEP-4680 (health of devices). Containers that the spec
does not have, and those told of twice, are no error. Must not know the rest of a pod's status.
"""

from collections.abc import Iterator
from typing import Any

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_HEALTH = frozenset(("Healthy", "Unhealthy", "Unknown"))
_ID_MAX = 2**31 - 1
_RESTART_ALL = "RestartAllContainers"
_AGAIN = "may not be transitioned to non-terminated state"
_CLAIM = "claim:"
_ALLOCATED = "allocatedResourcesStatus"
# The status' lists, by the spec's.
_LISTS = {
    "containers": "containerStatuses",
    "initContainers": "initContainerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}


def check_container_statuses(old: Object, new: Object, found: list[Cause]) -> None:
    """Of a pod's: containers, init containers, ephemeral ones."""
    spec = new.get("spec") or {}
    before, after = old.get("status") or {}, new.get("status") or {}
    windows = (spec.get("os") or {}).get("name") == "windows"
    for kind, name in _LISTS.items():
        path, statuses = f"status.{name}", after.get(name) or []
        known = {item.get("name") or "": item for item in spec.get(kind) or ()}
        ephemeral = kind == "ephemeralContainers"
        # What is there to debug is started once.
        rules = {"restartPolicy": "Never"} if ephemeral else spec
        _transitions(path, before.get(name) or [], statuses, rules, known, found)
        for position, status in enumerate(statuses):
            place = f"{path}[{position}]"
            _user(f"{place}.linux", (status.get("user") or {}).get("linux"), windows, found)
            place, told = f"{place}.{_ALLOCATED}", status.get(_ALLOCATED) or []
            if told and ephemeral:
                found.append(causes.forbidden(place, "must not be specified in container status"))
            elif told:
                _allocated(place, told, known.get(status.get("name") or ""), found)


def _transitions(
    path: str, old: list[Object], new: list[Object], spec: Object, known: Object, found: list[Cause]
) -> None:
    """``spec``: whose restart policy counts. ``known``: its containers, by name."""
    if spec.get("restartPolicy") in (None, "Always") or _restarts_all(spec):
        return
    for position, status in enumerate(old):
        ended = (status.get("state") or {}).get("terminated")
        if ended is None:
            continue
        name, code = status.get("name") or "", ended.get("exitCode") or 0
        if _may_run_again(known.get(name) or {}, spec, code):
            continue
        for item in new:
            if (item.get("name") or "") == name and not (item.get("state") or {}).get("terminated"):
                found.append(causes.forbidden(f"{path}[{position}].state", _AGAIN))


def _restarts_all(spec: Object) -> bool:
    """One of its containers can make all of them start again."""
    return any(rule.get("action") == _RESTART_ALL for rule in _rules(spec))


def _rules(spec: Object) -> Iterator[Object]:
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or ():
            yield from container.get("restartPolicyRules") or ()


def _may_run_again(container: Object, spec: Object, code: int) -> bool:
    """By its own rules, its own policy, or the pod's, whichever comes first."""
    policy = container.get("restartPolicy")
    if policy is not None:
        for rule in container.get("restartPolicyRules") or ():
            codes = rule.get("exitCodes") or {}
            listed = code in (codes.get("values") or ())
            if listed is (codes.get("operator") == "In"):
                return bool(rule.get("action") == "Restart")
    policy = policy or spec.get("restartPolicy")
    return bool(policy == "Always" or (policy == "OnFailure" and code))


def _user(path: str, user: Object | None, windows: bool, found: list[Cause]) -> None:
    """Who the container runs as: only Linux has numbers for that."""
    if user is None:
        return
    if windows:
        found.append(causes.forbidden(path, "cannot be set for a windows pod"))
        return
    groups: list[Any] = user.get("supplementalGroups") or []
    told = [("uid", user.get("uid")), ("gid", user.get("gid"))]
    told += [(f"supplementalGroups[{number}]", group) for number, group in enumerate(groups)]
    for name, value in told:
        if not 0 <= (value or 0) <= _ID_MAX:
            detail = f"must be between 0 and {_ID_MAX}, inclusive"
            found.append(causes.invalid(f"{path}.{name}", value, detail))


def _allocated(path: str, told: list[Object], container: Object | None, found: list[Cause]) -> None:
    """The health of what was given to a container: of what it asked for, each thing once."""
    for position, item in enumerate(told):
        place, name = f"{path}[{position}]", item.get("name") or ""
        if container is not None:
            _asked_for(f"{place}.name", name, container.get("resources") or {}, found)
        seen: set[str] = set()
        for number, thing in enumerate(item.get("resources") or ()):
            where, health = f"{place}.resources[{number}]", thing.get("health") or ""
            if health not in _HEALTH:
                found.append(causes.unsupported(f"{where}.health", health, _HEALTH))
            identity = thing.get("resourceID") or ""
            if identity in seen:
                found.append(causes.duplicate(f"{where}.resourceID", identity))
            seen.add(identity)


def _asked_for(path: str, name: str, resources: Object, found: list[Cause]) -> None:
    if name.startswith(_CLAIM):
        detail = (
            "must match one of the container's resource claims in a format "
            "'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
        )
        asked = {
            _CLAIM + "/".join(filter(None, (item.get("name"), item.get("request"))))
            for item in resources.get("claims") or ()
        }
    else:
        detail = "must match one of the container's resource requests"
        asked = set(resources.get("requests") or ())
    if name not in asked:
        found.append(causes.invalid(path, name, detail))
