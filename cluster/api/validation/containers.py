"""Rules of containers: names, images, ports, environment, mounts, probes, security.

Must not know pods as a whole: what containers of one pod must not share comes in as ``Shared``.
"""

from dataclasses import dataclass, field

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.environment import check_environment
from cluster.api.validation.probes import check_hook, check_probe
from cluster.api.validation.resources import check_resources
from cluster.api.validation.volumes import check_mounts

PROTOCOLS = frozenset(("TCP", "UDP", "SCTP"))
_PULL = frozenset(("Always", "IfNotPresent", "Never"))
_MESSAGE_POLICIES = frozenset(("File", "FallbackToLogsOnError"))
_RESTART = frozenset(("Always", "Never", "OnFailure"))
_RESIZABLE = frozenset(("cpu", "memory"))
_RESIZE_POLICIES = frozenset(("NotRequired", "RestartContainer"))
_ID_MAX = 2**31 - 1
_PROBES = (("livenessProbe", True), ("readinessProbe", False), ("startupProbe", True))


@dataclass
class Shared:
    """What the containers of a pod have in common, and what each may take only once."""

    volumes: frozenset[str]
    names: set[str] = field(default_factory=set)
    host_ports: set[tuple[str, str, int]] = field(default_factory=set)
    host_network: bool = False
    never_restarts: bool = False


def check_container(
    path: str, container: Object, shared: Shared, init: bool, found: list[Cause]
) -> None:
    """One container. ``init``: of initContainers; only those that restart may be probed."""
    get = container.get
    _name(path, container, shared, found)
    image = get("image")
    if not image:
        found.append(causes.required(f"{path}.image"))
    elif image != image.strip():
        detail = "must not have leading or trailing whitespace"
        found.append(causes.invalid(f"{path}.image", image, detail))
    if get("imagePullPolicy") not in _PULL:
        causes.one_of(f"{path}.imagePullPolicy", get("imagePullPolicy"), _PULL, found)
    policy = get("terminationMessagePolicy")
    if policy not in _MESSAGE_POLICIES:
        place = f"{path}.terminationMessagePolicy"
        causes.one_of(place, policy, _MESSAGE_POLICIES, found)
    if get("ports"):
        _ports(path, container, shared, found)
    check_environment(path, container, found)
    if get("volumeMounts"):
        check_mounts(f"{path}.volumeMounts", container["volumeMounts"], shared.volumes, found)
    if get("resources"):
        check_resources(f"{path}.resources", container["resources"], found)
    if get("resizePolicy"):
        _resize_policies(path, container, shared, init and get("restartPolicy") != "Always", found)
    if get("securityContext"):
        check_security(f"{path}.securityContext", container["securityContext"], found)
    restart = get("restartPolicy")
    if restart is not None and restart not in _RESTART:
        found.append(causes.unsupported(f"{path}.restartPolicy", restart, _RESTART))
    _probes(path, container, init and restart != "Always", found)


def check_security(path: str, context: Object, found: list[Cause]) -> None:
    """A container's securityContext; also what it shares with a pod's."""
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        value = context.get(name)
        if value is not None and not 0 <= value <= _ID_MAX:
            detail = f"must be between 0 and {_ID_MAX}, inclusive"
            found.append(causes.invalid(f"{path}.{name}", value, detail))
    escalation = context.get("allowPrivilegeEscalation")
    if escalation is False and context.get("privileged"):
        detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        found.append(causes.invalid(path, context, detail))
    added = (context.get("capabilities") or {}).get("add") or ()
    if escalation is False and any(item in ("SYS_ADMIN", "CAP_SYS_ADMIN") for item in added):
        detail = (
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        )
        found.append(causes.invalid(path, context, detail))


def _resize_policies(
    path: str, container: Object, shared: Shared, once: bool, found: list[Cause]
) -> None:
    """What a change of its resources means for a container (KEP-1287). ``once``: an init container
    that ends is never restarted for that."""
    seen: set[str] = set()
    for position, item in enumerate(container["resizePolicy"]):
        place = f"{path}.resizePolicy[{position}]"
        name, policy = item.get("resourceName"), item.get("restartPolicy")
        if name in seen:
            found.append(causes.duplicate(place, name))
        seen.add(name)
        causes.one_of(f"{place}.resourceName", name, _RESIZABLE, found)
        causes.one_of(f"{place}.restartPolicy", policy, _RESIZE_POLICIES, found)
        if policy == "RestartContainer" and (shared.never_restarts or once):
            when = "for init containers that end" if once else "when `restartPolicy` is 'Never'"
            detail = f"must be 'NotRequired' {when}"
            found.append(causes.invalid(f"{place}.restartPolicy", policy, detail))


def _name(path: str, container: Object, shared: Shared, found: list[Cause]) -> None:
    name = container.get("name")
    if not name:
        found.append(causes.required(f"{path}.name"))
        return
    errors = names.dns_label_errors(name)
    if errors:
        causes.each(f"{path}.name", name, errors, found)
    if name in shared.names:
        found.append(causes.duplicate(f"{path}.name", name))
    shared.names.add(name)


def _ports(path: str, container: Object, shared: Shared, found: list[Cause]) -> None:
    seen: set[str] = set()
    for position, port in enumerate(container["ports"]):
        place = f"{path}.ports[{position}]"
        name = port.get("name")
        if name:
            errors = names.port_name_errors(name)
            if errors:
                causes.each(f"{place}.name", name, errors, found)
            elif name in seen:
                found.append(causes.duplicate(f"{place}.name", name))
            seen.add(name)
        number = port.get("containerPort")
        if not number:
            found.append(causes.required(f"{place}.containerPort"))
        elif not 0 < number < 65536:
            causes.port_number(f"{place}.containerPort", number, found)
        protocol = port.get("protocol")
        if protocol not in PROTOCOLS:
            causes.one_of(f"{place}.protocol", protocol, PROTOCOLS, found)
        if port.get("hostPort"):
            _host_port(place, port, shared, found)


def _host_port(path: str, port: Object, shared: Shared, found: list[Cause]) -> None:
    number = port["hostPort"]
    causes.port_number(f"{path}.hostPort", number, found)
    if shared.host_network and number != port.get("containerPort"):
        detail = "must match `hostPort` when `hostNetwork` is true"
        found.append(causes.invalid(f"{path}.containerPort", port.get("containerPort", 0), detail))
    taken = (port.get("protocol", ""), port.get("hostIP", ""), number)
    if taken in shared.host_ports:
        found.append(causes.duplicate(f"{path}.hostPort", "/".join(map(str, taken))))
    shared.host_ports.add(taken)


def _probes(path: str, container: Object, once: bool, found: list[Cause]) -> None:
    for name, single in _PROBES:
        if name in container:
            if once:
                detail = "may not be set for init containers without restartPolicy=Always"
                found.append(causes.forbidden(f"{path}.{name}", detail))
            else:
                check_probe(f"{path}.{name}", container[name], single, found)
    lifecycle = container.get("lifecycle")
    if lifecycle:
        if once:
            detail = "may not be set for init containers without restartPolicy=Always"
            found.append(causes.forbidden(f"{path}.lifecycle", detail))
        for name in ("postStart", "preStop"):
            if name in lifecycle:
                check_hook(f"{path}.lifecycle.{name}", lifecycle[name], found)
