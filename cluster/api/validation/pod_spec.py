"""Rules of a pod's spec, alone or inside a workload's template.

Source: the PodSpec API reference and what kube-apiserver answers. For a spec that conforms to its
schema and has its defaults. Must not know workloads or nodes.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.containers import Shared, check_container
from cluster.api.validation.environment import check_env_files
from cluster.api.validation.metadata import check_labels
from cluster.api.validation.placement import check_affinity, check_tolerations
from cluster.api.validation.pod_level import check_pod_level
from cluster.api.validation.pod_names import check_dns, check_host_aliases, check_hostname
from cluster.api.validation.pod_security import check_pod_security
from cluster.api.validation.resources import check_amounts
from cluster.api.validation.spread import check_spread
from cluster.api.validation.volumes import check_volumes
from cluster.api.validation.windows import check_host_process, check_system

_RESTART = frozenset(("Always", "OnFailure", "Never"))
_PREEMPTION = frozenset(("Never", "PreemptLowerPriority"))
_DEADLINE_MAX = 2**31 - 1
_NO_VOLUMES: Mapping[str, str] = {}
_CLAIMED = ("resourceClaimName", "resourceClaimTemplateName")
# Parts that most specs do not have.
_RARE: dict[str, Any] = {
    "nodeSelector": check_labels,
    "tolerations": check_tolerations,
    "affinity": check_affinity,
    "topologySpreadConstraints": check_spread,
    "hostAliases": check_host_aliases,
    "overhead": check_amounts,
}


def check_pod_spec(path: str, spec: Object, found: list[Cause], pod: str | None = None) -> None:
    """The spec at ``path`` (``spec`` or ``spec.template.spec``). ``pod``: the pod's name, empty if
    it is still to be made up; None for a template."""
    get = spec.get
    volumes = get("volumes")
    known = check_volumes(f"{path}.volumes", volumes, pod, found) if volumes else _NO_VOLUMES
    if get("resourceClaims"):
        _claims(f"{path}.resourceClaims", spec["resourceClaims"], found)
    _containers(path, spec, known, pod is not None, found)
    if get("restartPolicy") not in _RESTART:
        causes.one_of(f"{path}.restartPolicy", get("restartPolicy"), _RESTART, found)
    _numbers(path, spec, found)
    check_dns(path, spec, found)
    check_hostname(path, spec, found)
    _names(path, spec, found)
    _gates(path, spec, found)
    check_env_files(path, spec, found)
    if get("securityContext") or get("hostUsers") is False:
        check_pod_security(path, spec, found)
    for name, check in _RARE.items():
        if get(name):
            check(f"{path}.{name}", spec[name], found)
    if get("resources"):
        check_pod_level(path, spec, found)
    check_host_process(path, spec, found)
    if get("os") is not None:
        check_system(path, spec, found)


def shared_parts(spec: Object, volumes: Mapping[str, str], is_pod: bool) -> Shared:
    """What the containers of the spec have in common."""
    claims = frozenset(item.get("name") or "" for item in spec.get("resourceClaims") or ())
    return Shared(
        volumes,
        host_network=bool(spec.get("hostNetwork")),
        never_restarts=spec.get("restartPolicy") == "Never",
        claims=claims - {""},
        grace=spec.get("terminationGracePeriodSeconds"),
        own_users=spec.get("hostUsers") is False,
        is_pod=is_pod,
    )


def _containers(
    path: str, spec: Object, volumes: Mapping[str, str], is_pod: bool, found: list[Cause]
) -> None:
    shared = shared_parts(spec, volumes, is_pod)
    containers = spec.get("containers")
    if not containers:
        found.append(causes.required(f"{path}.containers"))
    for position, container in enumerate(containers or ()):
        check_container(f"{path}.containers[{position}]", container, shared, False, found)
    # Init containers run one after the other: each may use ports the others use.
    for position, container in enumerate(spec.get("initContainers") or ()):
        alone = replace(shared, host_ports=set(), host_network=False)
        check_container(f"{path}.initContainers[{position}]", container, alone, True, found)


def _claims(path: str, claims: list[Object], found: list[Cause]) -> None:
    """Claims of devices: each by its own name, or made after a template."""
    seen: set[str] = set()
    for position, claim in enumerate(claims):
        place, name = f"{path}[{position}]", claim.get("name") or ""
        if not name:
            found.append(causes.required(f"{place}.name"))
        elif name in seen:
            found.append(causes.duplicate(f"{place}.name", name))
        else:
            causes.each(f"{place}.name", name, names.dns_label_errors(name), found)
        seen.add(name)
        given = [field for field in _CLAIMED if claim.get(field) is not None]
        if len(given) > 1:
            detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be "
            found.append(causes.invalid(place, claim, f"{detail}specified"))
        if not given:
            detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            found.append(causes.invalid(place, claim, detail))
        for field in given:
            value = claim[field]
            causes.each(f"{place}.{field}", value, names.subdomain_errors(value), found)


def _numbers(path: str, spec: Object, found: list[Cause]) -> None:
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _DEADLINE_MAX:
        detail = f"must be between 1 and {_DEADLINE_MAX}, inclusive"
        found.append(causes.invalid(f"{path}.activeDeadlineSeconds", deadline, detail))
    # A negative one is right: it counts as a second when the pod goes.
    if spec.get("terminationGracePeriodSeconds") is None:
        found.append(causes.required(f"{path}.terminationGracePeriodSeconds"))


def _names(path: str, spec: Object, found: list[Cause]) -> None:
    for name in ("nodeName", "serviceAccountName", "priorityClassName", "runtimeClassName"):
        value = spec.get(name)
        if value:
            errors = names.subdomain_errors(value)
            if errors:
                causes.each(f"{path}.{name}", value, errors, found)
    policy = spec.get("preemptionPolicy")
    if policy is not None and policy not in _PREEMPTION:
        found.append(causes.unsupported(f"{path}.preemptionPolicy", policy, _PREEMPTION))


def _gates(path: str, spec: Object, found: list[Cause]) -> None:
    """What has to happen before the pod is scheduled, and before it is ready."""
    for position, gate in enumerate(spec.get("readinessGates") or ()):
        kind = gate.get("conditionType") or ""
        place = f"{path}.readinessGates[{position}].conditionType"
        causes.each(place, kind, names.label_key_errors(kind), found)
    seen: set[str] = set()
    for position, gate in enumerate(spec.get("schedulingGates") or ()):
        name, place = gate.get("name") or "", f"{path}.schedulingGates[{position}]"
        causes.each(place, name, names.label_key_errors(name), found)
        if name in seen:
            found.append(causes.duplicate(place, name))
        seen.add(name)
