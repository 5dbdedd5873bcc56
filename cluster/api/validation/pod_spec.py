"""Rules of a pod's spec, alone or inside a workload's template.

Source: the PodSpec API reference and what kube-apiserver answers. For a spec that conforms to its
schema and has its defaults. Must not know workloads or nodes.
"""

import ipaddress

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.containers import Shared, check_container, check_security
from cluster.api.validation.metadata import check_labels
from cluster.api.validation.placement import check_affinity, check_spread, check_tolerations
from cluster.api.validation.pod_level import check_pod_level
from cluster.api.validation.volumes import check_volumes

_RESTART = frozenset(("Always", "OnFailure", "Never"))
_DNS = frozenset(("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"))
_PREEMPTION = frozenset(("Never", "PreemptLowerPriority"))
_DEADLINE_MAX = 2**31 - 1
_NO_VOLUMES: frozenset[str] = frozenset()


def check_pod_spec(path: str, spec: Object, found: list[Cause]) -> None:
    """The spec at ``path`` (``spec`` or ``spec.template.spec``)."""
    get = spec.get
    volumes = get("volumes")
    known = check_volumes(f"{path}.volumes", volumes, found) if volumes else _NO_VOLUMES
    once = get("restartPolicy") == "Never"
    shared = Shared(known, host_network=bool(get("hostNetwork")), never_restarts=once)
    containers = get("containers")
    if not containers:
        found.append(causes.required(f"{path}.containers"))
    else:
        for position, container in enumerate(containers):
            check_container(f"{path}.containers[{position}]", container, shared, False, found)
    if get("initContainers"):
        # Init containers run one after the other: each may use ports the others use.
        for position, container in enumerate(spec["initContainers"]):
            alone = Shared(known, shared.names, set(), shared.host_network, once)
            check_container(f"{path}.initContainers[{position}]", container, alone, True, found)
    if get("restartPolicy") not in _RESTART:
        causes.one_of(f"{path}.restartPolicy", get("restartPolicy"), _RESTART, found)
    _numbers(path, spec, found)
    _dns(path, spec, found)
    _names(path, spec, found)
    if get("nodeSelector"):
        check_labels(f"{path}.nodeSelector", spec["nodeSelector"], found)
    if get("securityContext"):
        check_security(f"{path}.securityContext", spec["securityContext"], found)
    if get("tolerations"):
        check_tolerations(f"{path}.tolerations", spec["tolerations"], found)
    if get("affinity"):
        check_affinity(f"{path}.affinity", spec["affinity"], found)
    if get("topologySpreadConstraints"):
        place = f"{path}.topologySpreadConstraints"
        check_spread(place, spec["topologySpreadConstraints"], found)
    if get("resources"):
        check_pod_level(path, spec, found)
    if get("hostAliases"):
        _host_aliases(f"{path}.hostAliases", spec["hostAliases"], found)


def _numbers(path: str, spec: Object, found: list[Cause]) -> None:
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _DEADLINE_MAX:
        detail = f"must be between 1 and {_DEADLINE_MAX}, inclusive"
        found.append(causes.invalid(f"{path}.activeDeadlineSeconds", deadline, detail))
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is None or grace < 0:
        place = f"{path}.terminationGracePeriodSeconds"
        if grace is None:
            found.append(causes.required(place))
        else:
            causes.not_negative(place, grace, found)


def _dns(path: str, spec: Object, found: list[Cause]) -> None:
    policy, config = spec.get("dnsPolicy"), spec.get("dnsConfig") or {}
    if policy not in _DNS:
        causes.one_of(f"{path}.dnsPolicy", policy, _DNS, found)
    servers = config.get("nameservers") or ()
    if policy == "None" and not servers:
        detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        found.append(causes.required(f"{path}.dnsConfig.nameservers", detail))
    if len(servers) > 3:
        detail = "must not have more than 3 nameservers"
        found.append(causes.invalid(f"{path}.dnsConfig.nameservers", list(servers), detail))
    for position, server in enumerate(servers):
        check_address(f"{path}.dnsConfig.nameservers[{position}]", server, found)


def check_address(path: str, value: str, found: list[Cause]) -> None:
    """An IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        found.append(causes.invalid(path, value, detail))


def _names(path: str, spec: Object, found: list[Cause]) -> None:
    for name, check in (
        ("nodeName", names.subdomain_errors),
        ("serviceAccountName", names.subdomain_errors),
        ("priorityClassName", names.subdomain_errors),
        ("runtimeClassName", names.subdomain_errors),
        ("hostname", names.dns_label_errors),
        ("subdomain", names.dns_label_errors),
    ):
        value = spec.get(name)
        if value:
            errors = check(value)
            if errors:
                causes.each(f"{path}.{name}", value, errors, found)
    policy = spec.get("preemptionPolicy")
    if policy is not None and policy not in _PREEMPTION:
        found.append(causes.unsupported(f"{path}.preemptionPolicy", policy, _PREEMPTION))


def _host_aliases(path: str, aliases: list[Object], found: list[Cause]) -> None:
    for position, alias in enumerate(aliases):
        check_address(f"{path}[{position}].ip", alias.get("ip") or "", found)
        for number, name in enumerate(alias.get("hostnames") or ()):
            place = f"{path}[{position}].hostnames[{number}]"
            causes.each(place, name, names.subdomain_errors(name), found)
