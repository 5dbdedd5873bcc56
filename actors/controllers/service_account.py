"""ServiceAccount: every living namespace has the account ``default``.

Source: Kubernetes "Managing Service Accounts". Must not know tokens, nor the API.
"""

from collections.abc import Iterable

from actors.controllers.objects import is_terminating, name_of, namespace_of
from actors.controllers.plan import Action, Controller, Create, Key, View, Watch, own_key
from cluster.api.resources import NAMESPACES, SERVICE_ACCOUNTS
from cluster.api.types import Object

NAME = "default"


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: ("", name) of a Namespace."""
    name = key[1]
    namespace = view.get(NAMESPACES, "", name)
    if namespace is None or is_terminating(namespace):
        return []
    if view.entry(SERVICE_ACCOUNTS, name, NAME) is not None:
        return []
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": NAME, "namespace": name},
    }
    return [Create(SERVICE_ACCOUNTS, account, may_exist=True)]


def account_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The namespace whose default account was deleted."""
    gone = new is None and old is not None and name_of(old) == NAME
    return [("", namespace_of(old))] if gone and old is not None else []


CONTROLLER = Controller(
    "serviceaccount-controller",
    (Watch(NAMESPACES, own_key), Watch(SERVICE_ACCOUNTS, account_keys)),
    plan,
)
