"""The real kubectl on the kinds of the newer groups."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster.api.kinds import by_resource
from tests.support.control_plane import control_plane
from tests.support.group_objects import group_objects
from tests.support.kubectl import Kubectl, extract
from tests.unit.actors.apiserver.test_kubectl import Shell

OBJECTS = group_objects()


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    return extract(str(tmp_path_factory.mktemp("kubectl")))["kubectl"]


@pytest.fixture
async def kubectl(binary: str, tmp_path: Path) -> AsyncIterator[Shell]:
    async with control_plane(tmp_path / "cluster", http=True) as plane:
        yield Shell(Kubectl(binary, plane.kubeconfig, str(tmp_path)))


def manifest() -> str:
    items = []
    for (group, plural), obj in OBJECTS.items():
        kind = by_resource(group, "v1", plural)
        assert kind is not None
        items.append({"apiVersion": f"{group}/v1", "kind": kind.kind, **obj})
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


async def test_every_kind_is_created_shown_described_patched_and_deleted(kubectl: Shell) -> None:
    await kubectl("create", "-f", "-", stdin=manifest())

    async def one(plural: str, group: str, name: str) -> None:
        what = f"{plural}.{group}/{name}"
        assert name in await kubectl("get", what, "-o", "wide")
        assert name in await kubectl("describe", what)
        said = await kubectl("label", what, "tried=yes")
        assert "labeled" in said

    for (group, plural), obj in OBJECTS.items():
        await one(plural, group, obj["metadata"]["name"])
    # No controller runs here that would find it unused.
    free = '{"metadata":{"finalizers":null}}'
    await kubectl("patch", "volumeattributesclass/gold", "--type=merge", "-p", free)
    await kubectl("delete", "-f", "-", stdin=manifest())
    left = await asyncio.gather(
        *(kubectl("get", f"{plural}.{group}", "-A", "-l", "tried=yes", "-o", "name")
          for group, plural in list(OBJECTS)[:4])
    )  # fmt: skip
    assert set(left) == {""}


async def test_certificates_are_approved_and_denied(kubectl: Shell) -> None:
    request = OBJECTS["certificates.k8s.io", "certificatesigningrequests"]
    head = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    for name in ("jane", "joe"):
        text = json.dumps({**head, **request, "metadata": {"name": name}})
        await kubectl("create", "-f", "-", stdin=text)
    assert "Pending" in await kubectl("get", "csr", "jane")
    said = await kubectl("certificate", "approve", "jane")
    assert "certificatesigningrequest.certificates.k8s.io/jane approved" in said
    await kubectl("certificate", "deny", "joe")
    shown = await kubectl("get", "csr")
    assert "Approved" in shown and "Denied" in shown
    assert "KubectlApprove" in await kubectl("get", "csr", "jane", "-o", "yaml")


async def test_flow_control_begins_as_in_kubernetes(kubectl: Shell) -> None:
    schemas = await kubectl("get", "flowschemas")
    assert "system-leader-election" in schemas and "catch-all" in schemas
    levels = await kubectl("get", "prioritylevelconfigurations", "-o", "name")
    assert len(levels.split()) == 8
    said = await kubectl.fails(
        "patch", "flowschema", "catch-all", "--type=merge",
        "-p", '{"spec":{"matchingPrecedence":9999}}',
    )  # fmt: skip
    assert "spec of 'catch-all' must equal the fixed value" in said


async def test_verbs_on_signers(kubectl: Shell) -> None:
    request = OBJECTS["certificates.k8s.io", "certificatesigningrequests"]
    head = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    await kubectl("create", "-f", "-", stdin=json.dumps({**head, **request}))
    await kubectl(
        "create", "clusterrole", "approver", "--verb=get,list,update",
        "--resource=certificatesigningrequests,certificatesigningrequests/approval",
    )  # fmt: skip
    await kubectl("create", "clusterrolebinding", "a", "--clusterrole=approver", "--user=ann")
    said = await kubectl.fails("certificate", "approve", "jane", "--as=ann")
    assert "user not permitted to approve requests with signerName" in said
    await kubectl(
        "create", "clusterrolebinding", "b", "--user=ann",
        "--clusterrole=system:certificates.k8s.io:kube-apiserver-client-approver",
    )  # fmt: skip
    for _ in range(50):
        result = await asyncio.to_thread(
            kubectl._kubectl.run, "certificate", "approve", "jane", "--as=ann"
        )
        if result.returncode == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(result.stderr)
