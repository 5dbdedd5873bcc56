"""Acting as somebody else, by rules of RBAC: every mode, with what each refuses (KEP-5284)."""

from typing import Any, cast

import pytest
from multidict import CIMultiDict
from prometheus_client.metrics_core import Metric

from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Caller
from actors.apiserver.impersonation import Impersonation
from cluster.api import status
from cluster.errors import StatusError
from cluster.security.policy_objects import cluster_role, cluster_role_binding
from cluster.security.rbac import Attributes, Authorizer, Decision

ALICE = Caller("alice", ("system:authenticated",))
AGENT = Caller(
    "system:serviceaccount:kube-system:agent",
    ("system:authenticated",),
    extra={"authentication.kubernetes.io/node-name": ("n1",)},
)
LIST = Attributes("list", "", "pods", namespace="ns")
EXEC = Attributes("create", "", "pods", "exec", "ns", "p")
SELF = "authentication.k8s.io"
ROBOT = ("Impersonate-User", "system:serviceaccount:ns:robot")
BOB = ("Impersonate-User", "bob")


class Rules:
    """RBAC: one role with these rules, bound to who asks. Remembers what was asked."""

    def __init__(self, caller: Caller, *rules: Any) -> None:
        roles = [cluster_role("r", *rules)]
        bindings = [cluster_role_binding("r", "User", caller.user)]
        self._rules = Authorizer(cluster_roles=roles, cluster_role_bindings=bindings)
        self.asked: list[Attributes] = []
        self.synced = True

    async def decide(self, caller: Caller, wanted: Attributes) -> Decision:
        if not self.synced:
            raise status.service_unavailable("not yet")
        self.asked.append(wanted)
        return self._rules.allowed(caller.user, caller.groups, wanted)


def may(verb: str, group: str, resources: str, *names: str) -> Any:
    return {"verbs": [verb], "apiGroups": [group], "resources": [resources],
            **({"resourceNames": list(names)} if names else {})}  # fmt: skip


class Desk:
    """``caller`` has the rules and acts as the headers say."""

    def __init__(self, caller: Caller, *rules: Any) -> None:
        self.rules = Rules(caller, *rules)
        self.impersonation = Impersonation(cast(Authorization, self.rules), lambda: 0.0)
        self._caller = caller

    async def act(self, *headers: tuple[str, str], asked: Attributes | None = LIST) -> Caller:
        given = None if asked is None else (lambda: asked)
        return await self.impersonation.acting(self._caller, CIMultiDict(headers), given)

    async def refused(
        self, *headers: tuple[str, str], asked: Attributes | None = LIST
    ) -> tuple[int, str]:
        with pytest.raises(StatusError) as error:
            await self.act(*headers, asked=asked)
        return error.value.code, str(error.value.status["message"])


def node(name: str) -> tuple[str, str]:
    return ("Impersonate-User", f"system:node:{name}")


async def test_nobody_named_is_oneself() -> None:
    desk = Desk(ALICE)
    assert await desk.act(("Accept", "x")) is ALICE
    assert desk.rules.asked == []


async def test_user_groups_uid_and_extra_by_the_legacy_right() -> None:
    desk = Desk(
        ALICE,
        may("impersonate", "", "users", "bob"),
        may("impersonate", "", "groups", "g"),
        may("impersonate", SELF, "uids", "7"),
        may("impersonate", SELF, "userextras/scopes", "a"),
    )
    bob = await desk.act(
        ("impersonate-user", "bob"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-Scopes", "a"),
    )
    assert bob == Caller("bob", ("g", "system:authenticated"), "7", {"scopes": ("a",)})
    assert (bob.impersonator, bob.constraint) == (ALICE, "")


LEGACY_USER, LEGACY_GROUP = may("impersonate", "", "users", "bob"), may("impersonate", "", "groups")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            [("Impersonate-User", "eve")],
            'users "eve" is forbidden: User "alice" cannot impersonate ',
        ),
        ([BOB, ("Impersonate-Group", "g")], 'groups "g" is forbidden: User "alice" cannot '),
        ([BOB, ("Impersonate-Uid", "7")], 'uids.authentication.k8s.io "7" is forbidden: '),
        ([BOB, ("Impersonate-Extra-a", "7")], 'userextras.authentication.k8s.io "7" is forbidden'),
    ],
)
async def test_each_part_needs_the_legacy_right(
    headers: list[tuple[str, str]], message: str
) -> None:
    desk = Desk(ALICE, LEGACY_USER)
    assert (await desk.act(BOB)).user == "bob"  # and so that right is asked for first
    code, told = await desk.refused(*headers)
    assert (code, told[: len(message)]) == (403, message)


async def test_groups_alone_are_refused() -> None:
    desk = Desk(ALICE, LEGACY_USER, LEGACY_GROUP)
    assert (await desk.refused(("Impersonate-Group", "g")))[0] == 400


async def test_a_user_for_one_kind_of_request() -> None:
    desk = Desk(
        ALICE,
        may("impersonate:user-info", SELF, "users", "bob"),
        may("impersonate:user-info", SELF, "groups", "g"),
        may("impersonate-on:user-info:list", "", "pods"),
    )
    bob = await desk.act(BOB, ("Impersonate-Group", "g"))
    assert bob == Caller("bob", ("g", "system:authenticated"))
    assert (bob.impersonator, bob.constraint) == (ALICE, "impersonate:user-info")
    refusals = [
        await desk.refused(BOB, asked=LIST._replace(verb="watch")),
        await desk.refused(BOB, asked=EXEC),
        await desk.refused(BOB, asked=Attributes("get", path="/version")),
        await desk.refused(("Impersonate-User", "eve")),
        await desk.refused(BOB, ("Impersonate-Group", "h")),
        await desk.refused(BOB, ("Impersonate-Uid", "7")),
        await desk.refused(BOB, ("Impersonate-Group", "system:masters")),
        await desk.refused(BOB, asked=None),
    ]
    alice = 'is forbidden: User "alice" cannot'
    mode, at = "impersonate:user-info", f'in API group "{SELF}" at the cluster scope'
    assert refusals == [
        (403, f'pods {alice} impersonate-on:user-info:watch resource "pods" in API group "" in the '
              'namespace "ns"'),
        (403, f'pods "p" {alice} impersonate-on:user-info:create resource "pods/exec" in API group '
              '"" in the namespace "ns"'),
        (403, 'forbidden: User "alice" cannot impersonate-on:user-info:get path "/version"'),
        (403, f'users.{SELF} "eve" {alice} {mode} resource "users" {at}'),
        (403, f'groups.{SELF} "h" {alice} {mode} resource "groups" {at}'),
        (403, f'uids.{SELF} "7" {alice} {mode} resource "uids" {at}'),
        (403, f'groups.{SELF} "system:masters" {alice} {mode} resource "groups" {at}: '
              'impersonating the system:masters group is not allowed'),
        (403, f'users "bob" {alice} impersonate resource "users" in API group "" at the cluster '
              'scope'),
    ]  # fmt: skip


async def test_subresources_and_paths_are_given_by_themselves() -> None:
    desk = Desk(
        ALICE,
        may("impersonate:user-info", SELF, "users", "bob"),
        may("impersonate-on:user-info:create", "", "pods/exec"),
        {"verbs": ["impersonate-on:user-info:get"], "nonResourceURLs": ["/version"]},
    )
    for asked in (EXEC, Attributes("get", path="/version")):
        assert (await desk.act(BOB, asked=asked)).constraint == "impersonate:user-info"
    assert (await desk.refused(BOB, asked=LIST))[0] == 403
    assert (await desk.refused(BOB, asked=EXEC._replace(subresource="log")))[0] == 403


async def test_many_groups_with_a_right_to_all() -> None:
    given = [("Impersonate-Group", name) for name in "wxyz"]
    rights = (
        may("impersonate:user-info", SELF, "users", "bob"),
        may("impersonate-on:user-info:list", "", "pods"),
    )
    desk = Desk(ALICE, *rights, may("impersonate:user-info", SELF, "groups"))
    assert (await desk.act(BOB, *given)).groups == (*"wxyz", "system:authenticated")
    assert [asked.name for asked in desk.rules.asked[2:]] == ["*"]
    desk = Desk(ALICE, *rights, may("impersonate:user-info", SELF, "groups", *"wxyz"))
    assert (await desk.act(BOB, *given)).groups == (*"wxyz", "system:authenticated")
    desk = Desk(ALICE, *rights, may("impersonate:user-info", SELF, "groups", *"wxy"))
    code, message = await desk.refused(BOB, *given)
    assert (code, message.partition(" is")[0]) == (403, f'groups.{SELF} "z"')


async def test_a_service_account() -> None:
    desk = Desk(
        ALICE,
        may("impersonate:serviceaccount", SELF, "serviceaccounts", "robot"),
        may("impersonate-on:serviceaccount:list", "", "pods"),
    )
    robot = await desk.act(ROBOT)
    assert robot.constraint == "impersonate:serviceaccount"
    assert robot.groups == (
        "system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated",
    )  # fmt: skip
    other = ("Impersonate-User", "system:serviceaccount:ns:other")
    assert (await desk.refused(other))[1].startswith(
        f'serviceaccounts.{SELF} "other" is forbidden: User "alice" cannot '
        'impersonate:serviceaccount resource "serviceaccounts" in API group '
        f'"{SELF}" in the namespace "ns"'
    )
    assert "impersonate-on:serviceaccount:create" in (await desk.refused(ROBOT, asked=EXEC))[1]
    # With anything beside the name there is only the legacy right.
    for more in (("Impersonate-Group", "g"), ("Impersonate-Uid", "7")):
        assert (await desk.refused(ROBOT, more))[1].startswith('serviceaccounts "robot" is')
    assert "impersonate-on:user-info:list" in (await desk.refused(BOB))[1]


async def test_any_node() -> None:
    desk = Desk(
        ALICE,
        may("impersonate:arbitrary-node", SELF, "nodes", "n1"),
        may("impersonate-on:arbitrary-node:list", "", "pods"),
    )
    found = await desk.act(node("n1"))
    assert found.constraint == "impersonate:arbitrary-node"
    assert found.groups == ("system:nodes", "system:authenticated")
    assert (await desk.refused(node("n2")))[1].startswith(f'nodes.{SELF} "n2" is forbidden')
    assert "impersonate-on:arbitrary-node:create" in (await desk.refused(node("n1"), asked=EXEC))[1]
    more = ("Impersonate-Group", "system:nodes")
    assert (await desk.refused(node("n1"), more))[1].startswith('users "system:node:n1" is')


OWN = (
    may("impersonate:associated-node", SELF, "nodes"),
    may("impersonate-on:associated-node:list", "", "pods"),
)


async def test_the_node_that_one_is_on() -> None:
    desk = Desk(AGENT, *OWN)
    found = await desk.act(node("n1"))
    assert found == Caller("system:node:n1", ("system:nodes", "system:authenticated"))
    assert found.constraint == "impersonate:associated-node"
    assert "impersonate-on:arbitrary-node:list" in (await desk.refused(node("n2")))[1]
    assert (
        "impersonate-on:associated-node:create" in (await desk.refused(node("n1"), asked=EXEC))[1]
    )
    assert "impersonate-on:user-info:list" in (await desk.refused(BOB))[1]
    stranger = Desk(ALICE, *OWN)
    assert "impersonate-on:arbitrary-node:list" in (await stranger.refused(node("n1")))[1]


async def test_a_right_to_one_node_by_name_is_none_to_the_own_one() -> None:
    """What the rule could name is not what is asked: which node it is, the token says."""
    named = may("impersonate:associated-node", SELF, "nodes", "n1")
    message = (await Desk(AGENT, named, OWN[1]).refused(node("n1")))[1]
    assert message.startswith(f'nodes.{SELF} "*" is forbidden')


async def test_the_own_node_falls_back_to_any_and_to_the_legacy_right() -> None:
    anywhere = Desk(
        AGENT,
        *OWN,
        may("impersonate:arbitrary-node", SELF, "nodes"),
        may("impersonate-on:arbitrary-node:create", "", "pods/exec"),
    )
    assert (await anywhere.act(node("n1"), asked=EXEC)).constraint == "impersonate:arbitrary-node"
    assert (await anywhere.act(node("n1"))).constraint == "impersonate:associated-node"
    legacy = await Desk(AGENT, *OWN, may("impersonate", "", "users")).act(node("n1"), asked=EXEC)
    assert (legacy.constraint, legacy.groups) == ("", ("system:authenticated",))


async def test_half_a_constrained_right_is_none() -> None:
    identity, action = (
        may("impersonate:user-info", SELF, "users"),
        may("impersonate-on:user-info:list", "", "pods"),
    )
    assert "impersonate-on:user-info:list" in (await Desk(ALICE, identity).refused(BOB))[1]
    assert f"users.{SELF}" in (await Desk(ALICE, action).refused(BOB))[1]
    assert (await Desk(ALICE, action, LEGACY_USER).act(BOB)).constraint == ""
    # Rights of another mode do not count.
    other = may("impersonate-on:serviceaccount:list", "", "pods")
    assert (await Desk(ALICE, identity, other).refused(BOB))[0] == 403


async def test_what_let_one_in_is_tried_first() -> None:
    desk = Desk(ALICE, LEGACY_USER)
    for _ in range(2):
        await desk.act(BOB)
    assert [asked.verb for asked in desk.rules.asked] == [
        "impersonate-on:user-info:list", "impersonate", "impersonate",
    ]  # fmt: skip


async def test_a_server_that_knows_no_rules_yet_says_so() -> None:
    desk = Desk(ALICE, LEGACY_USER)
    desk.rules.synced = False
    assert (await desk.refused(BOB))[0] == 503


def samples(families: list[Metric], name: str) -> dict[tuple[str, str], float]:
    return {
        (sample.labels["mode"], sample.labels["decision"]): sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"apiserver_impersonation_{name}"
    }


async def test_metrics() -> None:
    desk = Desk(ALICE, LEGACY_USER)
    await desk.act(BOB)
    await desk.refused(("Impersonate-User", "eve"))
    found = list(desk.impersonation.metrics.families())
    assert samples(found, "attempts_total") == {("legacy", "allowed"): 1, ("", "denied"): 1}
    assert samples(found, "attempts_duration_seconds_count") == samples(found, "attempts_total")
    assert samples(found, "authorization_attempts_total") == {
        ("user-info", "denied"): 2, ("legacy", "allowed"): 1, ("legacy", "denied"): 1,
    }  # fmt: skip
