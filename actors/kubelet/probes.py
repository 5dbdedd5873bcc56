"""Probe timing and thresholds: when the next try is due, what a try's result changes. Pure.

Must not know: how a probe is carried out. Source: core/v1 Probe; Kubernetes docs, "Liveness,
Readiness, and Startup Probes".
"""

from dataclasses import dataclass, replace
from typing import Literal

from cluster.api.types import Object

ProbeKind = Literal["startup", "readiness", "liveness"]
FIELDS: dict[ProbeKind, str] = {
    "startup": "startupProbe",
    "readiness": "readinessProbe",
    "liveness": "livenessProbe",
}


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """A container's probe with its defaults. Seconds. ``grace`` None: the pod's own."""

    kind: ProbeKind
    handler: Object
    initial_delay: float = 0.0
    period: float = 10.0
    timeout: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3
    grace: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeState:
    """``healthy``: the standing verdict, None before there is one. ``row``: equal results in a row
    of which the last was ``last``."""

    healthy: bool | None = None
    last: bool | None = None
    row: int = 0
    tried_at: float = 0.0


def probe_specs(container: Object) -> list[ProbeSpec]:
    """The probes that a container's spec asks for, startup first."""
    return [
        parse_probe(kind, container[field]) for kind, field in FIELDS.items() if field in container
    ]


def parse_probe(kind: ProbeKind, raw: Object) -> ProbeSpec:
    """Zero and absent values mean the defaults."""
    grace = raw.get("terminationGracePeriodSeconds")
    return ProbeSpec(
        kind=kind,
        handler={key: raw[key] for key in ("exec", "httpGet", "tcpSocket", "grpc") if key in raw},
        initial_delay=float(raw.get("initialDelaySeconds") or 0),
        period=float(raw.get("periodSeconds") or 10),
        timeout=float(raw.get("timeoutSeconds") or 1),
        success_threshold=int(raw.get("successThreshold") or 1),
        failure_threshold=int(raw.get("failureThreshold") or 3),
        grace=None if grace is None else float(grace),
    )


def next_due(spec: ProbeSpec, state: ProbeState, started_at: float) -> float:
    """Time of the next try, for a container that started at ``started_at``."""
    if state.tried_at == 0.0:
        return started_at + spec.initial_delay
    return state.tried_at + spec.period


def record(spec: ProbeSpec, state: ProbeState, success: bool, now: float) -> ProbeState:
    """The state after a try. The verdict changes when its threshold of equal results is met."""
    row = state.row + 1 if state.last is success else 1
    needed = spec.success_threshold if success else spec.failure_threshold
    healthy = success if row >= needed else state.healthy
    return replace(state, healthy=healthy, last=success, row=row, tried_at=now)


def is_condemned(spec: ProbeSpec, state: ProbeState) -> bool:
    """The container is to be killed."""
    return spec.kind != "readiness" and state.healthy is False


def is_over(spec: ProbeSpec, state: ProbeState) -> bool:
    """No further tries: a startup probe that passed, or a sentence that was passed."""
    return (spec.kind == "startup" and state.healthy is True) or is_condemned(spec, state)


def resolve_port(handler_port: int | str, container: Object) -> int:
    """A number, or the name of one of the container's ports. Raises ValueError if unknown."""
    if isinstance(handler_port, int):
        return handler_port
    if handler_port.isdigit():
        return int(handler_port)
    for port in container.get("ports") or ():
        if port.get("name") == handler_port:
            return int(port["containerPort"])
    raise ValueError(f"container {container['name']} has no port named {handler_port!r}")


def http_url(action: Object, container: Object, address: str) -> str:
    """URL of an httpGet action against a pod at ``address``."""
    scheme = str(action.get("scheme") or "HTTP").lower()
    host = action.get("host") or address
    path = str(action.get("path") or "/")
    port = resolve_port(action["port"], container)
    return f"{scheme}://{host}:{port}{path if path.startswith('/') else '/' + path}"


def http_headers(action: Object, what: str) -> dict[str, str]:
    """Headers of an httpGet action; ``what``: "probe" or "lifecycle"."""
    headers = {"User-Agent": f"kube-{what}/1.37", "Accept": "*/*"}
    for item in action.get("httpHeaders") or ():
        if item["name"].lower() == "user-agent" or item["name"].lower() == "accept":
            headers.pop("User-Agent" if item["name"].lower() == "user-agent" else "Accept", None)
        if item.get("value"):
            headers[item["name"]] = item["value"]
    return headers
