"""Nobody gains by RBAC what they do not have: each test is an attempt, and ends in a refusal.

Source: docs "Using RBAC Authorization", Privilege escalation prevention and bootstrapping;
"Aggregated ClusterRoles"; "Server-Side Apply"; "User impersonation".
"""

from typing import Any

import pytest
import pytest_asyncio

from tests.security.door import ADMIN, APPLY, JSON, MERGE, RBAC, Door, binding, role, rule, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = f"{RBAC}/namespaces/default/roles"
BINDINGS = f"{RBAC}/namespaces/default/rolebindings"
CLUSTER_ROLES = f"{RBAC}/clusterroles"
WRITE = "create get update patch delete"
GROUP = "rbac.authorization.k8s.io"
SECRETS = rule("get", "core", "secrets")
PODS = rule("get list", "core", "pods")
EVERYTHING = rule("*", "*", "*")
HELD = "is attempting to grant RBAC permissions not currently held"


@pytest.fixture(scope="session")
def mallory() -> Any:
    return user("mallory", "staff")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _rights(door: Door) -> None:
    """Mallory may write roles and bindings of all kinds, and read pods; no more."""
    writes = rule(WRITE, GROUP, "roles rolebindings clusterroles clusterrolebindings")
    await door.grant("role-writer", "mallory", writes, PODS)
    await door.must("POST", ROLES, role("powerful", SECRETS))
    await door.must("POST", CLUSTER_ROLES, role("mighty", EVERYTHING))


@pytest.mark.parametrize(
    "rules",
    [
        [SECRETS],
        [PODS, SECRETS],
        [EVERYTHING],
        [rule("*", "core", "pods")],
        [rule("get", "*", "pods")],
        [rule("get", "core", "*")],
        [rule("get", "core", "pods/*")],
        [rule("get", "core", "*/log")],
        [rule("get", "core", "pods/log")],
        [rule("delete", "core", "pods", "one")],
        [rule("escalate", GROUP, "roles")],
        [rule("bind", GROUP, "clusterroles")],
        [rule("impersonate", "core", "users")],
    ],
)
async def test_a_role_with_more_than_one_has(door: Door, mallory: Any, rules: Any) -> None:
    wanted = role("more", *rules)
    for path in (ROLES, CLUSTER_ROLES):
        refused = await door.ask(mallory, "POST", path, wanted)
        assert (refused.code, HELD in refused.message) == (403, True), refused
        applied = {**wanted, "apiVersion": f"{GROUP}/v1"}
        applied["kind"] = "Role" if path == ROLES else "ClusterRole"
        refused = await door.ask(
            mallory, "PATCH", f"{path}/more?fieldManager=m", applied, kind=APPLY
        )
        assert (refused.code, HELD in refused.message) == (403, True), refused
        assert (await door.ask(ADMIN, "GET", f"{path}/more")).code == 404


async def test_paths_cannot_be_granted_either(door: Door, mallory: Any) -> None:
    for urls in (["*"], ["/metrics"], ["/api*"], ["/"]):
        wanted = role("paths", {"verbs": ["get"], "nonResourceURLs": urls})
        refused = await door.ask(mallory, "POST", CLUSTER_ROLES, wanted)
        assert (refused.code, HELD in refused.message) == (403, True), urls
        assert f'NonResourceURLs:["{urls[0]}"]' in refused.message


async def test_the_refusal_names_what_is_missing_as_kubernetes_does(
    door: Door, mallory: Any
) -> None:
    wanted = role("more", rule("get list", "core", "secrets", "a"), rule("get", "apps", "*"))
    refused = await door.ask(mallory, "POST", CLUSTER_ROLES, wanted)
    assert refused.message == (
        'clusterroles.rbac.authorization.k8s.io "more" is forbidden: user "mallory" '
        '(groups=["staff" "system:authenticated"]) is attempting to grant RBAC permissions not '
        "currently held:\n"
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["a"], Verbs:["get" "list"]}\n'
        '{APIGroups:["apps"], Resources:["*"], Verbs:["get"]}'
    )


async def test_what_one_has_may_be_granted(door: Door, mallory: Any) -> None:
    for number, rules in enumerate(([PODS], [rule("get", "core", "pods", "one")], [])):
        wanted = role(f"mine-{number}", *rules)
        assert (await door.ask(mallory, "POST", ROLES, wanted)).code == 201


@pytest.mark.parametrize(("method", "kind"), [("PUT", JSON), ("PATCH", MERGE), ("PATCH", APPLY)])
async def test_an_existing_role_cannot_be_widened(
    door: Door, mallory: Any, method: str, kind: str
) -> None:
    name = f"narrow-{kind.partition('/')[2]}".replace("+", "-")
    await door.must("POST", ROLES, role(name, PODS))
    wider = {**role(name, PODS, SECRETS), "apiVersion": f"{GROUP}/v1", "kind": "Role"}
    query = "?fieldManager=m&force=true" if kind == APPLY else ""
    refused = await door.ask(mallory, method, f"{ROLES}/{name}{query}", wider, kind=kind)
    assert (refused.code, HELD in refused.message) == (403, True)
    assert (await door.must("GET", f"{ROLES}/{name}"))["rules"] == [PODS]


async def test_a_json_patch_cannot_widen_a_role(door: Door, mallory: Any) -> None:
    await door.must("POST", ROLES, role("patched", PODS))
    patch = [{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}]
    json_patch = "application/json-patch+json"
    refused = await door.ask(mallory, "PATCH", f"{ROLES}/patched", patch, kind=json_patch)
    assert refused.code == 403


async def test_the_label_of_a_role_that_one_does_not_hold_cannot_be_changed(
    door: Door, mallory: Any
) -> None:
    """Else a mighty role would be gathered into one that the attacker holds."""
    label = {"metadata": {"labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}}
    for name in ("mighty", "cluster-admin"):
        refused = await door.ask(mallory, "PATCH", f"{CLUSTER_ROLES}/{name}", label, kind=MERGE)
        assert (refused.code, HELD in refused.message) == (403, True), refused
    noted = {"metadata": {"annotations": {"a": "b"}}}
    refused = await door.ask(mallory, "PATCH", f"{ROLES}/powerful", noted, kind=MERGE)
    assert refused.code == 403
    # The garbage collector's fields are no rights.
    gone = {"metadata": {"finalizers": ["example.com/x"]}}
    for wanted in (gone, {"metadata": {"finalizers": None}}):
        done = await door.ask(mallory, "PATCH", f"{ROLES}/powerful", wanted, kind=MERGE)
        assert done.code == 200, done


async def test_a_role_that_gathers_others_needs_all_rights(door: Door, mallory: Any) -> None:
    gathers = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    wanted = {**role("gathers"), "aggregationRule": gathers}
    text = "must have cluster-admin privileges to use or change the aggregationRule"
    refused = await door.ask(mallory, "POST", CLUSTER_ROLES, wanted)
    assert (refused.code, text in refused.message) == (403, True), refused
    await door.must("POST", CLUSTER_ROLES, wanted)
    for change in ({"aggregationRule": None}, {"metadata": {"labels": {"c": "d"}}}):
        refused = await door.ask(mallory, "PATCH", f"{CLUSTER_ROLES}/gathers", change, kind=MERGE)
        assert (refused.code, text in refused.message) == (403, True), change


async def test_bindings_to_what_one_does_not_hold(door: Door, mallory: Any) -> None:
    for kind, name in (
        ("Role", "powerful"),
        ("ClusterRole", "mighty"),
        ("ClusterRole", "cluster-admin"),
        ("ClusterRole", "view"),
    ):
        wanted = binding("mine", kind, name, "mallory")
        refused = await door.ask(mallory, "POST", BINDINGS, wanted)
        assert (refused.code, HELD in refused.message) == (403, True), name
        if kind == "ClusterRole":
            place = f"{RBAC}/clusterrolebindings"
            assert (await door.ask(mallory, "POST", place, wanted)).code == 403
    absent = await door.ask(mallory, "POST", BINDINGS, binding("m", "Role", "absent", "mallory"))
    assert absent.code == 404


async def test_a_subject_cannot_be_slipped_into_a_binding(door: Door, mallory: Any) -> None:
    await door.must("POST", BINDINGS, binding("of-alice", "ClusterRole", "mighty", "alice"))
    own = {"apiGroup": GROUP, "kind": "User", "name": "mallory"}
    for change in ({"subjects": [own]}, {"metadata": {"labels": {"a": "b"}}}):
        refused = await door.ask(mallory, "PATCH", f"{BINDINGS}/of-alice", change, kind=MERGE)
        assert refused.code == 403
    other = {"roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "view"}}
    assert (await door.ask(ADMIN, "PATCH", f"{BINDINGS}/of-alice", other, kind=MERGE)).code == 422


async def test_escalate_and_bind_allow_it_for_what_they_name(door: Door) -> None:
    writes = rule(WRITE, GROUP, "roles rolebindings")
    escalates = rule("escalate", GROUP, "roles", "known")
    binds = rule("bind", GROUP, "clusterroles", "view")
    await door.grant("trusted", "trent", writes, escalates, binds, namespace="default")
    trent = user("trent")
    assert (
        await door.ask(trent, "POST", BINDINGS, binding("v", "ClusterRole", "view", "t"))
    ).code == 201
    assert (
        await door.ask(trent, "POST", BINDINGS, binding("e", "ClusterRole", "edit", "t"))
    ).code == 403
    # As docs say of resourceNames: the name of what is to be created is not known to rules.
    assert (await door.ask(trent, "POST", ROLES, role("known", SECRETS))).code == 403
    await door.must("POST", ROLES, role("known", PODS))
    assert (await door.ask(trent, "PUT", f"{ROLES}/known", role("known", SECRETS))).code == 200
    assert (
        await door.ask(trent, "PUT", f"{ROLES}/powerful", role("powerful", EVERYTHING))
    ).code == 403


async def test_rights_in_one_namespace_are_none_in_another(door: Door) -> None:
    await door.grant("local-admin", "lara", EVERYTHING, namespace="default")
    lara = user("lara")
    assert (await door.ask(lara, "POST", ROLES, role("lara", SECRETS))).code == 201
    for path in (f"{RBAC}/namespaces/kube-system/roles", CLUSTER_ROLES):
        refused = await door.ask(lara, "POST", path, role("lara", SECRETS))
        assert refused.code == 403
        assert 'User "lara" cannot create resource' in refused.message
    bound = binding("lara", "ClusterRole", "cluster-admin", "lara")
    # All verbs: bind is one of them. It stays in the namespace all the same.
    assert (await door.ask(lara, "POST", BINDINGS, bound)).code == 201
    assert (await door.ask(lara, "GET", "/api/v1/nodes")).code == 403
    assert (await door.ask(lara, "GET", "/api/v1/secrets")).code == 403
    assert (await door.ask(lara, "GET", "/metrics")).code == 403


async def test_patch_does_not_create(door: Door) -> None:
    """Server-side apply of what is not there yet is a create, and needs that verb too."""
    await door.grant("patcher", "pat", rule("get patch", "core", "configmaps"), namespace="default")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}}
    path = "/api/v1/namespaces/default/configmaps/applied?fieldManager=m"
    refused = await door.ask(user("pat"), "PATCH", path, body, kind=APPLY)
    assert (refused.code, refused.message) == (
        403,
        'configmaps "applied" is forbidden: User "pat" cannot create resource "configmaps" in API '
        'group "" in the namespace "default"',
    )
    await door.must("POST", "/api/v1/namespaces/default/configmaps", body)
    assert (await door.ask(user("pat"), "PATCH", path, body, kind=APPLY)).code == 200
