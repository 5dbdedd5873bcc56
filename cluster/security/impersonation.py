"""Acting as somebody else: which modes there are for whom, and what each of them needs.

Job: from who is wanted and who asks to the questions for the authorizer. Source: docs "User
Impersonation"; KEP-5284 (constrained impersonation). A constrained mode needs two rights: to be
that user (``impersonate:<mode>``), and to do this as one (``impersonate-on:<mode>:<verb>``); the
legacy right ``impersonate`` is asked for last. Must not know: headers, who answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cluster import names
from cluster.api.names import subdomain_errors
from cluster.security.accounts import service_account_groups, split_service_account
from cluster.security.rbac import Attributes

GROUP = "authentication.k8s.io"
ASSOCIATED_NODE = "associated-node"
ARBITRARY_NODE = "arbitrary-node"
SERVICE_ACCOUNT = "serviceaccount"
USER_INFO = "user-info"
LEGACY = "legacy"
# What a token says of the node that its pod is on.
NODE_NAME = "authentication.kubernetes.io/node-name"
# From so many values on the right to all of them is asked for first.
MANY = 4


class Wanted(NamedTuple):
    """Whom the headers name."""

    user: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = {}

    @property
    def only_name(self) -> bool:
        """Nothing is said of it but its name."""
        return not (self.groups or self.uid or self.extra)

    @property
    def node(self) -> str:
        """'' for whoever is no node."""
        name = self.user.removeprefix(names.USER_NODE_PREFIX)
        return name if name != self.user and not subdomain_errors(name) else ""


class Need(NamedTuple):
    """``each`` must be allowed, or ``whole`` in their place; with an ``objection`` nothing helps,
    and ``each`` is what it is about."""

    each: tuple[Attributes, ...]
    whole: Attributes | None = None
    objection: str = ""


def modes(wanted: Wanted, user: str, extra: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Those that ``user`` (with ``extra``) may try, in order. The mode of the node that a caller is
    on is for ServiceAccounts only: nobody else's extra is what this server put there."""
    node = wanted.node
    if node:
        own = tuple(extra.get(NODE_NAME, ())) == (node,) and split_service_account(user) is not None
        found = (ASSOCIATED_NODE, ARBITRARY_NODE) if own else (ARBITRARY_NODE,)
        return (*found, LEGACY) if wanted.only_name else (LEGACY,)
    if split_service_account(wanted.user) is not None:
        return (SERVICE_ACCOUNT, LEGACY) if wanted.only_name else (LEGACY,)
    return (USER_INFO, LEGACY)


def constraint(mode: str) -> str:
    """What an audit log says of it; '' for the legacy right."""
    return "" if mode == LEGACY else _verb(mode)


def needs(mode: str, wanted: Wanted, asked: Attributes | None) -> Iterator[Need]:
    """In order; the first that is not met refuses. ``asked``: the request itself, None only for the
    legacy right, which does not look at it."""
    if mode != LEGACY:
        assert asked is not None
        yield Need((asked._replace(verb=f"impersonate-on:{mode}:{asked.verb}"),))
    yield Need((_name(mode, wanted),))
    if wanted.uid:
        yield Need((Attributes(_verb(mode), GROUP, "uids", name=wanted.uid),))
    if wanted.groups:
        yield _groups(mode, wanted.groups)
    if wanted.extra:
        yield _extra(mode, wanted.extra)


def groups_of(mode: str, wanted: Wanted) -> tuple[str, ...]:
    """What the user is in. A ServiceAccount brings its groups, and in a constrained mode a node."""
    groups = wanted.groups
    account = split_service_account(wanted.user)
    if mode != LEGACY and wanted.node:
        groups = (names.GROUP_NODES,)
    elif account is not None and not groups:
        groups = service_account_groups(account[0])
    if wanted.user == names.USER_ANONYMOUS:
        missing = names.GROUP_UNAUTHENTICATED
    elif names.GROUP_UNAUTHENTICATED in groups:
        return groups
    else:
        missing = names.GROUP_AUTHENTICATED
    return groups if missing in groups else (*groups, missing)


def _verb(mode: str) -> str:
    return "impersonate" if mode == LEGACY else f"impersonate:{mode}"


def _name(mode: str, wanted: Wanted) -> Attributes:
    verb, group = _verb(mode), "" if mode == LEGACY else GROUP
    if mode == ASSOCIATED_NODE:
        # Which node it is has been seen to: the right is for any that the caller is on.
        return Attributes(verb, group, "nodes", name="*")
    if mode == ARBITRARY_NODE:
        return Attributes(verb, group, "nodes", name=wanted.node)
    account = split_service_account(wanted.user)
    if account is not None:
        return Attributes(verb, group, "serviceaccounts", "", *account)
    return Attributes(verb, group, "users", name=wanted.user)


def _groups(mode: str, groups: Sequence[str]) -> Need:
    base = Attributes(_verb(mode), "" if mode == LEGACY else GROUP, "groups")
    each = tuple(base._replace(name=group) for group in groups)
    if mode == LEGACY:
        return Need(each)
    if "" in groups:
        return Need((base,), objection="impersonating the empty string group is not allowed")
    if names.GROUP_MASTERS in groups:
        why = f"impersonating the {names.GROUP_MASTERS} group is not allowed"
        return Need((base._replace(name=names.GROUP_MASTERS),), objection=why)
    return Need(each, base._replace(name="*") if len(groups) >= MANY else None)


def _extra(mode: str, extra: Mapping[str, Sequence[str]]) -> Need:
    base = Attributes(_verb(mode), GROUP, "userextras")
    each = tuple(
        base._replace(subresource=key, name=value)
        for key, values in extra.items()
        for value in values
    )
    if mode == LEGACY:
        return Need(each)
    why = next(filter(None, (_odd(key, values) for key, values in extra.items())), "")
    if why:
        return Need((base,), objection=why)
    whole = base._replace(subresource="*", name="*") if len(each) >= MANY else None
    return Need(each, whole)


def _odd(key: str, values: Sequence[str]) -> str:
    if not key:
        return "impersonating the empty string key in extra is not allowed"
    domain, slash, rest = key.partition("/")
    if not slash or not rest or subdomain_errors(domain):
        return (
            f'impersonating an invalid key in extra is not allowed: "{key}" must be a '
            'domain-prefixed path (such as "acme.io/foo")'
        )
    if key != key.lower():
        return f'impersonating a non-lowercase key in extra is not allowed: "{key}"'
    if "" in values:
        return "impersonating the empty string value in extra is not allowed"
    return ""
