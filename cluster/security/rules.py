"""Policy rules compiled for quick look-up, merged, and aggregated.

Source: docs "Using RBAC Authorization": verbs, apiGroups, resources (``pods/log``, ``*/scale``),
resourceNames, nonResourceURLs (with a trailing ``*``), aggregationRule. Must not know bindings.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from cluster.api.selectors import SelectorError, from_object
from cluster.api.types import Object

ALL = "*"


class Request(Protocol):
    """What rules look at of a request; see ``rbac.Attributes``."""

    @property
    def verb(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def subresource(self) -> str: ...
    @property
    def path(self) -> str: ...


class Grant(NamedTuple):
    """The answer for all names: ``any_name`` a reason if every name is allowed, else ``names``."""

    any_name: str | None
    names: dict[str, str]

    def allows(self, name: str) -> str | None:
        """The reason, or None if it is not allowed."""
        return self.any_name if self.any_name is not None else self.names.get(name)

    def extended(self, found: frozenset[str], reason: str) -> "Grant":
        """With what one more binding allows; the empty set of names stands for all."""
        if self.any_name is not None:
            return self
        if not found:
            return Grant(reason, {})
        added = {name: reason for name in sorted(found) if name not in self.names}
        return Grant(None, {**self.names, **added})


NOBODY = Grant(None, {})


class CompiledRules:
    """The rules of one role. ``rules``: as given."""

    def __init__(self, rules: Iterable[Object]) -> None:
        self.rules = list(rules)
        # (verb, group, resource) -> names; the empty set stands for all.
        self._resources: dict[tuple[str, str, str], frozenset[str]] = {}
        self._paths: dict[str, list[str]] = {}
        for rule in self.rules:
            verbs = rule.get("verbs") or ()
            for verb in verbs:
                self._paths.setdefault(verb, []).extend(rule.get("nonResourceURLs") or ())
            self._add_resources(rule, verbs)

    def _add_resources(self, rule: Object, verbs: Iterable[str]) -> None:
        names = frozenset(rule.get("resourceNames") or ())
        for verb in verbs:
            for group in rule.get("apiGroups") or ():
                for resource in rule.get("resources") or ():
                    key = (verb, group, resource)
                    known = self._resources.get(key)
                    if known is None:
                        self._resources[key] = names
                    elif known:
                        self._resources[key] = known | names if names else names

    def find(self, request: Request) -> frozenset[str] | None:
        """The names the request is allowed for, the empty set for all; None if for none."""
        if request.path:
            return frozenset() if self._allows_path(request.verb, request.path) else None
        resources = [request.resource, ALL]
        if request.subresource:
            sub = request.subresource
            resources = [f"{request.resource}/{sub}", ALL, f"{ALL}/{sub}"]
        found: frozenset[str] | None = None
        for verb in (request.verb, ALL):
            for group in (request.group, ALL):
                for resource in resources:
                    names = self._resources.get((verb, group, resource))
                    if names is None:
                        continue
                    if not names:
                        return names
                    found = names if found is None else found | names
        return found

    def _allows_path(self, verb: str, path: str) -> bool:
        for known in (verb, ALL):
            for url in self._paths.get(known, ()):
                if url == path or (url.endswith(ALL) and path.startswith(url[:-1])):
                    return True
        return False


def aggregated_rules(role: Object, roles: Iterable[Object]) -> list[Object]:
    """A ClusterRole's rules; for one that aggregates, those of all roles its selectors match, in
    order of their names.

    Aggregated roles may aggregate in turn (admin ⊃ edit ⊃ view); cycles end.
    """
    if not role.get("aggregationRule"):
        return list(role.get("rules") or ())
    return _aggregate(role, sorted(roles, key=lambda item: str(item["metadata"]["name"])), set())


def _aggregate(role: Object, roles: list[Object], seen: set[str]) -> list[Object]:
    aggregation = role.get("aggregationRule")
    if not aggregation:
        return list(role.get("rules") or ())
    seen.add(role["metadata"]["name"])
    result: list[Object] = []
    for other in roles:
        name = other["metadata"]["name"]
        if name not in seen and _selected(aggregation, other):
            found = _aggregate(other, roles, seen)
            result += [rule for rule in found if rule not in result]
    return result


def _selected(aggregation: Object, role: Object) -> bool:
    labels = role["metadata"].get("labels") or {}
    for selector in aggregation.get("clusterRoleSelectors") or ():
        try:
            if from_object(selector).matches(labels):
                return True
        except SelectorError:
            continue
    return False


def merge_rules(rules: Iterable[Object]) -> tuple[list[Object], list[Object]]:
    """(resource rules, non-resource rules) without repetition, each list in the order given."""
    resources: list[Object] = []
    paths: list[Object] = []
    for rule in rules:
        if rule.get("nonResourceURLs"):
            found = {"verbs": rule.get("verbs", []), "nonResourceURLs": rule["nonResourceURLs"]}
            if found not in paths:
                paths.append(found)
        if rule.get("resources"):
            fields = ("verbs", "apiGroups", "resources", "resourceNames")
            found = {field: rule[field] for field in fields if rule.get(field)}
            if found not in resources:
                resources.append(found)
    return resources, paths
