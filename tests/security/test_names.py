"""Rules that name objects, wildcards, and the paths and selectors that try to slip past them.

Source: docs "Using RBAC Authorization", Referring to resources; "Authorization", attributes.
"""

import zlib
from typing import Any

import pytest
import pytest_asyncio

from tests.security.door import MERGE, Answer, Door, rule, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

SPACE = "/api/v1/namespaces/names-test"
MAPS = f"{SPACE}/configmaps"
ONE = user("one")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _cluster(door: Door) -> None:
    for name in ("names-test", "elsewhere"):
        await door.must("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    for name in ("mine", "other"):
        for space in ("names-test", "elsewhere"):
            path = f"/api/v1/namespaces/{space}/configmaps"
            await door.must("POST", path, {"metadata": {"name": name}})
    every = "get list watch create update patch delete deletecollection"
    await door.grant("one-map", "one", rule(every, "core", "configmaps", "mine"))


def items(answer: Answer) -> list[str]:
    assert answer.code == 200, answer
    return [item["metadata"]["name"] for item in answer.body["items"]]


async def watched(door: Door, path: str) -> Answer:
    sep = "&" if "?" in path else "?"
    return await door.ask(ONE, "GET", f"{path}{sep}watch=1&timeoutSeconds=1")


async def test_one_name_is_one_object(door: Door) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        for name, code in (("mine", 200), ("other", 403)):
            if (method, name) != ("DELETE", "mine"):
                body = {} if method == "PATCH" else None
                answer = await door.ask(ONE, method, f"{MAPS}/{name}", body, kind=MERGE)
                assert answer.code == code, (method, name)
    # As docs say: rules with names allow no create and no deletecollection.
    assert (await door.ask(ONE, "POST", MAPS, {"metadata": {"name": "mine"}})).code == 403
    assert (await door.ask(ONE, "DELETE", MAPS)).code == 403
    named = "?fieldSelector=metadata.name%3Dmine"
    assert (await door.ask(ONE, "DELETE", MAPS + named)).code == 403


async def test_a_list_or_watch_must_be_narrowed_to_the_name(door: Door) -> None:
    named = "?fieldSelector=metadata.name%3Dmine"
    assert items(await door.ask(ONE, "GET", MAPS + named)) == ["mine"]
    assert items(await door.ask(ONE, "GET", f"/api/v1/configmaps{named}")) == ["mine", "mine"]
    answer = await watched(door, MAPS + named)
    assert answer.code == 200 and "other" not in str(answer.body)
    assert (await door.ask(ONE, "GET", MAPS)).code == 403
    assert (await watched(door, MAPS)).code == 403


@pytest.mark.parametrize(
    "selector",
    [
        "metadata.name!=mine",
        "metadata.name!=x",
        "metadata.name!=a\\,metadata.name=mine",
        "metadata.namespace!=a\\,metadata.name=mine",
        "metadata.name!=mine,metadata.namespace=names-test",
        "metadata.name!==mine",
        "metadata.name=other",
        "metadata.name=",
        "metadata.name",
        "metadata.namespace=names-test",
        ",",
    ],
)
async def test_no_selector_says_one_thing_to_rules_and_another_to_the_store(
    door: Door, selector: str
) -> None:
    query = "?fieldSelector=" + "".join(f"%{byte:02X}" for byte in selector.encode())
    for path in (MAPS, "/api/v1/configmaps"):
        assert (await door.ask(ONE, "GET", path + query)).code == 403
        assert (await watched(door, path + query)).code == 403
    twice = f"?fieldSelector=metadata.name%3Dmine&{query[1:]}"
    assert items(await door.ask(ONE, "GET", MAPS + twice)) == ["mine"]
    both = f"?fieldSelector=metadata.name%3Dmine%2C{query.partition('=')[2]}"
    answer = await door.ask(ONE, "GET", MAPS + both)
    assert answer.code in (400, 403) or set(items(answer)) <= {"mine"}


async def test_a_name_in_the_path_of_a_watch_shows_that_object_only(door: Door) -> None:
    """Not all objects of the kind, in whichever namespace."""
    for path in (f"{MAPS}/mine", "/api/v1/configmaps/mine"):
        answer = await door.ask(ONE, "GET", f"{path}?watch=1&timeoutSeconds=1")
        assert answer.code in (200, 400, 404), answer
        assert "other" not in str(answer.body)


async def test_the_name_of_a_list_of_all_namespaces_is_no_empty_name(door: Door) -> None:
    await door.grant("empty", "ellen", rule("get list", "core", "secrets", ""))
    writes = rule("create", "rbac.authorization.k8s.io", "clusterroles")
    await door.grant("empty-writer", "ellen", writes)
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    for names in ([], ["a"]):
        wanted = {"metadata": {"name": "all"}, "rules": [rule("get", "core", "secrets", *names)]}
        assert (await door.ask(user("ellen"), "POST", path, wanted)).code == 403


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/namespaces/elsewhere/../names-test/configmaps", 404),
        ("/api/v1/namespaces/elsewhere/%2e%2e/names-test/configmaps", 404),
        ("/api/v1/namespaces/elsewhere%2F..%2Fnames-test/configmaps", 400),
        ("/api/v1/namespaces/elsewhere/./configmaps", 404),
        ("/api/v1//namespaces/names-test/configmaps", 404),
        ("//api/v1/namespaces/names-test/configmaps", 404),
        ("/api/v1/namespaces//configmaps", 404),
        ("/api/v1/namespaces/names-test/configmaps/mine/../other", 404),
        ("/api/v1/namespaces/names-test/configmaps/mine%2F..%2Fother", 400),
        ("/api/v1/namespaces/names-test/configmaps/mine%00", 400),
        ("/api/v1/namespaces/names-test/configmaps/mine/other", 403),
        ("/api/v1/namespaces/names-test/namespaces/names-test", 403),
        ("/api/v1/namespaces/names-test/nodes/n1", 403),
        ("/API/v1/namespaces/names-test/configmaps/other", 403),
        ("/api/v1/namespaces/names-test/ConfigMaps/other", 403),
        ("/api/v1/namespaces/names-test/configmaps/MINE", 403),
        ("/version/../api/v1/namespaces/names-test/configmaps/other", 404),
        ("/healthz/../metrics", 404),
        ("/healthz/%2e%2e/metrics", 404),
        ("/metrics/", 403),
        ("/metrics", 403),
        ("/debug/store/snapshot", 403),
        ("/api/v1;/namespaces/names-test/configmaps/other", 403),
    ],
)
async def test_paths_that_would_confuse(door: Door, path: str, code: int) -> None:
    answer = await door.ask(ONE, "GET", path)
    assert answer.code == code, answer
    if code != 404:
        assert answer.body["kind"] == "Status"


@pytest.mark.parametrize(
    ("rules", "allowed", "refused"),
    [
        (
            rule("*", "core", "configmaps"),
            ["GET configmaps/mine", "GET configmaps"],
            ["GET secrets", "GET pods"],
        ),
        (
            rule("get list", "core", "*"),
            ["GET configmaps", "GET secrets", "GET pods", "GET services/x/proxy", "GET pods/x/log"],
            ["DELETE configmaps/mine", "POST configmaps", "PATCH configmaps/mine"],
        ),
        (rule("get", "core", "*/log"), ["GET pods/x/log"], ["GET pods/x", "GET pods/x/status"]),
        (rule("get", "core", "pods"), ["GET pods/x"], ["GET pods/x/log", "GET pods/x/status"]),
        (rule("get", "core", "pods/*"), [], ["GET pods/x", "GET pods/x/log"]),
        (rule("ge*", "core", "pod*"), [], ["GET pods/x"]),
        (rule("GET", "core", "pods"), [], ["GET pods/x"]),
        (rule("get", "*", "configmaps", "*"), [], ["GET configmaps/mine"]),
        (rule("list", "apps", "configmaps"), [], ["GET configmaps"]),
    ],
)
async def test_wildcards(
    door: Door, rules: dict[str, Any], allowed: list[str], refused: list[str]
) -> None:
    name = f"wild-{zlib.crc32(str(rules).encode())}"
    await door.grant(name, name, rules, namespace="names-test")
    for asked, good in [*((text, True) for text in allowed), *((text, False) for text in refused)]:
        method, path = asked.split()
        body = {} if method in ("PATCH", "POST") else None
        answer = await door.ask(user(name), method, f"{SPACE}/{path}", body, kind=MERGE)
        assert (answer.code != 403) is good, (asked, answer)


async def test_paths_of_no_resource(door: Door) -> None:
    rules = {"verbs": ["get"], "nonResourceURLs": ["/metrics", "/debug/*"]}
    await door.grant("paths", "paula", rules)
    paula = user("paula")
    for path, allowed in (
        ("/metrics", True),
        ("/debug/store", True),
        ("/debug", False),
        ("/metricsx", False),
        ("/api/v1/nodes", False),
        ("/", False),
    ):
        assert ((await door.ask(paula, "GET", path)).code != 403) is allowed, path
    refused = await door.ask(paula, "POST", "/debug/store/transfer", {})
    assert refused.message == 'forbidden: User "paula" cannot post path "/debug/store/transfer"'


async def test_rights_in_a_namespace_are_rights_on_it(door: Door) -> None:
    """``view`` in a namespace shows the namespace itself, and no other."""
    await door.grant(
        "in-space", "nina", rule("get list", "core", "namespaces"), namespace="names-test"
    )
    nina = user("nina")
    assert (await door.ask(nina, "GET", SPACE)).code == 200
    refused = await door.ask(nina, "GET", "/api/v1/namespaces/default")
    assert refused.message == (
        'namespaces "default" is forbidden: User "nina" cannot get resource "namespaces" in API '
        'group "" in the namespace "default"'
    )
    assert (await door.ask(nina, "GET", "/api/v1/namespaces")).code == 403
    assert (await door.ask(nina, "DELETE", SPACE)).code == 403
    assert (await door.ask(nina, "GET", f"{SPACE}/status")).code == 403


async def test_a_status_is_not_its_object_nor_the_other_way(door: Door) -> None:
    rights = rule("get update patch", "apps", "deployments/status")
    await door.grant("status-only", "stan", rights, namespace="names-test")
    await door.grant(
        "spec-only",
        "spock",
        rule("get update patch", "apps", "deployments"),
        namespace="names-test",
    )
    apps = "/apis/apps/v1/namespaces/names-test/deployments"
    labels = {"app": "a"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "x"}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    await door.must("POST", apps, {"metadata": {"name": "d"}, "spec": spec})
    change = {
        "metadata": {"finalizers": ["a/b"], "ownerReferences": [], "labels": {"x": "y"}},
        "spec": {"replicas": 7},
        "status": {"replicas": 3},
    }
    assert (await door.ask(user("stan"), "PATCH", f"{apps}/d", change, kind=MERGE)).code == 403
    done = await door.ask(user("stan"), "PATCH", f"{apps}/d/status", change, kind=MERGE)
    assert done.code == 200
    assert (done.body["spec"]["replicas"], done.body["status"]["replicas"]) == (1, 3)
    assert "finalizers" not in done.body["metadata"] and "labels" not in done.body["metadata"]
    assert (
        await door.ask(user("spock"), "PATCH", f"{apps}/d/status", change, kind=MERGE)
    ).code == 403
    change["status"] = {"replicas": 9}
    done = await door.ask(user("spock"), "PATCH", f"{apps}/d", change, kind=MERGE)
    assert (done.body["spec"]["replicas"], done.body["status"]["replicas"]) == (7, 3)


@pytest.mark.parametrize(
    ("verbs", "part", "method", "code"),
    [
        ("get", "exec?command=id&stdout=1", "GET", 403),
        ("create", "exec?command=id&stdout=1", "GET", 403),
        ("create", "exec?command=id&stdout=1", "POST", 404),
        ("get create", "exec?command=id&stdout=1", "GET", 404),
        ("get", "attach?stdout=1", "GET", 403),
        ("get", "portforward", "GET", 403),
        ("get", "proxy/", "POST", 403),
        ("get", "proxy/", "GET", 404),
        ("get", "log", "GET", 404),
        ("update", "ephemeralcontainers", "PATCH", 403),
        ("patch", "ephemeralcontainers", "PATCH", 404),
        ("create", "eviction", "POST", 404),
        ("delete", "eviction", "POST", 403),
        ("create", "binding", "PATCH", 403),
    ],
)
async def test_streams_and_parts_need_their_own_verbs(
    door: Door, verbs: str, part: str, method: str, code: int
) -> None:
    """404: allowed, and there is no such pod."""
    resource = part.partition("?")[0].rstrip("/")
    name = f"part-{resource}-{verbs.replace(' ', '-')}-{method}".lower()
    await door.grant(name, name, rule(verbs, "core", f"pods/{resource}"), namespace="names-test")
    body: Any = {"metadata": {"name": "absent"}} if method != "GET" else None
    if resource == "proxy":
        body = None
    answer = await door.ask(
        user(name),
        method,
        f"{SPACE}/pods/absent/{part}",
        body,
        kind=MERGE if method == "PATCH" else "application/json",
    )
    assert answer.code == code, answer
