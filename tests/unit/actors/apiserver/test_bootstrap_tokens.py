"""Bootstrap tokens: what a Secret grants to who knows it."""

import base64
from typing import Any

import pytest

from actors.apiserver.bootstrap_tokens import bootstrap_caller
from cluster.api.types import Object

TOKEN = "abcdef.0123456789abcdef"
NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


def secret(*, kind: str = "bootstrap.kubernetes.io/token", **data: str | None) -> Object:
    given = {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        **{key.replace("_", "-"): value for key, value in data.items()},
    }
    encoded = {
        key: base64.b64encode(value.encode()).decode()
        for key, value in given.items()
        if value is not None
    }
    return {"metadata": {"name": "bootstrap-token-abcdef"}, "type": kind, "data": encoded}


async def groups_of(token: str, found: Object | None) -> tuple[str, ...] | None:
    async def find(name: str) -> Object | None:
        assert name == f"bootstrap-token-{token[:6]}"
        return found

    caller = await bootstrap_caller(find, token, NOW)
    assert caller is None or caller.user == f"system:bootstrap:{token[:6]}"
    return None if caller is None else caller.groups


async def test_it_proves_a_bootstrapper() -> None:
    assert await groups_of(TOKEN, secret()) == ("system:bootstrappers",)
    more = "system:bootstrappers:b,system:bootstrappers:a:x"
    assert await groups_of(TOKEN, secret(auth_extra_groups=more)) == (
        "system:bootstrappers",
        "system:bootstrappers:a:x",
        "system:bootstrappers:b",
    )
    for expiration in ("", "2027-01-15T08:00:01Z", "2027-01-15T10:00:01+02:00"):
        assert await groups_of(TOKEN, secret(expiration=expiration)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"token_secret": "0123456789abcdee"},
        {"token_secret": ""},
        {"token_secret": None},
        {"token_id": "abcdee"},
        {"token_id": None},
        {"usage_bootstrap_authentication": "false"},
        {"usage_bootstrap_authentication": None},
        {"usage_bootstrap_authentication": "True"},
        {"kind": "Opaque"},
        {"expiration": "2027-01-15T08:00:00Z"},
        {"expiration": "2027-01-15T09:59:59+02:00"},
        {"expiration": "2027-01-15"},
        {"expiration": "never"},
        {"auth_extra_groups": "system:masters"},
        {"auth_extra_groups": "system:bootstrappers:ok,system:masters"},
        {"auth_extra_groups": "system:bootstrappers:"},
        {"auth_extra_groups": "system:bootstrappers:a\nsystem:masters"},
        {"auth_extra_groups": "system:bootstrappers:a, system:bootstrappers:b"},
    ],
)
async def test_it_proves_nothing(changes: Any) -> None:
    assert await groups_of(TOKEN, secret(**changes)) is None


async def test_a_secret_that_is_going_or_gone_proves_nothing() -> None:
    going = secret()
    going["metadata"]["deletionTimestamp"] = "2027-01-15T09:00:00Z"
    assert await groups_of(TOKEN, going) is None
    assert await groups_of(TOKEN, None) is None


@pytest.mark.parametrize(
    "token",
    [
        "ABCDEF.0123456789abcdef",
        "abcdef.0123456789abcde",
        "abcdef.0123456789abcdef\n",
        "../def.0123456789abcdef",
        "abcdef",
        "",
    ],
)
async def test_what_has_another_form_is_not_looked_up(token: str) -> None:
    async def find(name: str) -> Object | None:
        raise AssertionError(name)

    assert await bootstrap_caller(find, token, NOW) is None
