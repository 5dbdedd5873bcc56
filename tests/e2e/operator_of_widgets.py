"""A real operator, as its users write them: kopf keeps a ConfigMap for each widget.

Run by test_operator.py: ``kopf run operator_of_widgets.py``.
"""

from typing import Any

import kopf
import kubernetes


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """No posts of Events for every step: the test reads objects."""
    settings.posting.enabled = False
    settings.watching.server_timeout = 60


@kopf.on.create("example.com", "v1", "widgets")
@kopf.on.resume("example.com", "v1", "widgets")
def create(spec: Any, name: str, namespace: str, **_: Any) -> dict[str, str]:
    """A ConfigMap that the widget owns."""
    body: dict[str, Any] = {
        "metadata": {"name": f"{name}-config"},
        "data": {"color": spec["color"]},
    }
    kopf.adopt(body)
    api = kubernetes.client.CoreV1Api()
    try:
        api.create_namespaced_config_map(namespace, body)
    except kubernetes.client.ApiException as error:
        if error.status != 409:
            raise
    return {"config": f"{name}-config"}


@kopf.on.field("example.com", "v1", "widgets", field="spec.color")
def recolor(old: str | None, new: str, name: str, namespace: str, patch: Any, **_: Any) -> None:
    """Keep it the same colour."""
    patch.status["phase"] = new
    if old is not None:
        api = kubernetes.client.CoreV1Api()
        api.patch_namespaced_config_map(f"{name}-config", namespace, {"data": {"color": new}})


@kopf.on.delete("example.com", "v1", "widgets")
def forget(name: str, namespace: str, **_: Any) -> None:
    """A finalizer: says goodbye before the widget goes."""
    body = {"metadata": {"name": f"{name}-gone"}}
    kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, body)


@kopf.timer("example.com", "v1", "widgets", interval=0.5)
def tick(status: Any, patch: Any, **_: Any) -> None:
    """Counts in the status."""
    patch.status["replicas"] = int(status.get("replicas") or 0) + 1
