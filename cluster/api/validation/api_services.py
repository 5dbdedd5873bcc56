"""Rules of APIServices. Must not know: who answers for them.

Source: API reference, APIService v1: the name is ``version.group``.
"""

import base64
import binascii

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

GROUP_PRIORITY_MAX = 20_000
VERSION_PRIORITY_MAX = 1_000
_STATUSES = ("False", "True", "Unknown")


def check_api_service(obj: Object, found: list[Cause]) -> None:
    """An APIService: local, or with a Service behind it."""
    spec = obj.get("spec") or {}
    group, version = spec.get("group") or "", spec.get("version") or ""
    name, wanted = (obj.get("metadata") or {}).get("name") or "", f"{version}.{group}"
    if name and name != wanted:
        rule = f'must be `spec.version+"."+spec.group`: "{wanted}"'
        found.append(causes.invalid("metadata.name", name, rule))
    if group:
        causes.each("spec.group", group, names.subdomain_errors(group), found)
    elif version != "v1":
        rule = "only v1 may have an empty group and it better be legacy kube"
        found.append(causes.required("spec.group", rule))
    causes.each("spec.version", version, names.dns_1035_errors(version), found)
    _priority("spec.groupPriorityMinimum", spec.get("groupPriorityMinimum"), GROUP_PRIORITY_MAX,
              found)  # fmt: skip
    _priority("spec.versionPriority", spec.get("versionPriority"), VERSION_PRIORITY_MAX, found)
    bundle, blind = spec.get("caBundle") or "", bool(spec.get("insecureSkipTLSVerify"))
    service = spec.get("service")
    if service is None:
        if bundle:
            shown = f"{_size(bundle)} bytes"
            rule = "local APIServices may not have a caBundle"
            found.append(causes.invalid("spec.caBundle", shown, rule))
        if blind:
            rule = "local APIServices may not have insecureSkipTLSVerify"
            found.append(causes.invalid("spec.insecureSkipTLSVerify", blind, rule))
        return
    for field in ("namespace", "name"):
        if not service.get(field):
            found.append(causes.required(f"spec.service.{field}"))
    port = service.get("port", 443)
    if not 1 <= port <= 65535:
        rule = "port is not valid: must be between 1 and 65535, inclusive"
        found.append(causes.invalid("spec.service.port", port, rule))
    if blind and bundle:
        rule = "may not be true if caBundle is present"
        found.append(causes.invalid("spec.insecureSkipTLSVerify", blind, rule))


def check_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Conditions are true, false or unknown."""
    conditions = (new.get("status") or {}).get("conditions") or ()
    for position, item in enumerate(conditions):
        if item.get("status") not in _STATUSES:
            path = f"status.conditions[{position}].status"
            found.append(causes.unsupported(path, item.get("status"), _STATUSES))


def _priority(path: str, value: int | None, most: int, found: list[Cause]) -> None:
    if not 0 < (value or 0) <= most:
        rule = f"must be positive and less than {most}"
        found.append(causes.invalid(path, value or 0, rule))


def _size(bundle: str) -> int:
    try:
        return len(base64.b64decode(bundle))
    except binascii.Error:
        return len(bundle)
