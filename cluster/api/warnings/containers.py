"""What a pod's containers say twice, or in vain.

Source: seen at kube-apiserver; docs "Define Environment Variables for a Container". Must not know
the rest of the pod.
"""

from collections.abc import Iterator, Mapping

from cluster.api.types import Object
from cluster.api.warnings.amounts import fraction_warnings

_KINDS = ("initContainers", "containers", "ephemeralContainers")
OLD_APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def containers_of(path: str, spec: Object) -> Iterator[tuple[str, Object]]:
    """Each with its path."""
    for kind in _KINDS:
        for position, container in enumerate(spec.get(kind) or ()):
            yield f"{path}.{kind}[{position}]", container


def container_warnings(path: str, container: Object) -> list[str]:
    """Of one alone."""
    found: list[str] = []
    resources = container.get("resources")
    if resources:
        for part in ("limits", "requests"):
            found += fraction_warnings(f"{path}.resources.{part}", resources.get(part))
    if len(container.get("env") or ()) > 1:
        found += _hidden(path, container["env"])
    return found


def annotation_warnings(
    path: str, container: Object, annotations: Mapping[str, str], confined: bool
) -> list[str]:
    """Of what annotations say of it in place of its fields. ``path``: of the annotations;
    ``confined``: nothing is to be said of AppArmor."""
    security = container.get("securityContext") or {}
    name, found = container.get("name"), []
    if f"{_SECCOMP}{name}" in annotations and not security.get("seccompProfile"):
        found.append(f"{path}[{_SECCOMP}{name}]: {NO_SECCOMP}")
    confined = confined or bool(security.get("appArmorProfile"))
    if f"{_APPARMOR}{name}" in annotations and not confined:
        found.append(f"{path}[{_APPARMOR}{name}]: {OLD_APP_ARMOR}")
    return found


def _hidden(path: str, variables: list[Object]) -> list[str]:
    seen: set[str] = set()
    found = []
    for position, variable in enumerate(variables):
        name, value = variable.get("name") or "", variable.get("value") or ""
        if name not in seen:
            seen.add(name)
            continue
        earlier = f"$({name})"
        if variable.get("valueFrom") is not None or value == earlier or earlier not in value:
            text = f'hides previous definition of "{name}", which may be dropped when using apply'
            found.append(f"{path}.env[{position}]: {text}")
    return found


def port_warnings(containers: list[tuple[str, Object]]) -> list[str]:
    """Of the ports of all."""
    found: list[str] = []
    taken: dict[tuple[int, str], list[tuple[str, Object]]] = {}
    for path, container in containers:
        for position, port in enumerate(container.get("ports") or ()):
            here = f"{path}.ports[{position}]"
            if port.get("hostIP") and not port.get("hostPort"):
                found.append(f"{here}: hostIP set without hostPort: {_as_go(port)}")
            key = (port.get("containerPort") or 0, port.get("protocol") or "")
            others = taken.setdefault(key, [])
            for there, other in others:
                relation = _relation(port, other)
                if relation:
                    found.append(f"{here}: {relation} port definition with {there}")
            others.append((here, port))
    return found


def _relation(port: Object, other: Object) -> str:
    ours = (port.get("hostIP") or "", port.get("hostPort") or 0)
    theirs = (other.get("hostIP") or "", other.get("hostPort") or 0)
    if ours == theirs:
        return "duplicate"
    if not ours[1] or not theirs[1]:
        return "overlapping"
    if ours[1] == theirs[1] and bool(ours[0]) != bool(theirs[0]):
        return "dangerously ambiguous"
    return ""


def _as_go(port: Object) -> str:
    fields = ("name", "hostPort", "containerPort", "protocol", "hostIP")
    shown = (
        f"{field[0].upper()}{field[1:]}:{port.get(field) or (0 if 'Port' in field else '')}"
        for field in fields
    )
    return "{" + " ".join(shown) + "}"
