"""Rules of a container's environment. Must not know what the references resolve to.

Source: docs "Downward API", "Define Environment Variables for a Container"; KEP-4369 (names),
KEP-3721 (files); API reference, EnvVarSource.
"""

from collections.abc import Callable

from cluster.api import names
from cluster.api.quantity import parse
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.paths import check_file

_MAPS = ("metadata.annotations", "metadata.labels")
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
_FILE_FIELDS = frozenset(("metadata.name", "metadata.namespace", "metadata.uid", *_MAPS))
# Fields there are, though not each of them everywhere.
_KNOWN = _FIELDS | _FILE_FIELDS | {"spec.restartPolicy", "spec.schedulerName", "status.phase"}
_RESOURCES = frozenset(
    f"{side}.{name}"
    for side in ("limits", "requests")
    for name in ("cpu", "memory", "ephemeral-storage")
)
_HUGE = ("limits.hugepages-", "requests.hugepages-")
_CPU_DIVISORS = ("1m", "1")
_DIVISORS = (
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
)  # fmt: skip
_DIVISOR_NAMES = {"ephemeral-storage": "local ephemeral storage"}


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
        _env_from(f"{path}.envFrom", position, source, found)


def check_env_files(path: str, spec: Object, found: list[Cause]) -> None:
    """The volumes that variables of the spec at ``path`` are read from are there, and empty at
    first."""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for number, container in enumerate(spec.get(kind) or ()):
            for position, env in enumerate(container.get("env") or ()):
                reference = (env.get("valueFrom") or {}).get("fileKeyRef")
                if reference is not None:
                    place = f"{path}.{kind}[{number}].env[{position}].valueFrom.fileKeyRef"
                    _env_file(f"{place}.volumeName", reference.get("volumeName") or "", spec, found)


def _env_file(path: str, name: str, spec: Object, found: list[Cause]) -> None:
    named = [item for item in spec.get("volumes") or () if (item.get("name") or "") == name]
    if not named:
        found.append(causes.absent(path, name))
    elif "emptyDir" not in named[-1]:
        detail = "referenced volume must be of type emptyDir"
        found.append(causes.invalid(path, name, detail))


def check_field_ref(path: str, reference: Object, files: bool, found: list[Cause]) -> None:
    """A downward API field. ``files``: in a volume, where whole maps may be named, but nothing
    that changes while the pod runs."""
    place, field = f"{path}.fieldPath", reference.get("fieldPath") or ""
    version = reference.get("apiVersion") or ""
    if not version:
        found.append(causes.required(f"{path}.apiVersion"))
        return
    if not field:
        found.append(causes.required(place))
        return
    base, key = _subscripted(field)
    problem = _unconvertible(version, field, base, key)
    if problem:
        found.append(causes.invalid(place, field, f"error converting fieldPath: {problem}"))
        return
    if key is not None:
        key = key.lower() if base == "metadata.annotations" else key
        causes.each(path, key, names.label_key_errors(key), found)
        return
    allowed = _FILE_FIELDS if files else _FIELDS
    if field not in allowed:
        found.append(causes.unsupported(place, field, allowed))


def _subscripted(field: str) -> tuple[str, str | None]:
    """``metadata.labels['app']`` → the map and the key; None as key if it is no such text."""
    base, bracket, rest = field.partition("['")
    if not base or not bracket or not rest.endswith("']"):
        return field, None
    return base, rest.removesuffix("']")


def _unconvertible(version: str, field: str, base: str, key: str | None) -> str:
    """Why the field is none of a pod's; empty if it is one."""
    if version != "v1":
        return f"unsupported pod version: {version}"
    if key is not None:
        return "" if base in _MAPS else f"field label does not support subscript: {field}"
    return "" if field in _KNOWN else f"field label not supported: {field}"


def check_resource_field(path: str, reference: Object, files: bool, found: list[Cause]) -> None:
    """A reference to a container's request or limit."""
    name = reference.get("resource") or ""
    if files and not reference.get("containerName"):
        found.append(causes.required(f"{path}.containerName"))
    elif not name:
        found.append(causes.required(f"{path}.resource"))
    elif name not in _RESOURCES and not name.startswith(_HUGE):
        found.append(causes.unsupported(f"{path}.resource", name, _RESOURCES))
    _divisor(f"{path}.divisor", name, reference.get("divisor"), found)


def _divisor(path: str, name: str, divisor: str | None, found: list[Cause]) -> None:
    given = parse(str(divisor or "0"))
    if not given.nano or (name not in _RESOURCES and not name.startswith(_HUGE)):
        return
    what = name.partition(".")[2]
    if what == "cpu":
        if str(given) not in _CPU_DIVISORS:
            detail = "only divisor's values 1m and 1 are supported with the cpu resource"
            found.append(causes.invalid(path, name, detail))
    elif str(given) not in _DIVISORS:
        what = "hugepages" if what.startswith("hugepages-") else _DIVISOR_NAMES.get(what, what)
        detail = f"only divisor's values {', '.join(_DIVISORS)} are supported with the {what} "
        found.append(causes.invalid(path, name, f"{detail}resource"))


def _key_ref(path: str, reference: Object, found: list[Cause]) -> None:
    """A key of a ConfigMap or a Secret."""
    name, key = reference.get("name") or "", reference.get("key")
    causes.each(f"{path}.name", name, names.subdomain_errors(name), found)
    if not key:
        found.append(causes.required(f"{path}.key"))
    else:
        causes.each(f"{path}.key", key, names.config_key_errors(key), found)


def _file_key_ref(path: str, reference: Object, found: list[Cause]) -> None:
    """A variable in a file of a volume."""
    for name, check in (("key", names.env_name_errors), ("volumeName", names.dns_label_errors)):
        value = reference.get(name)
        if not value:
            found.append(causes.required(f"{path}.{name}"))
        else:
            causes.each(f"{path}.{name}", value, check(value), found)
    if not reference.get("path"):
        found.append(causes.required(f"{path}.path"))
    else:
        check_file(f"{path}.path", reference["path"], found)


_SOURCES: dict[str, Callable[[str, Object, list[Cause]], None]] = {
    "fieldRef": lambda path, value, found: check_field_ref(path, value, False, found),
    "resourceFieldRef": lambda path, value, found: check_resource_field(path, value, False, found),
    "configMapKeyRef": _key_ref,
    "secretKeyRef": _key_ref,
    "fileKeyRef": _file_key_ref,
}


def _value_from(path: str, env: Object, found: list[Cause]) -> None:
    source = env["valueFrom"]
    present = [name for name in _SOURCES if source.get(name) is not None]
    for name in present:
        _SOURCES[name](f"{path}.{name}", source[name], found)
    if not present:
        detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
        found.append(causes.invalid(path, "", detail + "`secretKeyRef` or `fileKeyRef`"))
    elif env.get("value"):
        found.append(causes.invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(present) > 1:
        detail = "may not have more than one field specified at a time"
        found.append(causes.invalid(path, "", detail))


def _env_from(path: str, position: int, source: Object, found: list[Cause]) -> None:
    place = f"{path}[{position}]"
    if source.get("prefix"):
        errors = names.env_name_errors(source["prefix"])
        causes.each(f"{place}.prefix", source["prefix"], errors, found)
    present = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
    for kind in present:
        name = source[kind].get("name")
        if not name:
            found.append(causes.required(f"{place}.{kind}.name"))
        else:
            causes.each(f"{place}.{kind}.name", name, names.subdomain_errors(name), found)
    if not present:
        detail = "must specify one of: `configMapRef` or `secretRef`"
        found.append(causes.invalid(path, "", detail))
    elif len(present) > 1:
        detail = "may not have more than one field specified at a time"
        found.append(causes.invalid(path, "", detail))
