"""Names of ServiceAccounts as users."""

import pytest

from cluster.security import accounts


def test_there_and_back() -> None:
    user = accounts.service_account_user("default", "builder")
    assert user == "system:serviceaccount:default:builder"
    assert accounts.split_service_account(user) == ("default", "builder")
    assert accounts.service_account_groups("a") == (
        "system:serviceaccounts",
        "system:serviceaccounts:a",
    )


@pytest.mark.parametrize(
    "user",
    ["jane", "system:serviceaccount:", "system:serviceaccount:a", "system:serviceaccount:a:b:c"],
)
def test_others_are_none(user: str) -> None:
    assert accounts.split_service_account(user) is None
