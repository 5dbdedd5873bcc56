"""The downward API: a pod's own fields and resources, as environment or as files. Pure.

Must not know: files, containers that run. Source: Kubernetes docs, "Downward API"; core/v1
ObjectFieldSelector and ResourceFieldSelector.
"""

import re
from dataclasses import dataclass

from actors.kubelet import pod_spec
from cluster.api.quantity import QuantityError, parse
from cluster.api.types import Object

SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


class ConfigFault(Exception):
    """A container's configuration cannot be made (CreateContainerConfigError)."""


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What only the node knows of a pod. ``allocatable``: the node's, for absent limits."""

    node: str
    node_address: str
    pod_address: str
    allocatable: Object


def field_value(pod: Object, path: str, facts: PodFacts) -> str:
    """The field at ``path`` as text. Raises ConfigFault for one that is not offered."""
    meta = pod["metadata"]
    if match := SUBSCRIPT.fullmatch(path):
        return str((meta.get(match[1]) or {}).get(match[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        return formatted_map(meta.get(path.rpartition(".")[2]) or {})
    simple = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta.get("namespace", ""),
        "metadata.uid": meta["uid"],
        "spec.nodeName": facts.node,
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", "default"),
        "status.hostIP": facts.node_address,
        "status.hostIPs": facts.node_address,
        "status.podIP": facts.pod_address,
        "status.podIPs": facts.pod_address,
    }
    if path not in simple:
        raise ConfigFault(f"unsupported fieldPath: {path}")
    return str(simple[path])


def formatted_map(values: dict[str, str]) -> str:
    """``key="value"`` lines in order of key, values quoted as Go's %q does."""
    return "\n".join(f"{key}={quoted(values[key])}" for key in sorted(values))


def quoted(text: str) -> str:
    """A double-quoted string with its special characters escaped."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'


def resource_value(pod: Object, reference: Object, container: str, facts: PodFacts) -> str:
    """A request or limit in units of ``divisor``, rounded up. Raises ConfigFault."""
    name = reference.get("containerName") or container
    spec = pod_spec.find_container(pod, name)
    if spec is None:
        raise ConfigFault(f"container {name} not found")
    kind, _, resource = str(reference["resource"]).partition(".")
    if kind not in ("limits", "requests") or not resource:
        raise ConfigFault(f"unsupported container resource: {reference['resource']}")
    try:
        amount = effective_resource(spec, kind, resource, facts)
        divisor = parse(str(reference.get("divisor") or "1")).nano or 10**9
    except QuantityError as error:
        raise ConfigFault(f"{reference['resource']} of {name}: {error}") from error
    return str(-(-amount // divisor))


def effective_resource(spec: Object, kind: str, resource: str, facts: PodFacts) -> int:
    """In billionths. Absent limits mean what the node can give; absent requests mean none."""
    given = (spec.get("resources") or {}).get(kind) or {}
    if resource in given:
        return parse(str(given[resource])).nano
    if kind == "limits" and resource in facts.allocatable:
        return parse(str(facts.allocatable[resource])).nano
    return 0
