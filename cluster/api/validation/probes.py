"""Rules of probes and lifecycle hooks: exactly one handler, right numbers and ports.

Must not know how a probe is run.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_SCHEMES = frozenset(("HTTP", "HTTPS"))
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_TIMES = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
          "failureThreshold")  # fmt: skip


def check_probe(path: str, probe: Object, once: bool, found: list[Cause]) -> None:
    """``once``: a liveness or startup probe, which one success satisfies."""
    _handler(path, probe, None, found)
    for name in _TIMES:
        value = probe.get(name)
        if value is not None and value < 0:
            causes.not_negative(f"{path}.{name}", value, found)
    if once and probe.get("successThreshold", 1) != 1:
        found.append(
            causes.invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")
        )
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        place = f"{path}.terminationGracePeriodSeconds"
        found.append(causes.invalid(place, grace, "must be greater than 0"))
    if grace is not None and not once:
        place = f"{path}.terminationGracePeriodSeconds"
        found.append(causes.invalid(place, grace, "must not be set for readinessProbes"))


def check_hook(path: str, hook: Object, grace: int | None, found: list[Cause]) -> None:
    """postStart or preStop. ``grace``: seconds that the pod has to end; None if it does not say."""
    _handler(path, hook, grace, found)


def check_target_port(path: str, value: Any, found: list[Cause]) -> None:
    """A port by number, or by the name of a container's port."""
    if isinstance(value, int):
        causes.port_number(path, value, found)
    else:
        causes.each(path, value, names.port_name_errors(value or ""), found)


def _handler(path: str, action: Object, grace: int | None, found: list[Cause]) -> None:
    kinds = [name for name in _HANDLERS if action.get(name) is not None]
    if not kinds:
        found.append(causes.required(path, "must specify a handler type"))
        return
    for name in kinds[1:]:
        detail = "may not specify more than 1 handler type"
        found.append(causes.forbidden(f"{path}.{name}", detail))
    name, value = kinds[0], action[kinds[0]]
    match name:
        case "exec":
            if not value.get("command"):
                found.append(causes.required(f"{path}.exec.command"))
        case "httpGet":
            _http(f"{path}.httpGet", value, found)
        case "tcpSocket":
            check_target_port(f"{path}.tcpSocket.port", value.get("port"), found)
        case "grpc":
            causes.port_number(f"{path}.grpc.port", value.get("port"), found)
        case _:
            seconds = value.get("seconds") or 0
            if grace is not None and not 0 <= seconds <= grace:
                detail = "must be non-negative and less than terminationGracePeriodSeconds "
                found.append(causes.invalid(f"{path}.sleep", seconds, f"{detail}({grace})"))


def _http(path: str, action: Object, found: list[Cause]) -> None:
    if not action.get("path"):
        found.append(causes.required(f"{path}.path"))
    check_target_port(f"{path}.port", action.get("port"), found)
    if action.get("scheme") not in _SCHEMES:
        found.append(causes.unsupported(f"{path}.scheme", action.get("scheme", ""), _SCHEMES))
    for header in action.get("httpHeaders") or ():
        name = header.get("name") or ""
        if not name.replace("-", "").isalnum() or not name.isascii():
            detail = "a valid HTTP header must consist of alphanumeric characters or '-'"
            found.append(causes.invalid(f"{path}.httpHeaders", name, detail))
