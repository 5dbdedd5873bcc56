"""Role-based access control: may this user do that?

Job: an ``Authorizer`` compiled from Role, ClusterRole, RoleBinding and ClusterRoleBinding objects;
rebuilt when one of them changes. Source: docs "Using RBAC Authorization". Grants only ever add up:
no rule denies. Must not know: who users are, or how they proved it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cluster.api.types import Object
from cluster.names import GROUP_MASTERS
from cluster.security.accounts import service_account_user
from cluster.security.rules import NOBODY, CompiledRules, Grant, aggregated_rules, merge_rules

# Remembered answers; a component asks the same few questions over and over.
_ANSWERS_MAX = 8192


class Attributes(NamedTuple):
    """A request. ``path`` non-empty: not about a resource, and only ``verb`` counts besides.

    ``group`` '' is core; ``namespace`` '' is the whole cluster; ``name`` '' is none (list, create).
    ``fields``: (field, value) that a list or watch is narrowed to, which rules do not look at.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def full_resource(self) -> str:
        """``pods/log``; ``pods``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Decision(NamedTuple):
    """``reason``: who allows it, or the sentence that a Forbidden status carries."""

    allowed: bool
    reason: str


class _Binding(NamedTuple):
    rules: CompiledRules
    reason: str


class Authorizer:
    """Immutable. A check is a handful of dictionary look-ups, or one if it was asked before."""

    def __init__(
        self,
        roles: Iterable[Object] = (),
        role_bindings: Iterable[Object] = (),
        cluster_roles: Iterable[Object] = (),
        cluster_role_bindings: Iterable[Object] = (),
    ) -> None:
        # (namespace, role name) -> rules; namespace '' for ClusterRoles.
        listed = list(cluster_roles)
        self._rules: dict[tuple[str, str], CompiledRules] = {}
        for role in listed:
            rules = CompiledRules(aggregated_rules(role, listed))
            self._rules["", role["metadata"]["name"]] = rules
        for role in roles:
            metadata = role["metadata"]
            rules = CompiledRules(role.get("rules") or ())
            self._rules[metadata["namespace"], metadata["name"]] = rules
        # subject -> namespace ('' for everywhere) -> what is bound there
        self._bindings: dict[str, dict[str, list[_Binding]]] = {}
        for binding in cluster_role_bindings:
            self._bind(binding, "")
        for binding in role_bindings:
            self._bind(binding, binding["metadata"]["namespace"])
        self._answers: dict[tuple[object, ...], Grant] = {}

    def _bind(self, binding: Object, namespace: str) -> None:
        role = binding.get("roleRef") or {}
        kind, name = role.get("kind", ""), role.get("name", "")
        home = namespace if kind == "Role" else ""
        rules = self._rules.get((home, name))
        if rules is None or (kind == "Role" and not namespace):
            return
        own = "RoleBinding" if namespace else "ClusterRoleBinding"
        title = binding["metadata"]["name"] + (f"/{namespace}" if namespace else "")
        for subject in binding.get("subjects") or ():
            key, shown = _subject(subject, namespace)
            reason = f'RBAC: allowed by {own} "{title}" of {kind} "{name}" to {shown}'
            places = self._bindings.setdefault(key, {})
            places.setdefault(namespace, []).append(_Binding(rules, reason))

    def allowed(self, user: str, groups: Sequence[str], attributes: Attributes) -> Decision:
        """May ``user``, being in ``groups``, do this? Says why, or why not."""
        if GROUP_MASTERS in groups:
            return Decision(True, "")
        reason = self._grant(user, tuple(groups), attributes).allows(attributes.name)
        if reason is not None:
            return Decision(True, reason)
        return Decision(False, denial(user, attributes))

    def _grant(self, user: str, groups: tuple[str, ...], attributes: Attributes) -> Grant:
        key = (user, groups, attributes._replace(name="", fields=()))
        grant = self._answers.get(key)
        if grant is None:
            grant = NOBODY
            for binding in self._bound(user, groups, attributes.namespace):
                found = binding.rules.find(attributes)
                if found is not None:
                    grant = grant.extended(found, binding.reason)
            if len(self._answers) >= _ANSWERS_MAX:
                self._answers.clear()
            self._answers[key] = grant
        return grant

    def _bound(self, user: str, groups: Iterable[str], namespace: str) -> Iterator[_Binding]:
        for subject in (f"u:{user}", *(f"g:{group}" for group in groups)):
            places = self._bindings.get(subject)
            if places is not None:
                yield from places.get("", ())
                if namespace:
                    yield from places.get(namespace, ())

    def rules_for(
        self, user: str, groups: Sequence[str], namespace: str
    ) -> tuple[list[Object], list[Object]]:
        """(resource rules, non-resource rules) as in a SubjectRulesReview's status."""
        if GROUP_MASTERS in groups:
            everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            return [everything], [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
        rules = [
            rule for binding in self._bound(user, groups, namespace) for rule in binding.rules.rules
        ]
        return merge_rules(rules)

    def rules_of(self, kind: str, namespace: str, name: str) -> list[Object] | None:
        """What a binding to this Role or ClusterRole gives, aggregation included; None if there is
        no such role."""
        rules = self._rules.get((namespace if kind == "Role" else "", name))
        return None if rules is None else rules.rules

    def uncovered(
        self, user: str, groups: Sequence[str], namespace: str, rules: Iterable[Object]
    ) -> list[Attributes]:
        """What ``rules`` would allow and the user may not do: nobody may grant more than they have.

        A wildcard is only covered by a wildcard. Empty if all is covered.
        """
        return [
            wanted
            for rule in rules
            for wanted in requests_of(rule, namespace)
            if not self._covers(user, groups, wanted)
        ]

    def _covers(self, user: str, groups: Sequence[str], wanted: Attributes) -> bool:
        if GROUP_MASTERS in groups:
            return True
        grant = self._grant(user, tuple(groups), wanted)
        if grant.any_name is not None:
            return True
        # A rule without names is for all of them, which no list of names covers.
        return bool(wanted.name) and wanted.name in grant.names


def _subject(subject: Object, namespace: str) -> tuple[str, str]:
    kind, name = subject.get("kind", ""), subject.get("name", "")
    if kind == "ServiceAccount":
        home = subject.get("namespace") or namespace
        return f"u:{service_account_user(home, name)}", f'ServiceAccount "{name}/{home}"'
    prefix = {"User": "u", "Group": "g"}.get(kind, "?")
    return f"{prefix}:{name}", f'{kind} "{name}"'


def requests_of(rule: Object, namespace: str) -> Iterator[Attributes]:
    """Every single request that a rule names."""
    for verb in rule.get("verbs") or ():
        for path in rule.get("nonResourceURLs") or ():
            yield Attributes(verb, path=path)
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                plain, _, sub = resource.partition("/")
                for name in rule.get("resourceNames") or ("",):
                    yield Attributes(verb, group, plain, sub, namespace, name)


def denial(user: str, attributes: Attributes) -> str:
    """As Kubernetes words it: ``User "jane" cannot list resource "pods" in API group "" ...``."""
    if attributes.path:
        return f'User "{user}" cannot {attributes.verb} path "{attributes.path}"'
    where = (
        f'in the namespace "{attributes.namespace}"'
        if attributes.namespace
        else "at the cluster scope"
    )
    return (
        f'User "{user}" cannot {attributes.verb} resource "{attributes.full_resource()}" '
        f'in API group "{attributes.group}" {where}'
    )
