"""Secrets of the type kubernetes.io/service-account-token get a token, and go with their account.

Source: docs "Managing Service Accounts", token controller. Must not know: how tokens are verified,
nor the API.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from actors.controllers.objects import is_terminating, name_of, namespace_of, uid_of
from actors.controllers.plan import (
    Action,
    Controller,
    Delete,
    Key,
    RequireAbsent,
    Update,
    View,
    Watch,
    own_key,
)
from cluster.api.resources import SECRETS, SERVICE_ACCOUNTS
from cluster.api.types import Object
from cluster.api.validation.configuration import TOKEN_TYPE
from cluster.security import certificates, secret_tokens, tokens


@dataclass(frozen=True)
class AccountSecrets:
    """``key``: what tokens are signed with. ``ca``: the cluster's CA certificate (PEM)."""

    key: tokens.PrivateKey
    ca: str

    def plan(self, key: Key, view: View, now: float) -> list[Action]:
        """``key``: (namespace, name) of a Secret."""
        namespace, name = key
        secret = view.get(SECRETS, namespace, name)
        if secret is None or not is_token(secret) or is_terminating(secret):
            return []
        wanted, uid = secret_tokens.account_of(secret)
        account = view.get(SERVICE_ACCOUNTS, namespace, wanted)
        if account is None or uid not in ("", uid_of(account)):
            return [
                RequireAbsent(SERVICE_ACCOUNTS, namespace, wanted, uid),
                Delete(
                    SECRETS, namespace, name, uid_of(secret),
                    why=f"the ServiceAccount {wanted} that it is for is gone",
                ),
            ]  # fmt: skip
        whole = self._whole(secret, account)
        return [] if whole == secret else [Update(SECRETS, whole)]

    def _whole(self, secret: Object, account: Object) -> Object:
        """With all that it lacks."""
        meta, uid = secret["metadata"], uid_of(account)
        namespace, owner = namespace_of(secret), name_of(account)
        data = dict(secret.get("data") or {})
        data["ca.crt"] = _encoded(self.ca)
        if not data.get("namespace"):
            data["namespace"] = _encoded(namespace)
        if not data.get("token"):
            made = secret_tokens.issue(self.key, namespace, owner, uid, meta["name"])
            data["token"] = _encoded(made)
        annotations = {**(meta.get("annotations") or {}), secret_tokens.ACCOUNT_UID: uid}
        return {**secret, "metadata": {**meta, "annotations": annotations}, "data": data}


def is_token(secret: Object) -> bool:
    """Whether it is to hold the token of an account."""
    return bool(secret.get("type") == TOKEN_TYPE)


def secret_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Secrets of other types are nobody's business."""
    return own_key(view, old, new) if is_token(new or old or {}) else ()


def account_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Secrets for an account that has come or gone."""
    if old is not None and new is not None:
        return []
    account = new or old or {}
    namespace, name = namespace_of(account), name_of(account)
    return [
        (namespace, name_of(secret))
        for secret in view.list(SECRETS, namespace)
        if is_token(secret) and secret_tokens.account_of(secret)[0] == name
    ]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def make_controller(key: bytes, ca: str) -> Controller:
    """The controller. ``key``: PEM. It sees all Secrets, so only the leader's is at work."""
    return Controller(
        "serviceaccount-token-controller",
        (Watch(SECRETS, secret_keys), Watch(SERVICE_ACCOUNTS, account_keys)),
        AccountSecrets(certificates.load_key(key), ca).plan,
        warm=False,
    )
