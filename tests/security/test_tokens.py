"""Tokens that prove nothing: forged, altered, expired, for others, of what is gone.

Source: docs "Managing Service Accounts", "Authenticating", "Authenticating with Bootstrap Tokens".
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from cluster.api.validation.configuration import ACCOUNT_NAME, TOKEN_TYPE
from cluster.security import certificates, secret_tokens, tokens
from deploy import pki
from tests.security.door import ADMIN, MERGE, NOBODY, Door, bearer, rule, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

SPACE = "/api/v1/namespaces/tokens-test"
ACCOUNT = "/api/v1/namespaces/tokens-test/serviceaccounts/robot"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
API = "https://kubernetes.default.svc.cluster.local"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _cluster(door: Door) -> None:
    await door.must("POST", "/api/v1/namespaces", {"metadata": {"name": "tokens-test"}})
    for name in ("robot", "other"):
        account = {"metadata": {"name": name}}
        await door.must("POST", f"{SPACE}/serviceaccounts", account)


async def token_of(door: Door, account: str = ACCOUNT, **spec: Any) -> str:
    made = await door.must("POST", f"{account}/token", {"spec": spec})
    return str(made["status"]["token"])


async def code(door: Door, token: str) -> int:
    """Of asking the API server who one is."""
    return (await door.ask(bearer(token), "POST", WHO, {})).code


def cluster_key(door: Door) -> tokens.PrivateKey:
    path = pki.path(door.plane.settings, "service-account.key")
    return certificates.load_key(Path(path).read_bytes())


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, claims, signature = token.split(".")
    return json.loads(_raw(head)), json.loads(_raw(claims)), signature


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_a_good_token_says_who_one_is(door: Door) -> None:
    found = await door.must("POST", WHO, {}, who=bearer(await token_of(door)))
    info = found["status"]["userInfo"]
    assert info["username"] == "system:serviceaccount:tokens-test:robot"
    assert info["groups"] == [
        "system:serviceaccounts",
        "system:serviceaccounts:tokens-test",
        "system:authenticated",
    ]
    assert info["extra"]["authentication.kubernetes.io/credential-id"][0].startswith("JTI=")


async def test_forged_and_altered_tokens(door: Door) -> None:
    token = await token_of(door)
    head, claims, signature = parts(token)
    other = json.loads(json.dumps(claims))
    other["sub"] = "system:serviceaccount:kube-system:default"
    other["kubernetes.io"]["namespace"] = "kube-system"
    pem = (
        cluster_key(door)
        .public_key()
        .public_bytes(
            tokens.serialization.Encoding.PEM,
            tokens.serialization.PublicFormat.SubjectPublicKeyInfo,
        )
    )
    hs = {**head, "alg": "HS256"}
    signed = f"{_text(hs)}.{_text(claims)}"
    by_public_key = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    stranger = tokens.ec.generate_private_key(tokens.ec.SECP256R1())
    account = tokens.Account(
        "tokens-test", "robot", claims["kubernetes.io"]["serviceaccount"]["uid"]
    )
    forged = [
        f"{_text({**head, 'alg': 'none'})}.{_text(claims)}.",
        f"{_text({**head, 'alg': 'None'})}.{_text(claims)}.{signature}",
        f"{_text({'alg': 'none'})}.{_text(other)}.",
        f"{signed}.{_text(by_public_key)}",
        f"{_text(head)}.{_text(other)}.{signature}",
        f"{_text(head)}.{_text({**claims, 'exp': claims['exp'] + 9999})}.{signature}",
        f"{_text(head)}.{_text(claims)}.",
        f"{_text(head)}.{_text(claims)}.{_text(bytes(64))}",
        f"{_text({**head, 'kid': '../../dev/null'})}.{_text(claims)}.{signature}",
        f"{_text({**head, 'jwk': {}, 'x5c': []})}.{_text(claims)}.{_text(bytes(64))}",
        tokens.issue(stranger, API, account, [API], time.time(), 3600),
        token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        token.partition(".")[2],
        f"{token}.{signature}",
        "..",
        "x" * 20_000,
    ]
    for number, attempt in enumerate(forged):
        assert await code(door, attempt) == 401, number
    assert await code(door, token) == 201


async def test_times_issuers_and_audiences(door: Door) -> None:
    """Signed with the cluster's own key, and still nothing."""
    key = certificates.load_key(
        Path(pki.path(door.plane.settings, "service-account.key")).read_bytes()
    )
    uid = (await door.must("GET", ACCOUNT))["metadata"]["uid"]
    account, now = tokens.Account("tokens-test", "robot", uid), time.time()
    assert await code(door, tokens.issue(key, API, account, [API], now, 600)) == 201
    for token in (
        tokens.issue(key, API, account, [API], now - 700, 600),
        tokens.issue(key, API, account, [API], now + 700, 600),
        tokens.issue(key, "https://elsewhere", account, [API], now, 600),
        tokens.issue(key, API, account, ["vault"], now, 600),
        tokens.issue(key, API, account, [], now, 600),
        tokens.issue(key, API, account._replace(uid="another"), [API], now, 600),
        tokens.issue(key, API, account._replace(name="absent"), [API], now, 600),
        tokens.issue(key, API, account._replace(namespace="default"), [API], now, 600),
    ):
        assert await code(door, token) == 401


async def test_a_token_for_others_is_none_for_the_api_server(door: Door) -> None:
    token = await token_of(door, audiences=["vault"])
    assert await code(door, token) == 401

    async def review(*audiences: str) -> dict[str, Any]:
        spec = {"token": token, **({"audiences": list(audiences)} if audiences else {})}
        found: dict[str, Any] = (await door.must("POST", REVIEWS, {"spec": spec}))["status"]
        return found

    for wanted in ((), (API,), ("bank",)):
        status = await review(*wanted)
        assert not status.get("authenticated") and "user" not in status
    status = await review("bank", "vault")
    assert (status["authenticated"], status["audiences"]) == (True, ["vault"])
    own = await door.must("POST", REVIEWS, {"spec": {"token": await token_of(door)}})
    assert own["status"]["audiences"] == [API]


async def test_a_token_dies_with_what_it_is_bound_to(door: Door) -> None:
    secret = await door.must("POST", f"{SPACE}/secrets", {"metadata": {"name": "bound"}})
    pod = {"metadata": {"name": "bound"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    pod["spec"]["serviceAccountName"] = "robot"  # type: ignore[index]  # a dict of dicts
    pod = await door.must("POST", f"{SPACE}/pods", pod)
    node = await door.must("POST", "/api/v1/nodes", {"metadata": {"name": "bound"}})
    for kind, path, made in (
        ("Secret", f"{SPACE}/secrets/bound", secret),
        ("Pod", f"{SPACE}/pods/bound", pod),
        ("Node", "/api/v1/nodes/bound", node),
    ):
        bound = {"apiVersion": "v1", "kind": kind, "name": "bound"}
        token = await token_of(door, boundObjectRef={**bound, "uid": made["metadata"]["uid"]})
        wrong = {"spec": {"boundObjectRef": {**bound, "uid": "another"}}}
        assert (await door.ask(ADMIN, "POST", f"{ACCOUNT}/token", wrong)).code == 409
        assert await code(door, token) == 201, kind
        await door.must("DELETE", path)
        assert await code(door, token) == 401, kind


async def test_a_token_dies_with_its_account_even_if_that_comes_again(door: Door) -> None:
    account = {"metadata": {"name": "brief"}}
    await door.must("POST", f"{SPACE}/serviceaccounts", account)
    path = f"{SPACE}/serviceaccounts/brief"
    token = await token_of(door, path)
    assert await code(door, token) == 201
    await door.must("DELETE", path)
    assert await code(door, token) == 401
    await door.must("POST", f"{SPACE}/serviceaccounts", account)
    assert await code(door, token) == 401


async def test_who_may_ask_for_tokens_of_one_account_gets_no_other(door: Door) -> None:
    rights = rule("create", "core", "serviceaccounts/token", "robot")
    await door.grant("robot-tokens", "ted", rights, namespace="tokens-test")
    ted = user("ted")
    assert (await door.ask(ted, "POST", f"{ACCOUNT}/token", {"spec": {}})).code == 201
    other = ACCOUNT.replace("robot", "other")
    assert (await door.ask(ted, "POST", f"{other}/token", {"spec": {}})).code == 403
    body = {"metadata": {"name": "other", "namespace": "kube-system"}, "spec": {}}
    answer = await door.ask(ted, "POST", f"{ACCOUNT}/token", body)
    if answer.code == 201:
        claims = parts(answer.body["status"]["token"])[1]
        assert claims["sub"] == "system:serviceaccount:tokens-test:robot"
    for part in ("", "?subresource=token"):
        assert (await door.ask(ted, "POST", f"{SPACE}/serviceaccounts{part}", body)).code == 403
    review = {"spec": {"token": "x"}}
    assert (await door.ask(ted, "POST", REVIEWS, review)).code == 403
    long = {"spec": {"expirationSeconds": 2**33}}
    assert (await door.ask(ted, "POST", f"{ACCOUNT}/token", long)).code == 422


async def test_what_a_writer_put_into_a_secret_proves_nothing(door: Door) -> None:
    await door.grant(
        "secrets", "sam", rule("create get", "core", "secrets"), namespace="tokens-test"
    )
    made = {
        "metadata": {
            "name": "old",
            "annotations": {"kubernetes.io/service-account.name": "robot"},
        },
        "type": "kubernetes.io/service-account-token",
        "stringData": {"token": f"{_text({'alg': 'none'})}.{_text({})}."},
    }
    assert (await door.ask(user("sam"), "POST", f"{SPACE}/secrets", made)).code == 201
    found = await door.must("GET", f"{SPACE}/secrets/old")
    assert await code(door, base64.b64decode(found["data"]["token"]).decode()) == 401


async def secret_for(door: Door, name: str, account: str = ACCOUNT) -> str:
    """The token in a new Secret for the account, as the controller would put it there."""
    found = (await door.must("GET", account))["metadata"]
    token = secret_tokens.issue(cluster_key(door), "tokens-test", found["name"], found["uid"], name)
    made = {
        "metadata": {"name": name, "annotations": {ACCOUNT_NAME: found["name"]}},
        "type": TOKEN_TYPE,
        "stringData": {"token": token},
    }
    await door.must("POST", f"{SPACE}/secrets", made)
    return token


async def test_a_token_in_a_secret_lives_as_long_as_that(door: Door) -> None:
    token = await secret_for(door, "kept")
    info = (await door.must("POST", WHO, {}, who=bearer(token)))["status"]["userInfo"]
    assert info["username"] == "system:serviceaccount:tokens-test:robot"
    assert "system:serviceaccounts:tokens-test" in info["groups"] and "extra" not in info
    for audiences, known in (([API], True), (["elsewhere"], False)):
        asked = {"spec": {"token": token, "audiences": audiences}}
        told = (await door.must("POST", REVIEWS, asked))["status"]
        assert told.get("authenticated", False) is known
    here = f"{SPACE}/secrets/kept"
    for since, expected in (("2026-01-01", 401), (None, 201)):
        change = {"metadata": {"labels": {secret_tokens.INVALID_SINCE: since}}}
        assert (await door.ask(ADMIN, "PATCH", here, change, kind=MERGE)).code == 200
        assert await code(door, token) == expected
    await door.must("DELETE", here)
    assert await code(door, token) == 401


async def test_a_token_that_was_made_by_itself_is_warned_of(door: Door) -> None:
    async def warned(token: str) -> list[str]:
        sent = {**dict(bearer(token).headers), "Content-Type": "application/json"}
        async with door.stranger.post(door.url + WHO, data=b"{}", headers=sent) as answer:
            assert answer.status == 201
            return answer.headers.getall("Warning", [])

    token = await secret_for(door, "by-itself")
    assert await warned(token) == []
    listed = {"secrets": [{"name": "by-itself"}]}
    assert (await door.ask(ADMIN, "PATCH", ACCOUNT, listed, kind=MERGE)).code == 200
    assert await warned(token) == [
        '299 - "Use tokens from the TokenRequest API or manually created secret-based tokens '
        'instead of auto-generated secret-based tokens."'
    ]
    assert (await door.ask(ADMIN, "PATCH", ACCOUNT, {"secrets": None}, kind=MERGE)).code == 200


async def use_noted(door: Door, path: str, version: str) -> dict[str, Any]:
    """The metadata of the Secret as soon as somebody writes it after that version."""
    space, _, name = path.rpartition("/")
    where = f"{space}?watch=1&fieldSelector=metadata.name%3D{name}&resourceVersion={version}"
    async with asyncio.timeout(30):
        async with door.admin.get(URL(door.url + where, encoded=True)) as answer:
            event = json.loads(await answer.content.readline())
    assert event["type"] == "MODIFIED"
    found: dict[str, Any] = event["object"]["metadata"]
    return found


async def test_when_a_token_in_a_secret_was_last_used(door: Door) -> None:
    token = await secret_for(door, "noted")
    here = f"{SPACE}/secrets/noted"
    made = (await door.must("GET", here))["metadata"]
    days = {secret_tokens.day_of(time.time())}
    assert await asyncio.gather(*(code(door, token) for _ in range(5))) == [201] * 5
    noted = await use_noted(door, here, made["resourceVersion"])
    days.add(secret_tokens.day_of(time.time()))
    assert noted["labels"][secret_tokens.LAST_USED] in days
    assert "kube-apiserver" in {entry["manager"] for entry in noted["managedFields"]}
    assert "labels" not in made
    # Shown while it counts no longer, it is noted too.
    old = {secret_tokens.LAST_USED: "2020-01-01", secret_tokens.INVALID_SINCE: "2021-01-01"}
    answer = await door.ask(ADMIN, "PATCH", here, {"metadata": {"labels": old}}, kind=MERGE)
    assert answer.code == 200
    assert await code(door, token) == 401
    again = await use_noted(door, here, answer.body["metadata"]["resourceVersion"])
    assert again["labels"][secret_tokens.INVALID_SINCE] == "2021-01-01"
    assert again["labels"][secret_tokens.LAST_USED] >= max(noted["labels"].values())


async def test_a_signed_token_needs_the_secret_that_holds_it(door: Door) -> None:
    uid = (await door.must("GET", ACCOUNT))["metadata"]["uid"]
    mine = ("tokens-test", "robot", uid)
    await secret_for(door, "holder")
    data = {"token": secret_tokens.issue(cluster_key(door), *mine, "plain")}
    await door.must("POST", f"{SPACE}/secrets", {"metadata": {"name": "plain"}, "stringData": data})
    other = ("tokens-test", "robot", "another-uid", "holder")
    forged = ec.generate_private_key(ec.SECP256R1())
    for token in (
        data["token"],
        secret_tokens.issue(cluster_key(door), *mine, "missing"),
        secret_tokens.issue(cluster_key(door), *other),
        secret_tokens.issue(forged, *mine, "holder"),
    ):
        assert await code(door, token) == 401


async def test_a_token_in_a_secret_dies_with_its_account(door: Door) -> None:
    short = f"{SPACE}/serviceaccounts/short"
    await door.must("POST", f"{SPACE}/serviceaccounts", {"metadata": {"name": "short"}})
    token = await secret_for(door, "of-short", short)
    assert await code(door, token) == 201
    await door.must("DELETE", short)
    assert await code(door, token) == 401
    await door.must("POST", f"{SPACE}/serviceaccounts", {"metadata": {"name": "short"}})
    assert await code(door, token) == 401


async def test_bootstrap_tokens(door: Door) -> None:
    def secret(name: str, **more: str) -> dict[str, Any]:
        token_id = name.removeprefix("bootstrap-token-")
        data = {
            "token-id": token_id,
            "token-secret": "0123456789abcdef",
            "usage-bootstrap-authentication": "true",
            "auth-extra-groups": "system:bootstrappers:workers",
            **{key.replace("_", "-"): value for key, value in more.items()},
        }
        kind = "bootstrap.kubernetes.io/token"
        return {"metadata": {"name": name}, "type": kind, "stringData": data}

    secrets = "/api/v1/namespaces/kube-system/secrets"
    await door.must("POST", secrets, secret("bootstrap-token-abcdef"))
    token = "abcdef.0123456789abcdef"
    info = (await door.must("POST", WHO, {}, who=bearer(token)))["status"]["userInfo"]
    assert info["username"] == "system:bootstrap:abcdef"
    assert info["groups"] == [
        "system:bootstrappers",
        "system:bootstrappers:workers",
        "system:authenticated",
    ]
    assert (await door.ask(bearer(token), "GET", "/api/v1/nodes")).code == 403
    assert await code(door, "abcdef.0123456789abcdee") == 401
    await door.must("POST", f"{SPACE}/secrets", secret("bootstrap-token-elsewh"))
    assert await code(door, "elsewh.0123456789abcdef") == 401
    old = secret("bootstrap-token-oldold", expiration="2020-01-01T00:00:00Z")
    await door.must("POST", secrets, old)
    assert await code(door, "oldold.0123456789abcdef") == 401
    status = (await door.must("POST", REVIEWS, {"spec": {"token": token}}))["status"]
    assert status["user"]["username"] == "system:bootstrap:abcdef"
    await door.must("DELETE", f"{secrets}/bootstrap-token-abcdef")
    assert await code(door, token) == 401


async def test_no_token_appears_where_it_should_not(door: Door) -> None:
    answer = await door.ask(bearer("very-secret-thing"), "GET", "/api/v1/nodes")
    assert answer.code == 401 and "very-secret-thing" not in str(answer.body)
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }
    assert (await door.ask(NOBODY, "GET", "/api/v1/nodes")).code == 403
