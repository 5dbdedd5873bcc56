"""The fields of audit events, as audit.k8s.io/v1 documents them."""

import asyncio
import http.client
import json
import ssl
from asyncio import to_thread
from pathlib import Path
from typing import Any

from cluster.api.audit_policy import parse
from deploy import pki
from tests.support.control_plane import ControlPlane, control_plane

Json = dict[str, Any]
MAPS = "/api/v1/namespaces/default/configmaps"
POLICY = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: RequestResponse
  omitStages: [RequestReceived]
  resources: [{group: "", resources: [configmaps]}]
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
""")


def call(
    plane: ControlPlane, method: str, path: str, body: Json | str = "", known: bool = True,
    **headers: str,
) -> int:  # fmt: skip
    settings = plane.settings
    context = ssl.create_default_context(cafile=pki.path(settings, "ca.crt"))
    if known:
        context.load_cert_chain(pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
    host = settings.replicas[0].api_addresses[0]
    connection = http.client.HTTPSConnection(host, context=context, timeout=10)
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body if isinstance(body, str) else json.dumps(body), said)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def logged(folder: Path, uri: str) -> list[Json]:
    """Events of HTTPS requests so far (the server has been stopped: all are written)."""
    lines = (folder / "audit" / "audit.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return [one for one in events if one["requestURI"] == uri and "sourceIPs" in one]


async def test_what_is_written_is_named(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        secret = {"metadata": {"name": "key"}}
        secrets = "/api/v1/namespaces/default/secrets"
        assert await to_thread(call, plane, "POST", secrets, secret) == 201
        made = await plane.create("configmaps", {"metadata": {"name": "one"}}, "default")
        assert await to_thread(call, plane, "PUT", f"{MAPS}/one", made) == 200
        assert await to_thread(call, plane, "POST", MAPS, {"metadata": {"generateName": "a-"}}) == (
            201
        )
    received, complete = logged(tmp_path, secrets)
    [known_by] = complete["user"]["extra"]["authentication.kubernetes.io/credential-id"]
    assert known_by.startswith("X509SHA256=")
    assert "name" not in received["objectRef"]
    assert received["stageTimestamp"] == received["requestReceivedTimestamp"]
    assert complete["objectRef"]["name"] == "key"
    [updated] = logged(tmp_path, f"{MAPS}/one")
    assert updated["objectRef"] == {
        "resource": "configmaps",
        "namespace": "default",
        "name": "one",
        "uid": made["metadata"]["uid"],
        "apiVersion": "v1",
        "resourceVersion": made["metadata"]["resourceVersion"],
    }
    assert "managedFields" not in updated["requestObject"]["metadata"]
    [unnamed] = logged(tmp_path, MAPS)
    assert "name" not in unnamed["objectRef"]


async def test_bodies_that_are_yaml_are_kept_too(tmp_path: Path) -> None:
    applied = f"{MAPS}/two?fieldManager=me"
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        text = "metadata:\n  name: one\ndata:\n  a: b\n"
        yaml = {"Content_Type": "application/yaml"}
        assert await to_thread(call, plane, "POST", MAPS, text, **yaml) == 201
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\n"
        yaml = {"Content_Type": "application/apply-patch+yaml"}
        assert await to_thread(call, plane, "PATCH", applied, text, **yaml) == 201
    [made] = logged(tmp_path, MAPS)
    assert made["objectRef"]["name"] == "one"
    assert made["requestObject"]["data"] == {"a": "b"}
    [patched] = logged(tmp_path, applied)
    assert patched["requestObject"]["metadata"] == {"name": "two"}


async def test_an_answer_that_is_a_status_is_told(tmp_path: Path) -> None:
    secret = "/api/v1/namespaces/default/secrets/key"
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        made = await plane.create("secrets", {"metadata": {"name": "key"}}, "default")
        assert await to_thread(call, plane, "DELETE", secret) == 200
    assert logged(tmp_path, secret)[-1]["responseStatus"] == {
        "metadata": {},
        "status": "Success",
        "details": {"name": "key", "kind": "secrets", "uid": made["metadata"]["uid"]},
        "code": 200,
    }


async def test_failed_authentication(tmp_path: Path) -> None:
    watch, one = f"{MAPS}?watch=1", f"{MAPS}/none"
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        wrong = {"Authorization": "Bearer not-a-token"}
        assert await to_thread(call, plane, "GET", MAPS, known=False, **wrong) == 401
        assert await to_thread(call, plane, "GET", watch, **wrong) == 401
        assert await to_thread(call, plane, "DELETE", one, known=False, **wrong) == 401
    [listed], [watched], [deleted] = (logged(tmp_path, uri) for uri in (MAPS, watch, one))
    assert [event["verb"] for event in (listed, watched, deleted)] == ["list", "watch", "delete"]
    assert (listed["stage"], listed["user"]) == ("ResponseStarted", {})
    assert listed["responseStatus"] == {
        "metadata": {}, "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized",
        "code": 401,
    }  # fmt: skip


async def test_where_a_request_came_from(tmp_path: Path) -> None:
    seen = {
        "10.1.1.1, 10.2.2.2": ["10.1.1.1", "10.2.2.2", "10.3.3.3", "127.0.0.1"],
        "10.3.3.3, no-address": ["10.3.3.3", "127.0.0.1"],
        "10.3.3.3,127.0.0.1": ["10.3.3.3", "127.0.0.1"],
    }
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        for number, forwarded in enumerate(seen):
            way = {"X_Forwarded_For": forwarded, "X_Real_Ip": "10.3.3.3"}
            assert await to_thread(call, plane, "GET", f"{MAPS}/{number}", **way) == 404
        long = {"User_Agent": "x" * 2000}
        assert await to_thread(call, plane, "GET", f"{MAPS}/long", **long) == 404
    for number, addresses in enumerate(seen.values()):
        [event] = logged(tmp_path, f"{MAPS}/{number}")
        assert event["sourceIPs"] == addresses
    [event] = logged(tmp_path, f"{MAPS}/long")
    assert event["userAgent"] == "x" * 1024 + "...TRUNCATED"


async def test_rows_of_tables_have_no_managed_fields(tmp_path: Path) -> None:
    uri = f"{MAPS}?includeObject=Object"
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        made = {"metadata": {"name": "one"}, "data": {"a": "b"}}
        assert await to_thread(call, plane, "POST", MAPS, made) == 201
        table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
        assert await to_thread(call, plane, "GET", uri, **table) == 200
    [event] = logged(tmp_path, uri)
    rows = event["responseObject"]["rows"]
    assert "one" in [row["object"]["metadata"]["name"] for row in rows]
    assert not [row for row in rows if "managedFields" in row["object"]["metadata"]]


async def test_what_lasts_is_told_of_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    pod = "/api/v1/namespaces/default/pods/none"
    uris = {f"{pod}/exec?command=ls&stdout=true": 404, f"{pod}/log": 404, f"{pod}/proxy/": 404,
            "/api/v1/pods?watch=1&resourceVersion=x": 400}  # fmt: skip
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, resources: [{group: ""}]}]
""")
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        for uri, code in uris.items():
            assert await to_thread(call, plane, "GET", uri) == code
    for uri, code in uris.items():
        events = logged(tmp_path, uri)
        assert [(one["stage"], one.get("responseStatus", {}).get("code")) for one in events] == [
            ("RequestReceived", None), ("ResponseStarted", code), ("ResponseComplete", code),
        ]  # fmt: skip


async def test_what_is_deprecated_is_marked(tmp_path: Path) -> None:
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, omitStages: [RequestReceived], resources: [{group: ""}]}]
""")
    base = "/api/v1/namespaces/default"
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        assert await to_thread(call, plane, "GET", f"{base}/endpoints") == 200
        assert await to_thread(call, plane, "GET", f"{base}/configmaps") == 200
    [old], [new] = logged(tmp_path, f"{base}/endpoints"), logged(tmp_path, f"{base}/configmaps")
    assert old["annotations"]["k8s.io/deprecated"] == "true"
    assert "k8s.io/deprecated" not in new["annotations"]


async def test_who_does_not_wait_for_the_end(tmp_path: Path) -> None:
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, omitStages: [RequestReceived], resources: [{group: ""}]}]
""")
    uri = "/api/v1/namespaces?watch=1"
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        settings = plane.settings
        context = ssl.create_default_context(cafile=pki.path(settings, "ca.crt"))
        context.load_cert_chain(pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
        host, port = settings.replicas[0].api_addresses[0].split(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(f"GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.transport.abort()
        file = tmp_path / "audit" / "audit.jsonl"
        for _ in range(400):
            if "ResponseComplete" in "".join(
                line for line in file.read_text().splitlines() if uri in line
            ):
                break
            await asyncio.sleep(0.01)
    started, complete = logged(tmp_path, uri)
    assert (started["stage"], complete["stage"]) == ("ResponseStarted", "ResponseComplete")
    assert complete["responseStatus"] == {"metadata": {}, "code": 200}


async def test_what_cannot_be_read_is_written_down(tmp_path: Path) -> None:
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, omitStages: [RequestReceived]}]
""")
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        assert await to_thread(call, plane, "OPTIONS", MAPS) == 405
        assert await to_thread(call, plane, "GET", f"{MAPS}?limit=%ff") == 400
        assert await to_thread(call, plane, "POST", MAPS, "{", Content_Encoding="gzip") == 415
        assert await to_thread(call, plane, "GET", "/nowhere") == 404
    options, made = logged(tmp_path, MAPS)
    assert (options["verb"], options["responseStatus"]["code"]) == ("options", 405)
    assert (made["verb"], made["responseStatus"]["code"]) == ("create", 415)
    [listed] = logged(tmp_path, f"{MAPS}?limit=%ff")
    assert (listed["verb"], listed["responseStatus"]["code"]) == ("list", 400)
    assert listed["objectRef"]["resource"] == "configmaps"
    assert len(logged(tmp_path, "/nowhere")) == 1


async def test_answers_that_are_no_objects(tmp_path: Path) -> None:
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: RequestResponse, omitStages: [RequestReceived]}]
""")
    objects = {"/version": "gitVersion", "/apis": "groups", f"{MAPS}?limit=1": "items",
               f"{MAPS}/none": "reason"}  # fmt: skip
    others = ("/healthz", "/metrics", "/openapi/v2")
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        for uri in objects:
            await to_thread(call, plane, "GET", uri, Accept="application/json")
        await to_thread(call, plane, "GET", f"{MAPS}?limit=2", Accept="application/yaml")
        for uri in others:
            protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            await to_thread(call, plane, "GET", uri, Accept=f"{protobuf},text/plain,*/*")
        await to_thread(call, plane, "HEAD", "/api")
    for uri, field in objects.items():
        [event] = logged(tmp_path, uri)
        assert field in event["responseObject"], uri
    [event] = logged(tmp_path, f"{MAPS}?limit=2")
    assert event["responseObject"]["kind"] == "ConfigMapList"
    for uri in others:
        [event] = logged(tmp_path, uri)
        assert "responseObject" not in event, uri


async def test_a_list_of_one_name_is_of_that_object(tmp_path: Path) -> None:
    uri = f"{MAPS}?fieldSelector=metadata.name%3Done"
    async with control_plane(tmp_path, http=True, audit=POLICY) as plane:
        assert await to_thread(call, plane, "GET", uri) == 200
    [event] = logged(tmp_path, uri)
    assert (event["verb"], event["objectRef"]["name"]) == ("list", "one")


async def test_a_namespace_is_in_itself(tmp_path: Path) -> None:
    policy = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, omitStages: [RequestReceived], namespaces: [default]}]
""")
    base = "/api/v1/namespaces"
    async with control_plane(tmp_path, http=True, audit=policy) as plane:
        for uri in (base, f"{base}/default", f"{base}/kube-system"):
            assert await to_thread(call, plane, "GET", uri) == 200
    [event] = logged(tmp_path, f"{base}/default")
    assert event["objectRef"] == {
        "resource": "namespaces", "namespace": "default", "name": "default", "apiVersion": "v1",
    }  # fmt: skip
    assert not logged(tmp_path, base) + logged(tmp_path, f"{base}/kube-system")
