"""Who comes in by which credentials, what the unknown see, and headers that claim more.

Source: docs "Authenticating" (X.509 client certificates, anonymous requests, user impersonation,
authenticating proxy).
"""

import asyncio
import ssl
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from cluster.security import certificates
from deploy import pki
from tests.security.door import ADMIN, NOBODY, Answer, Door, Who, rule, session, tls, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

PODS = "/api/v1/namespaces/default/pods"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
HOUR = 3600.0


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _cluster(door: Door) -> None:
    names = rule("impersonate", "core", "users", "bob")
    groups = rule("impersonate", "core", "groups", "devs")
    accounts = rule("impersonate", "core", "serviceaccounts", "robot")
    extra = rule("impersonate", "authentication.k8s.io", "userextras/scopes", "view")
    await door.grant("actor", "actress", names, groups, accounts, extra)


# The unknown.


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/livez", ""),
        ("GET", "/readyz", ""),
        ("GET", "/healthz", ""),
        ("GET", "/version", ""),
        ("GET", "/version/", ""),
        ("GET", "/readyz?verbose", ""),
        ("GET", "/livez/ping", 'forbidden: User "system:anonymous" cannot get path "/livez/ping"'),
        ("GET", "/api", 'forbidden: User "system:anonymous" cannot get path "/api"'),
        (
            "GET",
            "/apis/apps/v1",
            'forbidden: User "system:anonymous" cannot get path "/apis/apps/v1"',
        ),
        ("GET", "/openapi/v3", 'forbidden: User "system:anonymous" cannot get path "/openapi/v3"'),
        ("GET", "/metrics", 'forbidden: User "system:anonymous" cannot get path "/metrics"'),
        ("GET", "/", 'forbidden: User "system:anonymous" cannot get path "/"'),
        ("GET", "/nowhere", 'forbidden: User "system:anonymous" cannot get path "/nowhere"'),
        ("POST", "/version", 'forbidden: User "system:anonymous" cannot post path "/version"'),
        (
            "GET",
            "/openid/v1/jwks",
            'forbidden: User "system:anonymous" cannot get path "/openid/v1/jwks"',
        ),
        (
            "GET",
            PODS,
            'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group '
            '"" in the namespace "default"',
        ),
        (
            "POST",
            WHO,
            'selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot '
            'create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the '
            "cluster scope",
        ),
        (
            "GET",
            "/api/v1/nodes/n1/proxy/",
            'nodes "n1" is forbidden: User "system:anonymous" cannot get resource "nodes/proxy" in '
            'API group "" at the cluster scope',
        ),
        (
            "GET",
            f"{PODS}/p/exec?command=id&stdout=1",
            'pods "p" is forbidden: User "system:anonymous" cannot get resource "pods/exec" in API '
            'group "" in the namespace "default"',
        ),
    ],
)
async def test_the_unknown_see_health_and_version(
    door: Door, method: str, path: str, message: str
) -> None:
    answer = await door.ask(NOBODY, method, path, {} if method == "POST" else None)
    if not message:
        assert answer.code == 200, answer
        return
    assert (answer.code, answer.message) == (403, message)
    assert (answer.body["reason"], answer.body["status"]) == ("Forbidden", "Failure")


async def test_what_is_not_served_is_told_to_who_may_ask_only(door: Door) -> None:
    for path, resource, group in (
        ("/api/v1/namespaces/default/gadgets/x", "gadgets", ""),
        ("/apis/example.com/v1/namespaces/default/gadgets/x", "gadgets", "example.com"),
        ("/apis/apps/v9/namespaces/default/deployments/x", "deployments", "apps"),
    ):
        for who, name in ((NOBODY, "system:anonymous"), (user("jane"), "jane")):
            answer = await door.ask(who, "GET", path)
            subject = f"{resource}.{group}" if group else resource
            assert (answer.code, answer.message) == (
                403,
                f'{subject} "x" is forbidden: User "{name}" cannot get resource "{resource}" in '
                f'API group "{group}" in the namespace "default"',
            )
        assert (await door.ask(ADMIN, "GET", path)).code == 404


async def test_bodies_of_the_unknown_are_not_read(door: Door) -> None:
    """The answer comes before the body, which never ends."""
    maps = "/api/v1/namespaces/default/configmaps"
    head = f"POST {maps} HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n{{"
    answer = await _raw(door, head.encode(), whole=False)
    assert answer.startswith(b"HTTP/1.1 403"), answer[:80]


async def test_rights_may_be_given_to_the_unknown(door: Door) -> None:
    await door.grant("public", "system:anonymous", rule("get", "core", "configmaps", "public"))
    await door.must(
        "POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "public"}}
    )
    maps = "/api/v1/namespaces/default/configmaps"
    assert (await door.ask(NOBODY, "GET", f"{maps}/public")).code == 200
    assert (await door.ask(NOBODY, "GET", maps)).code == 403


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Bearer wrong", 401),
        ("bearer wrong", 401),
        ("Basic YWRtaW46YWRtaW4=", 403),
        ("Bearer", 403),
        ("Negotiate x", 403),
    ],
)
async def test_wrong_credentials_are_told_from_none(
    door: Door, authorization: str, code: int
) -> None:
    who = Who((("Authorization", authorization),))
    assert (await door.ask(who, "GET", PODS)).code == code
    healthy = 401 if code == 401 else 200
    assert (await door.ask(who, "GET", "/healthz")).code == healthy


# Headers that claim more.


@pytest.mark.parametrize(
    "headers",
    [
        (("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")),
        (("X-Remote-User", "admin"), ("X-Remote-Extra-Scopes", "all")),
        (("X-Forwarded-User", "admin"),),
        (("X-Forwarded-Client-Cert", 'Subject="O=system:masters,CN=admin"'),),
        (("SSL-Client-Cert", "x"), ("X-SSL-Client-S-DN", "/O=system:masters/CN=admin")),
        (("X-Original-URL", "/version"), ("X-Rewrite-URL", "/version")),
        (("X-HTTP-Method-Override", "GET"),),
        (("Impersonate_User", "admin"), ("Impersonate_Group", "system:masters")),
        (("Impersonate-Foo", "admin"),),
    ],
)
async def test_headers_of_proxies_prove_nothing(door: Door, headers: Any) -> None:
    for who in (NOBODY, user("jane")):
        answer = await door.ask(who, "GET", PODS, headers=headers)
        name = "jane" if who.admin else "system:anonymous"
        assert (answer.code, f'User "{name}" cannot' in answer.message) == (403, True)


async def as_actress(door: Door, method: str, path: str, *headers: tuple[str, str]) -> Answer:
    """She comes by a token, and acts as the headers say."""
    who = Who((("Authorization", f"Bearer {await _actress(door)}"), *headers))
    return await door.ask(who, method, path, {} if method == "POST" else None)


_TOKENS: dict[int, str] = {}


async def _actress(door: Door) -> str:
    """A ServiceAccount with the rights of ``actress``."""
    if id(door) not in _TOKENS:
        accounts = "/api/v1/namespaces/default/serviceaccounts"
        await door.must("POST", accounts, {"metadata": {"name": "actress"}})
        name = "system:serviceaccount:default:actress"
        bound = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        group = "rbac.authorization.k8s.io"
        made = {
            "metadata": {"name": "actress"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "actor"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": name}],
        }
        await door.must("POST", bound, made)
        token = await door.must("POST", f"{accounts}/actress/token", {"spec": {}})
        _TOKENS[id(door)] = token["status"]["token"]
        # From here on she is told of the right that let her in, and not of a constrained one.
        assert (await as_actress(door, "POST", WHO, ("Impersonate-User", "bob"))).code == 201
    return _TOKENS[id(door)]


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ((("Impersonate-User", "eve"),), 'users "eve" is forbidden'),
        ((("Impersonate-User", "system:masters"),), 'users "system:masters" is forbidden'),
        (
            (("Impersonate-User", "bob"), ("Impersonate-Group", "system:masters")),
            'groups "system:masters" is forbidden',
        ),
        (
            (
                ("Impersonate-User", "bob"),
                ("Impersonate-Group", "devs"),
                ("Impersonate-Group", "system:masters"),
            ),
            'groups "system:masters" is forbidden',
        ),
        (
            (("Impersonate-User", "bob"), ("Impersonate-Group", "devs,system:masters")),
            'groups "devs,system:masters" is forbidden',
        ),
        (
            (("Impersonate-User", "bob"), ("Impersonate-Uid", "1")),
            'uids.authentication.k8s.io "1" is forbidden',
        ),
        (
            (("Impersonate-User", "bob"), ("Impersonate-Extra-Scopes", "admin")),
            'userextras.authentication.k8s.io "admin" is forbidden',
        ),
        (
            (("Impersonate-User", "bob"), ("Impersonate-Extra-Other%2fscopes", "view")),
            "is forbidden",
        ),
        (
            (("Impersonate-User", "system:serviceaccount:kube-system:other"),),
            'serviceaccounts "other" is forbidden',
        ),
        ((("Impersonate-User", "system:node:n1"),), 'users "system:node:n1" is forbidden'),
        ((("Impersonate-User", "system:anonymous"),), 'users "system:anonymous" is forbidden'),
        (
            (("Impersonate-User", "bob"), ("Impersonate-User", "kubernetes-admin")),
            'User "bob" cannot list',
        ),
        ((("IMPERSONATE-USER", "eve"),), 'users "eve" is forbidden'),
    ],
)
async def test_acting_as_others_needs_each_part(door: Door, headers: Any, message: str) -> None:
    refused = await as_actress(door, "GET", PODS, *headers)
    assert (refused.code, message in refused.message) == (403, True), refused


@pytest.mark.parametrize(
    "headers",
    [
        (("Impersonate-Group", "system:masters"),),
        (("Impersonate-User", ""), ("Impersonate-Group", "system:masters")),
        (("Impersonate-Uid", "1"),),
        (("Impersonate-Extra-Scopes", "view"),),
    ],
)
async def test_groups_without_a_user_are_refused(door: Door, headers: Any) -> None:
    answer = await as_actress(door, "GET", PODS, *headers)
    assert answer.code in (400, 500), answer
    assert answer.body["reason"] in ("BadRequest", "InternalError")


async def test_acting_as_bob_gives_bobs_rights_only(door: Door) -> None:
    as_bob = (("Impersonate-User", "bob"), ("Impersonate-Group", "devs"))
    found = await as_actress(door, "POST", WHO, *as_bob, ("Impersonate-Extra-Scopes", "view"))
    assert found.body["status"]["userInfo"] == {
        "username": "bob",
        "groups": ["devs", "system:authenticated"],
        "extra": {"scopes": ["view"]},
    }
    robot = ("Impersonate-User", "system:serviceaccount:default:robot")
    found = await as_actress(door, "POST", WHO, robot)
    assert "system:serviceaccounts:default" in found.body["status"]["userInfo"]["groups"]
    # Bob may not act as anybody, whoever acts as Bob.
    twice = await as_actress(door, "GET", PODS, ("Impersonate-User", "bob"))
    assert 'User "bob" cannot list' in twice.message
    nobody = Who((("Impersonate-User", "bob"),))
    assert (await door.ask(nobody, "GET", PODS)).code == 403
    assert (await door.ask(nobody, "GET", "/healthz")).code == 403


async def test_acting_as_a_node_for_lists_of_its_pods_only(door: Door) -> None:
    """KEP-5284: an agent on every node, that is let be the node it runs on."""
    identity = rule("impersonate:associated-node", "authentication.k8s.io", "nodes")
    action = rule("impersonate-on:associated-node:list", "core", "pods")
    await door.grant("agent", "system:serviceaccount:default:agent", identity, action)
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await door.must("POST", accounts, {"metadata": {"name": "agent"}})
    node = await door.must("POST", "/api/v1/nodes", {"metadata": {"name": "agents-node"}})
    bound = {"kind": "Node", "apiVersion": "v1", "name": "agents-node"}
    spec = {"boundObjectRef": {**bound, "uid": node["metadata"]["uid"]}}
    made = await door.must("POST", f"{accounts}/agent/token", {"spec": spec})
    bearer = ("Authorization", f"Bearer {made['status']['token']}")

    async def ask(path: str, name: str) -> Answer:
        return await door.ask(
            Who((bearer, ("Impersonate-User", f"system:node:{name}"))), "GET", path
        )

    own = "/api/v1/pods?fieldSelector=spec.nodeName%3D"
    assert (await ask(f"{own}agents-node", "agents-node")).code == 200
    # It is the node, and so reads no pods of others, and it does nothing else as the node.
    assert 'User "system:node:agents-node" cannot list' in (await ask(PODS, "agents-node")).message
    node_path = "/api/v1/nodes/agents-node"
    refused = await ask(node_path, "agents-node")
    assert "cannot impersonate-on:associated-node:get" in refused.message
    assert (await ask(f"{own}other", "other")).code == 403


async def test_names_that_are_no_text(door: Door) -> None:
    raw = b"GET " + PODS.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    for header in (
        b"Impersonate-User: \xff\xfe",
        b"Authorization: Bearer \xff",
        b"X-Remote-User: \xff",
    ):
        answer = await _raw(door, raw + header + b"\r\n\r\n")
        assert answer[9:12] in (b"400", b"401", b"403"), answer[:80]


async def _raw(door: Door, data: bytes, whole: bool = True) -> bytes:
    host, _, port = door.url.removeprefix("https://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=tls(door.plane))
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read() if whole else reader.readline(), 10)
    finally:
        writer.close()


# Certificates.


def client(door: Door, folder: Path, **changes: Any) -> ssl.SSLContext:
    """A context with a certificate for an administrator, of the cluster's CA unless ``ca`` says."""
    settings, now = door.plane.settings, time.time()
    key = certificates.ec.generate_private_key(certificates.ec.SECP256R1())
    ca_key = certificates.load_key(Path(pki.path(settings, "ca.key")).read_bytes())
    ca = certificates.load_certificate(Path(pki.path(settings, "ca.crt")).read_bytes())
    if changes.get("ca") == "own":
        ca_key = certificates.ec.generate_private_key(certificates.ec.SECP256R1())
        ca = certificates.authority(ca_key, "kubernetes", 1, now - HOUR, now + HOUR)
    if changes.get("ca") == "same name":
        ca_key = certificates.ec.generate_private_key(certificates.ec.SECP256R1())
    begin, end = changes.get("valid", (now - HOUR, now + HOUR))
    name = certificates.subject("eve", changes.get("groups", ("system:masters",)))
    made = certificates.certificate(key, name, ca, ca_key, 77, begin, end)
    paths = folder / "client.crt", folder / "client.key"
    chain = certificates.certificate_pem(made)
    if changes.get("ca") == "own":
        chain += certificates.certificate_pem(ca)
    paths[0].write_bytes(chain)
    paths[1].write_bytes(certificates.key_pem(key))
    context = tls(door.plane)
    context.load_cert_chain(*map(str, paths))
    return context


async def code_of(door: Door, context: ssl.SSLContext) -> int:
    """0: the connection itself was refused."""
    async with session(context) as stranger:
        try:
            async with stranger.get(door.url + PODS) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


async def test_certificates(door: Door, tmp_path: Path) -> None:
    now = time.time()
    assert await code_of(door, client(door, tmp_path)) == 200
    assert await code_of(door, client(door, tmp_path, groups=("devs",))) == 403
    for changes in (
        {"ca": "own"},
        {"ca": "same name"},
        {"valid": (now - 2 * HOUR, now - HOUR)},
        {"valid": (now + HOUR, now + 2 * HOUR)},
    ):
        assert await code_of(door, client(door, tmp_path, **changes)) == 0, changes


async def test_a_clients_certificate_signs_no_other(door: Door, tmp_path: Path) -> None:
    now, folder = time.time(), door.plane.settings
    admin = certificates.load_certificate(Path(pki.path(folder, "admin.crt")).read_bytes())
    admin_key = certificates.load_key(Path(pki.path(folder, "admin.key")).read_bytes())
    key = certificates.ec.generate_private_key(certificates.ec.SECP256R1())
    name = certificates.subject("eve", ("system:masters",))
    made = certificates.certificate(key, name, admin, admin_key, 78, now - HOUR, now + HOUR)
    chain = certificates.certificate_pem(made) + certificates.certificate_pem(admin)
    (tmp_path / "c.crt").write_bytes(chain)
    (tmp_path / "c.key").write_bytes(certificates.key_pem(key))
    context = tls(door.plane)
    context.load_cert_chain(str(tmp_path / "c.crt"), str(tmp_path / "c.key"))
    assert await code_of(door, context) == 0


async def test_groups_that_only_the_server_gives(door: Door, tmp_path: Path) -> None:
    """A certificate cannot say that its holder is unknown, and needs not say that it is known."""
    groups = ("system:unauthenticated", "devs")
    context = client(door, tmp_path, groups=groups)
    async with session(context) as eve, eve.post(door.url + WHO, json={}) as answer:
        info = (await answer.json())["status"]["userInfo"]
    assert info["username"] == "eve"
    assert info["groups"] == ["devs", "system:authenticated"]


# What was asked and what is done are one.


async def test_reviews_say_what_the_server_does(door: Door) -> None:
    await door.grant("looker", "lou", rule("get list", "core", "pods"), namespace="default")
    lou = user("lou")
    reviews = "/apis/authorization.k8s.io/v1"
    for verb, namespace, allowed in (
        ("list", "default", True),
        ("list", "kube-system", False),
        ("list", "", False),
        ("delete", "default", False),
    ):
        what = {"verb": verb, "resource": "pods", "namespace": namespace}
        spec = {"resourceAttributes": what}
        own = await door.must(
            "POST", f"{reviews}/selfsubjectaccessreviews", {"spec": spec}, who=lou
        )
        other = await door.must(
            "POST", f"{reviews}/subjectaccessreviews", {"spec": {**spec, "user": "lou"}}
        )
        assert own["status"]["allowed"] is other["status"]["allowed"] is allowed
    asked = {"spec": {**spec, "user": "kubernetes-admin", "groups": ["system:masters"]}}
    for kind in ("subjectaccessreviews", "localsubjectaccessreviews"):
        place = f"{reviews}/namespaces/default/{kind}" if kind[0] == "l" else f"{reviews}/{kind}"
        assert (await door.ask(lou, "POST", place, asked)).code == 403
    node = {"spec": {"resourceAttributes": {"verb": "get", "resource": "secrets", "name": "s",
                                            "namespace": "default"},
                     "user": "system:node:n1", "groups": ["system:nodes"]}}  # fmt: skip
    found = await door.must("POST", f"{reviews}/subjectaccessreviews", node)
    assert found["status"]["allowed"] is False
    assert (await door.ask(ADMIN, "GET", PODS)).code == 200


async def test_a_review_that_says_two_things_is_refused(door: Door) -> None:
    reviews = "/apis/authorization.k8s.io/v1"
    parts = [{"key": "spec.nodeName", "operator": "In", "values": ["n"]}]
    for selector, code in (
        ({"rawSelector": "spec.nodeName=n"}, 201),
        ({"requirements": parts}, 201),
        ({"rawSelector": "spec.nodeName=n", "requirements": parts}, 422),
        ({}, 422),
    ):
        what = {"verb": "list", "resource": "pods", "fieldSelector": selector}
        asked = {"spec": {"user": "lou", "resourceAttributes": what}}
        found = await door.ask(ADMIN, "POST", f"{reviews}/subjectaccessreviews", asked)
        assert found.code == code, selector
    local = f"{reviews}/namespaces/default/localsubjectaccessreviews"
    for namespace, code in (("default", 201), ("kube-system", 422), ("", 422)):
        what = {"verb": "list", "resource": "pods", "namespace": namespace}
        asked = {"spec": {"user": "lou", "resourceAttributes": what}}
        assert (await door.ask(ADMIN, "POST", local, asked)).code == code
