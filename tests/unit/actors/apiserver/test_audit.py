"""What the audit log keeps of requests by both doors."""

import http.client
import json
import ssl
from asyncio import to_thread
from pathlib import Path
from typing import Any

import pytest

from cluster.api.audit_policy import parse
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from deploy import pki
from tests.support.control_plane import ControlPlane, control_plane

Json = dict[str, Any]
POLICY = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  users: ["system:kube-scheduler"]
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
- level: RequestResponse
  omitStages: [RequestReceived]
  resources: [{group: "", resources: [configmaps]}]
- level: Metadata
  nonResourceURLs: ["/version"]
""")


def logged(folder: Path) -> list[Json]:
    """Events so far (the server has been stopped: all are written)."""
    file = folder / "audit" / "audit.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


def settings_map(name: str) -> Json:
    return {"metadata": {"name": name}, "data": {"a": "1"}}


async def test_the_message_door(tmp_path: Path) -> None:
    async with control_plane(tmp_path, audit=POLICY) as plane:
        await plane.create("configmaps", settings_map("one"), "default")
        with pytest.raises(StatusError):
            await plane.create("configmaps", settings_map("one"), "default")
        secret = {"metadata": {"name": "s"}, "data": {"word": "c2VjcmV0"}}
        await plane.create("secrets", secret, "default")
    events = logged(tmp_path)
    maps = [one for one in events if one["objectRef"]["resource"] == "configmaps"]
    assert [one["stage"] for one in maps] == ["ResponseComplete"] * 2
    made, refused = maps
    assert made["requestURI"] == "/api/v1/namespaces/default/configmaps"
    assert made["verb"] == "create"
    assert made["requestObject"]["data"] == {"a": "1"}
    assert made["responseObject"]["metadata"]["name"] == "one"
    assert "managedFields" not in made["responseObject"]["metadata"]
    assert made["responseStatus"] == {"metadata": {}, "code": 201}
    assert (refused["responseStatus"]["code"], refused["responseStatus"]["reason"]) == (
        409,
        "AlreadyExists",
    )
    secrets = [one for one in events if one["objectRef"]["resource"] == "secrets"]
    assert [one["stage"] for one in secrets] == ["RequestReceived", "ResponseComplete"]
    assert len({one["auditID"] for one in secrets}) == 1
    assert "c2VjcmV0" not in json.dumps(secrets)


def call(plane: ControlPlane, method: str, path: str, **headers: str) -> int:
    settings = plane.settings
    context = ssl.create_default_context(cafile=pki.path(settings, "ca.crt"))
    context.load_cert_chain(pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
    host = settings.replicas[0].api_addresses[0]
    connection = http.client.HTTPSConnection(host, context=context, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


async def test_the_https_door(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        base = "/api/v1/namespaces/default/configmaps"
        impersonate = {"Impersonate-User": "bob", "User-Agent": "tool/1"}
        assert await to_thread(call, plane, "GET", "/version") == 200
        assert await to_thread(call, plane, "GET", "/healthz") == 200
        assert await to_thread(call, plane, "GET", f"{base}/none") == 404
        assert await to_thread(call, plane, "GET", f"{base}?limit=1", **impersonate) == 403
        assert await to_thread(call, plane, "GET", f"{base}?watch=1&timeoutSeconds=1") == 200
        wrong = {"Authorization": "Bearer not-a-token"}
        assert await to_thread(call, plane, "DELETE", f"{base}/none", **wrong) == 401
    [failed] = [one for one in logged(tmp_path) if not one["user"]]
    assert (failed["verb"], failed["objectRef"]["name"]) == ("delete", "none")
    assert failed["stage"] == "ResponseStarted"
    assert failed["responseStatus"]["code"] == 401
    assert "not-a-token" not in (tmp_path / "audit" / "audit.jsonl").read_text()
    events = [one for one in logged(tmp_path) if one["user"].get("username") == "kubernetes-admin"]
    told = [
        (one["requestURI"], one["stage"], one.get("responseStatus", {}).get("code"))
        for one in events
    ]
    assert told == [
        ("/version", "RequestReceived", None),
        ("/version", "ResponseComplete", 200),
        (f"{base}/none", "ResponseComplete", 404),
        (f"{base}?limit=1", "ResponseComplete", 403),
        (f"{base}?watch=1&timeoutSeconds=1", "ResponseStarted", 200),
        (f"{base}?watch=1&timeoutSeconds=1", "ResponseComplete", 200),
    ]
    allowed = {
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": "",  # of system:masters nobody asks why
    }
    assert events[0].get("annotations") is None
    assert [one["annotations"] for one in (*events[1:3], *events[4:])] == [allowed] * 4
    forbidden = events[3]
    assert forbidden["annotations"] == {
        "authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "",
    }  # fmt: skip
    assert forbidden["impersonatedUser"]["username"] == "bob"
    assert forbidden["authenticationMetadata"] == {
        "impersonationConstraint": "impersonate:user-info"
    }
    assert not [one for one in events if "authenticationMetadata" in one and one is not forbidden]
    assert forbidden["userAgent"] == "tool/1"
    assert forbidden["sourceIPs"] == ["127.0.0.1"]
    assert forbidden["responseStatus"]["reason"] == "Forbidden"
    assert events[4]["verb"] == "watch"


async def test_who_may_not_act_as_others_is_written_down(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        await plane.create("serviceaccounts", {"metadata": {"name": "weak"}}, "default")
        made = await plane.ask(
            ApiRequest(
                "create",
                "serviceaccounts",
                namespace="default",
                name="weak",
                subresource="token",
                body=b'{"spec": {}}',
            )
        )
        token = json.loads(made.body)["status"]["token"]
        headers = {"Authorization": f"Bearer {token}", "Impersonate-User": "eve"}
        path = "/api/v1/namespaces/default/configmaps"
        assert await to_thread(call, plane, "GET", path, **headers) == 403
    [event] = [one for one in logged(tmp_path) if one["requestURI"] == path and "sourceIPs" in one]
    assert event["user"]["username"] == "system:serviceaccount:default:weak"
    name = "system:serviceaccount:default:weak"
    assert event["responseStatus"]["message"] == (
        f'configmaps is forbidden: User "{name}" cannot impersonate-on:user-info:list resource '
        '"configmaps" in API group "" in the namespace "default"'
    )


async def test_without_a_policy_nothing_is_kept(tmp_path: Path) -> None:
    async with control_plane(tmp_path, audit=None) as plane:
        await plane.ask(ApiRequest("list", "pods"))
    assert not (tmp_path / "audit").exists()


async def test_what_another_server_answers(tmp_path: Path) -> None:
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, resources: [{group: x.io}], omitStages: [RequestReceived]}]
""")
    spec = {
        "group": "x.io",
        "version": "v1",
        "groupPriorityMinimum": 1,
        "versionPriority": 1,
        "service": {"namespace": "default", "name": "none"},
    }
    path = "/apis/x.io/v1/namespaces/default/things/one"
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        service = {"metadata": {"name": "v1.x.io"}, "spec": spec}
        await plane.create("apiservices", service, group="apiregistration.k8s.io")
        for _ in range(400):
            if await to_thread(call, plane, "DELETE", path) == 503:
                break
        bob = {"Impersonate-User": "bob"}
        assert await to_thread(call, plane, "GET", path + "/status", **bob) == 403
    gone, refused = logged(tmp_path)[-2:]
    assert (gone["verb"], gone["responseStatus"]["code"]) == ("delete", 503)
    assert gone["objectRef"] == {
        "apiGroup": "x.io",
        "apiVersion": "v1",
        "name": "one",
        "namespace": "default",
        "resource": "things",
    }
    assert (refused["objectRef"]["subresource"], refused["responseStatus"]["code"]) == (
        "status",
        403,
    )
