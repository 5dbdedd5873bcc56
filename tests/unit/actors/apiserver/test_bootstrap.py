"""What a new cluster holds, and that doing it twice changes nothing."""

from cluster.security.bootstrap_policy import bootstrap_objects
from tests.support.control_plane import ControlPlane
from tests.unit.actors.apiserver.fake_store import FakeStore


async def test_a_new_cluster(plane: ControlPlane) -> None:
    namespaces = await plane.list("namespaces")
    names = {item["metadata"]["name"] for item in namespaces["items"]}
    assert names == {"default", "kube-system", "kube-public", "kube-node-lease"}
    service = await plane.get("services", "kubernetes", "default")
    assert service["spec"]["clusterIP"] == "10.96.0.1"
    dns = await plane.get("services", "kube-dns", "kube-system")
    assert dns["spec"]["clusterIP"] == "10.96.0.10"
    assert dns["spec"]["internalTrafficPolicy"] == "Local"
    assert {port["protocol"] for port in dns["spec"]["ports"]} == {"UDP", "TCP"}
    roles = await plane.list("clusterroles", group="rbac.authorization.k8s.io")
    wanted = [obj for obj in bootstrap_objects() if obj["kind"] == "ClusterRole"]
    assert len(roles["items"]) == len(wanted)
    critical = await plane.get("priorityclasses", "system-node-critical", group="scheduling.k8s.io")
    assert critical["value"] == 2_000_001_000


async def test_the_kubernetes_service_points_here(plane: ControlPlane) -> None:
    endpoints = await plane.get("endpoints", "kubernetes", "default")
    assert endpoints["subsets"][0]["addresses"] == [{"ip": "127.0.0.1"}]
    slices = await plane.list(
        "endpointslices",
        "default",
        "discovery.k8s.io",
        labelSelector="kubernetes.io/service-name=kubernetes",
    )
    assert [item["metadata"]["name"] for item in slices["items"]] == ["kubernetes-replica-1"]


async def test_it_takes_few_transactions(fake_plane: ControlPlane, fake: FakeStore) -> None:
    """More than a hundred roles and bindings; what else there is follows one by one."""
    del fake_plane
    made = [event.item for event in fake.events if event.previous is None]
    revisions = [item.mod_revision for item in made if "/rbac.authorization" in item.key]
    assert len(set(revisions)) < 6 and len(revisions) > 100
