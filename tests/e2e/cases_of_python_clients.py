"""The Python clients `kubernetes`, `lightkube` and `kr8s`, unmodified, each as its users write.

Run by ``test_python_clients.py`` in a process of their own: they leave connections to the garbage
collector. KUBECONFIG and KUBECTL are in the environment.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import kr8s
import kubernetes
import lightkube
import pytest
from kr8s.asyncio.objects import ConfigMap as AsyncConfigMap
from kr8s.objects import ConfigMap, Deployment, new_class
from kubernetes import client as official
from kubernetes import dynamic, watch
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment as LightDeployment
from lightkube.resources.core_v1 import ConfigMap as LightConfigMap
from lightkube.resources.core_v1 import ServiceAccount
from lightkube.types import CascadeType, PatchType

from tests.support.kubectl import Kubectl
from tests.support.widgets import definition, version, widget

pytestmark = pytest.mark.timeout(60)
SELECTOR = {"matchLabels": {"app": "web"}}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 1,
        "selector": SELECTOR,
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "busybox"}]},
        },
    },
}


@pytest.fixture(scope="module")
def kubectl() -> Kubectl:
    kubeconfig = os.environ["KUBECONFIG"]
    return Kubectl(os.environ["KUBECTL"], kubeconfig, os.path.dirname(kubeconfig))


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.name.replace("_", "-").removeprefix("test-")
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def kubeconfig(kubectl: Kubectl) -> str:
    return kubectl.environment["KUBECONFIG"]


@pytest.fixture
def loaded(kubeconfig: str) -> Iterator[official.ApiClient]:
    """The official client's."""
    settings = official.Configuration()
    kubernetes.config.load_kube_config(kubeconfig, client_configuration=settings)
    with official.ApiClient(settings) as client:
        yield client


def config(name: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"e2e": "yes"}}, "data": data}


def test_kubernetes(loaded: official.ApiClient, namespace: str) -> None:
    core, apps = official.CoreV1Api(loaded), official.AppsV1Api(loaded)
    for number in range(5):
        core.create_namespaced_config_map(namespace, config(f"c{number}", n=str(number)))
    first = core.list_namespaced_config_map(namespace, limit=2, label_selector="e2e=yes")
    assert [item.metadata.name for item in first.items] == ["c0", "c1"]
    rest = core.list_namespaced_config_map(
        namespace, limit=5, _continue=first.metadata._continue, label_selector="e2e=yes"
    )
    assert [item.metadata.name for item in rest.items] == ["c2", "c3", "c4"]
    patched = core.patch_namespaced_config_map("c0", namespace, {"data": {"more": "1"}})
    assert patched.data == {"n": "0", "more": "1"}
    with pytest.raises(official.ApiException) as refused:
        core.create_namespaced_config_map(namespace, config("c0"))
    assert refused.value.status == 409
    assert json.loads(refused.value.body)["reason"] == "AlreadyExists"

    seen = []
    stream = watch.Watch()
    version = rest.metadata.resource_version
    core.delete_namespaced_config_map("c4", namespace)
    for event in stream.stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=10
    ):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            stream.stop()
    assert seen == [("MODIFIED", "c0"), ("DELETED", "c4")]

    made = apps.create_namespaced_deployment(namespace, DEPLOYMENT)
    assert made.spec.strategy.type == "RollingUpdate"
    scaled = apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 2}})
    assert scaled.spec.replicas == 2
    for event in watch.Watch().stream(
        apps.list_namespaced_deployment, namespace, timeout_seconds=30
    ):
        if event["object"].status.ready_replicas == 2:
            break
    assert apps.read_namespaced_deployment("web", namespace).status.ready_replicas == 2
    assert official.VersionApi(loaded).get_code().minor.startswith("37")


def test_kubernetes_dynamic(loaded: official.ApiClient, kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=json.dumps(definition(version())))
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    found = dynamic.DynamicClient(loaded).resources.get(api_version="example.com/v1", kind="Widget")
    made = found.create(body=widget(), namespace=namespace)
    assert made.spec.color == "red" and made.spec.replicas == 1
    applied = found.server_side_apply(
        body=widget(color="blue"), namespace=namespace, field_manager="e2e", force_conflicts=True
    )
    assert applied.spec.color == "blue"
    assert [item.metadata.name for item in found.get(namespace=namespace).items] == ["w"]
    with pytest.raises(dynamic.exceptions.UnprocessibleEntityError):
        found.create(body=widget("x", replicas=-1), namespace=namespace)
    found.delete(name="w", namespace=namespace)
    with pytest.raises(dynamic.exceptions.NotFoundError):
        found.get(name="w", namespace=namespace)


def test_kubernetes_as_a_pod_would(
    loaded: official.ApiClient, kubectl: Kubectl, namespace: str
) -> None:
    """With a token of a service account, and what RBAC gives it."""
    # Controllers make both, a moment after the namespace.
    for made in ("serviceaccount/default", "configmap/kube-root-ca.crt"):
        kubectl("wait", "--for=create", made, "-n", namespace, "--timeout=20s")
    core = official.CoreV1Api(loaded)
    asked = {"spec": {"expirationSeconds": 600}}
    token = core.create_namespaced_service_account_token("default", namespace, asked).status.token
    settings = official.Configuration()
    settings.host = loaded.configuration.host
    settings.ssl_ca_cert = loaded.configuration.ssl_ca_cert
    settings.api_key = {"authorization": f"Bearer {token}"}
    with official.ApiClient(settings) as client:
        mine = official.CoreV1Api(client)
        with pytest.raises(official.ApiException) as refused:
            mine.list_namespaced_config_map(namespace)
        assert refused.value.status == 403
        kubectl("create", "rolebinding", "reads", "-n", namespace, "--clusterrole=view",
                f"--serviceaccount={namespace}:default")  # fmt: skip
        await_right(official.AuthorizationV1Api(client), namespace)
        names = [item.metadata.name for item in mine.list_namespaced_config_map(namespace).items]
        assert names == ["kube-root-ca.crt"]
        review = official.AuthenticationV1Api(client).create_self_subject_review({})
        assert review.status.user_info.username == f"system:serviceaccount:{namespace}:default"


def await_right(client: official.AuthorizationV1Api, namespace: str) -> None:
    """A new binding reaches every replica after a moment, as with Kubernetes: ask as it does."""
    attributes = {"verb": "list", "resource": "configmaps", "namespace": namespace}
    review = {"spec": {"resourceAttributes": attributes}}
    deadline = time.monotonic() + 10
    # Five in a row: whichever replica a connection meets.
    right = 0
    while right < 5:
        assert time.monotonic() < deadline
        allowed = client.create_self_subject_access_review(review).status.allowed
        right = right + 1 if allowed else 0


def test_leader_election(kubeconfig: str, namespace: str) -> None:
    """The official client's own, with a Lease."""
    kubernetes.config.load_kube_config(kubeconfig)
    led = threading.Event()

    class Enough(Exception):
        """Ends the candidate, which knows no other end."""

    def lead() -> None:
        led.set()

    def lost() -> None:
        raise Enough

    lock = LeaseLock("lock", namespace, "me")
    settings = electionconfig.Config(
        lock, lease_duration=3, renew_deadline=2, retry_period=1, onstarted_leading=lead,
        onstopped_leading=lost,
    )  # fmt: skip
    candidate = leaderelection.LeaderElection(settings)

    def run() -> None:
        with contextlib.suppress(Enough):
            candidate.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert led.wait(15)
    lease = official.CoordinationV1Api().read_namespaced_lease("lock", namespace)
    assert lease.spec.holder_identity == "me"
    # Gone from under it: the candidate stops.
    official.CoordinationV1Api().patch_namespaced_lease(
        "lock", namespace, {"spec": {"holderIdentity": "somebody else"}}
    )


def test_lightkube(kubeconfig: str, kubectl: Kubectl, namespace: str) -> None:
    settings = lightkube.KubeConfig.from_file(kubeconfig)
    client = lightkube.Client(config=settings, namespace=namespace, field_manager="e2e")
    for number in range(3):
        client.create(
            LightConfigMap(metadata=ObjectMeta(name=f"c{number}"), data={"n": str(number)})
        )
    names = [item.metadata.name for item in client.list(LightConfigMap, chunk_size=2)]
    assert names == ["c0", "c1", "c2", "kube-root-ca.crt"]
    client.patch(LightConfigMap, "c0", {"data": {"more": "1"}}, patch_type=PatchType.MERGE)
    applied = client.apply(LightConfigMap(metadata=ObjectMeta(name="c9"), data={"a": "b"}))
    assert applied.metadata.managedFields[0].manager == "e2e"
    with pytest.raises(ApiError) as refused:
        client.get(LightConfigMap, "none")
    assert refused.value.status.code == 404 and refused.value.status.reason == "NotFound"
    client.create(LightDeployment.from_dict(DEPLOYMENT))
    client.wait(LightDeployment, "web", for_conditions=["Available"])
    scale = client.get(LightDeployment.Scale, "web")
    scale.spec.replicas = 2
    assert client.replace(scale, "web").spec.replicas == 2
    seen = []
    for kind, found in client.watch(LightDeployment, fields={"metadata.name": "web"}):
        seen.append(kind)
        if found.status is not None and found.status.readyReplicas == 2:
            break
    assert seen[0] == "ADDED"
    client.delete(LightDeployment, "web", cascade=CascadeType.FOREGROUND)
    kubectl("apply", "-f", "-", stdin=json.dumps(definition(version())))
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    kind = create_namespaced_resource("example.com", "v1", "Widget", "widgets")
    client.create(kind(**widget()))
    assert client.get(kind, "w").spec["replicas"] == 1
    assert client.get(ServiceAccount, "default").metadata.name == "default"


async def test_lightkube_async(kubeconfig: str, namespace: str) -> None:
    settings = lightkube.KubeConfig.from_file(kubeconfig)
    client = lightkube.AsyncClient(config=settings, namespace=namespace)
    await client.create(LightConfigMap(metadata=ObjectMeta(name="c"), data={"a": "b"}))
    async for kind, found in client.watch(LightConfigMap, fields={"metadata.name": "c"}):
        assert (kind, found.data) == ("ADDED", {"a": "b"})
        break
    await client.delete(LightConfigMap, "c")
    await client.close()


def test_kr8s(kubeconfig: str, kubectl: Kubectl, namespace: str) -> None:
    api = kr8s.api(kubeconfig=kubeconfig, namespace=namespace)
    made = ConfigMap({"metadata": {"name": "c"}, "data": {"a": "b"}}, namespace, api=api)
    made.create()
    made.patch({"data": {"more": "1"}})
    made.label({"e2e": "yes"})
    assert ConfigMap.get("c", namespace=namespace, api=api).data == {"a": "b", "more": "1"}
    found = list(api.get("configmaps", namespace=namespace, label_selector="e2e=yes"))
    assert [item.name for item in found] == ["c"]
    web = Deployment(DEPLOYMENT, namespace, api=api)
    web.create()
    web.scale(2)
    web.wait("condition=Available", timeout=30)
    assert web.ready()
    assert {pod.status.phase for pod in web.pods()} == {"Running"}
    made.delete()
    assert not made.exists()
    with pytest.raises(kr8s.NotFoundError):
        ConfigMap.get("c", namespace=namespace, api=api)
    kubectl("apply", "-f", "-", stdin=json.dumps(definition(version())))
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    kind = new_class("Widget", version="example.com/v1", namespaced=True, plural="widgets")
    thing = kind(widget(), namespace, api=api)
    thing.create()
    assert thing.spec.replicas == 1
    assert api.version()["minor"].startswith("37")


async def test_kr8s_async(kubeconfig: str, namespace: str) -> None:
    api = await kr8s.asyncio.api(kubeconfig=kubeconfig, namespace=namespace)
    made = await AsyncConfigMap({"metadata": {"name": "c"}}, namespace, api=api)
    await made.create()
    async for kind, found in api.watch("configmaps", namespace=namespace):
        assert kind == "ADDED" and found.name in ("c", "kube-root-ca.crt")
        break
    await made.delete()
