"""Rules of containers: names, images, ports, environment, mounts, probes, security.

Source: API reference, Container; KEP-1287 (resizePolicy), KEP-5307 (restart rules). Must not know
pods as a whole: what containers of one pod must not share comes in as ``Shared``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.environment import check_environment
from cluster.api.validation.mounts import check_devices, check_mounts
from cluster.api.validation.pod_security import check_security
from cluster.api.validation.probes import check_hook, check_probe
from cluster.api.validation.resources import check_resources

PROTOCOLS = frozenset(("TCP", "UDP", "SCTP"))
_PULL = frozenset(("Always", "IfNotPresent", "Never"))
_MESSAGE_POLICIES = frozenset(("File", "FallbackToLogsOnError"))
_RESTART = frozenset(("Always", "Never", "OnFailure"))
_RESIZABLE = frozenset(("cpu", "memory"))
_RESIZE_POLICIES = frozenset(("NotRequired", "RestartContainer"))
_ACTIONS = frozenset(("Restart", "RestartAllContainers"))
_OPERATORS = frozenset(("In", "NotIn"))
_RULES_MAX = 20
_CODES_MAX = 255
_PROBES = (("livenessProbe", True), ("readinessProbe", False), ("startupProbe", True))


@dataclass
class Shared:
    """What the containers of a pod have in common, and what each may take only once.

    ``volumes``: kinds by name. ``claims``: of devices, by name. ``grace``: seconds the pod has to
    end. ``own_users``: it has a user namespace of its own. ``is_pod``: it is no template.
    """

    volumes: Mapping[str, str]
    names: set[str] = field(default_factory=set)
    host_ports: set[tuple[str, str, int]] = field(default_factory=set)
    host_network: bool = False
    never_restarts: bool = False
    claims: frozenset[str] = frozenset()
    grace: int | None = None
    own_users: bool = False
    is_pod: bool = False


def check_container(
    path: str, container: Object, shared: Shared, init: bool, found: list[Cause]
) -> None:
    """One container. ``init``: of initContainers; only those that restart may be probed."""
    get = container.get
    _name(path, container, shared, found)
    image = get("image")
    if not image:
        found.append(causes.required(f"{path}.image"))
    elif shared.is_pod and image != image.strip():
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
        check_mounts(path, container, shared.volumes, found)
    if get("volumeDevices"):
        check_devices(path, container, shared.volumes, found)
    if get("resources"):
        check_resources(f"{path}.resources", container["resources"], found)
        _claims(f"{path}.resources.claims", container["resources"], shared, found)
    if get("resizePolicy"):
        _resize_policies(path, container, shared, init and get("restartPolicy") != "Always", found)
    if get("securityContext"):
        place = f"{path}.securityContext"
        check_security(place, container["securityContext"], shared.own_users, found)
    restart = get("restartPolicy")
    if restart is not None and restart not in _RESTART:
        found.append(causes.unsupported(f"{path}.restartPolicy", restart, _RESTART))
    if get("restartPolicyRules"):
        _restart_rules(path, container, found)
    _probes(path, container, init and restart != "Always", shared.grace, found)


def _restart_rules(path: str, container: Object, found: list[Cause]) -> None:
    """With which exit codes a container starts again, whatever its policy says."""
    rules, place = container["restartPolicyRules"], f"{path}.restartPolicyRules"
    if container.get("restartPolicy") is None:
        detail = "must specify restartPolicy when restart rules are used"
        found.append(causes.required(f"{path}.restartPolicy", detail))
    if len(rules) > _RULES_MAX:
        found.append(causes.too_many(place, len(rules), _RULES_MAX))
    for position, rule in enumerate(rules):
        action, codes = rule.get("action") or "", rule.get("exitCodes")
        if action not in _ACTIONS:
            found.append(causes.unsupported(f"{place}[{position}].action", action, _ACTIONS))
        where = f"{place}[{position}].exitCodes"
        if codes is None:
            found.append(causes.required(where, "must be specified"))
            continue
        operator, values = codes.get("operator") or "", codes.get("values") or ()
        if operator not in _OPERATORS:
            found.append(causes.unsupported(f"{where}.operator", operator, _OPERATORS))
        if len(values) > _CODES_MAX:
            found.append(causes.too_many(f"{where}.values", len(values), _CODES_MAX))


def _claims(path: str, resources: Object, shared: Shared, found: list[Cause]) -> None:
    """Which of the pod's claims the container uses: each once, or once for each request."""
    taken: set[tuple[str, str]] = set()
    for position, item in enumerate(resources.get("claims") or ()):
        name, request = item.get("name") or "", item.get("request") or ""
        if not name:
            found.append(causes.required(f"{path}[{position}]"))
            continue
        if request and (name, "") not in taken:
            errors = names.dns_label_errors(request)
            causes.each(f"{path}[{position}].request", request, errors, found)
        if (name, request) in taken or (name, "") in taken:
            shown = f"{name}/{request}" if request else name
            found.append(causes.duplicate(f"{path}[{position}]", shown))
        elif name not in shared.claims:
            found.append(causes.absent(f"{path}[{position}]", name))
        taken.add((name, request))


def _resize_policies(
    path: str, container: Object, shared: Shared, once: bool, found: list[Cause]
) -> None:
    """What a change of its resources means for a container (KEP-1287). ``once``: an init container
    that ends is never restarted for that."""
    whole = f"{path}.resizePolicy"
    seen: set[str] = set()
    for position, item in enumerate(container["resizePolicy"]):
        place = f"{whole}[{position}]"
        name, policy = item.get("resourceName"), item.get("restartPolicy")
        if name in seen:
            found.append(causes.duplicate(place, name))
        seen.add(name)
        causes.one_of(whole, name, _RESIZABLE, found)
        causes.one_of(whole, policy, _RESIZE_POLICIES, found)
        if policy != "NotRequired" and shared.never_restarts:
            detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            found.append(causes.invalid(whole, policy, detail))
        if policy == "RestartContainer" and once:
            detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
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
        detail = "must match `containerPort` when `hostNetwork` is true"
        found.append(causes.invalid(f"{path}.hostPort", number, detail))
    taken = (port.get("protocol", ""), port.get("hostIP", ""), number)
    if taken in shared.host_ports:
        found.append(causes.duplicate(f"{path}.hostPort", "/".join(map(str, taken))))
    shared.host_ports.add(taken)


def _probes(
    path: str, container: Object, once: bool, grace: int | None, found: list[Cause]
) -> None:
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
            return
        for name in ("postStart", "preStop"):
            if name in lifecycle:
                check_hook(f"{path}.lifecycle.{name}", lifecycle[name], grace, found)
