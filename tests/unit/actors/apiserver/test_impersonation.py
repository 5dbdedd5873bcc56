"""Acting as somebody else."""

from typing import cast

import pytest
from multidict import CIMultiDict

from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Caller
from actors.apiserver.impersonation import impersonated
from cluster.errors import StatusError
from cluster.security.rbac import Attributes, Decision

ALICE = Caller("alice", ("system:authenticated",))


class Rules:
    """Allows what is listed as (resource, name); remembers what was asked."""

    def __init__(self, *allowed: tuple[str, str]) -> None:
        self.allowed = allowed

    async def decide(self, caller: Caller, wanted: Attributes) -> Decision:
        assert caller is ALICE and wanted.verb == "impersonate"
        return Decision((wanted.full_resource(), wanted.name) in self.allowed, "no")


async def act(rules: Rules, *headers: tuple[str, str]) -> Caller:
    return await impersonated(cast(Authorization, rules), ALICE, CIMultiDict(headers))


async def test_nobody_named_is_oneself() -> None:
    assert await act(Rules(), ("Accept", "x")) is ALICE


async def test_user_groups_uid_and_extra() -> None:
    rules = Rules(("users", "bob"), ("groups", "g"), ("uids", "7"), ("userextras/scopes", "a"))
    bob = await act(
        rules,
        ("impersonate-user", "bob"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-Scopes", "a"),
    )
    assert bob == Caller("bob", ("g", "system:authenticated"), "7", {"scopes": ("a",)})


async def test_accounts_bring_their_groups() -> None:
    user = ("Impersonate-User", "system:serviceaccount:ns:sa")
    found = await act(Rules(("serviceaccounts", "sa")), user)
    assert found.groups == (
        "system:serviceaccounts",
        "system:serviceaccounts:ns",
        "system:authenticated",
    )


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([], 'users "bob" is forbidden: no'),
        ([("Impersonate-Group", "g")], 'groups "g" is forbidden: no'),
        ([("Impersonate-Uid", "7")], 'uids.authentication.k8s.io "7" is forbidden: no'),
    ],
)
async def test_each_part_needs_its_permission(headers: list[tuple[str, str]], message: str) -> None:
    rules = Rules(("users", "bob")) if headers else Rules()
    with pytest.raises(StatusError) as refused:
        await act(rules, ("Impersonate-User", "bob"), *headers)
    assert (refused.value.code, refused.value.status["message"]) == (403, message)


async def test_groups_alone_are_refused() -> None:
    with pytest.raises(StatusError) as refused:
        await act(Rules(), ("Impersonate-Group", "g"))
    assert refused.value.code == 400
