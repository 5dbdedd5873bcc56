"""Small readings of a pod's spec that several parts need. Pure.

Must not know: containers that run.
"""

from collections.abc import Iterator

from actors.kit.world.containers import Container
from cluster.api.types import Object

GRACE_DEFAULT_SECONDS = 30
# A container gets at least this long, however little of the grace period is left (as Kubernetes).
GRACE_MIN_SECONDS = 2.0


def main_containers(pod: Object) -> list[Object]:
    """``spec.containers``."""
    found: list[Object] = pod["spec"].get("containers") or []
    return found


def init_containers(pod: Object) -> list[Object]:
    """``spec.initContainers``, sidecars among them."""
    found: list[Object] = pod["spec"].get("initContainers") or []
    return found


def ephemeral_containers(pod: Object) -> list[Object]:
    """``spec.ephemeralContainers``: added to a pod that runs, started once."""
    found: list[Object] = pod["spec"].get("ephemeralContainers") or []
    return found


def lasting_containers(pod: Object) -> Iterator[Object]:
    """Init containers first; those that the pod was made with."""
    yield from init_containers(pod)
    yield from main_containers(pod)


def all_containers(pod: Object) -> Iterator[Object]:
    """Init containers first, ephemeral ones last."""
    yield from lasting_containers(pod)
    yield from ephemeral_containers(pod)


def find_container(pod: Object, name: str) -> Object | None:
    """By name; None if the spec has none of it."""
    return next((spec for spec in all_containers(pod) if spec["name"] == name), None)


def is_sidecar(spec: Object) -> bool:
    """A restartable init container (KEP-753)."""
    return spec.get("restartPolicy") == "Always"


def sidecars(pod: Object) -> list[Object]:
    """Restartable init containers in order."""
    return [spec for spec in init_containers(pod) if is_sidecar(spec)]


def restart_policy(pod: Object) -> str:
    """Always, OnFailure or Never."""
    return str(pod["spec"].get("restartPolicy") or "Always")


def full_name(pod: Object) -> str:
    """``namespace/name``."""
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"


def display_name(pod: Object) -> str:
    """``name_namespace(uid)``: how Kubernetes' event messages name a pod."""
    meta = pod["metadata"]
    return f"{meta['name']}_{meta.get('namespace', '')}({meta['uid']})"


def is_host_network(pod: Object) -> bool:
    """True if the pod lives in its node's network namespace."""
    return bool(pod["spec"].get("hostNetwork"))


def is_deleting(pod: Object) -> bool:
    """True once a deletion has been asked for."""
    return "deletionTimestamp" in pod["metadata"]


def grace_seconds(pod: Object) -> float:
    """How long the pod's containers have to end: of its deletion, else of its spec."""
    value = pod["metadata"].get("deletionGracePeriodSeconds")
    if value is None or not is_deleting(pod):
        value = pod["spec"].get("terminationGracePeriodSeconds")
    return float(GRACE_DEFAULT_SECONDS if value is None else value)


def is_dead(container: Container) -> bool:
    """It ended, or could not be started."""
    return container.state == "exited" or (container.state == "created" and container.error != "")


def exit_code(container: Container) -> int:
    """Of a dead container; one that never started counts as 128 unless the engine says more."""
    if container.state == "created":
        return container.exit_code or 128
    return container.exit_code


def succeeded(container: Container) -> bool:
    """It ended with exit code 0."""
    return container.state == "exited" and container.exit_code == 0


def died_at(container: Container) -> float:
    """UNIX seconds of its end."""
    return container.finished_at or container.created_at
