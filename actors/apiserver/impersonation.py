"""Acting as somebody else: the Impersonate- headers to a Caller, if the true caller may.

Source: docs "Authenticating", User impersonation. Must not know: sockets, how anybody proved who
they are.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol
from urllib.parse import unquote

from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Caller
from cluster import names
from cluster.api import status
from cluster.security.accounts import service_account_groups, split_service_account
from cluster.security.rbac import Attributes

GROUP = "authentication.k8s.io"
_EXTRA = "impersonate-extra-"


class Headers(Protocol):
    """Case-insensitive, a name may come several times."""

    def get(self, key: str, /, default: str) -> str: ...

    def getall(self, key: str, /, default: list[str]) -> list[str]: ...

    def keys(self) -> Iterable[str]: ...


async def impersonated(authorization: Authorization, caller: Caller, headers: Headers) -> Caller:
    """Whom the request acts as: ``caller`` if it names nobody. Raises StatusError 400, 403."""
    user = headers.get("Impersonate-User", "")
    groups = tuple(headers.getall("Impersonate-Group", []))
    uid = headers.get("Impersonate-Uid", "")
    extra = _extra(headers)
    if not user:
        if groups or uid or extra:
            raise status.bad_request("requested groups, uid or extra without impersonating a user")
        return caller
    for attributes in _needed(user, groups, uid, extra):
        decision = await authorization.decide(caller, attributes)
        if not decision.allowed:
            raise status.forbidden_name(
                attributes.resource, attributes.group, attributes.name, decision.reason
            )
    account = split_service_account(user)
    if account is not None and not groups:
        groups = service_account_groups(account[0])
    said = {names.GROUP_AUTHENTICATED, names.GROUP_UNAUTHENTICATED} & set(groups)
    if user == names.USER_ANONYMOUS:
        groups = groups if said else (*groups, names.GROUP_UNAUTHENTICATED)
    elif not said:
        groups = (*groups, names.GROUP_AUTHENTICATED)
    return Caller(user, groups, uid, extra, impersonator=caller)


def _needed(
    user: str, groups: tuple[str, ...], uid: str, extra: dict[str, tuple[str, ...]]
) -> Iterator[Attributes]:
    account = split_service_account(user)
    if account is not None:
        namespace, name = account
        yield Attributes("impersonate", "", "serviceaccounts", "", namespace, name)
    else:
        yield Attributes("impersonate", "", "users", name=user)
    for group in groups:
        yield Attributes("impersonate", "", "groups", name=group)
    if uid:
        yield Attributes("impersonate", GROUP, "uids", name=uid)
    for key, values in extra.items():
        for value in values:
            yield Attributes("impersonate", GROUP, "userextras", key, name=value)


def _extra(headers: Headers) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for header in headers.keys():  # noqa: SIM118  # a multi-dict's own iteration is not declared
        if header.lower().startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].lower())
            found[key] = tuple(headers.getall(header, []))
    return found
