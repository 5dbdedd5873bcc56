"""Certificates: who asks, who approves and who signs are three, each for signers by name.

Source: docs "Certificates and Certificate Signing Requests", Authorization.
"""

import base64
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy import pki
from tests.security.door import ADMIN, MERGE, Answer, Door, rule, user
from tests.security.test_nodes import request_for

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROUP = "certificates.k8s.io"
REQUESTS = f"/apis/{GROUP}/v1/certificatesigningrequests"
BUNDLES = f"/apis/{GROUP}/v1/clustertrustbundles"
APPROVED = [{"type": "Approved", "status": "True", "reason": "x", "message": "y"}]


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _cluster(door: Door) -> None:
    """asker may ask; parts may write all parts, and is no approver or signer; the others are one
    or the other, each of their own signer."""
    requests = "certificatesigningrequests"
    asks = rule("create get", GROUP, requests)
    parts = rule("get update patch", GROUP, f"{requests} {requests}/approval {requests}/status")
    bundles = rule("create get update patch", GROUP, "clustertrustbundles")
    await door.grant("csr-asker", "asker", asks)
    await door.grant("csr-parts", "parts", asks, parts, bundles)
    for name, verb, signer in (
        ("approver", "approve", "example.com/one"),
        ("all-approver", "approve", "example.com/*"),
        ("signer", "sign", "example.com/one"),
        ("attester", "attest", "example.com/one"),
    ):
        allowed = rule(verb, GROUP, "signers", signer)
        await door.grant(f"csr-{name}", name, asks, parts, bundles, allowed)


async def made(door: Door, signer: str = "example.com/one", **more: Any) -> str:
    wanted = request_for("asker")
    wanted["spec"]["signerName"] = signer
    wanted["spec"]["usages"] = ["client auth"]
    wanted["spec"].update(more.pop("spec", {}))
    found = await door.must("POST", REQUESTS, {**wanted, **more}, who=user("asker"))
    return str(found["metadata"]["name"])


async def approve(door: Door, who: str, name: str, **more: Any) -> Answer:
    change = {"status": {"conditions": APPROVED}, **more}
    return await door.ask(user(who), "PATCH", f"{REQUESTS}/{name}/approval", change, kind=MERGE)


async def test_to_write_the_approval_is_not_to_approve(door: Door) -> None:
    name = await made(door)
    text = 'user not permitted to approve requests with signerName "example.com/one"'
    for who in ("parts", "signer", "attester"):
        refused = await approve(door, who, name)
        assert (refused.code, text in refused.message) == (403, True), who
    assert (await approve(door, "asker", name)).code == 403
    other = await made(door, "example.com/two")
    assert (await approve(door, "approver", other)).code == 403
    elsewhere = await made(door, "example.org/one")
    for who in ("approver", "all-approver"):
        assert (await approve(door, who, elsewhere)).code == 403
    for who, asked in (("approver", name), ("all-approver", other)):
        done = await approve(door, who, asked)
        assert (done.code, done.body["status"]["conditions"][0]["type"]) == (200, "Approved")


async def test_the_signer_in_the_request_counts_not_the_one_that_comes_with_the_approval(
    door: Door,
) -> None:
    name = await made(door, "example.org/one")
    refused = await approve(door, "approver", name, spec={"signerName": "example.com/one"})
    assert refused.code == 403
    found = await door.must("GET", f"{REQUESTS}/{name}")
    assert found["spec"]["signerName"] == "example.org/one"
    assert not found["status"].get("conditions")


async def test_no_other_way_to_an_approval(door: Door) -> None:
    name = await made(door, status={"conditions": APPROVED, "certificate": "QQ=="})
    path = f"{REQUESTS}/{name}"
    change = {"status": {"conditions": APPROVED, "certificate": "QQ=="}}
    for who in (user("parts"), user("signer"), ADMIN):
        await door.ask(who, "PATCH", path, change, kind=MERGE)
        await door.ask(who, "PATCH", f"{path}/status", change, kind=MERGE)
    found = await door.must("GET", path)
    assert not found["status"].get("conditions") and not found["status"].get("certificate")
    # Nor does an approver sign.
    signed = {"status": {"conditions": APPROVED, "certificate": "QQ=="}}
    done = await door.ask(user("approver"), "PATCH", f"{path}/approval", signed, kind=MERGE)
    assert (done.code, done.body["status"].get("certificate")) == (200, None)


async def test_to_write_the_status_is_not_to_sign(door: Door) -> None:
    name = await made(door)
    assert (await approve(door, "approver", name)).code == 200
    pem = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()
    change = {"status": {"certificate": pem}}
    text = 'user not permitted to sign requests with signerName "example.com/one"'
    for who in ("parts", "approver", "all-approver"):
        path = f"{REQUESTS}/{name}/status"
        refused = await door.ask(user(who), "PATCH", path, change, kind=MERGE)
        assert (refused.code, text in refused.message) == (403, True), who


async def test_nobody_asks_in_another_name(door: Door) -> None:
    claims = {"username": "admin", "uid": "0", "groups": ["system:masters"], "extra": {"a": ["b"]}}
    spec = (await door.must("GET", f"{REQUESTS}/{await made(door, spec=claims)}"))["spec"]
    assert spec["username"] == "asker"
    assert spec["groups"] == ["system:authenticated"]
    assert "uid" not in spec and "extra" not in spec


@pytest.mark.parametrize("group", ["system:masters", "system:replicas"])
async def test_no_certificate_that_no_rule_could_bound(door: Door, group: str) -> None:
    for groups in ((group,), ("devs", group)):
        wanted = request_for("eve", *groups, signer="kube-apiserver-client")
        for who in (user("asker"), ADMIN):
            refused = await door.ask(who, "POST", REQUESTS, wanted)
            assert refused.code == 403
            assert f"{group} group is not allowed" in refused.message


async def test_bundles_of_a_signer_need_its_attester(door: Door) -> None:
    bundle = {
        "metadata": {"name": "example.com:one:x"},
        "spec": {"signerName": "example.com/one", "trustBundle": _pem(door)},
    }
    text = 'user not permitted to attest for signerName "example.com/one"'
    for who in ("parts", "signer", "approver"):
        refused = await door.ask(user(who), "POST", BUNDLES, bundle)
        assert (refused.code, text in refused.message) == (403, True), who
    assert (await door.ask(user("attester"), "POST", BUNDLES, bundle)).code == 201


def _pem(door: Door) -> str:
    return Path(pki.path(door.plane.settings, "ca.crt")).read_text()
