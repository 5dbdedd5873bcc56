"""``kubectl logs``: which container's log is meant, and what to say when there is none. Pure.

Must not know: the engine's log format. Source: Kubernetes docs, "kubectl logs"; the kubelet's
answers as users see them.
"""

from actors.kit.world.containers import Container, LogOptions
from actors.kubelet import pod_spec
from actors.kubelet.pod_view import PodView
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.kubelet import ReadLogs

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def refuse(code: int, reason: str, message: str) -> StatusError:
    """A Status for the reader."""
    return StatusError(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }
    )


def container_name(pod: Object, asked: str) -> str:
    """The container meant. Raises StatusError 400 if none or several could be."""
    name = pod["metadata"]["name"]
    if asked:
        if pod_spec.find_container(pod, asked) is None:
            raise refuse(400, "BadRequest", f"container {asked} is not valid for pod {name}")
        return asked
    default = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    if default and pod_spec.find_container(pod, default) is not None:
        return str(default)
    names = [spec["name"] for spec in pod_spec.main_containers(pod)]
    if len(names) == 1:
        return str(names[0])
    text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
    raise refuse(400, "BadRequest", text)


def choose(pod: Object, view: PodView, request: ReadLogs) -> Container:
    """The attempt whose log is meant. Raises StatusError 400 if it has not run."""
    container = container_name(pod, request.container)
    attempts = view.containers.get(container, ())
    ran = [item for item in attempts if item.state != "created"]
    if request.previous:
        ended = [item for item in ran if item.state == "exited"]
        if ran and ran[0].state == "exited" and not restarts_soon(pod, container):
            ended = ended[1:]
        if not ended:
            text = f'previous terminated container "{container}" in pod '
            raise refuse(400, "BadRequest", text + f'"{pod["metadata"]["name"]}" not found')
        return ended[0]
    if not ran:
        reason = waiting_reason(pod, container)
        text = f'container "{container}" in pod "{pod["metadata"]["name"]}" is waiting to start: '
        raise refuse(400, "BadRequest", text + reason)
    return ran[0]


def restarts_soon(pod: Object, container: str) -> bool:
    """It waits for its restart: the ended attempt is then the "previous" one."""
    return "waiting" in published_state(pod, container)


def published_state(pod: Object, container: str) -> Object:
    """``state`` of the container in the API object's status."""
    status = pod.get("status") or {}
    for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for item in status.get(key) or ():
            if item["name"] == container:
                found: Object = item.get("state") or {}
                return found
    return {}


def waiting_reason(pod: Object, container: str) -> str:
    """As kubectl prints it."""
    waiting = published_state(pod, container).get("waiting") or {}
    return str(waiting.get("message") or waiting.get("reason") or "ContainerCreating")


def log_options(request: ReadLogs) -> LogOptions:
    """For the engine."""
    return LogOptions(request.follow, request.tail, request.since, request.timestamps)
