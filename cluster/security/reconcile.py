"""A default role or binding that the cluster has in another form: what it lacks is put back.

What was added stays. An object whose annotation ``AUTOUPDATE`` is "false" is left alone.
Source: docs "Using RBAC Authorization", Auto-reconciliation. Pure; must not know storage.
"""

from collections.abc import Callable
from typing import Any

from cluster.api.types import Object
from cluster.security.rbac import requests_of
from cluster.security.rules import CompiledRules

AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"


def reconciled(live: Object, wanted: Object) -> Object | None:
    """The live object with what it lacks of ``wanted``; None if it lacks nothing, or is not to be
    changed. A binding to another role becomes ``wanted``: what it refers to cannot be changed."""
    if ((live["metadata"].get("annotations") or {}).get(AUTOUPDATE)) == "false":
        return None
    if wanted.get("roleRef") != live.get("roleRef"):
        return wanted
    found = {**live, "metadata": _metadata(live["metadata"], wanted["metadata"])}
    if "roleRef" in wanted:
        _add(found, "subjects", _lacking(live.get("subjects"), wanted["subjects"], _subject))
    elif "aggregationRule" in wanted:
        gathers = dict(live.get("aggregationRule") or {})
        asked = wanted["aggregationRule"]["clusterRoleSelectors"]
        name = "clusterRoleSelectors"
        _add(gathers, name, _lacking(gathers.get(name), asked, lambda item: item))
        found["aggregationRule"] = gathers
    else:
        _add(found, "rules", _uncovered(live.get("rules") or [], wanted["rules"]))
    return None if found == live else found


def _add(obj: Object, field: str, more: list[Object]) -> None:
    if more:
        obj[field] = [*(obj.get(field) or []), *more]


def _metadata(live: Object, wanted: Object) -> Object:
    found = dict(live)
    for name in ("annotations", "labels"):
        found[name] = {**wanted[name], **(live.get(name) or {})}
    return found


def _uncovered(live: list[Object], wanted: list[Object]) -> list[Object]:
    has = CompiledRules(live)
    return [
        rule
        for rule in wanted
        if any(not _covers(has.find(asked), asked.name) for asked in requests_of(rule, ""))
    ]


def _covers(names: frozenset[str] | None, name: str) -> bool:
    """``names``: allowed ones, none of them: all; None: nothing is allowed."""
    return names is not None and (not names or (bool(name) and name in names))


def _lacking(
    live: list[Object] | None, wanted: list[Object], same: Callable[[Object], Any]
) -> list[Object]:
    known = [same(item) for item in live or ()]
    return [item for item in wanted if same(item) not in known]


def _subject(subject: Object) -> tuple[str, str, str]:
    return subject.get("kind", ""), subject.get("namespace", ""), subject.get("name", "")
