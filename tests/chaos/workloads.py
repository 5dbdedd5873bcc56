"""Deployments that the tests run, and their pods."""

from deploy import demo
from deploy.client import Client, Object

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"


def deploy(api: Client, name: str, replicas: int) -> None:
    """Create a Deployment of pods that do nothing, or change how many it has."""
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "busybox"}]}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    obj = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
    api.apply(obj, force=True)


def remove(api: Client, name: str) -> None:
    """Delete the Deployment; its pods go with it, in time."""
    api.call("DELETE", f"{DEPLOYMENTS}/{name}")


def pods(api: Client, name: str) -> list[Object]:
    """All its pods, those that go too."""
    found: list[Object] = api.call("GET", f"{PODS}?labelSelector=app%3D{name}")["items"]
    return found


def ready(api: Client, name: str) -> list[Object]:
    """Its pods that are ready and stay."""
    return [
        pod
        for pod in pods(api, name)
        if demo.condition(pod, "Ready") and not pod["metadata"].get("deletionTimestamp")
    ]
