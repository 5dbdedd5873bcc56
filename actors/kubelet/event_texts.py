"""Pieces of the kubelet's events that people and tools read: which container, how long. Pure.

Must not know: who tells what.
"""

import errno
from urllib.parse import urlsplit

from actors.kubelet import pod_spec
from cluster.api.types import Object

_CONNECT = {
    errno.ECONNREFUSED: "connect: connection refused",
    errno.EHOSTUNREACH: "connect: no route to host",
    errno.ENETUNREACH: "connect: network is unreachable",
    errno.ETIMEDOUT: "connect: connection timed out",
    errno.ECONNRESET: "read: connection reset by peer",
}


def field_path(pod: Object, spec: Object | None) -> str:
    """``spec.containers{web}``; '' if the event is about the pod as a whole."""
    if spec is None:
        return ""
    kind = "containers"
    if any(item["name"] == spec["name"] for item in pod_spec.init_containers(pod)):
        kind = "initContainers"
    if any(item["name"] == spec["name"] for item in pod_spec.ephemeral_containers(pod)):
        kind = "ephemeralContainers"
    return f"spec.{kind}{{{spec['name']}}}"


def duration(seconds: float) -> str:
    """Whole milliseconds as Go prints them: ``201ms``, ``1.05s``, ``2m3s``."""
    whole = max(0, round(seconds * 1000))
    if whole < 1000:
        return f"{whole}ms" if whole else "0s"
    minutes, rest = divmod(whole, 60_000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def dial_failure(address: str, port: int, error: OSError) -> str:
    """``dial tcp 10.0.0.1:80: connect: connection refused``, as people know and search it."""
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"dial tcp {place}: {_CONNECT.get(error.errno or 0, str(error))}"


def get_failure(url: str, error: OSError) -> str:
    """The same of an HTTP request."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f'Get "{url}": {dial_failure(parts.hostname or "", port, error)}'
