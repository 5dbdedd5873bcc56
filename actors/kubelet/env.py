"""A container's environment: literals, references, services, ``$(VAR)`` expansion. Pure.

Must not know: where config maps and secrets come from. Source: core/v1 EnvVar, EnvFromSource;
Kubernetes docs, "Service: environment variables".
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from actors.kubelet import downward, pod_spec
from actors.kubelet.downward import ConfigFault, PodFacts
from actors.kubelet.expansion import expand
from cluster.api.types import Object

# (kind, name): kind is "configmap" or "secret"; in the pod's own namespace.
Reference = tuple[str, str]
BAD_NAME = re.compile(r"[^\x21-\x3c\x3e-\x7e]")


@dataclass(frozen=True, slots=True)
class EnvSources:
    """``objects``: config maps and secrets, None for those that do not exist.

    ``services``: of the pod's namespace, and default/kubernetes.
    """

    facts: PodFacts
    objects: Mapping[Reference, Object | None] = field(default_factory=dict)
    services: Iterable[Object] = ()


def environment(pod: Object, spec: Object, sources: EnvSources) -> dict[str, str]:
    """All variables of one container. Raises ConfigFault naming what is missing."""
    services = service_variables(pod, sources.services)
    result: dict[str, str] = {}
    for item in spec.get("envFrom") or ():
        result.update(variables_from(item, sources))
    known = {**services, **result}
    for item in spec.get("env") or ():
        value = one_value(pod, spec, item, sources, known)
        if value is None:
            continue
        result[item["name"]] = known[item["name"]] = value
    return {**services, **result}


def one_value(
    pod: Object, spec: Object, item: Object, sources: EnvSources, known: Mapping[str, str]
) -> str | None:
    """None if an optional reference leads nowhere."""
    source = item.get("valueFrom")
    if not source:
        return expand(str(item.get("value", "")), known)
    if "fieldRef" in source:
        return downward.field_value(pod, source["fieldRef"]["fieldPath"], sources.facts)
    if "resourceFieldRef" in source:
        reference = source["resourceFieldRef"]
        return downward.resource_value(pod, reference, spec["name"], sources.facts)
    if "configMapKeyRef" in source:
        return key_value("configmap", source["configMapKeyRef"], sources)
    if "secretKeyRef" in source:
        return key_value("secret", source["secretKeyRef"], sources)
    raise ConfigFault(f"env {item['name']}: unknown source")


def key_value(kind: str, reference: Object, sources: EnvSources) -> str | None:
    """One key of a config map or secret."""
    found = sources.objects.get((kind, reference.get("name", "")))
    optional = bool(reference.get("optional"))
    if found is None:
        if optional:
            return None
        raise ConfigFault(f'{kind} "{reference.get("name", "")}" not found')
    data = text_data(kind, found)
    if reference["key"] in data:
        return data[reference["key"]]
    if optional:
        return None
    title = "ConfigMap" if kind == "configmap" else "Secret"
    meta = found["metadata"]
    where = f"{title} {meta.get('namespace', '')}/{meta['name']}"
    raise ConfigFault(f"couldn't find key {reference['key']} in {where}")


def variables_from(item: Object, sources: EnvSources) -> dict[str, str]:
    """All keys of a config map or secret that can be names of variables."""
    prefix = item.get("prefix", "")
    kind = "configmap" if "configMapRef" in item else "secret"
    reference = item.get("configMapRef") or item.get("secretRef") or {}
    found = sources.objects.get((kind, reference.get("name", "")))
    if found is None:
        if reference.get("optional"):
            return {}
        raise ConfigFault(f'{kind} "{reference.get("name", "")}" not found')
    data = text_data(kind, found)
    named = {prefix + key: data[key] for key in sorted(data)}
    return {name: value for name, value in named.items() if name and not BAD_NAME.search(name)}


def text_data(kind: str, found: Object) -> dict[str, str]:
    """``data`` as text; a secret's is base64."""
    data: dict[str, str] = found.get("data") or {}
    if kind == "configmap":
        return data
    return {key: decode_secret(value).decode(errors="replace") for key, value in data.items()}


def decode_secret(value: str) -> bytes:
    """Base64. Raises ConfigFault."""
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError) as error:
        raise ConfigFault("a secret's value is not base64") from error


def env_references(spec: Object) -> set[Reference]:
    """The config maps and secrets that a container's environment reads."""
    found: set[Reference] = set()
    for item in spec.get("envFrom") or ():
        if "configMapRef" in item:
            found.add(("configmap", item["configMapRef"].get("name", "")))
        if "secretRef" in item:
            found.add(("secret", item["secretRef"].get("name", "")))
    for item in spec.get("env") or ():
        source = item.get("valueFrom") or {}
        if "configMapKeyRef" in source:
            found.add(("configmap", source["configMapKeyRef"].get("name", "")))
        if "secretKeyRef" in source:
            found.add(("secret", source["secretKeyRef"].get("name", "")))
    return found


def pod_env_references(pod: Object) -> set[Reference]:
    """Of all its containers."""
    return {item for spec in pod_spec.all_containers(pod) for item in env_references(spec)}


def service_variables(pod: Object, services: Iterable[Object]) -> dict[str, str]:
    """``NAME_SERVICE_HOST`` and its kin, for services with a cluster address.

    default/kubernetes is always there; the others only if the pod wants service links.
    """
    links = pod["spec"].get("enableServiceLinks", True)
    namespace = pod["metadata"].get("namespace", "")
    result: dict[str, str] = {}
    for service in services:
        meta = service["metadata"]
        master = meta["name"] == "kubernetes" and meta.get("namespace") == "default"
        if master or (links and meta.get("namespace") == namespace):
            result.update(one_service(service))
    return result


def one_service(service: Object) -> dict[str, str]:
    """The variables of one service; none for a headless one."""
    address = service["spec"].get("clusterIP")
    ports = service["spec"].get("ports") or []
    if not address or address == "None" or not ports:
        return {}
    name = service["metadata"]["name"].upper().replace("-", "_")
    result = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            label = port["name"].upper().replace("-", "_")
            result[f"{name}_SERVICE_PORT_{label}"] = str(port["port"])
    first_protocol = str(ports[0].get("protocol", "TCP")).lower()
    result[f"{name}_PORT"] = f"{first_protocol}://{address}:{ports[0]['port']}"
    for port in ports:
        protocol = str(port.get("protocol", "TCP"))
        prefix = f"{name}_PORT_{port['port']}_{protocol}"
        result[prefix] = f"{protocol.lower()}://{address}:{port['port']}"
        result[f"{prefix}_PROTO"] = protocol.lower()
        result[f"{prefix}_PORT"] = str(port["port"])
        result[f"{prefix}_ADDR"] = address
    return result
