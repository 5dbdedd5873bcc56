"""Secrets that hold the tokens of accounts."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from actors.controllers.account_secrets import AccountSecrets, account_keys, secret_keys
from actors.controllers.plan import Delete, RequireAbsent, Update
from cluster.api.resources import SECRETS, SERVICE_ACCOUNTS
from cluster.api.types import Object
from cluster.api.validation.configuration import ACCOUNT_NAME, TOKEN_TYPE
from cluster.security import secret_tokens
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ec.derive_private_key(12345, ec.SECP256R1())
PLANNER = AccountSecrets(KEY, "PEM")
ACCOUNT = (SERVICE_ACCOUNTS, {"metadata": {"name": "robot", "namespace": "ns", "uid": "u1"}})


def secret(uid: str = "", **more: Any) -> Object:
    annotations = {ACCOUNT_NAME: "robot"}
    if uid:
        annotations[secret_tokens.ACCOUNT_UID] = uid
    meta = {"name": "s", "namespace": "ns", "uid": "u2", "annotations": annotations}
    return {"metadata": meta, "type": TOKEN_TYPE, **more}


def planned(*objects: Any) -> list[Any]:
    view = make_view(*objects, resources=(SECRETS, SERVICE_ACCOUNTS))
    return PLANNER.plan(("ns", "s"), view, NOW)


def test_what_is_lacking_is_put_in_and_then_it_rests() -> None:
    (update,) = planned(ACCOUNT, (SECRETS, secret(data={"more": "eA=="})))
    assert isinstance(update, Update)
    data = {name: base64.b64decode(value) for name, value in update.obj["data"].items()}
    assert (data["ca.crt"], data["namespace"], data["more"]) == (b"PEM", b"ns", b"x")
    account = secret_tokens.verify((KEY.public_key(),), data["token"].decode())
    assert (account.user(), account.uid) == ("system:serviceaccount:ns:robot", "u1")
    assert account.secret is not None and account.secret.name == "s"
    assert secret_tokens.account_of(update.obj) == ("robot", "u1")
    assert planned(ACCOUNT, (SECRETS, update.obj)) == []


def test_what_is_there_stays_but_the_certificate() -> None:
    mine = {"token": "eA==", "namespace": "eQ==", "ca.crt": "eg=="}
    (update,) = planned(ACCOUNT, (SECRETS, secret("u1", data=mine)))
    assert update.obj["data"] == {**mine, "ca.crt": base64.b64encode(b"PEM").decode()}


def test_it_goes_with_its_account() -> None:
    for objects, uid in (((), ""), ((), "u1"), ((ACCOUNT,), "u0")):
        proof, delete = planned(*objects, (SECRETS, secret(uid)))
        assert proof == RequireAbsent(SERVICE_ACCOUNTS, "ns", "robot", uid)
        assert isinstance(delete, Delete) and delete.uid == "u2"


def test_others_are_left_alone() -> None:
    assert planned(ACCOUNT, (SECRETS, {**secret(), "type": "Opaque"})) == []
    gone = secret()
    gone["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert planned(ACCOUNT, (SECRETS, gone)) == [] == planned(ACCOUNT)


def test_what_wakes_it() -> None:
    other = {**secret(), "type": "Opaque", "metadata": {**secret()["metadata"], "name": "o"}}
    view = make_view((SECRETS, secret()), (SECRETS, other), resources=(SERVICE_ACCOUNTS,))
    assert list(secret_keys(view, None, secret())) == [("ns", "s")]
    assert list(secret_keys(view, None, other)) == []
    assert list(account_keys(view, ACCOUNT[1], None)) == [("ns", "s")]
    assert list(account_keys(view, ACCOUNT[1], ACCOUNT[1])) == []
