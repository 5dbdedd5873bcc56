"""Bad input gets the right code and a Status, and nothing is stored."""

import http.client
import json
import ssl
from typing import Any

import pytest

from deploy import pki
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]
MAPS = "/api/v1/namespaces/default/configmaps"


def ask(
    real: RealCluster, method: str, path: str, body: bytes | None = None,
    headers: dict[str, str] | None = None, credentials: bool = True,
) -> tuple[int, Any]:  # fmt: skip
    """One raw HTTPS request: its status, and its answer, as text where it is no JSON."""
    context = ssl.create_default_context(cafile=pki.path(real.settings, "ca.crt"))
    if credentials:
        context.load_cert_chain(
            pki.path(real.settings, "admin.crt"), pki.path(real.settings, "admin.key")
        )
    host, _, port = real.settings.network.shared_api.rpartition(":")
    connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=20)
    try:
        connection.request(
            method, path, body, {"Content-Type": "application/json", **(headers or {})}
        )
        response = connection.getresponse()
        answer = response.read()
        if response.getheader("Content-Type", "").startswith("text/plain"):
            return response.status, answer.decode()
        return response.status, json.loads(answer)
    finally:
        connection.close()


def config_map(name: str, **more: Any) -> bytes:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}
    ).encode()


def stored(real: RealCluster) -> set[str]:
    return {item["metadata"]["name"] for item in ask(real, "GET", MAPS)[1]["items"]}


@pytest.mark.parametrize(
    ("body", "code", "reason", "words"),
    [
        (b'{"apiVersion": "v1", "kind": "Conf', 400, "BadRequest", ""),
        (b"\xff\xfe", 400, "BadRequest", ""),
        (b"[" * 5000, 400, "BadRequest", ""),
        (config_map("bad", data={"a": 5}), 400, "BadRequest", "data"),
        (config_map("bad", dta={"a": "b"}), 400, "BadRequest", 'unknown field "dta"'),
        (config_map("Not_A_Name"), 422, "Invalid", "metadata.name"),
        (config_map("bad", apiVersion="v2"), 400, "BadRequest", ""),
        (b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad","name":"bad"}}', 400,
         "BadRequest", "duplicate"),
    ],
)  # fmt: skip
def test_malformed_objects(
    real: RealCluster, body: bytes, code: int, reason: str, words: str
) -> None:
    before = stored(real)
    status, answer = ask(real, "POST", MAPS + "?fieldValidation=Strict", body)
    assert (status, answer["kind"], answer["reason"]) == (code, "Status", reason), answer
    assert words in answer["message"]
    assert stored(real) == before


def test_malformed_yaml(real: RealCluster) -> None:
    for text in (b"a: [", b"a: &a [*a]", b"{}: {}"):
        status, answer = ask(real, "POST", MAPS, text, {"Content-Type": "application/yaml"})
        assert (status, answer["kind"]) == (400, "Status")


def test_wrong_namespace_and_names(real: RealCluster) -> None:
    body = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "other"}}
    ).encode()
    assert ask(real, "POST", MAPS, body)[0] == 400
    absent = ask(real, "POST", "/api/v1/namespaces/absent/configmaps", config_map("x"))
    assert (absent[0], absent[1]["reason"]) == (404, "NotFound")
    assert ask(real, "GET", "/api/v1/nothing")[1]["reason"] == "NotFound"
    assert ask(real, "GET", "/apis/nothing/v1/things") == (404, "404 page not found\n")


def test_a_stale_revision_conflicts(real: RealCluster) -> None:
    ask(real, "POST", MAPS, config_map("stale"))
    try:
        _, first = ask(real, "GET", f"{MAPS}/stale")
        first["data"] = {"a": "1"}
        assert ask(real, "PUT", f"{MAPS}/stale", json.dumps(first).encode())[0] == 200
        first["data"] = {"a": "2"}
        status, answer = ask(real, "PUT", f"{MAPS}/stale", json.dumps(first).encode())
        assert (status, answer["reason"]) == (409, "Conflict")
        assert ask(real, "GET", f"{MAPS}/stale")[1]["data"] == {"a": "1"}
    finally:
        ask(real, "DELETE", f"{MAPS}/stale")


def test_an_oversized_body_is_refused(real: RealCluster) -> None:
    status, answer = ask(real, "POST", MAPS, config_map("big", data={"a": "x" * (4 << 20)}))
    assert (status, answer["reason"]) == (413, "RequestEntityTooLarge")
    assert "big" not in stored(real)


def test_no_or_wrong_credentials(real: RealCluster) -> None:
    status, answer = ask(real, "GET", MAPS, credentials=False)
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert 'User "system:anonymous" cannot list resource "configmaps"' in answer["message"]
    wrong = {"Authorization": "Bearer wrong"}
    assert ask(real, "POST", MAPS, config_map("no"), wrong, credentials=False)[0] == 401
    assert ask(real, "GET", "/version", credentials=False)[0] == 200


def test_a_forbidden_user(real: RealCluster, kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "weak")
    try:
        token = kubectl("create", "token", "weak").strip()
        bearer = {"Authorization": f"Bearer {token}"}
        status, answer = ask(real, "POST", MAPS, config_map("no"), bearer, credentials=False)
        assert (status, answer["reason"]) == (403, "Forbidden")
        assert "system:serviceaccount:default:weak" in answer["message"]
        assert "no" not in stored(real)
    finally:
        kubectl("delete", "serviceaccount", "weak")
