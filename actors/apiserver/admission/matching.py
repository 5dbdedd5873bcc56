"""Whether a rule of admission is about a request: for webhooks and policies alike. Pure.

Source: "Dynamic Admission Control", Matching requests. ``Asked`` is the request as rules see it.
Must not know: who is called when a rule matches.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cluster.api.kind_table import KindTable
from cluster.api.kinds import Kind
from cluster.api.selectors import LabelSelector, SelectorError, from_object
from cluster.api.types import Object

GROUP = "admissionregistration.k8s.io"
# Nobody may lock themselves out of what admits: policies are never shown to policies.
_POLICIES = frozenset(
    (
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    )
)
# Nor are they sent to webhooks, and so with the configurations of webhooks.
_EXEMPT = _POLICIES | {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}
# Two groups, one store.
_SAME = {("", "events"): ("events.k8s.io", "events"), ("events.k8s.io", "events"): ("", "events")}


@dataclass(frozen=True, slots=True)
class Asked:
    """``operation``: CREATE, UPDATE, DELETE or CONNECT. ``subresource``: '' for the resource."""

    operation: str
    kind: Kind
    subresource: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A RuleWithOperations. ``names``: only objects of these names (policies), none: all."""

    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[str]
    scope: str = "*"
    names: frozenset[str] = field(default_factory=frozenset)

    def matches(self, asked: Asked, kind: Kind) -> bool:
        """``kind``: the request's, or an equivalent one."""
        return (
            _has(self.operations, asked.operation)
            and _has(self.groups, kind.group)
            and _has(self.versions, kind.version)
            and (not self.names or asked.name in self.names)
            and (self.scope == "*" or (self.scope == "Namespaced") is kind.namespaced)
            and self._takes(kind.plural, asked.subresource)
        )

    def _takes(self, plural: str, subresource: str) -> bool:
        resources = self.resources
        if not subresource:
            return plural in resources or "*" in resources or "*/*" in resources
        # "*" stands for all resources, not for their parts.
        wanted = (f"{plural}/{subresource}", f"{plural}/*", f"*/{subresource}", "*/*")
        return any(text in resources for text in wanted)


def _has(listed: frozenset[str], value: str) -> bool:
    return "*" in listed or value in listed


def rule_of(rule: Object) -> Rule:
    """As it is written, already validated."""
    return Rule(
        frozenset(rule.get("operations") or ()),
        frozenset(rule.get("apiGroups") or ()),
        frozenset(rule.get("apiVersions") or ()),
        frozenset(rule.get("resources") or ()),
        rule.get("scope") or "*",
        frozenset(rule.get("resourceNames") or ()),
    )


def selector_of(selector: Object | None) -> LabelSelector:
    """An absent selector chooses everything, as an empty one does."""
    try:
        return from_object(selector or {})
    except SelectorError:
        return LabelSelector(nothing=True)


def exempt(kind: Kind) -> bool:
    """True for the configuration of admission itself."""
    return kind.group == GROUP and kind.plural in _EXEMPT


def exempt_from_policies(kind: Kind) -> bool:
    """True for policies and their bindings."""
    return kind.group == GROUP and kind.plural in _POLICIES


def matched(rules: Iterable[Rule], exact: bool, asked: Asked, table: KindTable) -> Kind | None:
    """The kind in whose form the request is about one of the rules: its own, or an equivalent one
    (the same objects in another version) unless ``exact``. None if no rule is about it."""
    rules = tuple(rules)
    if any(rule.matches(asked, asked.kind) for rule in rules):
        return asked.kind
    if exact:
        return None
    for rule in rules:
        for kind in equivalents(asked.kind, table):
            if rule.matches(asked, kind):
                return kind
    return None


def equivalents(kind: Kind, table: KindTable) -> list[Kind]:
    """The other kinds that show the same objects."""
    other = _SAME.get((kind.group, kind.plural))
    return [
        found
        for found in table.served
        if (found.group, found.plural) in ((kind.group, kind.plural), other)
        and (found.group, found.version) != (kind.group, kind.version)
    ]


def chosen_by_labels(selector: LabelSelector, obj: Object | None, old: Object | None) -> bool:
    """An objectSelector chooses by either the new or the old labels."""
    if selector.everything:
        return True
    return any(
        selector.matches((item.get("metadata") or {}).get("labels"))
        for item in (obj, old)
        if item is not None
    )
