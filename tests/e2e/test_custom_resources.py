"""Custom resources as people use them: kubectl, helm and a Python client, without Docker."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_asyncio import client, config
from kubernetes_asyncio.client.rest import ApiException

from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster
from tests.support.widgets import definition, version, widget

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    folder = tmp_path_factory.mktemp("custom")
    one = RealCluster(str(folder), "custom", number=11, replicas=3, nodes=1, runtime="memory")
    try:
        one.up()
        yield one
    finally:
        with contextlib.suppress(FileNotFoundError):
            one.down()


@pytest.fixture
def kubectl(cluster: RealCluster) -> Iterator[Kubectl]:
    yield cluster.kubectl
    cluster.kubectl.run("delete", "crd", "--all", "--timeout=30s")


def apply(kubectl: Kubectl, *objects: dict[str, Any], options: tuple[str, ...] = ()) -> str:
    return kubectl("apply", *options, "-f", "-", stdin=yaml.safe_dump_all(objects))


def test_a_session_with_a_new_kind(kubectl: Kubectl, tmp_path: Path) -> None:
    """All of it at once, with no pause for anybody to catch up."""
    made = definition(version())
    described = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    described["properties"]["color"]["description"] = "What it looks like."
    assert apply(kubectl, made) == (
        "customresourcedefinition.apiextensions.k8s.io/widgets.example.com created\n"
    )
    assert "condition met" in kubectl(
        "wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=10s"
    )
    assert apply(kubectl, widget(replicas=2)) == "widget.example.com/w created\n"
    assert apply(kubectl, widget(replicas=2)) == "widget.example.com/w unchanged\n"
    header, row = kubectl("get", "widgets").splitlines()
    assert header.split() == ["NAME", "COLOR", "REPLICAS", "AGE"]
    assert row.split()[:3] == ["w", "red", "2"]
    assert kubectl("get", "wix", "-o", "name") == "widget.example.com/w\n"
    assert "widget.example.com/w" in kubectl("get", "all", "-o", "name")
    assert "What it looks like." in kubectl("explain", "widgets.spec.color")
    assert "Color" not in kubectl("explain", "widget", "--recursive")
    assert "widgets" in kubectl("api-resources", "--api-group=example.com")
    kubectl("patch", "widget", "w", "--type=merge", "-p", '{"spec":{"color":"blue"}}')
    kubectl("patch", "widget", "w", "--type=json",
            "-p", '[{"op":"add","path":"/spec/labels","value":{"a":"b"}}]')  # fmt: skip
    kubectl("label", "widget", "w", "team=red")
    kubectl("annotate", "widget", "w", "note=x")
    assert "scaled" in kubectl("scale", "widget/w", "--replicas=5")
    found = kubectl.json("get", "widget", "w")
    assert found["spec"] == {"color": "blue", "labels": {"a": "b"}, "replicas": 5}
    assert found["metadata"]["generation"] == 4
    applied = apply(kubectl, widget(color="blue", replicas=5),
                    options=("--server-side", "--force-conflicts"))  # fmt: skip
    assert "serverside-applied" in applied
    kubectl("patch", "widget", "w", "--subresource=status", "--type=merge",
            "-p", '{"status":{"phase":"Ready"}}')  # fmt: skip
    assert "condition met" in kubectl("wait", "--for=jsonpath={.status.phase}=Ready", "widget/w")
    assert "Color:" in kubectl("describe", "widget", "w")
    assert kubectl("get", "widgets", "--field-selector=spec.color=red", "-o", "name") == ""
    assert "replaced" in kubectl("replace", "-f", "-", stdin=json.dumps(kubectl.json(
        "get", "widget", "w")))  # fmt: skip
    kubectl.environment["KUBE_EDITOR"] = "sed -i 's/color: blue/color: red/'"
    assert "edited" in kubectl("edit", "widget", "w")
    assert kubectl("get", "widget", "w", "-o", "jsonpath={.spec.color}") == "red"
    watching = kubectl.start("get", "widgets", "--watch", "--output-watch-events")
    try:
        assert watching.stdout is not None
        while "ADDED" not in watching.stdout.readline():
            assert watching.poll() is None
        # It has begun: the change cannot be missed.
        kubectl("label", "widget", "w", "seen=1")
        assert "MODIFIED" in watching.stdout.readline()
    finally:
        watching.kill()
        watching.communicate()
    assert "deleted" in kubectl("delete", "widget", "w")
    kubectl("delete", "crd", "widgets.example.com")
    # What kubectl keeps of discovery outlives the kind, as anywhere.
    refused = kubectl.run("get", "widgets", "--cache-dir", str(tmp_path))
    assert "the server doesn't have a resource type" in refused.stderr


def test_what_people_get_wrong(kubectl: Kubectl) -> None:
    wrong = definition()
    del wrong["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["type"]
    refused = kubectl.run("create", "-f", "-", stdin=json.dumps(wrong))
    assert (
        "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not "
        "be empty for specified object fields"
    ) in refused.stderr
    apply(kubectl, definition())
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    misspelt = widget()
    misspelt["spec"]["colour"] = "red"
    refused = kubectl.run("create", "-f", "-", stdin=json.dumps(misspelt))
    assert 'strict decoding error: unknown field "spec.colour"' in refused.stderr
    refused = kubectl.run("create", "-f", "-", stdin=json.dumps(widget(color="green")))
    assert 'spec.color: Unsupported value: "green": supported values: "red", "blue"' in (
        refused.stderr
    )


def test_owners_and_namespaces_take_custom_resources_along(kubectl: Kubectl) -> None:
    apply(kubectl, definition())
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    kubectl("create", "namespace", "doomed")
    apply(kubectl, widget("owner"), options=("-n", "doomed"))
    owner = kubectl.json("get", "widget", "owner", "-n", "doomed")["metadata"]["uid"]
    reference = {
        "apiVersion": "example.com/v1", "kind": "Widget", "name": "owner", "uid": owner,
        "blockOwnerDeletion": True,
    }  # fmt: skip
    child = widget("child")
    child["metadata"]["ownerReferences"] = [reference]
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "ownerReferences": [reference]},
    }
    apply(kubectl, child, settings, options=("-n", "doomed"))
    kubectl("delete", "widget", "owner", "-n", "doomed", "--cascade=foreground")
    assert kubectl("get", "widgets", "-n", "doomed", "-o", "name") == ""
    assert "settings" not in kubectl("get", "configmaps", "-n", "doomed", "-o", "name")
    apply(kubectl, widget("left"), options=("-n", "doomed"))
    kubectl("delete", "namespace", "doomed", "--timeout=30s")
    assert kubectl("get", "widgets", "-A", "-o", "name") == ""


def test_two_versions_show_the_same_object(kubectl: Kubectl) -> None:
    two = definition(version("v1", storage=False), version("v1beta1"))
    apply(kubectl, two)
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    apply(kubectl, widget(api="v1beta1"))
    assert kubectl.json("get", "widgets.v1.example.com", "w")["apiVersion"] == "example.com/v1"
    beta = kubectl.json("get", "widgets.v1beta1.example.com", "w")
    assert beta["apiVersion"] == "example.com/v1beta1"
    assert "v1beta1" in kubectl("explain", "widget", "--api-version=example.com/v1beta1")


def test_helm_installs_the_definitions_of_a_chart(
    cluster: RealCluster, kubectl: Kubectl, tmp_path: Path
) -> None:
    files = {
        "Chart.yaml": "apiVersion: v2\nname: small\nversion: 0.1.0\n",
        "crds/widgets.yaml": yaml.safe_dump(definition()),
        "templates/widget.yaml": yaml.safe_dump(widget("from-chart")),
    }
    for name, text in files.items():
        path = tmp_path / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    helm = Kubectl(cluster.helm, kubectl.environment["KUBECONFIG"], kubectl.environment["HOME"])
    helm("install", "small", str(tmp_path / "chart"), "--wait", "--timeout=60s")
    assert kubectl("get", "widgets", "-o", "name") == "widget.example.com/from-chart\n"
    helm("uninstall", "small", "--wait")
    assert kubectl("get", "widgets", "-o", "name") == ""
    assert "widgets.example.com" in kubectl("get", "crd", "-o", "name")


async def test_a_python_client(kubectl: Kubectl) -> None:
    loaded = client.Configuration()
    await config.load_kube_config(kubectl.environment["KUBECONFIG"], client_configuration=loaded)
    async with client.ApiClient(loaded) as api:
        definitions = client.ApiextensionsV1Api(api)
        await definitions.create_custom_resource_definition(definition())
        began = time.monotonic()
        while True:
            found = await definitions.read_custom_resource_definition("widgets.example.com")
            if any(c.type == "Established" and c.status == "True"
                   for c in found.status.conditions or ()):  # fmt: skip
                break
            assert time.monotonic() - began < 10
        custom = client.CustomObjectsApi(api)
        place = ("example.com", "v1", "default", "widgets")
        await custom.create_namespaced_custom_object(*place, widget())
        listed = await custom.list_namespaced_custom_object(*place)
        assert [item["spec"]["replicas"] for item in listed["items"]] == [1]
        with pytest.raises(ApiException) as refused:
            await custom.create_namespaced_custom_object(*place, widget("x", replicas=-1))
        assert refused.value.status == 422
        await custom.delete_namespaced_custom_object(*place, "w")
