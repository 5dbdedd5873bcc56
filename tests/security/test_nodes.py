"""A captured node reaches its own things only.

Source: docs "Using Node Authorization", admission plugin NodeRestriction; KEP-4601 (selectors).
The identities are those of two kubelets, n1 and n2.
"""

import base64
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cluster.security import certificates
from tests.security.door import MERGE, Answer, Door, Who, node, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

N1, N2 = node("n1"), node("n2")
CORE = "/api/v1/namespaces/nodes-test"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
MIRROR = {"kubernetes.io/config.mirror": "x"}
CONTAINER = {"name": "c", "image": "x"}


def pod(name: str, on: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"nodeName": on, "containers": [CONTAINER], **spec}}


def secret_volume(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "v", "secret": {"secretName": name}}]}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _cluster(door: Door) -> None:
    """Two nodes, with a pod each that uses a secret of its own."""
    await door.must("POST", "/api/v1/namespaces", {"metadata": {"name": "nodes-test"}})
    await door.must("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "default"}})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    for name in ("n1", "n2"):
        await door.must("POST", "/api/v1/nodes", {"metadata": {"name": name}})
        await door.must("POST", f"{CORE}/secrets", {"metadata": {"name": f"of-{name}"}})
        await door.must("POST", f"{CORE}/configmaps", {"metadata": {"name": f"of-{name}"}})
        account = {"metadata": {"name": f"of-{name}"}}
        await door.must("POST", f"{CORE}/serviceaccounts", account)
        named = {"metadata": {"name": f"of-{name}"}, "spec": {**claim, "volumeName": f"of-{name}"}}
        await door.must("POST", f"{CORE}/persistentvolumeclaims", named)
        volume = {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/data"},
            "claimRef": {"namespace": "nodes-test", "name": f"of-{name}"},
        }
        made = {"metadata": {"name": f"of-{name}"}, "spec": volume}
        await door.must("POST", "/api/v1/persistentvolumes", made)
        volumes = [
            {"name": "s", "secret": {"secretName": f"of-{name}"}},
            {"name": "m", "configMap": {"name": f"of-{name}"}},
            {"name": "p", "persistentVolumeClaim": {"claimName": f"of-{name}"}},
            {"name": "t", "projected": {"sources": [{"serviceAccountToken": {
                "path": "t", "audience": "vault"}}]}},
        ]  # fmt: skip
        made = pod(f"on-{name}", name, volumes=volumes, serviceAccountName=f"of-{name}")
        await door.must("POST", f"{CORE}/pods", made)
    await door.must("POST", f"{CORE}/secrets", {"metadata": {"name": "treasure"}})


def refused(answer: Answer, text: str = "") -> bool:
    return answer.code == 403 and text in answer.message


async def test_it_reads_what_its_pods_use_and_nothing_else(door: Door) -> None:
    for kind in ("secrets", "configmaps", "persistentvolumeclaims", "serviceaccounts"):
        path = f"{CORE}/{kind}"
        assert (await door.ask(N1, "GET", f"{path}/of-n1")).code == 200, kind
        assert refused(await door.ask(N1, "GET", f"{path}/of-n2")), kind
        for query in ("", "?watch=1", "?fieldSelector=metadata.name%21%3Dof-n1"):
            assert refused(await door.ask(N1, "GET", path + query)), kind
        assert refused(await door.ask(N1, "GET", f"/api/v1/{kind}")), kind
        assert refused(await door.ask(N1, "DELETE", f"{path}/of-n1")), kind
        assert refused(await door.ask(N1, "PATCH", f"{path}/of-n1", {}, kind=MERGE)), kind
        assert refused(await door.ask(N1, "POST", path, {"metadata": {"name": "x"}})), kind
    named = "?fieldSelector=metadata.name%3Dof-n1"
    assert (await door.ask(N1, "GET", f"{CORE}/secrets{named}")).code == 200
    assert refused(await door.ask(N2, "GET", f"{CORE}/secrets{named}"))
    assert refused(await door.ask(N1, "GET", f"{CORE}/secrets/treasure"))
    assert (await door.ask(N1, "GET", "/api/v1/persistentvolumes/of-n1")).code == 200
    assert refused(await door.ask(N1, "GET", "/api/v1/persistentvolumes/of-n2"))
    assert refused(await door.ask(N1, "GET", "/api/v1/persistentvolumes"))


async def test_it_reads_its_own_pods_only(door: Door) -> None:
    assert (await door.ask(N1, "GET", f"{CORE}/pods/on-n1")).code == 200
    assert refused(await door.ask(N1, "GET", f"{CORE}/pods/on-n2"))
    own, other = ("?fieldSelector=spec.nodeName%3D" + name for name in ("n1", "n2"))
    text = "can only list/watch pods with spec.nodeName field selector"
    for base in ("/api/v1/pods", f"{CORE}/pods"):
        assert (await door.ask(N1, "GET", base + own)).code == 200
        assert refused(await door.ask(N1, "GET", base + other), text)
        assert refused(await door.ask(N1, "GET", base), text)
        assert refused(await door.ask(N1, "GET", f"{base}?watch=1"))
        assert refused(await door.ask(N1, "GET", f"{base}?fieldSelector=spec.nodeName%21%3Dn2"))
    both = own + "%2Cspec.nodeName%3Dn2"
    found = await door.ask(N1, "GET", "/api/v1/pods" + both)
    assert found.code == 403 or found.body["items"] == []


async def test_it_changes_the_status_of_its_own_pods_only(door: Door) -> None:
    change = {"status": {"message": "hello"}}
    assert (
        await door.ask(N1, "PATCH", f"{CORE}/pods/on-n1/status", change, kind=MERGE)
    ).code == 200
    assert refused(await door.ask(N1, "PATCH", f"{CORE}/pods/on-n2/status", change, kind=MERGE))
    labels = {"metadata": {"labels": {"app": "web"}}}
    assert refused(
        await door.ask(N1, "PATCH", f"{CORE}/pods/on-n1/status", labels, kind=MERGE),
        'node "n1" cannot update labels through pod status',
    )
    claims = {"status": {"resourceClaimStatuses": [{"name": "a", "resourceClaimName": "b"}]}}
    assert refused(await door.ask(N1, "PATCH", f"{CORE}/pods/on-n1/status", claims, kind=MERGE))
    claim = {"resourceClaimName": "b", "requestMappings": []}
    claims = {"status": {"extendedResourceClaimStatus": claim}}
    assert refused(await door.ask(N1, "PATCH", f"{CORE}/pods/on-n1/status", claims, kind=MERGE))
    moved = {"spec": {"nodeName": "n2", "containers": [{"name": "c", "image": "evil"}]}}
    await door.ask(N1, "PATCH", f"{CORE}/pods/on-n1/status", moved, kind=MERGE)
    spec = (await door.must("GET", f"{CORE}/pods/on-n1"))["spec"]
    assert (spec["nodeName"], spec["containers"][0]["image"]) == ("n1", "x")
    for part in ("", "/ephemeralcontainers", "/resize"):
        assert (await door.ask(N1, "PATCH", f"{CORE}/pods/on-n1{part}", {}, kind=MERGE)).code == 403
    target = {"apiVersion": "v1", "kind": "Node", "name": "n1"}
    bound = {"metadata": {"name": "on-n2"}, "target": target}
    assert refused(await door.ask(N1, "POST", f"{CORE}/pods/on-n2/binding", bound))
    assert refused(await door.ask(N1, "POST", f"{CORE}/bindings", bound))
    for part in ("exec?command=id&stdout=1", "attach?stdout=1", "portforward", "log", "proxy"):
        assert refused(await door.ask(N1, "GET", f"{CORE}/pods/on-n1/{part}")), part


async def test_it_evicts_and_deletes_its_own_pods_only(door: Door) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "on-n2"}}
    answer = await door.ask(N1, "POST", f"{CORE}/pods/on-n2/eviction", eviction)
    assert refused(answer), answer
    assert refused(await door.ask(N1, "DELETE", f"{CORE}/pods/on-n2"))
    assert refused(await door.ask(N1, "DELETE", f"{CORE}/pods"))
    assert (await door.must("GET", f"{CORE}/pods/on-n2"))["metadata"].get(
        "deletionTimestamp"
    ) is None


async def test_pods_it_makes_are_mirrors_that_reach_nothing(door: Door) -> None:
    """Else a pod that only the node says is there would open a secret to it."""
    uid = (await door.must("GET", "/api/v1/nodes/n1"))["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": uid, "controller": True}

    async def attempt(
        owners: Any = (owner,), on: str = "n1", mirror: bool = True, **spec: Any
    ) -> Answer:
        made = pod("mirror", on, **spec)
        made["metadata"]["ownerReferences"] = list(owners)
        if mirror:
            made["metadata"]["annotations"] = MIRROR
        return await door.ask(N1, "POST", f"{CORE}/pods", made)

    assert refused(await attempt(mirror=False), "can only create mirror pods")
    assert refused(await attempt(on="n2"))
    assert refused(await attempt(()), "with an owner reference set to itself")
    assert refused(await attempt((owner, {**owner, "uid": "1"})), "single owner reference")
    assert refused(await attempt(({**owner, "name": "n2"},)))
    assert refused(await attempt(({**owner, "controller": False},)), "controller owner reference")
    assert refused(await attempt(({**owner, "blockOwnerDeletion": True},)), "blockOwnerDeletion")
    assert refused(await attempt(({**owner, "uid": "other"},)), "UID mismatch")
    env = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "treasure", "key": "k"}}}
    maps = [{"configMapRef": {"name": "of-n2"}}]
    projected = {"sources": [{"secret": {"name": "treasure"}}]}
    tokens = {"sources": [{"serviceAccountToken": {"path": "t"}}]}
    claim = {"persistentVolumeClaim": {"claimName": "of-n2"}}
    for what, spec in (
        ("secrets", secret_volume("treasure")),
        ("secrets", {"imagePullSecrets": [{"name": "treasure"}]}),
        ("secrets", {"containers": [{**CONTAINER, "env": [env]}]}),
        ("secrets", {"volumes": [{"name": "v", "projected": projected}]}),
        ("configmaps", {"initContainers": [{**CONTAINER, "name": "i", "envFrom": maps}]}),
        ("persistentvolumeclaims", {"volumes": [{"name": "v", **claim}]}),
        ("a service account", {"serviceAccountName": "of-n2"}),
        ("a service account", {"volumes": [{"name": "v", "projected": tokens}]}),
    ):
        assert refused(await attempt(**spec), f"can not create pods that reference {what}"), spec
    assert refused(await door.ask(N1, "GET", f"{CORE}/secrets/treasure"))
    assert (await attempt()).code == 201
    made = await door.must("GET", f"{CORE}/pods/mirror")
    assert not made["spec"].get("serviceAccountName")
    assert refused(await door.ask(N1, "GET", f"{CORE}/serviceaccounts/default"))


async def test_tokens_are_for_its_own_pods_and_what_they_ask_for(door: Door) -> None:
    uids = {
        name: (await door.must("GET", f"{CORE}/pods/{name}"))["metadata"]["uid"]
        for name in ("on-n1", "on-n2")
    }

    async def attempt(account: str, bound: Any, *audiences: str) -> Answer:
        spec: dict[str, Any] = {"boundObjectRef": bound} if bound else {}
        if audiences:
            spec["audiences"] = list(audiences)
        path = f"{CORE}/serviceaccounts/{account}/token"
        return await door.ask(N1, "POST", path, {"spec": spec})

    own = {"apiVersion": "v1", "kind": "Pod", "name": "on-n1", "uid": uids["on-n1"]}
    other = {**own, "name": "on-n2", "uid": uids["on-n2"]}
    assert (await attempt("of-n1", own)).code == 201
    assert (await attempt("of-n1", own, "vault")).code == 201
    assert refused(await attempt("of-n1", None), "node requested token not bound to a pod")
    unnamed = {**own, "kind": "Secret", "name": "of-n1", "uid": ""}
    assert refused(await attempt("of-n1", unnamed), "node requested token not bound to a pod")
    no_uid = {key: value for key, value in own.items() if key != "uid"}
    assert refused(await attempt("of-n1", no_uid), "with a pod binding without a uid")
    assert refused(await attempt("of-n2", other), "no relationship found")
    # An account that both nodes' pods use is no way to the other's pod.
    shared = pod("shared", "n2", serviceAccountName="of-n1")
    uid = (await door.must("POST", f"{CORE}/pods", shared))["metadata"]["uid"]
    text = "node requested token bound to a pod scheduled on a different node"
    assert refused(await attempt("of-n1", {**own, "name": "shared", "uid": uid}), text)
    audience = await attempt("of-n1", own, "bank")
    assert refused(audience, 'audience "bank" not found in pod spec volume'), audience


async def test_nodes_and_leases_of_others_are_out_of_reach(door: Door) -> None:
    lease = {"metadata": {"name": "n2"}, "spec": {"holderIdentity": "n1"}}
    await door.must("POST", LEASES, {"metadata": {"name": "n2"}}, who=N2)
    assert refused(await door.ask(N1, "POST", LEASES, {**lease, "metadata": {"name": "n3"}}))
    assert refused(await door.ask(N1, "POST", LEASES, {"metadata": {"generateName": "n1"}}))
    for method, kind in (("PUT", "application/json"), ("PATCH", MERGE), ("DELETE", MERGE)):
        body = None if method == "DELETE" else lease
        assert refused(await door.ask(N1, method, f"{LEASES}/n2", body, kind=kind)), method
    assert refused(await door.ask(N1, "GET", f"{LEASES}/n2"))
    assert refused(await door.ask(N1, "GET", LEASES))
    assert refused(await door.ask(N1, "DELETE", LEASES))
    elsewhere = LEASES.replace("kube-node-lease", "kube-system")
    assert refused(await door.ask(N1, "POST", elsewhere, {"metadata": {"name": "n1"}}))
    for part in ("", "/status"):
        change = {"metadata": {"annotations": {"a": "b"}}}
        assert refused(await door.ask(N1, "PATCH", f"/api/v1/nodes/n2{part}", change, kind=MERGE))
    assert refused(await door.ask(N1, "POST", "/api/v1/nodes", {"metadata": {"name": "n9"}}))
    for name in ("n1", "n2"):
        assert refused(await door.ask(N1, "DELETE", f"/api/v1/nodes/{name}"))
    assert refused(await door.ask(N1, "GET", "/api/v1/nodes/n2/proxy/pods"))


@pytest.mark.parametrize(
    "label",
    [
        "node-restriction.kubernetes.io/pci",
        "team.node-restriction.kubernetes.io/pci",
        "node-role.kubernetes.io/control-plane",
        "kubernetes.io/role",
        "x.k8s.io/y",
    ],
)
async def test_labels_that_would_draw_pods_to_it(door: Door, label: str) -> None:
    change = {"metadata": {"labels": {label: "1"}}}
    for part in ("", "/status"):
        answer = await door.ask(N1, "PATCH", f"/api/v1/nodes/n1{part}", change, kind=MERGE)
        if part == "":
            assert refused(answer, f"is not allowed to modify labels: {label}"), answer
        assert label not in (
            (await door.must("GET", "/api/v1/nodes/n1"))["metadata"].get("labels") or {}
        )
    again = {"metadata": {"name": "n4", "labels": {label: "1"}}}
    assert refused(await door.ask(node("n4"), "POST", "/api/v1/nodes", again), label)
    taints = {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}
    answer = await door.ask(N1, "PATCH", "/api/v1/nodes/n1", taints, kind=MERGE)
    assert refused(answer, "is not allowed to modify taints")


async def test_slices_of_other_services_and_nodes(door: Door) -> None:
    """Else a node would answer in the place of any Service of kube-system."""

    def made(name: str, service: str, on: str) -> dict[str, Any]:
        return {
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.1"], "nodeName": on}],
        }

    assert refused(await door.ask(N1, "POST", SLICES, made("hub-n1", "hub", "n1")))
    assert refused(await door.ask(N1, "POST", SLICES, made("kube-dns-n2", "kube-dns", "n2")))
    assert refused(await door.ask(N1, "POST", SLICES, made("kube-dns-n1", "hub", "n1")))
    assert refused(await door.ask(N1, "POST", SLICES, made("kube-dns-n1", "kube-dns", "n2")))
    assert (await door.ask(N1, "POST", SLICES, made("kube-dns-n1", "kube-dns", "n1"))).code == 201
    assert refused(await door.ask(N2, "DELETE", f"{SLICES}/kube-dns-n1"))
    change = {"endpoints": [{"addresses": ["192.0.2.2"], "nodeName": "n2"}]}
    assert refused(await door.ask(N2, "PATCH", f"{SLICES}/kube-dns-n1", change, kind=MERGE))


def request_for(name: str, *groups: str, signer: str = "kube-apiserver-client-kubelet") -> Any:
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(certificates.subject(name, groups))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    spec = {
        "request": base64.b64encode(pem).decode(),
        "signerName": f"kubernetes.io/{signer}",
        "usages": ["digital signature", "client auth"],
    }
    return {"metadata": {"generateName": "csr-"}, "spec": spec}


async def test_certificates_for_others(door: Door) -> None:
    own = request_for("system:node:n1", "system:nodes")
    made = (await door.must("POST", REQUESTS, own, who=N1))["metadata"]["name"]
    for name in ("system:node:n2", "admin", "system:kube-scheduler"):
        for signer in ("kube-apiserver-client-kubelet", "kubelet-serving"):
            wanted = request_for(name, "system:nodes", signer=signer)
            answer = await door.ask(N1, "POST", REQUESTS, wanted)
            assert refused(answer, "can only create a node CSR with CN=system:node:n1"), answer
    approval = {"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "x"}]}}
    path = f"{REQUESTS}/{made}"
    for part in ("", "/approval", "/status"):
        assert refused(await door.ask(N1, "PATCH", f"{path}{part}", approval, kind=MERGE)), part
    for group in ("system:masters", "system:replicas"):
        wanted = request_for("eve", group, signer="kube-apiserver-client")
        answer = await door.ask(N1, "POST", REQUESTS, wanted)
        assert refused(answer, f"{group} group is not allowed"), answer


@pytest.mark.parametrize(
    "who",
    [
        user("jane", "system:nodes"),
        user("system:node:", "system:nodes"),
        user("system:node:n1"),
        user("system:serviceaccount:a:b", "system:nodes"),
    ],
)
async def test_who_is_only_half_a_node_is_none(door: Door, who: Who) -> None:
    """The group without the name (or the other way) gives nothing of a node's rights."""
    for path in (
        f"{CORE}/secrets/treasure",
        f"{CORE}/secrets",
        f"{CORE}/pods",
        "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1",
        "/api/v1/nodes",
        "/api/v1/services",
    ):
        assert refused(await door.ask(who, "GET", path)), path
    assert refused(await door.ask(who, "POST", "/api/v1/nodes", {"metadata": {"name": "n7"}}))


async def test_the_rest_of_the_cluster(door: Door) -> None:
    group = "/apis/rbac.authorization.k8s.io/v1"
    for method, path in (
        ("GET", f"{group}/clusterroles"),
        ("POST", f"{group}/clusterrolebindings"),
        ("GET", "/api/v1/namespaces/kube-system/secrets"),
        ("POST", f"{CORE}/secrets"),
        ("GET", "/apis/apps/v1/deployments"),
        ("GET", "/debug/store/snapshot"),
        ("GET", "/metrics"),
    ):
        body = {"metadata": {"name": "x"}} if method == "POST" else None
        assert refused(await door.ask(N1, method, path, body)), path


async def test_what_reviews_say_of_a_node_is_what_it_may(door: Door) -> None:
    """Also of a list that is narrowed by fields, in either form."""
    reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

    async def allowed(**what: Any) -> bool:
        spec = {"user": "system:node:n1", "groups": ["system:nodes"], "resourceAttributes": what}
        found = await door.must("POST", reviews, {"spec": spec})
        return bool(found["status"]["allowed"])

    own = {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": ["n1"]}]}
    out = {"requirements": [{"key": "spec.nodeName", "operator": "NotIn", "values": ["n1"]}]}
    for selector, expected in (
        (own, True),
        ({"rawSelector": "spec.nodeName=n1"}, True),
        (out, False),
        ({"rawSelector": "spec.nodeName=n2"}, False),
        ({"rawSelector": "spec.nodeName!=x\\,spec.nodeName=n1"}, False),
        ({"rawSelector": "=,!"}, False),
    ):
        assert await allowed(verb="list", resource="pods", fieldSelector=selector) is expected
    assert not await allowed(verb="list", resource="pods")
    for name, expected in (("of-n1", True), ("of-n2", False)):
        asked = {"resource": "secrets", "namespace": "nodes-test", "name": name}
        assert await allowed(verb="get", **asked) is expected
