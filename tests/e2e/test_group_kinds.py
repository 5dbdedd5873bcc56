"""Kinds of the newer groups on a cluster of three replicas, by kubectl, without Docker."""

import contextlib
import json
from collections.abc import Iterator

import pytest

from cluster.api.kinds import by_resource
from tests.support.group_objects import group_objects
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = pytest.mark.timeout(240)
OBJECTS = group_objects()


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("kinds")
    one = RealCluster(str(folder), "kinds", number=12, replicas=3, nodes=1, runtime="memory")
    try:
        one.up()
        yield one.kubectl
    finally:
        with contextlib.suppress(FileNotFoundError):
            one.down()


def manifest(group: str, plural: str) -> str:
    kind = by_resource(group, "v1", plural)
    assert kind is not None
    head = {"apiVersion": f"{group}/v1", "kind": kind.kind}
    return json.dumps({**head, **OBJECTS[group, plural]})


@pytest.mark.parametrize(("group", "plural"), OBJECTS)
def test_a_kind_is_created_shown_described_patched_and_deleted(
    kubectl: Kubectl, group: str, plural: str
) -> None:
    name = OBJECTS[group, plural]["metadata"]["name"]
    what = f"{plural}.{group}/{name}"
    assert "created" in kubectl("create", "-f", "-", stdin=manifest(group, plural))
    assert name in kubectl("get", what, "-o", "wide")
    assert name in kubectl("describe", what)
    patch = '{"metadata":{"annotations":{"tried":"yes"}}}'
    assert "patched" in kubectl("patch", what, "--type=merge", "-p", patch)
    if plural == "certificatesigningrequests":
        assert "approved" in kubectl("certificate", "approve", name)
        assert "Approved" in kubectl("get", "csr", name)
    assert "deleted" in kubectl("delete", what, "--timeout=30s")
    assert "NotFound" in kubectl.run("get", what).stderr


def test_every_cluster_ip_has_its_address(kubectl: Kubectl) -> None:
    kubectl("create", "service", "clusterip", "tried", "--tcp=80")
    path = "jsonpath={range .items[*]}{.spec.clusterIP}{'\\n'}{end}"
    expected = set(kubectl("get", "services", "-A", "-o", path).split()) - {"None"}
    shown = kubectl("get", "ipaddress")
    assert {line.split()[0] for line in shown.splitlines()[1:]} == expected
    assert "services/default/tried" in shown
    kubectl("delete", "service", "tried")
    assert "default/tried" not in kubectl("get", "ipaddress")


def test_another_range_gives_addresses_until_it_is_not_needed(kubectl: Kubectl) -> None:
    text = json.dumps(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": "second"},
            "spec": {"cidrs": ["10.99.0.0/28"]},
        }
    )
    kubectl("create", "-f", "-", stdin=text)
    kubectl("wait", "--for=condition=Ready", "servicecidr/second", "--timeout=10s")
    kubectl("create", "service", "clusterip", "far", "--tcp=80", "--clusterip=10.99.0.5")
    kubectl("delete", "servicecidr", "second", "--wait=false")
    said = kubectl.run("wait", "--for=delete", "servicecidr/second", "--timeout=3s").stderr
    assert "timed out" in said
    kubectl("delete", "service", "far")
    kubectl("wait", "--for=delete", "servicecidr/second", "--timeout=20s")
