"""Which modes there are for whom, and what each needs (KEP-5284)."""

import pytest

from cluster.security.impersonation import (
    ARBITRARY_NODE,
    ASSOCIATED_NODE,
    LEGACY,
    NODE_NAME,
    SERVICE_ACCOUNT,
    USER_INFO,
    Need,
    Wanted,
    constraint,
    groups_of,
    modes,
    needs,
)
from cluster.security.rbac import Attributes

AGENT = "system:serviceaccount:kube-system:agent"
ROBOT = "system:serviceaccount:ns:robot"
LIST = Attributes("list", "", "pods", namespace="ns")
GROUP = "authentication.k8s.io"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted("bob"), [USER_INFO, LEGACY]),
        (Wanted("bob", ("g",), "1", {"acme.io/a": ("b",)}), [USER_INFO, LEGACY]),
        (Wanted("system:node:N_1"), [USER_INFO, LEGACY]),  # no node has such a name
        (Wanted("system:node:"), [USER_INFO, LEGACY]),
        (Wanted("system:serviceaccount:ns"), [USER_INFO, LEGACY]),
        (Wanted(ROBOT), [SERVICE_ACCOUNT, LEGACY]),
        (Wanted(ROBOT, ("g",)), [LEGACY]),
        (Wanted(ROBOT, uid="1"), [LEGACY]),
        (Wanted(ROBOT, extra={"acme.io/a": ("b",)}), [LEGACY]),
        (Wanted("system:node:n1"), [ASSOCIATED_NODE, ARBITRARY_NODE, LEGACY]),
        (Wanted("system:node:n2"), [ARBITRARY_NODE, LEGACY]),
        (Wanted("system:node:n1", ("system:nodes",)), [LEGACY]),
    ],
)
def test_modes_of_an_agent_on_n1(wanted: Wanted, expected: list[str]) -> None:
    assert list(modes(wanted, AGENT, {NODE_NAME: ("n1",)})) == expected


@pytest.mark.parametrize(
    ("user", "extra"),
    [
        ("alice", {NODE_NAME: ("n1",)}),
        ("system:node:n1", {NODE_NAME: ("n1",)}),
        (AGENT, {}),
        (AGENT, {NODE_NAME: ("n2",)}),
        (AGENT, {NODE_NAME: ("n1", "n2")}),
    ],
)
def test_who_is_on_no_node_has_none_of_its_own(
    user: str, extra: dict[str, tuple[str, ...]]
) -> None:
    assert modes(Wanted("system:node:n1"), user, extra) == (ARBITRARY_NODE, LEGACY)


@pytest.mark.parametrize(
    ("mode", "wanted", "identity"),
    [
        (ASSOCIATED_NODE, Wanted("system:node:n1"), ("nodes", "", "*")),
        (ARBITRARY_NODE, Wanted("system:node:n1"), ("nodes", "", "n1")),
        (SERVICE_ACCOUNT, Wanted(ROBOT), ("serviceaccounts", "ns", "robot")),
        (USER_INFO, Wanted("bob"), ("users", "", "bob")),
    ],
)
def test_the_request_and_the_identity(
    mode: str, wanted: Wanted, identity: tuple[str, str, str]
) -> None:
    resource, namespace, name = identity
    assert list(needs(mode, wanted, LIST)) == [
        Need((LIST._replace(verb=f"impersonate-on:{mode}:list"),)),
        Need((Attributes(f"impersonate:{mode}", GROUP, resource, "", namespace, name),)),
    ]
    assert constraint(mode) == f"impersonate:{mode}"


def test_the_legacy_right_does_not_look_at_the_request() -> None:
    wanted = Wanted("system:node:n1", ("g", ""), "7", {"Scopes": ("a", "b")})
    verb = "impersonate"
    assert list(needs(LEGACY, wanted, None)) == [
        Need((Attributes(verb, "", "users", name="system:node:n1"),)),
        Need((Attributes(verb, GROUP, "uids", name="7"),)),
        Need((Attributes(verb, "", "groups", name="g"), Attributes(verb, "", "groups"))),
        Need(tuple(Attributes(verb, GROUP, "userextras", "Scopes", name=name) for name in "ab")),
    ]
    assert constraint(LEGACY) == ""


def test_of_many_all_is_asked_first() -> None:
    verb = "impersonate:user-info"
    extra = {"acme.io/a": ("1", "2"), "acme.io/b": ("3", "4")}
    *_, groups, extras = needs(USER_INFO, Wanted("bob", tuple("wxyz"), "", extra), LIST)
    assert groups.whole == Attributes(verb, GROUP, "groups", name="*")
    assert [each.name for each in groups.each] == list("wxyz")
    assert extras.whole == Attributes(verb, GROUP, "userextras", "*", name="*")
    assert [(each.subresource, each.name) for each in extras.each] == [
        ("acme.io/a", "1"), ("acme.io/a", "2"), ("acme.io/b", "3"), ("acme.io/b", "4"),
    ]  # fmt: skip
    *_, few = needs(USER_INFO, Wanted("bob", tuple("xyz")), LIST)
    assert few.whole is None


@pytest.mark.parametrize(
    ("wanted", "resource", "name", "why"),
    [
        (Wanted("bob", ("a", "")), "groups", "", "empty string group"),
        (Wanted("bob", ("a", "system:masters")), "groups", "system:masters", "the system:masters"),
        (Wanted("bob", extra={"": ("a",)}), "userextras", "", "empty string key"),
        (Wanted("bob", extra={"scopes": ("a",)}), "userextras", "", "domain-prefixed path"),
        (Wanted("bob", extra={"a_b/c": ("a",)}), "userextras", "", "domain-prefixed path"),
        (Wanted("bob", extra={"acme.io/": ("a",)}), "userextras", "", "domain-prefixed path"),
        (Wanted("bob", extra={"acme.io/A": ("a",)}), "userextras", "", "non-lowercase key"),
        (Wanted("bob", extra={"acme.io/a": ("",)}), "userextras", "", "empty string value"),
    ],
)
def test_what_no_right_allows(wanted: Wanted, resource: str, name: str, why: str) -> None:
    *_, last = needs(USER_INFO, wanted, LIST)
    assert last.each == (Attributes("impersonate:user-info", GROUP, resource, name=name),)
    assert why in last.objection


@pytest.mark.parametrize(
    ("mode", "wanted", "expected"),
    [
        (USER_INFO, Wanted("bob"), ("system:authenticated",)),
        (USER_INFO, Wanted("bob", ("g",)), ("g", "system:authenticated")),
        (LEGACY, Wanted("bob", ("system:unauthenticated",)), ("system:unauthenticated",)),
        (LEGACY, Wanted("system:anonymous"), ("system:unauthenticated",)),
        (
            LEGACY,
            Wanted("system:anonymous", ("system:authenticated",)),
            ("system:authenticated", "system:unauthenticated"),
        ),
        (ASSOCIATED_NODE, Wanted("system:node:n1"), ("system:nodes", "system:authenticated")),
        (LEGACY, Wanted("system:node:n1"), ("system:authenticated",)),
        (LEGACY, Wanted(ROBOT, ("g",)), ("g", "system:authenticated")),
        (
            SERVICE_ACCOUNT,
            Wanted(ROBOT),
            ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"),
        ),
    ],
)
def test_groups(mode: str, wanted: Wanted, expected: tuple[str, ...]) -> None:
    assert groups_of(mode, wanted) == expected
