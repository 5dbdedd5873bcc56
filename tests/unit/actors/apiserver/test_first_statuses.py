"""What clients read of a status without a look is there from the beginning, and stays."""

from tests.support.control_plane import ControlPlane

LABELS = {"app": "web"}


async def test_a_replica_set_begins_with_no_pods(plane: ControlPlane) -> None:
    template = {
        "metadata": {"labels": LABELS},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    spec = {"selector": {"matchLabels": LABELS}, "template": template}
    body = {"metadata": {"name": "web"}, "spec": spec}
    made = await plane.create("replicasets", body, "default", group="apps")
    assert (made["status"], made["metadata"]["generation"]) == ({"replicas": 0}, 1)


async def test_an_ingress_always_has_a_load_balancer(plane: ControlPlane) -> None:
    backend = {"service": {"name": "a", "port": {"number": 80}}}
    body = {"metadata": {"name": "a"}, "spec": {"defaultBackend": backend}}
    group = "networking.k8s.io"
    made = await plane.create("ingresses", body, "default", group=group)
    assert made["status"] == {"loadBalancer": {}}
    gone = {**made, "status": {}}
    given = await plane.update("ingresses", gone, group, "status")
    assert given["status"] == {"loadBalancer": {}}
    patched = await plane.patch(
        "ingresses", "a", {"status": None}, "default", group=group, subresource="status"
    )
    assert patched["status"] == {"loadBalancer": {}}
