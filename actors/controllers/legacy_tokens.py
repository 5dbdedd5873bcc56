"""Tokens in Secrets that nobody uses: first they count no longer, then they go.

Job: only of Secrets that their ServiceAccount names in ``secrets`` (once the API made them unasked)
and that no pod uses. Unused for a year, such a Secret gets the label legacy-token-invalid-since; a
year after that it is deleted, unless somebody showed the token meanwhile. And the ConfigMap that
says since when uses are noted.
Source: KEP-2799; docs "Managing Service Accounts", clean-up of legacy tokens. Must not know: who
notes uses, how tokens are verified, nor the API.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.controllers.account_secrets import is_token
from actors.controllers.objects import (
    created_at,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
    with_metadata,
)
from actors.controllers.plan import (
    Action,
    Controller,
    Create,
    Delete,
    Key,
    RequeueAfter,
    Update,
    View,
    Watch,
    own_key,
)
from cluster import names
from cluster.api.pod_references import references
from cluster.api.resources import CONFIGMAPS, NAMESPACES, PODS, SECRETS, SERVICE_ACCOUNTS
from cluster.api.types import Object
from cluster.security.secret_tokens import (
    DAY_SECONDS,
    INVALID_SINCE,
    LAST_USED,
    SINCE,
    TRACKING,
    account_of,
    day_of,
    start_of,
)

# Kubernetes' --legacy-service-account-token-clean-up-period.
CLEAN_UP_SECONDS = 8760 * 3600.0
TRACKING_KEY = (names.NAMESPACE_SYSTEM, TRACKING)


def track(key: Key, view: View, now: float) -> list[Action]:
    """``key``: that of the ConfigMap. What says no day says nothing: it starts anew."""
    if view.get(NAMESPACES, "", names.NAMESPACE_SYSTEM) is None:
        return []
    present = view.get(CONFIGMAPS, *TRACKING_KEY)
    data = {SINCE: day_of(now)}
    if present is None:
        meta = {"namespace": names.NAMESPACE_SYSTEM, "name": TRACKING}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
        return [Create(CONFIGMAPS, made, may_exist=True)]
    if is_terminating(present) or _tracked_since(view) is not None:
        return []
    return [Update(CONFIGMAPS, {**present, "data": {**(present.get("data") or {}), **data}})]


@dataclass(frozen=True)
class Cleaner:
    """``period``: seconds without use, and again as many after that."""

    period: float = CLEAN_UP_SECONDS

    def plan(self, key: Key, view: View, now: float) -> list[Action]:
        """``key``: (namespace, name) of a Secret."""
        secret = view.get(SECRETS, *key)
        if secret is None or not is_token(secret) or is_terminating(secret):
            return []
        if not _is_named_by_account(secret, view) or _is_in_use(secret, view):
            return []
        unused = self._unused_from(secret, view)
        if unused is None:
            return []
        if unused > now:
            return [RequeueAfter(unused - now)]
        labels = labels_of(secret)
        invalid = start_of(labels.get(INVALID_SINCE) or "")
        if invalid is None:
            marked = {**labels, INVALID_SINCE: day_of(now)}
            why = f"nobody has used its token since {labels.get(LAST_USED) or 'it was made'}"
            return [Update(SECRETS, with_metadata(secret, labels=marked), why=why)]
        due = self._over(invalid)
        if due > now:
            return [RequeueAfter(due - now)]
        version = secret["metadata"]["resourceVersion"]
        why = f"its token counts no longer since {day_of(invalid)}, and nobody missed it"
        namespace, name = key
        return [Delete(SECRETS, namespace, name, uid_of(secret), version=version, why=why)]

    def _unused_from(self, secret: Object, view: View) -> float | None:
        """UNIX seconds from which the token is unused; None if it cannot be told."""
        tracked, said = _tracked_since(view), labels_of(secret).get(LAST_USED)
        used = tracked if said is None else start_of(said)
        if tracked is None or used is None:
            return None
        return max(self._over(max(used, tracked)), created_at(secret) + self.period)

    def _over(self, day: float) -> float:
        """Of the whole day that starts then."""
        return day + DAY_SECONDS + self.period


def _tracked_since(view: View) -> float | None:
    found = view.get(CONFIGMAPS, *TRACKING_KEY) or {}
    return start_of((found.get("data") or {}).get(SINCE) or "")


def _is_named_by_account(secret: Object, view: View) -> bool:
    name, uid = account_of(secret)
    account = view.get(SERVICE_ACCOUNTS, namespace_of(secret), name)
    if account is None or uid != uid_of(account):
        return False
    return name_of(secret) in _named(account)


def _named(account: Object) -> list[str]:
    return [item.get("name") or "" for item in account.get("secrets") or ()]


def _is_in_use(secret: Object, view: View) -> bool:
    wanted = ("secrets", name_of(secret))
    return any(wanted in references(pod) for pod in view.list(PODS, namespace_of(secret)))


def secret_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A Secret that holds a token, as long as it is there."""
    return own_key(view, old, new) if new is not None and is_token(new) else ()


def account_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Secrets that the account names now, or did before."""
    named = {name for account in (old, new) if account for name in _named(account)}
    return [(namespace_of(new or old or {}), name) for name in sorted(named)]


def pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Secrets that a pod uses no longer."""
    if new is not None or old is None:
        return []
    used = {name for resource, name in references(old) if resource == "secrets"}
    return [(namespace_of(old), name) for name in sorted(used)]


def tracking_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """All Secrets, once it is known since when uses are noted."""
    if own_key(view, old, new) != (TRACKING_KEY,):
        return []
    found = [secret for secret in view.list(SECRETS) if is_token(secret)]
    return [(namespace_of(secret), name_of(secret)) for secret in found]


def own_map(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The ConfigMap itself."""
    return [TRACKING_KEY] if own_key(view, old, new) == (TRACKING_KEY,) else []


def own_namespace(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The ConfigMap, when its namespace comes."""
    return [TRACKING_KEY] if name_of(new or old or {}) == names.NAMESPACE_SYSTEM else []


TRACKING_CONTROLLER = Controller(
    "legacy-service-account-token-tracking",
    (Watch(NAMESPACES, own_namespace), Watch(CONFIGMAPS, own_map)),
    track,
)


def make_cleaner(period: float = CLEAN_UP_SECONDS) -> Controller:
    """The controller. ``period``: seconds. It sees all Secrets, so only the leader's is at work."""
    return Controller(
        "legacy-service-account-token-cleaner",
        (
            Watch(SECRETS, secret_keys),
            Watch(SERVICE_ACCOUNTS, account_keys),
            Watch(PODS, pod_keys),
            Watch(CONFIGMAPS, tracking_keys),
        ),
        Cleaner(period).plan,
        warm=False,
    )
