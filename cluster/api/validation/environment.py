"""Rules of a container's environment. Must not know what the references resolve to."""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_FIELDS = frozenset(
    (
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    )
)
_RESOURCES = frozenset(
    f"{side}.{name}"
    for side in ("limits", "requests")
    for name in ("cpu", "memory", "ephemeral-storage")
)
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


def check_environment(path: str, container: Object, found: list[Cause]) -> None:
    """``env`` and ``envFrom`` of a container at ``path``."""
    for position, env in enumerate(container.get("env") or ()):
        name = env.get("name")
        if not name:
            found.append(causes.required(f"{path}.env[{position}].name"))
        else:
            errors = names.env_name_errors(name)
            if errors:
                causes.each(f"{path}.env[{position}].name", name, errors, found)
        if "valueFrom" in env:
            _value_from(f"{path}.env[{position}].valueFrom", env, found)
    for position, source in enumerate(container.get("envFrom") or ()):
        _env_from(f"{path}.envFrom[{position}]", source, found)


def check_field_path(path: str, field: str, files: bool, found: list[Cause]) -> None:
    """A downward API field. ``files``: in a volume, where whole maps may be named."""
    if not field:
        found.append(causes.required(path))
        return
    base, bracket, rest = field.partition("[")
    if bracket and base in ("metadata.labels", "metadata.annotations"):
        key = rest.removesuffix("]").strip("'\"")
        causes.each(path, key, names.label_key_errors(key.lower()), found)
    elif files and field in ("metadata.labels", "metadata.annotations"):
        return
    elif field not in _FIELDS:
        found.append(causes.unsupported(path, field, _FIELDS))


def check_resource_field(path: str, reference: Object, files: bool, found: list[Cause]) -> None:
    """A reference to a container's request or limit."""
    name = reference.get("resource")
    if not name:
        found.append(causes.required(f"{path}.resource"))
    elif name not in _RESOURCES and not name.partition(".")[2].startswith("hugepages-"):
        found.append(causes.unsupported(f"{path}.resource", name, _RESOURCES))
    if files and not reference.get("containerName"):
        found.append(causes.required(f"{path}.containerName"))


def _value_from(path: str, env: Object, found: list[Cause]) -> None:
    source = env["valueFrom"]
    present = [name for name in _SOURCES if source.get(name) is not None]
    if not present:
        detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
        found.append(causes.invalid(path, "", detail + "`secretKeyRef` or `fileKeyRef`"))
        return
    if env.get("value"):
        found.append(causes.invalid(path, "", "may not be specified when `value` is not empty"))
    if len(present) > 1:
        found.append(causes.invalid(path, "", "may not have more than one field specified"))
    name, value = present[0], source[present[0]]
    if name == "fieldRef":
        check_field_path(f"{path}.fieldRef.fieldPath", value.get("fieldPath") or "", False, found)
    elif name == "resourceFieldRef":
        check_resource_field(f"{path}.resourceFieldRef", value, False, found)
    elif name in ("configMapKeyRef", "secretKeyRef"):
        if not value.get("name"):
            found.append(causes.required(f"{path}.{name}.name"))
        key = value.get("key")
        if not key:
            found.append(causes.required(f"{path}.{name}.key"))
        else:
            causes.each(f"{path}.{name}.key", key, names.config_key_errors(key), found)


def _env_from(path: str, source: Object, found: list[Cause]) -> None:
    if source.get("prefix"):
        errors = names.env_name_errors(source["prefix"])
        causes.each(f"{path}.prefix", source["prefix"], errors, found)
    present = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
    if len(present) != 1:
        detail = (
            "may not have more than one field specified at a time"
            if present
            else "must specify one of: `configMapRef` or `secretRef`"
        )
        found.append(causes.invalid(path, "", detail))
    elif not source[present[0]].get("name"):
        found.append(causes.required(f"{path}.{present[0]}.name"))
